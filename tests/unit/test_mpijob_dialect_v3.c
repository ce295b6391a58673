/* SPDX-License-Identifier: Apache-2.0 */
/* A version that is only a row is forgotten nowhere: every question about MPIJobs of v3, of v3 under a controller that
 * has no row, and about ThingJobs (mpijob_v3.h) is answered from the row, or with "not known", and never as of another
 * version. */
#include "mpijob_fixture.h"

#include "mpijob/effect/effect_sign.h"
#include "mpijob/evidence.h"
#include "mpijob/held_gpus.h"
#include "mpijob/inspect/harm.h"
#include "mpijob/inspect/inspect.h"
#include "mpijob_v3.h"

/* ---- objects ---- */

#define WORKERS                                                                                                        \
    "\"mpiReplicaSpecs\":{\"Worker\":{\"replicas\":2,\"template\":{\"spec\":{\"containers\":[{\"resources\":{"         \
    "\"limits\":{\"nvidia.com/gpu\":4}}}]}}}}"
#define OBJECT(spec, status)                                                                                           \
    "{\"apiVersion\":\"kubeflow.org/"                                                                                  \
    "v3\",\"kind\":\"MPIJob\",\"metadata\":{\"name\":\"j\",\"namespace\":\"n\",\"uid\":"                               \
    "\"u\",\"resourceVersion\":\"7\",\"creationTimestamp\":\"2026-11-23T19:30:00Z\"},\"spec\":{" spec WORKERS          \
    "},\"status\":{" status "}}"
#define IN(type)                                                                                                       \
    "\"conditions\":[{\"type\":\"" type "\",\"status\":\"True\",\"lastTransitionTime\":\"2026-11-23T19:50:00Z\"}]"
#define BEGUN "\"startTime\":\"2026-11-23T19:50:00Z\","
#define ENDED BEGUN "\"completionTime\":\"2026-11-23T19:55:00Z\",\"replicaStatuses\":{\"Worker\":{\"active\":2}},"
#define A_THING                                                                                                        \
    "{\"apiVersion\":\"things.example.com/v3\",\"kind\":\"ThingJob\",\"metadata\":{\"name\":\"j\"},\"spec\":{"         \
    "\"thingSpecs\":{\"Worker\":{}}}}"

static void an_object_is_read_in_its_own_version(void **state)
{
    (void)state;
    struct mpijob_view view;
    struct error err;
    view = viewed(OBJECT("", ENDED IN("Succeeded")), V3);
    assert_int_equal(view.workers, 2);
    assert_int_equal(view.workers_active, -1); /* v1alpha2 keeps it up to date, v3 is not known to */
    assert_int_equal(mpijob_view(parsed(OBJECT("", "")), BETA, &view, &err), ERR_INVALID);
    assert_contains(err.message, "is v3, but v2beta1 was expected");
    view = viewed(A_THING, THING);
    assert_int_equal(view.workers, 3);
    assert_int_equal(
        mpijob_view(parsed("{\"apiVersion\":\"kubeflow.org/v3\",\"metadata\":{\"name\":\"j\"}}"), THING, &view, &err),
        ERR_INVALID);
    assert_contains(err.message, "known is things.example.com/v3");
}

static void fields_stand_where_the_row_says(void **state)
{
    (void)state;
    struct json object = parsed(OBJECT("\"cleanPodPolicy\":\"All\",\"runPolicy\":{\"cleanPodPolicy\":\"All\"},"
                                       "\"end\":{\"cleanPodPolicy\":\"None\"},",
                                       ""));
    assert_true(json_string_is(mpijob_field_value(object, FIELD_CLEAN_POD_POLICY, V3), str_of("None")));
    for (int f = 0; f < FIELD_COUNT; f++) {
        enum mpijob_field_id field = (enum mpijob_field_id)f;
        assert_ptr_equal(mpijob_field_place(field, V3), &reader_v3.places[f]);
        assert_false(mpijob_field_place(field, V3_CCI)->has);
        assert_false(json_exists(mpijob_field_value(object, field, V3_CCI)));
        assert_false(mpijob_field_place(field, THING)->has);
    }
    struct mpijob_match *match = mpijob_match_new();
    struct mpijob_view view = viewed(object.text.ptr, V3), other = view;
    other.target = V3_CCI;
    assert_int_equal(mpijob_match_clean_pod_policy(match, "None", NULL), 0);
    assert_true(mpijob_match_eval(match, &view, NOON, NULL));
    assert_false(mpijob_match_eval(match, &other, NOON, NULL));
    mpijob_match_free(match);
}

