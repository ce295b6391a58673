/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics that runs and triggers count into. */
#include "site/counters.h"

#include <stdlib.h>

struct counters {
    struct metric *runs, *run_seconds, *lateness, *replaces, *errors, *released, *cpu, *trips, *warnings;
};

/* Alarms ring within milliseconds, or after a suspend much later. */
static const double lateness_bounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 10, 60, 600};

static void make(struct counters *c, struct metrics *all)
{
    static const char *const by_policy[] = {"policy", NULL};
    static const char *const by_outcome[] = {"policy", "outcome", NULL};
    static const char *const by_effect[] = {"policy", "effect", NULL};
    static const char *const by_means[] = {"policy", "by", NULL};
    static const char *const by_reason[] = {"policy", "reason", NULL};
    c->runs = metrics_counter(all, "policy_runs", NULL, "Runs of policies that have ended.", by_outcome);
    c->run_seconds = metrics_histogram(all, "policy_run_seconds", "seconds", "How long runs took.", by_policy,
                                       metric_seconds, metric_seconds_count);
    c->lateness = metrics_histogram(all, "policy_lateness_seconds", "seconds",
                                    "How long after the instant that it was set for a policy's alarm rang.", by_policy,
                                    lateness_bounds, sizeof lateness_bounds / sizeof *lateness_bounds);
    c->replaces = metrics_counter(all, "replaces", NULL, "Replacements that were made, by what they do.", by_effect);
    c->errors = metrics_counter(all, "replace_errors", NULL, "Replacements that failed.", by_reason);
    c->released =
        metrics_counter(all, "gpus_released", NULL,
                        "GPUs that finished jobs held and that a replacement had the controller give back.", by_policy);
    c->trips = metrics_counter(all, "breaker_trips", NULL, "Times that the breaker has paused the policy.", by_policy);
    c->warnings = metrics_counter(all, "warnings", NULL,
                                  "Warnings that owners of jobs were given before a policy acts.", by_means);
    c->cpu = metrics_counter(all, "script_cpu_seconds", "seconds", "Computing time of the policies' Lua.", by_policy);
}

int counters_new(struct metrics *metrics, struct counters **out, struct error *err)
{
    *out = NULL;
    if (!metrics)
        return 0;
    struct counters *c = calloc(1, sizeof *c);
    if (!c)
        return error_nomem(err);
    make(c, metrics);
    *out = c;
    return 0;
}

void counters_free(struct counters *c)
{
    free(c);
}

void counters_begin(struct counters *c, const char *policy)
{
    static const char *const outcomes[] = {"done", "partial", "failed", "limited", "cancelled"};
    static const char *const effects[] = {"effective", "late",        "reverted",  "at-finish", "stored",
                                          "inert",     "destructive", "unchanged", "unknown"};
    static const char *const reasons[] = {"Conflict", "Dropped", "Forbidden", "Invalid",    "Limit",
                                          "NotFound", "Refused", "Timeout",   "Unreachable"};
    if (!c)
        return;
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        metric_add(c->runs, 0, METRIC_VALUES(policy, outcomes[i]));
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++)
        metric_add(c->replaces, 0, METRIC_VALUES(policy, effects[i]));
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        metric_add(c->errors, 0, METRIC_VALUES(policy, reasons[i]));
    metric_add(c->released, 0, METRIC_VALUES(policy));
    metric_add(c->cpu, 0, METRIC_VALUES(policy));
    metric_add(c->trips, 0, METRIC_VALUES(policy));
}

void counters_lateness(struct counters *c, const char *policy, int64_t late_us)
{
    if (c)
        metric_observe(c->lateness, late_us > 0 ? (double)late_us / 1e6 : 0, METRIC_VALUES(policy));
}

void counters_run_ended(struct counters *c, const struct counters_run *run)
{
    if (!c)
        return;
    metric_add(c->runs, 1, METRIC_VALUES(run->policy, run->outcome));
    metric_observe_run(c->run_seconds, run->took_us > 0 ? (double)run->took_us / 1e6 : 0, METRIC_VALUES(run->policy),
                       run->id, run->ended_at);
    metric_add(c->cpu, (double)run->cpu_us / 1e6, METRIC_VALUES(run->policy));
}

void counters_replaced(struct counters *c, const char *policy, const char *effect, int64_t gpus)
{
    if (!c)
        return;
    metric_add(c->replaces, 1, METRIC_VALUES(policy, effect));
    if (gpus > 0)
        metric_add(c->released, (double)gpus, METRIC_VALUES(policy));
}

void counters_tripped(struct counters *c, const char *policy)
{
    if (c)
        metric_add(c->trips, 1, METRIC_VALUES(policy));
}

void counters_replace_failed(struct counters *c, const char *policy, const char *reason)
{
    if (c)
        metric_add(c->errors, 1, METRIC_VALUES(policy, reason));
}

void counters_warned(struct counters *c, const char *policy, const char *by)
{
    if (c)
        metric_add(c->warnings, 1, METRIC_VALUES(policy, by));
}
