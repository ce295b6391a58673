/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that wait for approval: which there are, and what a person decides. A decision goes on where the asker has gone
 * away. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approval/approvals.h"
#include "control/verbs/parts.h"
#include "engine/engine.h"

#define REASON_MAX 512
#define SECONDS_MOST (APPROVAL_EXTENDS_MOST / CLOCK_SECOND)

/* ---- which wait ---- */

static void write_given(struct json_writer *w, const struct approval *a)
{
    json_write_key(w, "given");
    json_write_array(w);
    for (size_t i = 0; i < a->given_count; i++) {
        json_write_object(w);
        write_text(w, "by", a->given[i].by);
        write_uid(w, a->given[i].uid);
        write_time(w, "at", a->given[i].at);
        json_write_end(w);
    }
    json_write_end(w);
}

static void write_head(const struct engine *engine, struct json_writer *w, const struct approval *a)
{
    int shard = engine_run_shard(engine, a->run);
    struct plan_counts n = plan_count(a->plan);
    json_write_object(w);
    write_number(w, "run", a->run);
    write_text(w, "policy", a->policy);
    write_text(w, "cluster", a->cluster);
    if (shard >= 0)
        write_number(w, "shard", shard);
    json_write_key(w, "undoes");
    if (a->undoes)
        json_write_int(w, a->undoes);
    else
        json_write_null(w);
    write_time(w, "since", a->since);
    write_time(w, "expires", a->expires);
    write_text(w, "asked_by", *a->asked_by ? a->asked_by : NULL);
    write_text(w, "approved_by", *a->approved_by ? a->approved_by : NULL);
    write_number(w, "quorum", a->quorum);
    write_given(w, a);
    write_number(w, "changes", (int64_t)n.changes);
    write_number(w, "destructive", (int64_t)n.destructive);
    write_number(w, "inert", (int64_t)n.inert);
}

struct waiting_list {
    const struct engine *engine;
    struct json_writer *w;
};

static void visit(void *data, const struct approval *a)
{
    const struct waiting_list *l = data;
    write_head(l->engine, l->w, a);
    json_write_end(l->w);
}

static void write_diff(struct json_writer *w, const struct plan_write *write)
{
    struct buf text = BUF_INIT, lines = BUF_INIT;
    mpijob_diff_json(&write->diff, &text);
    mpijob_diff_write(&write->diff, false, &lines);
    json_write_key(w, "diff");
    json_write_raw(w, (struct json){text.len && !text.failed ? buf_str(&text) : str_of("[]")});
    write_text(w, "text", lines.ptr);
    buf_free(&text);
    buf_free(&lines);
}

static void write_one(struct json_writer *w, const struct plan_change *c, const struct plan_write *write)
{
    if (!write->texts)
        return;
    json_write_object(w);
    write_text(w, "job", c->job);
    write_text(w, "part", write == &c->child ? c->child_called : "object");
    write_text(w, "name", write->name);
    write_text(w, "resourceVersion", write->resource_version);
    write_text(w, "effect", write->effect);
    write_text(w, "why", write->why);
    write_diff(w, write);
    json_write_end(w);
}

static void take_waiting(void *data, struct control_request *r, struct json args)
{
    const struct verbs *v = data;
    struct buf out = BUF_INIT;
    struct json_writer w;
    struct approval one;
    struct error err;
    int64_t run = 0;
    bool one_run = json_int64(json_get(args, "run"), &run);
    /* What waits is the leader's to know. */
    if (one_run ? engine_run_here(v->o.engine, run, &err) : engine_leads(v->o.engine, &err)) {
        control_fail(r, &err);
        return;
    }
    json_writer_init(&w, &out);
    if (!one_run) {
        json_write_array(&w);
        approvals_each(engine_approvals(v->o.engine), visit, &(struct waiting_list){v->o.engine, &w});
    } else if (approvals_find(engine_approvals(v->o.engine), run, &one, &err)) {
        write_head(v->o.engine, &w, &one);
        json_write_key(&w, "plan");
        json_write_array(&w);
        for (size_t i = 0; i < one.plan->change_count; i++) {
            write_one(&w, &one.plan->changes[i], &one.plan->changes[i].object);
            write_one(&w, &one.plan->changes[i], &one.plan->changes[i].child);
        }
        json_write_end(&w);
    } else {
        control_fail(r, &err);
        return;
    }
    answer_with(r, &w);
}

/* ---- a decision ---- */

struct decision {
    struct person person;
    struct verbs *verbs;
    struct control_request *request; /* NULL: the asker has gone away */
    struct approver who;
    int64_t run;
    char reason[REASON_MAX];
    enum { APPROVES, REJECTS, EXTENDS } does;
    int64_t by;    /* EXTENDS: microseconds */
    bool override; /* APPROVES: in spite of a freeze */
};

static void asker_gone(void *data, struct control_request *request)
{
    (void)request;
    ((struct decision *)data)->request = NULL;
}

