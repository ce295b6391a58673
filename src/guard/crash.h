/* SPDX-License-Identifier: Apache-2.0 */
/* SIGSEGV, SIGBUS, SIGABRT, SIGFPE and SIGILL: on a stack of their own, they write down who ran (guard/mark.h), and the
 * process ends by them. One that another process has sent blames nobody. */
#ifndef MPIJOBD_GUARD_CRASH_H
#define MPIJOBD_GUARD_CRASH_H

#include <pthread.h>

/* On the loop's thread, after mark_to. A crash of another thread blames nobody. */
void crash_guard(void);

/* From another thread: the loop's thread hangs. Has it write down who runs, and end the process; does that itself where
 * that thread does not come to it. Does not return. */
_Noreturn void crash_stalled(void);

#endif
