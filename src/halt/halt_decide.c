/* SPDX-License-Identifier: Apache-2.0 */
/* Which lever moves a job, and what has to be done before and after it. */
#include <stdio.h>

#include "halt/halt_parts.h"
#include "mpijob/dialect.h"

#define MESSAGE_MOST 1000 /* bytes of what Kueue says */

static bool is_suspended(const struct mpijob_view *v)
{
    return json_is_true(mpijob_kind_described(v->target.kind)
                            ? json_at(v->object, "/spec/suspend")
                            : mpijob_field_value(v->object, FIELD_SUSPEND, v->target));
}

/* ---- the job alone ---- */

static int refuse_part(const struct halt *h, struct error *err)
{
    const struct mpijob_view *v = &h->view;
    const char *verb = h->call.resumes ? "resume" : "stop";
    for (struct json_iter it = json_iter(json_at(v->object, "/metadata/ownerReferences")); json_next(&it);) {
        const struct mpijob_kind *kind = mpijob_keeper(it.value);
        char name[MPIJOB_NAME_MAX + 1];
        if (!kind || json_string_at(it.value, "/name", name, sizeof name))
            continue;
        return error_set(err, ERR_REFUSED,
                         "%s/%s is a part of the %s %s, which would put it back: %s that one, by %s.%s(\"%s/%s\") or "
                         "mpijobd job %s -n %s %s/%s",
                         h->call.name_space, h->call.name, kind->name, name, verb, kind->singular, verb,
                         h->call.name_space, name, verb, h->call.name_space, kind->singular, name);
    }
    return 0;
}

int halt_look(struct halt *h, bool *over, struct error *err)
{
    const struct mpijob_view *v = &h->view;
    int rc = refuse_part(h, err);
    if (rc)
        return rc;
    if (v->deleting)
        return error_set(err, ERR_REFUSED, "%s/%s is being deleted", h->call.name_space, h->call.name);
    if (!mpijob_phase_finished(v->phase) || v->evicted)
        return 0;
    *over = true;
    if (h->call.resumes)
        halt_unchanged(h, "the job has ended: it does not run again, and a new one has to be created");
    else
        halt_unchanged(h, "the job has ended: there is nothing to stop%s",
                       v->workers ? "; workers that it still has go by cleanPodPolicy All" : "");
    return 0;
}

/* ---- lever and steps ---- */

static void add(struct halt *h, enum halt_step step)
{
    h->steps[h->count++] = step;
}

/* With the policy Running a worker that has ended is not made again when the job goes on: so the releases of v2beta1
 * that can be suspended. */
static bool keeps_ended_workers(const struct mpijob_view *v)
{
    return !mpijob_kind_described(v->target.kind) && (mpijob_dialect(v->target)->releases & V2BETA1_SUSPEND) &&
           json_string_is(mpijob_field_value(v->object, FIELD_CLEAN_POD_POLICY, v->target), str_of("Running"));
}

static bool has_kept(const struct mpijob_view *v)
{
    return json_exists(json_get(v->annotations, HALT_POLICY_ANNOTATION));
}

static void stop_steps(struct halt *h)
{
    h->policy = keeps_ended_workers(&h->view);
    if (h->policy && h->lever == HALT_WORKLOAD)
        add(h, STEP_POLICY); /* by suspend, both in one write */
    add(h, STEP_LEVER);
    add(h, STEP_PODS);
}

/* In a plan nothing is waited for: where the lever is the Workload, the policy would become All too late. */
static void resume_steps(struct halt *h)
{
    h->policy = keeps_ended_workers(&h->view);
    if (h->policy && !h->dry_run) { /* workers that have ended go while it is suspended still */
        add(h, STEP_POLICY);
        add(h, STEP_PODS);
    }
    add(h, STEP_LEVER);
    if (has_kept(&h->view) || (h->policy && (!h->dry_run || h->lever == HALT_SUSPEND)))
        add(h, STEP_RESTORE);
}

static struct str name_of(const struct halt *h)
{
    return h->workload.read.name;
}

/* True: by its Workload, or not at all, which is told. */
static bool told_of_workload(struct halt *h)
{
    const struct kueue_workload *w = &h->workload.read;
    if (w->state == KUEUE_OVER) {
        halt_unchanged(h, "its Workload %.*s of Kueue has ended: the job is over", (int)name_of(h).len, name_of(h).ptr);
        return true;
    }
    if (!h->call.resumes && w->state == KUEUE_STOPPED) {
        halt_unchanged(h, "its Workload %.*s is stopped already%s", (int)name_of(h).len, name_of(h).ptr,
                       w->time_ran_out ? ", as its max-exec-time-seconds ran out: active does not start it again, a "
                                         "deletion of the Workload does"
                                       : "");
        add(h, STEP_PODS);
        return true;
    }
    if (h->call.resumes && w->state == KUEUE_ADMITTED) {
        halt_unchanged(h, "Kueue has admitted it: it runs already");
        return true;
    }
    if (h->call.resumes && w->state == KUEUE_WAITING) {
        halt_unchanged(h, "it is not stopped: it waits in the queue %.*s of Kueue%s", (int)w->queue.len, w->queue.ptr,
                       w->message.len ? ": " : "");
        kueue_message(w, MESSAGE_MOST, &h->message);
        return true;
    }
    return false;
}

static int check_time(const struct halt *h, struct error *err)
{
    const struct kueue_workload *w = &h->workload.read;
    if (!h->call.resumes || !w->time_ran_out)
        return 0;
    return error_set(err, ERR_REFUSED,
                     "its max-exec-time-seconds ran out, so Kueue would set active to false again at once, also with "
                     "another limit. Delete its Workload (kubectl delete -n %s workload %.*s): a new one is made, and "
                     "the job runs again from the beginning, with its whole time",
                     h->call.name_space, (int)w->name.len, w->name.ptr);
}

static int no_workload(struct error *err)
{
    error_set(err, ERR_NOT_FOUND,
              "the job has the label of a Kueue queue, and no Workload: Kueue has not made it yet, or does not manage "
              "jobs of this kind; try again, or take the label kueue.x-k8s.io/queue-name away");
    error_set_retryable(err, true);
    return ERR_NOT_FOUND;
}

void halt_decide(struct halt *h)
{
    struct error err;
    int rc = 0;
    h->lever = h->workload.found ? HALT_WORKLOAD : HALT_SUSPEND;
    if (!h->workload.found && kueue_manages(h->view.object))
        rc = no_workload(&err);
    else if (h->workload.found && !told_of_workload(h))
        rc = check_time(h, &err);
    if (rc) {
        halt_finish(h, &err);
        return;
    }
    if (h->call.resumes && h->message.len && !h->dry_run && has_kept(&h->view))
        add(h, STEP_RESTORE); /* a stop that came no further than that */
    bool told = h->message.len > 0;
    bool done = h->lever == HALT_SUSPEND && is_suspended(&h->view) != h->call.resumes;
    if (done && !h->call.resumes) {
        halt_unchanged(h, "it is suspended already");
        add(h, STEP_PODS);
    } else if (done) {
        halt_unchanged(h, "it is not suspended");
        if (!h->dry_run && has_kept(&h->view))
            add(h, STEP_RESTORE);
    } else if (!told) {
        (h->call.resumes ? resume_steps : stop_steps)(h);
    }
    halt_next(h);
}
