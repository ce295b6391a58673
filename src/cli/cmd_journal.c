/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd journal and mpijobd runs: what was done, read beside a running daemon. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/texts.h"
#include "cli/commands.h"
#include "cli/session/session.h"
#include "cli/session/table.h"
#include "engine/pauses.h"
#include "mpijob/change/job_changes.h"
#include "store/journal.h"
#include "store/store.h"
#include "json/write.h"

struct reading {
    struct session s;
    struct table table;
    struct buf json;
    struct json_writer w;
    uint64_t rows;
};

/* Where the configuration has several clusters, the tables have a column for the cluster. */
static bool of_several(const struct reading *r)
{
    return r->s.config.named;
}

static bool as_json(const struct reading *r)
{
    return r->s.options.output == OUTPUT_JSON;
}

static void number_cell(struct table *t, int64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, n);
    table_cell(t, n ? text : NULL);
}

static void time_cell(struct table *t, int64_t us)
{
    char text[32];
    clock_format(us, false, text);
    table_cell(t, us ? text : NULL);
}

static void json_text(struct json_writer *w, const char *key, const char *text)
{
    json_write_key(w, key);
    json_write_string(w, text);
}

static void json_time(struct json_writer *w, const char *key, int64_t us)
{
    char text[32];
    clock_format(us, true, text);
    json_text(w, key, us ? text : NULL);
}

static void json_number(struct json_writer *w, const char *key, int64_t n)
{
    json_write_key(w, key);
    json_write_int(w, n);
}

static void json_who(struct json_writer *w, const char *who, int64_t uid)
{
    json_write_key(w, "who");
    if (!who) {
        json_write_null(w);
        return;
    }
    json_write_object(w);
    json_text(w, "user", who);
    json_number(w, "uid", uid);
    json_write_end(w);
}

/* "alice (1000)" */
static void who_cell(struct table *t, const char *who, int64_t uid)
{
    char text[96];
    snprintf(text, sizeof text, "%.64s (%" PRId64 ")", who ? who : "", uid);
    table_cell(t, who ? text : NULL);
}

/* The last part of "/metadata/labels/ops.example.com~1x", as `replace` takes it: labels.ops.example.com/x */
static void last_part(const char *pointer, struct buf *out)
{
    const char *last = strrchr(pointer, '/');
    if (strncmp(pointer, "/metadata/labels/", 17) == 0)
        buf_puts(out, "labels.");
    else if (strncmp(pointer, "/metadata/annotations/", 22) == 0)
        buf_puts(out, "annotations.");
    for (const char *p = last ? last + 1 : "object"; *p; p++) {
        if (*p == '~' && (p[1] == '0' || p[1] == '1'))
            buf_putc(out, *++p == '0' ? '~' : '/');
        else
            buf_putc(out, *p);
    }
}

/* Short: a value may be a whole object. */
static const char *short_value(const char *value)
{
    return !value ? "unset" : strlen(value) > 40 ? "..." : value;
}

/* "spec.cleanPodPolicy: None -> All, labels.x: ..." on one line */
static void diff_cell(struct table *t, const char *text)
{
    struct mpijob_diff diff = {0};
    struct json root;
    struct buf out = BUF_INIT;
    if (json_parse(str_of(text), "", &root, NULL) == 0 && mpijob_diff_read(&diff, root, NULL) == 0) {
        for (size_t i = 0; i < diff.count; i++) {
            const struct mpijob_difference *d = &diff.items[i];
            buf_puts(&out, i ? ", " : "");
            last_part(d->pointer, &out);
            if (!*d->pointer && !(d->before && d->after))
                buf_puts(&out, d->before ? " deleted" : " created");
            else
                buf_printf(&out, ": %s -> %s", short_value(d->before), short_value(d->after));
        }
    }
    table_cell(t, out.ptr);
    mpijob_diff_free(&diff);
    buf_free(&out);
}

static void change_as_json(struct json_writer *w, const struct store_change *c)
{
    struct json diff;
    json_write_object(w);
    json_number(w, "id", c->id);
    json_number(w, "run", c->run);
    json_number(w, "epoch", c->epoch);
    json_text(w, "policy", *c->policy ? c->policy : STORE_BY_HAND);
    json_who(w, c->who, c->who_uid);
    json_text(w, "cluster", c->cluster);
    json_text(w, "server", c->server);
    json_text(w, "version", c->version);
    json_text(w, "namespace", c->name_space);
    json_text(w, "name", c->name);
    json_text(w, "uid", c->uid);
    json_text(w, "resourceVersion", c->resource_version);
    json_text(w, "resource", c->resource);
    json_text(w, "verb", c->verb);
    json_write_key(w, "diff");
    if (c->diff && json_parse(str_of(c->diff), "", &diff, NULL) == 0)
        json_write_raw(w, diff);
    else
        json_write_null(w);
    json_text(w, "effect", c->effect);
    json_text(w, "why", c->why);
    json_time(w, "intended_at", c->intended_at);
    json_time(w, "ended_at", c->ended_at);
    json_text(w, "outcome", c->outcome);
    json_number(w, "status", c->status);
    json_text(w, "message", c->message);
    json_text(w, "observed", c->observed);
    json_time(w, "observed_at", c->observed_at);
    json_text(w, "resourceVersion_after", c->resource_version_after);
    json_write_end(w);
}

