/* SPDX-License-Identifier: Apache-2.0 */
/* Effects that a daemon before was looking for: read at the start, and looked for again when policies are in force. */
#include <stdlib.h>
#include <utlist.h>

#include "change/effect_kept.h"
#include "run/runs.h"

struct effect_again {
    struct effect_kept effect;
    struct effect_again *next;
};

struct effects_again {
    struct store *store;
    struct effect_again *list;
    struct shard shard; /* whose jobs they are of */
    bool full;          /* memory was out */
};

static void add(void *data, const struct effect_kept *effect)
{
    struct effects_again *again = data;
    if (!shard_has(&again->shard, str_of(effect->name_space), str_of(effect->uid)))
        return;
    struct effect_again *e = calloc(1, sizeof *e);
    again->full = again->full || !e;
    if (!e)
        return;
    e->effect = *effect;
    LL_APPEND(again->list, e);
}

void runs_drop_again(struct runs *runs)
{
    struct effect_again *e, *next;
    if (!runs->again)
        return;
    LL_FOREACH_SAFE(runs->again->list, e, next)
    {
        free(e);
    }
    free(runs->again);
    runs->again = NULL;
}

int runs_read_effects(struct runs *runs, struct store *store, struct error *err)
{
    runs->again = calloc(1, sizeof *runs->again);
    if (!runs->again)
        return error_nomem(err);
    runs->again->store = store;
    runs->again->shard = runs->site->shard;
    int rc = effects_read(store, cluster_name(runs->site->cluster), add, runs->again, err);
    return !rc && runs->again->full ? error_nomem(err) : rc;
}

void runs_await_effects(struct runs *runs, void (*await)(void *data, const char *policy))
{
    struct effect_again *e;
    if (!runs->again)
        return;
    if (runs->again->list && !runs->effects)
        runs->effects = effect_journal_new(runs->site, runs->effect, runs->data);
    LL_FOREACH(runs->effects ? runs->again->list : NULL, e)
    {
        if (effect_journal_add_kept(runs->effects, &e->effect, runs->again->store))
            await(runs->data, e->effect.policy);
    }
    runs_drop_again(runs);
}
