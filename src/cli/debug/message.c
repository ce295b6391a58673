/* SPDX-License-Identifier: Apache-2.0 */
/* Answers and events, written. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/debug/parts.h"

static void begin(struct debugger *d, const char *type)
{
    buf_reset(&d->out);
    json_writer_init(&d->w, &d->out);
    json_write_object(&d->w);
    json_write_key(&d->w, "seq");
    json_write_int(&d->w, ++d->seq);
    json_write_key(&d->w, "type");
    json_write_string(&d->w, type);
}

static void answer(struct debugger *d, const struct request *r, bool success)
{
    begin(d, "response");
    json_write_key(&d->w, "request_seq");
    json_write_int(&d->w, r->seq);
    json_write_key(&d->w, "success");
    json_write_bool(&d->w, success);
    json_write_key(&d->w, "command");
    json_write_string(&d->w, r->command);
}

static void body(struct debugger *d)
{
    json_write_key(&d->w, "body");
    json_write_object(&d->w);
}

void answer_begin(struct debugger *d, const struct request *r)
{
    answer(d, r, true);
    body(d);
}

void event_begin(struct debugger *d, const char *event)
{
    begin(d, "event");
    json_write_key(&d->w, "event");
    json_write_string(&d->w, event);
    body(d);
}

void message_end(struct debugger *d)
{
    json_write_end(&d->w);
    json_write_end(&d->w);
    if (!d->out.failed)
        stream_send(&d->stream, buf_str(&d->out));
    else
        d->stream.gone = true; /* out of memory: nobody would know what the answer was */
}

void answer_empty(struct debugger *d, const struct request *r)
{
    answer_begin(d, r);
    message_end(d);
}

void answer_refuse(struct debugger *d, const struct request *r, const char *format, ...)
{
    char text[ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    answer(d, r, false);
    json_write_key(&d->w, "message");
    json_write_string(&d->w, text);
    body(d);
    json_write_key(&d->w, "error");
    json_write_object(&d->w);
    json_write_key(&d->w, "id");
    json_write_int(&d->w, 1);
    json_write_key(&d->w, "format");
    json_write_string(&d->w, "{text}"); /* braces in the text itself would be taken for variables */
    json_write_key(&d->w, "variables");
    json_write_object(&d->w);
    json_write_key(&d->w, "text");
    json_write_string(&d->w, text);
    json_write_end(&d->w);
    json_write_key(&d->w, "showUser");
    json_write_bool(&d->w, false);
    json_write_end(&d->w);
    message_end(d);
}

void tell_output(struct debugger *d, const char *category, struct str text)
{
    struct buf out = d->out; /* a line may be logged while an answer is being written */
    struct json_writer w = d->w;
    d->out = BUF_INIT;
    event_begin(d, "output");
    json_write_key(&d->w, "category");
    json_write_string(&d->w, category);
    json_write_key(&d->w, "output");
    json_write_str(&d->w, text);
    message_end(d);
    buf_free(&d->out);
    d->out = out;
    d->w = w;
}

char *text_of(struct json value)
{
    struct buf out = BUF_INIT;
    if (json_type(value) != JSON_STRING || !json_decode(value, &out)) {
        buf_free(&out);
        return NULL;
    }
    return buf_take(&out, NULL);
}

int64_t number_of(struct json value, int64_t otherwise)
{
    int64_t n;
    return json_int64(value, &n) ? n : otherwise;
}
