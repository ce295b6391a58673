/* SPDX-License-Identifier: Apache-2.0 */
/* Which objects of other kinds run something, and which changes end that. */
#include "mpijob/effect/others.h"

#include "base/clock.h"
#include "mpijob/effect/effect_parts.h"
#include "mpijob/effect/object_rows.h"
#include "mpijob/kueue.h"
#include "mpijob/shown.h"

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

/* ---- in what state it is, and whose ---- */

static bool condition_holds(struct json object, const char *type)
{
    for (struct json_iter it = json_iter(json_at(object, "/status/conditions")); json_next(&it);) {
        if (json_string_is(json_get(it.value, "type"), str_of(type)) &&
            json_string_is(json_get(it.value, "status"), str_of("True")))
            return true;
    }
    return false;
}

static bool is_workload(const struct other_object *o)
{
    return strcmp(o->group, "kueue.x-k8s.io") == 0 && strcmp(o->plural, "workloads") == 0;
}

static unsigned state_of(const struct other_object *o)
{
    struct json object = o->object, active = json_at(object, "/spec/active");
    if (has_ended(object))
        return condition_holds(object, "Failed") ||
                       json_string_is(json_at(object, "/status/terminalState"), str_of("Failed"))
                   ? STATE_FAILED
                   : STATE_SUCCEEDED;
    if (!is_workload(o))
        return json_is_true(json_at(object, "/spec/suspend")) ? STATE_SUSPENDED : STATE_RUNNING;
    if (json_type(active) == JSON_BOOL && !json_is_true(active))
        return STATE_SUSPENDED;
    return condition_holds(object, "Admitted") || condition_holds(object, "QuotaReserved") ? STATE_RUNNING
                                                                                           : STATE_PENDING;
}

static unsigned under_of(struct json object)
{
    for (struct json_iter it = json_iter(json_at(object, "/metadata/ownerReferences")); json_next(&it);) {
        struct json kind = json_get(it.value, "kind");
        if (json_string_is(kind, str_of("JobSet")))
            return UNDER_JOBSET;
        if (json_string_is(kind, str_of("TrainJob")))
            return UNDER_TRAINJOB;
    }
    return kueue_manages(object) ? UNDER_KUEUE : UNDER_NOBODY;
}

/* ---- its rows ---- */

static bool concerns(const struct object_row *row, const struct other_object *o)
{
    return row->group ? strcmp(row->group, o->group) == 0 && strcmp(row->plural, o->plural) == 0
                      : !find_kind(o) && holds_template(json_get(o->object, "spec"), 5);
}

/* Is one of the places the other, or does it hold it? */
static bool meet(const char *a, const char *b)
{
    size_t left = strlen(a), right = strlen(b), least = left < right ? left : right;
    return least && strncmp(a, b, least) == 0 && (left == right || (left < right ? b : a)[least] == '/');
}

/* Of one place, the first row that fits. */
static const struct object_row *find_row(const struct other_object *o, struct changing *c, const char *pointer)
{
    struct json from = mpijob_value_at(c->before, pointer), to = mpijob_value_at(c->after, pointer);
    for (const struct object_row *row = object_rows; row->pointer; row++) {
        if (strcmp(row->pointer, pointer) != 0 || !(row->states & c->state) || !(row->under & c->under) ||
            !concerns(row, o))
            continue;
        c->at = MPIJOB_NO_TIME;
        if (!row->test || row->test(c, from, to))
            return row;
    }
    return NULL;
}

static void say(const struct object_row *row, int64_t at, struct mpijob_verdict *v)
{
    char time[32] = "its time";
    const char *place = strstr(row->why, "{at}");
    if (at != MPIJOB_NO_TIME)
        clock_format(at, false, time);
    if (*row->pointer)
        effect_say(v, "%s: ", row->pointer + strlen("/spec/"));
    effect_say(v, "%.*s", place ? (int)(place - row->why) : (int)strlen(row->why), row->why);
    if (place)
        effect_say(v, "%s%s", time, place + strlen("{at}"));
}

static void tell(const struct object_row *row, int64_t at, struct mpijob_verdict *v)
{
    *v = (struct mpijob_verdict){.effect = row->effect < 0 ? EFFECT_UNKNOWN : (enum mpijob_effect)row->effect};
    v->may_destroy = row->perhaps || row->effect == EFFECT_DESTRUCTIVE;
    v->answer = row->effect == EFFECT_DROPPED                                      ? ERR_DROPPED
                : row->effect == EFFECT_REJECTED || row->effect == EFFECT_IN_STEPS ? ERR_REFUSED
                                                                                   : 0;
    v->remove_first = row->effect == EFFECT_IN_STEPS ? row->pointer : NULL;
    say(row, at, v);
}

/* ---- its deletion ---- */

static bool is_deleting(struct json object)
{
    return json_exists(mpijob_value_at(object, "/metadata/deletionTimestamp"));
}

