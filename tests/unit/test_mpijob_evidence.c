/* SPDX-License-Identifier: Apache-2.0 */
/* Which controller of v1 left something in a job's status or in a pod's labels, and what proves nothing. */
#include "mpijob_fixture.h"

#include "mpijob/evidence.h"

#define JOB(conditions)                                                                                                \
    "{\"metadata\":{\"name\":\"bert\",\"namespace\":\"train\"},\"status\":{\"conditions\":[" conditions "]}}"
#define CONDITION(type, message) "{\"type\":\"" type "\",\"status\":\"True\",\"message\":\"" message "\"}"
#define POD(labels, owner)                                                                                             \
    "{\"metadata\":{\"name\":\"x\",\"labels\":{" labels "},\"ownerReferences\":[{" owner ",\"controller\":true}]}}"
#define OWNER "\"apiVersion\":\"kubeflow.org/v1\",\"kind\":\"MPIJob\""
#define OPERATOR(name) "\"training.kubeflow.org/operator-name\":\"" name "\",\"mpi-job-name\":\"bert\""

static void a_status_tells_by_what_one_alone_writes(void **state)
{
    (void)state;
    static const struct {
        const char *job;
        unsigned evidence;
    } cases[] = {
        {JOB(CONDITION("Running", "MPIJob bert is running.")), EVIDENCE_TRAINING_OPERATOR},
        {JOB(CONDITION("Created", "MPIJob bert is created.")), EVIDENCE_TRAINING_OPERATOR},
        {JOB(CONDITION("Created", "MPIJob train/bert is created.") "," CONDITION("Running", "MPIJob bert is running.")),
         EVIDENCE_TRAINING_OPERATOR},
        {JOB(CONDITION("Running", "MPIJob train/bert is running.")), EVIDENCE_MPI_OPERATOR},
        {JOB(CONDITION("Running", "MPIJob train\\/bert is \\u0072unning.")), EVIDENCE_MPI_OPERATOR},
        {JOB(CONDITION("Created", "MPIJob bert is created.") "," CONDITION("Running", "MPIJob train/bert is running.")),
         EVIDENCE_CONTRADICTS},
        /* Both wrote that one. */
        {JOB(CONDITION("Created", "MPIJob train/bert is created.")), 0},
        /* Another job's sentence, another condition's, none. */
        {JOB(CONDITION("Running", "MPIJob train/gpt is running.")), 0},
        {JOB(CONDITION("Running", "MPIJob gpt is running.")), 0},
        {JOB(CONDITION("Failed", "MPIJob bert is running.")), 0},
        {JOB(CONDITION("Running", "")), 0},
        {JOB("{\"type\":\"Running\",\"message\":7}"), 0},
        {JOB(""), 0},
        {"{\"metadata\":{\"name\":\"bert\",\"namespace\":\"train\"}}", 0},
        {"{\"status\":{\"conditions\":{}}}", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned found = mpijob_evidence_of_job(parsed(cases[i].job));
        if (found != cases[i].evidence)
            fail_msg("%u and not %u: %s", found, cases[i].evidence, cases[i].job);
    }
}

static void a_pod_tells_by_its_label_and_its_owner(void **state)
{
    (void)state;
    static const struct {
        const char *pod;
        unsigned evidence;
    } cases[] = {
        {POD(OPERATOR("mpijob-controller"), OWNER), EVIDENCE_TRAINING_OPERATOR},
        {POD(OPERATOR("mpi-operator"), OWNER), 0},
        {POD("\"mpi-job-name\":\"bert\",\"mpi-job-role\":\"worker\"", OWNER),
         0}, /* training-operator v1.4's are alike */
        {POD(OPERATOR("mpijob-controller"), "\"apiVersion\":\"batch/v1\",\"kind\":\"Job\""), 0},
        {POD(OPERATOR("mpijob-controller"), "\"apiVersion\":\"kubeflow.org/v1\",\"kind\":\"TFJob\""), 0},
        {"{\"metadata\":{\"labels\":{" OPERATOR("mpijob-controller") "}}}", 0},
        {"{}", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned found = mpijob_evidence_of_pod(parsed(cases[i].pod));
        if (found != cases[i].evidence)
            fail_msg("%u and not %u: %s", found, cases[i].evidence, cases[i].pod);
    }
    assert_string_equal(mpijob_evidence_pods, "training.kubeflow.org/operator-name=mpijob-controller");
}

static void what_contradicts_itself_tells_nothing(void **state)
{
    (void)state;
    assert_int_equal(mpijob_evidence_controller(0), CONTROLLER_UNKNOWN);
    assert_int_equal(mpijob_evidence_controller(EVIDENCE_TRAINING_OPERATOR), CONTROLLER_TRAINING_OPERATOR);
    assert_int_equal(mpijob_evidence_controller(EVIDENCE_MPI_OPERATOR), CONTROLLER_MPI_OPERATOR);
    assert_int_equal(mpijob_evidence_controller(EVIDENCE_CONTRADICTS), CONTROLLER_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_status_tells_by_what_one_alone_writes),
        cmocka_unit_test(a_pod_tells_by_its_label_and_its_owner),
        cmocka_unit_test(what_contradicts_itself_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
