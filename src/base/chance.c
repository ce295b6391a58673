/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers by chance: SplitMix64 from a seed, or the system's own. */
#include "base/chance.h"

#include <sys/random.h>

#include "base/clock.h"

/* SplitMix64 (Steele, Lea, Flood): passes BigCrush, and any state will do, 0 too. */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static uint64_t of_the_system(void)
{
    uint64_t bits;
    if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) == sizeof bits)
        return bits;
    bits = (uint64_t)clock_monotonic(); /* early in the machine's boot: better than to wait */
    return next(&bits);
}

void chance_seed(struct chance *chance, uint64_t seed)
{
    chance->state = seed ? seed : of_the_system();
}

uint64_t chance_draw(struct chance *chance)
{
    return chance ? next(&chance->state) : of_the_system();
}

uint64_t chance_below(struct chance *chance, uint64_t n)
{
    if (!n)
        return 0;
    uint64_t uneven = UINT64_MAX - UINT64_MAX % n, bits; /* from here on some results would be likelier */
    do
        bits = chance_draw(chance);
    while (bits >= uneven);
    return bits % n;
}
