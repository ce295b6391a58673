/* SPDX-License-Identifier: Apache-2.0 */
/* The record of requests: a ring of the last ones with their bodies, and counts of all. */
#include "sim/core/recorder.h"

#include "base/clock.h"
#include "sim/fault/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { RECORDS = 2000, REUSED = 16 * 1024, METHODS = 16 };
static const size_t BYTES_MAX = (size_t)64 << 20;

struct record {
    uint64_t id;
    int64_t mono_ms, now_us;
    struct buf text; /* the texts named below, each with its NUL, then the body; kept when the record is reused */
    size_t target, agent, media, who, acting, trace, audit,
        body; /* where they begin in text; 0: no such part; the method is at 0 */
    size_t body_len;
    int status;
    const char *fault;
};

struct recorder {
    struct record ring[RECORDS];
    uint64_t first, next; /* ids */
    size_t bytes;
    struct {
        char name[16];
        uint64_t count;
    } method[METHODS];
    uint64_t code[600], faults, total;
};

struct recorder *recorder_new(void)
{
    struct recorder *r = sim_alloc(sizeof *r);
    r->first = r->next = 1;
    return r;
}

static void drop_first(struct recorder *r)
{
    struct record *rec = &r->ring[r->first++ % RECORDS];
    r->bytes -= rec->body_len;
    if (rec->text.cap > REUSED)
        buf_free(&rec->text);
}

void recorder_reset(struct recorder *r)
{
    while (r->first < r->next)
        drop_first(r);
    for (int i = 0; i < RECORDS; i++)
        buf_free(&r->ring[i].text);
    memset(r->method, 0, sizeof r->method);
    memset(r->code, 0, sizeof r->code);
    r->faults = r->total = 0;
}

void recorder_free(struct recorder *r)
{
    if (r)
        recorder_reset(r);
    free(r);
}

static void count_method(struct recorder *r, const char *name)
{
    for (int i = 0; i < METHODS; i++) {
        if (!r->method[i].name[0])
            snprintf(r->method[i].name, sizeof r->method[i].name, "%.15s", name);
        if (strncmp(r->method[i].name, name, 15) == 0) {
            r->method[i].count++;
            return;
        }
    }
}

static size_t keep(struct record *rec, const char *s)
{
    size_t at = rec->text.len;
    buf_add(&rec->text, s, strlen(s) + 1);
    return at;
}

struct heard {
    struct record *rec;
    struct buf acting; /* "Impersonate-User: a" and so on, a line each */
};

static void hear(void *data, const char *name, const char *value)
{
    struct heard *h = data;
    if (strncasecmp(name, "Impersonate-", 12) == 0)
        buf_printf(&h->acting, "%s%s: %s", h->acting.len ? "\n" : "", name, value);
    else if (strcasecmp(name, "traceparent") == 0)
        h->rec->trace = keep(h->rec, value);
    else if (strcasecmp(name, "Audit-ID") == 0)
        h->rec->audit = keep(h->rec, value);
}

void recorder_add(struct recorder *r, const struct exchange *x, const struct fault *fault)
{
    const struct sim_request *req = x->req;
    int status = x->resp->status;
    r->total++;
    r->faults += fault != NULL;
    count_method(r, req->method);
    if (status > 0 && status < 600)
        r->code[status]++;
    while (r->first < r->next && (r->next - r->first >= RECORDS || r->bytes + req->body_len > BYTES_MAX))
        drop_first(r);
    struct record *rec = &r->ring[r->next % RECORDS];
    buf_reset(&rec->text);
    *rec = (struct record){.id = r->next++,
                           .mono_ms = x->sim->mono_ms,
                           .now_us = x->sim->now_us,
                           .text = rec->text,
                           .status = status,
                           .fault = fault ? fault->type->name : NULL,
                           .body_len = req->body_len};
    struct heard heard = {rec, BUF_INIT};
    keep(rec, req->method);
    if (req->each_header)
        req->each_header(req->owner, hear, &heard);
    rec->target = keep(rec, req->target);
    rec->agent = req->user_agent ? keep(rec, req->user_agent) : 0;
    rec->media = req->content_type ? keep(rec, req->content_type) : 0;
    rec->who = *x->who ? keep(rec, x->who) : 0;
    rec->acting = heard.acting.len ? keep(rec, heard.acting.ptr) : 0;
    buf_free(&heard.acting);
    if (req->body_len) {
        rec->body = rec->text.len;
        buf_add(&rec->text, req->body, req->body_len);
        r->bytes += req->body_len;
    }
}