/* "effective", with what the pods showed of it: "effective, seen after 0.4 s". */
static const char *effect_cell(const struct store_change *c, char *out, size_t size)
{
    double after = (double)(c->observed_at - c->ended_at) / CLOCK_SECOND;
    if (!c->observed || !c->effect)
        return c->effect;
    if (strcmp(c->observed, "seen") == 0)
        snprintf(out, size, "%s, seen after %.1f s", c->effect, after > 0 ? after : 0);
    else if (strcmp(c->observed, "not-seen") == 0)
        snprintf(out, size, "%s, not seen for %.0f s", c->effect, after > 0 ? after : 0);
    else
        snprintf(out, size, "%s, %s", c->effect, c->observed);
    return out;
}

static bool change_row(void *data, const struct store_change *c)
{
    struct reading *r = data;
    char job[520];
    r->rows++;
    if (as_json(r)) {
        change_as_json(&r->w, c);
        return true;
    }
    bool other =
        c->resource && strcmp(c->resource, STORE_RESOURCE_DEFAULT) != 0; /* the launcher, another kind of job */
    snprintf(job, sizeof job, "%.*s%s%s%s%s", other ? (int)strcspn(c->resource, ".") : 0, other ? c->resource : "",
             other ? " " : "", or_empty(c->name_space), c->name_space ? "/" : "", or_empty(c->name));
    time_cell(&r->table, c->intended_at);
    number_cell(&r->table, c->run);
    table_cell(&r->table, *c->policy ? c->policy : STORE_BY_HAND);
    who_cell(&r->table, c->who, c->who_uid);
    if (of_several(r))
        table_cell(&r->table, c->cluster);
    table_cell(&r->table, job);
    diff_cell(&r->table, c->diff);
    char effect[96];
    table_cell(&r->table, effect_cell(c, effect, sizeof effect));
    table_cell(&r->table, c->outcome ? c->outcome : "in flight");
    table_cell(&r->table, c->message);
    return true;
}

static bool run_row(void *data, const struct store_run *run)
{
    struct reading *r = data;
    r->rows++;
    if (as_json(r)) {
        struct json_writer *w = &r->w;
        json_write_object(w);
        json_number(w, "id", run->id);
        json_text(w, "policy", run->policy);
        json_text(w, "cluster", run->cluster);
        json_text(w, "trigger", run->trigger);
        json_who(w, run->who, run->who_uid);
        json_time(w, "scheduled_at", run->scheduled_at);
        json_time(w, "started_at", run->started_at);
        json_time(w, "ended_at", run->ended_at);
        json_text(w, "outcome", run->outcome);
        json_text(w, "message", run->message);
        json_number(w, "changed", run->changed);
        json_number(w, "unchanged", run->unchanged);
        json_number(w, "failed", run->failed);
        json_write_key(w, "dry_run");
        json_write_bool(w, run->dry_run);
        json_write_end(w);
        return true;
    }
    number_cell(&r->table, run->id);
    table_cell(&r->table, run->policy);
    if (of_several(r))
        table_cell(&r->table, run->cluster);
    table_cell(&r->table, run->trigger);
    who_cell(&r->table, run->who, run->who_uid);
    time_cell(&r->table, run->scheduled_at);
    char outcome[64];
    snprintf(outcome, sizeof outcome, "%s%s", run->outcome ? run->outcome : "not ended",
             run->dry_run ? " (dry run)" : "");
    table_cell(&r->table, outcome);
    number_cell(&r->table, run->changed);
    number_cell(&r->table, run->unchanged);
    number_cell(&r->table, run->failed);
    table_cell(&r->table, run->message);
    return true;
}

/* Their last runs do not show why there are no others. */
static int tell_paused(struct reading *r)
{
    struct session *s = &r->s;
    struct paused paused = {0};
    char when[32];
    int rc = pauses_read(s->store, &paused, &s->error);
    for (size_t i = 0; i < paused.count; i++) {
        const struct paused_mark *m = &paused.marks[i];
        if (s->options.policy && strcmp(s->options.policy, m->policy) != 0)
            continue;
        clock_format(m->at, false, when);
        printf("%s is paused, by %s since %s\n", m->policy, *m->who ? m->who : "an unknown user", when);
    }
    paused_free(&paused);
    return rc ? session_fail(s, &s->error) : 0;
}

/* A table without rows leaves a reader in doubt whether he asked for the right thing. A number that no run has is one
 * that was not meant. */
