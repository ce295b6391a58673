/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the match floor only: the conditions, as they are kept. */
#ifndef MPIJOBD_MPIJOB_MATCH_MATCH_PARTS_H
#define MPIJOBD_MPIJOB_MATCH_MATCH_PARTS_H

#include "mpijob/match/match.h"
#include "mpijob/match/match_names.h"
#include "mpijob/match/selector.h"

#define MATCH_SPANS 4

struct match_pair {
    char *key, *value;
};

enum match_comparison { LESS, AT_MOST, EQUAL, DIFFERENT, AT_LEAST, MORE };
struct match_gpus {
    enum match_comparison comparison;
    int64_t number;
};

struct mpijob_match {
    struct match_names namespaces, names;
    unsigned phases;   /* bit per phase; 0: any */
    unsigned policies; /* bit per entry of match_policies; 0: any */
    unsigned problems; /* bit per enum mpijob_problem; 0: not asked for */
    enum mpijob_deleting deleting;
    struct selector labels;
    struct match_pair *annotations;
    size_t annotation_count;
    struct match_gpus *gpus;
    size_t gpu_count;
    int64_t spans[MATCH_SPANS]; /* microseconds; -1: not asked for */
    char *hold;                 /* the annotation; NULL: jobs cannot be held */
    int64_t hold_most;          /* microseconds */
    uint64_t wholes;            /* bit per index of a built-in kind whose parts do not match */
};

/* The values of match.clean_pod_policy, NULL-terminated: "None", "Running", "All", "unset". */
extern const char *const match_policies[];
#define MATCH_POLICY_UNSET 3

/* ---- match.c ---- */
bool match_gpus_hold(const struct mpijob_match *match, const struct mpijob_view *view);
enum match_held { HELD_NOT, HELD_UNTIL, HELD_UNREADABLE, HELD_TOO_LONG };
/* Is the job held? *until: with HELD_UNTIL, which may have passed, and HELD_TOO_LONG. */
enum match_held match_held(const struct mpijob_match *match, const struct mpijob_view *view, int64_t now,
                           int64_t *until);
/* The owner reference by which a job is a part (mpijob_match_wholes); absent: it stands for itself. */
struct json match_owner(const struct mpijob_match *match, const struct mpijob_view *view);
/* The instant from which a span counts; MPIJOB_NO_TIME where the job is not in the phase that it is about. */
int64_t match_span_start(const struct mpijob_view *view, enum mpijob_span span);

#endif
