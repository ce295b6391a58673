/* SPDX-License-Identifier: Apache-2.0 */
/* A write to an object that exists, on its way from the request to the store. */
#ifndef SIM_WRITE_UPDATE_H
#define SIM_WRITE_UPDATE_H
#include "sim/server/exchange.h"

struct change {
    struct exchange *x;
    struct revision *rev;       /* the object as it is stored */
    json_object *old_meta;      /* the metadata of rev */
    json_object *old;           /* rev as a document in the version of the exchange, see update_old; or NULL */
    json_object *doc;           /* what is to be stored */
    bool patch, status, forced; /* forced: it counts as a change even if the text is the same: 1.0 for 1 */
};

/* The part that PUT and PATCH share. Takes over one reference to doc. */
void update_object(struct exchange *x, struct revision *old, json_object *doc, bool patch, bool forced_change);
void create_object(struct exchange *x, json_object *doc); /* doc stays the caller's */
bool finalizers_left(json_object *doc);

json_object *update_old(struct change *c); /* reads c->old at the first call: most writes need only the metadata */
/* Whether the update can compare with the stored bytes, and copy the status from them. */
bool update_spliced(const struct change *c);
void update_store(struct change *c); /* stores doc if it differs, counts the generation, and answers */
#endif
