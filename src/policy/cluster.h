/* One API server as policies see it: its connection, the MPIJob version in use, and which controller acts on the
 * objects. */
#ifndef MPIJOBD_POLICY_CLUSTER_H
#define MPIJOBD_POLICY_CLUSTER_H

#include "kube/discovery.h"
#include "kube/verbs.h"
#include "mpijob/version.h"

#define CLUSTER_DEFAULT "default" /* as in the store */

struct cluster_options {
    const char *name; /* NULL: CLUSTER_DEFAULT */
    const struct kube_config *config;
    const struct kube_options *kube;
    const char *api_version;           /* NULL or "auto": the server's preferred one that we know */
    enum mpijob_controller controller; /* CONTROLLER_UNKNOWN: found out */
    const char *const *gpus;           /* as in mpijob_target; outlives the cluster */
    const struct log *log;
};

struct cluster;

/* No request is sent yet. */
int cluster_new(uv_loop_t *loop, const struct cluster_options *options, struct cluster **cluster, struct error *err);
void cluster_close(struct cluster *cluster, void (*closed)(void *data), void *data);

/* Finds the served versions and the controller; calls done once. May be called again: after an error, or to look anew.
 */
typedef void (*cluster_connected)(void *data, const struct error *err);
void cluster_connect(struct cluster *cluster, cluster_connected done, void *data);
/* done comes soon with ERR_CANCELLED. Nothing happens where no connect is under way. */
void cluster_connect_cancel(struct cluster *cluster);

bool cluster_ready(const struct cluster *cluster);
struct kube *cluster_kube(const struct cluster *cluster);
/* The version in use of a kind of job, and who acts on it. */
const struct kube_resource *cluster_resource(const struct cluster *cluster, enum mpijob_kind kind);
struct mpijob_target cluster_target(const struct cluster *cluster, enum mpijob_kind kind);
const char *cluster_name(const struct cluster *cluster);      /* as configured; "default" where there is but one */
const char *cluster_namespace(const struct cluster *cluster); /* the default one */
const char *cluster_server(const struct cluster *cluster);
/* All served versions, in the server's order, comma separated ("v1, v2beta1"). */
const char *cluster_versions(const struct cluster *cluster);

#endif
