/* SPDX-License-Identifier: Apache-2.0 */
/* Where the Lease of a leader election is, as the configuration says. */
#ifndef MPIJOBD_CLI_SESSION_LEAD_PLACE_H
#define MPIJOBD_CLI_SESSION_LEAD_PLACE_H

#include "cli/session/session.h"

struct lead_place {
    struct session_cluster *at;
    const char *name_space, *name;
};

/* The session's clusters are open; an election is asked for. 0; ERR_INVALID: no namespace is given and this is no pod,
 * or the session is not about that cluster. Valid as long as the session's clusters. */
int lead_place_find(struct session *s, struct lead_place *place, struct error *err);
/* The namespace alone, where that cluster is signed in to by `kube`. ERR_INVALID, as above. */
int lead_place_name_space(const struct session *s, const struct kube_config *kube, const char **name_space,
                          struct error *err);

#endif
