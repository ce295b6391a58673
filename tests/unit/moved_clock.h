/* SPDX-License-Identifier: Apache-2.0 */
/* Time that a test moves: this program's clock_gettime and epoll_wait stand before the C library's, for libuv, libcurl and
 * our own code alike. Deadlines can so be long, and no busy machine reaches them by itself; they cost no time all the same. */
#ifndef MPIJOBD_TESTS_MOVED_CLOCK_H
#define MPIJOBD_TESTS_MOVED_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* All clocks, forward. What falls due is called when the loop turns next. */
void clock_move_ms(int64_t ms);
/* On: when a loop would only wait for a timer, all clocks are moved to it. For tests whose every part is on that one loop:
 * a thread or another program would not keep up. Off at the start. */
void clock_jumps(bool on);

#endif
