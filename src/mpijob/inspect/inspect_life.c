/* SPDX-License-Identifier: Apache-2.0 */
/* What shows only in a job's life: deadlines and TTLs that do not act, pods that stay, owners elsewhere. */
#include <stdio.h>

#include "base/clock.h"
#include "mpijob/held_gpus.h"
#include "mpijob/inspect/inspect_rule.h"
#include "mpijob/shown.h"

/* The instant so many seconds after start; MPIJOB_NO_TIME where start or value is missing. */
static int64_t after(int64_t start, struct json value)
{
    int64_t seconds, at;
    if (start == MPIJOB_NO_TIME || json_type(value) != JSON_NUMBER || !json_int64(value, &seconds) || seconds < 0 ||
        __builtin_mul_overflow(seconds, CLOCK_SECOND, &at) || __builtin_add_overflow(start, at, &at))
        return MPIJOB_NO_TIME;
    return at;
}

/* Has the instant passed, with grace? If not, notes when it will have. */
static bool passed(struct inspecting *in, enum mpijob_problem problem, int64_t at)
{
    int64_t due;
    if (at == MPIJOB_NO_TIME || __builtin_add_overflow(at, INSPECT_GRACE, &due))
        return false;
    if (due <= in->now)
        return true;
    in->due[problem] = due;
    return false;
}

/* ---- the deadline ---- */

/* Says what comes of a deadline that has passed, and the cure. False: not known, or nothing. */
static bool say_passed(const struct inspecting *in, struct mpijob_finding *f, const char *at)
{
    const char *never = "";
    switch (in->reader->deadline) {
    case DEADLINE_UNKNOWN:
    case DEADLINE_NEVER:
        return false;
    case DEADLINE_ON_EVENTS_OR_NEVER:
        never = "mpi-operator never reads it; under training-operator, ";
        __attribute__((fallthrough));
    case DEADLINE_ON_EVENTS:
        finding_means(
            f,
            "%sit passed at %s and the job still runs: training-operator looks at it only with the next event, and "
            "any edit of the job is one, which then fails it and removes all its pods",
            never, at);
        finding_cure(f, "edit the job (a label) to have it ended now, or raise the deadline to let it go on");
        return true;
    case DEADLINE_AT_LAUNCH:
        finding_means(
            f,
            "it passed at %s and the job still runs: the launcher Job got its deadline when it was created, and "
            "what the MPIJob says since then is not read",
            at);
        finding_cure(f, "set activeDeadlineSeconds of the Job %.*s-launcher, which works", (int)in->view->name.len,
                     in->view->name.ptr);
        return true;
    }
    return false;
}

/* Counted from when the job ran, not from when it began: its launcher may have come later (WaitForWorkersReady). */
static void dead_deadline(struct inspecting *in)
{
    const struct mpijob_view *v = in->view;
    struct json value = mpijob_field_value(v->object, FIELD_ACTIVE_DEADLINE_SECONDS, v->target);
    const struct mpijob_place *place = mpijob_field_place(FIELD_ACTIVE_DEADLINE_SECONDS, v->target);
    int64_t start = v->running_since > v->started ? v->running_since : v->started;
    int64_t at = after(start, value);
    struct mpijob_finding f;
    char text[32];
    bool acts = in->reader->deadline != DEADLINE_UNKNOWN && in->reader->deadline != DEADLINE_NEVER;
    if (v->phase != PHASE_RUNNING || v->started == MPIJOB_NO_TIME || !acts || inspect_managed_elsewhere(in) ||
        !passed(in, PROBLEM_DEAD_DEADLINE, at))
        return;
    bool winner = json_exists(mpijob_value_at(v->object, place->overrides));
    clock_format(at, false, text);
    finding_begin(&f, PROBLEM_DEAD_DEADLINE, SEVERITY_WARNING, winner ? place->overrides : place->pointer, value);
    if (say_passed(in, &f, text))
        finding_report(in, &f);
}

/* ---- the TTL ---- */

static void dead_ttl(struct inspecting *in)
{
    const char *pointer = mpijob_field_place(FIELD_TTL_SECONDS_AFTER_FINISHED, in->view->target)->pointer;
    struct json value = mpijob_value_at(in->view->object, pointer);
    struct mpijob_finding f;
    int64_t at = after(inspect_finished(in) ? in->view->finished : MPIJOB_NO_TIME, value);
    char text[32];
    if (!json_exists(value))
        return;
    if (inspect_never_read(in, FIELD_TTL_SECONDS_AFTER_FINISHED)) {
        finding_begin(&f, PROBLEM_DEAD_TTL, SEVERITY_WARNING, pointer, value);
        finding_means(&f, "this controller never reads it: the job stays when it has ended");
    } else if (in->reader->ttl_ends_launcher && !inspect_managed_elsewhere(in) && passed(in, PROBLEM_DEAD_TTL, at)) {
        clock_format(at, false, text);
        finding_begin(&f, PROBLEM_DEAD_TTL, SEVERITY_INFO, pointer, value);
        finding_means(&f,
                      "it passed at %s and the MPIJob is still there: %s deletes the launcher Job by it, never the "
                      "MPIJob",
                      text, mpijob_version_name(in->view->target.version));
    } else {
        return;
    }
    finding_cure(&f, "delete the job, by hand or by whatever deletes ended jobs");
    finding_report(in, &f);
}

/* ---- pods that stay ---- */

