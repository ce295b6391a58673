/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that sees that the loop turns, and that the daemon ends when it is told to. Without it a policy that hangs
 * would hang everything, and no signal would be heard.
 *
 * A turn lasts from the loop's waking to its next wait. Time in which the system ran something else instead of the
 * loop's thread, or in which the whole process was stopped, is no time of a turn: a busy machine blames nobody. */
#ifndef MPIJOBD_GUARD_WATCHDOG_H
#define MPIJOBD_GUARD_WATCHDOG_H

#include <uv.h>

#include "base/error.h"

#define WATCHDOG_STALL_US INT64_C(1000000)
#define WATCHDOG_PATIENCE_MS 1500 /* after the grace time */

struct watchdog;
/* On the loop's thread, before the loop has run; afterwards its SIGTERM and SIGINT may be handled by libuv, and are
 * noted (watchdog_note_signals). stall_us: the longest turn; 0: WATCHDOG_STALL_US. grace_ms: how long what is in flight
 * may take after SIGTERM or SIGINT. ERR_IO: there is no thread to be had; ERR_NOMEM. */
int watchdog_start(uv_loop_t *loop, int64_t stall_us, uint64_t grace_ms, struct watchdog **watchdog, struct error *err);
/* Puts itself before the handlers of SIGTERM and SIGINT that there are now. */
void watchdog_note_signals(void);
/* From now on turns are timed; or no more, and then the loop can be closed: it lets go of the handle in a turn. */
void watchdog_time_turns(struct watchdog *watchdog);
void watchdog_leave_loop(struct watchdog *watchdog);
/* Ends the thread. NULL is ignored. */
void watchdog_stop(struct watchdog *watchdog);

#endif
