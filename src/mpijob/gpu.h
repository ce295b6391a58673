/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the mpijob floor only: GPUs that replica specs and pods ask for. */
#ifndef MPIJOBD_MPIJOB_GPU_H
#define MPIJOBD_MPIJOB_GPU_H

#include "mpijob/version.h"
#include "json/value.h"

/* mpijob_gpus of the kind's replica specs. resources NULL: the default list. *unread becomes true where an amount is no
 * quantity; it counts as none. */
int64_t gpus_of_roles(struct json specs, enum mpijob_kind kind, const char *const *resources, bool *unread);
int64_t gpus_of_workers(struct json specs, enum mpijob_kind kind, const char *const *resources);
/* Of one pod by its spec, be it a pod's or a template's. */
int64_t gpus_of_pod(struct json spec, const char *const *resources);

#endif
