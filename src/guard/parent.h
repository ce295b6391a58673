/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's parent: a process that does nothing but start the daemon again when it crashes. It uses libc only, and
 * keeps less than 1 MB of memory: it is a program of its own, mpijobd-parent (src/parent_main.c), linked statically.
 *
 * Signals that ask for something (SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2) are passed on, once also where
 * they are sent to the whole process group: the daemon has one of its own. Ctrl-Z stops both. A daemon that has
 * exited takes the parent with it, and the exit code is kept. One that was ended by a signal is started again: at once
 * where a policy is to blame, which is in quarantine then, else after pauses that grow (0.1 s to 30 s). After SIGTERM
 * or SIGINT the daemon has its grace time and PARENT_PATIENCE_MS, then it is killed. Neither outlives the other. */
#ifndef MPIJOBD_GUARD_PARENT_H
#define MPIJOBD_GUARD_PARENT_H

#include "guard/shared.h"

#define PARENT_GRACE_MS 30000   /* while the daemon has not said its own */
#define PARENT_PATIENCE_MS 1700 /* on top of the grace time; the watchdog's is shorter */

/* In the environment of the parent and of the daemon that it starts: "FD PATH", the descriptor of the shared page and
 * the daemon's program. */
#define PARENT_VARIABLE "MPIJOBD_PARENT"

/* The process becomes the parent, and its child the daemon. Returns in the daemon only, each time one is started: true.
 * False, in the process itself: the system gave no process. */
bool parent_watch(struct guard_shared *shared);

/* To be called once in a program that is to be the daemon, before it has threads. command: its argv, from the command
 * on. In what the parent has started it gives the page that the two share. Else the process becomes mpijobd-parent, or
 * does what that does itself where there is no such program beside this one or in ../libexec/mpijobd; what it returns
 * in is the daemon. Where neither can be, the daemon has no parent. NULL: out of memory. */
struct guard_shared *parent_start(int argc, char **command);

/* The page of a daemon without a parent. NULL: out of memory. */
struct guard_shared *parent_none(void);

#endif
