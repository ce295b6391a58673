/* SPDX-License-Identifier: Apache-2.0 */
/* What goes through a Job of a JobSet: which Job, whose, and the verdicts: every row job:spec.activeDeadlineSeconds and
 * job:spec.backoffLimit of tests/fixtures/effects-kinds.tsv is judged as it was measured. */
#include "mpijob_fixture.h"

#include <stdlib.h>

#include "alloc.h"
#include "mpijob/effect/child.h"

#define MANY 1024
#define COLUMNS 6

struct chain { /* a TrainJob, its JobSet and a Job of that, which began 600 s before NOON */
    char job[MANY], set[MANY], child[MANY];
    struct mpijob_view view;
};

static void make(struct chain *c, const struct mpijob_kind *kind, const char *policy, const char *spec)
{
    bool train = kind == KIND_TRAINJOB;
    snprintf(c->set, MANY,
             "{\"apiVersion\":\"jobset.x-k8s.io/v1alpha2\",\"kind\":\"JobSet\",\"metadata\":{\"name\":\"a\","
             "\"namespace\":\"train\",\"uid\":\"u-2\",\"ownerReferences\":[{\"kind\":\"TrainJob\",\"uid\":\"u-1\","
             "\"controller\":true}]},\"spec\":{%s\"replicatedJobs\":[{\"name\":\"x\"},{\"name\":\"y\"},"
             "{\"name\":\"z\"}]},\"status\":{\"restarts\":1,\"replicatedJobsStatus\":[]}}",
             policy);
    snprintf(c->job, MANY, "%s",
             train ? "{\"apiVersion\":\"trainer.kubeflow.org/v1alpha1\",\"kind\":\"TrainJob\",\"metadata\":{\"name\":"
                     "\"a\",\"namespace\":\"train\",\"uid\":\"u-1\"},\"spec\":{}}"
                   : c->set);
    snprintf(
        c->child, MANY,
        "{\"metadata\":{\"name\":\"a-y-0\",\"namespace\":\"train\",\"uid\":\"u-3\",\"resourceVersion\":\"7\","
        "\"labels\":{\"jobset.sigs.k8s.io/replicatedjob-name\":\"y\",\"jobset.sigs.k8s.io/job-index\":\"0\","
        "\"trainer.kubeflow.org/trainjob-ancestor-step\":\"trainer\"},\"ownerReferences\":[{\"kind\":\"JobSet\","
        "\"uid\":\"u-2\",\"controller\":true}]},\"spec\":{%s},\"status\":{\"startTime\":\"2026-11-23T19:50:00Z\"}}",
        spec);
    struct mpijob_target target = {.kind = kind, .version = mpijob_kind_version(kind)};
    assert_int_equal(mpijob_view(parsed(c->job), target, &c->view, NULL), 0);
}

static int plan_of(const struct chain *c, const char *word, struct mpijob_child_plan *plan, struct error *err)
{
    struct mpijob_changes changes = {.kind = c->view.target.kind};
    assert_int_equal(mpijob_changes_parse(&changes, word, NULL), 0);
    assert_true(mpijob_child_concerned(&changes, &c->view));
    int rc = mpijob_child_plan(&changes, &c->view, parsed(c->child), parsed(c->set), NOON, plan, err);
    mpijob_changes_free(&changes);
    return rc;
}

static void says(const struct chain *c, const char *word, enum mpijob_effect effect, const char *text)
{
    struct mpijob_child_plan plan;
    assert_int_equal(plan_of(c, word, &plan, NULL), 0);
    if (plan.verdict.effect != effect || !strstr(plan.verdict.why, text))
        fail_msg("%s: %s (%s), not %s (%s)", word, mpijob_effect_name(plan.verdict.effect), plan.verdict.why,
                 mpijob_effect_name(effect), text);
    assert_int_equal(plan.verdict.may_destroy, effect == EFFECT_DESTRUCTIVE);
    mpijob_child_plan_free(&plan);
}

/* ---- the table ---- */

/* False: nothing of it goes through a child. */
static bool check_row(char *const c[COLUMNS])
{
    struct chain chain;
    bool deadline = strstr(c[3], "activeDeadlineSeconds") != NULL, past = strstr(c[4], "already past") != NULL;
    const struct mpijob_kind *kind = strstr(c[0], "trainer") || !deadline ? KIND_TRAINJOB : KIND_JOBSET;
    if (!deadline && strncmp(c[3], "job:spec.backoffLimit", 21) != 0)
        return false;
    assert_string_equal(c[2], "running");
    assert_string_equal(c[5], "effective now"); /* and kills pods: that is what destructive means */
    make(&chain, kind, "", "\"backoffLimit\":0");
    if (deadline)
        says(&chain, past ? "activeDeadlineSeconds=1" : "activeDeadlineSeconds=606", EFFECT_DESTRUCTIVE,
             past ? "the whole set fails now (FailedJobs)"
                  : "at the deadline (2026-11-23T20:00:06Z) the whole set fails (FailedJobs)");
    else
        says(&chain, "backoffLimit=3", EFFECT_EFFECTIVE, "it counts from the next failure on");
    return true;
}

