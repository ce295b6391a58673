/* SPDX-License-Identifier: Apache-2.0 */
/* What goes through the launcher, and the verdicts on it: every row launcher:... of tests/fixtures/effects.tsv is
 * judged as it was measured. */
#include "mpijob_fixture.h"

#include <stdlib.h>

#include "alloc.h"
#include "mpijob/effect/child.h"
#include "mpijob_effect_cases.h"

#define MINUTE (60 * CLOCK_SECOND)

/* The case's job with the uid that its launcher names. */
static char *job(struct mpijob_target target, const char *state)
{
    char *plain = case_object(target, state, NULL, NULL);
    struct json_edits edits = {0};
    struct buf out = BUF_INIT;
    json_edit_set(&edits, "/metadata/uid", str_of("\"u-1\""));
    assert_int_equal(json_edit_apply(&edits, parsed(plain), &out, NULL), 0);
    json_edits_free(&edits);
    free(plain);
    return buf_take(&out, NULL);
}

/* It started with the job, 600 s before NOON, and may have ended 300 s before it. */
static char *launcher(struct mpijob_target target, const char *spec, bool over)
{
    struct buf b = BUF_INIT;
    bool pod = strcmp(mpijob_child_of(target)->kind, "Pod") == 0;
    buf_printf(
        &b,
        "{\"apiVersion\":\"%s\",\"kind\":\"%s\",\"metadata\":{\"name\":\"tf-launcher\",\"namespace\":\"train\","
        "\"uid\":\"u-2\",\"resourceVersion\":\"7\",\"ownerReferences\":[{\"kind\":\"MPIJob\",\"name\":\"tf\","
        "\"uid\":\"u-1\",\"controller\":true}]},\"spec\":{%s},\"status\":{\"startTime\":\"2026-11-23T19:50:00Z\"%s}}",
        pod ? "v1" : "batch/v1", pod ? "Pod" : "Job", spec,
        over ? ",\"completionTime\":\"2026-11-23T19:55:00Z\",\"conditions\":[{\"type\":\"Complete\",\"status\":"
               "\"True\",\"lastTransitionTime\":\"2026-11-23T19:55:00Z\"}]"
             : "");
    return buf_take(&b, NULL);
}

struct asked {
    int rc;
    struct error err;
    struct mpijob_child_plan plan;
    struct mpijob_verdict verdict;
    bool concerned;
};

static struct asked ask(struct mpijob_target target, const char *state, const char *spec, bool over, const char *word)
{
    struct asked a = {0};
    struct mpijob_changes changes = {0};
    struct mpijob_diff diff = {0};
    struct buf edited = BUF_INIT;
    char *object = job(target, state), *behind = launcher(target, spec, over);
    struct mpijob_view view = viewed(object, target);
    change(&changes, word);
    assert_int_equal(mpijob_changes_apply(&changes, &view, &edited, &diff, &a.err), 0);
    a.concerned = mpijob_child_concerned(&changes, &view);
    a.rc = mpijob_child_plan(&changes, &view, parsed(behind), (struct json){0}, NOON, &a.plan, &a.err);
    if (!a.rc)
        mpijob_judge_through(&view, &diff, &a.plan, NOON, &a.verdict);
    if (!a.rc && (!*a.verdict.why || strlen(a.verdict.why) > sizeof a.verdict.why - 2 || strchr(a.verdict.why, '{')))
        fail_msg("a bad sentence: %s", a.verdict.why);
    mpijob_diff_free(&diff);
    mpijob_changes_free(&changes);
    buf_free(&edited);
    free(object);
    free(behind);
    return a;
}

/* ---- the table ---- */

static struct mpijob_target target_of(const char *version, const char *controller)
{
    return strcmp(version, "v1alpha2") == 0           ? ALPHA
           : strcmp(version, "v2beta1") == 0          ? BETA
           : strncmp(controller, "training-", 9) == 0 ? V1_TRAINING
                                                      : V1_MPI;
}

