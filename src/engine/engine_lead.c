/* SPDX-License-Identifier: Apache-2.0 */
/* With an election: what begins and ends with the lead. Everybody else who has to be ready first has joined before. */
#include <stdlib.h>

#include "engine/engine_parts.h"
#include "recovery/recovery.h"
#include "slo/slo.h"
#include "store/state.h"

/* ---- a cluster ---- */

int engine_cluster_may_begin(void *data, struct error *err)
{
    const struct engine_cluster *at = data;
    struct lead *lead = at->lead;
    if (!lead || (!at->leaving && lead_pass(lead, NULL) == 0))
        return 0;
    if (at->site.shard.of)
        return error_set(err, ERR_CANCELLED, "no run begins, because this daemon does not own shard %u any more",
                         at->site.shard.index);
    return error_set(err, ERR_CANCELLED, "no run begins, because this daemon does not lead any more");
}

void engine_cluster_keep_warm(struct engine_cluster *at)
{
    const struct engine *e = at->engine;
    if (at->site.shard.of) /* what others act for is not watched here: each shard would have all jobs sent */
        return;
    if (at->connected && !at->leads && !e->stopping && e->set && !e->o.once) {
        at->site.warm = true;
        watches_update(&at->watches, e->set);
        slo_follow(&at->slo, &at->site, &at->watches, e->set, SLO_ELSEWHERE);
    }
}

void engine_cluster_stand_by(struct engine_cluster *at, const char *why)
{
    if (why) {
        late_others(&at->late);
        triggers_stop(&at->triggers);
        if (at->site.shard.of || !at->connected)
            slo_stop(at->slo);
        runs_stop(&at->runs, why, true); /* who leads next finishes what a schedule has begun */
    }
    at->triggered = at->started = false;
    free(at->unfinished);
    at->unfinished = NULL;
    at->unfinished_count = 0;
    if (at->recovery)
        recovery_cancel(at->recovery);
    if (at->site.shard.of)
        watches_close(&at->watches);
    if (!at->connected)
        return;
    deadline_stop(&at->retry);
    at->failures = 0;
    error_keep(&at->trouble, NULL);
    engine_cluster_look_later(at, clock_now(at->site.clock));
    engine_cluster_keep_warm(at);
}

static void gained(struct lead_guest *guest, int64_t epoch)
{
    struct engine_cluster *at = guest->data;
    at->slo_from = epoch > 1 ? clock_now(at->site.clock) - lead_look(at->lead).unled : SLO_ALONE;
    at->leads = at->moved = true;
    at->leaving = false;
    at->term++;
    shard_moves_count(&at->engine->moves, SHARD_TAKEN);
    head_tell(at->engine);
    engine_cluster_lead(at);
    lead_ready(at->lead, guest);
}

static void lost(struct lead_guest *guest, const char *why)
{
    struct engine_cluster *at = guest->data;
    at->leads = at->leaving = false;
    shard_moves_count(&at->engine->moves, SHARD_LOST);
    engine_cluster_stand_by(at, why);
}

/* ---- a shard that goes to another daemon ---- */

/* All that was handed over to the state is in the cluster, or has failed: then who takes the shard looks it up. */
static void all_written(void *data, int64_t id, const struct error *err)
{
    struct engine_cluster *at = data;
    (void)id, (void)err;
    at->syncing = false;
    if (at->leaving) { /* else it was lost meanwhile */
        at->leaving = false;
        lead_left(at->lead, &at->guest);
    }
    engine_check_stopped(at->engine);
}

void engine_cluster_check_left(struct engine_cluster *at)
{
    if (!at->leaving || at->syncing || at->runs.list || at->runs.guests || at->recovery || at->reading_marks ||
        at->engine->stopping)
        return;
    at->syncing = true;
    state_sync(at->site.state, all_written, at);
}

static void leave(struct lead_guest *guest)
{
    struct engine_cluster *at = guest->data;
    at->leads = false;
    at->leaving = true;
    shard_moves_count(&at->engine->moves, SHARD_GIVEN);
    engine_cluster_stand_by(at, "its shard goes to another daemon");
    engine_cluster_check_left(at);
}

/* ---- all of them ---- */

void engine_lead_join(struct engine *e)
{
    for (size_t i = 0; i < e->cluster_count; i++) {
        struct engine_cluster *at = &e->clusters[i];
        at->guest = (struct lead_guest){.gained = gained, .lost = lost, .leave = leave, .data = at};
        if (at->lead)
            lead_join(at->lead, &at->guest);
    }
}

void engine_lead_part(struct engine *e)
{
    for (size_t i = 0; i < e->cluster_count; i++) {
        struct engine_cluster *at = &e->clusters[i];
        if (at->lead && at->guest.gained)
            lead_part(at->lead, &at->guest);
        at->guest.gained = NULL;
        at->leaving = false;
    }
}

int engine_leads(const struct engine *e, struct error *err)
{
    for (size_t i = 0; i < e->cluster_count; i++) {
        if (e->clusters[i].leads)
            return 0;
    }
    return !e->cluster_count ? 0 : e->o.shards ? shards_refuse(e->o.shards, err) : lead_refuse(e->o.lead, err);
}

int engine_pauses_here(const struct engine *e, struct error *err)
{
    return e->o.shards ? 0 : engine_leads(e, err);
}

int64_t engine_pauses_within(const struct engine *e)
{
    return e->o.shards ? shards_retry(e->o.shards) : 0;
}

void engine_others(const struct engine *e, struct buf *others)
{
    if (e->o.shards)
        shards_others(e->o.shards, others);
}
