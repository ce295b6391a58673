/* SPDX-License-Identifier: Apache-2.0 */
/* MPIJobs that Kueue manages: what it undoes, refuses, or does to the job's pods. From experiments on Kueue v0.16.9 and
 * v0.19.2 over mpi-operator v0.8 (tests/fixtures/effects-kueue.tsv). What is not here is as without Kueue. */
#include "mpijob/effect/effect_parts.h"

#define LABEL "/metadata/labels/kueue.x-k8s.io~1"
#define QUEUE LABEL "queue-name"
#define PRIORITY LABEL "priority-class"
#define MAX_TIME LABEL "max-exec-time-seconds"
#define STOPS_IT "stop it with spec.active = false of its Workload, and start it again with true"

/* ---- is it managed? ---- */

static bool is_text(struct json value)
{
    return json_type(value) == JSON_STRING && value.text.len > 2;
}

/* The label; and where Kueue manages jobs without it, the mark that it leaves in the templates of those that run. */
static bool manages(struct json object)
{
    static const char *const marks[] = {
        "/spec/mpiReplicaSpecs/Launcher/template/metadata/annotations/kueue.x-k8s.io~1workload",
        "/spec/mpiReplicaSpecs/Worker/template/metadata/annotations/kueue.x-k8s.io~1workload"};
    return is_text(mpijob_value_at(object, QUEUE)) || is_text(mpijob_value_at(object, marks[0])) ||
           is_text(mpijob_value_at(object, marks[1]));
}

/* Kueue's MPIJob is mpi-operator's v2beta1, from the releases that can be suspended. */
static bool tried(const struct mpijob_view *view)
{
    return (mpijob_dialect(view->target)->releases & V2BETA1_SUSPEND) != 0;
}

static bool stopped(const struct mpijob_view *view)
{
    return json_is_true(mpijob_field_value(view->object, FIELD_SUSPEND, view->target));
}

static const struct mpijob_difference *find(const struct mpijob_diff *diff, const char *pointer)
{
    for (size_t i = 0; i < diff->count; i++) {
        if (str_is(str_of(diff->items[i].pointer), pointer))
            return &diff->items[i];
    }
    return NULL;
}

/* ---- suspend ---- */

bool effect_kueue_suspend(const struct mpijob_view *view, const struct mpijob_diff *diff, const struct effect_query *q,
                          struct mpijob_verdict *v)
{
    bool stops = q->meaning & MEANS_SUSPENDS, starts = q->meaning & (MEANS_RESUME | MEANS_RESUME_RUNNING);
    if (!tried(view) || !manages(view->object) || !(stops || starts) || mpijob_phase_finished(view->phase))
        return false;
    const struct mpijob_difference *queue = find(diff, QUEUE);
    if (queue && !queue->after) {
        v->effect = EFFECT_DESTRUCTIVE;
        effect_say(
            v, "with its queue's label the job leaves Kueue's hands, but its Workload stays: it keeps the quota, or "
               "takes it later, for a job that does not run or runs beside it");
    } else if (starts) {
        v->effect = EFFECT_REVERTED;
        v->may_destroy = true;
        effect_say(
            v, "Kueue decides when the job starts, and suspends it again within a second: its pods are created for a "
               "moment and killed; give its queue room, or set its Workload's spec.active to true");
    } else if (q->meaning & (MEANS_SUSPEND_ENDED | MEANS_SUSPEND_OPEN)) {
        v->effect = EFFECT_DESTRUCTIVE;
        effect_say(v,
                   "Kueue undoes it at once, and the job's running pods are killed all the same; with policy Running a "
                   "worker that has ended is not made again, so the job never gets back to Running: set cleanPodPolicy "
                   "None, then " STOPS_IT);
    } else {
        v->effect = EFFECT_REVERTED;
        v->may_destroy = true;
        effect_say(v,
                   "Kueue undoes it within 10 ms, and all the job's pods are killed all the same: it begins again and "
                   "never shows Suspended; " STOPS_IT);
    }
    return true;
}

