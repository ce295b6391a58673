/* SPDX-License-Identifier: Apache-2.0 */
/* How the daemon and its policies are: what the engine says, the newest runs of the journal, the last lines of the
 * log; and which policies are paused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approval/approvals.h"
#include "base/program_version.h"
#include "base/texts.h"
#include "control/verbs/lines.h"
#include "control/verbs/parts.h"
#include "engine/standing.h"
#include "guard/quarantine.h"
#include "pause/paused.h"
#include "slo/slo.h"
#include "store/journal.h"
#include "store/store.h"

#define RECENT 20 /* runs of a policy whose outcomes are told */

struct last {      /* the newest run of a policy */
    int64_t waits; /* of all its runs: for approval */
    struct {
        int64_t id;
        char outcome[24]; /* "": it goes on */
    } recent[RECENT];     /* the newest first */
    size_t recent_count;
    int64_t id, scheduled_at, started_at, ended_at, changed, unchanged, failed;
    char trigger[24], outcome[24], cluster[64], who[64], message[400];
    bool dry_run;
};

struct look {
    struct work work;
    struct verbs *verbs;
    struct control_request *request; /* NULL: the asker has gone away */
    char policy[64];                 /* "": all */
    char **names;                    /* of the policies; NULL-terminated */
    struct last *lasts;              /* one for each name; id 0: it has had no run */
    const struct error *error;       /* of the reading (error_keep) */
    struct json_writer w;
    size_t at; /* the policy that is being written */
    bool open; /* and its object is not ended yet */
};

static void look_free(struct look *l)
{
    struct verbs *v = l->verbs;
    free(l->names);
    free(l->lasts);
    error_keep(&l->error, NULL);
    free(l);
    verbs_release(v);
}

static void gone(void *data, struct control_request *request)
{
    (void)request;
    ((struct look *)data)->request = NULL;
}

/* ---- the journal ---- */

static bool take_last(void *data, const struct store_run *run)
{
    struct last *last = data;
    if (journal_run_decides(run))
        return true;
    size_t at = last->recent_count++;
    last->recent[at].id = run->id;
    snprintf(last->recent[at].outcome, sizeof last->recent[at].outcome, "%s", or_empty(run->outcome));
    if (at)
        return last->recent_count < RECENT;
    last->id = run->id;
    last->scheduled_at = run->scheduled_at;
    last->started_at = run->started_at;
    last->ended_at = run->ended_at;
    last->changed = run->changed;
    last->unchanged = run->unchanged;
    last->failed = run->failed;
    last->dry_run = run->dry_run;
    snprintf(last->trigger, sizeof last->trigger, "%s", or_empty(run->trigger));
    snprintf(last->outcome, sizeof last->outcome, "%s", or_empty(run->outcome));
    snprintf(last->cluster, sizeof last->cluster, "%s", or_empty(run->cluster));
    snprintf(last->who, sizeof last->who, "%s", or_empty(run->who));
    snprintf(last->message, sizeof last->message, "%s", or_empty(run->message));
    return true;
}

/* On another thread. */
static void read_runs(struct work *work)
{
    struct look *l = (struct look *)work;
    struct journal *journal = store_journal(l->verbs->o.store);
    struct error err;
    for (size_t i = 0; journal && l->names[i] && !l->error; i++) {
        struct store_filter filter = {.policy = l->names[i]};
        if (journal_read_runs(journal, &filter, false, take_last, &l->lasts[i], &err))
            error_keep(&l->error, &err);
    }
}

/* ---- the answer ---- */

static void write_last(struct json_writer *w, const struct last *last)
{
    json_write_key(w, "last");
    if (!last->id) {
        json_write_null(w);
        return;
    }
    json_write_object(w);
    write_number(w, "id", last->id);
    write_text(w, "cluster", last->cluster);
    write_text(w, "trigger", last->trigger);
    write_text(w, "who", *last->who ? last->who : NULL);
    write_time(w, "scheduled_at", last->scheduled_at);
    write_time(w, "started_at", last->started_at);
    write_time(w, "ended_at", last->ended_at);
    write_text(w, "outcome", *last->outcome ? last->outcome : NULL);
    write_text(w, "message", *last->message ? last->message : NULL);
    write_number(w, "changed", last->changed);
    write_number(w, "unchanged", last->unchanged);
    write_number(w, "failed", last->failed);
    json_write_key(w, "dry_run");
    json_write_bool(w, last->dry_run);
    json_write_end(w);
}

