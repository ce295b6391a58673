/* SPDX-License-Identifier: Apache-2.0 */
/* What shared_take.c and shared_load.c share: a state that is being taken over. */
#ifndef MPIJOBD_SHARED_SHARED_TAKE_PARTS_H
#define MPIJOBD_SHARED_SHARED_TAKE_PARTS_H

#include "kube/verbs.h"
#include "shared/pieces.h"
#include "shared/shared_parts.h"

struct take {
    struct shared *of;
    int64_t epoch;           /* that is wanted */
    struct object_head head; /* as it was, and then as it is to be */
    struct buf log;
    char version[64];
    unsigned tries;
    struct pieces pieces;
    size_t next; /* of the names of base and log, to be unpacked */
    bool nomem, cancelled, fresh, created, adopting;
    struct kube_request *request;
    struct kube_list *list;
    struct defer turn;
    size_t base_bytes, log_bytes;
    void (*done)(void *data, const struct error *err);
    void *data;
};

/* ---- shared_take.c ---- */
void shared_take_end(struct take *t, const struct error *err); /* err NULL: it is ours. Frees t */
void shared_take_fail(struct take *t, const struct error *why, const char *doing);
void shared_take_damaged(struct take *t, const char *name, const struct error *why); /* name: of the ConfigMap */
void shared_take_missing(struct take *t, const char *name);
void shared_take_create_head(struct take *t);

/* ---- shared_load.c ---- */
void shared_take_list(struct take *t);       /* then the next */
void shared_take_unpack(struct defer *turn); /* a ConfigMap; after the last one the rows are ours */
void shared_take_forget(void *take);         /* what was listed */

#endif
