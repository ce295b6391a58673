/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts beyond the rows of the experiments: what is not known which controller, what no row covers, several changes
 * at once, and the sentences. */
#include "mpijob_fixture.h"

#include <stdlib.h>

#include "mpijob_effect_cases.h"

#define WORDS(...) ((const char *const[STEPS]){__VA_ARGS__})
#define NOTHING ((const char *const[STEPS]){NULL})

static struct mpijob_verdict asked(struct mpijob_target target, const char *state, const char *const *before,
                                   const char *const *after)
{
    struct mpijob_verdict v;
    struct mpijob_diff diff = {0};
    char *object = case_object(target, state, before, NULL);
    struct mpijob_view view = viewed(object, target);
    case_change(&view, after, &diff, NULL);
    mpijob_judge(&view, &diff, NOON, &v);
    mpijob_diff_free(&diff);
    free(object);
    return v;
}

static void expect(struct mpijob_target target, const char *state, const char *const *before, const char *const *after,
                   enum mpijob_effect effect, const char *part)
{
    struct mpijob_verdict v = asked(target, state, before, after);
    if (v.effect != effect)
        fail_msg("%s on %s %s: %s (%s)", after[0], mpijob_version_name(target.version), state,
                 mpijob_effect_name(v.effect), v.why);
    assert_contains(v.why, part);
}

