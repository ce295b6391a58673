#include "engine/meters.h"

#include <stdlib.h>

#include "engine/engine_cluster.h"
#include "mpijob/held_gpus.h"
#include "mpijob/kind.h"
#include "trigger/event_trigger.h"

struct meters {
    struct engine *engine;
    struct metrics *metrics;
    struct metric *runs, *run_seconds, *lateness, *replaces, *errors, *released, *cpu, *memory, *queue;
    struct metric *restarts, *silence, *jobs, *bytes, *held; /* of the caches */
};

static const char *const by_policy[] = {"policy", NULL};
static const char *const by_outcome[] = {"policy", "outcome", NULL};
static const char *const by_effect[] = {"policy", "effect", NULL};
static const char *const by_reason[] = {"policy", "reason", NULL};

/* Alarms ring within milliseconds, or after a suspend much later. */
static const double lateness_bounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 10, 60, 600};

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
    int64_t silence = cache_silence_us(h->cache);
    cache_stats(h->cache, &stats);
    for (int i = 0; i < KUBE_WATCH_ENDS; i++) {
        if (stats.restarts[i])
            metric_set(m->restarts, (double)stats.restarts[i],
                       METRIC_VALUES(cluster, kind, kube_watch_end_name((enum kube_watch_end)i)));
    }
    if (silence >= 0)
        metric_set(m->silence, (double)silence / 1e6, METRIC_VALUES(cluster, kind));
    metric_set(m->bytes, (double)stats.memory_bytes, METRIC_VALUES(cluster, kind));
    if (cache_synced(h->cache)) {
        collect_jobs(m, h, cluster, kind);
        if (!h->gpus.unknown)
            metric_set(m->held, (double)h->gpus.total, METRIC_VALUES(cluster, kind));
    }
}

static void collect_cluster(struct meters *m, const struct engine_cluster *at)
{
    const char *cluster = cluster_name(at->cluster);
    for (const struct event_trigger *t = at->ons; t; t = event_trigger_next(t))
        metric_set(m->queue, (double)event_trigger_depth(t), METRIC_VALUES(event_trigger_policy(t), cluster));
    for (int k = 0; k < MPIJOB_KINDS; k++) {
        if (at->caches[k])
            collect_cache(m, at->caches[k], cluster);
    }
}

/* What is read when somebody asks. */
static void collect(void *data)
{
    struct meters *m = data;
    const struct policy_set *set = m->engine->set;
    struct metric *const anew[] = {m->memory, m->queue, m->silence, m->jobs, m->bytes, m->held};
    for (size_t i = 0; i < sizeof anew / sizeof *anew; i++)
        metric_clear(anew[i]);
    for (size_t i = 0; i < m->engine->cluster_count; i++)
        collect_cluster(m, &m->engine->clusters[i]);
    for (size_t i = 0; set && i < set->count; i++) {
        const struct policy_entry *e = &set->entries[i];
        metric_set(m->memory, (double)script_memory(e->file->script), METRIC_VALUES(e->policy->name));
    }
}

static void make(struct meters *m)
{
    struct metrics *all = m->metrics;
    m->runs = metrics_counter(all, "policy_runs", NULL, "Runs of policies that have ended.", by_outcome);
    m->run_seconds = metrics_histogram(all, "policy_run_seconds", "seconds", "How long runs took.", by_policy,
                                       metric_seconds, metric_seconds_count);
    m->lateness = metrics_histogram(all, "policy_lateness_seconds", "seconds",
                                    "How long after the instant that it was set for a policy's alarm rang.", by_policy,
                                    lateness_bounds, sizeof lateness_bounds / sizeof *lateness_bounds);
    m->replaces = metrics_counter(all, "replaces", NULL, "Replacements that were made, by what they do.", by_effect);
    m->errors = metrics_counter(all, "replace_errors", NULL, "Replacements that failed.", by_reason);
    m->released =
        metrics_counter(all, "gpus_released", NULL,
                        "GPUs that finished jobs held and that a replacement had the controller give back.", by_policy);
    m->cpu = metrics_counter(all, "script_cpu_seconds", "seconds", "Computing time of the policies' Lua.", by_policy);
    m->memory =
        metrics_gauge(all, "script_memory_bytes", "bytes",
                      "Memory of the Lua state of the policy's file; policies of one file share it.", by_policy);
}

static void make_of_caches(struct meters *m)
{
    static const char *const by_queue[] = {"policy", "cluster", NULL};
    static const char *const by_cache[] = {"cluster", "kind", NULL};
    static const char *const by_restart[] = {"cluster", "kind", "reason", NULL};
    static const char *const by_phase[] = {"cluster", "kind", "phase", NULL};
    struct metrics *all = m->metrics;
    m->queue =
        metrics_gauge(all, "policy_queue_depth", NULL, "Jobs that wait for a run of a policy with `on`.", by_queue);
    m->restarts = metrics_counter(all, "watch_restarts", NULL, "Watches that have ended, by how.", by_restart);
    m->silence = metrics_gauge(all, "watch_silence_seconds", "seconds",
                               "Time since the server was last heard on the watch that is silent longest.", by_cache);
    m->jobs = metrics_gauge(all, "jobs", NULL, "Jobs that are watched.", by_phase);
    m->bytes = metrics_gauge(all, "cache_memory_bytes", "bytes", "Memory of the jobs that are watched.", by_cache);
    m->held = metrics_gauge(all, "gpus_held_by_finished_jobs", NULL,
                            "GPUs that finished jobs hold, by their status and policy.", by_cache);
}

int meters_new(struct engine *engine, struct metrics *metrics, struct meters **out, struct error *err)
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
    make_of_caches(m);
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

void meter_lateness(struct meters *m, const char *policy, int64_t us)
{
    if (m)
        metric_observe(m->lateness, us > 0 ? (double)us / 1e6 : 0, METRIC_VALUES(policy));
}

void meter_run_ended(struct meters *m, const struct run *run)
{
    if (!m)
        return;
    const char *policy = run->policy->name;
    double seconds = (double)(clock_monotonic() - run->began) / 1e6;
    metric_add(m->runs, 1, METRIC_VALUES(policy, run_outcome_name(run->outcome)));
    metric_observe(m->run_seconds, seconds > 0 ? seconds : 0, METRIC_VALUES(policy));
    metric_add(m->cpu, (double)run->cpu / 1e6, METRIC_VALUES(policy));
}

/* What the job held before, where the replacement makes its controller clean up now. */
static int64_t released(const struct replace_result *result)
{
    struct mpijob_held_gpus hold;
    bool policy = false;
    if (!result->before || !mpijob_phase_finished(result->before->phase) || result->effect != EFFECT_EFFECTIVE)
        return 0;
    for (size_t i = 0; i < result->diff->count; i++)
        policy = policy || result->diff->items[i].field == FIELD_CLEAN_POD_POLICY;
    return policy && mpijob_holds_gpus(result->before, NULL, &hold) ? hold.gpus : 0;
}

void meter_replaced(struct meters *m, const struct run *run, const struct replace_result *result,
                    const struct error *err)
{
    if (!m || result->dry_run)
        return;
    const char *policy = run->policy->name;
    if (err) {
        metric_add(m->errors, 1, METRIC_VALUES(policy, err->reason));
        return;
    }
    metric_add(m->replaces, 1, METRIC_VALUES(policy, mpijob_effect_name(result->effect)));
    int64_t gpus = released(result);
    if (gpus > 0)
        metric_add(m->released, (double)gpus, METRIC_VALUES(policy));
}
