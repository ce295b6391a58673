/* SPDX-License-Identifier: Apache-2.0 */
/* How often shards of the jobs come and go here, and how long it takes until this daemon acts for one. */
#include "engine/shard_moves.h"

#include "base/metrics.h"
#include "engine/engine_parts.h"

static const char *const ways[] = {[SHARD_TAKEN] = "taken", [SHARD_GIVEN] = "given", [SHARD_LOST] = "lost"};

void shard_moves_open(struct shard_moves *m, const struct engine_options *o)
{
    static const char *const by_way[] = {"way", NULL};
    *m = (struct shard_moves){0};
    if (!o->shards || !o->metrics)
        return;
    m->moves = metrics_counter(o->metrics, "shard_moves", NULL,
                               "Shards that this daemon has taken, has given to another, or has lost.", by_way);
    m->seconds = metrics_histogram(o->metrics, "shard_take_seconds", "seconds",
                                   "From the taking of a shard until its policies run: what another daemon has left is "
                                   "read and looked up.",
                                   NULL, metric_seconds, metric_seconds_count);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) /* so that a rate is known from the first on */
        metric_add(m->moves, 0, METRIC_VALUES(ways[i]));
}

void shard_moves_acts(const struct engine_cluster *at)
{
    const struct shard_moves *m = &at->engine->moves;
    int64_t since = at->site.shard.of && at->lead ? lead_look(at->lead).since : 0;
    int64_t took = clock_now(at->site.clock) - since;
    if (m->seconds && since && took >= 0)
        metric_observe(m->seconds, (double)took / CLOCK_SECOND, NULL);
}

void shard_moves_count(const struct shard_moves *m, enum shard_move way)
{
    if (m->moves)
        metric_add(m->moves, 1, METRIC_VALUES(ways[way]));
}
