/* SPDX-License-Identifier: Apache-2.0 */
/* Reading JSON without copying it: a value is a view of its raw bytes.
 *
 * json_parse validates a whole document strictly (RFC 8259; UTF-8; JSON_DEPTH_MAX; no recursion) and gives its root.
 * Every other function takes values that come from it, trusts them, and cannot fail for bad syntax. Views are valid as
 * long as the text they were parsed from. Nothing here allocates except into a buffer of the caller's.
 * Duplicate keys: the last one counts, as at the API server. */
#ifndef MPIJOBD_JSON_VALUE_H
#define MPIJOBD_JSON_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#define JSON_DEPTH_MAX 128

enum json_type { JSON_ABSENT, JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* A value's raw bytes, without white space around; text.ptr[0] tells the type. Absent: {NULL, 0}. */
struct json {
    struct str text;
};

/* The whole of `text` must be one JSON value, white space around it allowed. what: names the document in the message,
 * as "the answer of https://..." ; the message gives line, column and what was expected. Returns 0, ERR_SYNTAX,
 * ERR_LIMIT (depth). */
int json_parse(struct str text, const char *what, struct json *root, struct error *err);

enum json_type json_type(struct json v);         /* JSON_ABSENT for the absent value */
const char *json_type_name(enum json_type type); /* "a string", "an object"... for messages */

static inline bool json_exists(struct json v)
{
    return v.text.len != 0;
}

/* RFC 6901 pointer ("/spec/cleanPodPolicy", "" is the value itself; ~0 ~1; array indices without leading zeros).
 * Absent where it leads nowhere, or is no valid pointer. */
struct json json_at(struct json v, const char *pointer);

/* A member by its decoded key ("a\u0062" in the text is "ab" here); absent if v is no object or lacks it. */
struct json json_member(struct json v, struct str key);
struct json json_get(struct json v, const char *key);

/* for (struct json_iter it = json_iter(v); json_next(&it);) ... it.key (raw, with quotes; absent in arrays), it.value.
 * Not an object or array: no rounds. */
struct json_iter {
    struct json key, value;
    const char *at, *end;
    bool object;
};
struct json_iter json_iter(struct json v);
bool json_next(struct json_iter *it);

size_t json_count(struct json v); /* members or elements; 0 for anything else */

bool json_is_true(struct json v);

/* The string's content, decoded to UTF-8 (a lone surrogate becomes U+FFFD), is appended to out. False: it is not a
 * string, or out failed. */
bool json_decode(struct json v, struct buf *out);
bool json_string_is(struct json v, struct str text); /* compares decoded */

/* The string at `pointer` below v ("": v itself), decoded, as a C string into out, which has `size` bytes (at least 1).
 * Returns 0: all of it; ERR_LIMIT: it is longer, out has its beginning up to a character's end; ERR_NOT_FOUND: no
 * string is there, or an empty one, and out is "". Names, uids and versions are read so: nothing is allocated. */
int json_string_at(struct json v, const char *pointer, char *out, size_t size);

/* An exact integer: `3`, and also `3.0` and `1e3`, as long as it fits. False otherwise. */
bool json_int64(struct json v, int64_t *out);
/* True where the text of the number has neither fraction nor exponent (so Lua gets an integer). */
bool json_is_integer_text(struct json v);
bool json_double(struct json v, double *out); /* nearest double (1e400: infinity), whatever the locale */

/* Same value: objects regardless of key order and escapes, numbers by value (exactly: 1 is 1.0, 2^53 is not 2^53+1),
 * strings decoded. Objects take scratch memory for an index; without any it is slower, not wrong. */
bool json_equal(struct json a, struct json b);
/* Is there a member of `of` that the object `in` does not have with an equal value? *key: the first one by name. Takes
 * time by the number of members, not by its square. Of keys that stand twice the last counts. */
bool json_lacks(struct json in, struct json of, struct json *key);

#endif
