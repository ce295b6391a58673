/* SPDX-License-Identifier: Apache-2.0 */
/* The pause between two tries. */
#include "base/backoff.h"

uint64_t backoff_ms(const struct backoff *b, unsigned tries, struct chance *chance)
{
    uint64_t ms = b->first_ms;
    for (unsigned i = 1; i < tries && ms && ms < b->most_ms; i++)
        ms = ms > b->most_ms / 2 ? b->most_ms : ms * 2;
    if (ms > b->most_ms)
        ms = b->most_ms;
    switch (b->jitter) {
    case BACKOFF_FULL:
        return chance_below(chance, ms + 1);
    case BACKOFF_QUARTER:
        return ms + chance_below(chance, ms / 4);
    case BACKOFF_EXACT:
        break;
    }
    return ms;
}
