/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the metrics of queues, watches and memory, and fills them when they are asked for. */
#include "engine/meters.h"

#include <stdlib.h>

#include "base/metrics.h"
#include "engine/engine_parts.h"
#include "guard/quarantine.h"
#include "mpijob/kind.h"
#include "policy/definition/opening.h"
#include "slo/slo.h"

struct meters {
    const struct engine *engine;
    struct metrics *metrics;
    struct metric *hour, *hour_most; /* NULL: there is no ceiling */
    struct metric *memory, *queue, *quarantined, *paused, *open, *frozen;
    struct metric *restarts, *silence, *jobs, *bytes, *held, *blind; /* of the caches */
    struct metric *slo_all, *slo_good, *slo_objective, *slo_burn;    /* of policies with slo */
    struct metric *load_good, *load_us, *load_good_us;               /* of loading policies */
};

static void collect_jobs(struct meters *m, const struct job_cache *h, const char *cluster, const char *kind)
{
    int64_t counts[MPIJOB_PHASES] = {0};
    uint32_t end = cache_slots(h->cache);
    for (uint32_t slot = 0; slot < end; slot++) {
        if (cache_holds(h->cache, slot))
            counts[cache_phase(h->cache, slot)]++;
    }
    for (int p = 0; p < MPIJOB_PHASES; p++)
        metric_set(m->jobs, (double)counts[p], METRIC_VALUES(cluster, kind, mpijob_phase_name((enum mpijob_phase)p)));
}

static void collect_cache(struct meters *m, const struct job_cache *h, const char *cluster)
{
    struct cache_stats stats;
    const char *kind = mpijob_kind_info(h->kind)->name;
    int64_t silence = -1;
    bool synced = false;
    cache_stats(h->cache, &stats);
    for (int i = 0; i < KUBE_WATCH_CANCELLED; i++)
        metric_set(m->restarts, (double)stats.restarts[i],
                   METRIC_VALUES(cluster, kind, kube_watch_end_name((enum kube_watch_end)i)));
    for (size_t i = 0; i < cache_scopes(h->cache); i++) {
        struct cache_scope scope = cache_scope(h->cache, i);
        synced = synced || scope.synced;
        silence = scope.silence_us > silence ? scope.silence_us : silence;
    }
    if (silence >= 0)
        metric_set(m->silence, (double)silence / 1e6, METRIC_VALUES(cluster, kind));
    metric_set(m->bytes, (double)stats.memory_bytes, METRIC_VALUES(cluster, kind));
    if (synced) {
        collect_jobs(m, h, cluster, kind);
        if (!h->gpus.unknown)
            metric_set(m->held, (double)h->gpus.total, METRIC_VALUES(cluster, kind));
    }
}

struct visit {
    struct meters *m;
    const char *cluster;
};

static void collect_watch(void *data, const struct watch_part *part)
{
    const struct visit *v = data;
    const char *reason = part->trouble ? part->trouble->reason : part->synced ? "" : "NotListedYet";
    metric_set(v->m->blind, watch_part_blind(part),
               METRIC_VALUES(v->cluster, watch_part_name(part), part->name_space, reason));
}

static void collect_queue(void *data, const char *policy, size_t depth)
{
    const struct visit *v = data;
    metric_set(v->m->queue, (double)depth, METRIC_VALUES(policy, v->cluster));
}

static void collect_slo(void *data, const struct slo_state *s)
{
    const struct visit *v = data;
    metric_set(v->m->slo_all, (double)s->all, METRIC_VALUES(s->policy, v->cluster));
    metric_set(v->m->slo_good, (double)s->good, METRIC_VALUES(s->policy, v->cluster));
    metric_set(v->m->slo_objective, s->objective / 100, METRIC_VALUES(s->policy, v->cluster));
    for (int i = 0; i < SLO_WINDOWS; i++)
        metric_set(v->m->slo_burn, s->burn[i], METRIC_VALUES(s->policy, v->cluster, slo_window_names[i]));
}

static void collect_cluster(struct meters *m, const struct engine_cluster *at)
{
    const char *cluster = at->site.shard.of ? at->site.told : cluster_name(at->site.cluster);
    struct visit v = {m, cluster};
    triggers_each_queue(&at->triggers, collect_queue, &v);
    slo_each(at->slo, collect_slo, &v);
    watches_each(&at->watches, collect_watch, &v);
    for (int k = 0; k < MPIJOB_KINDS_MOST; k++) {
        if (at->watches.caches[k])
            collect_cache(m, at->watches.caches[k], cluster);
    }
}

static void collect_quarantined(void *data, const char *policy, const struct quarantine_mark *mark)
{
    struct meters *m = data;
    metric_set(m->quarantined, 1, METRIC_VALUES(policy ? policy : "", mark->file));
}

static void collect_paused(void *data, const struct paused_mark *mark)
{
    struct meters *m = data;
    metric_set(m->paused, 1, METRIC_VALUES(mark->policy));
}

