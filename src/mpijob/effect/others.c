/* SPDX-License-Identifier: Apache-2.0 */
/* Which objects of other kinds run something, and which changes end that. */
#include "mpijob/effect/others.h"

#include "base/clock.h"
#include "mpijob/effect/effect_parts.h"

/* ---- does it run? ---- */

enum run_by {
    RUNS_UNTIL_ENDED, /* until its status says that it has ended */
    RUNS_REPLICAS,    /* while it has or wants replicas */
    RUNS_ACTIVE,      /* while its status names what is active */
    RUNS_ALWAYS,      /* nobody knows what runs by it */
    RUNS_NEVER,       /* it has a template of pods, and runs none */
};

static const struct kind_of {
    const char *group, *plural;
    enum run_by by;
    const char *deleted; /* what its deletion ends */
} kinds[] = {
    {"", "pods", RUNS_UNTIL_ENDED, "the pod is killed, and what it runs with it"},
    {"", "replicationcontrollers", RUNS_REPLICAS, "its pods are killed with it"},
    {"", "namespaces", RUNS_ALWAYS, "everything in the namespace is deleted with it, and what runs there killed"},
    {"", "nodes", RUNS_ALWAYS, "the pods on the node are removed with it"},
    {"batch", "jobs", RUNS_UNTIL_ENDED, "the Job has not ended, and its pods are killed with it"},
    {"batch", "cronjobs", RUNS_ACTIVE, "the Jobs that it has started are killed with it"},
    {"apps", "deployments", RUNS_REPLICAS, "its pods are killed with it"},
    {"apps", "replicasets", RUNS_REPLICAS, "its pods are killed with it"},
    {"apps", "statefulsets", RUNS_REPLICAS, "its pods are killed with it"},
    {"apps", "daemonsets", RUNS_REPLICAS, "its pods are killed with it"},
    {"apiextensions.k8s.io", "customresourcedefinitions", RUNS_ALWAYS,
     "every object of that kind is deleted with it, in all namespaces"},
    {"jobset.x-k8s.io", "jobsets", RUNS_UNTIL_ENDED, "the JobSet has not ended, and its pods are killed with it"},
    {"trainer.kubeflow.org", "trainjobs", RUNS_UNTIL_ENDED,
     "the TrainJob has not ended, and its pods are killed with it"},
    {"trainer.kubeflow.org", "trainingruntimes", RUNS_NEVER, ""},
    {"trainer.kubeflow.org", "clustertrainingruntimes", RUNS_NEVER, ""},
    {"kueue.x-k8s.io", "workloads", RUNS_UNTIL_ENDED,
     "Kueue kills the pods of its job, and the job begins again from a new Workload"},
};

static const struct kind_of *find_kind(const struct other_object *o)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].group, o->group) == 0 && strcmp(kinds[i].plural, o->plural) == 0)
            return &kinds[i];
    }
    return NULL;
}

static bool one_of(struct json value, const char *const *words)
{
    for (size_t i = 0; words[i]; i++) {
        if (json_string_is(value, str_of(words[i])))
            return true;
    }
    return false;
}

/* As Pods, Jobs, JobSets, TrainJobs, Workloads and the jobs of other makers tell it. */
static bool has_ended(struct json object)
{
    static const char *const places[] = {"/status/phase",
                                         "/status/state",
                                         "/status/state/phase",
                                         "/status/terminalState",
                                         "/status/jobDeploymentStatus",
                                         "/status/jobStatus"};
    static const char *const phases[] = {"Succeeded", "SUCCEEDED",  "Failed",  "FAILED",  "Complete", "Completed",
                                         "Finished",  "Terminated", "Aborted", "STOPPED", NULL};
    static const char *const conditions[] = {"Succeeded", "Failed", "Complete", "Completed", "Finished", NULL};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (one_of(json_at(object, places[i]), phases))
            return true;
    }
    for (struct json_iter it = json_iter(json_at(object, "/status/conditions")); json_next(&it);) {
        if (json_string_is(json_get(it.value, "status"), str_of("True")) &&
            one_of(json_get(it.value, "type"), conditions))
            return true;
    }
    return false;
}

/* The template of a pod, or what holds one a few levels down: custom resources that run pods have one. */
static bool holds_template(struct json value, int levels)
{
    if (json_type(value) == JSON_OBJECT && json_type(json_at(value, "/spec/containers")) == JSON_ARRAY)
        return true;
    for (struct json_iter it = json_iter(value); levels > 0 && json_next(&it);) {
        if (json_type(it.value) >= JSON_ARRAY && holds_template(it.value, levels - 1))
            return true;
    }
    return false;
}

static bool wants_replicas(struct json object)
{
    static const char *const counts[] = {"/spec/replicas", "/status/replicas", "/status/currentNumberScheduled"};
    bool told = false;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        int64_t n;
        if (!json_int64(json_at(object, counts[i]), &n))
            continue;
        if (n > 0)
            return true;
        told = true;
    }
    return !told;
}

