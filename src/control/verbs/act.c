/* SPDX-License-Identifier: Apache-2.0 */
/* What people do to a running daemon: pause, resume, trigger, reload. Each is told in the log with who it was, and goes
 * on where the asker has gone away. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/trace.h"
#include "control/verbs/parts.h"
#include "engine/ask.h"
#include "guard/quarantine.h"
#include "pause/pauses.h"
#include "json/write.h"

struct act {
    struct person person;
    struct reload_wait reload;
    struct verbs *verbs;
    struct control_request *request; /* NULL: the asker has gone away */
    char policy[320];                /* of resume also the path of a file */
    char job[520];                   /* "": none */
    void (*go_on)(struct act *act);  /* when it is known who asks */
    bool was_paused, was_quarantined, override, dry_run;
    int (*may)(const struct engine *engine, struct error *err); /* whose it is to do; NULL: anybody's */
    struct trace trace;                                         /* of the request; "": it is in none */
    struct buf out;                                             /* runs that have ended */
    struct json_writer w;
};

static void gone(void *data, struct control_request *request)
{
    (void)request;
    ((struct act *)data)->request = NULL;
}

static void finish(struct act *a)
{
    struct verbs *v = a->verbs;
    buf_free(&a->out);
    free(a);
    verbs_release(v);
}

static void fail(struct act *a, const struct error *err)
{
    if (a->request)
        control_fail(a->request, err);
    finish(a);
}

static void known(struct person *person)
{
    struct act *a = (struct act *)person;
    struct error err;
    if (a->verbs->closed) { /* the engine is gone by now */
        error_set(&err, ERR_CANCELLED, "the daemon is being stopped");
        fail(a, &err);
        return;
    }
    if (a->may && a->may(a->verbs->o.engine, &err))
        fail(a, &err);
    else
        a->go_on(a);
}

static struct engine *engine_of(const struct act *a)
{
    return a->verbs->o.engine;
}

static void go_pause(struct act *a);
static void go_trigger(struct act *a);

static void begin(struct verbs *v, struct control_request *r, struct json args, bool named,
                  void (*go_on)(struct act *act))
{
    struct error err;
    struct act *a = calloc(1, sizeof *a);
    if (!a) {
        error_nomem(&err);
        control_fail(r, &err);
        return;
    }
    a->verbs = v;
    a->request = r;
    a->go_on = go_on;
    a->may = go_on == go_pause ? engine_pauses_here : go_on == go_trigger ? engine_leads : NULL;
    args_text(args, "job", a->job, sizeof a->job);
    char trace[TRACE_SIZE + 1]; /* what is longer is no trace */
    if (args_text(args, "traceparent", trace, sizeof trace))
        trace_parse(trace, &a->trace);
    a->dry_run = json_is_true(json_get(args, "dry_run"));
    a->override = json_is_true(json_get(args, "override"));
    if (!args_text(args, "policy", a->policy, sizeof a->policy) && named) {
        free(a);
        error_set(&err, ERR_INVALID, "the args name the policy, as {\"policy\": \"free-gpus\"}");
        control_fail(r, &err);
        return;
    }
    verbs_hold(v);
    control_wait(r, gone, a);
    person_look_up(v->o.loop, &a->person, r, known);
}

/* ---- pause ---- */

/* Where daemons share the jobs: it holds for all of them, within so long. */
static void write_everywhere(const struct act *a, struct json_writer *w)
{
    int64_t within = engine_pauses_within(engine_of(a));
    if (within)
        write_number(w, "everywhere_within_seconds", (within + CLOCK_SECOND - 1) / CLOCK_SECOND);
}

static void answer_paused(struct act *a, const struct paused_mark *mark, bool already)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, &out);
    json_write_object(&w);
    write_text(&w, "policy", mark->policy);
    write_text(&w, "by", mark->who);
    write_uid(&w, mark->uid);
    write_time(&w, "since", mark->at);
    json_write_key(&w, "already");
    json_write_bool(&w, already);
    write_everywhere(a, &w);
    if (a->request)
        answer_with(a->request, &w);
    buf_free(&out);
    finish(a);
}