static int tell_empty(struct reading *r, bool runs, const struct store_filter *f)
{
    struct session *s = &r->s;
    if (runs && f->run) {
        error_set(&s->error, ERR_NOT_FOUND, "there is no run %" PRId64 "; mpijobd runs lists those that there are",
                  f->run);
        return session_fail(s, &s->error);
    }
    const char *what = runs ? "run" : "change";
    if (f->policy)
        fprintf(stderr, "mpijobd %s: there is no %s of policy \"%s\"\n", s->command, what, f->policy);
    else if (f->run)
        fprintf(stderr, "mpijobd %s: there is no change of run %" PRId64 "\n", s->command, f->run);
    else
        fprintf(stderr, "mpijobd %s: there is no %s %s\n", s->command, what,
                f->cluster || f->name_space || f->in_flight ? "of that kind" : "yet");
    return 0;
}

static int read_rows(struct reading *r, bool runs)
{
    static const char *const change_heads[] = {"TIME",   "RUN",    "POLICY",  "WHO",    "JOB",
                                               "CHANGE", "EFFECT", "OUTCOME", "MESSAGE"};
    static const char *const run_heads[] = {"RUN",     "POLICY",  "TRIGGER",   "WHO",    "SCHEDULED",
                                            "OUTCOME", "CHANGED", "UNCHANGED", "FAILED", "MESSAGE"};
    static const char *const change_heads_of_several[] = {"TIME", "RUN",    "POLICY", "WHO",     "CLUSTER",
                                                          "JOB",  "CHANGE", "EFFECT", "OUTCOME", "MESSAGE"};
    static const char *const run_heads_of_several[] = {"RUN",       "POLICY",    "CLUSTER", "TRIGGER",
                                                       "WHO",       "SCHEDULED", "OUTCOME", "CHANGED",
                                                       "UNCHANGED", "FAILED",    "MESSAGE"};
    struct session *s = &r->s;
    struct options *o = &s->options;
    struct store_filter filter = {.policy = o->policy,
                                  .cluster = o->cluster,
                                  .name_space = o->name_space,
                                  .in_flight = o->in_flight,
                                  .limit = o->limit >= 0 ? o->limit : 100};
    char path[4096];
    if (o->argument_count)
        filter.run = strtoll(o->arguments[0], NULL, 10);
    if (store_open_reader(session_state_path(s, path), &s->store, &s->error))
        return session_fail(s, &s->error);
    if (as_json(r)) {
        json_writer_init(&r->w, &r->json);
        json_write_array(&r->w);
    } else if (of_several(r)) {
        table_begin(&r->table, runs ? 11 : 10, runs ? run_heads_of_several : change_heads_of_several);
    } else {
        table_begin(&r->table, runs ? 10 : 9, runs ? run_heads : change_heads);
    }
    int rc = runs ? journal_read_runs(store_journal(s->store), &filter, o->in_flight, run_row, r, &s->error)
                  : journal_read_changes(store_journal(s->store), &filter, change_row, r, &s->error);
    if (rc) {
        buf_free(&r->table.cells);
        return session_fail(s, &s->error);
    }
    if (as_json(r)) {
        json_write_end(&r->w);
        puts(r->json.ptr ? r->json.ptr : "[]");
    } else {
        table_print(&r->table, stdout);
    }
    rc = r->rows ? 0 : tell_empty(r, runs, &filter);
    return !rc && runs && !as_json(r) ? tell_paused(r) : rc;
}

static int run_either(int argc, char **argv, const struct command *command, bool runs)
{
    struct reading r = {0};
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (o.argument_count > 1 || (o.argument_count && strspn(o.arguments[0], "0123456789") != strlen(o.arguments[0])))
        return command_usage(command, "takes the number of one run; --policy NAME chooses those of a policy");
    if (o.output == OUTPUT_YAML || o.output == OUTPUT_NAME)
        return command_usage(command, "-o takes table or json here");
    code = session_open(&r.s, command->name, &o);
    if (code)
        return code;
    code = read_rows(&r, runs);
    buf_free(&r.json);
    return session_close(&r.s, code);
}

static int run_journal(int argc, char **argv, const struct command *command)
{
    return run_either(argc, argv, command, false);
}

static int run_runs(int argc, char **argv, const struct command *command)
{
    return run_either(argc, argv, command, true);
}

const struct command cmd_journal = {"journal",
                                    "[RUN] [--policy NAME] [-n NAMESPACE] [--in-flight]",
                                    "The changes that were made: what, why, and what became of them; newest first",
                                    TAKES_STATE | TAKES_OUTPUT | TAKES_FILTER | TAKES_NAMESPACE,
                                    run_journal,
                                    "  mpijobd journal --policy free-gpus --limit 20\n  mpijobd journal 42 -o json\n"};
const struct command cmd_runs = {"runs",
                                 "[RUN] [--policy NAME]",
                                 "The runs of the policies, newest first",
                                 TAKES_STATE | TAKES_OUTPUT | TAKES_FILTER,
                                 run_runs,
                                 NULL};
