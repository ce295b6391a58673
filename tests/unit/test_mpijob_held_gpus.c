/* SPDX-License-Identifier: Apache-2.0 */
/* What jobs hold: pods counted by their job, and what is worked out where they cannot be listed. */
#include "mpijob_fixture.h"

#include "alloc.h"
#include "mpijob/held_gpus.h"

#define LIMIT(n) "{\"resources\":{\"limits\":{\"nvidia.com/gpu\":" #n "}}}"
#define CONTAINERS(list) "\"containers\":[" list "]"
#define POD(labels, owners, spec, phase)                                                                               \
    "{\"metadata\":{\"name\":\"x\",\"namespace\":\"train\",\"labels\":{" labels "},\"ownerReferences\":[" owners       \
    "]},\"spec\":{" spec "},\"status\":{\"phase\":\"" phase "\"}}"
#define NODE "\"nodeName\":\"n1\","
#define OWNED(uid) "{\"apiVersion\":\"kubeflow.org/v1\",\"kind\":\"MPIJob\",\"uid\":\"" uid "\",\"controller\":true}"
#define BATCH "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"uid\":\"other\",\"controller\":true}"
#define COMMON(role) "\"training.kubeflow.org/job-name\":\"bert\",\"training.kubeflow.org/job-role\":\"" role "\""

static void add_pod(struct mpijob_pods *pods, const char *text)
{
    struct error err;
    assert_int_equal(mpijob_pods_add(pods, parsed(text), &err), 0);
}

static struct mpijob_view job_named(const char *name, const char *uid)
{
    static char text[512];
    snprintf(text, sizeof text, "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"train\",\"uid\":\"%s\"}}", name, uid);
    return viewed(text, BETA);
}

static void crew_is(const struct mpijob_pods *pods, const char *name, const char *uid, struct mpijob_crew expected)
{
    struct mpijob_view view = job_named(name, uid);
    struct mpijob_crew crew = mpijob_pods_of(pods, &view);
    if (memcmp(&crew, &expected, sizeof crew) != 0)
        fail_msg("%s %s: %lld workers, %lld launchers, %lld GPUs, %lld waiting", name, uid, (long long)crew.workers,
                 (long long)crew.launchers, (long long)crew.gpus, (long long)crew.waiting);
}

static void pods_are_counted_by_their_job(void **state)
{
    (void)state;
    struct mpijob_pods *pods = mpijob_pods_new(NULL);
    add_pod(pods, POD(COMMON("worker"), OWNED("u1"), NODE CONTAINERS(LIMIT(4)), "Running"));
    add_pod(pods, POD(COMMON("worker"), OWNED("u1"), NODE CONTAINERS(LIMIT(4)), "Pending"));
    add_pod(pods, POD(COMMON("worker"), OWNED("u1"), CONTAINERS(LIMIT(4)), "Pending"));          /* no node yet */
    add_pod(pods, POD(COMMON("worker"), OWNED("u1"), NODE CONTAINERS(LIMIT(4)), "Succeeded"));   /* holds nothing */
    add_pod(pods, POD(COMMON("worker"), OWNED("u1"), NODE CONTAINERS(LIMIT(4)), "Failed"));      /* the same */
    add_pod(pods, POD(COMMON("worker"), OWNED("u0"), NODE CONTAINERS(LIMIT(4)), "Running"));     /* an earlier bert's */
    add_pod(pods, POD(COMMON("launcher"), BATCH, NODE CONTAINERS(LIMIT(1)), "Running"));         /* by its Job */
    add_pod(pods, POD("\"app\":\"bert\"", OWNED("u1"), NODE CONTAINERS(LIMIT(8)), "Running"));   /* no such label */
    add_pod(pods, POD("\"mpi-job-name\":5", OWNED("u1"), NODE CONTAINERS(LIMIT(8)), "Running")); /* not a text */
    add_pod(pods, "{}");
    crew_is(pods, "bert", "u1", (struct mpijob_crew){.workers = 3, .launchers = 1, .gpus = 9, .waiting = 4});
    crew_is(pods, "bert", "u0", (struct mpijob_crew){.workers = 1, .launchers = 1, .gpus = 5});
    crew_is(pods, "bert", "", (struct mpijob_crew){.launchers = 1, .gpus = 1});
    crew_is(pods, "ber", "u1", (struct mpijob_crew){0});
    mpijob_pods_clear(pods);
    crew_is(pods, "bert", "u1", (struct mpijob_crew){0});
    mpijob_pods_free(pods);
    mpijob_pods_free(NULL);
}

