/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the inspect floor only: does Kubernetes' decoder take a value where a type stands? */
#ifndef MPIJOBD_MPIJOB_INSPECT_POD_VALUE_H
#define MPIJOBD_MPIJOB_INSPECT_POD_VALUE_H

#include "mpijob/inspect/pod_types.h"
#include "json/value.h"

/* kind: not POD_OBJECT. null is taken everywhere. err: ERR_NOMEM leaves the answer open (true), 0 otherwise. */
bool pod_value_fits(struct json value, enum pod_kind kind, int *err);

#endif
