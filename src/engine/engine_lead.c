/* SPDX-License-Identifier: Apache-2.0 */
/* With an election: what begins and ends with the lead. Everybody else who has to be ready first has joined before. */
#include <stdlib.h>

#include "engine/engine_parts.h"
#include "engine/recovery.h"

/* ---- a cluster ---- */

int engine_cluster_may_begin(void *data, struct error *err)
{
    const struct engine_cluster *at = data;
    struct lead *lead = at->engine->o.lead;
    if (!lead || lead_pass(lead, NULL) == 0)
        return 0;
    return error_set(err, ERR_CANCELLED, "no run begins, because this daemon does not lead any more");
}

void engine_cluster_keep_warm(struct engine_cluster *at)
{
    const struct engine *e = at->engine;
    if (at->connected && !e->leads && !e->stopping && e->set && !e->o.once)
        watches_update(&at->watches, e->set);
}

void engine_cluster_stand_by(struct engine_cluster *at, const char *why)
{
    if (why) {
        triggers_stop(&at->triggers);
        runs_stop(&at->runs, why, true); /* who leads next finishes what a schedule has begun */
    }
    at->triggered = at->started = false;
    free(at->unfinished);
    at->unfinished = NULL;
    at->unfinished_count = 0;
    if (at->recovery)
        recovery_cancel(at->recovery);
    if (!at->connected)
        return;
    deadline_stop(&at->retry);
    at->failures = 0;
    error_keep(&at->trouble, NULL);
    engine_cluster_look_later(at, clock_now(at->site.clock));
    engine_cluster_keep_warm(at);
}

/* ---- all of them ---- */

static void gained(struct lead_guest *guest, int64_t epoch)
{
    struct engine *e = guest->data;
    (void)epoch;
    e->leads = true;
    e->term++;
    head_tell(e);
    for (size_t i = 0; i < e->cluster_count; i++)
        engine_cluster_lead(&e->clusters[i]);
    lead_ready(e->o.lead, guest);
}

static void lost(struct lead_guest *guest, const char *why)
{
    struct engine *e = guest->data;
    e->leads = false;
    for (size_t i = 0; i < e->cluster_count; i++)
        engine_cluster_stand_by(&e->clusters[i], why);
}

void engine_lead_join(struct engine *e)
{
    e->guest = (struct lead_guest){.gained = gained, .lost = lost, .data = e};
    if (e->o.lead)
        lead_join(e->o.lead, &e->guest);
}

void engine_lead_part(struct engine *e)
{
    if (e->o.lead && e->guest.gained)
        lead_part(e->o.lead, &e->guest);
    e->guest.gained = NULL;
}

int engine_leads(const struct engine *e, struct error *err)
{
    return e->leads ? 0 : lead_refuse(e->o.lead, err);
}
