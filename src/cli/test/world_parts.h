/* SPDX-License-Identifier: Apache-2.0 */
/* A world's insides, shared by world.c (its life, and time) and world_start.c (what it is made of when it starts). */
#ifndef MPIJOBD_CLI_TEST_WORLD_PARTS_H
#define MPIJOBD_CLI_TEST_WORLD_PARTS_H

#include "cli/test/records.h"
#include "cli/test/world.h"
#include "limit/canary.h"

struct world {
    struct world_options o;
    const char *const *policies;
    const struct plugin_place *plugins;
    size_t plugin_count;
    struct sim *sim;
    struct wire wire;
    struct log log;
    struct records records;
    struct kube_config config;
    struct cluster *cluster;
    struct store *store;
    struct canaries canaries;
    struct outside *outside; /* what policies keep is in memory */
    struct engine *engine;
    enum { WORLD_NEW, WORLD_LOADING, WORLD_LOADED, WORLD_STARTED, WORLD_BROKEN } state;
    struct error *problem; /* of the start */
    uv_check_t turn;
    uv_idle_t awake; /* active where nothing else is under way that would turn the loop */
    unsigned quiet;
    unsigned handles_closed;
    long steps;
    int64_t until;
    world_done done; /* NULL: nobody waits */
    void *data;
    void (*closed)(void *data);
    void *closed_data;
};

/* Opens everything, and begins to load the policies: its state is then LOADING, or BROKEN with the problem. */
void world_start(struct world *world);

#endif
