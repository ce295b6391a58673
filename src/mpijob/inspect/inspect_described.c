/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the kinds whose own rows tell their fields: wounds of TrainJobs, JobSets and Jobs that their API lets be
 * made, and that harm later. Facts: docs/reference/kinds.md, tests/fixtures/effects-kinds.tsv. */
#include "mpijob/inspect/inspect_rule.h"

#include "mpijob/kind.h"

static bool owned_by(const struct inspecting *in, const char *kind)
{
    for (struct json_iter it = json_iter(json_at(in->view->object, "/metadata/ownerReferences")); json_next(&it);) {
        if (json_string_is(json_get(it.value, "kind"), str_of(kind)))
            return true;
    }
    return false;
}

static bool has_no_end(const struct inspecting *in, struct json value)
{
    return !json_exists(value) && !inspect_finished(in);
}

/* A TrainJob that is Complete makes its JobSet again only under Trainer below v2.2: people have to know which it is. */
static bool may_run_again(const struct inspecting *in, struct json value)
{
    return json_exists(value) && in->view->phase != PHASE_SUCCEEDED && owned_by(in, "TrainJob");
}

static bool is_made_again(const struct inspecting *in, struct json value)
{
    return json_exists(value) && owned_by(in, "JobSet");
}

static bool says_both(const struct inspecting *in, struct json value)
{
    return json_is_true(value) && inspect_finished(in);
}

static const struct rule {
    const struct mpijob_kind *kind;
    const char *pointer;
    bool (*ill)(const struct inspecting *in, struct json value);
    enum mpijob_problem problem;
    enum mpijob_severity severity;
    const char *raw; /* the value that heals it; "": it is removed */
    const char *means, *cure;
} rules[] = {
    {KIND_JOBSET, "/spec/successPolicy", has_no_end, PROBLEM_NO_SUCCESS_POLICY, SEVERITY_ERROR,
     "{\"operator\":\"All\"}",
     "the JobSet's successPolicy was taken away, which the API server lets be done: the controller fails at each look "
     "at "
     "this set, its end is never recorded, and its pods keep their GPUs",
     "put it back: successPolicy = { operator = \"All\" }, as it is where nothing else was asked for"},
    {KIND_JOBSET, "/spec/ttlSecondsAfterFinished", may_run_again, PROBLEM_RUNS_AGAIN, SEVERITY_ERROR, "",
     "the JobSet belongs to a TrainJob: if that fails, the TTL deletes the JobSet, Trainer makes it again, and the job "
     "runs again",
     "remove it"},
    {KIND_JOB, "/spec/ttlSecondsAfterFinished", is_made_again, PROBLEM_RUNS_AGAIN, SEVERITY_ERROR, "",
     "the Job belongs to a JobSet: while the set runs, a Job that has ended is made again and runs again when the TTL "
     "deletes it",
     "remove it; if it stands in the set's replicatedJobs, every new Job has it"},
    {KIND_TRAINJOB, "/spec/suspend", says_both, PROBLEM_SUSPENDED_AFTER_END, SEVERITY_WARNING, "false",
     "the TrainJob has ended and was suspended then: it says Suspended beside its end, which misleads whoever looks at "
     "the conditions",
     "set suspend = false: no pod is touched"},
};

void inspect_described(struct inspecting *in)
{
    for (const struct rule *r = rules; r < rules + sizeof rules / sizeof *rules; r++) {
        struct json value = mpijob_value_at(in->view->object, r->pointer);
        struct mpijob_finding f;
        if (r->kind != in->view->target.kind || !r->ill(in, value))
            continue;
        finding_begin(&f, r->problem, r->severity, r->pointer, value);
        finding_means(&f, "%s", r->means);
        finding_cure(&f, "%s", r->cure);
        f.safe = finding_edit(&f, r->pointer, str_of(r->raw));
        finding_report(in, &f);
    }
}
