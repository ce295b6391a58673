/* Which versions of a group the server serves, and whether a resource is among them. */
#ifndef MPIJOBD_KUBE_DISCOVERY_H
#define MPIJOBD_KUBE_DISCOVERY_H

#include "kube/kube.h"

#define KUBE_VERSIONS_MAX 16

struct kube_served {
    char versions[KUBE_VERSIONS_MAX][32]; /* those that serve the resource, in the server's order of preference */
    size_t count;
};

/* GET /apis/GROUP, then /apis/GROUP/VERSION of each; those with the plural count. A group that is not there:
 * ERR_NOT_FOUND with what to install; count 0 never comes with success. */
typedef void (*kube_discovered)(void *data, const struct kube_served *served, const struct error *err);
struct kube_discovery;
int kube_discover(struct kube *kube, const char *group, const char *plural, kube_discovered done, void *data,
                  struct kube_discovery **discovery, struct error *err);
/* The same for several resources at the price of one: plurals ends at NULL and has KUBE_PLURALS_MAX at most, `served`
 * is one for each of them, and may be empty for some. None served at all: ERR_NOT_FOUND about the first. */
#define KUBE_PLURALS_MAX 8
int kube_discover_each(struct kube *kube, const char *group, const char *const *plurals, kube_discovered done,
                       void *data, struct kube_discovery **discovery, struct error *err);
/* done comes soon with ERR_CANCELLED. */
void kube_discovery_cancel(struct kube_discovery *discovery);

#endif
