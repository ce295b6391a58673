/* SPDX-License-Identifier: Apache-2.0 */
/* How long a turn of the loop took: the time from its waking to its next wait, in which it answered nobody else. Costs
 * three readings of clocks a turn. Does not keep the loop alive. */
#ifndef MPIJOBD_LOOP_LAG_H
#define MPIJOBD_LOOP_LAG_H

#include <stdint.h>
#include <uv.h>

struct lag {
    uv_prepare_t prepare;
    uint64_t began, idle, cpu; /* nanoseconds: when the turn began; 0: not yet */
    uint64_t worst, worst_cpu; /* nanoseconds, since lag_take */
};

struct lag_times {
    double seconds; /* of the longest turn, by the clock on the wall: on a busy machine others run meanwhile */
    double cpu;     /* seconds of computing time, of the turn that computed most */
};

void lag_init(uv_loop_t *loop, struct lag *lag); /* before the loop has run; cannot fail */
struct lag_times lag_take(struct lag *lag);      /* since the last call; then counts from 0 */
/* The memory has to stay until the loop has gone through its next turn: libuv lets go of the handle there. */
void lag_close(struct lag *lag);

#endif
