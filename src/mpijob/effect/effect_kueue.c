/* SPDX-License-Identifier: Apache-2.0 */
/* MPIJobs that Kueue manages: what it undoes, refuses, or does to the job's pods. From experiments on Kueue v0.16.9 and
 * v0.19.2 over mpi-operator v0.8 (tests/fixtures/effects-kueue.tsv). What is not here is as without Kueue. */
#include "mpijob/effect/effect_parts.h"
#include "mpijob/kueue.h"

#define LABEL "/metadata/labels/kueue.x-k8s.io~1"
#define QUEUE LABEL "queue-name"
#define PRIORITY LABEL "priority-class"
#define MAX_TIME LABEL "max-exec-time-seconds"

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
    if (!tried(view) || !kueue_manages(view->object) || !(stops || starts) || mpijob_phase_finished(view->phase))
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
                   "None, then " KUEUE_STOPS);
    } else {
        v->effect = EFFECT_REVERTED;
        v->may_destroy = true;
        effect_say(v,
                   "Kueue undoes it within 10 ms, and all the job's pods are killed all the same: it begins again and "
                   "never shows Suspended; " KUEUE_STOPS);
    }
    return true;
}

/* ---- its labels, and replicas ---- */

enum { GOING = 1 << 0, STOPPED = 1 << 1, OVER = 1 << 2, ALL = 7 }; /* OVER beside one of the others */
enum { ADDED = 1 << 0, CHANGED = 1 << 1, REMOVED = 1 << 2, ANY = 7 };
#define REFUSED_BY "; Kueue's webhook will answer 403"

/* The first that fits counts. */
static const struct label_row {
    const char *pointer;
    unsigned states, changes;
    int effect;
    bool perhaps; /* it may get pods killed */
    const char *why;
} label_rows[] = {
    {QUEUE, GOING, ANY, EFFECT_REJECTED, false,
     "the queue of a job that is not suspended cannot be changed" REFUSED_BY},
    {QUEUE, STOPPED, REMOVED, EFFECT_DESTRUCTIVE, true,
     "without the label the job leaves its queue, but its Workload stays: it is admitted later and holds quota for a "
     "job "
     "that does not start, or the job runs outside the quota"},
    {QUEUE, STOPPED, ANY, EFFECT_EFFECTIVE, false,
     "Kueue moves the job's Workload to that queue now, where it may start at once; not while the Workload's "
     "spec.active "
     "is false"},
    {PRIORITY, ALL, REMOVED, EFFECT_REJECTED, false, "a priority class cannot be taken from a job" REFUSED_BY},
    {PRIORITY, GOING, ADDED, EFFECT_REJECTED, false,
     "a priority class cannot be given to a job that is not suspended" REFUSED_BY},
    {PRIORITY, OVER, ANY, EFFECT_INERT, false, "the job has ended: its priority is of no use any more"},
    {PRIORITY, ALL, ANY, EFFECT_EFFECTIVE, true,
     "Kueue gives the job's Workload this priority now; in a queue that preempts, a lower one can get this job's pods "
     "killed, and a higher one another's"},
    {MAX_TIME, GOING, ANY, EFFECT_REJECTED, false,
     "Kueue's time limit of a job that is not suspended cannot be changed" REFUSED_BY},
    {MAX_TIME, STOPPED, ANY, EFFECT_EFFECTIVE, false,
     "Kueue gives the job's Workload this time limit now; one that has run out already stays so"},
};

bool effect_kueue_label(const struct kueue_change *c)
{
    unsigned state = (c->stopped ? STOPPED : GOING) | (c->over ? OVER : 0), change = !c->label->after   ? REMOVED
                                                                                     : c->label->before ? CHANGED
                                                                                                        : ADDED;
    for (const struct label_row *row = label_rows; row < label_rows + sizeof label_rows / sizeof *label_rows; row++) {
        if (!str_is(str_of(c->label->pointer), row->pointer) || !(row->states & state) || !(row->changes & change))
            continue;
        bool rejected = row->effect == EFFECT_REJECTED;
        *c->v = (struct mpijob_verdict){.effect = rejected ? EFFECT_UNKNOWN : (enum mpijob_effect)row->effect};
        c->v->may_destroy = row->perhaps;
        /* one that is suspended by the same change is let through, with harm of its own */
        c->v->answer = rejected && !c->stops ? ERR_REFUSED : 0;
        effect_say(c->v, "%s", row->why);
        return true;
    }
    return false;
}

bool effect_kueue_replicas(const struct mpijob_view *view, const struct mpijob_difference *d)
{
    struct str pointer = str_of(d->pointer);
    return str_starts(pointer, "/spec/mpiReplicaSpecs/") && str_ends(pointer, "/replicas") && tried(view) &&
           kueue_manages(view->object) && !stopped(view) && !mpijob_phase_finished(view->phase);
}

static bool changes_replicas(const struct mpijob_view *view, const struct mpijob_diff *diff)
{
    for (size_t i = 0; i < diff->count; i++) {
        if (effect_kueue_replicas(view, &diff->items[i]))
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

/* Its labels. With that of the queue gone and the job suspended in one change, suspend tells it. */
static bool judge_labels(const struct mpijob_view *view, const struct mpijob_diff *diff, struct mpijob_verdict *v)
{
    const struct mpijob_difference *suspend = find(diff, mpijob_field_place(FIELD_SUSPEND, view->target)->pointer);
    struct mpijob_verdict one;
    bool any = false, stops = suspend && suspend->after && strcmp(suspend->after, "true") == 0;
    for (size_t i = 0; i < diff->count; i++) {
        const struct mpijob_difference *d = &diff->items[i];
        if (suspend && !d->after && str_is(str_of(d->pointer), QUEUE))
            continue;
        struct kueue_change label = {d, stopped(view), mpijob_phase_finished(view->phase), stops, &one};
        if (effect_kueue_label(&label))
            take(v, &any, &one);
    }
    return any;
}

bool effect_judge_kueue(const struct mpijob_view *view, const struct mpijob_diff *diff, struct mpijob_verdict *v)
{
    if (!tried(view) || !kueue_manages(view->object))
        return false;
    bool any = judge_labels(view, diff, v);
    if (changes_replicas(view, diff)) {
        struct mpijob_verdict one = {.effect = EFFECT_DESTRUCTIVE};
        effect_say(&one, "Kueue kills all the job's pods when its replicas change, and queues it again");
        take(v, &any, &one);
    }
    return any;
}
