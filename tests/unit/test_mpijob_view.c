/* SPDX-License-Identifier: Apache-2.0 */
/* The view of a job in each version: phase, instants, workers, GPUs. */
#include "mpijob_fixture.h"

#define CONDITION(type, status, time)                                                                                  \
    "{\"type\":\"" type "\",\"status\":\"" status "\",\"lastTransitionTime\":\"" time "\"}"
#define WITH(conditions, rest) "{\"metadata\":{\"name\":\"a\"},\"status\":{\"conditions\":[" conditions "]" rest "}}"
#define T(time) "2026-11-23T" time "Z"

static int64_t instant(const char *text)
{
    int64_t us;
    assert_true(clock_parse(text, &us));
    return us;
}

static void the_whole_view(void **state)
{
    (void)state;
    const char *text =
        "{\"apiVersion\":\"kubeflow.org/v1\",\"kind\":\"MPIJob\",\"metadata\":{\"name\":\"tf\",\"namespace\":\"train\","
        "\"uid\":\"u-1\",\"resourceVersion\":\"42\",\"generation\":3,\"creationTimestamp\":\"" T(
            "18:00:00") "\","
                        "\"labels\":{\"team\":\"v\\u0069sion\"},\"annotations\":{\"n\":\"x\"}},"
                        "\"spec\":{\"mpiReplicaSpecs\":{\"Launcher\":{\"template\":{\"spec\":{\"containers\":[{"
                        "\"resources\":{"
                        "\"limits\":{\"nvidia.com/gpu\":1}}}]}}},"
                        "\"Worker\":{\"replicas\":2,\"template\":{\"spec\":{\"containers\":[{\"resources\":{\"limits\":"
                        "{"
                        "\"nvidia.com/gpu\":\"4\",\"cpu\":\"8\"}}},{}]}}}}},"
                        "\"status\":{\"startTime\":\"" T(
                            "18:01:00") "\",\"replicaStatuses\":{\"Worker\":{\"active\":2}},"
                                        "\"conditions\":[" CONDITION(
                                            "Created", "True",
                                            T("18:00:01")) ",{\"type\":\"Running\",\"status\":\"True\",\"reason\":"
                                                           "\"MPIJobRunning\",\"message\":\"a \\\"b\\\"\","
                                                           "\"lastTransitionTime\":\"" T("18:02:00") "\"}]}}";
    struct mpijob_view v = viewed(text, V1_MPI);
    int64_t now = instant(T("20:00:00"));
    assert_true(str_is(v.name, "tf") && str_is(v.name_space, "train") && str_is(v.uid, "u-1"));
    assert_true(str_is(v.resource_version, "42") && str_is(v.api_version, "kubeflow.org/v1"));
    assert_int_equal(v.phase, PHASE_RUNNING);
    assert_true(str_is(v.reason, "MPIJobRunning") && str_is(v.message, "a \\\"b\\\""));
    assert_true(v.created == instant(T("18:00:00")) && v.started == instant(T("18:01:00")));
    assert_true(v.running_since == instant(T("18:02:00")) && v.finished == MPIJOB_NO_TIME);
    assert_true(v.generation == 3 && v.workers == 2 && v.workers_active == 2 &&
                mpijob_view_gpus(&v, &(bool){false}) == 9);
    assert_false(v.evicted || v.deleting);
    assert_true(mpijob_age(&v, now) == 7200 * CLOCK_SECOND && mpijob_running_for(&v, now) == 7080 * CLOCK_SECOND);
    assert_true(mpijob_pending_for(&v, now) == -1 && mpijob_finished_for(&v, now) == -1);
    assert_true(mpijob_age(&v, instant(T("17:00:00"))) == 0); /* our clock lags */
    struct buf out = BUF_INIT;
    assert_true(mpijob_label(&v, "team", &out));
    assert_string_equal(out.ptr, "vision");
    assert_false(mpijob_label(&v, "none", &out));
    buf_free(&out);
}

static void phase(const char *text, enum mpijob_phase expected)
{
    struct mpijob_view v = viewed(text, BETA);
    if (v.phase != expected)
        fail_msg("%s: %s", text, mpijob_phase_name(v.phase));
}

