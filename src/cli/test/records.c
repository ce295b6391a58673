/* SPDX-License-Identifier: Apache-2.0 */
/* What happens in a test's world, written down. */
#include "cli/test/records.h"

#include <stdlib.h>

#include "base/grown.h"
#include "outside/secrets.h"
#include "json/member.h"
#include "json/write.h"

void records_init(struct records *r, const struct clock *clock)
{
    *r = (struct records){.clock = clock};
}

void records_free(struct records *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->items[i]);
    free(r->items);
}

static void begin(struct records *r, struct json_writer *w, struct buf *out, const char *type)
{
    json_writer_init(w, out);
    json_write_object(w);
    json_member_text(w, "type", type);
    json_member_int(w, "at", clock_seconds(r->clock));
}

static void keep(struct records *r, struct json_writer *w, struct buf *out)
{
    json_write_end(w);
    char **items = grown(r->items, r->count, &r->cap, sizeof *items, 32);
    if (items)
        r->items = items;
    char *item = items ? buf_take(out, NULL) : NULL;
    if (item)
        r->items[r->count++] = item;
    buf_free(out);
}

static void diff(struct json_writer *w, const char *key, const struct mpijob_diff *what)
{
    struct buf json = BUF_INIT;
    struct json root;
    mpijob_diff_json(what, &json);
    json_write_key(w, key);
    if (!json.failed && json.len && json_parse(buf_str(&json), "", &root, NULL) == 0)
        json_write_raw(w, root);
    else
        json_write_null(w);
    buf_free(&json);
}

void records_change(void *data, const struct run *run, const char *job, const struct change_result *result,
                    const struct error *err)
{
    struct records *r = data;
    struct buf out = BUF_INIT;
    struct json_writer w;
    begin(r, &w, &out, "change");
    json_member_text(&w, "policy", run->policy->name);
    json_member_int(&w, "run", run->id);
    json_member_text(&w, "job", job);
    if (result->before)
        json_member_text(&w, "kind", mpijob_kind_info(result->before->target.kind)->name);
    json_write_key(&w, "changed");
    json_write_bool(&w, !err && result->changed && !result->kept);
    json_write_key(&w, "waits");
    json_write_bool(&w, !err && result->kept);
    json_write_key(&w, "dry_run");
    json_write_bool(&w, result->dry_run);
    if (err) {
        json_member_text(&w, "error", err->message);
        json_member_text(&w, "reason", err->reason);
    } else {
        json_member_text(&w, "effect", mpijob_effect_name(result->effect));
        json_member_text(&w, "why", result->why);
    }
    diff(&w, "diff", result->diff);
    diff(&w, result->child_called, result->child);
    keep(r, &w, &out);
}

void records_run(void *data, const struct run *run)
{
    static const char *const outcomes[] = {"running", "done", "failed", "limited", "cancelled", "waiting"};
    struct records *r = data;
    struct buf out = BUF_INIT;
    struct json_writer w;
    begin(r, &w, &out, "run");
    json_member_text(&w, "policy", run->policy->name);
    json_member_int(&w, "run", run->id);
    json_member_text(&w, "trigger", run->trigger);
    json_member_text(&w, "outcome", outcomes[run->outcome]);
    if (run->error)
        json_member_text(&w, "error", run->error->message);
    json_member_int(&w, "scheduled_at", run->scheduled_at / CLOCK_SECOND);
    json_member_int(&w, "changed", run->changed);
    json_member_int(&w, "unchanged", run->unchanged);
    json_member_int(&w, "failed", run->failed);
    keep(r, &w, &out);
}

void records_log(void *data, enum log_level level, const char *message, const struct log_field *fields)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    struct records *r = data;
    struct buf out = BUF_INIT;
    struct json_writer w;
    begin(r, &w, &out, "log");
    json_member_text(&w, "level", levels[level]);
    json_member_text(&w, "message", message);
    json_write_key(&w, "fields");
    json_write_object(&w);
    for (; fields && fields->name; fields++) {
        bool quiet = fields->name == log_quiet_next;
        fields += fields->name == log_json_next || fields->name == log_lines_next || quiet;
        if (fields->value && !quiet)
            json_member_text(&w, fields->name, fields->value);
    }
    json_write_end(&w);
    keep(r, &w, &out);
}

/* ---- beyond the cluster ---- */

static void shown(struct json_writer *w, const char *key, const struct buf *veiled)
{
    struct buf text_of = BUF_INIT;
    secret_show(&text_of, buf_str(veiled));
    json_member_text(w, key, text_of.ptr ? text_of.ptr : "");
    buf_free(&text_of);
}

void records_request(struct records *r, const char *policy, const char *method, const struct web_text *asked,
                     int status)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    begin(r, &w, &out, "request");
    json_member_text(&w, "policy", policy);
    json_member_text(&w, "method", method);
    shown(&w, "url", &asked->url);
    json_write_key(&w, "headers");
    json_write_object(&w);
    for (size_t i = 0; i < asked->header_count; i++)
        shown(&w, asked->names[i].ptr, &asked->values[i]);
    json_write_end(&w);
    if (asked->basic)
        shown(&w, "user", &asked->user);
    shown(&w, "body", &asked->body);
    json_member_int(&w, "status", status);
    keep(r, &w, &out);
}

void records_notice(struct records *r, const struct notice *n)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    begin(r, &w, &out, "notification");
    json_member_text(&w, "kind", notice_type_name(n->type));
    json_member_int(&w, "run", n->run);
    for (int i = 0; i < NOTICE_PARTS; i++) {
        if (n->parts[i].len && i != PART_CLUSTER)
            shown(&w, notice_part_name((enum notice_part)i), &n->parts[i]);
    }
    keep(r, &w, &out);
}
