/* A replacement's state, and its rows in the journal: shared by replace.c and replace_row.c only. */
#ifndef MPIJOBD_POLICY_REPLACE_ROW_H
#define MPIJOBD_POLICY_REPLACE_ROW_H

#include "loop/timer.h"
#include "policy/replace.h"

struct replace {
    const struct replace_context *context;
    char *name_space, *name, *wanted_version, *policy;
    enum mpijob_kind kind;
    char *bytes; /* the object that is edited */
    size_t len;
    struct mpijob_view view; /* of it, once `viewed` */
    struct mpijob_changes changes;
    struct buf whole, edited;
    struct mpijob_diff diff;
    struct mpijob_verdict verdict;
    char version_text[64];
    struct kube_request *request;
    struct deadline pause;
    int64_t run, row, last_row; /* row: the one in flight, 0: none */
    int tries;
    unsigned gets, puts;
    bool viewed, computed, dry_run, server_dry_run, destructive, lookup, cancelled, abandoned, ended;
    int (*gate)(void *data, struct error *err);
    replace_done done;
    void *data;
};

void replace_row_begin(struct replace *r, store_done written);
/* Closes the row in flight, if there is one. err: its message is kept, NULL: none. */
void replace_row_end(struct replace *r, const char *outcome, int status, const struct error *err);
/* The row whose answer was lost turned out to be done. */
void replace_row_found(struct replace *r);

#endif
