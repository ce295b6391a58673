/* SPDX-License-Identifier: Apache-2.0 */
/* From what the engine has of a policy to how it stands. */
#include "engine/standing.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/engine_parts.h"
#include "guard/quarantine.h"
#include "policy/definition/opening.h"
#include "run/run_canary.h"
#include "slo/slo.h"
#include "time/duration.h"
#include "trigger/event_trigger.h"

static void count_runs(const struct engine_cluster *at, struct engine_standing *s)
{
    for (const struct run *run = at->runs.list; run; run = run->next) {
        if (strcmp(run->policy->name, s->entry->policy->name) != 0)
            continue;
        s->runs++;
        if (!s->running_since || run->started_at < s->running_since)
            s->running_since = run->started_at;
    }
}

static const char *why_quarantined(const struct policy_entry *entry, char out[512])
{
    char deed[64];
    const struct quarantine_mark *mark = policy_quarantine_mark(entry->file, entry->policy->name);
    if (!mark)
        return NULL;
    snprintf(out, 512, "it %s, at %.380s:%d", quarantine_deed(mark, deed), mark->file, mark->line);
    return out;
}

static const char *why_paused(const struct engine *e, const struct policy_entry *entry, char out[600])
{
    char when[32];
    const struct paused_mark *mark = engine_paused(e, entry->policy->name);
    if (!mark)
        return NULL;
    clock_format(mark->at, false, when);
    snprintf(out, 600, "by %s, since %s%s%s", *mark->who ? mark->who : "an unknown user", when, *mark->why ? ": " : "",
             mark->why);
    return out;
}

static const char *why_closed(const struct engine *e, const struct policy *policy, char out[512])
{
    int64_t now = clock_now(e->o.clock);
    return policy_open(policy, now) ? NULL : policy_closed_text(policy, now, out);
}

static const char *why_led_in(const struct engine_cluster *at, const struct policy *policy, char out[512])
{
    const struct canary_state *state = run_canary_of(&at->site, policy);
    if (!state || canary_led_in(state, policy->canary))
        return NULL;
    return canary_text(state, policy->canary, clock_now(at->engine->o.clock), out);
}

static const char *why_standing_by(const struct engine_cluster *at, char out[512])
{
    const struct engine *e = at->engine;
    if (e->o.shards) {
        const char *they = shards_owned(e->o.shards) ? "does not act yet for the shards that it owns" /* they move */
                                                     : "owns no shard of the jobs";
        snprintf(out, 512, "this daemon %s", they);
        return out;
    }
    struct lead_standing lead = lead_look(e->o.lead);
    bool other = *lead.leader && strcmp(lead.leader, lead.identity) != 0;
    struct error err;
    if (lead.leads) {
        lead_refuse(e->o.lead, &err);
        snprintf(out, 512, "%.511s", err.message);
        return out;
    }
    snprintf(out, 512, "%.300s leads", other ? lead.leader : "nobody");
    return out;
}

/* "12 jobs have to match for longer before it acts", "it warns first, and acts on 12 jobs later; 8 warned" */
static const char *why_waits(const struct engine_cluster *at, const struct policy *policy, char out[512])
{
    if (!policy_waits(policy))
        return NULL;
    struct event_waiting w = triggers_waiting(&at->triggers, policy->name);
    bool one = w.jobs == 1, warns = policy->warn.count > 0;
    int n = policy->holds_for
                ? snprintf(out, 512, "%zu job%s to match for longer before it acts", w.jobs, one ? " has" : "s have")
                : snprintf(out, 512, "it warns first, and acts on %zu job%s later", w.jobs, one ? "" : "s");
    if (warns)
        n += snprintf(out + n, 512 - (size_t)n, "; %zu warned", w.warned);
    if (w.unwarned)
        snprintf(out + n, 512 - (size_t)n, ", %zu could not be warned, and it is tried again (see the log)",
                 w.unwarned);
    return w.jobs ? out : NULL;
}