/* Says what becomes of the pods, and the cure. False: not known, or nothing that asks for one. */
static bool say_evicted(const struct inspecting *in, struct mpijob_finding *f)
{
    const char *version = mpijob_version_name(in->view->target.version), *perhaps = "";
    switch (in->reader->evicted) {
    case EVICTED_PODS_UNKNOWN:
    case EVICTED_PODS_CLEANED:
        return false;
    case EVICTED_PODS_WAIT:
        if (json_is_true(mpijob_field_value(in->view->object, FIELD_SUSPEND, in->view->target)))
            return false; /* that has removed all its pods */
        finding_means(f,
                      "%s cleans up after an evicted job only when its launcher Job has ended for good, whatever "
                      "cleanPodPolicy says: until then its pods stay",
                      version);
        finding_edit_field(in, f, FIELD_SUSPEND, str_of("true"));
        finding_cure(
            f,
            "set spec.runPolicy.suspend to true, which removes all its pods at once, the launcher's and its log too");
        return true;
    case EVICTED_PODS_STAY_PERHAPS:
        perhaps = "if it serves this job, ";
        __attribute__((fallthrough));
    case EVICTED_PODS_STAY:
        finding_means(
            f, "%s%s's mpi-operator never cleans up after an evicted job, whatever cleanPodPolicy says: its pods stay",
            perhaps, version);
        finding_cure(f, "delete its pods, or the job");
        return true;
    }
    return false;
}

static void evicted(struct inspecting *in)
{
    struct mpijob_finding f;
    if (!mpijob_evicted_open(in->view) || inspect_managed_elsewhere(in))
        return;
    finding_begin(&f, PROBLEM_EVICTED, SEVERITY_WARNING, "/status/conditions", (struct json){0});
    if (say_evicted(in, &f))
        finding_report(in, &f);
}

/* The controller was to remove them and has not. */
static void left_over(struct inspecting *in, int64_t gpus, struct json policy)
{
    struct mpijob_finding f;
    finding_begin(&f, PROBLEM_HOLDS_GPUS, SEVERITY_WARNING,
                  mpijob_field_place(FIELD_CLEAN_POD_POLICY, in->view->target)->pointer, policy);
    finding_means(&f, "the job has ended, cleanPodPolicy is %.*s, and yet its pods are there and keep %lld GPUs",
                  shown(policy.text, 40), policy.text.ptr, (long long)gpus);
    finding_cure(&f, "see that the controller runs and what it logs of this job; or delete the pods");
    finding_report(in, &f);
}

/* Without the pods only v1alpha2's status tells; elsewhere the workers may be there or not. */
static void holds_gpus(struct inspecting *in)
{
    const struct mpijob_view *v = in->view;
    struct json policy = mpijob_field_value(v->object, FIELD_CLEAN_POD_POLICY, v->target);
    struct mpijob_held_gpus held;
    bool unset = !json_exists(policy), documented = in->reader->documented_only;
    struct mpijob_finding f;
    if (!inspect_finished(in) || mpijob_evicted_open(v) || inspect_managed_elsewhere(in) ||
        !mpijob_holds_gpus(v, in->pods, &held) || held.gpus == 0)
        return;
    if (!unset && !json_string_is(policy, str_of("None"))) {
        if (held.source == HELD_BY_PODS && inspect_good_policy(policy) &&
            mpijob_finished_for(v, in->now) > INSPECT_GRACE)
            left_over(in, held.gpus, policy);
        return;
    }
    bool sure = held.source != HELD_BY_POLICY;
    finding_begin(&f, PROBLEM_HOLDS_GPUS, SEVERITY_WARNING,
                  mpijob_field_place(FIELD_CLEAN_POD_POLICY, v->target)->pointer, policy);
    finding_means(&f, "the job has ended and cleanPodPolicy is %s: its workers %s%lld GPUs%s",
                  !unset       ? "None"
                  : documented ? "unset, which is documented to be Running"
                               : "unset, which is None",
                  sure ? "keep " : "may still keep the ", (long long)held.gpus,
                  sure ? "" : " that they asked for (its status does not tell; list its pods)");
    f.safe = finding_edit_field(in, &f, FIELD_CLEAN_POD_POLICY, str_of("\"Running\"")) && unset &&
             v->phase == PHASE_SUCCEEDED && !documented;
    finding_cure(&f, "set cleanPodPolicy to Running%s",
                 unset && v->phase == PHASE_SUCCEEDED ? "" : " once nobody needs its workers and their logs any more");
    finding_report(in, &f);
}

/* ---- owners ---- */

static void other_manager(struct inspecting *in)
{
    struct json value = mpijob_field_value(in->view->object, FIELD_MANAGED_BY, in->view->target);
    struct mpijob_finding f;
    if (!inspect_managed_elsewhere(in))
        return;
    bool kueue = json_string_is(value, str_of("kueue.x-k8s.io/multikueue"));
    finding_begin(&f, PROBLEM_OTHER_MANAGER, kueue ? SEVERITY_INFO : SEVERITY_WARNING,
                  mpijob_field_place(FIELD_MANAGED_BY, in->view->target)->pointer, value);
    finding_means(&f, "the controller here leaves the job alone: %s, and changes of it have no effect here",
                  inspect_finished(in) ? "it cleans nothing up" : "its end is not recorded and nothing is cleaned up");
    finding_cure(&f, "%s",
                 kueue ? "none where MultiKueue runs the job on another cluster; change it there"
                       : "see that this manager exists and does its work");
    finding_report(in, &f);
}

void inspect_life(struct inspecting *in)
{
    dead_deadline(in);
    dead_ttl(in);
    holds_gpus(in);
    evicted(in);
    other_manager(in);
}
