/* SPDX-License-Identifier: Apache-2.0 */
/* GPUs that a job holds: by its pods, by its status, or by what its controller does at its end. */
#include "mpijob/held_gpus.h"

#include "base/clock.h"
#include "mpijob/dialect.h"
#include "mpijob/gpu.h"
#include "mpijob/kind.h"

bool mpijob_evicted_open(const struct mpijob_view *v)
{
    return v->evicted && !json_exists(mpijob_value_at(v->object, "/status/completionTime"));
}

bool mpijob_managed_elsewhere(const struct mpijob_view *v)
{
    struct json value = mpijob_field_value(v->object, FIELD_MANAGED_BY, v->target);
    return json_type(value) == JSON_STRING && !mpijob_manager_is_own(value, v->target) &&
           !json_string_is(value, str_of(""));
}

/* Has the controller removed the workers of this job, which has ended? (docs/reference/mpijob-versions.md) */
static bool cleaned_up(const struct mpijob_view *v, const struct mpijob_cleanup *by)
{
    struct json policy = mpijob_field_value(v->object, FIELD_CLEAN_POD_POLICY, v->target);
    if (mpijob_managed_elsewhere(v))
        return false;
    if (json_is_true(mpijob_field_value(v->object, FIELD_SUSPEND, v->target)))
        return by->suspended;
    if (mpijob_evicted_open(v) && !by->evicted)
        return false;
    if (!json_exists(policy))
        return by->by_default;
    if (json_string_is(policy, str_of("Running")) || json_string_is(policy, str_of("All")))
        return true;
    return by->by_mistake && !json_string_is(policy, str_of("None"));
}

static int64_t times(int64_t a, int64_t b)
{
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

bool mpijob_holds_gpus(const struct mpijob_view *v, const struct mpijob_pods *pods, struct mpijob_held_gpus *held)
{
    const struct mpijob_dialect *dialect = mpijob_dialect(v->target);
    struct mpijob_crew crew = pods ? mpijob_pods_of(pods, v) : (struct mpijob_crew){0};
    *held = (struct mpijob_held_gpus){0};
    if (pods && (dialect->pods_seen || crew.workers || crew.launchers)) { /* else they may have other labels */
        held->gpus = crew.gpus;
        return true;
    }
    if (mpijob_phase_finished(v->phase) && mpijob_kind_info(v->target.kind)->inspected &&
        mpijob_kind_described(v->target.kind))
        return true; /* its controller leaves no running pod behind (docs/reference/kinds.md) */
    if (!mpijob_phase_finished(v->phase) || !dialect->cleanup)
        return false;
    struct json roles = roles_of(v->object, v->target.kind);
    if (v->workers_active >= 0) {
        held->source = HELD_BY_STATUS;
        held->gpus = times(v->workers_active, gpus_of_pod(json_at(roles, "/Worker/template/spec"), v->target.gpus));
        return true;
    }
    held->source = HELD_BY_POLICY;
    held->gpus = cleaned_up(v, dialect->cleanup) ? 0 : gpus_of_workers(roles, v->target.kind, v->target.gpus);
    return true;
}

double mpijob_gpu_hours(int64_t gpus, int64_t from, int64_t until, int64_t now, int64_t window)
{
    int64_t begin = now - window, end = until < now ? until : now;
    if (from == MPIJOB_NO_TIME || until == MPIJOB_NO_TIME)
        return 0;
    if (from > begin)
        begin = from;
    return end > begin ? (double)gpus * ((double)(end - begin) / (3600.0 * (double)CLOCK_SECOND)) : 0;
}
