/* SPDX-License-Identifier: Apache-2.0 */
/* A timer beside the hook. The hook counts instructions, and there are instructions that take a thousand times as long
 * as others: a look-up that goes through a chain of __index and many colliding keys, a C function. So while a script
 * runs, a signal comes once a slice, and has the hook called at the very next instruction, or the clock looked at by
 * the C loop that is running (script_work). lua_sethook may be called from a signal handler. */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "script/parts.h"

#define SIGNAL SIGVTALRM /* nothing else here uses it */

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

struct ticker {
    timer_t timer;
    bool ready, refused;
    struct script *volatile script; /* which runs now; NULL: none does */
};

static _Thread_local struct ticker ticker;

static void on_tick(int number)
{
    (void)number;
    struct script *s = ticker.script;
    if (!s)
        return;
    s->ticked = 1;
    if (s->current)
        script_hook_arm(s->current, 1);
}

static bool prepare(struct ticker *t)
{
    struct sigaction action;
    struct sigevent event;
    if (t->ready || t->refused)
        return t->ready;
    memset(&action, 0, sizeof action);
    memset(&event, 0, sizeof event);
    action.sa_handler = on_tick;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGNAL;
    event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    t->ready = sigaction(SIGNAL, &action, NULL) == 0 && timer_create(CLOCK_MONOTONIC, &event, &t->timer) == 0;
    t->refused = !t->ready; /* then there is the hook alone */
    return t->ready;
}

static void set(int64_t us)
{
    struct itimerspec spec = {.it_value.tv_nsec = (long)us * 1000, .it_interval.tv_nsec = (long)us * 1000};
    timer_settime(ticker.timer, 0, &spec, NULL);
}

struct script *script_tick(struct script *script)
{
    struct script *before = ticker.script;
    if (script)
        script->ticked = 0;
    ticker.script = script;
    if (prepare(&ticker) && !before != !script)
        set(script ? SCRIPT_SLICE_US : 0);
    return before;
}
