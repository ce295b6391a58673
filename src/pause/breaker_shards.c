/* SPDX-License-Identifier: Apache-2.0 */
/* How many runs of a policy have failed in a row in a shard of the jobs, whichever daemons have owned it. */
#include "pause/breaker_shards.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "pause/breaker.h"
#include "site/site.h"
#include "store/kept.h"
#include "store/state.h"

#define SPACE "breaker"

struct breaker_shard {
    char policy[64];
    unsigned shard, failing;
    struct breaker_shard *next;
};

static struct breaker_shard *find(const struct breaker *b, const char *policy, unsigned shard)
{
    struct breaker_shard *s;
    LL_FOREACH(b->shards, s)
    {
        if (s->shard == shard && strcmp(s->policy, policy) == 0)
            return s;
    }
    return NULL;
}

/* NULL: out of memory, and then it is not counted. */
static struct breaker_shard *add(struct breaker *b, const char *policy, unsigned shard)
{
    struct breaker_shard *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    snprintf(s->policy, sizeof s->policy, "%s", policy);
    s->shard = shard;
    LL_PREPEND(b->shards, s);
    return s;
}

static void forget(struct breaker *b, struct breaker_shard *s)
{
    LL_DELETE(b->shards, s);
    free(s);
}

unsigned breaker_shard_ended(struct breaker *b, const struct site *site, const char *policy, bool failed)
{
    const struct shard *shard = &site->shard;
    struct breaker_shard *s = shard->of ? find(b, policy, shard->index) : NULL;
    char count[12];
    if (!s && shard->of && failed)
        s = add(b, policy, shard->index);
    if (!s)
        return 0;
    s->failing = failed ? s->failing + 1 : 0;
    snprintf(count, sizeof count, "%u", s->failing);
    struct store_kept row = {.space = SPACE, .key = policy, .value = failed ? count : NULL};
    state_keep(site->state, &row, true, NULL, NULL);
    unsigned failing = s->failing;
    if (!failed)
        forget(b, s);
    return failing;
}

struct reading {
    struct breaker *b;
    unsigned shard;
};

static bool take(void *data, const struct store_kept *row)
{
    const struct reading *r = data;
    struct breaker_shard *s = add(r->b, row->key, r->shard);
    if (s)
        s->failing = (unsigned)strtoul(row->value, NULL, 10);
    return true;
}

int breaker_shard_read(struct breaker *b, const struct site *site, struct error *err)
{
    struct breaker_shard *s, *next;
    LL_FOREACH_SAFE(b->shards, s, next)
    {
        if (s->shard == site->shard.index)
            forget(b, s);
    }
    return state_read_kept(site->state, SPACE, take, &(struct reading){b, site->shard.index}, err);
}

void breaker_shards_close(struct breaker *b)
{
    while (b->shards)
        forget(b, b->shards);
}
