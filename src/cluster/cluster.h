/* One API server as policies see it: its connection, the kinds of job that it serves, the version in use of each, and
 * which controller acts on the objects. Versions are found out when it is connected, and looked at again (cluster_look,
 * cluster_lost): a definition may be upgraded at any time. */
#ifndef MPIJOBD_CLUSTER_CLUSTER_H
#define MPIJOBD_CLUSTER_CLUSTER_H

#include "kube/discovery.h"
#include "kube/kinds.h"
#include "kube/verbs.h"
#include "mpijob/version.h"

#define CLUSTER_DEFAULT "default" /* as in the store */

struct cluster_options {
    const char *name; /* NULL: CLUSTER_DEFAULT */
    const struct kube_config *config;
    const struct kube_options *kube;
    const char *api_version;           /* of MPIJobs; NULL or "auto": found out */
    enum mpijob_controller controller; /* CONTROLLER_UNKNOWN: found out */
    const char *const *gpus;           /* as in mpijob_target; outlives the cluster */
    const char *const *namespaces;     /* that it is kept to, NULL-terminated; NULL: all. Outlives it too */
    bool writes; /* jobs will be changed: a dry run finds the one of several versions that keeps what is written */
    const struct log *log;
};

struct cluster;

/* No request is sent yet. */
int cluster_new(uv_loop_t *loop, const struct cluster_options *options, struct cluster **cluster, struct error *err);
void cluster_close(struct cluster *cluster, void (*closed)(void *data), void *data);

/* Finds the served versions and the controller; calls done once. May be called again: after an error, or to look anew.
 * An error where none of the kinds is served, or MPIJobs are not in the configured version. */
typedef void (*cluster_connected)(void *data, const struct error *err);
void cluster_connect(struct cluster *cluster, cluster_connected done, void *data);
/* done comes soon with ERR_CANCELLED. Nothing happens where no connect is under way. */
void cluster_connect_cancel(struct cluster *cluster);

bool cluster_ready(const struct cluster *cluster);
struct kube *cluster_kube(const struct cluster *cluster);

/* Which resources the kinds of the cluster are served as, of any group; made when they are first asked for. NULL: out
 * of memory. */
struct kube_kinds *cluster_kinds(struct cluster *cluster);

/* ---- kinds and versions ---- */

/* Is the kind served? ERR_NOT_FOUND says what to install. Where it is not, it is looked for again soon. */
int cluster_serves(struct cluster *cluster, enum mpijob_kind kind, struct error *err);
/* The version in use of a kind of job, and who acts on it. They change when a look finds the server changed: who keeps
 * objects over time takes their own version by cluster_target_of. */
const struct kube_resource *cluster_resource(const struct cluster *cluster, enum mpijob_kind kind);
struct mpijob_target cluster_target(const struct cluster *cluster, enum mpijob_kind kind);
/* What told who acts on the MPIJobs: "configured", "server" (its name), "version", "definition", "status", "pods";
 * NULL: nothing did. */
const char *cluster_controller_by(const struct cluster *cluster);
/* What is known of it before a request is made to it: false: nothing is yet; the version is found out. */
bool cluster_knows(const struct cluster *cluster, enum mpijob_kind kind);
/* The same for the version that the object was read in. */
struct mpijob_target cluster_target_of(const struct cluster *cluster, enum mpijob_kind kind, struct json object);
/* All served versions of a kind, in the server's order, comma separated ("v1, v2beta1"). */
const char *cluster_versions(const struct cluster *cluster, enum mpijob_kind kind);

/* Looks at the versions anew, in the background; what has changed is put in force and logged once. Nothing happens
 * before the cluster is connected, or while it is looking already. */
void cluster_look(struct cluster *cluster);
bool cluster_looking(const struct cluster *cluster);

/* A path of `version` was answered with a 404 of its own (error.no_path): finds out what is served now. found is called
 * once, later: moved where another version than that one is in use now, so that it makes sense to begin again. */
struct cluster_wait {
    void (*found)(struct cluster_wait *wait, bool moved);
    void *data;            /* the owner's */
    enum mpijob_kind kind; /* and on: the cluster's */
    enum mpijob_version version;
    struct cluster_wait *prev, *next;
    unsigned round;
    bool waiting;
};
void cluster_lost(struct cluster *cluster, enum mpijob_kind kind, enum mpijob_version version,
                  struct cluster_wait *wait);
void cluster_wait_cancel(struct cluster *cluster, struct cluster_wait *wait); /* found is not called any more */

/* A hook for who keeps anything that depends on the versions in use (watches, caches): changed is called on the loop
 * after a look has put another version, controller or kind in force. Not called for the first connect. The structure is
 * the caller's and stays where it is until cluster_off_change; hooks may be taken away within the call. */
struct cluster_change {
    void (*changed)(struct cluster_change *change);
    void *data;
    struct cluster_change *prev, *next;
};
void cluster_on_change(struct cluster *cluster, struct cluster_change *change);
void cluster_off_change(struct cluster *cluster, struct cluster_change *change);

/* ---- names ---- */

const char *cluster_name(const struct cluster *cluster);      /* as configured; "default" where there is but one */
const char *cluster_namespace(const struct cluster *cluster); /* the default one */
const char *cluster_server(const struct cluster *cluster);

#endif