static void write_recent(struct json_writer *w, const struct last *last)
{
    json_write_key(w, "recent");
    json_write_array(w);
    for (size_t i = last->recent_count; i-- > 0;) {
        const char *outcome = last->recent[i].outcome;
        json_write_object(w);
        write_number(w, "id", last->recent[i].id);
        write_text(w, "outcome", *outcome ? outcome : NULL);
        json_write_end(w);
    }
    json_write_end(w);
}

static void write_line(void *data, const char *text)
{
    json_write_string(data, text);
}

static void end_policy(struct look *l)
{
    struct json_writer *w = &l->w;
    if (!l->open)
        return;
    json_write_end(w); /* clusters */
    write_last(w, &l->lasts[l->at]);
    write_recent(w, &l->lasts[l->at]);
    write_number(w, "waits", l->lasts[l->at].waits);
    json_write_key(w, "log");
    json_write_array(w);
    if (*l->policy && l->verbs->o.lines)
        lines_each(l->verbs->o.lines, l->policy, write_line, w);
    json_write_end(w);
    json_write_end(w);
    l->open = false;
}

static void begin_policy(struct look *l, size_t at, const struct policy_entry *entry)
{
    const struct policy *p = entry->policy;
    struct str text = *l->policy ? policy_file_text(entry->file, p->file) : (struct str){0};
    struct json_writer *w = &l->w;
    char trigger[POLICY_TRIGGER_TEXT];
    l->at = at;
    l->open = true;
    json_write_object(w);
    write_text(w, "policy", p->name);
    write_text(w, "about", p->about);
    write_text(w, "file", p->file);
    write_number(w, "line", p->line);
    write_text(w, "trigger", policy_trigger_text(p, trigger));
    json_write_key(w, "text"); /* of the whole file */
    if (text.len)
        json_write_str(w, text);
    else
        json_write_null(w);
    json_write_key(w, "dry_run");
    json_write_bool(w, p->dry_run);
    json_write_key(w, "clusters");
    json_write_array(w);
}

static void write_promise(struct json_writer *w, const struct slo_state *s)
{
    json_write_key(w, "slo");
    if (!s) {
        json_write_null(w);
        return;
    }
    json_write_object(w);
    json_write_key(w, "objective");
    json_write_double(w, s->objective);
    json_write_key(w, "freed_within_seconds");
    json_write_double(w, (double)s->freed_within / CLOCK_SECOND);
    write_number(w, "jobs", s->all);
    write_number(w, "good", s->good);
    write_number(w, "held", s->held);
    json_write_key(w, "burn_rate");
    json_write_object(w);
    for (int i = 0; i < SLO_WINDOWS; i++) {
        json_write_key(w, slo_window_names[i]);
        json_write_double(w, s->burn[i]);
    }
    json_write_end(w);
    json_write_end(w);
}

/* Those of one policy come one after the other. */
static void write_standing(void *data, const struct engine_standing *s)
{
    struct look *l = data;
    struct json_writer *w = &l->w;
    const struct policy *p = s->entry->policy;
    if (!l->open || strcmp(l->names[l->at], p->name) != 0) {
        end_policy(l);
        size_t at = 0;
        while (l->names[at] && strcmp(l->names[at], p->name) != 0)
            at++;
        if (!l->names[at]) /* it was loaded a moment ago */
            return;
        begin_policy(l, at, s->entry);
    }
    json_write_object(w);
    write_text(w, "cluster", s->cluster);
    write_text(w, "state", standing_name(s->standing));
    write_text(w, "why", s->why);
    write_time(w, "next", s->due);
    write_number(w, "waiting", (int64_t)s->waiting);
    write_number(w, "runs", s->runs);
    write_time(w, "running_since", s->running_since);
    write_promise(w, s->slo);
    json_write_end(w);
}

static void write_file(void *data, const char *policy, const struct quarantine_mark *mark)
{
    char deed[64];
    if (policy)
        return;
    json_write_object(data);
    write_text(data, "file", mark->file);
    write_text(data, "why", quarantine_deed(mark, deed));
    json_write_end(data);
}