static void check_row(char *const *c, size_t *judged)
{
    struct mpijob_target target = target_of(c[0], c[1]);
    bool deadline = strcmp(c[3], "launcher:spec.activeDeadlineSeconds") == 0;
    bool past = strstr(c[4], "already past") != NULL, over = strcmp(c[2], "succeeded") == 0;
    struct asked a;
    if (target.controller == CONTROLLER_TRAINING_OPERATOR)
        target.controller = CONTROLLER_UNKNOWN; /* it reads its own field: only an unknown v1 goes to the Pod */
    if (deadline && past)
        a = ask(target, "running", "", false, "activeDeadlineSeconds=60");
    else if (deadline && strstr(c[4], "6 s ahead"))
        a = ask(target, "running", "", false, "activeDeadlineSeconds=606");
    else if (deadline)
        a = ask(target, "running", "\"activeDeadlineSeconds\":20", false, "activeDeadlineSeconds=3600");
    else if (strcmp(c[3], "launcher:spec.backoffLimit") == 0)
        a = ask(target, "running", "\"backoffLimit\":3", false, "backoffLimit=0");
    else if (strcmp(c[0], "v1alpha2") == 0 && !over)
        a = ask(target, "running", "", false, "ttlSecondsAfterFinished=0");
    else
        a = ask(target, over ? "succeeded" : "running", "", over,
                over ? "ttlSecondsAfterFinished=1" : "ttlSecondsAfterFinished=0");
    if (strstr(c[3], "ttl") && !over) { /* a race: harmful wherever it was lost, and refused everywhere */
        assert_int_equal(a.rc, ERR_REFUSED);
        assert_contains(a.err.message, "runs twice");
    } else {
        assert_int_equal(a.rc, 0);
        assert_true(a.concerned);
        enum mpijob_effect expected = deadline && past ? EFFECT_DESTRUCTIVE : EFFECT_EFFECTIVE;
        if (a.verdict.effect != expected)
            fail_msg("%s %s %s %s: %s (%s)", c[0], c[1], c[3], c[4], mpijob_effect_name(a.verdict.effect),
                     a.verdict.why);
        assert_string_equal(c[5], "effective now");
        assert_int_equal(a.plan.diff.count, 1);
    }
    mpijob_child_plan_free(&a.plan);
    (*judged)++;
}

static void every_row_about_the_launcher_is_judged(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    size_t judged = 0;
    assert_int_equal(buf_read_file(&b, TEST_SOURCE_DIR "/tests/fixtures/effects.tsv", 1 << 20, NULL), 0);
    char *text = buf_take(&b, NULL), *next = text;
    for (char *line; (line = strsep(&next, "\n"));) {
        char *c[8];
        if (*line == '#' || !strstr(line, "\tlauncher:"))
            continue;
        for (int i = 0; i < 8; i++)
            c[i] = strsep(&line, "\t");
        check_row(c, &judged);
    }
    assert_int_equal(judged, 39);
    free(text);
}

/* ---- rules ---- */