static void refused(const char *argument, struct mpijob_target target, const char *says)
{
    struct mpijob_changes changes = {0};
    struct error err;
    change(&changes, argument);
    assert_int_equal(mpijob_changes_possible(&changes, target, &err), ERR_INVALID);
    assert_contains(err.message, says);
    mpijob_changes_free(&changes);
}

static void what_can_be_replaced_is_the_rows(void **state)
{
    (void)state;
    struct mpijob_changes changes = {0};
    struct mpijob_diff diff;
    struct buf out = BUF_INIT;
    struct error err;
    struct mpijob_view view = viewed(OBJECT("", ""), V3);
    refused("suspend=true", V3,
            "Third does not let suspend be replaced: of an MPIJob it lets labels, annotations, end");
    refused("cleanPodPolicy=All", V3_CCI, "nothing is known here of MPIJobs of v3 under cci");
    refused("cleanPodPolicy=All", THING, "Third does not let cleanPodPolicy be replaced: of a ThingJob");
    change(&changes, "cleanPodPolicy=All");
    change(&changes, "managedBy=example.com/other");
    assert_int_equal(mpijob_changes_apply(&changes, &view, &out, &diff, &err), 0);
    assert_int_equal(diff.count, 2);
    assert_string_equal(diff.items[0].pointer, "/spec/end/cleanPodPolicy");
    assert_int_equal(mpijob_whole_check(view.object, parsed(out.ptr), V3, &err), 0);
    assert_int_equal(mpijob_whole_check(view.object, parsed(OBJECT("\"cleanPodPolicy\":\"All\",", "")), V3, &err),
                     ERR_INVALID);
    assert_int_equal(mpijob_diff_verify(&diff, view.object, V3, &err), ERR_DROPPED);
    assert_contains(err.message, "kubectl get crd mpijobs.kubeflow.org");
    diff.items++;
    diff.count--;
    assert_int_equal(mpijob_diff_verify(&diff, view.object, V3, &err), ERR_DROPPED);
    assert_contains(err.message, "operator-three's definition has this field from v9.9 on");
    diff.items--;
    diff.count++;
    mpijob_diff_free(&diff);
    mpijob_changes_free(&changes);
    buf_free(&out);
}

/* ---- effects ---- */

/* The words of what was seen in other versions. */
static void tells_of_no_other(const char *text)
{
    static const char *const words[] = {"v1alpha2",    "v2beta1",           "v1's",        "v0.",       "upstream",
                                        "CCI",         "training-operator", "the kubelet", "pods stay", "removes",
                                        "launcher Job"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strstr(text, words[i]))
            fail_msg("\"%s\" is of another version: %s", text, words[i]);
    }
}

/* Unknown, but for a field that the row leaves out: that one its controller cannot read. */
static void check_verdict(const struct mpijob_view *view, enum mpijob_field_id field, const char *value)
{
    struct mpijob_diff diff = {0};
    struct mpijob_verdict v;
    char text[200];
    bool left_out = mpijob_dialect_known(mpijob_dialect(view->target)) && !mpijob_field_place(field, view->target)->has;
    snprintf(text, sizeof text, "[{\"path\":\"/spec/end/%s\",\"before\":1,\"after\":%s}]", mpijob_field_name(field),
             value);
    assert_int_equal(mpijob_diff_read(&diff, parsed(text), NULL), 0);
    mpijob_judge(view, &diff, NOON, &v);
    if (v.effect != (left_out ? EFFECT_INERT : EFFECT_UNKNOWN))
        fail_msg("%s: %s, %s", text, mpijob_effect_name(v.effect), v.why);
    tells_of_no_other(v.why);
    v.effect = EFFECT_EFFECTIVE;
    assert_int_equal(mpijob_effect_sign(view, &diff, NULL, &v, NOON, 60 * CLOCK_SECOND), SIGN_NONE);
    mpijob_diff_free(&diff);
}

static const char *const objects[] = {
    OBJECT("", ""),
    OBJECT("", BEGUN IN("Running")),
    OBJECT("", BEGUN IN("Suspended")),
    OBJECT("", ENDED IN("Succeeded")),
    OBJECT("", ENDED IN("Failed")),
    OBJECT("", BEGUN "\"conditions\":[{\"type\":\"Failed\",\"status\":\"True\",\"reason\":\"MPIJobEvicted\"}]"),
};
#define OBJECTS (sizeof objects / sizeof *objects)
static const struct mpijob_target targets[] = {V3, V3_CCI, THING};