static void count_waiting(void *data, const struct approval *a)
{
    const struct look *l = data;
    size_t at = 0;
    while (l->names[at] && strcmp(l->names[at], a->policy) != 0)
        at++;
    if (l->names[at])
        l->lasts[at].waits++;
}

static void answer(struct look *l)
{
    struct engine *e = l->verbs->o.engine;
    struct json_writer *w = &l->w;
    struct buf out = BUF_INIT;
    json_writer_init(w, &out);
    json_write_object(w);
    write_text(w, "version", mpijobd_version);
    write_time(w, "now", clock_now(l->verbs->o.clock));
    json_write_key(w, "parts");
    json_write_array(w);
    if (!*l->policy)
        engine_each_part(e, part_write, w);
    json_write_end(w);
    json_write_key(w, "quarantined_files");
    json_write_array(w);
    engine_each_quarantined(e, write_file, w);
    json_write_end(w);
    write_text(w, "journal", l->error ? l->error->message : NULL);
    json_write_key(w, "policies");
    json_write_array(w);
    approvals_each(engine_approvals(e), count_waiting, l);
    engine_each_standing(e, *l->policy ? l->policy : NULL, write_standing, l);
    end_policy(l);
    json_write_end(w);
    answer_with(l->request, w);
}

static void runs_read(struct work *work)
{
    struct look *l = (struct look *)work;
    struct error err;
    if (l->request && !l->verbs->closed) {
        answer(l);
    } else if (l->request) {
        error_set(&err, ERR_CANCELLED, "the daemon is being stopped");
        control_fail(l->request, &err);
    }
    look_free(l);
}

static int list_names(struct look *l, struct error *err)
{
    const struct policy_set *set = engine_policies(l->verbs->o.engine);
    size_t count = *l->policy ? 1 : set ? set->count : 0;
    const char **names = calloc(count + 1, sizeof *names);
    for (size_t i = 0; names && i < count; i++)
        names[i] = *l->policy ? l->policy : set->entries[i].policy->name;
    l->names = names ? texts_copy_list(names, count) : NULL;
    l->lasts = calloc(count + 1, sizeof *l->lasts);
    free(names);
    return l->names && l->lasts ? 0 : error_nomem(err);
}

static void take_status(void *data, struct control_request *r, struct json args)
{
    struct verbs *v = data;
    struct error err;
    struct look *l = calloc(1, sizeof *l);
    if (!l) {
        error_nomem(&err);
        control_fail(r, &err);
        return;
    }
    verbs_hold(v);
    l->verbs = v;
    l->request = r;
    args_text(args, "policy", l->policy, sizeof l->policy);
    int rc = *l->policy ? engine_has(v->o.engine, l->policy, &err) : 0;
    if (!rc)
        rc = list_names(l, &err);
    if (rc) {
        control_fail(r, &err);
        look_free(l);
        return;
    }
    control_wait(r, gone, l);
    work_start(v->o.loop, &l->work, read_runs, runs_read);
}

/* ---- which are paused ---- */

static void write_mark(struct json_writer *w, const struct paused_mark *mark)
{
    json_write_object(w);
    write_text(w, "policy", mark->policy);
    write_text(w, "by", *mark->who ? mark->who : NULL);
    write_uid(w, mark->uid);
    write_time(w, "since", mark->at);
    write_text(w, "why", *mark->why ? mark->why : NULL);
    json_write_end(w);
}

static void take_paused(void *data, struct control_request *r, struct json args)
{
    const struct verbs *v = data;
    struct buf out = BUF_INIT;
    struct json_writer w;
    struct error err;
    (void)args;
    if (engine_pauses_here(v->o.engine, &err)) {
        control_fail(r, &err);
        return;
    }
    const struct paused *paused = engine_all_paused(v->o.engine);
    json_writer_init(&w, &out);
    json_write_array(&w);
    for (size_t i = 0; paused && i < paused->count; i++)
        write_mark(&w, &paused->marks[i]);
    answer_with(r, &w);
}

const struct control_verb status_verbs[] = {
    {"status", CONTROL_READS, take_status},
    {"paused", CONTROL_READS, take_paused},
    {NULL, CONTROL_READS, NULL},
};
