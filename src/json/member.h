/* SPDX-License-Identifier: Apache-2.0 */
/* A member of the object that is being written: its key and its value in one call. What `_if` writes is left out where
 * it has nothing to say. */
#ifndef MPIJOBD_JSON_MEMBER_H
#define MPIJOBD_JSON_MEMBER_H

#include "json/write.h"

void json_member_text(struct json_writer *w, const char *key, const char *value); /* NULL: null */
void json_member_int(struct json_writer *w, const char *key, int64_t value);
void json_member_bool(struct json_writer *w, const char *key, bool value);

void json_member_text_if(struct json_writer *w, const char *key, const char *value); /* left out: NULL */
void json_member_int_if(struct json_writer *w, const char *key, int64_t value);      /* left out: 0 */
void json_member_bool_if(struct json_writer *w, const char *key, bool value);        /* left out: false */

#endif