static void phases(void **state)
{
    (void)state;
#define RUNNING CONDITION("Running", "True", T("18:00:00"))
    phase("{\"metadata\":{\"name\":\"a\"}}", PHASE_PENDING);
    phase(WITH("", ""), PHASE_PENDING);
    phase(WITH(CONDITION("Created", "True", T("18:00:00")), ""), PHASE_PENDING);
    phase(WITH(RUNNING, ""), PHASE_RUNNING);
    phase(WITH(CONDITION("Running", "False", T("18:00:00")), ""), PHASE_PENDING);
    phase(WITH(CONDITION("Succeeded", "True", T("18:00:00")) "," RUNNING, ""), PHASE_SUCCEEDED);
    phase(WITH(RUNNING "," CONDITION("Failed", "True", T("17:00:00")), ""), PHASE_FAILED);
    phase(WITH(RUNNING "," CONDITION("Suspended", "True", T("17:00:00")), ""), PHASE_SUSPENDED);
    phase(WITH(RUNNING "," CONDITION("Suspended", "False", T("19:00:00")), ""), PHASE_RUNNING);
    phase(WITH(CONDITION("Suspended", "True", T("17:00:00")) "," CONDITION("Succeeded", "True", T("18:00:00")), ""),
          PHASE_SUCCEEDED);
    phase(WITH(RUNNING "," CONDITION("Restarting", "True", T("19:00:00")), ""), PHASE_RESTARTING);
    phase(WITH(RUNNING "," CONDITION("Restarting", "True", T("17:00:00")), ""), PHASE_RUNNING);
    phase(WITH(CONDITION("Failed", "True", T("17:00:00")) "," CONDITION("Succeeded", "True", T("18:00:00")), ""),
          PHASE_SUCCEEDED);
    phase(WITH(CONDITION("Evicted", "True", T("17:00:00")), ""), PHASE_PENDING);
    for (int i = 0; i < MPIJOB_PHASES; i++) {
        enum mpijob_phase p;
        assert_true(mpijob_phase_parse(str_of(mpijob_phase_name((enum mpijob_phase)i)), &p) && (int)p == i);
    }
}

static void times(void **state)
{
    (void)state;
    int64_t now = instant(T("20:00:00"));
    struct mpijob_view v =
        viewed(WITH(CONDITION("Succeeded", "True", T("18:30:00")), ",\"completionTime\":\"" T("18:29:00") "\""), BETA);
    assert_true(mpijob_finished_for(&v, now) == 91 * 60 * CLOCK_SECOND);
    v = viewed(WITH("{\"type\":\"Failed\",\"status\":\"True\",\"reason\":\"MPIJobEvicted\",\"lastTransitionTime\":\"" T(
                        "19:00:00") "\"}",
                    ""),
               BETA);
    assert_true(v.evicted && v.finished == instant(T("19:00:00")));
    v = viewed(WITH(CONDITION("Suspended", "True", T("19:00:00")), ",\"startTime\":null"), BETA);
    assert_true(v.suspended_since == instant(T("19:00:00")) && v.started == MPIJOB_NO_TIME);
    assert_true(mpijob_pending_for(&v, now) == -1);
    v = viewed("{\"metadata\":{\"name\":\"a\",\"creationTimestamp\":\"" T(
                   "10:00:00") "\"},\"status\":{\"conditions\":[" CONDITION("Suspended", "False", T("19:00:00")) "]}}",
               BETA);
    assert_true(mpijob_pending_for(&v, now) == 3600 * CLOCK_SECOND); /* since it was resumed */
    v = viewed(WITH("{\"type\":\"Running\",\"status\":\"True\"}", ",\"startTime\":\"" T("19:00:00") "\""), BETA);
    assert_true(mpijob_running_for(&v, now) == 3600 * CLOCK_SECOND);
    v = viewed("{\"metadata\":{\"name\":\"a\",\"deletionTimestamp\":\"" T("19:00:00") "\"}}", BETA);
    assert_true(v.deleting && v.workers_active == -1 && mpijob_age(&v, now) == -1);
    v = viewed(WITH("", ",\"replicaStatuses\":{\"Worker\":{\"succeeded\":2}}"), BETA);
    assert_true(v.workers_active == 0);
}

