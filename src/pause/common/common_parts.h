/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share. */
#ifndef MPIJOBD_PAUSE_COMMON_COMMON_PARTS_H
#define MPIJOBD_PAUSE_COMMON_COMMON_PARTS_H

#include "kube/kube.h"
#include "loop/defer.h"
#include "loop/timer.h"
#include "pause/common/common_pauses.h"
#include "store/kept.h"

#define COMMON_TRIES 8         /* of what is to be written: others may write at the same time */
#define COMMON_TIMEOUT_MS 5000 /* of one request */
#define COMMON_PATIENCE 15000  /* milliseconds that it is tried, where the server does not take it */

/* A row that is to be written, or removed (value NULL). */
struct common_op {
    char *texts;
    struct store_kept row;
    store_done done; /* NULL: nobody waits */
    void *data;
    uint64_t since; /* uv_now */
    bool sent;      /* with the write that is under way */
    bool lasting;   /* no person waits for it: it is tried until the server takes it */
    struct common_op *prev, *next;
};

struct common_pauses {
    struct common_pauses_options o;
    char *texts;
    struct kube *kube;
    struct kube_request *request;
    struct defer turn;
    struct deadline next;
    struct paused known; /* as it was last seen */
    char version[64];    /* its resourceVersion; "": there is no such ConfigMap */
    bool read;           /* it was seen at all */
    bool due;            /* it is to be looked at again */
    bool own_file;       /* rows go to the store's file, and not here: while they are moved */
    bool closing;
    unsigned tries; /* that have failed since something was written */
    struct common_op *ops;
    struct common_guest *guests;
    const struct error *trouble;
    void (*closed)(void *data);
    void *closed_data;
};

/* ---- common_pauses.c ---- */
/* Looks again: now, or (later) after a while. */
void common_look(struct common_pauses *c, bool later);
/* It is as the object says now; absent: it is not there. What others have changed in it is told. */
void common_see(struct common_pauses *c, struct json object);
/* Something went wrong. Guests that wait are hindered, and what was to be written fails where it was tried often. */
void common_failed(struct common_pauses *c, const struct error *err);

/* ---- common_read.c ---- */
bool common_gather(struct json object, struct paused *now); /* false: there was no memory for it */
/* Puts before an error what it is about, and behind it what helps. */
void common_explain(const char *name_space, const char *name, const char *doing, struct error *err);

/* ---- common_write.c ---- */
void common_hook(struct common_pauses *c); /* rows of pauses come here from now on */
/* It was just read: writes what is to be written. False: there is nothing to write. */
bool common_write(struct common_pauses *c);
enum common_which { COMMON_ALL, COMMON_SENT, COMMON_OLD }; /* old: COMMON_PATIENCE is over */
/* They are over; err: they have failed, which those that last do not until it is closed. */
void common_ops_done(struct common_pauses *c, enum common_which which, const struct error *err);
void common_move_own(struct common_pauses *c);

#endif
