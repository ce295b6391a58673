/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the two controllers acts on the MPIJobs of a dialect that is open (v1), where none is configured: by the
 * definition's schema, else by what it leaves behind. Only what one of them alone writes counts:
 * docs/reference/mpijob-versions.md. */
#ifndef MPIJOBD_MPIJOB_EVIDENCE_H
#define MPIJOBD_MPIJOB_EVIDENCE_H

#include "mpijob/version.h"
#include "json/value.h"

/* Bits: which of them has left something. 0: nothing that would tell. */
enum { EVIDENCE_TRAINING_OPERATOR = 1 << 0, EVIDENCE_MPI_OPERATOR = 1 << 1 };
#define EVIDENCE_CONTRADICTS (EVIDENCE_TRAINING_OPERATOR | EVIDENCE_MPI_OPERATOR)

/* By the status of an MPIJob of v1. Out of memory: 0, as with any other that tells nothing. */
unsigned mpijob_evidence_of_job(struct json job);
/* By the labels and the owner of a pod. mpi-operator's pods prove nothing: training-operator v1.4 labelled its own
 * alike. */
unsigned mpijob_evidence_of_pod(struct json pod);
/* A label selector that finds the pods that prove something. */
extern const char mpijob_evidence_pods[];

/* By the definition (CRD) of MPIJobs; unknown where it has no schema, or no version that is open. */
enum mpijob_controller mpijob_evidence_of_definition(struct json definition);
/* Unknown where there is nothing, or things that contradict each other. */
enum mpijob_controller mpijob_evidence_controller(unsigned evidence);

#endif
