/* SPDX-License-Identifier: Apache-2.0 */
/* A cluster's insides, shared by the files cluster*.c only. */
#ifndef MPIJOBD_CLUSTER_CLUSTER_PARTS_H
#define MPIJOBD_CLUSTER_CLUSTER_PARTS_H

#include "cluster/cluster.h"
#include "loop/timer.h"
#include "mpijob/evidence.h"
#include "mpijob/kind.h"

/* What is known of one kind. */
struct cluster_kind {
    bool served;
    bool went;                     /* it is not served, and was served before */
    bool wanted;                   /* policies, or the command, are about it */
    struct kube_resource resource; /* where the kind is not served: as it would be */
    struct mpijob_target target;
    char versions[KUBE_VERSIONS_MAX * 34]; /* all that are served, comma separated */
};

/* A dry-run write through one version after the other, until one keeps what was sent (cluster_probe.c). */
struct cluster_probe {
    struct kube_request *request;
    enum mpijob_version order[MPIJOB_VERSIONS];
    size_t count, at;
    unsigned tries;
    bool everywhere; /* it looks for a job in all namespaces; else in the default one */
    char name_space[256], name[256];
    struct buf wanted; /* the value that was sent */
};

/* What some jobs and pods show about the controller (cluster_evidence.c). */
struct cluster_evidence {
    struct kube_request *request;
    size_t place;   /* index into the cluster's namespaces */
    bool pods;      /* it lists pods; else jobs */
    unsigned found; /* EVIDENCE_ */
};

/* What showed which controller acts on v1. */
enum cluster_by { CONTROLLER_BY_NOTHING, CONTROLLER_BY_DEFINITION, CONTROLLER_BY_STATUS, CONTROLLER_BY_PODS };

/* What decided between several versions. */
enum cluster_choice { CHOICE_PREFERRED, CHOICE_STORED, CHOICE_KEEPS };

/* One look at the server, from its discovery to what follows from it. */
struct cluster_look {
    bool active, cancelled;
    struct kube_discovery *discovery;
    struct kube_request *request; /* of the definition */
    struct kube_served served[MPIJOB_KINDS];
    struct cluster_kind kinds[MPIJOB_KINDS]; /* as found */
    size_t added;                            /* the index of the added kind that is being looked for */
    bool added_changed;                      /* one of these has another version than before */
    bool several;               /* several known versions of MPIJobs are served, and none of them is configured */
    enum cluster_choice choice; /* ... and what chose one of them */
    int stored;                 /* the version that is stored, an enum mpijob_version; -1: not known */
    enum mpijob_controller v1;  /* which controller acts on v1, by the definition's schema or the evidence */
    enum cluster_by by;         /* ... and which of these showed it */
    struct cluster_probe probe;
    struct cluster_evidence evidence;
    const struct error *why; /* the definition could not be read (error_keep); NULL: it could, or was not needed */
};

/* So many looks have to agree that a kind has gone: while its definition is changed, a server may show no version. */
#define ABSENT_LOOKS 4

struct cluster {
    struct kube *kube;
    struct kube_kinds *all_kinds; /* NULL: cluster_kinds was not called yet */
    uv_loop_t *loop;
    const struct log *log;
    char *texts; /* the block that holds the next four */
    const char *name, *name_space;
    const char *told;        /* NULL: there is only one cluster */
    const char *api_version; /* as configured; NULL: choose */
    enum mpijob_controller configured;
    bool named_by_server; /* `configured` follows from the server's name */
    const char *const *gpus, *const *namespaces;
    struct cluster_kind kinds[MPIJOB_KINDS_MOST]; /* by their index; those that are added: kind NULL: no such kind */
    bool lacks[MPIJOB_KINDS_MOST];                /* see cluster_lacks */
    enum cluster_choice choice;                   /* this and the next three: of the look that is in force */
    int stored;
    enum mpijob_controller v1;
    enum cluster_by by;
    bool ready, writes;
    struct cluster_look look;
    struct deadline again;          /* the next look, after one that found nothing new */
    struct deadline slow;           /* the server has not answered for a moment, and that is said */
    struct deadline ask;            /* the next question to a server that does not answer */
    struct kube_away away;          /* hears of that */
    unsigned absent;                /* looks in a row that did not find a kind which is in use */
    unsigned tries;                 /* looks made for those who wait */
    unsigned round;                 /* rounds of answers to those who wait */
    uint64_t quiet_until;           /* milliseconds of uv_now: before that, no look because of a 404 */
    uint64_t missing_until;         /* ... and no look for a kind that is not served */
    struct cluster_wait *waits;     /* list */
    struct cluster_change *changes; /* list */
    cluster_connected done;
    void *data;
    void (*closed)(void *data);
    void *closed_data;
    bool closing;
};