/* "118 of 120 jobs were freed within 5m, 99 % is promised; in the last hour too many were late, 3.3 times" */
static const char *why_promise(const struct slo_state *slo, char out[512])
{
    char within[32];
    duration_format(slo->freed_within, false, within);
    int n = snprintf(out, 512, "%" PRId64 " of %" PRId64 " jobs were freed within %s, %g %% is promised", slo->good,
                     slo->all, within, slo->objective);
    if (slo->burn[1] > 1)
        snprintf(out + n, 512 - (size_t)n, "; in the last hour %.3g times as many were late as it allows",
                 slo->burn[1]);
    return out;
}

static void visit_one(const struct engine_cluster *at, const struct policy_entry *entry,
                      void (*visit)(void *data, const struct engine_standing *standing), void *data)
{
    const struct engine *e = at->engine;
    struct error err;
    char text[600];
    struct slo_state slo;
    struct engine_standing s = {.entry = entry, .cluster = cluster_name(at->site.cluster), .due = INT64_MAX};
    enum policy_stand is = policy_stand(entry->policy, at->site.cluster, &err);
    count_runs(at, &s);
    if (is == POLICY_ELSEWHERE) {
        s.standing = STANDS_ELSEWHERE;
    } else if (entry->quarantined) {
        s.standing = STANDS_QUARANTINED;
        s.why = why_quarantined(entry, text);
    } else if (entry->paused) {
        s.standing = STANDS_PAUSED;
        s.why = why_paused(e, entry, text);
    } else if (is == POLICY_ASIDE) {
        s.standing = STANDS_ASIDE;
        s.why = err.message;
    } else if (!at->leads) {
        s.standing = STANDS_BY;
        s.why = why_standing_by(at, text);
    } else if (!at->triggered || at->trouble) {
        s.standing = STANDS_WAITING;
        s.why = at->trouble ? at->trouble->message : NULL;
    } else {
        s.due = triggers_due(&at->triggers, entry->policy->name, &s.waiting);
        s.why = why_closed(e, entry->policy, text);
        if (!s.why)
            s.why = why_led_in(at, entry->policy, text);
        if (!s.why)
            s.why = why_waits(at, entry->policy, text);
        s.slo = slo_of(at->slo, entry->policy->name, &slo) ? &slo : NULL;
        if (!s.why && s.slo)
            s.why = why_promise(s.slo, text);
    }
    visit(data, &s);
}

static void add_shard(void *data, const struct engine_standing *s)
{
    stands_add(data, s);
}

/* The shards of this daemon are one row; without any, the first shard says so. */
static void visit_shards(const struct engine *e, const struct policy_entry *entry,
                         void (*visit)(void *data, const struct engine_standing *standing), void *data)
{
    struct stands_sum all = {.any = false};
    for (size_t c = 0; c < e->cluster_count; c++) {
        if (e->clusters[c].leads)
            visit_one(&e->clusters[c], entry, add_shard, &all);
    }
    if (!all.any)
        visit_one(&e->clusters[0], entry, add_shard, &all);
    visit(data, &all.sum);
}

void engine_each_standing(const struct engine *e, const char *policy,
                          void (*visit)(void *data, const struct engine_standing *standing), void *data)
{
    for (size_t i = 0; e->set && i < e->set->count; i++) {
        const struct policy_entry *entry = &e->set->entries[i];
        if (policy && strcmp(entry->policy->name, policy) != 0)
            continue;
        for (size_t c = 0; c < e->cluster_count && !e->o.shards; c++)
            visit_one(&e->clusters[c], entry, visit, data);
        if (e->o.shards)
            visit_shards(e, entry, visit, data);
    }
}

static bool is_synced(const struct cache *cache)
{
    size_t i = 0;
    while (i < cache_scopes(cache) && !cache_scope(cache, i).synced)
        i++;
    return i < cache_scopes(cache);
}

bool engine_held_gpus(const struct engine *e, int64_t *gpus)
{
    bool known = false;
    *gpus = 0;
    for (size_t i = 0; i < e->cluster_count * MPIJOB_KINDS_MOST; i++) {
        const struct job_cache *h = e->clusters[i / MPIJOB_KINDS_MOST].watches.caches[i % MPIJOB_KINDS_MOST];
        if (!h || !is_synced(h->cache))
            continue;
        if (h->gpus.unknown)
            return false;
        known = true;
        *gpus += h->gpus.total;
    }
    return known;
}
