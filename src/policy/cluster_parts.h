/* A cluster's insides, shared by the files cluster*.c only. */
#ifndef MPIJOBD_POLICY_CLUSTER_PARTS_H
#define MPIJOBD_POLICY_CLUSTER_PARTS_H

#include "loop/timer.h"
#include "mpijob/kind.h"
#include "policy/cluster.h"

/* What is known of one kind. */
struct cluster_kind {
    bool served;
    struct kube_resource resource; /* of a kind that is not served: the version it would have */
    struct mpijob_target target;
    char versions[KUBE_VERSIONS_MAX * 34]; /* all that are served */
};

/* One look at the server, from its discovery to what follows from it. */
struct cluster_look {
    bool active;
    struct kube_discovery *discovery;
    struct kube_request *request; /* of the definition */
    struct kube_served served[MPIJOB_KINDS];
    struct cluster_kind kinds[MPIJOB_KINDS]; /* as found */
    bool several;     /* versions of MPIJobs are served that are known here, and none is configured */
    bool guessed;     /* ... and which is stored could not be read */
    struct error why; /* the definition could not be read; code 0: it could, or was not needed */
};

struct cluster {
    struct kube *kube;
    uv_loop_t *loop;
    const struct log *log;
    char *name, *name_space;
    char *api_version; /* as configured; NULL: choose */
    enum mpijob_controller configured;
    const char *const *gpus;
    struct cluster_kind kinds[MPIJOB_KINDS];
    bool ready;
    struct cluster_look look;
    struct deadline again;          /* a look after a 404 that found nothing new yet */
    unsigned tries, round;          /* looks for those who wait; answers to them */
    uint64_t quiet_until;           /* on the loop's clock: no look for a 404 before that */
    uint64_t missing_until;         /* ... nor for a kind that is not served */
    struct cluster_wait *waits;     /* list */
    struct cluster_change *changes; /* list */
    cluster_connected done;
    void *data;
    void (*closed)(void *data);
    void *closed_data;
    bool closing;
};

/* cluster_look.c: starts one, unless one is under way; cluster_look_over is called once it is. */
void cluster_look_start(struct cluster *cluster);
void cluster_look_cancel(struct cluster *cluster);
/* cluster.c: err: nothing was found out, all stays as it is. */
void cluster_look_over(struct cluster *cluster, const struct error *err);

/* cluster_kinds.c: what discovery says, per kind, into look->kinds; the controllers as far as they follow from it. */
int cluster_choose(const struct cluster *cluster, struct cluster_look *look, struct error *err);
void cluster_use(struct cluster_kind *kind, enum mpijob_version version);
enum mpijob_controller cluster_controller(const struct cluster *cluster, enum mpijob_kind kind,
                                          enum mpijob_version version);
/* The definition was read: the stored version is the safe one, and its schema tells who serves v1. */
void cluster_read_definition(const struct cluster *cluster, struct cluster_look *look, struct json definition);
/* Puts the look's findings in force and logs what differs. True: something does. */
bool cluster_put_in_force(struct cluster *cluster);

#endif