/* ---- its labels, and replicas ---- */

static void refused(struct mpijob_verdict *v, const char *what)
{
    v->effect = EFFECT_UNKNOWN;
    effect_say(v, "%s; Kueue's webhook will answer 403", what);
}

static void say_queue(const struct mpijob_view *view, const struct mpijob_difference *d, struct mpijob_verdict *v)
{
    if (!stopped(view)) {
        refused(v, "the queue of a job that is not suspended cannot be changed");
    } else if (!d->after) {
        v->effect = EFFECT_DESTRUCTIVE;
        effect_say(v,
                   "without the label the job leaves its queue, but its Workload stays: it is admitted later and holds "
                   "quota for a job that does not start, or the job runs outside the quota");
    } else {
        v->effect = EFFECT_EFFECTIVE;
        effect_say(v, "Kueue moves the job's Workload to that queue now, where it may start at once; not while the "
                      "Workload's spec.active is false");
    }
}

static void say_priority(const struct mpijob_view *view, const struct mpijob_difference *d, struct mpijob_verdict *v)
{
    if (!d->after) {
        refused(v, "a priority class cannot be taken from a job");
    } else if (!d->before && !stopped(view)) {
        refused(v, "a priority class cannot be given to a job that is not suspended");
    } else if (mpijob_phase_finished(view->phase)) {
        v->effect = EFFECT_INERT;
        effect_say(v, "the job has ended: its priority is of no use any more");
    } else {
        v->effect = EFFECT_EFFECTIVE;
        v->may_destroy = true;
        effect_say(
            v, "Kueue gives the job's Workload this priority now; in a queue that preempts, a lower one can get this "
               "job's pods killed, and a higher one another's");
    }
}

static void say_max_time(const struct mpijob_view *view, struct mpijob_verdict *v)
{
    if (!stopped(view)) {
        refused(v, "Kueue's time limit of a job that is not suspended cannot be changed");
    } else {
        v->effect = EFFECT_EFFECTIVE;
        effect_say(v, "Kueue gives the job's Workload this time limit now; one that has run out already stays so");
    }
}

static bool changes_replicas(const struct mpijob_diff *diff)
{
    for (size_t i = 0; i < diff->count; i++) {
        struct str pointer = str_of(diff->items[i].pointer);
        if (str_starts(pointer, "/spec/mpiReplicaSpecs/") && str_ends(pointer, "/replicas"))
            return true;
    }
    return false;
}

static void take(struct mpijob_verdict *v, bool *any, const struct mpijob_verdict *one)
{
    if (*any)
        effect_join(v, one);
    else
        *v = *one;
    *any = true;
}

bool effect_judge_kueue(const struct mpijob_view *view, const struct mpijob_diff *diff, struct mpijob_verdict *v)
{
    const struct mpijob_difference *queue = find(diff, QUEUE), *priority = find(diff, PRIORITY);
    bool any = false;
    struct mpijob_verdict one = {.effect = EFFECT_STORED};
    if (!tried(view) || !manages(view->object))
        return false;
    /* With the label gone and the job suspended in one change, suspend tells it. */
    if (queue && (queue->after || !find(diff, mpijob_field_place(FIELD_SUSPEND, view->target)->pointer))) {
        say_queue(view, queue, &one);
        take(v, &any, &one);
    }
    if (priority) {
        one = (struct mpijob_verdict){.effect = EFFECT_STORED};
        say_priority(view, priority, &one);
        take(v, &any, &one);
    }
    if (find(diff, MAX_TIME)) {
        one = (struct mpijob_verdict){.effect = EFFECT_STORED};
        say_max_time(view, &one);
        take(v, &any, &one);
    }
    if (changes_replicas(diff) && !stopped(view) && !mpijob_phase_finished(view->phase)) {
        one = (struct mpijob_verdict){.effect = EFFECT_DESTRUCTIVE};
        effect_say(&one, "Kueue kills all the job's pods when its replicas change, and queues it again");
        take(v, &any, &one);
    }
    return any;
}
