/* SPDX-License-Identifier: Apache-2.0 */
/* Where each field stands in each dialect, and what it may hold. */
#include "mpijob/dialect.h"
#include "mpijob/kind.h"
#include "mpijob_fixture.h"

static void versions_and_controllers(void **state)
{
    (void)state;
    enum mpijob_version v;
    enum mpijob_controller c;
    assert_true(mpijob_version_parse(str_of("kubeflow.org/v2beta1"), &v));
    assert_int_equal(v, MPIJOB_V2BETA1);
    assert_true(mpijob_version_parse(str_of("v1"), &v));
    assert_int_equal(v, MPIJOB_V1);
    assert_false(mpijob_version_parse(str_of("v1alpha1"), &v));
    assert_false(mpijob_version_parse(str_of("batch/v1"), &v));
    assert_false(mpijob_version_parse(str_of(""), &v));
    assert_string_equal(mpijob_version_name(MPIJOB_V1ALPHA2), "v1alpha2");
    assert_true(mpijob_controller_parse(str_of("training-operator"), &c));
    assert_int_equal(c, CONTROLLER_TRAINING_OPERATOR);
    assert_true(mpijob_controller_parse(str_of("cci"), &c));
    assert_false(mpijob_controller_parse(str_of("auto"), &c));
    assert_string_equal(mpijob_controller_name(CONTROLLER_UNKNOWN), "unknown");
    assert_int_equal(mpijob_controller_of(KIND_MPIJOB, MPIJOB_V1), CONTROLLER_UNKNOWN);
    assert_int_equal(mpijob_controller_of(KIND_MPIJOB, MPIJOB_V1ALPHA2), CONTROLLER_MPI_OPERATOR);
    assert_int_equal(mpijob_controller_of(KIND_MPIJOB, MPIJOB_V2BETA1), CONTROLLER_MPI_OPERATOR);
    static const char *const cci[] = {"https://cci.cn-north-4.myhuaweicloud.com",
                                      "https://cci.eu-west-101.myhuaweicloud.eu:443",
                                      "https://cci.a.myhuaweicloud.com/"};
    static const char *const others[] = {"https://cce.cn-north-4.myhuaweicloud.com", "https://cci.example.com",
                                         "https://xcci.a.myhuaweicloud.com", "https://myhuaweicloud.com",
                                         "https://example.com/cci.a.myhuaweicloud.com"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(mpijob_controller_at(cci[i]), CONTROLLER_CCI);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(mpijob_controller_at(others[i]), CONTROLLER_UNKNOWN);
}

/* Section 1 of the facts, cell by cell: pointer, then what is kept along ("~") or overrides ("^"); "-": none; "!":
 * fixed. */
static void the_field_map(void **state)
{
    (void)state;
    const struct mpijob_target targets[] = {CCI, ALPHA, V1_MPI, V1_TRAINING, V1_ANY, BETA};
#define S "/spec/"
#define R "/spec/runPolicy/"
    static const char *const map[FIELD_COUNT][6][2] = {
        {{S "cleanPodPolicy"},
         {S "cleanPodPolicy"},
         {S "cleanPodPolicy"},
         {R "cleanPodPolicy", "~" S "cleanPodPolicy"},
         {S "cleanPodPolicy", "^" R "cleanPodPolicy"},
         {R "cleanPodPolicy"}},
        {{S "activeDeadlineSeconds"},
         {S "activeDeadlineSeconds", "^" R "activeDeadlineSeconds"},
         {R "activeDeadlineSeconds"},
         {R "activeDeadlineSeconds"},
         {R "activeDeadlineSeconds"},
         {R "activeDeadlineSeconds"}},
        {{S "backoffLimit", "!"},
         {S "backoffLimit", "^" R "backoffLimit"},
         {R "backoffLimit"},
         {R "backoffLimit"},
         {R "backoffLimit"},
         {R "backoffLimit"}},
        {{NULL},
         {R "ttlSecondsAfterFinished"},
         {R "ttlSecondsAfterFinished"},
         {R "ttlSecondsAfterFinished"},
         {R "ttlSecondsAfterFinished"},
         {R "ttlSecondsAfterFinished"}},
        {{NULL}, {NULL}, {NULL}, {R "suspend"}, {R "suspend"}, {R "suspend"}},
        {{NULL}, {NULL}, {NULL}, {R "managedBy"}, {R "managedBy"}, {R "managedBy"}},
        {{NULL},
         {R "schedulingPolicy"},
         {R "schedulingPolicy"},
         {R "schedulingPolicy"},
         {R "schedulingPolicy"},
         {R "schedulingPolicy"}},
    };
    for (int f = 0; f < FIELD_COUNT; f++) {
        for (int t = 0; t < 6; t++) {
            const struct mpijob_place *p = mpijob_field_place((enum mpijob_field_id)f, targets[t]);
            const char *const *cell = map[f][t];
            assert_int_equal(p->has, cell[0] != NULL);
            if (!cell[0])
                continue;
            assert_string_equal(p->pointer, cell[0]);
            assert_int_equal(p->replaceable, !cell[1] || cell[1][0] != '!');
            assert_string_equal(p->also ? p->also : "", cell[1] && cell[1][0] == '~' ? cell[1] + 1 : "");
            assert_string_equal(p->overrides ? p->overrides : "", cell[1] && cell[1][0] == '^' ? cell[1] + 1 : "");
        }
    }
}

static void names_are_found(void **state)
{
    (void)state;
    enum mpijob_field_id id;
    int n = 0;
    for (int f = 0; f < FIELD_COUNT; f++) {
        assert_true(mpijob_field_find(NULL, str_of(mpijob_field_name((enum mpijob_field_id)f)), &id));
        assert_int_equal(id, f);
    }
    assert_false(mpijob_field_find(NULL, str_of("labels"), &id));
    assert_false(mpijob_field_find(NULL, str_of("CleanPodPolicy"), &id));
    while (mpijob_field_names()[n])
        n++;
    assert_int_equal(n, FIELD_COUNT + 2);
}

static void in_force(const char *spec, struct mpijob_target target, enum mpijob_field_id field, const char *expected)
{
    char text[512];
    snprintf(text, sizeof text, "{\"spec\":%s}", spec);
    struct json value = mpijob_field_value(parsed(text), field, target);
    assert_true(str_is(value.text, expected));
}

static void the_value_in_force(void **state)
{
    (void)state;
    const char *both = "{\"cleanPodPolicy\":\"None\",\"runPolicy\":{\"cleanPodPolicy\":\"All\"}}";
    in_force(both, ALPHA, FIELD_CLEAN_POD_POLICY, "\"None\"");
    in_force(both, V1_MPI, FIELD_CLEAN_POD_POLICY, "\"None\"");
    in_force(both, V1_TRAINING, FIELD_CLEAN_POD_POLICY, "\"All\"");
    in_force(both, BETA, FIELD_CLEAN_POD_POLICY, "\"All\"");
    in_force("{\"cleanPodPolicy\":\"None\",\"runPolicy\":{\"cleanPodPolicy\":null}}", V1_TRAINING,
             FIELD_CLEAN_POD_POLICY, "\"None\"");
    in_force("{\"cleanPodPolicy\":\"None\"}", BETA, FIELD_CLEAN_POD_POLICY, "");
    in_force("{\"activeDeadlineSeconds\":1,\"runPolicy\":{\"activeDeadlineSeconds\":2}}", ALPHA,
             FIELD_ACTIVE_DEADLINE_SECONDS, "2");
    in_force("{\"activeDeadlineSeconds\":1,\"runPolicy\":{\"activeDeadlineSeconds\":2}}", CCI,
             FIELD_ACTIVE_DEADLINE_SECONDS, "1");
    in_force("{\"activeDeadlineSeconds\":\"3600\"}", ALPHA, FIELD_ACTIVE_DEADLINE_SECONDS, "\"3600\"");
    in_force("{\"runPolicy\":5}", BETA, FIELD_SUSPEND, "");
    in_force("{\"runPolicy\":{\"suspend\":true}}", ALPHA, FIELD_SUSPEND, "");
    in_force("[]", BETA, FIELD_SUSPEND, "");
}

static void values(void **state)
{
    (void)state;
    static const struct {
        enum mpijob_field_id field;
        const char *value;
        bool good;
    } cases[] = {
        {FIELD_CLEAN_POD_POLICY, "\"None\"", true},
        {FIELD_CLEAN_POD_POLICY, "\"\\u0041ll\"", true},
        {FIELD_CLEAN_POD_POLICY, "null", true},
        {FIELD_CLEAN_POD_POLICY, "\"none\"", false},
        {FIELD_CLEAN_POD_POLICY, "\"All \"", false},
        {FIELD_CLEAN_POD_POLICY, "\"\"", false},
        {FIELD_CLEAN_POD_POLICY, "true", false},
        {FIELD_CLEAN_POD_POLICY, "[\"All\"]", false},
        {FIELD_ACTIVE_DEADLINE_SECONDS, "1", true},
        {FIELD_ACTIVE_DEADLINE_SECONDS, "1e3", true},
        {FIELD_ACTIVE_DEADLINE_SECONDS, "2147483647", true},
        {FIELD_ACTIVE_DEADLINE_SECONDS, "2147483648", false},
        {FIELD_ACTIVE_DEADLINE_SECONDS, "1e300", false},
        {FIELD_ACTIVE_DEADLINE_SECONDS, "99999999999999999999", false},
        {FIELD_ACTIVE_DEADLINE_SECONDS, "0", false},
        {FIELD_ACTIVE_DEADLINE_SECONDS, "-1", false},
        {FIELD_ACTIVE_DEADLINE_SECONDS, "\"3600\"", false},
        {FIELD_ACTIVE_DEADLINE_SECONDS, "\"\"", false},
        {FIELD_ACTIVE_DEADLINE_SECONDS, "{}", false},
        {FIELD_BACKOFF_LIMIT, "0", true},
        {FIELD_BACKOFF_LIMIT, "-1", false},
        {FIELD_TTL_SECONDS_AFTER_FINISHED, "0", true},
        {FIELD_TTL_SECONDS_AFTER_FINISHED, "0.5", false},
        {FIELD_SUSPEND, "false", true},
        {FIELD_SUSPEND, "\"true\"", false},
        {FIELD_SUSPEND, "1", false},
        {FIELD_MANAGED_BY, "\"kueue.x-k8s.io/multikueue\"", true},
        {FIELD_MANAGED_BY, "\"kueue\"", false},
        {FIELD_MANAGED_BY, "\"\"", false},
        {FIELD_MANAGED_BY, "\"a/b/c\"", false},
        {FIELD_MANAGED_BY, "5", false},
        {FIELD_SCHEDULING_POLICY, "{\"minAvailable\":0,\"queue\":\"\",\"priorityClass\":null}", true},
        {FIELD_SCHEDULING_POLICY, "{\"minResources\":{\"cpu\":4,\"memory\":\"1.5Gi\",\"x\":\"1e3\",\"y\":\"-.5m\"}}",
         true},
        {FIELD_SCHEDULING_POLICY, "{\"minResources\":{\"cpu\":\"4 Gi\"}}", false},
        {FIELD_SCHEDULING_POLICY, "{\"minResources\":{\"cpu\":\".\"}}", false},
        {FIELD_SCHEDULING_POLICY, "{\"minResources\":{\"cpu\":\"1e\"}}", false},
        {FIELD_SCHEDULING_POLICY, "{\"minResources\":{\"cpu\":\"\"}}", false},
        {FIELD_SCHEDULING_POLICY, "{\"minResources\":{\"cpu\":4.5}}", false},
        {FIELD_SCHEDULING_POLICY, "{\"minResources\":[]}", false},
        {FIELD_SCHEDULING_POLICY, "{\"scheduleTimeoutSeconds\":-1}", false},
        {FIELD_SCHEDULING_POLICY, "{\"queue\":5}", false},
        {FIELD_SCHEDULING_POLICY, "{\"Queue\":\"x\"}", false},
        {FIELD_SCHEDULING_POLICY, "{\"\":\"x\"}", false},
        {FIELD_SCHEDULING_POLICY, "[]", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        int rc = mpijob_field_check(cases[i].field, parsed(cases[i].value), &err);
        if (rc != (cases[i].good ? 0 : ERR_INVALID))
            fail_msg("%s: %s", cases[i].value, err.message);
        if (rc)
            assert_contains(err.message, mpijob_field_name(cases[i].field));
    }
}

static void label(const char *key, const char *value, bool good)
{
    struct error err = {0};
    int rc = mpijob_label_check(str_of(key), str_of(value), &err);
    if (rc != (good ? 0 : ERR_INVALID))
        fail_msg("%s=%s: %s", key, value, err.message);
}

static void label_syntax(void **state)
{
    (void)state;
    char name[80], domain[260];
    memset(name, 'a', sizeof name);
    memset(domain, 'd', sizeof domain);
    name[63] = domain[253] = '\0';
    char key[400];
    label("team", "", true);
    label("a.b_c-D9", "V1.x_y-z", true);
    label("ops.example.com/x", "v", true);
    label(name, name, true);
    snprintf(key, sizeof key, "%s/%s", domain, name);
    label(key, "v", true);
    name[63] = 'a';
    name[64] = '\0';
    label(name, "", false);
    label("k", name, false);
    domain[253] = 'd';
    domain[254] = '\0';
    snprintf(key, sizeof key, "%s/x", domain);
    label(key, "v", false);
    const char *const bad_keys[] = {"",        "/",      "a/",   "/a",   "a/b/c", "-a",   "a-",    "a b",
                                    "A.com/x", "a..b/x", ".a/x", "a./x", "-a/x",  "a-/x", "a_b/x", "k\xc3\xa9"};
    for (size_t i = 0; i < sizeof bad_keys / sizeof *bad_keys; i++)
        label(bad_keys[i], "", false);
    const char *const bad_values[] = {"-a", "a-", "a b", "a/b", "_", ".", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof bad_values / sizeof *bad_values; i++)
        label("k", bad_values[i], false);
    assert_int_equal(mpijob_annotation_check(str_of("Ops.Example.com/X"), NULL), 0); /* the server lowers it first */
    assert_int_equal(mpijob_annotation_check(str_of("a b"), NULL), ERR_INVALID);
}

static void kinds_as_kubectl_spells_them(void **state)
{
    (void)state;
    const struct mpijob_kind *kind = KIND_MPIJOB;
    struct error err;
    static const char *const torch[] = {"PyTorchJob", "pytorchjobs", "pytorchjob", "PYTORCHJOBS",
                                        "pytorchjobs.kubeflow.org"};
    for (size_t i = 0; i < sizeof torch / sizeof *torch; i++) {
        assert_true(mpijob_kind_find(str_of(torch[i]), &kind));
        assert_int_equal(kind, KIND_PYTORCHJOB);
    }
    assert_true(mpijob_kind_find(str_of("mj"), &kind));
    assert_int_equal(kind, KIND_MPIJOB);
    assert_false(mpijob_kind_find(str_of("pods"), &kind));
    assert_false(mpijob_kind_find(str_of(""), &kind));
    assert_true(mpijob_kind_parse(str_of("TFJob"), &kind));
    assert_false(mpijob_kind_parse(str_of("tfjob"), &kind));
    assert_int_equal(mpijob_kind_unknown("PytorchJob", &err), ERR_INVALID);
    assert_contains(err.message, "did you mean \"PyTorchJob\"?");
    assert_int_equal(mpijob_kind_unknown("VolcanoJob", &err), ERR_INVALID);
    assert_contains(err.message, "there are MPIJob, TFJob, PyTorchJob, MXJob");
}

/* The other kinds: flat on CCI, in runPolicy alone under training-operator. */
static void the_other_kinds_places(void **state)
{
    (void)state;
    struct mpijob_target cci = {.version = MPIJOB_V1, .controller = CONTROLLER_CCI, .kind = KIND_TFJOB};
    struct mpijob_target training = {
        .version = MPIJOB_V1, .controller = CONTROLLER_TRAINING_OPERATOR, .kind = KIND_PYTORCHJOB};
    static const struct {
        enum mpijob_field_id field;
        const char *cci, *training; /* NULL: none, or not replaceable */
    } cases[] = {
        {FIELD_CLEAN_POD_POLICY, "/spec/cleanPodPolicy", "/spec/runPolicy/cleanPodPolicy"},
        {FIELD_ACTIVE_DEADLINE_SECONDS, "/spec/activeDeadlineSeconds", "/spec/runPolicy/activeDeadlineSeconds"},
        {FIELD_BACKOFF_LIMIT, NULL, "/spec/runPolicy/backoffLimit"},
        {FIELD_TTL_SECONDS_AFTER_FINISHED, "/spec/ttlSecondsAfterFinished", "/spec/runPolicy/ttlSecondsAfterFinished"},
        {FIELD_SUSPEND, NULL, "/spec/runPolicy/suspend"},
        {FIELD_MANAGED_BY, NULL, "/spec/runPolicy/managedBy"},
        {FIELD_SCHEDULING_POLICY, NULL, "/spec/runPolicy/schedulingPolicy"},
    };
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const struct mpijob_place *c = mpijob_field_place(cases[i].field, cci),
                                  *t = mpijob_field_place(cases[i].field, training);
        assert_int_equal(c->replaceable, cases[i].cci != NULL);
        if (cases[i].cci)
            assert_string_equal(c->pointer, cases[i].cci);
        assert_string_equal(t->pointer, cases[i].training);
        assert_null(t->also);
        assert_null(t->overrides);
    }
    assert_int_equal(mpijob_controller_of(KIND_TFJOB, MPIJOB_V1), CONTROLLER_TRAINING_OPERATOR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_and_controllers),
        cmocka_unit_test(kinds_as_kubectl_spells_them),
        cmocka_unit_test(the_other_kinds_places),
        cmocka_unit_test(the_field_map),
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(the_value_in_force),
        cmocka_unit_test(values),
        cmocka_unit_test(label_syntax),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
