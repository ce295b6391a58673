/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a report: the key that jobs are put together by, and the sums of each group. */
#ifndef MPIJOBD_INVENTORY_REPORT_GROUP_H
#define MPIJOBD_INVENTORY_REPORT_GROUP_H

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "mpijob/held_gpus.h"

enum report_by { BY_NAMESPACE, BY_KIND, BY_OWNER, BY_LABEL };
struct report_key {
    enum report_by by;
    const char *label; /* the argument's */
};
/* "namespace", "kind", "owner", "label:KEY"; NULL: namespace. ERR_INVALID. key->label points into text. */
int report_key_parse(const char *text, struct report_key *key, struct error *err);
const char *report_key_head(const struct report_key *key); /* of its column: "NAMESPACE", "OWNER", the label's key */

struct report_row {
    int64_t jobs, holding, gpus; /* finished jobs; those of them that hold GPUs; the GPUs that they hold */
    double day, week;            /* GPU-hours that they held */
    double back_day, back_week;  /* GPU-hours since mpijobd had their workers removed */
};
struct report_seen {   /* of all jobs that were looked at; zeros at the beginning */
    int64_t released;  /* counted by the journal: until mpijobd had their workers removed */
    int64_t by_policy; /* counted by their policy alone: at most so many GPUs */
    int64_t deleting;  /* of those that hold GPUs, the ones that are being deleted */
};
struct released;
/* What a finished job adds. pods, released: NULL where these are not known; now: microseconds since 1970. False: it is
 * not known whether it holds any. */
bool report_row_of(const struct mpijob_view *view, const struct mpijob_pods *pods, const struct released *released,
                   int64_t now, struct report_row *row, struct report_seen *seen);
struct report_group {
    UT_hash_handle hh;
    struct report_row row;
    double *columns; /* sums of plugins' columns (report_columns.h); NULL: none */
    bool named;      /* false: the jobs that lack the key */
    char name[];     /* as it is shown */
};
struct report_groups { /* zeros: none */
    struct report_group **items;
    size_t count;
    struct report_row total;
    struct report_group *index; /* hash, by name */
    struct buf name;            /* scratch */
};

/* *to is the group that it was added to. 0 or ERR_NOMEM. */
int report_groups_add(struct report_groups *groups, const struct report_key *key, const struct mpijob_view *view,
                      const struct report_row *row, struct report_group **to, struct error *err);
/* By the GPUs held now, then by those held over the week, most first; then by name. */
void report_groups_sort(struct report_groups *groups);
void report_groups_free(struct report_groups *groups);

#endif
