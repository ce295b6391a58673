/* SPDX-License-Identifier: Apache-2.0 */
/* How long to wait before something that failed is tried again: a pause that doubles from try to try, up to a most. */
#ifndef MPIJOBD_BASE_BACKOFF_H
#define MPIJOBD_BASE_BACKOFF_H

#include "base/chance.h"

enum backoff_jitter {
    BACKOFF_EXACT,   /* the pause itself: only one waits */
    BACKOFF_FULL,    /* anything from 0 to the pause: many may have failed at the same moment */
    BACKOFF_QUARTER, /* the pause, and up to a quarter of it more: as the former, where too early is of no use */
};

struct backoff {
    uint64_t first_ms; /* after the first try */
    uint64_t most_ms;
    enum backoff_jitter jitter;
};

/* Milliseconds to wait after try number `tries` (from 1). chance may be NULL, see chance.h. */
uint64_t backoff_ms(const struct backoff *backoff, unsigned tries, struct chance *chance);

#endif
