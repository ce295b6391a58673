/* SPDX-License-Identifier: Apache-2.0 */
/* A run that has stopped jobs, or has let them go on, is taken back in the order in which src/halt does that. A job
 * that goes on gets its lever first (suspend, or its Workload's spec.active) and its cleanPodPolicy Running last: with
 * that policy a worker that has ended is not made again. One that is stopped gets its policy All before its Workload.
 */
#include <stdio.h>
#include <string.h>

#include "halt/halt.h"
#include "mpijob/dialect.h"
#include "mpijob/kueue.h"
#include "undo/undo.h"

#define POLICY "/spec/runPolicy/cleanPodPolicy" /* of v2beta1, which alone keeps workers that have ended */

bool undo_comes_last(const char *pointer)
{
    return strcmp(pointer, POLICY) == 0 || strcmp(pointer, HALT_POLICY_POINTER) == 0;
}

static bool is_running(struct json object)
{
    return json_string_is(json_at(object, POLICY), str_of("Running"));
}

bool undo_is_workload(const char *resource)
{
    return strcmp(resource, KUEUE_WORKLOADS "." KUEUE_GROUP) == 0;
}

static bool is_workload(const struct undo_object *o)
{
    return undo_is_workload(o->resource);
}

bool undo_is_of_job(const struct undo_object *o, struct json object)
{
    for (struct json_iter it = json_iter(json_at(object, "/metadata/ownerReferences")); json_next(&it);) {
        if (json_string_is(json_get(it.value, "name"), str_of(o->undo->job_name)))
            return true;
    }
    return false;
}

static bool is_false(struct json value)
{
    return json_type(value) == JSON_BOOL && !json_is_true(value);
}

static void find_workload_turn(struct undo_object *o, struct json object, struct json back)
{
    json_string_at(object, "/metadata/labels/kueue.x-k8s.io~1job-uid", o->job_uid, sizeof o->job_uid);
    if (!is_false(json_at(object, "/spec/active")) && is_false(json_at(back, "/spec/active")))
        o->turn = UNDO_SECOND;
}

void undo_find_turn(struct undo_object *o, struct json object, struct json back)
{
    struct mpijob_target target = {0};
    if (o->begun)
        return;
    o->turn = UNDO_FIRST;
    if (is_workload(o)) {
        find_workload_turn(o, object, back);
        return;
    }
    bool keeps = undo_target(o, &target) && !mpijob_kind_described(target.kind) &&
                 (mpijob_dialect(target)->releases & V2BETA1_SUSPEND);
    bool stopped =
        json_exists(json_at(object, HALT_POLICY_POINTER)) && !json_exists(json_at(back, HALT_POLICY_POINTER));
    if (!keeps || !stopped || !is_running(back))
        return;
    if (!is_running(object))
        o->turn = UNDO_BOTH;
    else if (json_is_true(json_at(object, "/spec/runPolicy/suspend")))
        o->whole_left = "it is stopped, and its cleanPodPolicy is Running again, with which a worker that has ended "
                        "would not be made again: mpijobd job resume lets it go on";
}

/* Are these a Workload and its job? */
static bool belong(const struct undo_object *workload, const struct undo_object *job)
{
    return *workload->job_uid && strcmp(workload->job_uid, job->rows[0].uid) == 0;
}

bool undo_is_judged_first(const struct undo_object *o)
{
    return o->turn == UNDO_SECOND && is_workload(o) && o->action != UNDO_NOTHING && !o->trouble && !o->apart;
}

void undo_bar_job(const struct undo_object *o)
{
    for (size_t i = 0; i < o->undo->count; i++) {
        struct undo_object *job = &o->undo->objects[i];
        if (job->action == UNDO_NOTHING || !belong(o, job))
            continue;
        job->whole_left = "its Workload cannot be put back, so neither is what belongs to it";
        job->action = UNDO_NOTHING;
        job->barred = true;
    }
}

static bool workload_may_follow(struct undo_object *o)
{
    for (size_t i = 0; i < o->undo->count; i++) {
        const struct undo_object *job = &o->undo->objects[i];
        if (!job->stuck || job->barred || !belong(o, job))
            continue;
        o->whole_left = "its job was not put back, and with that cleanPodPolicy it would not be stopped whole: mpijobd "
                        "job stop stops it";
        return false;
    }
    return true;
}

bool undo_may_follow(struct undo_object *o)
{
    const struct undo *u = o->undo;
    if (is_workload(o))
        return workload_may_follow(o);
    for (size_t i = 0; i < u->count; i++) {
        const struct undo_object *w = &u->objects[i];
        if (!w->stuck || !belong(w, o))
            continue;
        o->whole_left = "its Workload was not put back, so its cleanPodPolicy stays as it is: mpijobd job resume lets "
                        "it go on";
        return false;
    }
    return true;
}
