/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs share: reading args, writing answers. */
#include <stdio.h>

#include "control/verbs/parts.h"

const char *args_text(struct json args, const char *key, char *out, size_t size)
{
    int rc = json_string_at(json_get(args, key), "", out, size);
    return rc == ERR_NOT_FOUND ? NULL : out;
}

void write_text(struct json_writer *w, const char *key, const char *text)
{
    json_write_key(w, key);
    json_write_string(w, text);
}

void write_number(struct json_writer *w, const char *key, int64_t number)
{
    json_write_key(w, key);
    json_write_int(w, number);
}

void write_uid(struct json_writer *w, int64_t uid)
{
    json_write_key(w, "uid");
    if (uid < 0)
        json_write_null(w);
    else
        json_write_int(w, uid);
}

void write_time(struct json_writer *w, const char *key, int64_t us)
{
    char text[32];
    bool is = us != 0 && us != INT64_MAX;
    if (is)
        clock_format(us, true, text);
    write_text(w, key, is ? text : NULL);
}

void left_out_add(struct left_out *left, const char *cluster, const struct error *why)
{
    if (!left->text.len) {
        json_writer_init(&left->w, &left->text);
        json_write_array(&left->w);
    }
    json_write_object(&left->w);
    write_text(&left->w, "cluster", cluster);
    write_text(&left->w, "why", why->message);
    json_write_end(&left->w);
}

void left_out_write(struct left_out *left, struct json_writer *w)
{
    json_write_key(w, "left_out");
    if (left->text.len)
        json_write_end(&left->w);
    json_write_raw(w, (struct json){left->text.len ? buf_str(&left->text) : str_of("[]")});
    w->out->failed = w->out->failed ? w->out->failed : left->text.failed;
}

void left_out_free(struct left_out *left)
{
    buf_free(&left->text);
}

void answer_with(struct control_request *r, struct json_writer *w)
{
    struct error err;
    json_write_end(w);
    if (buf_result(w->out, "the answer", &err))
        control_fail(r, &err);
    else
        control_answer(r, (struct json){buf_str(w->out)});
    buf_free(w->out);
}
