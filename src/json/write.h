/* SPDX-License-Identifier: Apache-2.0 */
/* Writing JSON text into a buffer; commas and colons are put by the writer. Misuse (a value where a key belongs) is a
 * programming error and asserts. Failures stick in the buffer; deeper than JSON_DEPTH_MAX is ERR_LIMIT there. */
#ifndef MPIJOBD_JSON_WRITE_H
#define MPIJOBD_JSON_WRITE_H

#include "json/value.h"

struct json_writer {
    struct buf *out;
    int depth;
    uint64_t filled[JSON_DEPTH_MAX / 64]; /* bit per depth: something was written there, so a comma is due */
    uint64_t object[JSON_DEPTH_MAX / 64]; /* bit per depth: it is an object, so keys belong there */
    bool after_key;
};

void json_writer_init(struct json_writer *w, struct buf *out);
void json_write_object(struct json_writer *w);
void json_write_array(struct json_writer *w);
void json_write_end(struct json_writer *w); /* of the innermost object or array */
void json_write_key(struct json_writer *w, const char *key);
void json_write_key_str(struct json_writer *w, struct str key);
void json_write_string(struct json_writer *w, const char *text); /* NULL: null. Invalid UTF-8 becomes U+FFFD */
void json_write_str(struct json_writer *w, struct str text);
void json_write_int(struct json_writer *w, int64_t number);
/* The shortest text that reads back the same; NaN and infinities: null. */
void json_write_double(struct json_writer *w, double number);
void json_write_bool(struct json_writer *w, bool value);
void json_write_null(struct json_writer *w);
void json_write_raw(struct json_writer *w, struct json value); /* as it is */

/* A string alone, quoted and escaped: only what RFC 8259 requires is escaped. */
void json_quote(struct buf *out, struct str text);

/* The document indented by two spaces a level; strings and numbers keep their bytes. */
void json_pretty(struct buf *out, struct json root);

#endif
