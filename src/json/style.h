/* SPDX-License-Identifier: Apache-2.0 */
/* White space as a document has it, for writing more of the same. Inside the json floor only. */
#ifndef MPIJOBD_JSON_STYLE_H
#define MPIJOBD_JSON_STYLE_H

#include "json/value.h"

/* Each str views text that outlives the style. */
struct json_style {
    bool lines;       /* each member and element on a line of its own */
    struct str lead;  /* lines: what precedes a member at this level: line break and indentation */
    struct str step;  /* lines: what a level deeper adds to it */
    size_t deeper;    /* lines: levels that this one is deeper than `lead` */
    struct str comma; /* not lines: the white space after a comma */
    struct str colon; /* from the end of a key to its value: ":" or ": " */
};

extern const struct json_style json_style_compact;

/* The style of the members inside a container that has `count` of them, the last of which `last` stands at. outer: the
 * style of the line that the container stands on; json_style_compact for the root. */
struct json_style json_style_inside(struct json container, const struct json_iter *last, size_t count,
                                    const struct json_style *outer);

/* Line break and indentation of a member `deeper` levels below the style's own. Nothing where it has no lines. */
void json_lead(struct buf *out, const struct json_style *style, size_t deeper);

/* Appends a value with new white space; style is that of the line that the value stands on. Keys, strings
 * and numbers keep their bytes. */
void json_layout(struct buf *out, struct json value, const struct json_style *style);

#endif
