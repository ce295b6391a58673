/* SPDX-License-Identifier: Apache-2.0 */
/* A change's life: from its start over its tries to its end. */
#include "change/change.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/backoff.h"
#include "base/texts.h"
#include "change/change_parts.h"

/* Another writer is at work on this object: up to 40 ms, doubling to 640. */
static const struct backoff conflict_pause = {.first_ms = 40, .most_ms = 640, .jitter = BACKOFF_FULL};

static void free_change(struct deadline *pause)
{
    struct change *c = pause->data;
    free(c->texts);
    mpijob_changes_free(&c->changes);
    buf_free(&c->body);
    free(c->before);
    buf_free(&c->after);
    buf_free(&c->first);
    mpijob_diff_free(&c->diff);
    error_keep(&c->lost, NULL);
    free(c->answer);
    free(c->warnings);
    mpijob_child_plan_free(&c->child.plan);
    change_child_found_free(c);
    free(c);
}

/* ---- the end ---- */

/* Every message begins with the object's name. */
static void name_it(const struct change *c, struct error *err)
{
    if (c->ours && (c->verb == CHANGE_FIELDS || c->verb == CHANGE_REPLACE))
        error_prefix(err, "%s/%s", c->name_space, c->name);
    else
        error_prefix(err, "%s %s%s%s", c->kind, c->name_space ? c->name_space : "", c->name_space ? "/" : "", c->name);
}

static struct str newest_bytes(const struct change *c)
{
    if (c->again)
        return str_n(c->before, c->before_len);
    if (c->answer)
        return str_n(c->answer, c->answer_len);
    if (c->after.len && c->verb != CHANGE_FIELDS)
        return buf_str(&c->after);
    return str_n(c->before, c->before_len);
}

void change_finish(struct change *c, bool sent, const struct error *err)
{
    static const char *const none[] = {NULL};
    if (!err && sent && change_wait_effect(c))
        return;
    struct error told;
    if (err) {
        told = *err;
        name_it(c, &told);
    }
    char child[CHANGE_CHILD_TOLD];
    struct buf body = BUF_INIT;
    bool secret = c->resource.plural && change_is_secret(c);
    if (c->site->recorder && c->leaves && !secret)
        change_body(c, &body, NULL);
    struct change_result result = {
        .secret = secret,
        .sent = buf_str(&body),
        .read = c->site->recorder && c->was_read && !secret ? str_n(c->before, c->before_len) : (struct str){0},
        .changed = err ? c->child.half : sent && c->verdict.effect != EFFECT_UNCHANGED,
        .written = c->written,
        .unknown = c->unknown,
        .dry_run = c->dry_run,
        .kept = c->at_gate.kept,
        .last = c->follows,
        .again = err && err->code == ERR_CONFLICT && c->again,
        .tries = c->earlier_tries + c->tries,
        .effect = c->verdict.effect,
        .why = c->verdict.why,
        .diff = &c->diff,
        .child = &c->child.plan.diff,
        .child_told = change_child_told(c, child),
        .child_called = mpijob_child_called(mpijob_kind_info(c->target.kind)->child),
        .before = c->viewed ? &c->view : NULL,
        .looked_at = c->looked_at,
        .resource_version = c->version_now,
        .object = newest_bytes(c),
        .warnings = c->warnings ? (const char *const *)c->warnings : none,
        .row = c->row ? c->row : c->child.row,
        .sign = err || !sent ? SIGN_NONE : change_sign(c),
        .seen = c->effect.seen,
        .after_ms = c->effect.after_ms,
        .seen_note = c->effect.note,
    };
    c->ended = true;
    change_event(c, &result, err);
    c->done(c->data, &result, err ? &told : NULL);
    buf_free(&body);
    defer_cancel(&c->turn);
    deadline_close(&c->pause, free_change);
}

void change_fail(struct change *c, const struct error *err)
{
    change_finish(c, false, err);
}

void change_give_up(struct change *c)
{
    struct error err;
    error_set(&err, ERR_CANCELLED, "cancelled");
    change_fail(c, &err);
}

/* ---- one try ---- */

static void go_on(struct change *c)
{
    struct error err;
    if (c->effect.over)
        change_finish(c, true, NULL);
    else if (c->child.again)
        change_child_again(c);
    else if (c->cancelled)
        change_give_up(c);
    else if (c->tries == 0 && c->ours && c->verb <= CHANGE_REPLACE &&
             cluster_serves(c->site->cluster, c->target.kind, &err))
        change_fail(c, &err);
    else if (c->verb == CHANGE_CREATE || c->before)
        change_consider(c);
    else
        change_read(c);
}

static void turn(struct defer *item)
{
    go_on(item->data);
}

static void paused(struct deadline *pause)
{
    go_on(pause->data);
}

void change_soon(struct change *c)
{
    deadline_stop(&c->pause);
    defer_call(c->site->soon, &c->turn);
}

void change_pause(struct change *c, int tries)
{
    defer_cancel(&c->turn);
    deadline_set(&c->pause, backoff_ms(&conflict_pause, (unsigned)tries, NULL));
}

