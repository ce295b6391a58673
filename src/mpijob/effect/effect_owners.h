/* SPDX-License-Identifier: Apache-2.0 */
/* What a change of the owners of an object may do, of whatever kind that is. */
#ifndef MPIJOBD_MPIJOB_EFFECT_EFFECT_OWNERS_H
#define MPIJOBD_MPIJOB_EFFECT_EFFECT_OWNERS_H

#include "mpijob/effect/effect.h"

/* Joins it to the verdict on all else: where an owner is added to those that there are, or goes while others stay,
 * whatever runs by the object may end (may_destroy). Without any owner nothing becomes of it. */
void mpijob_owners_change(struct json before, struct json after, struct mpijob_verdict *verdict);

#endif
