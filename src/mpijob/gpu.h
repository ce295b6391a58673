/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the mpijob floor only: GPUs that replica specs and pods ask for. */
#ifndef MPIJOBD_MPIJOB_GPU_H
#define MPIJOBD_MPIJOB_GPU_H

#include "mpijob/version.h"
#include "json/value.h"

/* spec.mpiReplicaSpecs, as the kind calls it; absent where the kind has none. */
struct json roles_of(struct json object, const struct mpijob_kind *kind);
/* As mpijob_gpus (mpijob/view.h), of the workers alone. resources NULL: the default list. */
int64_t gpus_of_workers(struct json specs, const struct mpijob_kind *kind, const char *const *resources);
/* Of one pod by its spec, be it a pod's or a template's. */
int64_t gpus_of_pod(struct json spec, const char *const *resources);

#endif
