/* SPDX-License-Identifier: Apache-2.0 */
/* Which versions of a group the server serves, and whether a resource is among them. */
#ifndef MPIJOBD_KUBE_DISCOVERY_H
#define MPIJOBD_KUBE_DISCOVERY_H

#include "kube/kube.h"

#define KUBE_VERSIONS_MAX 16

struct kube_served {
    char versions[KUBE_VERSIONS_MAX][32]; /* those that serve the resource, in the server's order of preference */
    size_t count;
};

/* served: one for each of the plurals; count may be 0 for some of them, but not for all. */
typedef void (*kube_discovered)(void *data, const struct kube_served *served, const struct error *err);
struct kube_discovery;
/* GET /apis/GROUP, then /apis/GROUP/VERSION of each; those that have the plural count. plurals ends at NULL and has
 * KUBE_PLURALS_MAX at most. done's error is ERR_NOT_FOUND, with what to install, where the group is not there, or where
 * none of them is served (about the first), ERR_PROTOCOL for an answer that lists no versions, ERR_CANCELLED, or a
 * request's. discovery may be NULL. Returns 0, or what kube_send does: then done is not called. */
#define KUBE_PLURALS_MAX 8
int kube_discover(struct kube *kube, const char *group, const char *const *plurals, kube_discovered done, void *data,
                  struct kube_discovery **discovery, struct error *err);
/* done comes soon with ERR_CANCELLED. */
void kube_discovery_cancel(struct kube_discovery *discovery);

#endif
