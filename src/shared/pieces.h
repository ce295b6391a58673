/* SPDX-License-Identifier: Apache-2.0 */
/* The ConfigMaps of lines, as they were listed: what a head names is unpacked and carried out in its order. */
#ifndef MPIJOBD_SHARED_PIECES_H
#define MPIJOBD_SHARED_PIECES_H

#include "shared/object.h"
#include "shared/shared_rows.h"

struct piece {
    char name[24]; /* without that of the head before it */
    char *packed;  /* base64 */
    bool wanted;   /* the head names it */
};

struct pieces { /* begins as zeros */
    struct piece *of;
    size_t count, cap;
    struct buf lines; /* unpacked, not carried out yet: the last may go on in the next piece */
};

/* A ConfigMap that was listed. What is not named after that head is passed over; the rows of what `head` does not name
 * are left out (NULL: those of none). ERR_NOMEM. */
int pieces_add(struct pieces *p, const char *head_name, const struct object_head *head, struct json item,
               struct error *err);
/* The names in the order in which they are carried out: base, then log. i: below the sum of both counts. */
const char *pieces_name(const struct object_head *head, size_t i);
struct piece *pieces_find(struct pieces *p, const char *name);
/* Carries a piece out, whose rows are let go. Adds how many bytes of lines it has. ERR_INVALID: it is not as it was
 * written; ERR_NOMEM. */
int pieces_apply(struct pieces *p, struct piece *piece, struct shared_rows *rows, size_t *bytes, struct error *err);
/* Carries out the lines in the head, which are the last: what is cut off then is ERR_INVALID. */
int pieces_apply_last(struct pieces *p, struct str log, struct shared_rows *rows, struct error *err);
void pieces_forget(struct pieces *p); /* what was listed */
void pieces_free(struct pieces *p);

#endif
