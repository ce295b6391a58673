/* SPDX-License-Identifier: Apache-2.0 */
/* The three words that a dialect is known by: kind, version, controller, and their names. What follows from them is
 * asked of its row (dialect.h). Facts: docs/reference/mpijob-versions.md. */
#ifndef MPIJOBD_MPIJOB_VERSION_H
#define MPIJOBD_MPIJOB_VERSION_H

#include <stdbool.h>

#include "base/str.h"

enum mpijob_version { MPIJOB_V1ALPHA2, MPIJOB_V1, MPIJOB_V2BETA1 };
#define MPIJOB_VERSIONS 3

/* Which program acts on the objects. v1 alone has two that differ. */
enum mpijob_controller { CONTROLLER_UNKNOWN, CONTROLLER_MPI_OPERATOR, CONTROLLER_TRAINING_OPERATOR, CONTROLLER_CCI };

struct mpijob_kind; /* a kind is its row: mpijob/kind.h */

struct mpijob_target {
    enum mpijob_version version; /* of a kind with versions of its own: which of them */
    enum mpijob_controller controller;
    const struct mpijob_kind *kind; /* NULL: MPIJob */
    const char *const *gpus; /* resources that count as GPUs: globs, NULL-terminated; NULL: mpijob_gpu_resources */
};

const char *mpijob_version_name(enum mpijob_version version);             /* "v1alpha2" */
bool mpijob_version_parse(struct str text, enum mpijob_version *version); /* also "kubeflow.org/v1alpha2" */
const char *mpijob_controller_name(enum mpijob_controller controller);    /* "mpi-operator", "unknown" */
bool mpijob_controller_parse(struct str text, enum mpijob_controller *controller);

/* As far as the server's URL tells: that of Huawei Cloud's CCI, cci.REGION.myhuaweicloud.com; else unknown. */
enum mpijob_controller mpijob_controller_at(const char *server);

#endif
