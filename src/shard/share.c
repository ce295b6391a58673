/* SPDX-License-Identifier: Apache-2.0 */
/* How shards are shared out: each daemon works it out for itself. Where two see something else, at worst a shard moves
 * once more than it has to; who owns it, the Leases say. */
#include "shard/share.h"

#include <string.h>

static bool owns(const struct share *s, unsigned shard, const char *name)
{
    return *name && strcmp(s->shards[shard].holder, name) == 0;
}

static unsigned count_of(const struct share *s, const char *name)
{
    unsigned n = 0;
    for (unsigned i = 0; i < s->count; i++)
        n += owns(s, i, name);
    return n;
}

/* The first shard of its owner, so that each owner comes once. */
static bool is_first(const struct share *s, unsigned shard)
{
    for (unsigned i = 0; i < shard; i++) {
        if (owns(s, i, s->shards[shard].holder))
            return false;
    }
    return *s->shards[shard].holder != '\0';
}

struct share_sum share_sum(const struct share *s)
{
    struct share_sum sum = {.mine = count_of(s, s->me)};
    sum.daemons = sum.mine == 0;
    sum.daemons += *s->asker && strcmp(s->asker, s->me) != 0 && !count_of(s, s->asker);
    for (unsigned i = 0; i < s->count; i++) {
        unsigned n = is_first(s, i) ? count_of(s, s->shards[i].holder) : 0;
        sum.free += !*s->shards[i].holder;
        sum.daemons += n > 0;
        sum.largest = n > sum.largest ? n : sum.largest;
    }
    sum.most = (s->count + sum.daemons - 1) / sum.daemons;
    return sum;
}

bool share_is_short(const struct share *s)
{
    struct share_sum sum = share_sum(s);
    return (sum.free && sum.mine < sum.most) || sum.largest >= sum.mine + 2;
}

int share_gift(const struct share *s)
{
    struct share_sum sum = share_sum(s);
    bool other = *s->asker && strcmp(s->asker, s->me) != 0;
    if (!other || sum.free || sum.mine < sum.largest || sum.mine < count_of(s, s->asker) + 2)
        return -1;
    for (unsigned i = 0; i < s->count; i++) { /* of several with as many, the first by name */
        if (count_of(s, s->shards[i].holder) == sum.mine && strcmp(s->shards[i].holder, s->me) < 0)
            return -1;
    }
    unsigned last = s->count - 1;
    while (!owns(s, last, s->me))
        last--;
    return (int)last;
}

int64_t share_wait(const struct share *s, unsigned shard, unsigned taking)
{
    struct share_sum sum = share_sum(s);
    unsigned have = sum.mine + taking;
    bool asks = *s->asker && strcmp(s->asker, s->me) == 0, other = *s->asker && !asks;
    int64_t wait = 0;
    if (other || have >= sum.most) /* it is left to others, but not for ever */
        wait = s->lease;
    else if (!asks) /* those with fewer come first */
        wait = s->retry / 2 * have / sum.most;
    wait -= s->shards[shard].free_for;
    return wait > 0 ? wait : 0;
}