static void what_is_wrong_counts_as_unset(void **state)
{
    (void)state;
    const char *const odd[] = {
        "{\"metadata\":{\"name\":\"a\",\"labels\":[],\"generation\":\"x\",\"creationTimestamp\":5}}",
        "{\"metadata\":{\"name\":\"a\"},\"status\":[]}",
        "{\"metadata\":{\"name\":\"a\"},\"status\":{\"conditions\":{\"type\":\"Running\"},\"replicaStatuses\":7}}",
        "{\"metadata\":{\"name\":\"a\"},\"status\":{\"conditions\":[1,null,[],{\"type\":5,\"status\":true}]}}",
        "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"activeDeadlineSeconds\":\"3600\",\"mpiReplicaSpecs\":[]}}",
    };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct mpijob_view v = viewed(odd[i], ALPHA);
        assert_true(v.phase == PHASE_PENDING && mpijob_view_gpus(&v, &(bool){false}) == 0 && !json_exists(v.labels));
    }
}

static void what_is_no_job(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"[]", "an array"},
        {"5", "a number"},
        {"{}", "metadata.name"},
        {"{\"metadata\":{\"name\":5}}", "metadata.name"},
        {"{\"metadata\":{\"name\":\"a\\u0062\"}}", "escape"},
        {"{\"kind\":\"TFJob\",\"metadata\":{\"name\":\"a\"}}", "TFJob"},
        {"{\"kind\":null,\"metadata\":{\"name\":\"a\"}}", "null"},
        {"{\"kind\":\"MPIJob\",\"apiVersion\":\"kubeflow.org/v1\",\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"}}",
         "n/a is v1, but v2beta1 was expected"},
        {"{\"kind\":\"MPIJob\",\"apiVersion\":\"v2beta1\",\"metadata\":{\"name\":\"a\"}}", "apiVersion \"v2beta1\""},
        {"{\"kind\":\"MPIJob\",\"apiVersion\":\"kubeflow.org/v1alpha1\",\"metadata\":{\"name\":\"a\"}}", "known are"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mpijob_view v;
        struct error err = {0};
        assert_int_equal(mpijob_view(parsed(cases[i].text), BETA, &v, &err), ERR_INVALID);
        assert_contains(err.message, cases[i].part);
    }
}

static void gpus(const char *launcher, const char *worker, int64_t expected)
{
    char text[2048];
    snprintf(text, sizeof text, "{\"spec\":{\"mpiReplicaSpecs\":{\"Launcher\":{%s},\"Worker\":{%s}}}}", launcher,
             worker);
    int64_t got = mpijob_gpus(parsed(text), KIND_MPIJOB, mpijob_gpu_resources, &(bool){false});
    if (got != expected)
        fail_msg("%s: %lld", text, (long long)got);
}
#define POD(...) "\"template\":{\"spec\":{\"containers\":[" __VA_ARGS__ "]}}"
#define LIMITS(list) "{\"resources\":{\"limits\":{" list "}}}"

