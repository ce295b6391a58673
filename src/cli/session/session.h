/* SPDX-License-Identifier: Apache-2.0 */
/* What a command stands on: loop, clock, log, configuration, cluster, journal; opened as far as the command needs them,
 * and closed so that nothing is left on the loop. */
#ifndef MPIJOBD_CLI_SESSION_SESSION_H
#define MPIJOBD_CLI_SESSION_SESSION_H

#include "base/log_levels.h"
#include "base/metrics.h"
#include "cli/config/config.h"
#include "cli/session/options.h"
#include "engine/engine.h"
#include "loop/defer.h"
#include "shard/shard.h"
#include "site/site.h"

/* One cluster of the session's. */
struct session_cluster {
    const struct config_cluster *config;
    struct kube_config kube_config;
    struct cluster *cluster;
    const char **namespaces; /* in scope, NULL-terminated; NULL: all */
    const char *one_namespace[2];
    struct session *session;
    struct shard shard;  /* of a daemon that shares the jobs: the part that this connection is for; else zeros */
    char told[80];       /* and what it is called: "default/3" */
    struct lead *lead;   /* whose holder acts for it. Not owned */
    struct state *state; /* likewise */
    bool lost;           /* it could not be connected to */
    struct error *error; /* why; NULL: it is not lost, or memory was out */
};

struct hand;
struct lead;
struct state;

/* A policy that stands aside on a cluster, as its version lacks what the policy replaces. */
struct session_aside {
    const char *policy, *cluster, *why;
    char *texts; /* the block that holds them */
};

struct session {
    const char *command;
    struct options options;
    struct config config;
    uv_loop_t loop;
    struct defer_queue soon; /* of the loop */
    struct clock clock;
    struct log log;
    struct session_cluster
        *clusters; /* those that the command is about; of a daemon that shares its jobs, the shards */
    struct log_levels levels;
    size_t cluster_count, connecting;
    const char **cluster_names;
    struct config_cluster hand; /* the one that the command line names */
    size_t lost;                /* how many of them could not be connected to: printed, and left out */
    /* the first of them; with most commands the only one */
    struct cluster *cluster;
    const struct kube_config *kube_config; /* NULL: not read yet */
    struct metrics *metrics;               /* of a daemon; NULL: nothing is counted */
    struct store *store;
    struct hand *by_hand; /* where changes by hand are written (hand.h); NULL: nowhere */
    struct engine *engine;
    struct session_aside *aside; /* of the loaded policies, where the command is about what policies do (`acts`) */
    size_t aside_count;
    struct outside *outside; /* NULL: not opened */
    const char **namespaces; /* in scope there, NULL-terminated; NULL: all */
    /* Gets what is wrong in the policies, before it is told as an error of the command. NULL: it is printed. */
    void (*mistakes)(void *data, const struct policy_set *set);
    void *mistakes_data;
    struct error error; /* scratch: of the call under way */
    const char *one_namespace[2];
    bool daemon; /* the scope is a daemon's */
    bool flag;   /* what session_wait waits for */
    bool acts;   /* the command is about what policies do now: where none is in force, that is an error */
    bool quiet;  /* errors are left in `error`, and not printed */
};

/* Configuration, log and loop. 0, or the exit code after the error was printed on standard error; so do all of these
 * that return an exit code. */
int session_open(struct session *s, const char *command, const struct options *options);
/* What a command works in: -n, -A, else the context's namespace (daemon: else the configured namespaces, else all).
 * Comes before session_cluster and session_clusters, which follow it. */
void session_scope(struct session *s, bool daemon);
/* Reads the kubeconfig and makes the cluster; no request yet. Where several are configured,
 * --cluster has to say which. */
int session_cluster(struct session *s);
/* The same with all that are configured, or the one of --cluster. */
int session_clusters(struct session *s);
/* How a configured cluster is signed in to, or the one of --kubeconfig and --context in its place; free it with
 * kube_config_free, also after an error. Errors as of kube_config_load. */
int session_kube_config(const struct session *s, const struct config_cluster *cluster, struct kube_config *kube,
                        struct error *err);
/* To each of its clusters, at most; those of shards have the connections of one cluster between them. */
size_t session_connections(const struct session *s);
/* Is it a daemon that shares the jobs with others? Then its clusters are the shards of the one that there is. */
bool session_shares(const struct session *s);
/* Closes the clusters, which the engine must not use any more; others may be made then. */
void session_close_clusters(struct session *s);
/* Finds out the versions, waiting for it. Of several clusters, those that fail are printed and left out; an error only
 * where all of them fail. */
int session_connect(struct session *s);
/* All configured names, NULL-terminated. NULL: they are not known, because no configuration was read and no cluster
 * opened; or out of memory. Valid until session_close. */
const char *const *session_cluster_names(struct session *s);
int session_store(struct session *s);
/* What policies reach beyond the cluster. */
int session_outside(struct session *s);
const char *session_state_path(struct session *s, char out[4096]);
/* What works on the session's (first) cluster takes; its changes are written where hand_open has found. Valid as long
 * as that is open. */
struct site session_site(struct session *s);
/* Events tell of what is changed on that site, which stays in place until they are ended: that waits, for some seconds
 * at most, until they are written. */
void session_events(struct session *s, struct site *site);
void session_events_end(struct session *s, struct site *site);
/* Runs the loop until s->flag is set. */
void session_wait(struct session *s);
/* The same for so many milliseconds. */
void session_pause(struct session *s, uint64_t ms);
/* Closes everything and checks that nothing is left on the loop. Returns code, or EXIT_FAILED where something is. */
int session_close(struct session *s, int code);

/* The error as it is to be told: where the server does not have the kind that the command is about (TrainJobs, say),
 * that, made in *own; else err, which may be NULL. */
const struct error *session_told(const struct session *s, const struct error *err, struct error *own);
/* "mpijobd COMMAND: message" on standard error; returns EXIT_FAILED. */
int session_fail(const struct session *s, const struct error *err);

#endif
