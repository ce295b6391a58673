/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions that no job can meet together, and values that they ask for already. Only what is certain is said. */
#ifndef MPIJOBD_MPIJOB_MATCH_MATCH_NEVER_H
#define MPIJOBD_MPIJOB_MATCH_MATCH_NEVER_H

#include "mpijob/match/match.h"

struct mpijob_never {
    const char *key;    /* of `match`: "labels", "finished_for" */
    const char *member; /* the label; NULL: none. A view into the conditions */
    char why[512];      /* what is behind the key: "asks of the label team what no value fulfils: team=a, team=b" */
};
/* Is there no job that the conditions can hold for? *never is filled then. */
bool mpijob_match_never(const struct mpijob_match *match, struct mpijob_never *never);

/* The phases in which a job can match, a bit each. */
unsigned mpijob_match_reached(const struct mpijob_match *match);

/* Do all jobs that match have the label with this value (NULL: do they lack it)? */
bool mpijob_match_asks_label(const struct mpijob_match *match, struct str key, const char *value);
bool mpijob_match_asks_annotation(const struct mpijob_match *match, struct str key, const char *value);
/* The same of cleanPodPolicy. */
bool mpijob_match_asks_policy(const struct mpijob_match *match, const char *value);

/* Do time and the phase bring jobs to match both at the same moment, as far as the phases and durations go? */
bool mpijob_match_same_times(const struct mpijob_match *a, const struct mpijob_match *b);

#endif
