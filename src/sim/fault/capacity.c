/* SPDX-License-Identifier: Apache-2.0 */
/* Seats, and until when each of them is taken. What waits is told by the seats as well: a request that waits has its
 * seat already, for later. */
#include "sim/fault/capacity.h"

#include <time.h>

#define SEATS 4
#define SERVICE_MS 10

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t); /* as the front delays answers, whatever the server's own clock is */
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t capacity_take(struct fault *f)
{
    int64_t now = now_us(), service = (f->ms >= 0 ? f->ms : SERVICE_MS) * 1000, waiting = 0;
    if (!f->busy_until) {
        f->seats = f->seats > 0 ? f->seats : SEATS;
        f->busy_until = sim_alloc((size_t)f->seats * sizeof *f->busy_until);
        for (int64_t i = 0; i < f->seats; i++)
            f->busy_until[i] = 0;
    }
    int64_t *first = f->busy_until;
    for (int64_t i = 0; i < f->seats; i++) {
        int64_t left = f->busy_until[i] - now;
        if (service > 0 && left > 0)
            waiting += (left + service - 1) / service - 1;
        if (f->busy_until[i] < *first)
            first = &f->busy_until[i];
    }
    if (*first > now && waiting >= f->queue)
        return -1;
    *first = (*first > now ? *first : now) + service;
    return (*first - now + 999) / 1000;
}