static void gpus_are_counted(void **state)
{
    (void)state;
    gpus("", "", 0);
    gpus(POD(LIMITS("\"nvidia.com/gpu\":1")), "", 1);
    gpus("\"replicas\":0," POD(LIMITS("\"nvidia.com/gpu\":1")), "", 0);
    gpus("", POD(LIMITS("\"nvidia.com/gpu\":1")), 0); /* workers without replicas */
    gpus("", "\"replicas\":3," POD(LIMITS("\"nvidia.com/gpu\":2") "," LIMITS("\"amd.com/gpu\":\"1\"")), 9);
    gpus("", "\"replicas\":2," POD(LIMITS("\"huawei.com/ascend-310\":4,\"huawei.com/Ascend910\":4,\"cpu\":64")), 16);
    gpus("", "\"replicas\":2," POD("{\"resources\":{\"requests\":{\"nvidia.com/gpu\":4}}}"), 8);
    gpus("",
         "\"replicas\":2," POD(
             "{\"resources\":{\"requests\":{\"nvidia.com/gpu\":4},\"limits\":{\"nvidia.com/gpu\":3}}}"),
         6);
    gpus("", "\"replicas\":1," POD(LIMITS("\"nvidia.com/gpu\":\"2k\"")), 2000);
    gpus("", "\"replicas\":1," POD(LIMITS("\"nvidia.com/gpu\":\"2000m\"")), 2);
    gpus("", "\"replicas\":1," POD(LIMITS("\"nvidia.com/gpu\":\"8.0\"")), 8);
    gpus("", "\"replicas\":1," POD(LIMITS("\"nvidia.com/gpu\":\"1e1\"")), 10);
    gpus("", "\"replicas\":1," POD(LIMITS("\"nvidia.com/gpu\":1e1")), 10);
    gpus("", "\"replicas\":1," POD(LIMITS("\"nvidia.com/gpu\":\"+2\"")), 2);
    gpus("", "\"replicas\":1," POD(LIMITS("\"nvidia.com/gpu\":\"1Ki\"")), 1024);
    gpus("", "\"replicas\":2," POD(LIMITS("\"nvidia.com/gpu\":\"500m\"")), 2);
    gpus("", "\"replicas\":1," POD(LIMITS("\"nvidia.com/gpu\":\"-2\",\"amd.com/gpu\":\"2x\"")), 0);
    gpus("", "\"replicas\":-5," POD(LIMITS("\"nvidia.com/gpu\":2")), 0);
    gpus("", "\"replicas\":\"2\"," POD(LIMITS("\"nvidia.com/gpu\":2")), 0);
    gpus("", "\"replicas\":9223372036854775807," POD(LIMITS("\"nvidia.com/gpu\":9223372036854775807")), INT64_MAX);
    gpus("", "\"replicas\":1," POD(LIMITS("\"nvidia.com/gpu\":\"99999999999999999999999\"")), INT64_MAX);
    gpus("", "\"replicas\":1,\"template\":{\"spec\":{\"containers\":{\"a\":5}}}", 0);
    const char *const own[] = {"example.com/tpu", NULL};
    const char *text = "{\"spec\":{\"mpiReplicaSpecs\":{\"Launcher\":{" POD(
        LIMITS("\"example.com/tpu\":8,\"nvidia.com/gpu\":1")) "}}}}";
    assert_int_equal(mpijob_gpus(parsed(text), KIND_MPIJOB, own, &(bool){false}), 8);
}

static void the_other_kinds(void **state)
{
    (void)state;
    static const char object[] = "{\"apiVersion\":\"kubeflow.org/"
                                 "v1\",\"kind\":\"TFJob\",\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"},\"spec\":{"
                                 "\"tfReplicaSpecs\":{\"PS\":{\"template\":{\"spec\":{\"containers\":[{\"resources\":{"
                                 "\"limits\":{\"nvidia.com/gpu\":1}}}]}}},"
                                 "\"Worker\":{\"replicas\":3,\"template\":{\"spec\":{\"containers\":[{\"resources\":{"
                                 "\"limits\":{\"nvidia.com/gpu\":2}}}]}}}},"
                                 "\"mpiReplicaSpecs\":{\"Worker\":{\"replicas\":9}}},"
                                 "\"status\":{\"conditions\":[{\"type\":\"Succeeded\",\"status\":\"True\"}],"
                                 "\"completionTime\":\"2026-11-23T19:00:00Z\"}}";
    struct mpijob_target target = {
        .version = MPIJOB_V1, .controller = CONTROLLER_TRAINING_OPERATOR, .kind = KIND_TFJOB};
    struct mpijob_view v = viewed(object, target);
    struct error err;
    assert_int_equal(mpijob_view_gpus(&v, &(bool){false}), 7); /* one PS where it does not say, three workers */
    assert_int_equal(v.workers, 3);
    assert_int_equal(v.phase, PHASE_SUCCEEDED);
    assert_int_equal(mpijob_finished_for(&v, NOON), 3600 * CLOCK_SECOND);
    target.kind = KIND_MXJOB;
    assert_int_equal(mpijob_view(parsed(object), target, &v, &err), ERR_INVALID);
    assert_contains(err.message, "not an MXJob: its kind is \"TFJob\"");
    target.kind = KIND_TFJOB;
    assert_int_equal(
        mpijob_view(
            parsed("{\"apiVersion\":\"kubeflow.org/v2beta1\",\"kind\":\"TFJob\",\"metadata\":{\"name\":\"a\"}}"),
            target, &v, &err),
        ERR_INVALID);
    assert_contains(err.message, "known is kubeflow.org/v1");
}