static void add_text(struct buf *out, const char *name, const char *value, size_t len)
{
    buf_printf(out, ",\"%s\":", name);
    doc_write_plain_string(out, value, len);
}

static void write_body(const struct record *rec, struct buf *out)
{
    const char *body = rec->text.ptr + rec->body;
    if (doc_is_utf8(body, rec->body_len)) {
        add_text(out, "body", body, rec->body_len);
        return;
    }
    buf_puts(out, ",\"bodyHex\":\""); /* bytes that JSON cannot carry */
    for (size_t i = 0; i < rec->body_len; i++)
        buf_printf(out, "%02x", (unsigned char)body[i]);
    buf_putc(out, '"');
}

static void write_record(const struct record *rec, bool with_body, struct buf *out)
{
    const char *text = rec->text.ptr, *target = text + rec->target;
    size_t path = strcspn(target, "?");
    const char *query = target + path + (target[path] != 0);
    char now[32];
    clock_format(rec->now_us, true, now);
    buf_printf(out, "{\"id\":%llu,\"ms\":%lld,\"time\":\"%s\",\"status\":%d", (unsigned long long)rec->id,
               (long long)rec->mono_ms, now, rec->status);
    add_text(out, "method", text, strlen(text));
    add_text(out, "path", target, path);
    add_text(out, "query", query, strlen(query));
    if (rec->agent)
        add_text(out, "userAgent", text + rec->agent, strlen(text + rec->agent));
    if (rec->media)
        add_text(out, "contentType", text + rec->media, strlen(text + rec->media));
    if (rec->who)
        add_text(out, "auth", text + rec->who, strlen(text + rec->who));
    if (rec->acting)
        add_text(out, "impersonation", text + rec->acting, strlen(text + rec->acting));
    if (rec->trace)
        add_text(out, "traceparent", text + rec->trace, strlen(text + rec->trace));
    if (rec->audit)
        add_text(out, "auditId", text + rec->audit, strlen(text + rec->audit));
    if (rec->fault)
        add_text(out, "fault", rec->fault, strlen(rec->fault));
    buf_printf(out, ",\"bodyLength\":%zu", rec->body_len);
    if (rec->body && with_body)
        write_body(rec, out);
    buf_putc(out, '}');
}

static bool wanted(const struct record *rec, const struct exchange *x)
{
    const char *method = param(x, "method"), *path = param(x, "path"), *since = param(x, "since");
    const char *target = rec->text.ptr + rec->target;
    return (!method || strcmp(method, rec->text.ptr) == 0) &&
           (!path || str_glob(path, str_n(target, strcspn(target, "?")))) &&
           (!since || rec->id > strtoull(since, NULL, 10));
}

void recorder_write_counts(const struct recorder *r, struct buf *out)
{
    bool first = true;
    buf_printf(out, "\"total\":%llu,\"faulted\":%llu,\"methods\":{", (unsigned long long)r->total,
               (unsigned long long)r->faults);
    for (int i = 0; i < METHODS && r->method[i].name[0]; i++) {
        if (i)
            buf_putc(out, ',');
        doc_write_string(out, r->method[i].name, strlen(r->method[i].name));
        buf_printf(out, ":%llu", (unsigned long long)r->method[i].count);
    }
    buf_puts(out, "},\"codes\":{");
    for (int i = 0; i < 600; i++) {
        if (!r->code[i])
            continue;
        buf_printf(out, "%s\"%d\":%llu", first ? "" : ",", i, (unsigned long long)r->code[i]);
        first = false;
    }
    buf_putc(out, '}');
}

void recorder_write(const struct recorder *r, const struct exchange *x, struct buf *out)
{
    const char *limit = param(x, "limit"), *body = param(x, "body");
    uint64_t most = limit ? strtoull(limit, NULL, 10) : RECORDS, matching = 0, passed = 0;
    bool first = true;
    for (uint64_t id = r->first; id < r->next; id++)
        matching += wanted(&r->ring[id % RECORDS], x);
    buf_putc(out, '{');
    recorder_write_counts(r, out);
    buf_printf(out, ",\"last\":%llu,\"matching\":%llu,\"requests\":[", (unsigned long long)(r->next - 1),
               (unsigned long long)matching);
    for (uint64_t id = r->first; id < r->next; id++) {
        const struct record *rec = &r->ring[id % RECORDS];
        if (!wanted(rec, x) || passed++ + most < matching) /* only the newest are shown */
            continue;
        if (!first)
            buf_putc(out, ',');
        first = false;
        write_record(rec, !body || strcmp(body, "0") != 0, out);
    }
    buf_puts(out, "]}");
}