static void only_what_the_launcher_decides_goes_there(void **state)
{
    (void)state;
    static const struct {
        struct mpijob_target target;
        const char *state, *word;
        bool concerned;
    } cases[] = {
        {BETA, "running", "activeDeadlineSeconds=60", true},
        {BETA, "running", "cleanPodPolicy=All", false},
        {BETA, "suspended", "activeDeadlineSeconds=3600", true},
        {BETA, "succeeded", "activeDeadlineSeconds=60", false},
        {BETA, "succeeded", "ttlSecondsAfterFinished=60", true},
        {ALPHA, "running", "backoffLimit=0", true},
        {V1_MPI, "running", "activeDeadlineSeconds=60", true},
        {V1_MPI, "running", "backoffLimit=0", false}, /* a Pod has none */
        {V1_TRAINING, "running", "activeDeadlineSeconds=3600", false},
        {V1_TRAINING, "running", "backoffLimit=0", false},
        {V1_ANY, "running", "activeDeadlineSeconds=3600", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mpijob_changes changes = {0};
        char *object = job(cases[i].target, cases[i].state);
        struct mpijob_view view = viewed(object, cases[i].target);
        change(&changes, cases[i].word);
        if (mpijob_child_concerned(&changes, &view) != cases[i].concerned)
            fail_msg("%s on a job that is %s", cases[i].word, cases[i].state);
        mpijob_changes_free(&changes);
        free(object);
    }
}

static void the_patch_is_conditional(void **state)
{
    (void)state;
    struct asked a =
        ask(BETA, "running", "\"activeDeadlineSeconds\":20,\"parallelism\":1", false, "activeDeadlineSeconds=3600");
    assert_string_equal(
        a.plan.patch.ptr,
        "{\"metadata\":{\"resourceVersion\":\"7\",\"uid\":\"u-2\"},\"spec\":{\"activeDeadlineSeconds\":3600}}");
    assert_string_equal(a.plan.diff.items[0].pointer, "/spec/activeDeadlineSeconds");
    assert_string_equal(a.plan.diff.items[0].before, "20");
    assert_contains(a.verdict.why, "2026-11-23T20:50:00Z");
    mpijob_child_plan_free(&a.plan);

    a = ask(BETA, "running", "\"activeDeadlineSeconds\":3600", false, "activeDeadlineSeconds=3600");
    assert_int_equal(a.plan.diff.count, 0);
    assert_contains(a.verdict.why, "already");
    assert_int_equal(a.verdict.effect, EFFECT_INERT);
    mpijob_child_plan_free(&a.plan);
}

static void anothers_launcher_is_left_alone(void **state)
{
    (void)state;
    struct mpijob_changes changes = {0};
    struct mpijob_child_plan plan;
    struct error err = {0};
    char *object = job(BETA, "running");
    struct mpijob_view view = viewed(object, BETA);
    change(&changes, "activeDeadlineSeconds=3600");
    static const char *const others[] = {
        "{\"metadata\":{\"name\":\"tf-launcher\",\"uid\":\"x\",\"resourceVersion\":\"1\"}}",
        "{\"metadata\":{\"name\":\"tf-launcher\",\"uid\":\"x\",\"resourceVersion\":\"1\",\"ownerReferences\":[{\"uid\":"
        "\"u-0\",\"controller\":true}]}}",
        "{\"metadata\":{\"name\":\"tf-launcher\",\"uid\":\"x\",\"resourceVersion\":\"1\",\"ownerReferences\":[{\"uid\":"
        "\"u-1\"}]}}",
    };
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(mpijob_child_plan(&changes, &view, parsed(others[i]), (struct json){0}, NOON, &plan, &err),
                         ERR_REFUSED);
        assert_contains(err.message, "not this MPIJob's launcher");
    }
    mpijob_changes_free(&changes);
    free(object);
}

static void a_pods_deadline_is_only_lowered(void **state)
{
    (void)state;
    struct asked a = ask(V1_MPI, "running", "\"activeDeadlineSeconds\":900", false, "activeDeadlineSeconds=3600");
    assert_int_equal(a.rc, ERR_INVALID);
    assert_contains(a.err.message, "set or lowered, not raised: tf-launcher has 900, asked for was 3600");
    a = ask(V1_MPI, "running", "\"activeDeadlineSeconds\":9000", false, "activeDeadlineSeconds=3600");
    assert_int_equal(a.rc, 0);
    assert_int_equal(a.verdict.effect, EFFECT_UNKNOWN); /* of Pods only an elapsed one was tried */
    assert_false(a.verdict.may_destroy);
    mpijob_child_plan_free(&a.plan);
}

static void without_a_launcher_the_job_itself_counts(void **state)
{
    (void)state;
    struct mpijob_verdict v;
    struct mpijob_diff diff = {0};
    static const char *const words[] = {"activeDeadlineSeconds=3600", "labels.a=b", NULL};
    char *object = job(BETA, "pending");
    struct mpijob_view view = viewed(object, BETA);
    case_change(&view, words, &diff, NULL);
    mpijob_judge_through(&view, &diff, NULL, NOON, &v);
    assert_int_equal(v.effect, EFFECT_EFFECTIVE);
    assert_contains(v.why, "does not exist yet");
    mpijob_diff_free(&diff);
    free(object);

    object = job(BETA, "running");
    view = viewed(object, BETA);
    case_change(&view, words, &diff, NULL);
    mpijob_judge_through(&view, &diff, NULL, NOON, &v);
    assert_int_equal(v.effect, EFFECT_INERT);
    assert_contains(v.why, "no launcher tf-launcher to change");
    mpijob_diff_free(&diff);
    free(object);
}

