/* SPDX-License-Identifier: Apache-2.0 */
/* What only one of the two controllers of v1 MPIJobs writes: into a status, onto a pod, into its definition. */
#include "mpijob/evidence.h"

#include "base/buf.h"
#include "mpijob/dialect.h"

#define OPERATOR_LABEL "training.kubeflow.org/operator-name"
#define OPERATOR_NAME "mpijob-controller" /* mpi-operator has the label too from v0.4 on, with its own name */

const char mpijob_evidence_pods[] = OPERATOR_LABEL "=" OPERATOR_NAME;

/* ---- status ---- */

/* "MPIJob NAME SAID" or "MPIJob NAMESPACE/NAME SAID"? */
static bool says(struct json condition, struct json metadata, bool name_space, const char *said)
{
    struct buf text = BUF_INIT;
    buf_puts(&text, "MPIJob ");
    if (name_space) {
        json_decode(json_get(metadata, "namespace"), &text);
        buf_putc(&text, '/');
    }
    json_decode(json_get(metadata, "name"), &text);
    buf_puts(&text, said);
    bool same = !text.failed && json_string_is(json_get(condition, "message"), buf_str(&text));
    buf_free(&text);
    return same;
}

/* training-operator stores "MPIJob NAME is running." in every release that serves MPIJobs, mpi-operator "MPIJob
 * NAMESPACE/NAME is running."; the former has that sentence as well, but drops it before the status is stored. "...
 * is created." was alike in both before training-operator v1.7, and so only the newer sentence tells. */
unsigned mpijob_evidence_of_job(struct json job)
{
    struct json metadata = json_get(job, "metadata"), conditions = json_get(json_get(job, "status"), "conditions");
    unsigned evidence = 0;
    for (struct json_iter it = json_iter(conditions); json_next(&it);) {
        struct json type = json_get(it.value, "type");
        bool running = json_string_is(type, str_of("Running")), created = json_string_is(type, str_of("Created"));
        if ((running && says(it.value, metadata, false, " is running.")) ||
            (created && says(it.value, metadata, false, " is created.")))
            evidence |= EVIDENCE_TRAINING_OPERATOR;
        else if (running && says(it.value, metadata, true, " is running."))
            evidence |= EVIDENCE_MPI_OPERATOR;
    }
    return evidence;
}

/* ---- pods ---- */

unsigned mpijob_evidence_of_pod(struct json pod)
{
    struct json metadata = json_get(pod, "metadata");
    struct json label = json_get(json_get(metadata, "labels"), OPERATOR_LABEL);
    if (!json_string_is(label, str_of(OPERATOR_NAME)))
        return 0;
    for (struct json_iter it = json_iter(json_get(metadata, "ownerReferences")); json_next(&it);) {
        if (json_is_true(json_get(it.value, "controller")) &&
            json_string_is(json_get(it.value, "kind"), str_of("MPIJob")) &&
            json_string_is(json_get(it.value, "apiVersion"), str_of("kubeflow.org/v1")))
            return EVIDENCE_TRAINING_OPERATOR;
    }
    return 0; /* labels alone may have been copied */
}

enum mpijob_controller mpijob_evidence_controller(unsigned evidence)
{
    return evidence == EVIDENCE_TRAINING_OPERATOR ? CONTROLLER_TRAINING_OPERATOR
           : evidence == EVIDENCE_MPI_OPERATOR    ? CONTROLLER_MPI_OPERATOR
                                                  : CONTROLLER_UNKNOWN;
}

/* ---- the definition ---- */

/* training-operator's definition types spec.runPolicy; mpi-operator's v1 leaves the spec open. */
enum mpijob_controller mpijob_evidence_of_definition(struct json definition)
{
    struct json versions = json_at(definition, "/spec/versions");
    for (struct json_iter it = json_iter(versions); json_next(&it);) {
        struct json name = json_get(it.value, "name");
        enum mpijob_version version;
        if (json_type(name) != JSON_STRING ||
            !mpijob_version_parse(str_n(name.text.ptr + 1, name.text.len - 2), &version) ||
            !mpijob_dialect_of(KIND_MPIJOB, version, CONTROLLER_UNKNOWN)->open)
            continue;
        struct json spec = json_at(it.value, "/schema/openAPIV3Schema/properties/spec/properties");
        if (!json_exists(spec))
            return CONTROLLER_UNKNOWN;
        return json_exists(json_get(spec, "runPolicy")) ? CONTROLLER_TRAINING_OPERATOR : CONTROLLER_MPI_OPERATOR;
    }
    return CONTROLLER_UNKNOWN;
}
