/* SPDX-License-Identifier: Apache-2.0 */
/* How long the loop was busy at a stretch: the time from its waking to its next wait, in which it answered nobody else.
 * Costs two readings of the clock a turn. Does not keep the loop alive. */
#ifndef MPIJOBD_LOOP_LAG_H
#define MPIJOBD_LOOP_LAG_H

#include <stdint.h>
#include <uv.h>

struct lag {
    uv_prepare_t prepare;
    uv_check_t check;
    uint64_t woke;  /* nanoseconds; 0: not yet */
    uint64_t worst; /* nanoseconds, since lag_take */
};

void lag_init(uv_loop_t *loop, struct lag *lag); /* cannot fail */
double lag_take(struct lag *lag);                /* seconds: the longest since the last call; then counts from 0 */
/* The memory has to stay until the loop has gone through its next turn: libuv lets go of the handles there. */
void lag_close(struct lag *lag);

#endif
