#include "policy/meters.h"

#include <stdlib.h>

#include "mpijob/hold.h"
#include "policy/engine_cluster.h"

struct meters {
    struct engine *engine;
    struct metrics *metrics;
    struct metric *runs, *run_seconds, *lateness, *replaces, *errors, *released, *cpu, *memory;
};

static const char *const by_policy[] = {"policy", NULL};
static const char *const by_outcome[] = {"policy", "outcome", NULL};
static const char *const by_effect[] = {"policy", "effect", NULL};
static const char *const by_reason[] = {"policy", "reason", NULL};

/* Alarms ring within milliseconds, or after a suspend much later. */
static const double lateness_bounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 10, 60, 600};

/* What is read when somebody asks. */
static void collect(void *data)
{
    struct meters *m = data;
    const struct policy_set *set = m->engine->set;
    metric_clear(m->memory);
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
    struct mpijob_hold hold;
    bool policy = false;
    if (!result->before || !mpijob_phase_finished(result->before->phase) || result->effect != EFFECT_EFFECTIVE)
        return 0;
    for (size_t i = 0; i < result->diff->count; i++)
        policy = policy || result->diff->items[i].field == FIELD_CLEAN_POD_POLICY;
    return policy && mpijob_holds(result->before, NULL, &hold) ? hold.gpus : 0;
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
