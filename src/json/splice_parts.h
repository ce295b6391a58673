/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a splice share. splice.c goes through the document and copies what stays; splice_find.c walks one
 * container and finds the members that are meant; splice_add.c writes members that are new. */
#ifndef MPIJOBD_JSON_SPLICE_PARTS_H
#define MPIJOBD_JSON_SPLICE_PARTS_H

#include "json/bytes.h"
#include "json/changes.h"
#include "json/scan.h"
#include "json/style.h"

#define NOWHERE SIZE_MAX

/* The changes below one place, with the touch (below) that they hit. */
struct target {
    struct json_group group;
    size_t touch; /* the last one of this target, or NOWHERE: nothing there yet */
};

/* A member or element that changes. */
struct touch {
    struct json_group group;
    struct json value;
    const char *before; /* end of the member before, or past the opening bracket */
    const char *start;
    const char *next; /* start of the member after; NULL: it is the last */
    size_t index;
    bool dropped; /* a later member has the same key: this one stays as it is */
};

struct splice {
    struct json_changes changes;
    struct buf *out;
    struct error *err;
    const char *copied;     /* the document up to here is written or left out */
    struct target *targets; /* a stack: each container on the way has its own above its parent's */
    size_t target_count, target_cap;
    struct touch *touches; /* the same */
    size_t touch_count, touch_cap;
};

/* A container on the way, with what its walk found. */
struct level {
    struct json container;
    size_t first_target, first_touch;
    struct json_iter last;
    size_t count; /* members */
};

static inline bool splice_removes(const struct splice *s, const struct json_group *g)
{
    return g->leaf && !json_exists(s->changes.items[g->hi - 1].value);
}

/* Something is to be added for the target: it was not found, and not only removals aim at it. */
static inline bool splice_is_new(const struct splice *s, const struct target *t, bool array)
{
    return t->touch == NOWHERE && t->group.sets && (array || !splice_removes(s, &t->group));
}

/* --- splice_find.c --- 0 or ERR_NOMEM */
/* Pushes the targets of the next token of a group. */
int splice_push_targets(struct splice *s, const struct json_group *above);
/* Pushes the touches of a container whose targets are on the stack. */
int splice_walk(struct splice *s, struct level *level);

/* --- splice_add.c --- 0, ERR_INVALID (an array has no such place) or ERR_NOMEM */
/* What stands before a new member. */
enum place {
    PLACE_AFTER,  /* others are there: a comma is due */
    PLACE_FIRST,  /* it follows the bracket */
    PLACE_VACATED /* it stands where the first member stood, whose white space is still there */
};
/* The targets from `first` on that were not found; style is that of the container's members, count how many it had. */
int splice_add_missing(struct splice *s, size_t first, bool array, size_t count, enum place place,
                       const struct json_style *style);
/* The parent of these changes is missing and is made here: an array where they append, an object else. */
int splice_build(struct splice *s, const struct json_group *group, const struct json_style *outer);

#endif
