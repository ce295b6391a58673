/* A write to an object that is there, on its way from the request to the store. */
#ifndef SIM_WRITE_UPDATE_H
#define SIM_WRITE_UPDATE_H
#include "sim/server/exchange.h"

struct change {
    struct exchange *x;
    struct revision *rev;       /* what is stored */
    json_object *old_meta;      /* its metadata */
    json_object *old;           /* all of it as a document of this version; see update_old */
    json_object *doc;           /* what is to be stored */
    bool patch, status, forced; /* forced: a change even if the text is the same, as 1.0 for 1 is */
};

/* The part that PUT and PATCH share. Takes doc over. */
void update_object(struct exchange *x, struct revision *old, json_object *doc, bool patch, bool forced_change);
void create_object(struct exchange *x, json_object *doc);
bool finalizers_left(json_object *doc);

json_object *update_old(struct change *c); /* read when it is needed first: most writes need only the metadata */
/* Whether what changed, and the status, can be had from the stored bytes. */
bool update_spliced(const struct change *c);
void update_store(struct change *c); /* counts the generation, stores what differs, and answers */
#endif