static bool runs(const struct other_object *o, const struct kind_of *kind)
{
    switch (kind ? kind->by : RUNS_UNTIL_ENDED) {
    case RUNS_ALWAYS:
        return true;
    case RUNS_NEVER:
        return false;
    case RUNS_REPLICAS:
        return wants_replicas(o->object);
    case RUNS_ACTIVE:
        return json_count(json_at(o->object, "/status/active")) > 0;
    case RUNS_UNTIL_ENDED:
        break;
    }
    return (kind || holds_template(json_get(o->object, "spec"), 5)) && !has_ended(o->object);
}

/* ---- its deletion ---- */

static bool is_deleting(struct json object)
{
    return json_exists(mpijob_value_at(object, "/metadata/deletionTimestamp"));
}

/* A JobSet that runs makes a child Job again that has gone, also one that had ended. */
static bool made_anew(const struct other_object *o)
{
    if (strcmp(o->group, "batch") != 0 || strcmp(o->plural, "jobs") != 0)
        return false;
    for (struct json_iter it = json_iter(json_at(o->object, "/metadata/ownerReferences")); json_next(&it);) {
        if (json_string_is(json_get(it.value, "kind"), str_of("JobSet")))
            return true;
    }
    return false;
}

void mpijob_other_deletion(const struct other_object *o, struct mpijob_verdict *v)
{
    const struct kind_of *kind = find_kind(o);
    *v = (struct mpijob_verdict){.effect = EFFECT_UNKNOWN};
    if (is_deleting(o->object)) {
        v->effect = EFFECT_INERT;
        effect_say(v, "it is being deleted already");
    } else if (runs(o, kind)) {
        v->effect = EFFECT_DESTRUCTIVE;
        effect_say(v, "%s", kind ? kind->deleted : "it has not ended, and the pods that it runs are killed with it");
    } else if (made_anew(o)) {
        v->effect = EFFECT_DESTRUCTIVE;
        effect_say(v, "while its JobSet runs, a Job that has ended is made again and runs again when it is deleted");
    } else {
        effect_say(v, "the object is deleted");
    }
    v->may_destroy = v->effect == EFFECT_DESTRUCTIVE;
}

/* ---- a change of it ---- */

struct changing {
    struct json before;
    int64_t now; /* microseconds */
    bool ended;
};

typedef bool (*ends_it)(const struct changing *c, struct json from, struct json to);

static int64_t time_at(struct json object, const char *pointer)
{
    char text[64];
    int64_t us;
    return json_string_at(object, pointer, text, sizeof text) == 0 && clock_parse(text, &us) ? us : MPIJOB_NO_TIME;
}

/* Seconds after `start`, are they over? Where there is no start nothing is. */
static bool elapsed(const struct changing *c, int64_t start, struct json seconds)
{
    int64_t n, at;
    if (!json_int64(seconds, &n) || start == MPIJOB_NO_TIME)
        return false;
    if (__builtin_mul_overflow(n, CLOCK_SECOND, &at) || __builtin_add_overflow(start, at, &at))
        return n < 0;
    return at <= c->now;
}

static bool deadline_passed(const struct changing *c, struct json from, struct json to)
{
    (void)from;
    return !c->ended && elapsed(c, time_at(c->before, "/status/startTime"), to);
}

static bool is_set(const struct changing *c, struct json from, struct json to)
{
    (void)from;
    return !c->ended && json_exists(to) && json_type(to) != JSON_NULL;
}

static bool is_removed(const struct changing *c, struct json from, struct json to)
{
    return !c->ended && json_exists(from) && !json_exists(to);
}

static bool becomes_true(const struct changing *c, struct json from, struct json to)
{
    return !c->ended && json_is_true(to) && !json_is_true(from);
}

/* Of a switch that is on where nothing is said. */
static bool becomes_false(const struct changing *c, struct json from, struct json to)
{
    bool off = json_type(to) == JSON_BOOL && !json_is_true(to),
         was_off = json_type(from) == JSON_BOOL && !json_is_true(from);
    return !c->ended && off && !was_off;
}

/* Absent counts as 1. */
static bool becomes_less(const struct changing *c, struct json from, struct json to)
{
    int64_t had = 1, wants = 1;
    json_int64(from, &had);
    json_int64(to, &wants);
    return !c->ended && wants < had;
}

static bool below_failures(const struct changing *c, struct json from, struct json to)
{
    int64_t limit, failed = 0;
    (void)from;
    json_int64(json_at(c->before, "/status/failed"), &failed);
    return !c->ended && json_int64(to, &limit) && failed > limit;
}

