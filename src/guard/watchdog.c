/* SPDX-License-Identifier: Apache-2.0 */
/* The loop's state is read from another thread: how often it has turned, and how long it has waited for events
 * (uv_metrics_idle_time, which counts while it waits). Where neither moves, the loop is in a turn. */
#include "guard/watchdog.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guard/crash.h"
#include "guard/mark.h"

#define NS_PER_MS UINT64_C(1000000)
#define TICK_MOST_NS (200 * NS_PER_MS)
#define TICKS_PER_STALL 8

struct watchdog {
    uv_loop_t *loop;
    uv_prepare_t prepare;
    _Atomic uint64_t turns;
    _Atomic bool timing;
    uint64_t stall, tick, grace; /* nanoseconds */
    int schedstat;               /* descriptor; -1: the system tells nothing */

    uv_thread_t thread;
    uv_mutex_t mutex;
    uv_cond_t wake;
    bool stopping; /* under mutex */

    /* the thread's */
    uint64_t seen_turns, seen_idle, seen_kept_waiting, busy;
    uint64_t stop_seen; /* when the request to stop was; 0: no request has come */
};

/* ---- requests to stop ---- */

static volatile sig_atomic_t stop_asked;
static struct sigaction before[NSIG];

static void note(int number)
{
    stop_asked = 1;
    if (before[number].sa_handler != SIG_DFL && before[number].sa_handler != SIG_IGN)
        before[number].sa_handler(number);
}

void watchdog_note_signals(void)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction *was = &before[numbers[i]];
        sigaction(numbers[i], NULL, was);
        if (was->sa_flags & SA_SIGINFO || was->sa_handler == note)
            continue;
        struct sigaction mine = *was;
        mine.sa_handler = note;
        sigaction(numbers[i], &mine, NULL);
    }
}

static void look_at_stop(struct watchdog *w, uint64_t now)
{
    if (!stop_asked)
        return;
    if (!w->stop_seen)
        w->stop_seen = now;
    if (now - w->stop_seen < w->grace + WATCHDOG_PATIENCE_MS * NS_PER_MS)
        return;
    mark_tell(
        "the daemon did not end within its grace time: it is ended, and the next start looks up what was in flight");
    _exit(1);
}

/* ---- turns ---- */

static void on_turn(uv_prepare_t *handle)
{
    struct watchdog *w = handle->data;
    atomic_fetch_add_explicit(&w->turns, 1, memory_order_relaxed);
}

/* Nanoseconds for which the loop's thread was ready, and another one was run. */
static uint64_t kept_waiting(const struct watchdog *w)
{
    char text[96];
    ssize_t n = w->schedstat < 0 ? 0 : pread(w->schedstat, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    const char *waited = strchr(text, ' '); /* behind the time for which it ran */
    return waited ? strtoull(waited, NULL, 10) : 0;
}

static void look_at_turn(struct watchdog *w, uint64_t passed)
{
    uint64_t turns = atomic_load_explicit(&w->turns, memory_order_relaxed), idle = uv_metrics_idle_time(w->loop);
    if (turns != w->seen_turns || idle != w->seen_idle) {
        w->seen_turns = turns;
        w->seen_idle = idle;
        w->busy = 0;
        w->seen_kept_waiting = 0;
        return;
    }
    uint64_t kept = kept_waiting(w), lost = w->seen_kept_waiting ? kept - w->seen_kept_waiting : 0;
    w->seen_kept_waiting = kept;
    w->busy += passed > lost ? passed - lost : 0;
    if (w->busy >= w->stall)
        crash_stalled();
}

static void watch(void *data)
{
    struct watchdog *w = data;
    uint64_t last = uv_hrtime();
    uv_mutex_lock(&w->mutex);
    while (!w->stopping) {
        uv_cond_timedwait(&w->wake, &w->mutex, w->tick);
        uint64_t now = uv_hrtime(), passed = now - last;
        last = now;
        if (passed > 2 * w->tick) /* the whole process did not run */
            passed = 2 * w->tick;
        look_at_stop(w, now);
        if (atomic_load(&w->timing))
            look_at_turn(w, passed);
    }
    uv_mutex_unlock(&w->mutex);
}

/* ---- life ---- */

/* What is slower by much than the program as it is shipped. */
static int64_t slow(int64_t stall_us)
{
    const char *preloaded = getenv("LD_PRELOAD");
    if (preloaded && strstr(preloaded, "vgpreload")) /* valgrind */
        return stall_us * 60;
#ifdef __SANITIZE_ADDRESS__
    return stall_us * 10;
#else
    return stall_us;
#endif
}

static int open_schedstat(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%ld/schedstat", (long)syscall(SYS_gettid));
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* No signal is for the thread: the loop's handlers run on the loop's thread. */
static int start_thread(struct watchdog *w)
{
    sigset_t all, was;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &was);
    int rc = uv_thread_create(&w->thread, watch, w);
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    return rc;
}

static void watchdog_free(struct watchdog *w)
{
    if (w->schedstat >= 0)
        close(w->schedstat);
    uv_cond_destroy(&w->wake);
    uv_mutex_destroy(&w->mutex);
    free(w);
}

int watchdog_start(uv_loop_t *loop, int64_t stall_us, uint64_t grace_ms, struct watchdog **out, struct error *err)
{
    struct watchdog *w = calloc(1, sizeof *w);
    if (!w)
        return error_nomem(err);
    w->loop = loop;
    w->stall = (uint64_t)slow(stall_us ? stall_us : WATCHDOG_STALL_US) * 1000;
    w->tick = w->stall / TICKS_PER_STALL < TICK_MOST_NS ? w->stall / TICKS_PER_STALL : TICK_MOST_NS;
    w->grace = grace_ms * NS_PER_MS;
    w->schedstat = open_schedstat();
    if (uv_mutex_init(&w->mutex) || uv_cond_init(&w->wake))
        abort(); /* glibc's cannot fail with these attributes */
    uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
    int rc = start_thread(w);
    if (rc) {
        watchdog_free(w);
        return error_set(err, ERR_IO,
                         "the system has no thread for the daemon's watchdog: %s: raise the limit on threads",
                         uv_strerror(rc));
    }
    *out = w;
    return 0;
}

void watchdog_time_turns(struct watchdog *w)
{
    if (atomic_load(&w->timing))
        return;
    uv_prepare_init(w->loop, &w->prepare);
    w->prepare.data = w;
    uv_prepare_start(&w->prepare, on_turn);
    uv_unref((uv_handle_t *)&w->prepare);
    atomic_fetch_add(&w->turns, 1);
    atomic_store(&w->timing, true);
}

void watchdog_leave_loop(struct watchdog *w)
{
    if (!atomic_exchange(&w->timing, false))
        return;
    uv_close((uv_handle_t *)&w->prepare, NULL);
}

void watchdog_stop(struct watchdog *w)
{
    if (!w)
        return;
    uv_mutex_lock(&w->mutex);
    w->stopping = true;
    uv_cond_signal(&w->wake);
    uv_mutex_unlock(&w->mutex);
    uv_thread_join(&w->thread);
    watchdog_free(w);
}
