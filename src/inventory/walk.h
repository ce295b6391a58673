/* SPDX-License-Identifier: Apache-2.0 */
/* Goes over the jobs of a kind, on one cluster or on all that are connected: from the caches where they have the jobs,
 * else by lists; a server that gives none within 5 s is left out, or, where a cache has its jobs or some of them, these
 * are told as they were. Some jobs at a turn of the loop: however many there are, nothing else waits for long. */
#ifndef MPIJOBD_INVENTORY_WALK_H
#define MPIJOBD_INVENTORY_WALK_H

#include "base/error.h"
#include "mpijob/match/match.h"

struct engine;
struct walk;

struct walk_call {
    struct engine *engine;            /* outlives the walk, or stops it */
    const char *cluster;              /* NULL: all that are connected. Copied */
    const struct mpijob_kind *kind;   /* one that the program has */
    const struct mpijob_match *match; /* outlives the walk */
    /* A job that matches; valid during the call. Not 0: the walk ends with that error. */
    int (*job)(void *data, const char *cluster, const struct mpijob_view *view, struct error *err);
    /* A cluster is left out, or what was told of it is not all; valid during the call. */
    void (*left)(void *data, const char *cluster, const struct error *why);
    /* It has ended, never within walk_start. as_of: how old what was told is, microseconds since 1970; 0: not known.
     * err NULL: it was well. ERR_CANCELLED: the engine stops; ERR_NOMEM; those of job; that of a cluster's server where
     * nothing could be told of any cluster. */
    void (*done)(void *data, int64_t as_of, const struct error *err);
    void *data;
};
/* 0; ERR_NOT_FOUND: there is no such cluster; ERR_UNREACHABLE: it, or none of them, is connected; ERR_CANCELLED: the
 * engine stops; ERR_NOMEM. done is not called then. */
int walk_start(const struct walk_call *call, struct walk **walk, struct error *err);
/* Ends it; nothing is called any more. Not from within one of its calls. */
void walk_cancel(struct walk *walk);

#endif
