/* SPDX-License-Identifier: Apache-2.0 */
/* A recording is written in parts: each goes to the store when it is large enough. */
#include "record/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/recorded.h"
#include "json/member.h"
#include "json/write.h"

#define PART_BYTES ((size_t)256 * 1024)       /* so long is a part about, before it is packed */
#define BEHIND_MAX ((size_t)16 * 1024 * 1024) /* bytes that wait for the disk: then recordings are given up */

struct run_recorder {
    struct journal *journal;
    const struct log *log;
    int64_t most;
    size_t behind;             /* bytes that the store has not answered for */
    size_t holders;            /* the owner, and each part under way */
    struct record_again again; /* clock NULL: no run is done again */
};

struct recording {
    struct run_recorder *recorder;
    int64_t run, parts;
    char *policy;
    struct buf out;     /* the part under way */
    const char *broken; /* why it was given up; NULL: it was not */
    bool secret_seen;   /* the script has had a Secret in its hands: anything that it says may hold it */
};

/* A part under way, on its way to the disk and back. */
struct sending {
    struct run_recorder *recorder;
    size_t bytes;
};

static void release(struct run_recorder *r)
{
    if (--r->holders == 0)
        free(r);
}

int run_recorder_new(struct journal *journal, const struct log *log, int64_t most, struct run_recorder **out,
                     struct error *err)
{
    *out = malloc(sizeof **out);
    if (!*out)
        return error_nomem(err);
    **out = (struct run_recorder){.journal = journal, .log = log, .most = most, .holders = 1};
    return 0;
}

void run_recorder_again(struct run_recorder *recorder, const struct record_again *again)
{
    recorder->again = *again;
}

void run_recorder_close(struct run_recorder *recorder)
{
    if (recorder)
        release(recorder);
}

/* ---- parts ---- */

static void sent(void *data, int64_t id, const struct error *err)
{
    struct sending *s = data;
    struct run_recorder *r = s->recorder;
    (void)id;
    if (err && err->code != ERR_CANCELLED)
        log_line(r->log, LOG_ERROR, "a part of a recording is not written: %s", err->message);
    r->behind -= s->bytes;
    free(s);
    release(r);
}

static void give_up(struct recording *c, const char *why)
{
    if (c->broken)
        return;
    c->broken = why;
    buf_free(&c->out);
    struct store_recorded part = {.run = c->run, .policy = c->policy, .forget = true, .most = c->recorder->most};
    if (c->parts)
        journal_record(c->recorder->journal, &part, NULL, NULL);
}

static void send_part(struct recording *c, bool last)
{
    struct run_recorder *r = c->recorder;
    struct sending *s = c->broken ? NULL : malloc(sizeof *s);
    if (c->out.failed || (!s && !c->broken))
        give_up(c, "out of memory");
    if (r->behind > BEHIND_MAX)
        give_up(c, "the disk is too slow for what the run sees");
    if (c->broken) {
        free(s);
        return;
    }
    *s = (struct sending){r, c->out.len};
    r->behind += s->bytes;
    r->holders++;
    struct store_recorded part = {.run = c->run,
                                  .policy = c->policy,
                                  .bytes = buf_str(&c->out),
                                  .part = c->parts++,
                                  .last = last,
                                  .most = r->most};
    journal_record(r->journal, &part, sent, s);
    buf_reset(&c->out);
}

/* ---- entries ---- */

static void open_entry(struct recording *c, struct json_writer *w, const char *kind)
{
    json_writer_init(w, &c->out);
    json_write_object(w);
    json_write_key(w, "entry");
    json_write_string(w, kind);
}

/* The texts that follow the entry's line. */
static void close_entry(struct recording *c, struct json_writer *w, const struct str *texts, size_t count)
{
    json_write_key(w, "bytes");
    json_write_array(w);
    for (size_t i = 0; i < count; i++)
        json_write_int(w, (int64_t)texts[i].len);
    json_write_end(w);
    json_write_end(w);
    buf_putc(&c->out, '\n');
    for (size_t i = 0; i < count; i++)
        buf_add_str(&c->out, texts[i]);
    buf_putc(&c->out, '\n');
    if (c->out.len >= PART_BYTES || c->out.failed)
        send_part(c, false);
}