#define STATUS(spec, status)                                                                                           \
    "{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"},\"spec\":{" spec "},\"status\":{" status "}}"
#define COUNT(name, ready, succeeded) "{\"name\":\"" name "\",\"ready\":" ready ",\"succeeded\":" succeeded "}"
#define SET "\"replicatedJobs\":[{\"name\":\"a\",\"replicas\":2},{\"name\":\"b\",\"replicas\":0}]"
#define IS(type, status)                                                                                               \
    "\"conditions\":[{\"type\":\"" type "\",\"status\":\"" status "\",\"lastTransitionTime\":\"2026-01-01T00:00:"      \
    "00Z\"}]"

static void phases_of_described_kinds(void **state)
{
    (void)state;
    const struct {
        const struct mpijob_kind *kind;
        const char *object;
        enum mpijob_phase phase;
    } cases[] = {
        {KIND_JOBSET, STATUS(SET, ""), PHASE_PENDING},
        {KIND_JOBSET, STATUS(SET, "\"replicatedJobsStatus\":[" COUNT("a", "1", "0") "," COUNT("b", "0", "0") "]"),
         PHASE_PENDING},
        {KIND_JOBSET, STATUS(SET, "\"replicatedJobsStatus\":[" COUNT("a", "1", "1") "," COUNT("b", "0", "0") "]"),
         PHASE_RUNNING},
        {KIND_JOBSET, STATUS(SET, "\"replicatedJobsStatus\":[]"), PHASE_PENDING},
        {KIND_JOBSET, STATUS("", IS("Suspended", "True")), PHASE_SUSPENDED},
        {KIND_JOBSET, STATUS("", IS("Completed", "True")), PHASE_SUCCEEDED},
        {KIND_JOBSET, STATUS("", IS("Completed", "False")), PHASE_PENDING},
        {KIND_TRAINJOB, STATUS("", "\"jobsStatus\":[" COUNT("a", "1", "0") "]"), PHASE_RUNNING},
        {KIND_TRAINJOB, STATUS("", "\"jobsStatus\":[" COUNT("a", "1", "0") "," COUNT("b", "0", "0") "]"),
         PHASE_PENDING},
        {KIND_TRAINJOB, STATUS("", "\"jobsStatus\":[" COUNT("a", "1", "0") "]," IS("Failed", "True")), PHASE_FAILED},
        {KIND_JOB, STATUS("\"parallelism\":2", "\"ready\":1,\"active\":2"), PHASE_PENDING},
        {KIND_JOB, STATUS("\"parallelism\":2", "\"ready\":1,\"succeeded\":1"), PHASE_RUNNING},
        {KIND_JOB, STATUS("", "\"ready\":1"), PHASE_RUNNING},
        {KIND_JOB, STATUS("\"parallelism\":0", "\"ready\":0"), PHASE_PENDING},
        {KIND_JOB, STATUS("\"parallelism\":-1", ""), PHASE_PENDING},
        {KIND_JOB, STATUS("", IS("Complete", "True")), PHASE_SUCCEEDED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mpijob_view v = viewed(cases[i].object, (struct mpijob_target){.kind = cases[i].kind});
        if (v.phase != cases[i].phase)
            fail_msg("%s: %s", cases[i].object, mpijob_phase_name(v.phase));
    }
    struct mpijob_view v =
        viewed("{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\",\"creationTimestamp\":\"2025-01-01T00:00:00Z\"},"
               "\"status\":{" IS("Suspended", "False") ",\"jobsStatus\":[" COUNT("a", "1", "0") "]}}",
               (struct mpijob_target){.kind = KIND_TRAINJOB});
    assert_int_equal(v.phase, PHASE_RUNNING);
    assert_true(v.started > v.created && v.pending_since == v.started); /* it was resumed then */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_other_kinds),
        cmocka_unit_test(the_whole_view),
        cmocka_unit_test(phases),
        cmocka_unit_test(times),
        cmocka_unit_test(what_is_wrong_counts_as_unset),
        cmocka_unit_test(what_is_no_job),
        cmocka_unit_test(gpus_are_counted),
        cmocka_unit_test(phases_of_described_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
