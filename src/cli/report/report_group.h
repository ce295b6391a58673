/* The rows of a report: what jobs are put together by, and their sums. */
#ifndef MPIJOBD_CLI_REPORT_REPORT_GROUP_H
#define MPIJOBD_CLI_REPORT_REPORT_GROUP_H

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "mpijob/held_gpus.h"

enum report_by { BY_NAMESPACE, BY_OWNER, BY_LABEL };
struct report_key {
    enum report_by by;
    const char *label; /* the argument's */
};
/* "namespace", "owner", "label:KEY"; NULL: namespace. */
int report_key_parse(const char *text, struct report_key *key, struct error *err);
const char *report_key_head(const struct report_key *key); /* of its column: "NAMESPACE", "OWNER", the label's key */

struct report_row {
    int64_t jobs, holding, gpus; /* finished; that hold some; GPUs that they hold */
    double day, week;            /* GPU-hours */
};
struct report_group {
    UT_hash_handle hh;
    struct report_row row;
    bool named;  /* false: of the jobs that lack it */
    char name[]; /* to be shown */
};
struct report_groups { /* zeros: none */
    struct report_group **items;
    size_t count;
    struct report_row total;
    struct report_group *index; /* hash, by name */
    struct buf name;            /* scratch */
};

/* 0 or ERR_NOMEM. */
int report_groups_add(struct report_groups *groups, const struct report_key *key, const struct mpijob_view *view,
                      const struct report_row *row, struct error *err);
/* Who holds most first; then who held most, then by name. */
void report_groups_sort(struct report_groups *groups);
void report_groups_free(struct report_groups *groups);

#endif
