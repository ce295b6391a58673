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
#include "json/member.h"
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

void row_line_run_value(struct buf *out, const struct store_run *run, const char *replica, bool waiting)
{
    struct json_writer w;
    buf_putc(out, ',');
    json_writer_init(&w, out);
    json_write_object(&w);
    json_member_text_if(&w, "replica", replica);
    json_member_text_if(&w, "policy", run->policy);
    json_member_text_if(&w, "cluster", run->cluster);
    json_member_text_if(&w, "trigger", run->trigger);
    json_member_int_if(&w, "scheduled_at", run->scheduled_at);
    json_member_int_if(&w, "started_at", run->started_at);
    json_member_text_if(&w, "who", run->who);
    json_member_int_if(&w, "who_uid", run->who ? run->who_uid : 0);
    json_member_text_if(&w, "file", run->file);
    json_member_text_if(&w, "file_sha256", run->file_sha256);
    json_member_text_if(&w, "traceparent", run->traceparent);
    json_member_int_if(&w, "dry_run", run->dry_run);
    json_member_int_if(&w, "waiting", waiting);
    json_write_end(&w);
    buf_puts(out, "]\n");
}

void row_line_intended_value(struct buf *out, const struct store_intent *intent, const char *replica)
{
    struct json_writer w;
    buf_putc(out, ',');
    json_writer_init(&w, out);
    json_write_object(&w);
    json_member_text_if(&w, "replica", replica);
    json_member_int_if(&w, "epoch", intent->epoch);
    json_member_int_if(&w, "run", intent->run);
    json_member_text_if(&w, "policy", intent->policy);
    json_member_text_if(&w, "cluster", intent->cluster);
    json_member_text_if(&w, "server", intent->server);
    json_member_text_if(&w, "version", intent->version);
    json_member_text_if(&w, "resource", intent->resource);
    json_member_text_if(&w, "namespace", intent->name_space);
    json_member_text_if(&w, "name", intent->name);
    json_member_text_if(&w, "uid", intent->uid);
    json_member_text_if(&w, "resource_version", intent->resource_version);
    json_member_text_if(&w, "verb", intent->verb);
    json_member_text_if(&w, "diff", intent->diff);
    json_member_text_if(&w, "effect", intent->effect);
    json_member_text_if(&w, "why", intent->why);
    json_member_text_if(&w, "traceparent", intent->traceparent);
    json_member_text_if(&w, "frees", intent->frees);
    json_member_text_if(&w, "who", intent->who);
    json_member_int_if(&w, "who_uid", intent->who ? intent->who_uid : 0);
    json_member_int_if(&w, "intended_at", intent->intended_at);
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