void mpijob_other_deletion(const struct other_object *o, struct mpijob_verdict *v)
{
    const struct kind_of *kind = find_kind(o);
    struct changing c = {.before = o->object, .state = state_of(o), .under = under_of(o->object)};
    const struct object_row *row = find_row(o, &c, "");
    *v = (struct mpijob_verdict){.effect = EFFECT_UNKNOWN};
    if (is_deleting(o->object)) {
        v->effect = EFFECT_INERT;
        effect_say(v, "it is being deleted already");
    } else if (row) {
        tell(row, MPIJOB_NO_TIME, v);
    } else if (runs(o, kind)) {
        v->effect = EFFECT_DESTRUCTIVE;
        effect_say(v, "%s", kind ? kind->deleted : "it has not ended, and the pods that it runs are killed with it");
        v->may_destroy = true;
    } else {
        effect_say(v, "the object is deleted");
    }
}

/* ---- a change of it ---- */

static bool in_maps(const char *pointer)
{
    return str_starts(str_of(pointer), "/metadata/labels/") || str_starts(str_of(pointer), "/metadata/annotations/");
}

#define PLACES_MOST 32 /* more than any kind has */

struct judging {
    const struct other_object *object;
    struct changing c;
    bool tried;
    struct mpijob_verdict *v;
    bool any, stored, open;
    const char *places[PLACES_MOST]; /* those of which something was said */
    size_t place_count;
};

static void join(struct judging *j, const struct mpijob_verdict *one)
{
    if (j->any)
        effect_join(j->v, one);
    else
        *j->v = *one;
    j->any = true;
}

/* By the places of the rows, not by the differences: very large objects are compared as a whole only. */
static void judge_places(struct judging *j)
{
    for (const struct object_row *row = object_rows; row->pointer; row++) {
        bool told = row > object_rows && strcmp(row[-1].pointer, row->pointer) == 0 && concerns(&row[-1], j->object);
        if (!*row->pointer || told || !concerns(row, j->object))
            continue;
        struct json from = mpijob_value_at(j->c.before, row->pointer), to = mpijob_value_at(j->c.after, row->pointer);
        if (json_exists(from) ? json_exists(to) && json_equal(from, to) : !json_exists(to))
            continue;
        struct mpijob_verdict one;
        const struct object_row *found = find_row(j->object, &j->c, row->pointer);
        if (!found)
            continue;
        tell(found, j->c.at, &one);
        join(j, &one);
        if (j->place_count < PLACES_MOST)
            j->places[j->place_count++] = row->pointer;
    }
}

/* Was something said of the place, of what holds it, or of a part of it? */
static bool is_covered(const struct judging *j, const char *pointer)
{
    for (size_t i = 0; i < j->place_count; i++) {
        if (meet(j->places[i], pointer))
            return true;
    }
    return false;
}

/* Labels, and what no row is about. */
static void judge_difference(struct judging *j, const struct mpijob_difference *d)
{
    struct mpijob_verdict one = {.effect = EFFECT_UNKNOWN};
    if (j->tried && in_maps(d->pointer)) {
        struct kueue_change label = {d, j->c.state == STATE_SUSPENDED, (j->c.state & STATE_FINISHED) != 0,
                                     json_is_true(json_at(j->c.after, "/spec/suspend")), &one};
        if (j->c.under == UNDER_KUEUE && effect_kueue_label(&label))
            join(j, &one);
        else
            j->stored = true;
    } else if (j->tried && !j->open && !is_covered(j, d->pointer)) {
        effect_say(&one, "no experiment covers a change of %.*s", *d->pointer ? shown(str_of(d->pointer), 100) : 100,
                   *d->pointer ? d->pointer : "so large an object, which is compared as a whole");
        j->open = true;
        join(j, &one);
    }
}

void mpijob_other_change(const struct other_object *o, struct json after, int64_t now, struct mpijob_verdict *v)
{
    struct mpijob_diff diff = {0};
    struct judging j = {.object = o,
                        .c = {.before = o->object,
                              .after = after,
                              .set = o->set,
                              .now = now,
                              .state = state_of(o),
                              .under = under_of(o->object)},
                        .v = v};
    *v = (struct mpijob_verdict){.effect = EFFECT_UNKNOWN};
    j.tried = object_was_tried(o->group, o->plural);
    if (is_deleting(o->object) || mpijob_objects_diff(o->object, after, &diff, NULL)) {
        effect_say(v, "what its controller does with the change is not judged");
        return;
    }
    judge_places(&j);
    for (size_t i = 0; i < diff.count; i++)
        judge_difference(&j, &diff.items[i]);
    mpijob_diff_free(&diff);
    if (j.any)
        return;
    v->effect = j.stored ? EFFECT_STORED : EFFECT_UNKNOWN;
    effect_say(v, "%s",
               j.stored ? "labels and annotations are stored on it; they are not copied to its pods"
                        : "what its controller does with the change is not judged");
}

const char *mpijob_other_in_steps(const char *group, const char *plural)
{
    for (const struct object_row *row = object_rows; row->pointer; row++) {
        if (row->effect == EFFECT_IN_STEPS && row->group && strcmp(row->group, group) == 0 &&
            strcmp(row->plural, plural) == 0)
            return row->pointer;
    }
    return NULL;
}