static void each_controller_has_its_labels(void **state)
{
    (void)state;
    static const struct {
        const char *worker, *launcher;
        struct mpijob_target target;
        const char *key, *second;
    } cases[] = {
        {"\"mpi_job_name\":\"bert\",\"mpi_role_type\":\"worker\"",
         "\"mpi_job_name\":\"bert\",\"mpi_role_type\":\"launcher\"", ALPHA, "mpi_job_name", NULL},
        {"\"mpi-job-name\":\"bert\",\"mpi-job-role\":\"worker\"",
         "\"mpi-job-name\":\"bert\",\"mpi-job-role\":\"launcher\"", V1_MPI, "mpi-job-name", NULL},
        {"\"training.kubeflow.org/job-name\":\"bert\",\"training.kubeflow.org/replica-type\":\"worker\"",
         "\"training.kubeflow.org/job-name\":\"bert\",\"training.kubeflow.org/replica-type\":\"launcher\"", V1_TRAINING,
         "training.kubeflow.org/job-name", NULL},
        {"\"training.kubeflow.org/job-name\":\"bert\",\"training.kubeflow.org/replica-type\":\"worker\"",
         "\"training.kubeflow.org/job-name\":\"bert\",\"training.kubeflow.org/job-role\":\"master\"", V1_ANY,
         "mpi-job-name", "training.kubeflow.org/job-name"},
        {COMMON("worker"), COMMON("launcher"), BETA, "training.kubeflow.org/job-name", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const *keys = mpijob_pod_labels(cases[i].target);
        char text[1024];
        struct mpijob_pods *pods = mpijob_pods_new(NULL);
        for (int launcher = 0; launcher < 2; launcher++) {
            snprintf(text, sizeof text, POD("%s", BATCH, NODE CONTAINERS(LIMIT(2)), "Running"),
                     launcher ? cases[i].launcher : cases[i].worker);
            add_pod(pods, text);
        }
        crew_is(pods, "bert", "u1", (struct mpijob_crew){.workers = 1, .launchers = 1, .gpus = 4});
        assert_string_equal(keys[0], cases[i].key);
        if (cases[i].second)
            assert_string_equal(keys[1], cases[i].second);
        assert_null(keys[cases[i].second ? 2 : 1]);
        mpijob_pods_free(pods);
    }
}

static void a_pod_is_reckoned_as_the_scheduler_does(void **state)
{
    (void)state;
#define SIDECAR(n) "{\"restartPolicy\":\"Always\",\"resources\":{\"limits\":{\"nvidia.com/gpu\":" #n "}}}"
    static const struct {
        const char *spec;
        int64_t gpus;
    } cases[] = {
        {CONTAINERS(LIMIT(1) "," LIMIT(2)), 3},
        {"\"initContainers\":[" LIMIT(2) "," LIMIT(8) "]," CONTAINERS(LIMIT(3)), 8},
        {"\"initContainers\":[" LIMIT(2) "]," CONTAINERS(LIMIT(3)), 3},
        {"\"initContainers\":[" SIDECAR(1) "," LIMIT(4) "]," CONTAINERS(LIMIT(3)), 5},
        {"\"initContainers\":[" LIMIT(4) "," SIDECAR(1) "]," CONTAINERS(LIMIT(3)), 4},
        {"\"containers\":{},\"initContainers\":5", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        struct mpijob_pods *pods = mpijob_pods_new(NULL);
        snprintf(text, sizeof text, POD(COMMON("worker"), OWNED("u1"), NODE "%s", "Running"), cases[i].spec);
        add_pod(pods, text);
        crew_is(pods, "bert", "u1", (struct mpijob_crew){.workers = 1, .gpus = cases[i].gpus});
        mpijob_pods_free(pods);
    }
    static const char *const own[] = {"example.com/*", NULL};
    struct mpijob_pods *pods = mpijob_pods_new(own);
    add_pod(pods, POD(COMMON("worker"), OWNED("u1"),
                      NODE CONTAINERS("{\"resources\":{\"limits\":{\"example.com/tpu\":2,\"nvidia.com/gpu\":1}}}"),
                      "Running"));
    crew_is(pods, "bert", "u1", (struct mpijob_crew){.workers = 1, .gpus = 2});
    mpijob_pods_free(pods);
}

#define SUCCEEDED                                                                                                      \
    "\"conditions\":[{\"type\":\"Succeeded\",\"status\":\"True\",\"lastTransitionTime\":\"2026-11-23T18:00:00Z\"}],"   \
    "\"completionTime\":\"2026-11-23T18:00:00Z\""
#define EVICTED                                                                                                        \
    "\"conditions\":[{\"type\":\"Failed\",\"status\":\"True\",\"reason\":\"MPIJobEvicted\",\"lastTransitionTime\":"    \
    "\"2026-11-23T18:00:00Z\"}]"
#define RUNNING "\"conditions\":[{\"type\":\"Running\",\"status\":\"True\"}]"
#define WORKERS(active) ",\"replicaStatuses\":{\"Worker\":{" active "}}"

static void without_pods_it_is_worked_out(void **state)
{
    (void)state;
    static const struct {
        struct mpijob_target target;
        const char *spec, *status; /* spec: what stands before mpiReplicaSpecs */
        int64_t gpus;              /* of 2 workers with 4 each, and a launcher with 1; -1: cannot be told */
        enum mpijob_held_by source;
    } cases[] = {
        {ALPHA, "", SUCCEEDED WORKERS("\"active\":2"), 8, HELD_BY_STATUS},
        {ALPHA, "", SUCCEEDED WORKERS("\"active\":1"), 4, HELD_BY_STATUS},
        {ALPHA, "", SUCCEEDED WORKERS(""), 0, HELD_BY_STATUS},
        {ALPHA, "", SUCCEEDED, 8, HELD_BY_POLICY},
        {ALPHA, "\"cleanPodPolicy\":\"Running\",", SUCCEEDED, 0, HELD_BY_POLICY},
        {ALPHA, "\"cleanPodPolicy\":\"running\",", SUCCEEDED, 8, HELD_BY_POLICY},
        {ALPHA, "\"runPolicy\":{\"cleanPodPolicy\":\"All\"},", SUCCEEDED, 8, HELD_BY_POLICY}, /* the wrong place */
        {CCI, "", SUCCEEDED, 0, HELD_BY_POLICY},
        {CCI, "\"cleanPodPolicy\":\"None\",", SUCCEEDED, 8, HELD_BY_POLICY},
        {CCI, "\"cleanPodPolicy\":\"None\",", SUCCEEDED WORKERS("\"active\":2"), 8, HELD_BY_STATUS},
        {V1_MPI, "", SUCCEEDED WORKERS("\"active\":2"), 8, HELD_BY_POLICY}, /* not kept up to date there */
        {V1_MPI, "", SUCCEEDED WORKERS(""), 8, HELD_BY_POLICY},
        {V1_MPI, "\"cleanPodPolicy\":\"All\",", EVICTED, 8, HELD_BY_POLICY},
        {V1_MPI, "\"cleanPodPolicy\":\"Running\",", SUCCEEDED, 0, HELD_BY_POLICY},
        {V1_TRAINING, "\"runPolicy\":{\"cleanPodPolicy\":\"None\"},", SUCCEEDED, 8, HELD_BY_POLICY},
        {V1_TRAINING, "\"runPolicy\":{\"cleanPodPolicy\":\"Al\"},", SUCCEEDED, 0, HELD_BY_POLICY}, /* taken for All */
        {V1_TRAINING, "\"runPolicy\":{\"cleanPodPolicy\":\"All\"},", EVICTED, 0, HELD_BY_POLICY},
        {V1_TRAINING, "\"runPolicy\":{\"cleanPodPolicy\":\"All\",\"managedBy\":\"example.com/x\"},", SUCCEEDED, 8,
         HELD_BY_POLICY},
        {V1_ANY, "\"cleanPodPolicy\":\"Al\",", SUCCEEDED, 8, HELD_BY_POLICY},
        {BETA, "", SUCCEEDED, 8, HELD_BY_POLICY},
        {BETA, "\"runPolicy\":{\"cleanPodPolicy\":\"Running\"},", SUCCEEDED, 0, HELD_BY_POLICY},
        {BETA, "\"runPolicy\":{\"cleanPodPolicy\":null},", SUCCEEDED, 8, HELD_BY_POLICY},
        {BETA, "\"runPolicy\":{\"cleanPodPolicy\":\"All\"},", EVICTED, 8, HELD_BY_POLICY},
        {BETA, "\"runPolicy\":{\"cleanPodPolicy\":\"All\",\"suspend\":true},", EVICTED, 0, HELD_BY_POLICY},
        {BETA, "\"runPolicy\":{\"cleanPodPolicy\":\"Running\"},",
         EVICTED ",\"completionTime\":\"2026-11-23T18:00:00Z\"", 0, HELD_BY_POLICY},
        {BETA, "", RUNNING WORKERS("\"active\":2"), -1, HELD_BY_POLICY},
        {BETA, "", "", -1, HELD_BY_POLICY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[2048];
        struct mpijob_held_gpus hold;
        snprintf(text, sizeof text,
                 "{\"metadata\":{\"name\":\"bert\"},\"spec\":{%s\"mpiReplicaSpecs\":{\"Launcher\":{\"template\":{"
                 "\"spec\":{" CONTAINERS(LIMIT(1)) "}}},\"Worker\":{\"replicas\":2,\"template\":{\"spec\":{" CONTAINERS(
                     LIMIT(4)) "}}}}},\"status\":{%s}}",
                 cases[i].spec, cases[i].status);
        struct mpijob_view view = viewed(text, cases[i].target);
        int64_t got = mpijob_holds_gpus(&view, NULL, &hold) ? hold.gpus : -1;
        if (got != cases[i].gpus || (got >= 0 && hold.source != cases[i].source))
            fail_msg("case %zu: %lld, source %d: %s", i, (long long)got, (int)hold.source, text);
        struct mpijob_pods *none = mpijob_pods_new(NULL);
        assert_true(mpijob_holds_gpus(&view, none, &hold)); /* pods that were listed count, whatever the policy says */
        bool cci = cases[i].target.controller == CONTROLLER_CCI; /* but nobody knows how CCI's are labelled */
        assert_int_equal(hold.gpus, cci ? cases[i].gpus : 0);
        assert_int_equal(hold.source, cci ? cases[i].source : HELD_BY_PODS);
        mpijob_pods_free(none);
    }
}

static void hours_lie_within_the_window(void **state)
{
    (void)state;
    const int64_t hour = 3600 * CLOCK_SECOND, day = 24 * hour;
    static const struct {
        int64_t gpus, from, until, window; /* hours before now */
        double hours;
    } cases[] = {
        {8, 2, 0, 24, 16},  {8, 48, 0, 24, 192}, {8, 48, 0, 168, 384}, {8, 48, 46, 24, 0},
        {8, 25, 23, 24, 8}, {1, 0, 0, 24, 0},    {0, 48, 0, 24, 0},    {4, 2, -2, 24, 8}, /* a clock that is ahead */
        {4, -2, 0, 24, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double got = mpijob_gpu_hours(cases[i].gpus, NOON - cases[i].from * hour, NOON - cases[i].until * hour, NOON,
                                      cases[i].window * hour);
        if (got < cases[i].hours - 1e-9 || got > cases[i].hours + 1e-9)
            fail_msg("case %zu: %g", i, got);
    }
    assert_true(mpijob_gpu_hours(8, MPIJOB_NO_TIME, NOON, NOON, day) == 0);
    assert_true(mpijob_gpu_hours(8, NOON - day, MPIJOB_NO_TIME, NOON, day) == 0);
}

static void counting_without_memory_is_an_error(void **state)
{
    (void)state;
    for (long n = 1; n < 100; n++) {
        struct error err = {0};
        alloc_fail_at(n);
        struct mpijob_pods *pods = mpijob_pods_new(NULL);
        int rc = pods
                     ? mpijob_pods_add(
                           pods, parsed(POD(COMMON("worker"), OWNED("u1"), NODE CONTAINERS(LIMIT(4)), "Running")), &err)
                     : ERR_NOMEM;
        bool failed = alloc_failed();
        alloc_fail_at(0);
        if (!failed) {
            crew_is(pods, "bert", "u1", (struct mpijob_crew){.workers = 1, .gpus = 4});
            mpijob_pods_free(pods);
            assert_true(n > 3);
            return;
        }
        assert_int_equal(rc, ERR_NOMEM);
        if (pods)
            crew_is(pods, "bert", "u1", (struct mpijob_crew){0});
        mpijob_pods_free(pods);
    }
    fail_msg("no end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pods_are_counted_by_their_job),
        cmocka_unit_test(each_controller_has_its_labels),
        cmocka_unit_test(a_pod_is_reckoned_as_the_scheduler_does),
        cmocka_unit_test(without_pods_it_is_worked_out),
        cmocka_unit_test(hours_lie_within_the_window),
        cmocka_unit_test(counting_without_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