static bool idle(const struct recording *c)
{
    return !c || c->broken;
}

void recording_secret(struct recording *c)
{
    if (c)
        c->secret_seen = true;
}

/* Is there nothing to do for what the script says? */
static bool idle_or_secret(struct recording *c)
{
    if (!idle(c) && c->secret_seen)
        give_up(c, "it has read a Secret, which may be in what it did after that");
    return idle(c);
}

struct recording *recording_begin(struct run_recorder *recorder, const struct record_run *run)
{
    struct json_writer w;
    struct recording *c = recorder ? calloc(1, sizeof *c) : NULL;
    if (!c)
        return NULL;
    *c = (struct recording){.recorder = recorder, .run = run->id, .policy = str_dup(str_of(run->policy))};
    if (!c->policy) {
        free(c);
        return NULL;
    }
    if (run->secrets) {
        give_up(c, "its jobs are Secrets, and no recording holds them");
        return c;
    }
    open_entry(c, &w, "run");
    json_member_int(&w, "id", run->id);
    json_member_text(&w, "policy", run->policy);
    json_member_text(&w, "cluster", run->cluster);
    json_member_text(&w, "trigger", run->trigger);
    json_member_text(&w, "asked_by", run->asked_by);
    json_member_int(&w, "scheduled_at", run->scheduled_at);
    json_member_int(&w, "started_at", run->started_at);
    json_member_bool(&w, "dry_run", run->dry_run);
    json_member_text(&w, "kind", run->kind);
    json_member_text(&w, "version", run->version);
    json_member_text(&w, "controller", run->controller);
    json_member_text(&w, "namespace", run->name_space);
    json_write_key(&w, "gpus");
    if (run->gpus) {
        json_write_array(&w);
        for (const char *const *g = run->gpus; *g; g++)
            json_write_string(&w, *g);
        json_write_end(&w);
    } else {
        json_write_null(&w);
    }
    close_entry(c, &w, NULL, 0);
    return c;
}

void recording_file(struct recording *c, const char *path, struct str bytes, bool policy)
{
    struct json_writer w;
    if (idle(c))
        return;
    open_entry(c, &w, "file");
    json_member_text(&w, "path", path);
    json_member_bool(&w, "policy", policy);
    close_entry(c, &w, &bytes, 1);
}

void recording_plugin(struct recording *c, const char *name, const char *sha256)
{
    struct json_writer w;
    if (idle(c))
        return;
    open_entry(c, &w, "plugin");
    json_member_text(&w, "name", name);
    json_member_text(&w, "sha256", sha256);
    close_entry(c, &w, NULL, 0);
}

void recording_job(struct recording *c, const char *key, struct str job, int64_t now, int64_t as_of, bool again)
{
    struct json_writer w;
    if (idle(c))
        return;
    open_entry(c, &w, "job");
    json_member_text(&w, "key", key);
    json_member_int(&w, "now", now);
    json_member_int(&w, "as_of", as_of);
    json_member_bool(&w, "again", again);
    close_entry(c, &w, &job, 1);
}

int64_t recording_clock(struct recording *c, int64_t now)
{
    struct json_writer w;
    if (!c)
        return now;
    if (c->recorder->again.clock)
        now = c->recorder->again.clock(c->recorder->again.data, now);
    if (c->broken)
        return now;
    open_entry(c, &w, "clock");
    json_member_int(&w, "now", now);
    close_entry(c, &w, NULL, 0);
    return now;
}

void recording_listed(struct recording *c, int64_t scope, const char *error)
{
    struct json_writer w;
    if (idle(c))
        return;
    open_entry(c, &w, "listed");
    json_member_int(&w, "scope", scope);
    json_member_text(&w, "error", error);
    close_entry(c, &w, NULL, 0);
}

