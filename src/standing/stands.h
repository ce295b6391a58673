/* SPDX-License-Identifier: Apache-2.0 */
/* How a policy stands at one place, for people; and at several shards of the jobs together. */
#ifndef MPIJOBD_STANDING_STANDS_H
#define MPIJOBD_STANDING_STANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct policy_entry; /* policy/load.h */

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

struct slo_state;
struct engine_standing { /* valid during the call */
    const struct policy_entry *entry;
    const char *cluster;
    enum standing standing;
    const char *why;       /* NULL: nothing to say */
    int64_t due;           /* microseconds since 1970; INT64_MAX: not by time */
    size_t waiting;        /* jobs that wait for a run of it now */
    unsigned runs;         /* under way */
    int64_t running_since; /* of the first of them; 0: none */
    /* What it promises, and how that is kept (slo/slo.h); NULL: it promises nothing, is not in force there, or this is
     * a sum. */
    const struct slo_state *slo;
};

/* Of several shards, as one: what waits in each is added up, the next instant is the first of theirs, and where one of
 * them is not in force it says why. Begins as zeros; its texts stay valid as long as it. */
struct stands_sum {
    struct engine_standing sum;
    char why[512];
    bool any;
};
void stands_add(struct stands_sum *sum, const struct engine_standing *one);

#endif
