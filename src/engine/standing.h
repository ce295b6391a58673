/* SPDX-License-Identifier: Apache-2.0 */
/* How each policy stands on each cluster, for people. */
#ifndef MPIJOBD_ENGINE_STANDING_H
#define MPIJOBD_ENGINE_STANDING_H

#include "engine/engine.h"

enum standing {
    STANDS_IN_FORCE,
    STANDS_PAUSED,
    STANDS_QUARANTINED,
    STANDS_ASIDE,     /* the cluster's version lacks what it replaces */
    STANDS_ELSEWHERE, /* it is for other clusters */
    STANDS_BY,        /* another daemon leads */
    STANDS_WAITING,   /* the cluster is not connected, or the policies are being started */
};
const char *standing_name(enum standing standing); /* "in force", "paused", "in quarantine"... */

struct engine_standing { /* valid during the call */
    const struct policy_entry *entry;
    const char *cluster;
    enum standing standing;
    const char *why;       /* NULL: nothing to say */
    int64_t due;           /* microseconds since 1970; INT64_MAX: not by time */
    size_t waiting;        /* jobs that wait for a run of it now */
    unsigned runs;         /* under way */
    int64_t running_since; /* of the first of them; 0: none */
};
/* policy NULL: of all. */
void engine_each_standing(const struct engine *engine, const char *policy,
                          void (*visit)(void *data, const struct engine_standing *standing), void *data);

/* The GPUs that finished jobs hold on all clusters, by their status and cleanPodPolicy: of the jobs that are watched
 * and were listed. False: no jobs are, or the sum is not known. */
bool engine_held_gpus(const struct engine *engine, int64_t *gpus);

#endif
