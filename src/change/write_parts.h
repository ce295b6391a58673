/* SPDX-License-Identifier: Apache-2.0 */
/* A write's state, and what its files call in each other: write.c (its life between intent and outcome), write_look.c
 * (what becomes of it where the answer is lost), write_made.c (a creation whose object is there). */
#ifndef MPIJOBD_CHANGE_WRITE_PARTS_H
#define MPIJOBD_CHANGE_WRITE_PARTS_H

#include "change/write.h"
#include "loop/defer.h"
#include "loop/timer.h"

struct write {
    const struct site *site;
    enum write_verb verb;
    char *texts; /* the block that holds the call's: those of the next lines */
    const char *name_space, *name, *uid, *resource_version, *policy, *frees, *handled_key, *handled_value;
    struct kube_resource resource;
    struct buf body, diff;
    struct buf first; /* goes before the body; empty: nothing does, or no more */
    bool begun;       /* it was sent */
    unsigned rests;   /* how often the second of two writes was tried again */
    int (*second)(void *data, struct json answer, struct buf *body, struct error *err);
    const char *content_type;
    const struct mpijob_verdict *verdict;
    bool dry_run, strict, made_before, cancelled, abandoned, ended, not_done, unknown;
    enum seat_rank rank;
    int64_t run, row, intended_at;
    struct trace trace; /* its own step */
    struct kube_request *request;
    struct defer turn;
    struct deadline pause;    /* before the object is looked up again; data NULL: it is not open */
    const struct error *lost; /* what became of the answer (error_keep); NULL: nothing yet */
    int (*check)(void *data, struct json answer, struct error *err);
    write_done done;
    void *data;
};

/* ---- write.c ---- */
/* Writes the row's end down. */
void write_row_end(struct write *w, const char *outcome, int status, const char *message, struct json object);
void write_finish(struct write *w, const struct kube_answer *answer, const struct error *err);
void write_fail(struct write *w, const char *outcome, const struct error *err); /* both, with the error */
void write_given_up(struct write *w);                                           /* the row stays in flight */

/* Sends the first of two bodies, or the body. Errors as of kube_replace. */
int write_send(struct write *w, struct error *err);

/* ---- write_look.c ---- */
/* The second of two writes was not made: it is tried again, until it is or is refused. */
void write_rest_later(struct write *w, const struct error *why);
/* The answer was lost: reads the object, and ends the write by what it shows. */
void write_look(struct write *w, const struct error *why);

/* ---- write_made.c ---- */
/* Does that error say that the object is there, and may an earlier try have made it? Then it is read, and ends the
 * write by what it shows. */
bool write_look_made(struct write *w, const struct error *why);

#endif
