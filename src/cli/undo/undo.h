/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share: the run, its objects, and what is to become of each. */
#ifndef MPIJOBD_CLI_UNDO_UNDO_H
#define MPIJOBD_CLI_UNDO_UNDO_H

#include "change/change.h"
#include "cli/session/session.h"
#include "limit/hour.h"
#include "store/journal.h"
#include "json/write.h"

/* One change of the run. All texts are the row's own; "" where the journal has nothing. */
struct undo_row {
    int64_t id;
    char *verb, *uid, *version_after, *effect, *why, *outcome, *observed;
    char *whole; /* of a "create" or "delete": the object; NULL */
    struct mpijob_diff diff;
};

enum undo_action { UNDO_NOTHING, UNDO_REPLACE, UNDO_CREATE, UNDO_DELETE };

struct undo_object {
    struct undo *undo;
    char *resource, *version, *server, *name_space, *name; /* name_space "": it is in none */
    struct undo_row *rows;                                 /* newest first */
    size_t row_count;
    /* After the look: */
    enum undo_action action;
    struct buf body;         /* of UNDO_REPLACE and UNDO_CREATE */
    char *resource_version;  /* at which it was looked at; NULL: it is not there */
    struct mpijob_diff left; /* what another writer has changed since: before: what was written, after: what is there */
    const char *whole_left;  /* why nothing of it is put back; NULL */
    char *trouble;           /* why it could not be looked at; NULL */
    unsigned tries;
};

struct undo {
    struct session s;
    struct site site;
    struct store_run run; /* its texts are these: */
    char policy[256], cluster[256], trigger[32];
    bool found;                           /* the run */
    int64_t number, own;                  /* own: of the undo itself; 0: it is not written down */
    const char *job_namespace, *job_name; /* -n and --job; NULL: all */
    char job[520];
    struct undo_object *objects;
    size_t count, cap;
    size_t at; /* the next one */
    unsigned active;
    int64_t back, unchanged, left, failed; /* objects */
    size_t skipped;                        /* changes of which it is not known whether they were made */
    struct hour hour;                      /* the ceiling over all policies, and what it has had; most 0: none */
    bool over;                             /* it is exceeded */
    bool colour, nomem;
    struct buf json;
    struct json_writer w;
};

/* ---- undo_read.c ---- */

/* The run and its changes, newest first, by object. Blocks. 0, or the exit code after the error was printed. */
int undo_read(struct undo *u);
void undo_free(struct undo *u);

/* ---- undo_look.c ---- */

/* Looks at the object and finds what to do; done comes later, on the loop. */
void undo_look(struct undo_object *o, void (*done)(struct undo_object *o));
/* What the object is addressed by. The texts are the object's. */
struct kube_resource undo_resource(const struct undo_object *o, char group[256], char plural[256]);
/* Is it a kind of job? */
bool undo_job_kind(const struct undo_object *o, const struct mpijob_kind **kind);

/* ---- undo_make.c ---- */

/* Looks at all objects, and waits for it. */
void undo_look_at_all(struct undo *u);
/* Makes the changes, and waits for them. */
void undo_make_all(struct undo *u);

/* ---- undo_bounds.c ---- */

/* When all are looked at: would more be changed than the ceiling leaves? 0; EXIT_LIMITED after that was printed, unless
 * a person overrides it. */
int undo_bounded(struct undo *u);

/* ---- undo_print.c ---- */

/* "train/bert", or "job train/bert-launcher" of another kind than a job. */
const char *undo_key(const struct undo_object *o, char out[640]);
/* What cannot be put back, before anything is changed. */
void undo_print_beforehand(const struct undo *u);
void undo_print_done(struct undo_object *o, const struct change_result *result, const struct error *err);
/* Of an object of which nothing is to be changed. */
void undo_print_nothing(struct undo_object *o);
void undo_print_unknown(const struct undo *u); /* how many changes are left alone, if there are such */
void undo_print_end(struct undo *u);

#endif