static void every_row_about_a_job_of_a_set_is_judged(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    int judged = 0;
    assert_int_equal(buf_read_file(&b, TEST_SOURCE_DIR "/tests/fixtures/effects-kinds.tsv", 1 << 20, NULL), 0);
    char *text = buf_take(&b, NULL), *next = text;
    for (char *line; (line = strsep(&next, "\n"));) {
        char *c[COLUMNS];
        if (*line == '#' || !strstr(line, "\tjob:"))
            continue;
        for (int i = 0; i < COLUMNS; i++)
            c[i] = strsep(&line, "\t");
        judged += check_row(c);
    }
    assert_int_equal(judged, 8);
    free(text);
}

/* ---- rules ---- */

static void a_set_may_begin_again(void **state)
{
    (void)state;
    static const struct {
        const char *policy, *text;
    } cases[] = {
        {"\"failurePolicy\":{\"maxRestarts\":2},", "the whole set begins again"},
        {"\"failurePolicy\":{\"maxRestarts\":1},", "the whole set fails ("},
        {"\"failurePolicy\":{},", "the whole set fails ("},
        {"\"failurePolicy\":{\"rules\":[{\"name\":\"a\",\"action\":\"FailJobSet\"}]},", "the whole set begins again"},
    };
    struct chain c;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make(&c, i % 2 ? KIND_JOBSET : KIND_TRAINJOB, cases[i].policy, "");
        says(&c, "activeDeadlineSeconds=3600", EFFECT_DESTRUCTIVE, cases[i].text);
    }
    make(&c, KIND_JOBSET, "", "\"suspend\":true");
    says(&c, "activeDeadlineSeconds=3600", EFFECT_DESTRUCTIVE, "it counts from the resume on; at the deadline");
    make(&c, KIND_JOBSET, "", "\"activeDeadlineSeconds\":3600");
    says(&c, "activeDeadlineSeconds-", EFFECT_EFFECTIVE, "the deadline counts no more");
}

static void the_patch_is_conditional(void **state)
{
    (void)state;
    struct chain c;
    struct mpijob_child_plan plan;
    make(&c, KIND_TRAINJOB, "", "");
    assert_int_equal(plan_of(&c, "activeDeadlineSeconds=3600", &plan, NULL), 0);
    assert_string_equal(plan.patch.ptr, "{\"metadata\":{\"resourceVersion\":\"7\",\"uid\":\"u-3\"},\"spec\":{"
                                        "\"activeDeadlineSeconds\":3600}}");
    assert_true(plan.ends_at == NOON + 3000 * CLOCK_SECOND);
    mpijob_child_plan_free(&plan);
}

static void edit(char *text, const char *from, const char *to)
{
    char *at = strstr(text, from);
    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
}

static void only_its_own_is_changed(void **state)
{
    (void)state;
    struct chain c;
    struct mpijob_child_plan plan;
    struct error err;
    make(&c, KIND_TRAINJOB, "", "");
    edit(c.child, "\"uid\":\"u-2\"", "\"uid\":\"u-9\""); /* of another JobSet */
    assert_int_equal(plan_of(&c, "activeDeadlineSeconds=3600", &plan, &err), ERR_REFUSED);
    assert_contains(err.message, "the Job a-y-0 is not this TrainJob's child");
    make(&c, KIND_TRAINJOB, "", "");
    edit(c.set, "\"uid\":\"u-1\"", "\"uid\":\"u-9\""); /* the JobSet is of another TrainJob */
    assert_int_equal(plan_of(&c, "activeDeadlineSeconds=3600", &plan, &err), ERR_REFUSED);
    assert_int_equal(mpijob_child_rank(&c.view, parsed(c.set), parsed(c.child)), -1);
}

static int64_t rank(const struct chain *c, const char *name, char index)
{
    struct chain other = *c;
    char from[] = "replicatedjob-name\":\"y\"", to[] = "replicatedjob-name\":\"?\"", at[] = "job-index\":\"?\"";
    to[sizeof to - 3] = *name;
    at[sizeof at - 3] = index;
    edit(other.child, from, to);
    edit(other.child, "job-index\":\"0\"", at);
    return mpijob_child_rank(&c->view, parsed(c->set), parsed(other.child));
}

