/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused in whole objects, and what differs between two. */
#include "mpijob_fixture.h"

#include <stdlib.h>

#include "alloc.h"
#include "mpijob/inspect/harm.h"

static char *object(const char *spec)
{
    struct buf b = BUF_INIT;
    buf_printf(&b, "{\"metadata\":{\"name\":\"tf\",\"namespace\":\"train\"},\"spec\":{%s}}", spec);
    return buf_take(&b, NULL);
}

static int check(struct mpijob_target target, const char *before, const char *after, struct error *err)
{
    char *a = before ? object(before) : NULL, *b = object(after);
    struct mpijob_view old = {0}, new = viewed(b, target);
    if (a)
        old = viewed(a, target);
    int rc = mpijob_harm_check(a ? &old : NULL, &new, err);
    free(a);
    free(b);
    return rc;
}

#define WORKER(container)                                                                                              \
    "\"mpiReplicaSpecs\":{\"Worker\":{\"template\":{\"spec\":{\"containers\":[{" container "}]}}}}"

static void what_does_harm(void **state)
{
    (void)state;
    static const struct {
        struct mpijob_target target;
        const char *spec, *says;
    } cases[] = {
        {{.version = MPIJOB_V1ALPHA2, .controller = CONTROLLER_MPI_OPERATOR},
         "\"activeDeadlineSeconds\":\"3600\"",
         "every MPIJob"},
        {{.version = MPIJOB_V1ALPHA2, .controller = CONTROLLER_MPI_OPERATOR},
         "\"runPolicy\":{\"activeDeadlineSeconds\":\"3600\"}",
         "whole number"},
        {{.version = MPIJOB_V1ALPHA2, .controller = CONTROLLER_MPI_OPERATOR},
         "\"cleanPodPolicy\":\"running\"",
         "did you mean Running"},
        {{.version = MPIJOB_V1, .controller = CONTROLLER_MPI_OPERATOR},
         "\"runPolicy\":{\"backoffLimit\":\"1\"}",
         "whole number"},
        {{.version = MPIJOB_V1, .controller = CONTROLLER_UNKNOWN},
         "\"runPolicy\":{\"cleanPodPolicy\":\"Al\"}",
         "did you mean All"},
        {{.version = MPIJOB_V1, .controller = CONTROLLER_TRAINING_OPERATOR}, "\"cleanPodPolicy\":\"all\"", "All"},
        {{.version = MPIJOB_V2BETA1, .controller = CONTROLLER_MPI_OPERATOR},
         "\"runPolicy\":{\"activeDeadlineSeconds\":-1}",
         "1 to 2147483647"},
        {{.version = MPIJOB_V2BETA1, .controller = CONTROLLER_MPI_OPERATOR}, "\"runPolicy\":\"x\"", "an object"},
        {{.version = MPIJOB_V2BETA1, .controller = CONTROLLER_MPI_OPERATOR}, WORKER("\"args\":{}"), "to []"},
        {{.version = MPIJOB_V2BETA1, .controller = CONTROLLER_MPI_OPERATOR}, WORKER("\"command\":{}"), "to []"},
        {{.version = MPIJOB_V1ALPHA2, .controller = CONTROLLER_CCI}, "\"cleanPodPolicy\":\"al\"", "All"},
        {{.version = MPIJOB_V2BETA1, .controller = CONTROLLER_MPI_OPERATOR},
         WORKER("\"resources\":{\"limits\":{\"memory\":\"16GB\"}}"),
         "16Gi"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        if (check(cases[i].target, NULL, cases[i].spec, &err) != ERR_REFUSED)
            fail_msg("let through: %s", cases[i].spec);
        assert_contains(err.message, "does harm");
        assert_contains(err.message, cases[i].says);
        /* a change of something else is not the place to refuse what is there */
        assert_int_equal(check(cases[i].target, cases[i].spec, cases[i].spec, &err), 0);
        assert_int_equal(check(cases[i].target, "\"activeDeadlineSeconds\":60", cases[i].spec, &err), ERR_REFUSED);
    }
    struct error err = {0};
    assert_int_equal(check(BETA, WORKER("\"args\":[]"), WORKER("\"args\":{}"), &err), ERR_REFUSED);
}

static void what_does_none(void **state)
{
    (void)state;
    struct error err = {0};
    assert_int_equal(check(BETA, NULL, "", &err), 0);
    assert_int_equal(check(BETA, NULL, "\"runPolicy\":{\"cleanPodPolicy\":\"All\",\"activeDeadlineSeconds\":60}", &err),
                     0);
    assert_int_equal(check(BETA, NULL, "\"runPolicy\":{\"schedulingPolicy\":{}}", &err), 0);
    assert_int_equal(check(BETA, NULL, WORKER("\"args\":[],\"command\":[\"mpirun\"]"), &err), 0);
}

static void differs(const char *before, const char *after, const char *wanted)
{
    struct mpijob_diff diff;
    struct buf text = BUF_INIT;
    assert_int_equal(mpijob_objects_diff(parsed(before), parsed(after), &diff, NULL), 0);
    mpijob_diff_json(&diff, &text);
    if (strcmp(text.ptr, wanted) != 0)
        fail_msg("%s to %s: %s, and not %s", before, after, text.ptr, wanted);
    buf_free(&text);
    mpijob_diff_free(&diff);
}

static void two_objects(void **state)
{
    (void)state;
    differs("{\"a\":1}", "{\"a\":1.0}", "[]");
    differs("{\"metadata\":{\"resourceVersion\":\"1\",\"managedFields\":[]},\"status\":{\"x\":1}}",
            "{\"metadata\":{\"resourceVersion\":\"2\"}}", "[]");
    differs("{\"spec\":{}}", "{\"spec\":{\"runPolicy\":{\"suspend\":true}}}",
            "[{\"path\":\"/spec/runPolicy/suspend\",\"before\":null,\"after\":true,\"made\":\"/spec/runPolicy\"}]");
    differs("{\"spec\":{\"a\":{\"b\":1}}}", "{}", "[{\"path\":\"/spec/a/b\",\"before\":1,\"after\":null}]");
    differs("{\"l\":[1]}", "{\"l\":[1,2]}", "[{\"path\":\"/l\",\"before\":[1],\"after\":[1,2]}]");
    differs("{\"a\":null}", "{}", "[]");
    differs("{\"a\":{\"x\":1}}", "{\"a\":[]}", "[{\"path\":\"/a\",\"before\":{\"x\":1},\"after\":[]}]");
    differs("{\"m\":{\"a/b\":\"1\"}}", "{\"m\":{\"a/b\":\"2\"}}",
            "[{\"path\":\"/m/a~1b\",\"before\":\"1\",\"after\":\"2\"}]");
    struct mpijob_diff diff;
    assert_int_equal(mpijob_objects_diff(parsed("{\"spec\":{}}"),
                                         parsed("{\"spec\":{\"runPolicy\":{\"cleanPodPolicy\":\"All\"}}}"), &diff,
                                         NULL),
                     0);
    assert_int_equal(diff.items[0].field, FIELD_CLEAN_POD_POLICY);
    mpijob_diff_free(&diff);
}

static void without_memory(void **state)
{
    (void)state;
    for (long n = 1;; n++) {
        struct mpijob_diff diff;
        struct error err = {0};
        alloc_fail_at(n);
        int rc = mpijob_objects_diff(parsed("{\"a\":{\"b\":1,\"c\":[1]}}"),
                                     parsed("{\"a\":{\"b\":2},\"spec\":{\"d\":{\"e\":1}}}"), &diff, &err);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        mpijob_diff_free(&diff);
        if (!failed) {
            assert_int_equal(rc, 0);
            break;
        }
        assert_int_equal(rc, ERR_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_does_harm), cmocka_unit_test(what_does_none),
                                       cmocka_unit_test(two_objects), cmocka_unit_test(without_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
