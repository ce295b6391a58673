/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as lines of JSON. */
#include "shared/row_line.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/texts.h"
#include "shared/shared_rows.h"
#include "store/journal.h"
#include "store/kept.h"
#include "store/state.h"
#include "json/write.h"

const char *row_line_number(int64_t number, char out[LINE_NUMBER])
{
    snprintf(out, LINE_NUMBER, "%" PRId64, number);
    return out;
}

void row_line_key(struct buf *out, enum row_line_kind kind, const char *a, const char *b)
{
    buf_printf(out, "[\"%c\",", kind);
    json_quote(out, str_of(or_empty(a)));
    if (!b)
        return;
    buf_putc(out, ',');
    json_quote(out, str_of(b));
}

void row_line_gone(struct buf *out, enum row_line_kind kind, const char *a, const char *b)
{
    row_line_key(out, kind, a, b);
    buf_puts(out, "]\n");
}

void row_line_mark(struct buf *out, const char *key, int64_t at, bool later)
{
    row_line_key(out, later ? LINE_MARK_LATER : LINE_MARK, key, NULL);
    buf_printf(out, ",%" PRId64 "]\n", at);
}

void row_line_handled(struct buf *out, const struct store_handled *row)
{
    row_line_key(out, LINE_HANDLED, row->key, or_empty(row->uid));
    if (row->value) {
        buf_putc(out, ',');
        json_quote(out, str_of(row->value));
        buf_putc(out, ',');
        json_quote(out, str_of(or_empty(row->version)));
        buf_printf(out, ",%" PRId64, row->at);
    }
    buf_puts(out, "]\n");
}

void row_line_kept(struct buf *out, const struct store_kept *row)
{
    row_line_key(out, LINE_KEPT, row->space, or_empty(row->key));
    if (row->value) {
        buf_putc(out, ',');
        json_quote(out, str_of(row->value));
        buf_printf(out, ",%" PRId64, row->expires_at);
    }
    buf_puts(out, "]\n");
}

void row_line_changed(struct buf *out, int64_t run, const char *uid, int64_t at)
{
    char number[LINE_NUMBER];
    row_line_key(out, LINE_CHANGED, row_line_number(run, number), or_empty(uid));
    buf_printf(out, ",%" PRId64 "]\n", at);
}

/* ---- objects ---- */

static void text(struct json_writer *w, const char *key, const char *value)
{
    if (!value)
        return;
    json_write_key(w, key);
    json_write_string(w, value);
}

static void number(struct json_writer *w, const char *key, int64_t value)
{
    if (!value)
        return;
    json_write_key(w, key);
    json_write_int(w, value);
}

void row_line_run_value(struct buf *out, const struct store_run *run, const char *replica, bool waiting)
{
    struct json_writer w;
    buf_putc(out, ',');
    json_writer_init(&w, out);
    json_write_object(&w);
    text(&w, "replica", replica);
    text(&w, "policy", run->policy);
    text(&w, "cluster", run->cluster);
    text(&w, "trigger", run->trigger);
    number(&w, "scheduled_at", run->scheduled_at);
    number(&w, "started_at", run->started_at);
    text(&w, "who", run->who);
    number(&w, "who_uid", run->who ? run->who_uid : 0);
    text(&w, "file", run->file);
    text(&w, "file_sha256", run->file_sha256);
    number(&w, "dry_run", run->dry_run);
    number(&w, "waiting", waiting);
    json_write_end(&w);
    buf_puts(out, "]\n");
}

void row_line_intended_value(struct buf *out, const struct store_intent *intent, const char *replica)
{
    struct json_writer w;
    buf_putc(out, ',');
    json_writer_init(&w, out);
    json_write_object(&w);
    text(&w, "replica", replica);
    number(&w, "epoch", intent->epoch);
    number(&w, "run", intent->run);
    text(&w, "policy", intent->policy);
    text(&w, "cluster", intent->cluster);
    text(&w, "server", intent->server);
    text(&w, "version", intent->version);
    text(&w, "resource", intent->resource);
    text(&w, "namespace", intent->name_space);
    text(&w, "name", intent->name);
    text(&w, "uid", intent->uid);
    text(&w, "resource_version", intent->resource_version);
    text(&w, "verb", intent->verb);
    text(&w, "diff", intent->diff);
    text(&w, "effect", intent->effect);
    text(&w, "why", intent->why);
    text(&w, "who", intent->who);
    number(&w, "who_uid", intent->who ? intent->who_uid : 0);
    number(&w, "intended_at", intent->intended_at);
    json_write_end(&w);
    buf_puts(out, "]\n");
}

/* ---- reading ---- */

struct row_line_row row_line_read(const struct shared_row *row)
{
    struct row_line_row out = {0};
    struct json root;
    size_t i = 0;
    if (json_parse(str_n(row->text, row->len), "a row", &root, NULL))
        return out; /* it was parsed when it came in */
    for (struct json_iter it = json_iter(root); json_next(&it) && i <= LINE_ELEMENTS; i++) {
        if (i)
            out.elements[i - 1] = it.value;
    }
    return out;
}

bool row_line_mark_at(const struct shared_row *row, int64_t *at)
{
    return json_int64(row_line_read(row).elements[1], at);
}
