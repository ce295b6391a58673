/* SPDX-License-Identifier: Apache-2.0 */
/* Rows for programs: each is written to the file when it is whole. */
#include "history/fields.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"

void fields_begin(struct fields *f, bool csv, FILE *to)
{
    *f = (struct fields){.csv = csv, .to = to};
    json_writer_init(&f->w, &f->row);
    if (!csv)
        json_write_array(&f->w);
}

static void put(struct fields *f)
{
    if (!f->to)
        return;
    if (f->row.len)
        fwrite(f->row.ptr, 1, f->row.len, f->to);
    buf_reset(&f->row);
}

void fields_end(struct fields *f)
{
    if (!f->csv) {
        json_write_end(&f->w);
        buf_putc(&f->row, '\n');
    }
    put(f);
    fields_free(f);
}

void fields_free(struct fields *f)
{
    buf_free(&f->row);
    buf_free(&f->names);
}

void fields_row(struct fields *f)
{
    f->any = false;
    if (!f->csv)
        json_write_object(&f->w);
}

void fields_row_end(struct fields *f)
{
    if (!f->csv)
        json_write_end(&f->w);
    else
        buf_puts(&f->row, "\n");
    if (f->csv && !f->named)
        fprintf(f->to, "%s\n", f->names.ptr ? f->names.ptr : "");
    f->named = true;
    put(f);
}

void fields_row_names(struct fields *f)
{
    if (f->csv && !f->named)
        fprintf(f->to, "%s\n", f->names.ptr ? f->names.ptr : "");
    f->named = true;
    buf_reset(&f->row);
}

/* The name of the next value. */
static void begin(struct fields *f, const char *name)
{
    if (!f->csv) {
        json_write_key(&f->w, name);
        return;
    }
    if (f->any)
        buf_putc(&f->row, ',');
    if (!f->named)
        buf_printf(&f->names, "%s%s", f->any ? "," : "", name);
    f->any = true;
}

/* RFC 4180: quotes around what has a comma, a quote or a line's end in it. Lines end in a newline alone. */
static void csv_text(struct buf *out, const char *text)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        buf_puts(out, text);
        return;
    }
    buf_putc(out, '"');
    for (const char *p = text; *p; p++) {
        if (*p == '"')
            buf_putc(out, '"');
        buf_putc(out, *p);
    }
    buf_putc(out, '"');
}

void fields_text(struct fields *f, const char *name, const char *text)
{
    begin(f, name);
    if (!f->csv)
        json_write_string(&f->w, text);
    else if (text)
        csv_text(&f->row, text);
}

void fields_number(struct fields *f, const char *name, int64_t n)
{
    begin(f, name);
    if (f->csv)
        buf_printf(&f->row, "%" PRId64, n);
    else
        json_write_int(&f->w, n);
}

void fields_bool(struct fields *f, const char *name, bool value)
{
    begin(f, name);
    if (f->csv)
        buf_puts(&f->row, value ? "true" : "false");
    else
        json_write_bool(&f->w, value);
}

void fields_time(struct fields *f, const char *name, int64_t us)
{
    char text[32];
    clock_format(us, true, text);
    fields_text(f, name, us ? text : NULL);
}

void fields_raw(struct fields *f, const char *name, const char *json)
{
    struct json value;
    bool good = json && json_parse(str_of(json), "", &value, NULL) == 0;
    if (f->csv) {
        fields_text(f, name, good ? json : NULL);
        return;
    }
    begin(f, name);
    if (good)
        json_write_raw(&f->w, value);
    else
        json_write_null(&f->w);
}

/* An object in JSON, two columns in CSV. */
void fields_who(struct fields *f, const char *who, int64_t uid)
{
    if (f->csv) {
        fields_text(f, "who", who);
        begin(f, "who_uid");
        if (who && uid >= 0)
            buf_printf(&f->row, "%" PRId64, uid);
        return;
    }
    begin(f, "who");
    if (!who) {
        json_write_null(&f->w);
        return;
    }
    json_write_object(&f->w);
    fields_text(f, "user", who);
    json_write_key(&f->w, "uid");
    if (uid >= 0)
        json_write_int(&f->w, uid);
    else
        json_write_null(&f->w); /* no user of the system */
    json_write_end(&f->w);
}

void fields_change(struct fields *f, const struct store_change *c)
{
    fields_row(f);
    if (f->replica)
        fields_text(f, "replica", f->replica);
    fields_number(f, "id", c->id);
    fields_number(f, "run", c->run);
    fields_number(f, "epoch", c->epoch);
    fields_text(f, "policy", *c->policy ? c->policy : STORE_BY_HAND);
    fields_text(f, "file", c->file);
    fields_text(f, "file_sha256", c->file_sha256);
    fields_text(f, "trigger", c->trigger);
    fields_who(f, c->who, c->who_uid);
    fields_text(f, "cluster", c->cluster);
    fields_text(f, "server", c->server);
    fields_text(f, "version", c->version);
    fields_text(f, "namespace", c->name_space);
    fields_text(f, "name", c->name);
    fields_text(f, "uid", c->uid);
    fields_text(f, "resourceVersion", c->resource_version);
    fields_text(f, "resource", c->resource);
    fields_text(f, "verb", c->verb);
    fields_raw(f, "diff", c->diff);
    fields_text(f, "effect", c->effect);
    fields_text(f, "why", c->why);
    fields_time(f, "intended_at", c->intended_at);
    fields_time(f, "ended_at", c->ended_at);
    fields_text(f, "outcome", c->outcome);
    fields_number(f, "status", c->status);
    fields_text(f, "message", c->message);
    fields_text(f, "observed", c->observed);
    fields_time(f, "observed_at", c->observed_at);
    fields_text(f, "resourceVersion_after", c->resource_version_after);
    fields_text(f, "traceparent", c->traceparent);
    fields_raw(f, "frees", c->frees);
    fields_row_end(f);
}

void fields_run(struct fields *f, const struct store_run *run)
{
    fields_row(f);
    if (f->replica)
        fields_text(f, "replica", f->replica);
    fields_number(f, "id", run->id);
    fields_text(f, "policy", run->policy);
    fields_text(f, "cluster", run->cluster);
    fields_text(f, "file", run->file);
    fields_text(f, "file_sha256", run->file_sha256);
    fields_text(f, "trigger", run->trigger);
    fields_who(f, run->who, run->who_uid);
    fields_time(f, "scheduled_at", run->scheduled_at);
    fields_time(f, "started_at", run->started_at);
    fields_time(f, "ended_at", run->ended_at);
    fields_text(f, "outcome", run->outcome);
    fields_text(f, "message", run->message);
    fields_number(f, "changed", run->changed);
    fields_number(f, "unchanged", run->unchanged);
    fields_number(f, "failed", run->failed);
    fields_bool(f, "dry_run", run->dry_run);
    fields_text(f, "traceparent", run->traceparent);
    fields_row_end(f);
}
