/* SPDX-License-Identifier: Apache-2.0 */
/* A set of edits brought into the order of the pointers, so that all edits below one place stand side by side. Inside
 * the json floor only. */
#ifndef MPIJOBD_JSON_CHANGES_H
#define MPIJOBD_JSON_CHANGES_H

#include "json/edit.h"

struct json_edit {
    char *pointer;  /* owned; the new value's bytes stand behind it in the same memory */
    struct str raw; /* remove: {NULL, 0} */
};

struct json_change {
    const char *pointer;
    struct json value; /* absent: remove */
    size_t order;      /* place in the caller's list */
};

struct json_changes {
    struct json_change *items;
    size_t count;
    size_t value_bytes; /* of all new values */
};

/* Checks and sorts the edits (views of them); of two for one pointer the later is left, and none lies inside another.
 * The caller frees items, also after a failure. ERR_SYNTAX (a raw value), ERR_INVALID (a pointer, an overlap),
 * ERR_LIMIT (too deep), ERR_NOMEM. */
int json_changes_plan(struct json_changes *changes, const struct json_edits *edits, struct error *err);

/* The changes of one place in the document: their pointers are the same up to `at`, which is past a '/'. */
struct json_group {
    size_t lo, hi, at; /* changes [lo, hi); their token starts at `at` */
    struct str token;  /* escaped, as in the pointer */
    bool leaf;         /* the pointer ends with the token: the place itself is set or removed */
    bool sets;         /* at least one of the changes is a set */
    size_t order;      /* of the first of them in the caller's list */
};

/* The group of changes[lo..hi) that begins with changes[lo], token at `at`. */
struct json_group json_changes_group(const struct json_changes *changes, size_t lo, size_t hi, size_t at);

#endif
