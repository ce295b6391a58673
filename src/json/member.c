/* SPDX-License-Identifier: Apache-2.0 */
/* A member of the object that is being written. */
#include "json/member.h"

void json_member_text(struct json_writer *w, const char *key, const char *value)
{
    json_write_key(w, key);
    json_write_string(w, value);
}

void json_member_int(struct json_writer *w, const char *key, int64_t value)
{
    json_write_key(w, key);
    json_write_int(w, value);
}

void json_member_bool(struct json_writer *w, const char *key, bool value)
{
    json_write_key(w, key);
    json_write_bool(w, value);
}

void json_member_text_if(struct json_writer *w, const char *key, const char *value)
{
    if (value)
        json_member_text(w, key, value);
}

void json_member_int_if(struct json_writer *w, const char *key, int64_t value)
{
    if (value)
        json_member_int(w, key, value);
}

void json_member_bool_if(struct json_writer *w, const char *key, bool value)
{
    if (value)
        json_member_bool(w, key, true);
}
