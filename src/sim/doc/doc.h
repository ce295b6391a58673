/* SPDX-License-Identifier: Apache-2.0 */
/* Documents: json-c trees, read and written exactly as a Kubernetes API server does.
 * Reading replaces bad UTF-8 and lone surrogates by U+FFFD, keeps 64-bit integers, turns larger ones into doubles and
 * reports duplicate members. Writing sorts members by bytes, escapes what Go's encoder escapes and writes numbers as Go
 * does, so that two equal documents have equal text: the simulator compares objects by comparing their text.
 * A document that is returned as new is freed with json_object_put; doc_get and its kin return a part of theirs. */
#ifndef SIM_DOC_DOC_H
#define SIM_DOC_DOC_H
#include "sim/doc/mem.h"

#include <json-c/json.h>
#include <stdbool.h>

enum { DOC_DEPTH_MAX = 10000 }; /* the limit of Go's decoder */

struct doc_findings { /* "duplicate field ..." and "unknown field ..." in the order of the server's warnings */
    char **item;
    size_t count;
};

struct doc_reading {
    char *error;                     /* NULL if all went well; in Go's words where clients see it. To be freed */
    bool whole_float;                /* a number written with a point or an exponent has a whole value: 1.0, 1e3 */
    struct doc_findings *duplicates; /* filled with the names of members that occur twice; may be NULL */
};

/* A new document, or NULL with r->error set. The JSON value null gives NULL without an error. */
json_object *doc_read(const char *bytes, size_t len, struct doc_reading *r);
json_object *doc_parse(const char *bytes, size_t len); /* for text of the simulator itself: no errors are told */

struct doc_member {
    const char *key;
    json_object *value;
};
struct doc_member *doc_members(json_object *obj, size_t *count); /* sorted by bytes; the caller frees the array */

void doc_write(struct buf *out, json_object *doc);
void doc_write_pretty(struct buf *out, const char *compact, size_t len); /* re-indents compact JSON */
void doc_write_string(struct buf *out, const char *s, size_t n);
void doc_write_plain_string(struct buf *out, const char *s, size_t n); /* as above, without escaping < > & */

json_object *doc_get(json_object *obj, const char *key);               /* NULL when absent, null, or obj is no object */
json_object *doc_path(json_object *obj, const char *a, const char *b); /* doc_get twice */
const char *doc_str(json_object *obj, const char *key);                /* NULL unless a string */
int64_t doc_int(json_object *obj, const char *key, int64_t otherwise);
bool doc_bool(json_object *obj, const char *key);
size_t doc_count(json_object *list); /* the items of an array; 0: it is no array */
/* value belongs to obj then. Does nothing where obj is no object, as in documents that users have written. */
void doc_set(json_object *obj, const char *key, json_object *value);
void doc_set_str(json_object *obj, const char *key, const char *value);
json_object *doc_copy(json_object *doc);        /* a new document */
bool doc_equal(json_object *a, json_object *b); /* whether their texts would be equal: 1.0 is 1 */
bool doc_is_utf8(const char *s, size_t n);
size_t doc_rune_length(const unsigned char *s, size_t left); /* of the well-formed sequence at s, or 0 */
void doc_add_rune(struct buf *out, uint32_t rune);

void findings_add(struct doc_findings *f, char *item); /* item belongs to f then */
void findings_free(struct doc_findings *f);
#endif
