/* SPDX-License-Identifier: Apache-2.0 */
/* A list's items out of its bytes as they arrive: only one item is held at a time, however long the list is. Pure. */
#ifndef MPIJOBD_KUBE_LIST_BODY_H
#define MPIJOBD_KUBE_LIST_BODY_H

#include "json/value.h"

struct list_body {
    struct buf part;                    /* of the key, item or value that is not complete yet */
    struct buf version, continue_token; /* of metadata, once that has come; ended by a 0 */
    int place;                          /* enum place in list_body.c */
    int depth;                          /* of the value that is being read */
    bool text, escaped;                 /* inside a string of it; after a backslash */
    bool items, metadata;               /* the key that was read last */
    bool listed;                        /* "items" has come */
};

/* item_max: bytes; a longer item, key or other value is ERR_LIMIT. */
void list_body_init(struct list_body *body, size_t item_max);
void list_body_free(struct list_body *body);
/* For another answer. */
void list_body_reset(struct list_body *body);

/* The next bytes. item gets each object of "items", validated, whose bytes are valid during the call; it returns false
 * to stop, and then *more is false and body may be freed by now. 0; ERR_PROTOCOL: this is no list; ERR_LIMIT;
 * ERR_NOMEM. The message does not say of whom it speaks. */
int list_body_feed(struct list_body *body, const char *bytes, size_t n, bool (*item)(void *data, struct json item),
                   void *data, bool *more, struct error *err);
/* The answer is over: 0, or ERR_PROTOCOL: something is missing. */
int list_body_end(const struct list_body *body, struct error *err);

#endif