static struct paused_mark mark_of(const struct act *a, int64_t at)
{
    struct paused_mark mark = {.uid = a->person.number, .at = at};
    snprintf(mark.policy, sizeof mark.policy, "%.63s", a->policy);
    snprintf(mark.who, sizeof mark.who, "%s", a->person.name);
    return mark;
}

static void pause_kept(void *data, int64_t id, const struct error *err)
{
    struct act *a = data;
    struct error why;
    struct paused_mark mark = mark_of(a, clock_now(a->verbs->o.clock));
    (void)id;
    const struct paused_mark *there = !err && !a->verbs->closed ? engine_paused(engine_of(a), a->policy) : NULL;
    if (there) { /* another was faster */
        mark = *there;
        answer_paused(a, &mark, true);
        return;
    }
    if (!err && !a->verbs->closed && engine_pause(engine_of(a), &mark, &why))
        err = &why;
    if (err)
        fail(a, err);
    else
        answer_paused(a, &mark, false);
}

static void go_pause(struct act *a)
{
    struct error err;
    const struct paused_mark *there = engine_paused(engine_of(a), a->policy);
    if (there) {
        struct paused_mark mark = *there;
        answer_paused(a, &mark, true);
        return;
    }
    if (engine_has(engine_of(a), a->policy, &err)) {
        fail(a, &err);
        return;
    }
    struct paused_mark mark = mark_of(a, clock_now(a->verbs->o.clock));
    pauses_keep(a->verbs->o.store, &mark, pause_kept, a);
}

static void take_pause(void *data, struct control_request *r, struct json args)
{
    begin(data, r, args, true, go_pause);
}

/* ---- resume ---- */

static void answer_resumed(struct act *a)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, &out);
    json_write_object(&w);
    write_text(&w, "policy", a->policy);
    json_write_key(&w, "was_paused");
    json_write_bool(&w, a->was_paused);
    json_write_key(&w, "was_quarantined");
    json_write_bool(&w, a->was_quarantined);
    write_everywhere(a, &w);
    if (a->request)
        answer_with(a->request, &w);
    buf_free(&out);
    finish(a);
}

static void resumed_and_loaded(struct reload_wait *wait, const struct policy_set *set,
                               const struct reload_changes *changes)
{
    (void)changes;
    (void)set; /* what is wrong in files is told in the log */
    answer_resumed(wait->data);
}

/* The quarantine is a line of its file, which the load looks at again. */
static void let_go(struct act *a)
{
    struct error err;
    int rc = quarantine_let_go(a->verbs->o.quarantine, a->policy, clock_now(a->verbs->o.clock), &err);
    a->was_quarantined = !rc;
    if (!rc) {
        a->reload = (struct reload_wait){.told = resumed_and_loaded, .data = a};
        engine_reload_and_tell(engine_of(a), &a->reload);
    } else if (rc == ERR_NOT_FOUND && a->was_paused) {
        answer_resumed(a);
    } else {
        if (rc == ERR_NOT_FOUND && !engine_pauses_here(engine_of(a), &err) &&
            !engine_has(engine_of(a), a->policy, &err))
            error_set(&err, ERR_NOT_FOUND, "policy \"%s\" is neither paused nor in quarantine", a->policy);
        fail(a, &err);
    }
}

static void pause_forgotten(void *data, int64_t id, const struct error *err)
{
    struct act *a = data;
    struct error why;
    (void)id;
    if (!err && a->verbs->closed) {
        error_set(&why, ERR_CANCELLED, "the daemon is being stopped");
        err = &why;
    }
    if (err) {
        fail(a, err);
        return;
    }
    a->was_paused = engine_paused(engine_of(a), a->policy) != NULL;
    if (a->was_paused)
        engine_resume(engine_of(a), a->policy, a->person.name);
    let_go(a);
}

/* A pause is the leader's to end; a quarantine is each daemon's own. */
static void go_resume(struct act *a)
{
    struct error err;
    bool may_be = engine_paused(engine_of(a), a->policy) || engine_pauses_within(engine_of(a)); /* elsewhere */
    if (may_be && !engine_pauses_here(engine_of(a), &err))
        pauses_forget(a->verbs->o.store, a->policy, pause_forgotten, a);
    else
        let_go(a);
}

