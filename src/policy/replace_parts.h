/* A replacement's state, and what its files call of each other: replace.c (its life), replace_judge.c (what would be
 * written), replace_send.c (its requests), replace_row.c (its rows in the journal). */
#ifndef MPIJOBD_POLICY_REPLACE_PARTS_H
#define MPIJOBD_POLICY_REPLACE_PARTS_H

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

/* ---- replace.c ---- */
/* Its end: calls done. err NULL: it is as the state says. */
void replacing_finish(struct replace *r, const struct kube_answer *answer, const struct error *err);
void replacing_fail(struct replace *r, int code, const char *why);
/* Another try after a pause, or the end with `why` where there were enough. lookup: only to see what became of a PUT.
 */
void replacing_again(struct replace *r, bool lookup, const struct error *why);

/* ---- replace_judge.c ---- */
void replacing_note_version(struct replace *r, struct json object);
bool replacing_at_hand(const struct replace *r); /* all that is needed to judge the change */
void replacing_consider(struct replace *r); /* the object is at hand */

/* ---- replace_send.c ---- */
void replacing_fetch(struct replace *r, bool lookup);
void replacing_write(struct replace *r); /* the intent, then the PUT */

/* ---- replace_row.c ---- */
void replace_row_begin(struct replace *r, store_done written);
/* Closes the row in flight, if there is one. err: its message is kept, NULL: none. */
void replace_row_end(struct replace *r, const char *outcome, int status, const struct error *err);
/* The row whose answer was lost turned out to be done. */
void replace_row_found(struct replace *r);

#endif
