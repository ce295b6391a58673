/* SPDX-License-Identifier: Apache-2.0 */
/* Changes to a document as splices of its raw bytes: what no edit names stays byte for byte as it was.
 *
 *     struct json_edits edits = {0};
 *     json_edit_set(&edits, "/spec/cleanPodPolicy", str_of("\"All\""));
 *     json_edit_remove(&edits, "/metadata/labels/keep");
 *     rc = json_edit_apply(&edits, root, &out, &err);
 *     json_edits_free(&edits);
 *
 * Pointers speak of the document as it was before the set: removing /a/0 does not move the others' indices.
 *
 * set: replaces the value, or adds the member at its object's end, in the document's own style (compact stays compact,
 * indented stays indented by the same step and line ends); missing parent objects are made. New members of one object
 * stand in the order in which they were set. "-" appends to an array, as often as it is set, and makes the array where
 * the parent is missing; an index past the end is ERR_INVALID. A value set to the very bytes that are there changes
 * nothing; a container that is set gets the document's white space, its keys, strings and numbers keep their bytes.
 * remove: takes the member or element away with one comma and the white space that belongs to it; absent: nothing to
 * do. A parent that is `null` counts as missing; for a set, a parent of another type is ERR_INVALID naming the pointer.
 * Where a key stands twice in one object, set changes the last one (the one that counts) and remove takes all away.
 * Edits of one set must not overlap except by a common parent; the later of two for one pointer wins; an edit below a
 * pointer that another one sets or removes is ERR_INVALID. The whole document ("") can be set, alone, and is then those
 * bytes. */
#ifndef MPIJOBD_JSON_EDIT_H
#define MPIJOBD_JSON_EDIT_H

#include "json/value.h"

struct json_edit;
struct json_edits {
    struct json_edit *items;
    size_t count, cap;
    int failed; /* ERR_NOMEM sticks until apply */
};

/* raw must be one valid JSON value (checked in apply); both are copied. */
void json_edit_set(struct json_edits *edits, const char *pointer, struct str raw);
void json_edit_set_string(struct json_edits *edits, const char *pointer, struct str text); /* encodes it */
void json_edit_remove(struct json_edits *edits, const char *pointer);
void json_edits_free(struct json_edits *edits);

/* Appends the edited document to out (with the white space that surrounded the root left out). 0 or a negative code:
 * ERR_SYNTAX (a raw value), ERR_INVALID (a pointer), ERR_LIMIT (deeper than JSON_DEPTH_MAX, or more than out may hold),
 * ERR_NOMEM. After an error out is as it was, unless it was out that failed. */
int json_edit_apply(const struct json_edits *edits, struct json root, struct buf *out, struct error *err);

/* Appends "/" and the key escaped for a pointer (~ and /). */
void json_pointer_push(struct buf *pointer, struct str key);

#endif
