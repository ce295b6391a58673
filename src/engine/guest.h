/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts that are no policies of the engine's, and work beside them on one of its clusters: those of people. */
#ifndef MPIJOBD_ENGINE_GUEST_H
#define MPIJOBD_ENGINE_GUEST_H

#include "engine/engine.h"

/* What such a script works with: it is the engine's, and stays until it stops. Who works there invites itself with
 * runs_invite, and so hears of that. */
struct engine_guest {
    struct runs *runs;
    const struct policy_env *env;
    struct policy_set *set; /* in force now, which a reload may replace; NULL: none is loaded */
};
/* cluster NULL: the only one. 0; ERR_NOT_FOUND: there is no such cluster; ERR_INVALID: there are several, and none is
 * named; ERR_UNREACHABLE: it is not connected; ERR_CANCELLED: the engine is being stopped. */
int engine_guest(struct engine *engine, const char *cluster, struct engine_guest *guest, struct error *err);

#endif
