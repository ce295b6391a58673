/* SPDX-License-Identifier: Apache-2.0 */
/* By which sign an effect is seen. */
#include "mpijob_fixture.h"

#include <stdlib.h>

#include "mpijob/effect/effect_sign.h"
#include "mpijob_effect_cases.h"

static enum mpijob_sign expect(struct mpijob_target target, const char *state, const char *word, int64_t horizon)
{
    struct mpijob_diff diff = {0};
    struct mpijob_verdict v;
    const char *const words[] = {word, NULL};
    static const char *const suspended[] = {"suspend=true", NULL};
    char *object = case_object(target, state, strcmp(state, "suspended") == 0 ? suspended : NULL, NULL);
    struct mpijob_view view = viewed(object, target);
    case_change(&view, words, &diff, NULL);
    mpijob_judge(&view, &diff, NOON, &v);
    enum mpijob_sign sign = mpijob_effect_sign(&view, &diff, NULL, &v, NOON, horizon);
    mpijob_diff_free(&diff);
    free(object);
    return sign;
}

static void signs(void **state)
{
    (void)state;
    const struct {
        struct mpijob_target target;
        const char *state, *word;
        enum mpijob_sign sign;
    } cases[] = {
        {BETA, "succeeded", "cleanPodPolicy=All", SIGN_NO_WORKERS},
        {BETA, "failed", "cleanPodPolicy=Running", SIGN_NO_LIVE_WORKERS},
        {ALPHA, "succeeded", "cleanPodPolicy=Running", SIGN_NO_WORKERS},
        {V1_MPI, "succeeded", "cleanPodPolicy=All", SIGN_NO_WORKERS},
        {V1_TRAINING, "succeeded", "cleanPodPolicy=All", SIGN_NO_PODS},
        {V1_TRAINING, "running", "activeDeadlineSeconds=60", SIGN_FAILED},
        {V1_TRAINING, "succeeded", "ttlSecondsAfterFinished=1", SIGN_DELETED},
        {BETA, "running", "suspend=true", SIGN_SUSPENDED},
        {V1_TRAINING, "suspended", "suspend=false", SIGN_RESUMED},
        {BETA, "running", "cleanPodPolicy=All", SIGN_NONE},       /* at its end */
        {BETA, "running", "activeDeadlineSeconds=60", SIGN_NONE}, /* inert */
        {BETA, "running", "labels.a=b", SIGN_NONE},
        {V1_TRAINING, "running", "managedBy=example.com/other", SIGN_NONE}, /* let go of: nothing shows */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum mpijob_sign sign = expect(cases[i].target, cases[i].state, cases[i].word, 0);
        if (sign != cases[i].sign)
            fail_msg("%s, %s: %s", cases[i].state, cases[i].word, mpijob_sign_text(sign));
    }
}

static void what_is_due_soon(void **state)
{
    (void)state; /* it started 600 s ago */
    assert_int_equal(expect(V1_TRAINING, "running", "activeDeadlineSeconds=630", 60 * CLOCK_SECOND), SIGN_NONE);
    assert_int_equal(expect(V1_TRAINING, "succeeded", "ttlSecondsAfterFinished=330", 60 * CLOCK_SECOND), SIGN_DELETED);
    assert_int_equal(expect(V1_TRAINING, "succeeded", "ttlSecondsAfterFinished=900", 60 * CLOCK_SECOND), SIGN_NONE);
    assert_int_equal(expect(V1_TRAINING, "running", "activeDeadlineSeconds=900", 60 * CLOCK_SECOND), SIGN_NONE);
}

static void pods(void **state)
{
    (void)state;
    struct mpijob_pod pod;
    const char *worker =
        "{\"metadata\":{\"labels\":{\"mpi_role_type\":\"worker\"},\"ownerReferences\":[{\"apiVersion\":"
        "\"kubeflow.org/v1alpha2\",\"uid\":\"u\"}]},\"status\":{\"phase\":\"Running\"}}";
    assert_true(mpijob_pod_read(parsed(worker), str_of("u"), &pod));
    assert_true(pod.worker && !pod.over);
    assert_false(mpijob_pod_read(parsed(worker), str_of("other"), &pod));
    assert_true(mpijob_sign_hindered(SIGN_NO_WORKERS, &pod));
    pod.over = true;
    assert_true(mpijob_sign_hindered(SIGN_NO_WORKERS, &pod));
    assert_false(mpijob_sign_hindered(SIGN_NO_LIVE_WORKERS, &pod));
    const char *launcher =
        "{\"metadata\":{\"labels\":{\"training.kubeflow.org/job-role\":\"launcher\"},\"ownerReferences\":"
        "[{\"apiVersion\":\"batch/v1\",\"uid\":\"j\"}]}}";
    assert_true(mpijob_pod_read(parsed(launcher), str_of("u"), &pod));
    assert_false(mpijob_sign_hindered(SIGN_NO_WORKERS, &pod));
    assert_true(mpijob_sign_hindered(SIGN_NO_PODS, &pod));
}

static void the_job_itself(void **state)
{
    (void)state;
    assert_true(mpijob_sign_in_job(SIGN_FAILED, PHASE_FAILED, false));
    assert_false(mpijob_sign_in_job(SIGN_FAILED, PHASE_RUNNING, false));
    assert_true(mpijob_sign_in_job(SIGN_SUSPENDED, PHASE_SUSPENDED, false));
    assert_true(mpijob_sign_in_job(SIGN_RESUMED, PHASE_RUNNING, false));
    assert_false(mpijob_sign_in_job(SIGN_RESUMED, PHASE_SUSPENDED, false));
    assert_true(mpijob_sign_in_job(SIGN_DELETED, PHASE_SUCCEEDED, true));
    assert_false(mpijob_sign_in_job(SIGN_SUSPENDED, PHASE_SUSPENDED, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(signs), cmocka_unit_test(what_is_due_soon),
                                       cmocka_unit_test(pods), cmocka_unit_test(the_job_itself)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