static void finish(struct decision *d)
{
    struct verbs *v = d->verbs;
    free(d);
    verbs_release(v);
}

static void decided(void *data, const struct approval_result *result, const struct error *err)
{
    struct decision *d = data;
    struct buf out = BUF_INIT;
    struct json_writer w;
    if (d->request && err) {
        control_fail(d->request, err);
    } else if (d->request) {
        json_writer_init(&w, &out);
        json_write_object(&w);
        write_text(&w, "by", d->person.name);
        write_number(&w, "waited", d->run);
        if (result && result->expires) {
            write_time(&w, "expires", result->expires);
        } else if (result && result->quorum) {
            write_number(&w, "given", (int64_t)result->given);
            write_number(&w, "quorum", result->quorum);
        } else if (result) {
            write_number(&w, "run", result->run);
            write_number(&w, "changed", result->changed);
            write_number(&w, "already", result->already);
            write_number(&w, "left", result->left);
            write_number(&w, "failed", result->failed);
        }
        answer_with(d->request, &w);
    }
    finish(d);
}

static int carry_out(const struct decision *d, const struct approval_call *call, struct error *err)
{
    struct approvals *a = d->verbs->closed ? NULL : engine_approvals(d->verbs->o.engine);
    if (d->verbs->closed)
        return error_set(err, ERR_CANCELLED, "the daemon is being stopped");
    int rc = engine_run_here(d->verbs->o.engine, d->run, err);
    if (rc)
        return rc;
    struct approval_call approval = *call;
    switch (d->does) {
    case APPROVES: /* its run begins now */
        rc = verbs_check_freeze(d->verbs, d->override, &approval.overrides, err);
        return rc ? rc : approvals_approve(a, &approval, err);
    case REJECTS:
        return approvals_reject(a, call, err);
    case EXTENDS:
        return approvals_extend(a, call, d->by, err);
    }
    return 0;
}

static void known(struct person *person)
{
    struct decision *d = (struct decision *)person;
    struct error err;
    snprintf(d->who.name, sizeof d->who.name, "%s", d->person.name);
    struct approval_call call = {
        .run = d->run, .who = d->who, .reason = *d->reason ? d->reason : NULL, .done = decided, .data = d};
    if (!carry_out(d, &call, &err))
        return;
    if (d->request)
        control_fail(d->request, &err);
    finish(d);
}

/* All but the name, which is looked up. */
static struct approver who_asks(const struct verbs *v, const struct control_request *r)
{
    struct control_peer peer = control_request_peer(r);
    enum approver_known known = peer.name ? APPROVER_BY_TOKEN : APPROVER_BY_PEER;
    return (struct approver){.known = known,
                             .uid = peer.name ? CONTROL_NAMED_UID : (int64_t)peer.uid,
                             .listed = approvers_list(approvals_approvers(engine_approvals(v->o.engine)), known,
                                                      peer.uid, peer.groups, peer.group_count)};
}

static void decide(struct verbs *v, struct control_request *r, struct json args, const struct decision *wish)
{
    struct error err;
    struct decision *d = calloc(1, sizeof *d);
    if (!d || !json_int64(json_get(args, "run"), &d->run)) {
        if (d)
            error_set(&err, ERR_INVALID, "the args name the run, as {\"run\": 12}");
        else
            error_nomem(&err);
        free(d);
        control_fail(r, &err);
        return;
    }
    d->verbs = v;
    d->request = r;
    d->does = wish->does;
    d->by = wish->by;
    d->override = json_is_true(json_get(args, "override"));
    args_text(args, "reason", d->reason, sizeof d->reason);
    d->who = who_asks(v, r);
    verbs_hold(v);
    control_wait(r, asker_gone, d);
    person_look_up(v->o.loop, &d->person, r, known);
}

static void take_approve(void *data, struct control_request *r, struct json args)
{
    decide(data, r, args, &(struct decision){.does = APPROVES});
}

static void take_reject(void *data, struct control_request *r, struct json args)
{
    decide(data, r, args, &(struct decision){.does = REJECTS});
}

static void take_extend(void *data, struct control_request *r, struct json args)
{
    struct error err;
    int64_t seconds = 0;
    if (json_int64(json_get(args, "seconds"), &seconds) && seconds > 0 && seconds <= SECONDS_MOST) {
        decide(data, r, args, &(struct decision){.does = EXTENDS, .by = seconds * CLOCK_SECOND});
        return;
    }
    error_set(&err, ERR_INVALID, "the args say by how much, as {\"run\": 12, \"seconds\": 43200}; 30 days at most");
    control_fail(r, &err);
}

const struct control_verb approval_verbs[] = {
    {"waiting", CONTROL_DECIDES, take_waiting},
    {"approve", CONTROL_DECIDES, take_approve},
    {"reject", CONTROL_DECIDES, take_reject},
    {"extend", CONTROL_DECIDES, take_extend},
    {NULL, CONTROL_READS, NULL},
};