static bool ttl_passed(const struct changing *c, struct json from, struct json to)
{
    (void)from;
    int64_t end = time_at(c->before, "/status/completionTime");
    for (struct json_iter it = json_iter(json_at(c->before, "/status/conditions")); json_next(&it);) {
        int64_t at = time_at(it.value, "/lastTransitionTime");
        if (end == MPIJOB_NO_TIME && json_string_is(json_get(it.value, "status"), str_of("True")))
            end = at;
    }
    return c->ended && elapsed(c, end, to);
}

static bool drains(const struct changing *c, struct json from, struct json to)
{
    (void)c;
    return json_string_is(to, str_of("HoldAndDrain")) && !json_string_is(from, str_of("HoldAndDrain"));
}

#define KILLED "its pods are killed, and what they ran begins again when it goes on"
static const struct change_of {
    const char *group, *plural, *pointer;
    ends_it ends;
    const char *why;
} changes[] = {
    {"", "pods", "/spec/activeDeadlineSeconds", deadline_passed,
     "the deadline has passed: the kubelet kills the pod now"},
    {"batch", "jobs", "/spec/activeDeadlineSeconds", deadline_passed,
     "the deadline has passed: the Job fails now, and its pods are killed"},
    {"batch", "jobs", "/spec/suspend", becomes_true, KILLED},
    {"batch", "jobs", "/spec/parallelism", becomes_less, "the pods that are too many are killed"},
    {"batch", "jobs", "/spec/backoffLimit", below_failures, "it has failed more often already: the Job fails now"},
    {"batch", "jobs", "/spec/ttlSecondsAfterFinished", ttl_passed,
     "the TTL has passed: the Job is deleted now, with its pods and their logs"},
    {"", "replicationcontrollers", "/spec/replicas", becomes_less, "the pods that are too many are killed"},
    {"apps", "deployments", "/spec/replicas", becomes_less, "the pods that are too many are killed"},
    {"apps", "replicasets", "/spec/replicas", becomes_less, "the pods that are too many are killed"},
    {"apps", "statefulsets", "/spec/replicas", becomes_less, "the pods that are too many are killed"},
    {"jobset.x-k8s.io", "jobsets", "/spec/suspend", becomes_true, KILLED},
    {"jobset.x-k8s.io", "jobsets", "/spec/ttlSecondsAfterFinished", ttl_passed,
     "the TTL has passed: the JobSet is deleted now, with its Jobs and pods"},
    {"jobset.x-k8s.io", "jobsets", "/spec/successPolicy", is_removed,
     "without it the controller fails at each look at this JobSet: its end is never recorded"},
    {"trainer.kubeflow.org", "trainjobs", "/spec/suspend", becomes_true, KILLED},
    {"trainer.kubeflow.org", "trainjobs", "/spec/activeDeadlineSeconds", is_set,
     "at its deadline the JobSet is deleted with all Jobs, pods and logs"},
    {"trainer.kubeflow.org", "trainjobs", "/spec/trainer", is_removed,
     "without it the job cannot be suspended any more: its pods run on while it says Suspended"},
    {"kueue.x-k8s.io", "workloads", "/spec/active", becomes_false, "Kueue stops its job: " KILLED},
    {"kueue.x-k8s.io", "clusterqueues", "/spec/stopPolicy", drains,
     "Kueue stops every job of the queue, and their pods are killed"},
    {"kueue.x-k8s.io", "localqueues", "/spec/stopPolicy", drains,
     "Kueue stops every job of the queue, and their pods are killed"},
    /* of any other kind that has a template of pods */
    {NULL, NULL, "/spec/suspend", becomes_true, KILLED},
    {NULL, NULL, "/spec/runPolicy/suspend", becomes_true, KILLED},
};

static bool concerns(const struct change_of *row, const struct other_object *o)
{
    return row->group ? strcmp(row->group, o->group) == 0 && strcmp(row->plural, o->plural) == 0
                      : !find_kind(o) && holds_template(json_get(o->object, "spec"), 5);
}

void mpijob_other_change(const struct other_object *o, struct json after, int64_t now, struct mpijob_verdict *v)
{
    struct changing c = {.before = o->object, .now = now, .ended = has_ended(o->object)};
    *v = (struct mpijob_verdict){.effect = EFFECT_UNKNOWN};
    for (size_t i = 0; i < sizeof changes / sizeof *changes && !is_deleting(o->object); i++) {
        const struct change_of *row = &changes[i];
        struct json from = mpijob_value_at(c.before, row->pointer), to = mpijob_value_at(after, row->pointer);
        bool same = json_exists(from) ? json_exists(to) && json_equal(from, to) : !json_exists(to);
        if (same || !concerns(row, o) || !row->ends(&c, from, to))
            continue;
        v->effect = EFFECT_DESTRUCTIVE;
        v->may_destroy = true;
        effect_say(v, "%s%s: %s", *v->why ? "; " : "", row->pointer + strlen("/spec/"), row->why);
    }
    if (!v->may_destroy)
        effect_say(v, "what its controller does with the change is not judged");
}
