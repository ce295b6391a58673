/* A replacement's state, and what its files call of each other: replace.c (its life), replace_judge.c (what would be
 * written), replace_send.c (its requests), replace_launcher.c (what goes through the launcher), replace_row.c (its rows
 * in the journal). */
#ifndef MPIJOBD_CHANGE_REPLACE_PARTS_H
#define MPIJOBD_CHANGE_REPLACE_PARTS_H

#include "change/replace.h"
#include "change/write.h"
#include "loop/timer.h"
#include "mpijob/effect/launcher.h"

struct replace {
    const struct site *site;
    char *name_space, *name, *wanted_version, *policy;
    char *handled_key, *handled_value; /* NULL: none */
    enum mpijob_kind kind;
    struct mpijob_target target;   /* of the object that is edited */
    struct kube_resource resource; /* the path that goes with it */
    struct cluster_wait wait;      /* its version is not served any more: which is? */
    struct error lost;             /* what said so */
    char *bytes;                   /* the object that is edited */
    size_t len;
    struct mpijob_view view; /* of it, once `viewed` */
    struct mpijob_changes changes;
    struct buf whole, edited;
    struct mpijob_diff diff;
    struct mpijob_verdict verdict;
    char version_text[64], uid[64];
    struct kube_request *request;
    struct deadline pause;
    int64_t run, row, last_row; /* row: the one in flight, 0: none */
    int tries;
    unsigned gets, puts;
    struct {
        struct mpijob_launcher_plan plan;
        struct write *write;
        char uid[64], version[64];
        int tries;
        int64_t row;
        bool asked, missing; /* the launcher was looked for; there is none */
        bool writing, done;  /* the MPIJob's own part is over */
    } launcher;
    struct {
        struct effect_watch *watch;
        enum effect_seen seen;
        uint64_t after_ms;
        char note[512];
        bool asked, over; /* over: given up */
    } effect;
    uint64_t wait_effect_ms;
    int64_t judged_at; /* microseconds */
    char *after;       /* the object as the server gave it back, where that outlives its answer */
    size_t after_len;
    char **warnings; /* of that answer, NULL-terminated */
    bool through_launcher;
    bool viewed, computed, dry_run, server_dry_run, destructive, lookup, cancelled, abandoned, ended;
    int (*gate)(void *data, const struct mpijob_view *view, const struct mpijob_diff *diff, struct error *err);
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
/* The string at pointer, cut to size; "" where there is none. */
void replacing_consider(struct replace *r); /* the object is at hand */
void replacing_decide(struct replace *r);   /* and the launcher, where it is asked about */

void replacing_use(struct replace *r, struct mpijob_target target); /* its version decides the path */

/* ---- replace_send.c ---- */
void replacing_fetch(struct replace *r, bool lookup);
void replacing_write(struct replace *r); /* the intent, then the PUT */

/* ---- replace_launcher.c ---- */
bool replacing_wants_launcher(const struct replace *r);
void replacing_fetch_launcher(struct replace *r); /* then replacing_decide */
void replacing_write_launcher(struct replace *r); /* the last step */

/* ---- replace_effect.c ---- */
/* Copies what is needed of an answer beyond its request. 0 or ERR_NOMEM. */
int replacing_keep(struct replace *r, const struct kube_answer *answer);
enum mpijob_sign replacing_sign(const struct replace *r);
/* True: it waits, and replacing_finish comes again later. */
bool replacing_wait_effect(struct replace *r, const struct kube_answer *answer);

/* ---- replace_row.c ---- */
void replace_row_observed(struct replace *r);
void replace_row_begin(struct replace *r, store_done written);
/* Closes the row in flight, if there is one. err: its message is kept, NULL: none. */
void replace_row_end(struct replace *r, const char *outcome, int status, const struct error *err);
/* The row whose answer was lost turned out to be done. */
void replace_row_found(struct replace *r);

#endif
