/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the json floor share. Nobody else includes this. */
#ifndef MPIJOBD_JSON_SCAN_H
#define MPIJOBD_JSON_SCAN_H

#include "json/value.h"

/* Bytes of the valid UTF-8 character that starts at p (1 to 4), or 0 where none does: overlong forms, surrogates, what
 * is beyond U+10FFFF, cut ones. */
size_t json_utf8(const char *p, const char *end);

/* Past the value that starts at p. Trusts the text: it went through json_parse. */
const char *json_skip(const char *p, const char *end);

/* How deep the containers of a parsed value are nested: 0 for a scalar, 1 for [] and {}. */
size_t json_depth(struct json v);

/* Same value: 1 is 1.0 and 10e-1. Both are the texts of numbers. */
bool json_number_equal(struct str a, struct str b);

/* The shortest text that reads back as the same double; null where JSON has no number for it. */
void json_format_double(struct buf *out, double number);

/* A string's bytes one after the other, decoded: of a JSON string (between the quotes), a pointer's token, or as they
 * are. */
enum json_coding { JSON_CODED_STRING, JSON_CODED_TOKEN, JSON_CODED_PLAIN };
struct json_bytes {
    struct str text;
    enum json_coding coding;
};
/* Orders two texts by their decoded bytes; 0: the same. */
int json_bytes_compare(struct json_bytes a, struct json_bytes b);
bool json_bytes_equal(struct json_bytes a, struct json_bytes b);

static inline struct json_bytes json_bytes_of(struct json string)
{
    return (struct json_bytes){{string.text.ptr + 1, string.text.len - 2}, JSON_CODED_STRING};
}

#endif