void recording_change(struct recording *c, const struct record_change *change)
{
    struct json_writer w;
    if (change->secret ? idle(c) : idle_or_secret(c))
        return;
    if (change->secret)
        recording_secret(c); /* the script gets the object */
    open_entry(c, &w, "change");
    json_member_text(&w, "key", change->key);
    json_member_text(&w, "verb", change->verb);
    json_member_int(&w, "now", change->now);
    json_member_bool(&w, "dry_run", change->dry_run);
    json_member_bool(&w, "again", change->again);
    json_member_bool(&w, "secret", change->secret);
    json_member_int(&w, "status", change->status);
    json_member_text(&w, "reason", change->reason);
    json_member_text(&w, "error", change->error);
    struct str texts[] = {change->sent, change->got, change->read};
    close_entry(c, &w, texts, change->secret ? 0 : 3);
}

void recording_read(struct recording *c, const char *key, struct str object, bool secret, const struct error *err)
{
    struct json_writer w;
    if (idle(c))
        return;
    open_entry(c, &w, "read");
    json_member_text(&w, "key", key);
    json_member_bool(&w, "secret", secret);
    json_member_int(&w, "status", err ? err->status : 0);
    json_member_text(&w, "reason", err ? err->reason : NULL);
    json_member_text(&w, "error", err ? err->message : NULL);
    close_entry(c, &w, &object, secret ? 0 : 1);
    if (secret && !err)
        recording_secret(c);
}

void recording_workload(struct recording *c, struct str uid, const struct record_workload *workload,
                        const struct error *err)
{
    struct json_writer w;
    if (idle(c))
        return;
    open_entry(c, &w, "workload");
    json_write_key(&w, "uid");
    json_write_str(&w, uid);
    json_member_text(&w, "state", workload->state);
    json_member_text(&w, "name", workload->name);
    json_member_text(&w, "reason", workload->reason);
    json_member_text(&w, "message", workload->message);
    json_member_bool(&w, "admitted", workload->admitted);
    json_member_bool(&w, "active", workload->active);
    json_member_text(&w, "error", err ? err->message : NULL);
    close_entry(c, &w, NULL, 0);
}

int recording_workload_again(const struct recording *c, struct str uid, struct record_workload *out, struct error *err)
{
    const struct record_again *again = c ? &c->recorder->again : NULL;
    return again && again->workload ? again->workload(again->data, uid, out, err) : ERR_LIMIT;
}

void recording_web(struct recording *c, const struct record_web *web)
{
    struct json_writer w;
    if (idle_or_secret(c))
        return;
    const struct error *err = web->secret ? NULL : web->error;
    open_entry(c, &w, "web");
    json_member_text(&w, "method", web->method);
    json_write_key(&w, "url");
    json_write_str(&w, web->url);
    json_member_bool(&w, "secret", web->secret);
    json_member_int(&w, "status", web->secret ? 0 : web->status);
    json_member_text(&w, "error", err ? err->message : NULL);
    json_member_text(&w, "reason", err ? err->reason : NULL);
    json_member_int(&w, "code", err ? err->code : 0);
    struct str texts[] = {web->body, web->headers, web->sent};
    close_entry(c, &w, texts, web->secret ? 0 : 3);
}

void recording_call(struct recording *c, const char *name)
{
    struct json_writer w;
    if (idle(c))
        return;
    open_entry(c, &w, "call");
    json_member_text(&w, "name", name);
    close_entry(c, &w, NULL, 0);
}

void recording_end(struct recording *c, const char *outcome, const char *message, int64_t changed, int64_t unchanged,
                   int64_t failed)
{
    struct json_writer w;
    if (!c)
        return;
    if (message ? !idle_or_secret(c) : !c->broken) {
        open_entry(c, &w, "end");
        json_member_text(&w, "outcome", outcome);
        json_member_text(&w, "message", message);
        json_member_int(&w, "changed", changed);
        json_member_int(&w, "unchanged", unchanged);
        json_member_int(&w, "failed", failed);
        close_entry(c, &w, NULL, 0);
        send_part(c, true);
    }
    if (c->broken)
        log_line(c->recorder->log, LOG_WARN, "run %" PRId64 " of policy \"%s\" is not recorded: %s", c->run, c->policy,
                 c->broken);
    buf_free(&c->out);
    free(c->policy);
    free(c);
}