static void collect(void *data)
{
    struct meters *m = data;
    const struct policy_set *set = m->engine->set;
    int64_t now_us = clock_now(m->engine->o.clock);
    struct metric *const fresh[] = {m->memory,  m->queue,    m->quarantined,   m->paused,  m->open,
                                    m->silence, m->jobs,     m->bytes,         m->held,    m->blind,
                                    m->slo_all, m->slo_good, m->slo_objective, m->slo_burn};
    for (size_t i = 0; i < sizeof fresh / sizeof *fresh; i++)
        metric_clear(fresh[i]);
    for (size_t i = 0; i < m->engine->cluster_count; i++)
        collect_cluster(m, &m->engine->clusters[i]);
    if (m->hour) {
        struct engine_hour hour = engine_hour(m->engine);
        metric_set(m->hour, (double)hour.used, NULL);
        metric_set(m->hour_most, (double)hour.most, NULL);
    }
    metric_set(m->frozen, freezes_at(m->engine->o.freezes, now_us / CLOCK_SECOND) != NULL, NULL);
    metric_set(m->load_good, !m->engine->load_error, NULL);
    metric_set(m->load_us, (double)m->engine->load_us / 1e6, NULL);
    metric_set(m->load_good_us, (double)m->engine->load_good_us / 1e6, NULL);
    engine_each_quarantined(m->engine, collect_quarantined, m);
    engine_each_paused(m->engine, collect_paused, m);
    for (size_t i = 0; set && i < set->count; i++) {
        const struct policy_entry *e = &set->entries[i];
        metric_set(m->memory, (double)script_memory(e->file->script), METRIC_VALUES(e->policy->name));
        if (policy_has_opening(e->policy))
            metric_set(m->open, policy_open(e->policy, now_us), METRIC_VALUES(e->policy->name));
    }
}

static void make(struct meters *m)
{
    static const char *const by_queue[] = {"policy", "cluster", NULL};
    static const char *const by_window[] = {"policy", "cluster", "window", NULL};
    static const char *const by_cache[] = {"cluster", "kind", NULL};
    static const char *const by_restart[] = {"cluster", "kind", "reason", NULL};
    static const char *const by_phase[] = {"cluster", "kind", "phase", NULL};
    static const char *const by_scope[] = {"cluster", "kind", "namespace", "reason", NULL};
    static const char *const by_policy[] = {"policy", NULL};
    static const char *const by_file[] = {"policy", "file", NULL};
    struct metrics *all = m->metrics;
    m->quarantined = metrics_gauge(
        all, "policy_quarantined", NULL,
        "1: the policy (\"\": the file's own code) hung or crashed the daemon, and does not run.", by_file);
    m->paused = metrics_gauge(all, "policy_paused", NULL,
                              "1: a person or the breaker has paused the policy, and it does not run.", by_policy);
    m->frozen = metrics_gauge(all, "frozen", NULL, "1: a freeze of the configuration is on.", NULL);
    m->open = metrics_gauge(
        all, "policy_open", NULL,
        "Of policies with a window, and with a freeze configured of all: 1: runs may begin, 0: what falls due waits.",
        by_policy);
    if (m->engine->o.changes_per_hour) {
        m->hour =
            metrics_gauge(all, "changes_last_hour", NULL,
                          "Changes of all policies in the last 60 minutes, with those that runs have set aside.", NULL);
        m->hour_most = metrics_gauge(
            all, "changes_per_hour_limit", NULL,
            "The ceiling that the configuration sets; of shards, the parts of those that this daemon owns.", NULL);
    }
    m->memory =
        metrics_gauge(all, "script_memory_bytes", "bytes",
                      "Memory of the Lua state of the policy's file; policies of one file share it.", by_policy);
    m->slo_all = metrics_counter(all, "slo_jobs", NULL,
                                 "Jobs that a policy with slo was to free: freed, or not within its time.", by_queue);
    m->slo_good = metrics_counter(all, "slo_jobs_good", NULL, "Those of them that were freed in time.", by_queue);
    m->slo_objective = metrics_gauge(all, "slo_objective_ratio", NULL, "What the policy's slo promises.", by_queue);
    m->slo_burn = metrics_gauge(all, "slo_burn_rate", NULL,
                                "How many times as fast as the objective allows jobs were late.", by_window);
    m->queue =
        metrics_gauge(all, "policy_queue_depth", NULL, "Jobs that wait for a run of a policy with `on`.", by_queue);
    m->restarts = metrics_counter(all, "watch_restarts", NULL, "Watches that have ended, by how.", by_restart);
    m->silence = metrics_gauge(all, "watch_silence_seconds", "seconds",
                               "Time since the server was last heard on the watch that is silent longest.", by_cache);
    m->blind = metrics_gauge(all, "watch_blind", NULL,
                             "1: what becomes of the jobs there is not known now, and why; namespace empty: of all.",
                             by_scope);
    m->load_good = metrics_gauge(all, "last_reload_successful", NULL,
                                 "0: the last load of the policies found errors, and those in force stay.", NULL);
    m->load_us = metrics_gauge(all, "last_reload_timestamp_seconds", "seconds",
                               "When policies were last loaded, since 1970.", NULL);
    m->load_good_us = metrics_gauge(all, "last_reload_success_timestamp_seconds", "seconds",
                                    "When policies were last loaded without an error, since 1970.", NULL);
    m->jobs = metrics_gauge(all, "jobs", NULL, "Jobs that are watched.", by_phase);
    m->bytes = metrics_gauge(all, "cache_memory_bytes", "bytes", "Memory of the jobs that are watched.", by_cache);
    m->held = metrics_gauge(all, "gpus_held_by_finished_jobs", NULL,
                            "GPUs that finished jobs hold, by their status and policy.", by_cache);
}

int meters_new(const struct engine *engine, struct metrics *metrics, struct meters **out, struct error *err)
{
    *out = NULL;
    if (!metrics)
        return 0;
    struct meters *m = calloc(1, sizeof *m);
    if (!m)
        return error_nomem(err);
    m->engine = engine;
    m->metrics = metrics;
    make(m);
    int rc = metrics_collector(metrics, collect, m, err);
    if (rc)
        free(m);
    else
        *out = m;
    return rc;
}

void meters_free(struct meters *m)
{
    if (!m)
        return;
    metrics_collector_remove(m->metrics, m);
    free(m);
}
