/* SPDX-License-Identifier: Apache-2.0 */
/* Chance: for pauses that must not fall together, and for what differs from one process to the next. Nothing secret is
 * made of it. */
#ifndef MPIJOBD_BASE_CHANCE_H
#define MPIJOBD_BASE_CHANCE_H

#include <stdint.h>

/* A sequence of its own. Where a function takes one it may be NULL: then each draw comes from the system. */
struct chance {
    uint64_t state;
};

/* The same seed gives the same sequence; 0: a seed from the system. */
void chance_seed(struct chance *chance, uint64_t seed);

uint64_t chance_draw(struct chance *chance);
/* One of 0 to n - 1, all as likely; 0 where n is 0. */
uint64_t chance_below(struct chance *chance, uint64_t n);

#endif
