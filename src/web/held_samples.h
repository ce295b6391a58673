/* SPDX-License-Identifier: Apache-2.0 */
/* GET /api/v1/held: the GPUs that finished jobs hold on all clusters, minute by minute, over the last day at most. */
#ifndef MPIJOBD_WEB_HELD_SAMPLES_H
#define MPIJOBD_WEB_HELD_SAMPLES_H

#include "loop/timer.h"

#define HELD_SAMPLES 1440
#define HELD_EVERY_S 60
#define HELD_UNKNOWN (-1) /* no jobs were watched */

struct engine;
struct held_samples {
    struct engine *engine; /* NULL: not serving */
    struct {
        int64_t at; /* seconds since 1970 */
        int64_t gpus;
    } ring[HELD_SAMPLES];
    size_t first, count;
    struct deadline timer;
};

void held_open(struct held_samples *held, uv_loop_t *loop);
void held_serve(struct held_samples *held, struct engine *engine); /* takes the first one */
void held_stop(struct held_samples *held);
/* closed: when libuv is done with it. */
void held_close(struct held_samples *held, void (*closed)(struct deadline *timer));

#endif
