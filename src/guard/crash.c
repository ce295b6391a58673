/* SPDX-License-Identifier: Apache-2.0 */
/* The handlers. They look at the line that runs in a Lua state that may be broken: where that crashes too, a second
 * handler goes on without the line. Whatever hangs in here is ended by SIGALRM. */
#include "guard/crash.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guard/mark.h"

#define STACK_SIZE 65536
#define END_WITHIN 2   /* seconds: a disk that does not answer keeps no process */
#define HANDLER_MS 500 /* so long the loop's thread has, to write down who runs */

static const int numbers[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
static const char *const names[] = {"SIGSEGV", "SIGBUS", "SIGABRT", "SIGFPE", "SIGILL"};
#define NUMBERS (sizeof numbers / sizeof *numbers)

static struct {
    pthread_t loop;
    volatile sig_atomic_t stalled; /* the watchdog has sent the signal */
    volatile sig_atomic_t looking; /* for the line */
    char stack[STACK_SIZE];
} crash;

static const char *name_of(int number)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        if (numbers[i] == number)
            return names[i];
    }
    return "a signal";
}

static _Noreturn void end_by(int number)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t set;
    sigaction(number, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    raise(number);
    _exit(128 + number);
}

/* By the processor, by abort, or by the watchdog; not by kill. */
static bool own(int number, const siginfo_t *info)
{
    return info->si_code > 0 || (number == SIGABRT && info->si_code == SI_TKILL && info->si_pid == getpid());
}

static void end_soon(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t set;
    sigaction(SIGALRM, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    alarm(END_WITHIN);
}

static void on_crash(int number, siginfo_t *info, void *context)
{
    (void)context;
    bool here = pthread_equal(pthread_self(), crash.loop) && own(number, info);
    const struct guard_who *who = here ? guard_now() : NULL;
    const char *reason = crash.stalled ? "stall" : name_of(number);
    int line = 0;
    end_soon();
    if (who && who->line && !crash.looking) {
        crash.looking = 1;
        line = who->line(who->data);
    }
    mark_write(who, reason, line);
    end_by(number);
}

void crash_guard(void)
{
    stack_t stack = {.ss_sp = crash.stack, .ss_size = sizeof crash.stack};
    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    crash.loop = pthread_self();
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < NUMBERS; i++)
        sigdelset(&action.sa_mask, numbers[i]);
    sigdelset(&action.sa_mask, SIGALRM);
#ifdef __SANITIZE_ADDRESS__ /* it tells more about the others than we can */
    sigaction(SIGABRT, &action, NULL);
#else
    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < NUMBERS; i++)
        sigaction(numbers[i], &action, NULL);
#endif
    (void)stack;
}

_Noreturn void crash_stalled(void)
{
    crash.stalled = 1;
    end_soon();
    pthread_kill(crash.loop, SIGABRT);
    poll(NULL, 0, HANDLER_MS);
    mark_write(guard_now(), "stall", 0);
    end_by(SIGABRT);
}