static void names(void **state)
{
    (void)state;
    static const char *const all[] = {"unchanged", "stored",  "inert",    "at-finish",  "late",
                                      "effective", "unknown", "reverted", "destructive"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_string_equal(mpijob_effect_name((enum mpijob_effect)i), all[i]);
}

static void nothing_differs(void **state)
{
    (void)state;
    expect(BETA, "running", WORDS("suspend=true"), WORDS("suspend=true"), EFFECT_UNCHANGED, "nothing is sent");
}

/* v1 without knowing whose: what both agree on, else unknown with both. */
static void an_unknown_controller(void **state)
{
    (void)state;
    expect(V1_ANY, "running", NOTHING, WORDS("cleanPodPolicy=All"), EFFECT_AT_FINISH, "kept until the job ends");
    expect(V1_ANY, "succeeded", NOTHING, WORDS("cleanPodPolicy=All"), EFFECT_EFFECTIVE, "under training-operator");
    expect(V1_ANY, "succeeded", NOTHING, WORDS("activeDeadlineSeconds=60"), EFFECT_INERT, "has ended");
    expect(V1_ANY, "running", NOTHING, WORDS("activeDeadlineSeconds=60"), EFFECT_UNKNOWN,
           "under training-operator: destructive");
    expect(V1_ANY, "succeeded", NOTHING, WORDS("ttlSecondsAfterFinished=1"), EFFECT_UNKNOWN,
           "under mpi-operator: inert");
    expect(V1_ANY, "running", NOTHING, WORDS("suspend=true"), EFFECT_UNKNOWN, "mpi-operator knows no suspend in v1");
    expect(V1_ANY, "running", NOTHING, WORDS("managedBy=a.b/c"), EFFECT_UNKNOWN, "lets go of the job");
    expect(V1_ANY, "running", WORDS("cleanPodPolicy=All"), WORDS("cleanPodPolicy=Running"), EFFECT_UNKNOWN,
           "v0.2.3 inert");
    expect(V1_ANY, "running", NOTHING, WORDS("labels.a=b"), EFFECT_STORED, "not copied");
    /* an edit of any kind can end the job under one of the two */
    expect(V1_ANY, "running", WORDS("activeDeadlineSeconds=60"), WORDS("labels.a=b"), EFFECT_UNKNOWN, "destructive");
}

/* cleanPodPolicy set at both places of a v1 job: each controller is judged by the place that it reads. */
static void an_unknown_controller_and_two_places(void **state)
{
    (void)state;
    const char *text =
        "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"cleanPodPolicy\":\"None\",\"runPolicy\":{\"cleanPodPolicy\":"
        "\"All\"}},\"status\":{\"conditions\":[{\"type\":\"Succeeded\",\"status\":\"True\"}]}}";
    struct mpijob_view view = viewed(text, V1_ANY);
    struct mpijob_diff diff;
    struct mpijob_verdict v;
    case_change(&view, WORDS("cleanPodPolicy=All"), &diff, NULL);
    assert_int_equal(diff.count, 1);
    mpijob_judge(&view, &diff, NOON, &v);
    assert_int_equal(v.effect, EFFECT_UNKNOWN);
    assert_contains(v.why, "under mpi-operator: effective");
    assert_contains(v.why, "under training-operator: inert");
    mpijob_diff_free(&diff);
}

static void what_could_not_be_tried(void **state)
{
    (void)state;
    expect(CCI, "succeeded", NOTHING, WORDS("cleanPodPolicy=Running"), EFFECT_UNKNOWN,
           "CCI documents this replacement in a job that has ended, but not what becomes of its pods; under upstream's "
           "mpi-operator it is effective");
    expect(CCI, "running", NOTHING, WORDS("cleanPodPolicy=All"), EFFECT_UNKNOWN,
           "its documentation does not say what this does; under upstream's mpi-operator it is at-finish");
    expect(CCI, "running", NOTHING, WORDS("labels.a=b"), EFFECT_STORED, "not copied");
    const struct mpijob_target whose = {.version = MPIJOB_V1ALPHA2, .controller = CONTROLLER_UNKNOWN};
    expect(whose, "running", NOTHING, WORDS("cleanPodPolicy=All"), EFFECT_UNKNOWN, "not known which controller");
    const struct mpijob_target wrong = {.version = MPIJOB_V2BETA1, .controller = CONTROLLER_TRAINING_OPERATOR};
    expect(wrong, "running", NOTHING, WORDS("cleanPodPolicy=All"), EFFECT_UNKNOWN, "serves v1 only");
    const struct mpijob_target beta = {.version = MPIJOB_V2BETA1,
                                       .controller = CONTROLLER_UNKNOWN}; /* only one program serves it */
    expect(beta, "running", NOTHING, WORDS("cleanPodPolicy=All"), EFFECT_AT_FINISH, "until the job ends");
}

static void what_no_row_covers_is_unknown(void **state)
{
    (void)state;
    const char *none = "no experiment covers this change";
    expect(BETA, "suspended", WORDS("suspend=true"), WORDS("cleanPodPolicy=All"), EFFECT_UNKNOWN, none);
    expect(ALPHA, "evicted", NOTHING, WORDS("cleanPodPolicy=All"), EFFECT_UNKNOWN,
           "on a job that is evicted under mpi-operator");
    expect(BETA, "succeeded", WORDS("cleanPodPolicy=Running"), WORDS("cleanPodPolicy=All"), EFFECT_UNKNOWN, none);
    expect(BETA, "succeeded", NOTHING, WORDS("backoffLimit=0"), EFFECT_UNKNOWN, none);
    expect(BETA, "pending", NOTHING, WORDS("backoffLimit=0"), EFFECT_UNKNOWN, none);
    expect(V1_TRAINING, "running", WORDS("backoffLimit=0"), WORDS("backoffLimit-"), EFFECT_UNKNOWN, none);
    expect(V1_TRAINING, "running", NOTHING, WORDS("backoffLimit=5"), EFFECT_UNKNOWN, none);
    expect(V1_TRAINING, "running", WORDS("activeDeadlineSeconds=3600"), WORDS("activeDeadlineSeconds-"), EFFECT_UNKNOWN,
           none);
    expect(V1_TRAINING, "suspended", WORDS("suspend=true"), WORDS("activeDeadlineSeconds=60"), EFFECT_UNKNOWN, none);
    expect(V1_TRAINING, "succeeded", WORDS("ttlSecondsAfterFinished=9999"), WORDS("ttlSecondsAfterFinished-"),
           EFFECT_UNKNOWN, none);
    expect(V1_TRAINING, "evicted", NOTHING, WORDS("suspend=true"), EFFECT_UNKNOWN, none);
    expect(BETA, "running", WORDS("managedBy=a.b/c"), WORDS("managedBy-"), EFFECT_UNKNOWN, none);
    expect(BETA, "running", NOTHING, WORDS("managedBy=kubeflow.org/mpi-operator"), EFFECT_UNKNOWN, none);
    expect(BETA, "succeeded", NOTHING, WORDS("schedulingPolicy.minAvailable=1"), EFFECT_UNKNOWN, none);
    expect(V1_TRAINING, "running", WORDS("schedulingPolicy.queue=a"), WORDS("schedulingPolicy.queue=b"), EFFECT_UNKNOWN,
           "422");
    expect(V1_TRAINING, "running", WORDS("schedulingPolicy.queue=a"), WORDS("schedulingPolicy-"), EFFECT_UNKNOWN,
           "422");
}

static void before_the_launcher_is_there(void **state)
{
    (void)state;
    expect(BETA, "no-launcher", NOTHING, WORDS("activeDeadlineSeconds=60"), EFFECT_EFFECTIVE,
           "when the workers are ready");
    expect(BETA, "unseen", NOTHING, WORDS("activeDeadlineSeconds=60"), EFFECT_EFFECTIVE,
           "not created the launcher yet");
    expect(ALPHA, "unseen", NOTHING, WORDS("backoffLimit=0"), EFFECT_EFFECTIVE, "not created the launcher yet");
    expect(ALPHA, "pending", NOTHING, WORDS("activeDeadlineSeconds=60"), EFFECT_UNKNOWN, "tf-launcher");
    expect(BETA, "pending", NOTHING, WORDS("activeDeadlineSeconds=60"), EFFECT_UNKNOWN,
           "through_child = true changes that too");
    expect(V1_MPI, "pending", NOTHING, WORDS("activeDeadlineSeconds=60"), EFFECT_INERT, "never reads");
    expect(V1_TRAINING, "unseen", NOTHING, WORDS("activeDeadlineSeconds=60"), EFFECT_LATE, "touch the job");
    expect(BETA, "pending", NOTHING, WORDS("cleanPodPolicy=All"), EFFECT_AT_FINISH, "until the job ends");
    expect(BETA, "pending", NOTHING, WORDS("suspend=true"), EFFECT_EFFECTIVE, "removes all pods");
    expect(BETA, "unseen", NOTHING, WORDS("ttlSecondsAfterFinished=0"), EFFECT_UNKNOWN, "run twice");
    expect(V1_TRAINING, "unseen", NOTHING, WORDS("ttlSecondsAfterFinished=60"), EFFECT_AT_FINISH, "60 s after its end");
}

static void the_deadline_of_a_running_job(void **state)
{
    (void)state;
    const char *launcher = "through_child = true changes the launcher";
    expect(ALPHA, "running", NOTHING, WORDS("activeDeadlineSeconds=7200"), EFFECT_INERT, launcher);
    expect(BETA, "running", NOTHING, WORDS("activeDeadlineSeconds=7200"), EFFECT_INERT, launcher);
    expect(BETA, "running", NOTHING, WORDS("activeDeadlineSeconds=7200"), EFFECT_INERT, "launcher Job tf-launcher");
    expect(BETA, "restarting", NOTHING, WORDS("activeDeadlineSeconds=7200"), EFFECT_INERT, launcher);
    expect(V1_MPI, "running", NOTHING, WORDS("activeDeadlineSeconds=7200"), EFFECT_INERT, "lowering only");
    expect(V1_TRAINING, "running", NOTHING, WORDS("activeDeadlineSeconds=600"), EFFECT_DESTRUCTIVE,
           "2026-11-23T20:00:00Z");
    expect(V1_TRAINING, "running", NOTHING, WORDS("activeDeadlineSeconds=601"), EFFECT_LATE,
           "touch the job (a label) after 2026-11-23T20:00:01Z to bring that forward");
    expect(V1_TRAINING, "running", WORDS("activeDeadlineSeconds=7200"), WORDS("activeDeadlineSeconds=3600"),
           EFFECT_LATE, "up to 10 hours late");
    expect(V1_TRAINING, "running", WORDS("activeDeadlineSeconds=3600"), WORDS("activeDeadlineSeconds=7200"),
           EFFECT_EFFECTIVE, "the earlier deadline counts no more");
    expect(V1_TRAINING, "running", NOTHING, WORDS("activeDeadlineSeconds=7200", "cleanPodPolicy=All", "labels.a=b"),
           EFFECT_LATE, "cleanPodPolicy is at-finish");
    expect(V1_ANY, "running", NOTHING, WORDS("activeDeadlineSeconds=7200"), EFFECT_UNKNOWN, "training-operator: late");
    /* any other edit of a job whose deadline has passed ends it, too; moving the deadline ahead does not */
    expect(V1_TRAINING, "running", WORDS("activeDeadlineSeconds=60"), WORDS("annotations.a=b"), EFFECT_DESTRUCTIVE,
           "2026-11-23T19:51:00Z");
    expect(V1_TRAINING, "running", WORDS("activeDeadlineSeconds=60"), WORDS("cleanPodPolicy=All"), EFFECT_DESTRUCTIVE,
           "cleanPodPolicy is at-finish");
    expect(V1_TRAINING, "running", WORDS("activeDeadlineSeconds=60"), WORDS("labels.a=b", "activeDeadlineSeconds=6000"),
           EFFECT_EFFECTIVE, "touch the job");
    expect(V1_TRAINING, "succeeded", WORDS("activeDeadlineSeconds=60"), WORDS("labels.a=b"), EFFECT_STORED,
           "not copied");
    expect(V1_MPI, "running", WORDS("activeDeadlineSeconds=60"), WORDS("labels.a=b"), EFFECT_STORED, "not copied");
}

static void what_means_the_same(void **state)
{
    (void)state;
    expect(BETA, "running", NOTHING, WORDS("cleanPodPolicy=None"), EFFECT_INERT, "counts as None");
    expect(BETA, "running", NOTHING, WORDS("suspend=false"), EFFECT_INERT, "counts as false");
    expect(ALPHA, "running", WORDS("cleanPodPolicy=All"), WORDS("cleanPodPolicy=Running"), EFFECT_INERT,
           "either value");
    expect(V1_MPI, "running", WORDS("cleanPodPolicy=All"), WORDS("cleanPodPolicy=Running"), EFFECT_UNKNOWN,
           "mpi-operator v0.2.3 inert");
    expect(V1_MPI, "running", WORDS("cleanPodPolicy=All"), WORDS("cleanPodPolicy=Running"), EFFECT_UNKNOWN,
           "mpi-operator v0.3.0 at-finish");
    expect(BETA, "running", WORDS("cleanPodPolicy=Running"), WORDS("cleanPodPolicy=All"), EFFECT_AT_FINISH,
           "until the job ends");
}

static void an_evicted_job(void **state)
{
    (void)state;
    expect(BETA, "evicted", NOTHING, WORDS("cleanPodPolicy=All"), EFFECT_AT_FINISH,
           "`suspend = true` removes its pods");
    expect(V1_MPI, "evicted", NOTHING, WORDS("cleanPodPolicy=All"), EFFECT_INERT, "label the job for deletion");
    expect(V1_TRAINING, "evicted", NOTHING, WORDS("ttlSecondsAfterFinished=1"), EFFECT_DESTRUCTIVE,
           "deletes the MPIJob itself");
}

static void several_changes(void **state)
{
    (void)state;
    expect(BETA, "succeeded", NOTHING, WORDS("cleanPodPolicy=All", "activeDeadlineSeconds=60", "labels.a=b"),
           EFFECT_EFFECTIVE, "cleanPodPolicy: the controller removes all workers now");
    expect(BETA, "succeeded", NOTHING, WORDS("cleanPodPolicy=All", "activeDeadlineSeconds=60", "labels.a=b"),
           EFFECT_EFFECTIVE, "; activeDeadlineSeconds is inert: ");
    expect(V1_TRAINING, "succeeded", NOTHING, WORDS("cleanPodPolicy=All", "ttlSecondsAfterFinished=1"),
           EFFECT_DESTRUCTIVE, "ttlSecondsAfterFinished: the TTL passed at 2026-11-23T19:55:01Z");
    expect(BETA, "running", NOTHING, WORDS("suspend=true", "managedBy=a.b/c"), EFFECT_DESTRUCTIVE,
           "suspend is effective");
    expect(BETA, "running", WORDS("cleanPodPolicy=Running"), WORDS("suspend=true"), EFFECT_EFFECTIVE,
           "no worker had ended");
    expect(BETA, "worker-ended", WORDS("cleanPodPolicy=Running"), WORDS("suspend=true"), EFFECT_DESTRUCTIVE,
           "set cleanPodPolicy None in the same change");
    expect(BETA, "worker-ended", WORDS("cleanPodPolicy=Running"), WORDS("suspend=true", "cleanPodPolicy=None"),
           EFFECT_EFFECTIVE, "suspends the launcher Job");
    expect(BETA, "worker-ended", NOTHING, WORDS("suspend=true"), EFFECT_EFFECTIVE, "suspends the launcher Job");
    expect(V1_TRAINING, "worker-ended", WORDS("cleanPodPolicy=Running"), WORDS("suspend=true"), EFFECT_EFFECTIVE,
           "all pods now");
    /* a status that does not tell of the workers */
    struct mpijob_view silent =
        viewed("{\"metadata\":{\"name\":\"a\"},\"spec\":{\"runPolicy\":{\"cleanPodPolicy\":\"Running\"}},\"status\":{"
               "\"startTime\":"
               "\"2026-11-23T19:50:00Z\",\"conditions\":[{\"type\":\"Running\",\"status\":\"True\"}]}}",
               BETA);
    struct mpijob_diff stop = {0};
    struct mpijob_verdict said;
    case_change(&silent, WORDS("suspend=true"), &stop, NULL);
    mpijob_judge(&silent, &stop, NOON, &said);
    mpijob_diff_free(&stop);
    assert_int_equal(said.effect, EFFECT_UNKNOWN);
    assert_true(said.may_destroy);
    expect(BETA, "running", WORDS("cleanPodPolicy=Running"), WORDS("cleanPodPolicy=All", "suspend=true"),
           EFFECT_EFFECTIVE, "suspends the launcher Job");
    expect(BETA, "running", NOTHING, WORDS("labels.kueue.x-k8s.io/queue-name=a"), EFFECT_STORED, "Kueue may refuse");
    /* everything at once still fits, and ends in a NUL */
    struct mpijob_view view = viewed("{\"metadata\":{\"name\":\"a\"}}", V1_ANY);
    struct mpijob_diff diff = {0};
    struct mpijob_verdict v;
    assert_int_equal(
        mpijob_diff_read(
            &diff,
            parsed("[{\"path\":\"/spec/cleanPodPolicy\",\"after\":\"All\"},{\"path\":\"/spec/runPolicy/suspend\","
                   "\"after\":true},{\"path\":\"/spec/runPolicy/activeDeadlineSeconds\",\"after\":5},"
                   "{\"path\":\"/spec/runPolicy/ttlSecondsAfterFinished\",\"after\":5},"
                   "{\"path\":\"/spec/runPolicy/managedBy\",\"after\":\"a.b/c\"},"
                   "{\"path\":\"/spec/slotsPerWorker\",\"after\":5}]"),
            NULL),
        0);
    mpijob_judge(&view, &diff, NOON, &v);
    assert_int_equal(v.effect, EFFECT_UNKNOWN);
    assert_true(strlen(v.why) < sizeof v.why);
    mpijob_diff_free(&diff);
}

static void other_fields_and_bad_values(void **state)
{
    (void)state;
    static const struct {
        const char *diff, *part;
    } cases[] = {
        {"[{\"path\":\"/spec/slotsPerWorker\",\"after\":5}]", "/spec/slotsPerWorker"},
        {"[{\"path\":\"/spec/runPolicy/cleanPodPolicy\",\"after\":\"all\"}]", "no experiment"},
        {"[{\"path\":\"/spec/runPolicy/activeDeadlineSeconds\",\"after\":\"60\"}]", "no experiment"},
        {"[{\"path\":\"/spec/runPolicy/backoffLimit\",\"after\":-1}]", "no experiment"},
        {"[{\"path\":\"/spec/runPolicy/suspend\",\"after\":\"true\"}]", "no experiment"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mpijob_diff diff = {0};
        struct mpijob_verdict v;
        char *object = case_object(BETA, "running", NULL, NULL);
        struct mpijob_view view = viewed(object, BETA);
        assert_int_equal(mpijob_diff_read(&diff, parsed(cases[i].diff), NULL), 0);
        mpijob_judge(&view, &diff, NOON, &v);
        assert_int_equal(v.effect, EFFECT_UNKNOWN);
        assert_contains(v.why, cases[i].part);
        mpijob_diff_free(&diff);
        free(object);
    }
}

/* A bad value that was there already is put right while the job runs. */
static void healed(struct mpijob_target target, const char *state, const char *word, enum mpijob_effect effect,
                   const char *part)
{
    struct mpijob_diff diff = {0};
    struct mpijob_verdict v;
    char *object = case_object(target, state, NULL, "\"running\"");
    struct mpijob_view view = viewed(object, target);
    case_change(&view, WORDS(word), &diff, NULL);
    mpijob_judge(&view, &diff, NOON, &v);
    assert_int_equal(v.effect, effect);
    assert_contains(v.why, part);
    mpijob_diff_free(&diff);
    free(object);
}

static void a_bad_value_is_put_right(void **state)
{
    (void)state;
    healed(ALPHA, "running", "cleanPodPolicy=Running", EFFECT_AT_FINISH, "until the job ends");
    healed(V1_MPI, "running", "cleanPodPolicy=All", EFFECT_AT_FINISH, "until the job ends");
    healed(BETA, "running", "cleanPodPolicy=All", EFFECT_EFFECTIVE, "goes on now");
    healed(V1_TRAINING, "running", "cleanPodPolicy=Running", EFFECT_UNKNOWN, "no experiment");
    healed(V1_TRAINING, "succeeded", "cleanPodPolicy=None", EFFECT_INERT, "does not come back");
}

static void a_launcher_that_no_longer_waits(void **state)
{
    (void)state;
    const char *text =
        "{\"metadata\":{\"name\":\"tf\"},\"spec\":{\"launcherCreationPolicy\":\"WaitForWorkersReady\"},\"status\":{"
        "\"replicaStatuses\":{\"Launcher\":{\"active\":1}},\"conditions\":[{\"type\":\"Created\",\"status\":\"True\"}]}"
        "}";
    struct mpijob_view view = viewed(text, BETA);
    struct mpijob_diff diff = {0};
    struct mpijob_verdict v;
    case_change(&view, WORDS("activeDeadlineSeconds=60"), &diff, NULL);
    mpijob_judge(&view, &diff, NOON, &v);
    assert_int_equal(v.effect, EFFECT_UNKNOWN);
    assert_contains(v.why, "tf-launcher");
    mpijob_diff_free(&diff);
}

static struct mpijob_verdict of_sibling(struct mpijob_target target, const char *argument)
{
    static const char object[] =
        "{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"},\"spec\":{\"pytorchReplicaSpecs\":{}},\"status\":{"
        "\"conditions\":["
        "{\"type\":\"Succeeded\",\"status\":\"True\"}],\"completionTime\":\"2026-11-20T19:00:00Z\"}}";
    struct mpijob_verdict v;
    struct mpijob_changes changes = {0};
    struct mpijob_diff diff = {0};
    struct buf out = BUF_INIT;
    struct mpijob_view view = viewed(object, target);
    change(&changes, argument);
    assert_int_equal(mpijob_changes_apply(&changes, &view, &out, &diff, NULL), 0);
    mpijob_judge(&view, &diff, NOON, &v);
    mpijob_diff_free(&diff);
    mpijob_changes_free(&changes);
    buf_free(&out);
    return v;
}

/* Nobody tried them: unknown, and no less careful than with an MPIJob. */
static void the_other_kinds(void **state)
{
    (void)state;
    struct mpijob_target target = {
        .version = MPIJOB_V1, .controller = CONTROLLER_TRAINING_OPERATOR, .kind = KIND_PYTORCHJOB};
    struct mpijob_verdict v = of_sibling(target, "cleanPodPolicy=All");
    assert_int_equal(v.effect, EFFECT_UNKNOWN);
    assert_false(v.may_destroy);
    assert_string_equal(v.why, "this kind was not tried; on an MPIJob of training-operator this is effective");
    v = of_sibling(target, "ttlSecondsAfterFinished=1");
    assert_int_equal(v.effect, EFFECT_UNKNOWN);
    assert_true(v.may_destroy);
    v = of_sibling(target, "labels.a=b");
    assert_int_equal(v.effect, EFFECT_STORED);
    assert_string_equal(v.why, "labels and annotations are stored on the PyTorchJob");
    target.controller = CONTROLLER_CCI;
    v = of_sibling(target, "ttlSecondsAfterFinished=1");
    assert_int_equal(v.effect, EFFECT_UNKNOWN);
    assert_true(v.may_destroy);
    assert_contains(v.why, "CCI's controller could not be tried");
}

/* The controllers return at once when they see a deletionTimestamp. */
static void a_job_that_is_being_deleted(void **state)
{
    (void)state;
    static const struct {
        const char *after;
        enum mpijob_effect effect;
        const char *says;
    } cases[] = {{"cleanPodPolicy=All", EFFECT_INERT, "is being deleted"},
                 {"activeDeadlineSeconds=60", EFFECT_INERT, "is being deleted"},
                 {"suspend=true", EFFECT_INERT, "no controller looks at it"},
                 {"labels.a=b", EFFECT_STORED, "stored"}};
    static const char *const states[] = {"running", "succeeded"};
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        struct mpijob_verdict v;
        struct mpijob_diff diff = {0};
        char *object = case_object(BETA, states[i % 2], NOTHING, NULL);
        struct mpijob_view view = viewed(object, BETA);
        view.deleting = true;
        case_change(&view, WORDS(cases[i / 2].after), &diff, NULL);
        mpijob_judge(&view, &diff, NOON, &v);
        if (v.effect != cases[i / 2].effect || v.may_destroy)
            fail_msg("%s: %s (%s)", cases[i / 2].after, mpijob_effect_name(v.effect), v.why);
        assert_contains(v.why, cases[i / 2].says);
        mpijob_diff_free(&diff);
        free(object);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_that_is_being_deleted),
        cmocka_unit_test(the_other_kinds),
        cmocka_unit_test(names),
        cmocka_unit_test(nothing_differs),
        cmocka_unit_test(an_unknown_controller),
        cmocka_unit_test(an_unknown_controller_and_two_places),
        cmocka_unit_test(what_could_not_be_tried),
        cmocka_unit_test(what_no_row_covers_is_unknown),
        cmocka_unit_test(before_the_launcher_is_there),
        cmocka_unit_test(the_deadline_of_a_running_job),
        cmocka_unit_test(what_means_the_same),
        cmocka_unit_test(an_evicted_job),
        cmocka_unit_test(several_changes),
        cmocka_unit_test(other_fields_and_bad_values),
        cmocka_unit_test(a_bad_value_is_put_right),
        cmocka_unit_test(a_launcher_that_no_longer_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
