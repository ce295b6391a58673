/* SPDX-License-Identifier: Apache-2.0 */
/* Good and bad ones of the last six hours, by minutes; and the burn rate over a window: how many times as fast as the
 * objective allows there were bad ones. 1: just as fast. */
#ifndef MPIJOBD_SLO_BURN_H
#define MPIJOBD_SLO_BURN_H

#include <stdbool.h>
#include <stdint.h>

#define BURN_MINUTES 361

struct burn { /* begins as zeros */
    struct {
        int64_t minute; /* since 1970 */
        uint32_t good, bad;
    } minutes[BURN_MINUTES];
};

/* at: microseconds since 1970. What is more than six hours older than the newest is not kept. */
void burn_add(struct burn *burn, int64_t at, bool good);
/* Over so many minutes before now, at most 360. objective: percent, below 100. 0 where there were none. */
double burn_rate(const struct burn *burn, int64_t now, int minutes, double objective);

#endif