static void other_fields_keep_their_verdicts(void **state)
{
    (void)state;
    struct mpijob_changes changes = {0};
    struct mpijob_diff diff = {0};
    struct buf edited = BUF_INIT;
    struct mpijob_child_plan plan;
    struct mpijob_verdict v;
    char *object = job(BETA, "running"), *behind = launcher(BETA, "", false);
    struct mpijob_view view = viewed(object, BETA);
    change(&changes, "activeDeadlineSeconds=3600");
    change(&changes, "cleanPodPolicy=All");
    assert_int_equal(mpijob_changes_apply(&changes, &view, &edited, &diff, NULL), 0);
    assert_int_equal(mpijob_child_plan(&changes, &view, parsed(behind), (struct json){0}, NOON, &plan, NULL), 0);
    mpijob_judge_through(&view, &diff, &plan, NOON, &v);
    assert_int_equal(v.effect, EFFECT_EFFECTIVE);
    assert_contains(v.why, "has this deadline now");
    assert_contains(v.why, "kept until the job ends");
    assert_null(strstr(v.why, "through_launcher"));
    mpijob_judge(&view, &diff, NOON, &v);
    assert_contains(v.why, "through_child = true changes the launcher Job, which works");
    mpijob_child_plan_free(&plan);
    mpijob_changes_free(&changes);
    mpijob_diff_free(&diff);
    buf_free(&edited);
    free(object);
    free(behind);
}

static void a_ttl_on_a_running_launcher_is_refused(void **state)
{
    (void)state;
    struct error err = {0};
    char *running = launcher(BETA, "", false), *over = launcher(BETA, "", true),
         *with = launcher(BETA, "\"ttlSecondsAfterFinished\":5", false);
    assert_int_equal(mpijob_launcher_ttl_check(parsed(running), parsed(with), &err), ERR_REFUSED);
    assert_contains(err.message, "tf-launcher");
    assert_int_equal(mpijob_launcher_ttl_check(parsed(over), parsed(with), &err), 0);
    assert_int_equal(mpijob_launcher_ttl_check(parsed(with), parsed(with), &err), 0);    /* no change of it */
    assert_int_equal(mpijob_launcher_ttl_check(parsed(with), parsed(running), &err), 0); /* its removal heals */
    assert_int_equal(
        mpijob_launcher_ttl_check(parsed("{}"), parsed("{\"spec\":{\"ttlSecondsAfterFinished\":5}}"), &err),
        0); /* nobody's */
    free(running);
    free(over);
    free(with);
}

static void without_memory_nothing_leaks(void **state)
{
    (void)state;
    char *object = job(BETA, "running"), *behind = launcher(BETA, "", false);
    struct mpijob_view view = viewed(object, BETA);
    struct mpijob_changes changes = {0};
    change(&changes, "activeDeadlineSeconds=3600");
    change(&changes, "backoffLimit=0");
    for (long n = 1;; n++) {
        struct mpijob_child_plan plan;
        struct error err = {0};
        alloc_fail_at(n);
        int rc = mpijob_child_plan(&changes, &view, parsed(behind), (struct json){0}, NOON, &plan, &err);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        if (!failed) {
            assert_int_equal(rc, 0);
            mpijob_child_plan_free(&plan);
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
    }
    mpijob_changes_free(&changes);
    free(object);
    free(behind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_about_the_launcher_is_judged),
        cmocka_unit_test(only_what_the_launcher_decides_goes_there),
        cmocka_unit_test(the_patch_is_conditional),
        cmocka_unit_test(anothers_launcher_is_left_alone),
        cmocka_unit_test(a_pods_deadline_is_only_lowered),
        cmocka_unit_test(without_a_launcher_the_job_itself_counts),
        cmocka_unit_test(other_fields_keep_their_verdicts),
        cmocka_unit_test(a_ttl_on_a_running_launcher_is_refused),
        cmocka_unit_test(without_memory_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