/* Which cluster a line of the log is about. */
#define CLUSTER_LOG(c) {"cluster", (c)->told}, LOG_QUIET_FIELD("cluster", (c)->told ? NULL : (c)->name)

/* cluster_away.c. The first answer may be a long time coming, as calls are tried again: a person who waits is told
 * why. */
void cluster_say_slow(struct deadline *slow);
void cluster_ask(struct deadline *ask);
void cluster_away_changed(struct kube_away *away);

/* cluster_look.c: starts a look, unless one is under way; cluster_look_over is called at its end. */
void cluster_look_start(struct cluster *cluster);
void cluster_look_cancel(struct cluster *cluster);
/* cluster_probe.c: begins with the version in look->kinds; ends in cluster_probe_over. */
void cluster_probe_start(struct cluster *cluster);
void cluster_probe_cancel(struct cluster *cluster);
/* cluster_look.c. found: `version` keeps what is written. */
void cluster_probe_over(struct cluster *cluster, bool found, enum mpijob_version version);
/* cluster_evidence.c: wanted: it is not known which controller acts on the v1 jobs. start: asks, and ends in
 * cluster_evidence_over. */
bool cluster_evidence_wanted(const struct cluster *cluster);
void cluster_evidence_start(struct cluster *cluster);
void cluster_evidence_cancel(struct cluster *cluster);
void cluster_evidence_over(struct cluster *cluster); /* cluster_look.c */
/* cluster.c. err: nothing was found out, and everything stays as it is. */
void cluster_look_over(struct cluster *cluster, const struct error *err);

/* cluster_kinds.c: fills look->kinds from look->served, and the controllers as far as they follow from the versions. 0
 * or ERR_NOT_FOUND. */
int cluster_choose(const struct cluster *cluster, struct cluster_look *look, struct error *err);
void cluster_use(struct cluster_kind *kind, enum mpijob_version version);
/* The controller that acts on the jobs of a kind and version. found: the one to take where the version alone leaves it
 * open (mpijob/dialect.h); it may be unknown. */
enum mpijob_controller cluster_controller(const struct cluster *cluster, const struct mpijob_kind *kind,
                                          enum mpijob_version version, enum mpijob_controller found);
/* The definition of MPIJobs was read (absent: it could not be): takes the stored version, and from the schema the
 * controller that acts on v1. */
void cluster_read_definition(const struct cluster *cluster, struct cluster_look *look, struct json definition);
/* Sets the controller of the MPIJobs, once their version is chosen. */
void cluster_settle(const struct cluster *cluster, struct cluster_look *look);
/* cluster_added.c: finds the versions of the kinds that were added; ends in cluster_added_over (cluster_look.c). */
void cluster_added_start(struct cluster *cluster);
void cluster_added_over(struct cluster *cluster, const struct error *err);
void cluster_add_built_in(struct cluster *cluster);
bool cluster_added_any(const struct cluster *cluster); /* is one of those wanted whose own row tells its versions? */
void cluster_added_forget(struct cluster *cluster);    /* all of them */

/* Puts what the look has found in force, and logs what differs. True: something differs. */
bool cluster_put_in_force(struct cluster *cluster);

#endif
