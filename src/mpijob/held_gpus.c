#include "mpijob/held_gpus.h"

#include "base/clock.h"
#include "mpijob/gpu.h"

bool mpijob_evicted_open(const struct mpijob_view *v)
{
    return v->evicted && !json_exists(mpijob_value_at(v->object, "/status/completionTime"));
}

bool mpijob_managed_elsewhere(const struct mpijob_view *v)
{
    const char *own =
        v->target.version == MPIJOB_V2BETA1 ? "kubeflow.org/mpi-operator" : "kubeflow.org/training-operator";
    struct json value = mpijob_field_value(v->object, FIELD_MANAGED_BY, v->target);
    return json_type(value) == JSON_STRING && !json_string_is(value, str_of(own)) && !json_string_is(value, str_of(""));
}

/* Has the controller removed the workers of this job, which has ended? (docs/reference/mpijob-versions.md) */
static bool cleaned_up(const struct mpijob_view *v)
{
    struct json policy = mpijob_field_value(v->object, FIELD_CLEAN_POD_POLICY, v->target);
    bool training = v->target.version == MPIJOB_V1 && v->target.controller == CONTROLLER_TRAINING_OPERATOR;
    bool cci = v->target.controller == CONTROLLER_CCI;
    if (mpijob_managed_elsewhere(v))
        return false;
    if (json_is_true(mpijob_field_value(v->object, FIELD_SUSPEND, v->target)))
        return v->target.version == MPIJOB_V2BETA1 || training;
    if (mpijob_evicted_open(v) && !training && !cci)
        return false;
    if (!json_exists(policy) || json_type(policy) == JSON_NULL)
        return cci; /* whose default is Running */
    if (json_string_is(policy, str_of("Running")) || json_string_is(policy, str_of("All")))
        return true;
    return training && !json_string_is(policy, str_of("None")); /* it takes a bad value for All */
}

static int64_t times(int64_t a, int64_t b)
{
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

bool mpijob_holds_gpus(const struct mpijob_view *v, const struct mpijob_pods *pods, struct mpijob_held_gpus *hold)
{
    *hold = (struct mpijob_held_gpus){0};
    struct mpijob_crew crew = pods ? mpijob_pods_of(pods, v) : (struct mpijob_crew){0};
    bool known = v->target.controller != CONTROLLER_CCI || crew.workers || crew.launchers;
    if (pods && known) { /* which labels CCI's pods have could not be seen: none may mean others */
        hold->gpus = crew.gpus;
        return true;
    }
    if (!mpijob_phase_finished(v->phase) || v->target.kind != KIND_MPIJOB) /* nobody tried the others */
        return false;
    struct json roles = json_at(v->object, "/spec/mpiReplicaSpecs");
    if (v->workers_active >= 0) {
        hold->source = HOLD_STATUS;
        hold->gpus = times(v->workers_active, gpus_of_pod(json_at(roles, "/Worker/template/spec"), v->target.gpus));
        return true;
    }
    hold->source = HOLD_POLICY;
    hold->gpus = cleaned_up(v) ? 0 : gpus_of_workers(roles, KIND_MPIJOB, v->target.gpus);
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