static void take_resume(void *data, struct control_request *r, struct json args)
{
    begin(data, r, args, true, go_resume);
}

/* ---- trigger ---- */

/* Where daemons share the jobs: those that this run was not about. */
static void write_others(const struct act *a, struct json_writer *w)
{
    struct buf others = BUF_INIT;
    engine_others(engine_of(a), &others);
    if (others.len && !others.failed)
        write_text(w, "others", others.ptr);
    buf_free(&others);
}

static void run_began(void *data, const struct run *run)
{
    struct act *a = data;
    struct buf out = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, &out);
    json_write_object(&w);
    write_text(&w, "began", run->site->told ? run->site->told : cluster_name(run->site->cluster));
    json_write_end(&w);
    if (a->request && !out.failed)
        control_tell(a->request, (struct json){buf_str(&out)});
    buf_free(&out);
}

static void run_ended(void *data, const struct run *run)
{
    struct act *a = data;
    struct json_writer *w = &a->w;
    json_write_object(w);
    write_number(w, "id", run->id);
    write_text(w, "cluster", cluster_name(run->site->cluster));
    if (run->site->shard.of)
        write_number(w, "shard", run->site->shard.index);
    write_text(w, "outcome", run_outcome_name(run));
    write_number(w, "changed", run->changed);
    write_number(w, "unchanged", run->unchanged);
    write_number(w, "failed", run->failed);
    json_write_key(w, "dry_run");
    json_write_bool(w, run->dry_run);
    write_text(w, "message", run->error ? run->error->message : NULL);
    json_write_end(w);
}

static void all_ended(void *data, const struct error *err)
{
    struct act *a = data;
    if (err) {
        fail(a, err);
        return;
    }
    json_write_end(&a->w); /* the runs */
    if (!*a->job)
        write_others(a, &a->w);
    if (a->request)
        answer_with(a->request, &a->w);
    finish(a);
}

static void go_trigger(struct act *a)
{
    struct error err;
    struct ask_call call = {.policy = a->policy,
                            .job = *a->job ? a->job : NULL,
                            .who = a->person.name,
                            .uid = a->person.number,
                            .traceparent = a->trace.text,
                            .override = a->override,
                            .dry_run = a->dry_run,
                            .began = run_began,
                            .ended = run_ended,
                            .done = all_ended,
                            .data = a};
    json_writer_init(&a->w, &a->out);
    json_write_object(&a->w);
    json_write_key(&a->w, "runs");
    json_write_array(&a->w);
    if (engine_ask(engine_of(a), &call, &err))
        fail(a, &err);
}

static void take_trigger(void *data, struct control_request *r, struct json args)
{
    begin(data, r, args, true, go_trigger);
}

/* ---- reload ---- */

static void loaded(struct reload_wait *wait, const struct policy_set *set, const struct reload_changes *changes)
{
    struct act *a = wait->data;
    struct buf out = BUF_INIT;
    struct json_writer w;
    struct error err;
    if (!set) {
        error_set(&err, ERR_CANCELLED,
                  "the policies were not loaded: the daemon is being stopped, or is out of memory");
        fail(a, &err);
        return;
    }
    json_writer_init(&w, &out);
    write_loaded(&w, set, changes);
    if (a->request)
        answer_with(a->request, &w);
    buf_free(&out);
    finish(a);
}

static void go_reload(struct act *a)
{
    log_event(a->verbs->o.log, LOG_INFO, "a reload is asked for", LOG_FIELDS({"by", a->person.name}));
    a->reload = (struct reload_wait){.told = loaded, .data = a};
    engine_reload_and_tell(engine_of(a), &a->reload);
}

static void take_reload(void *data, struct control_request *r, struct json args)
{
    begin(data, r, args, false, go_reload);
}

const struct control_verb act_verbs[] = {
    {"pause", CONTROL_ACTS, take_pause},
    {"resume", CONTROL_ACTS, take_resume},
    {"trigger", CONTROL_ACTS, take_trigger},
    {"reload", CONTROL_ACTS, take_reload},
    {NULL, CONTROL_READS, NULL},
};
