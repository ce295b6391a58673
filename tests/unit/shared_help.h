/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the shared state share: mpijob-sim, which has its ConfigMaps, and replicas on it. */
#ifndef MPIJOBD_TESTS_SHARED_HELP_H
#define MPIJOBD_TESTS_SHARED_HELP_H

#include <sys/types.h>

#include "kube/verbs.h"
#include "loop/defer.h"
#include "shared/shared_form.h"
#include "store_help.h"

#define SHARED_SPACE "shared-test"

/* A simulator, and a connection to it on a loop. */
struct shared_world {
    pid_t pid;
    uv_loop_t *loop;
    struct kube_config config;
    struct kube *kube;
    struct defer_queue soon;
    struct log log;
    char kubeconfig[64];
};
void shared_world_open(struct shared_world *world, uv_loop_t *loop);
void shared_world_close(struct shared_world *world);

/* What the server answers; the text is the caller's to free. */
struct shared_answer {
    bool over;
    int status;
    char *body;
};
struct shared_answer shared_ask(struct shared_world *world, const char *method, const char *path, const char *body);
/* How many ConfigMaps there are. */
size_t shared_count(struct shared_world *world);

/* One replica: a journal of its own, and the state. */
struct replica {
    struct shared_world *world;
    struct place *place;
    struct store *store;
    struct shared *shared;
    unsigned lost; /* how often it was */
    struct error why;
};
/* path: of its journal. */
void replica_open(struct replica *r, struct shared_world *world, struct place *place, const char *path);
/* Takes the state over, and waits for it: 0, or the error, which is in r->why. */
int replica_take(struct replica *r);
void replica_close(struct replica *r);
/* As a kill -9: nothing that waits is written. */
void replica_kill(struct replica *r);

#endif