static void no_effect_is_known(void **state)
{
    (void)state;
    static const char *const values[] = {"\"All\"", "\"Running\"", "60", "3600", "0", "true", "\"example.com/x\""};
    for (size_t i = 0; i < OBJECTS * 3; i++) {
        struct mpijob_view view = viewed(objects[i % OBJECTS], V3);
        view.target = targets[i / OBJECTS];
        for (int f = 0; f < FIELD_COUNT; f++) {
            for (size_t v = 0; v < sizeof values / sizeof *values; v++)
                check_verdict(&view, (enum mpijob_field_id)f, values[v]);
        }
    }
}

static void labels_are_stored_and_no_more_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct mpijob_changes changes = {0};
        struct mpijob_diff diff;
        struct mpijob_verdict v;
        struct buf out = BUF_INIT;
        struct mpijob_view view = viewed(objects[1], V3);
        view.target = targets[i];
        change(&changes, "labels.a=b");
        assert_int_equal(mpijob_changes_apply(&changes, &view, &out, &diff, NULL), 0);
        mpijob_judge(&view, &diff, NOON, &v);
        assert_int_equal(v.effect, EFFECT_STORED);
        assert_null(strstr(v.why, "not copied"));
        mpijob_diff_free(&diff);
        mpijob_changes_free(&changes);
        buf_free(&out);
    }
}

/* A job is another's where managedBy is not what the row has for its own. */
static void the_manager_is_the_rows(void **state)
{
    (void)state;
    struct mpijob_view own = viewed(OBJECT("\"end\":{\"managedBy\":\"v3.example.com/operator\"},", ""), V3);
    struct mpijob_view other = viewed(OBJECT("\"end\":{\"managedBy\":\"kubeflow.org/mpi-operator\"},", ""), V3);
    assert_false(mpijob_managed_elsewhere(&own));
    assert_true(mpijob_managed_elsewhere(&other));
    other.target = V3_CCI; /* where it stands is not known */
    assert_false(mpijob_managed_elsewhere(&other));
}

static void the_launcher_is_the_rows(void **state)
{
    (void)state;
    static const char pod[] =
        "{\"metadata\":{\"name\":\"j-launcher\",\"uid\":\"l\",\"resourceVersion\":\"3\",\"ownerReferences\":"
        "[{\"controller\":true,\"uid\":\"u\",\"kind\":\"MPIJob\"}]},\"spec\":{}}";
    struct mpijob_changes changes = {0};
    struct mpijob_child_plan plan;
    struct mpijob_view view = viewed(objects[1], V3);
    change(&changes, "activeDeadlineSeconds=60");
    assert_ptr_equal(mpijob_child_of(V3), &launcher_pod);
    assert_null(mpijob_child_of(V3_CCI));
    assert_null(mpijob_child_of(THING));
    assert_true(mpijob_child_concerned(&changes, &view));
    assert_int_equal(mpijob_child_plan(&changes, &view, parsed(pod), (struct json){0}, NOON, &plan, NULL), 0);
    assert_int_equal(plan.verdict.effect, EFFECT_UNKNOWN);
    tells_of_no_other(plan.verdict.why);
    mpijob_child_plan_free(&plan);
    view.target = V3_CCI;
    assert_false(mpijob_child_concerned(&changes, &view));
    view.target = THING;
    assert_false(mpijob_child_concerned(&changes, &view));
    mpijob_changes_free(&changes);
}

/* ---- pods ---- */

static struct mpijob_held_gpus held_by(const struct mpijob_view *view, const struct mpijob_pods *pods, bool known)
{
    struct mpijob_held_gpus held;
    assert_int_equal(mpijob_holds_gpus(view, pods, &held), known);
    return held;
}

