/* SPDX-License-Identifier: Apache-2.0 */
/* One API server as policies see it: its connection, the kinds of job that it serves, the version of each that is in
 * use, and the controller that acts on the objects. The versions are found when the cluster is connected, and looked at
 * again later (cluster_look, cluster_lost), since a definition may be upgraded at any time. */
#ifndef MPIJOBD_CLUSTER_CLUSTER_H
#define MPIJOBD_CLUSTER_CLUSTER_H

#include "kube/discovery.h"
#include "kube/verbs.h"
#include "mpijob/kind.h"

struct kube_kinds;

#define CLUSTER_DEFAULT "default" /* as in the store */

struct cluster_options {
    const char *name; /* NULL: CLUSTER_DEFAULT */
    const char *told; /* what the log calls it; NULL: its name, or nothing where that is CLUSTER_DEFAULT */
    const struct kube_config *config;
    const struct kube_options *kube;
    const char *api_version;           /* of MPIJobs; NULL or "auto": found by asking the server */
    enum mpijob_controller controller; /* CONTROLLER_UNKNOWN: likewise */
    const char *const *gpus;           /* as in mpijob_target; outlives the cluster */
    const char *const *namespaces;     /* the only ones in use, NULL-terminated; NULL: all. Outlives the cluster */
    bool writes; /* jobs will be changed: of several versions, a dry-run write finds one that keeps what is written */
    const struct log *log;
};

struct cluster;

/* Sends no request yet. options are copied, apart from what outlives the cluster; loop and log outlive it. ERR_NOMEM;
 * ERR_INVALID where api_version is unknown; and the errors of kube_open. */
int cluster_new(uv_loop_t *loop, const struct cluster_options *options, struct cluster **cluster, struct error *err);
/* Cancels everything and frees the cluster; closed (may be NULL) is called then, later. */
void cluster_close(struct cluster *cluster, void (*closed)(void *data), void *data);

/* Finds the served versions and the controller; calls done once, possibly from within the call. May be called again:
 * after an error, or to look once more. err: ERR_NOT_FOUND where the server serves none of the kinds, or MPIJobs not in
 * the configured version; ERR_CANCELLED; those of kube.h. */
typedef void (*cluster_connected)(void *data, const struct error *err);
void cluster_connect(struct cluster *cluster, cluster_connected done, void *data);
/* done comes soon with ERR_CANCELLED. Nothing happens where no connect is under way. */
void cluster_connect_cancel(struct cluster *cluster);

bool cluster_ready(const struct cluster *cluster);
struct kube *cluster_kube(const struct cluster *cluster);

/* The kinds of any group that the server has, and the resources that serve them; made at the first call, and the
 * cluster's. NULL: out of memory. */
struct kube_kinds *cluster_kinds(struct cluster *cluster);

/* ---- kinds and versions ---- */

/* Makes a kind that was added at run time (mpijob/kinds_added.h) one of the cluster's: what follows may be asked of
 * it. It is taken for served; which of its versions is, a look finds out. Nothing happens with one that is known. */
void cluster_add_kind(struct cluster *cluster, const struct mpijob_kind *kind);

/* Is the kind served? 0, or ERR_NOT_FOUND with a message that says what to install;
 * then the cluster looks again soon. */
int cluster_serves(struct cluster *cluster, const struct mpijob_kind *kind, struct error *err);
/* ERR_NOT_FOUND with that message: for whoever got a 404 for its path (error.no_path). */
int cluster_tell_unserved(const struct cluster *cluster, const struct mpijob_kind *kind, struct error *err);
/* Notes whether the server lacks the kind, for those who tell of it once. True: it did not before. */
bool cluster_lacks(struct cluster *cluster, const struct mpijob_kind *kind, bool lacks);
/* The version of a kind of job that is in use, and the controller that acts on it. They change when a look finds the
 * server changed, so for an object that was read earlier take cluster_target_of. */
const struct kube_resource *cluster_resource(const struct cluster *cluster, const struct mpijob_kind *kind);
struct mpijob_target cluster_target(const struct cluster *cluster, const struct mpijob_kind *kind);
/* What showed which controller acts on the MPIJobs: "configured", "server" (its name), "version", "definition",
 * "status", "pods"; NULL: nothing did. */
const char *cluster_controller_by(const struct cluster *cluster);
/* Is cluster_target right for the kind? Before the cluster is connected, only a configured version is known. */
bool cluster_knows(const struct cluster *cluster, const struct mpijob_kind *kind);
/* As cluster_target, for the version that the object was read in. */
struct mpijob_target cluster_target_of(const struct cluster *cluster, const struct mpijob_kind *kind,
                                       struct json object);
/* All served versions of a kind, in the server's order, comma separated ("v1, v2beta1"). */
const char *cluster_versions(const struct cluster *cluster, const struct mpijob_kind *kind);

/* Looks at the versions again, in the background; a change is put in force and logged once. Does nothing before the
 * cluster is connected, or while it looks already. */
void cluster_look(struct cluster *cluster);
bool cluster_looking(const struct cluster *cluster);

/* The server does not know a path of `version` (error.no_path): finds out what is served now. found is called once,
 * later; moved: another version is in use now, so that it makes sense to begin again. The wait is the caller's, and
 * stays in place until found was called or the wait was cancelled. */
struct cluster_wait {
    void (*found)(struct cluster_wait *wait, bool moved);
    void *data;                     /* the caller's */
    const struct mpijob_kind *kind; /* this and what follows: the cluster's */
    enum mpijob_version version;
    struct cluster_wait *prev, *next;
    unsigned round;
    bool waiting;
};
void cluster_lost(struct cluster *cluster, const struct mpijob_kind *kind, enum mpijob_version version,
                  struct cluster_wait *wait);
void cluster_wait_cancel(struct cluster *cluster, struct cluster_wait *wait); /* found is not called any more */

/* For those who keep something that depends on the versions in use (watches, caches): changed is called after a look
 * has put another version, controller or kind in force, but not for the first connect. The struct is the caller's, and
 * stays in place until cluster_off_change, which may be called from within changed. */
struct cluster_change {
    void (*changed)(struct cluster_change *change);
    void *data;
    struct cluster_change *prev, *next;
};
void cluster_on_change(struct cluster *cluster, struct cluster_change *change);
void cluster_off_change(struct cluster *cluster, struct cluster_change *change);

/* ---- names ---- */

const char *cluster_name(const struct cluster *cluster);      /* as configured; "default" for the only one */
const char *cluster_namespace(const struct cluster *cluster); /* the default namespace */
const char *cluster_server(const struct cluster *cluster);

#endif