void change_again(struct change *c, const struct error *why)
{
    if (++c->tries + c->earlier_tries >= CHANGE_TRIES) {
        struct error err = *why;
        error_prefix(&err, "given up after %d tries", c->earlier_tries + c->tries);
        change_fail(c, &err);
        return;
    }
    change_forget(c);
    change_pause(c, c->earlier_tries + c->tries);
}

/* ---- the start ---- */

static int copy_in(struct change *c, const struct change_call *call, struct error *err)
{
    c->texts =
        TEXTS_COPY({&c->resource.group, call->resource.group}, {&c->resource.version, call->resource.version},
                   {&c->resource.plural, call->resource.plural}, {&c->kind, call->kind},
                   {&c->name_space, call->name_space}, {&c->name, call->name}, {&c->policy, or_empty(call->policy)},
                   {&c->wanted_version, call->resource_version}, {&c->propagation, call->propagation},
                   {&c->handled_key, call->handled_key}, {&c->handled_value, call->handled_value});
    buf_add_str(&c->body, call->body);
    snprintf(c->looked_at, sizeof c->looked_at, "%s", or_empty(call->computed_from));
    if (call->object.len) {
        c->before = str_dup(call->object);
        c->before_len = call->object.len;
    }
    bool good = c->texts && !c->body.failed && (c->before || !call->object.len);
    return good ? 0 : error_nomem(err);
}

static void answered(struct gate_wait *wait, const struct error *refused);

int change_start(const struct site *site, struct change_call *call, struct change **out, struct error *err)
{
    struct change *c = calloc(1, sizeof *c);
    if (!c)
        return error_nomem(err);
    c->site = site;
    c->verb = call->verb;
    c->ours = call->job != NULL;
    if (call->job)
        c->target = *call->job;
    c->json_patch = call->json_patch;
    c->awaited = call->awaited;
    c->with_child = call->with_child;
    if (!call->traceparent || !trace_parse(call->traceparent, &c->trace))
        trace_new(&c->trace);
    c->mends = call->mends;
    c->splices = call->splices;
    c->follows = call->follows;
    c->known = call->known ? *call->known : (struct mpijob_verdict){.effect = EFFECT_UNKNOWN};
    c->computed = call->computed;
    c->earlier_tries = call->tries;
    c->dry_run = call->dry_run;
    c->server_dry_run = call->server_dry_run;
    c->destructive = call->destructive;
    c->stops = call->stops;
    c->made_before = call->made_before;
    c->through_child = call->through_child;
    c->wait_effect_ms = call->wait_effect_ms;
    c->run = call->run;
    c->who = call->who;
    c->about = call->about;
    c->quiet = call->quiet;
    c->gate = call->gate;
    c->done = call->done;
    c->data = call->data;
    c->at_gate.answered = answered;
    c->pause.data = c;
    if (copy_in(c, call, err)) {
        free_change(&c->pause);
        return ERR_NOMEM;
    }
    if (call->changes) {
        c->changes = *call->changes;
        *call->changes = (struct mpijob_changes){0};
    }
    deadline_init(site->loop, &c->pause, paused, c);
    c->turn = (struct defer){.call = turn, .data = c};
    change_soon(c); /* done is never called from within this function */
    *out = c;
    return 0;
}

/* ---- past the gate ---- */

static void answered(struct gate_wait *wait, const struct error *refused)
{
    struct change *c = (struct change *)((char *)wait - offsetof(struct change, at_gate));
    struct error err;
    if (wait->kept) {
        c->dry_run = true;
        c->server_dry_run = false;
    }
    if (refused) {
        err = *refused;
        error_prefix(&err, "not written");
        change_fail(c, &err);
    } else if (c->dry_run && (!c->server_dry_run || c->first.len)) { /* the server can try one write alone */
        c->leaves = c->verb != CHANGE_FIELDS || c->diff.count;
        change_finish(c, true, NULL);
    } else if (c->verb == CHANGE_FIELDS && !c->diff.count) {
        change_write_child(c); /* the job has the value already */
    } else {
        change_send(c);
    }
}

/* ---- giving up ---- */

void change_cancel(struct change *c)
{
    if (c->ended)
        return;
    c->cancelled = true;
    if (c->wait.waiting) {
        cluster_wait_cancel(c->site->cluster, &c->wait);
        change_soon(c);
    } else if (c->at_gate.waiting) {
        c->at_gate.waiting = false;
        c->at_gate.cancel(&c->at_gate);
        change_soon(c);
    } else if (c->effect.watch) {
        change_stop_waiting(c);
    } else if (c->child.write) {
        write_cancel(c->child.write);
    } else if (c->write) {
        write_cancel(c->write);
    } else if (c->request) {
        kube_cancel(c->request);
    } else if (c->child.list) {
        kube_list_cancel(c->child.list);
        c->child.list = NULL;
        c->child.again = true; /* ends there */
        change_soon(c);
    } else {
        change_soon(c);
    }
}

void change_abandon(struct change *c)
{
    if (c->ended)
        return;
    c->abandoned = true;
    change_cancel(c);
    if (c->child.write)
        write_abandon(c->child.write);
    else if (c->write)
        write_abandon(c->write);
}