static void pods_are_found_by_the_rows_labels(void **state)
{
    (void)state;
    static const char worker[] =
        "{\"metadata\":{\"namespace\":\"n\",\"labels\":{\"v3.example.com/job\":\"j\",\"v3.example.com/role\":"
        "\"worker\"},\"ownerReferences\":[{\"controller\":true,\"apiVersion\":\"kubeflow.org/v3\",\"uid\":\"u\"}]},"
        "\"spec\":{\"nodeName\":\"x\",\"containers\":[{\"resources\":{\"limits\":{\"nvidia.com/gpu\":4}}}]}}";
    struct mpijob_pods *pods = mpijob_pods_new(NULL);
    struct mpijob_view view = viewed(objects[3], V3);
    struct mpijob_pod pod;
    struct error err;
    assert_ptr_equal(mpijob_pod_labels(V3), v3_labels);
    assert_null(*mpijob_pod_labels(V3_CCI));
    assert_int_equal(mpijob_pods_unknown(V3_CCI, &err), ERR_INVALID);
    assert_contains(err.message, "the pods of MPIJobs of v3");
    held_by(&view, NULL, false); /* what its controller does at the end is not known */
    assert_int_equal(held_by(&view, pods, true).gpus, 0);
    view.target = V3_CCI;
    held_by(&view, pods, false); /* they may be there with other labels */
    view.target = V3;
    assert_int_equal(mpijob_pods_add(pods, parsed(worker), NULL), 0);
    assert_int_equal(mpijob_pods_of(pods, &view).workers, 1);
    assert_int_equal(held_by(&view, pods, true).gpus, 4);
    assert_true(mpijob_pod_read(parsed(worker), str_of("u"), &pod) && pod.worker);
    mpijob_pods_free(pods);
}

/* ---- findings ---- */

static void found(void *data, const struct mpijob_finding *finding)
{
    int *count = data;
    ++*count;
    tells_of_no_other(finding->means);
    tells_of_no_other(finding->cure);
}

static int findings(const char *text, struct mpijob_target target)
{
    int count = 0;
    struct mpijob_view view = viewed(text, V3);
    view.target = target;
    assert_int_equal(mpijob_inspect(&view, NULL, NOON, found, &count, NULL), 0);
    return count;
}

/* Everything that is wrong in some version, at once. */
static void no_finding_is_of_another_version(void **state)
{
    (void)state;
    static const char places[] =
        OBJECT("\"cleanPodPolicy\":\"al\",\"activeDeadlineSeconds\":\"60\",\"backoffLimit\":1.5,\"runPolicy\":"
               "{\"cleanPodPolicy\":true,\"activeDeadlineSeconds\":-1,\"ttlSecondsAfterFinished\":1,\"suspend\":5,"
               "\"backoffLimit\":2},\"end\":{\"cleanPodPolicy\":\"al\",\"activeDeadlineSeconds\":-1},",
               BEGUN IN("Running"));
    static const char list[] =
        "{\"apiVersion\":\"kubeflow.org/v3\",\"kind\":\"MPIJob\",\"metadata\":{\"name\":\"j\"},\"spec\":{"
        "\"mpiReplicaSpecs\":{\"Worker\":{\"template\":{\"spec\":{\"containers\":[{\"command\":{}}]}}}}}}";
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(findings(places, targets[i]), 0);
        for (size_t k = 0; k < OBJECTS; k++)
            assert_int_equal(findings(objects[k], targets[i]), 0);
    }
    assert_int_equal(findings(list, V3), 1); /* no typed client reads that, whatever the version */
    assert_int_equal(findings(list, V3_CCI), 1);
    assert_int_equal(findings(list, THING), 0); /* what harms these is not known */
    assert_int_equal(findings(OBJECT("\"end\":{\"managedBy\":\"example.com/other\"},", ""), V3), 1);
}

static void the_server_is_the_rows(void **state)
{
    (void)state;
    assert_true(mpijob_dialect(V3)->server->namespaced_only);
    assert_false(mpijob_dialect(V3)->server->strict);
    assert_true(mpijob_dialect(V3_CCI)->server->strict); /* not known: as Kubernetes has it */
    assert_false(mpijob_dialect(V3)->open);
    assert_false(mpijob_dialect(V3_CCI)->open);
    assert_int_equal(mpijob_evidence_of_definition(parsed(
                         "{\"spec\":{\"versions\":[{\"name\":\"v3\",\"schema\":{\"openAPIV3Schema\":{\"properties\":"
                         "{\"spec\":{\"properties\":{\"runPolicy\":{}}}}}}}]}}")),
                     CONTROLLER_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_is_read_in_its_own_version),
        cmocka_unit_test(fields_stand_where_the_row_says),
        cmocka_unit_test(what_can_be_replaced_is_the_rows),
        cmocka_unit_test(no_effect_is_known),
        cmocka_unit_test(labels_are_stored_and_no_more_is_said),
        cmocka_unit_test(the_manager_is_the_rows),
        cmocka_unit_test(the_launcher_is_the_rows),
        cmocka_unit_test(pods_are_found_by_the_rows_labels),
        cmocka_unit_test(no_finding_is_of_another_version),
        cmocka_unit_test(the_server_is_the_rows),
    };
    return cmocka_run_group_tests(tests, v3_add_rows, NULL);
}
