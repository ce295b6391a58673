/* SPDX-License-Identifier: Apache-2.0 */
/* Time that a test moves. */
#include "moved_clock.h"

#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* What one end of a connection on loopback has sent is at the other end by then. */
enum { ON_THE_WAY_MS = 10 };

static _Atomic int64_t ahead_ns; /* threads of libcurl's read clocks too */
static bool jumps;

void clock_move_ms(int64_t ms)
{
    ahead_ns += ms * 1000000;
}

void clock_jumps(bool on)
{
    jumps = on;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    long rc = syscall(SYS_clock_gettime, id, now);
    if (rc == 0 && id != CLOCK_PROCESS_CPUTIME_ID && id != CLOCK_THREAD_CPUTIME_ID) {
        int64_t ns = now->tv_nsec + ahead_ns;
        now->tv_sec += ns / 1000000000;
        now->tv_nsec = ns % 1000000000;
    }
    return (int)rc;
}

int epoll_pwait(int fd, struct epoll_event *events, int most, int timeout_ms, const sigset_t *mask)
{
    bool jump = jumps && timeout_ms > ON_THE_WAY_MS;
    long n = syscall(SYS_epoll_pwait, fd, events, most, jump ? ON_THE_WAY_MS : timeout_ms, mask, (size_t)(_NSIG / 8));
    if (n == 0 && jump)
        clock_move_ms(timeout_ms - ON_THE_WAY_MS);
    return (int)n;
}

int epoll_wait(int fd, struct epoll_event *events, int most, int timeout_ms)
{
    return epoll_pwait(fd, events, most, timeout_ms, NULL);
}