static void the_first_that_counts_is_taken(void **state)
{
    (void)state;
    struct chain c;
    make(&c, KIND_JOBSET, "", "");
    assert_true(rank(&c, "x", '0') >= 0 && rank(&c, "x", '0') < rank(&c, "x", '1'));
    assert_true(rank(&c, "x", '9') < rank(&c, "y", '0') && rank(&c, "y", '0') < rank(&c, "z", '0'));
    make(&c, KIND_JOBSET, "\"successPolicy\":{\"targetReplicatedJobs\":[\"z\"]},", "");
    assert_true(rank(&c, "z", '0') < rank(&c, "x", '0') && rank(&c, "x", '0') < rank(&c, "y", '0'));
    make(&c, KIND_TRAINJOB, "", "");
    assert_true(rank(&c, "y", '0') >= 0);
    edit(c.child, "ancestor-step\":\"trainer\"", "ancestor-step\":\"dataset\"");
    assert_int_equal(rank(&c, "y", '0'), -1);
    make(&c, KIND_JOBSET, "", "");
    const char *ended = "{\"metadata\":{\"uid\":\"u\",\"resourceVersion\":\"1\",\"ownerReferences\":[{\"uid\":"
                        "\"u-2\",\"controller\":true}]},\"status\":{\"conditions\":[{\"type\":\"Failed\",\"status\":"
                        "\"True\"}]}}";
    assert_int_equal(mpijob_child_rank(&c.view, parsed(c.set), parsed(ended)), -1);
}

static void that_none_is_there_is_told_by_the_phase(void **state)
{
    static struct chain c;
    struct error err;
    (void)state;
    make(&c, KIND_TRAINJOB, "", "");
    c.view.phase = PHASE_PENDING;
    assert_int_equal(mpijob_child_none(&c.view, false, &err), ERR_REFUSED);
    assert_contains(err.message, "there is no JobSet a of it yet");
    assert_contains(err.message, ". Ask for phase = \"Running\"");
    c.view.phase = PHASE_RUNNING;
    assert_int_equal(mpijob_child_none(&c.view, false, &err), ERR_REFUSED);
    assert_contains(err.message, "there is no JobSet a of it, and so");
    assert_contains(err.message, "nothing was changed, though it is Running");
    assert_int_equal(mpijob_child_none(&c.view, true, &err), ERR_REFUSED);
    assert_contains(err.message, "that has not ended: nothing was changed, though it is Running");
}

static void only_some_fields_go_there(void **state)
{
    (void)state;
    static const struct {
        const struct mpijob_kind *kind;
        const char *field;
        bool takes;
    } cases[] = {{KIND_TRAINJOB, "activeDeadlineSeconds", true},
                 {KIND_TRAINJOB, "backoffLimit", true},
                 {KIND_TRAINJOB, "suspend", false},
                 {KIND_JOBSET, "activeDeadlineSeconds", true},
                 {KIND_JOBSET, "ttlSecondsAfterFinished", false},
                 {KIND_JOB, "activeDeadlineSeconds", false},
                 {KIND_MPIJOB, "activeDeadlineSeconds", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(mpijob_child_takes(cases[i].kind, cases[i].field), cases[i].takes);
    for (size_t i = 0; i < MPIJOB_KINDS_BUILT_IN; i++) {
        const struct mpijob_kind *kind = mpijob_kind_at(i);
        const struct mpijob_child *child =
            mpijob_child_of((struct mpijob_target){.kind = kind, .version = mpijob_kind_version(kind)});
        assert_int_equal(child ? child->is : CHILD_NONE, kind->child);
    }
}

static void without_memory_nothing_leaks(void **state)
{
    (void)state;
    struct chain c;
    struct mpijob_changes changes = {.kind = KIND_TRAINJOB};
    make(&c, KIND_TRAINJOB, "", "\"activeDeadlineSeconds\":1");
    assert_int_equal(mpijob_changes_parse(&changes, "activeDeadlineSeconds=3600", NULL), 0);
    struct json set = parsed(c.set), child = parsed(c.child);
    for (long n = 1;; n++) {
        struct mpijob_child_plan plan;
        struct error err;
        alloc_fail_at(n);
        int rc = mpijob_child_plan(&changes, &c.view, child, set, NOON, &plan, &err);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        if (!rc)
            mpijob_child_plan_free(&plan);
        if (!failed)
            break;
        assert_true(rc == 0 || rc == ERR_NOMEM);
    }
    mpijob_changes_free(&changes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_about_a_job_of_a_set_is_judged),
        cmocka_unit_test(a_set_may_begin_again),
        cmocka_unit_test(the_patch_is_conditional),
        cmocka_unit_test(only_its_own_is_changed),
        cmocka_unit_test(the_first_that_counts_is_taken),
        cmocka_unit_test(that_none_is_there_is_told_by_the_phase),
        cmocka_unit_test(only_some_fields_go_there),
        cmocka_unit_test(without_memory_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
