/* How long the loop was busy at a stretch: the time from its waking to its next wait, in which nothing else was
 * answered. Costs two clock readings a turn. */
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

void lag_init(uv_loop_t *loop, struct lag *lag);
double lag_take(struct lag *lag); /* the longest since the last call, in seconds */
void lag_close(struct lag *lag);  /* the memory is libuv's until the loop's next turn */

#endif
