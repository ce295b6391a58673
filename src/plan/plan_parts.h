/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this floor share: the form of a plan's text. */
#ifndef MPIJOBD_PLAN_PLAN_PARTS_H
#define MPIJOBD_PLAN_PLAN_PARTS_H

#include "plan/plan.h"

#define PLAN_KEY "mpijobd_plan"
/* The text ends so, and perhaps with the end of a line. */
#define PLAN_SUM_BEFORE ",\"sum\":\"sha256:"
#define PLAN_SUM_AFTER "\"}"

/* Would a plan hold what is in a Secret? It may hold a merge patch of its labels, and its deletion. body: absent where
 * the write has none. */
bool plan_tells_secret(const struct kube_resource *resource, enum change_verb verb, bool json_patch, struct json body);
const char *plan_verb_name(enum change_verb verb); /* "replace" */

#endif
