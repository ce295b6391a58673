/* SPDX-License-Identifier: Apache-2.0 */
/* Makes one change of a plan: its object, and then its child. */
#include "mpijob/kind.h"
#include "plan/plan_work.h"

#include <stddef.h>
#include <stdio.h>

static void make_child(struct plan_item *item);

/* What the plan knows of the effect counts where nothing else is known of it. */
static struct mpijob_verdict verdict_of(const struct plan_write *w)
{
    struct mpijob_verdict verdict = {.effect = EFFECT_UNKNOWN};
    for (int e = 0; e <= EFFECT_DESTRUCTIVE; e++) {
        if (strcmp(w->effect, mpijob_effect_name((enum mpijob_effect)e)) == 0)
            verdict.effect = (enum mpijob_effect)e;
    }
    snprintf(verdict.why, sizeof verdict.why, "%s", w->why);
    return verdict;
}

/* Does the change come to what the plan shows? The bytes are the plan's own, and the object is at their version, so it
 * does, unless the plan's text was forged or another mpijobd has made it. */
static void gate(void *data, struct gate_wait *wait, const struct change_intent *intent)
{
    struct plan_item *item = data;
    const struct plan_write *w = item->at_child ? &item->change->child : &item->change->object;
    struct buf shown = BUF_INIT, real = BUF_INIT;
    struct error err;
    mpijob_diff_json(&w->diff, &shown);
    mpijob_diff_json(intent->diff, &real);
    int rc = shown.failed || real.failed ? error_nomem(&err) : 0;
    bool compared = !item->at_child && (w->verb == CHANGE_REPLACE || item->change->last);
    if (!rc && compared && !str_eq(buf_str(&shown), buf_str(&real)))
        rc = error_set(&err, ERR_REFUSED,
                       "the plan's bytes change something else than the difference that it shows; make the plan again");
    buf_free(&shown);
    buf_free(&real);
    gate_answer(wait, rc ? &err : NULL);
}

static void finish(struct plan_item *item)
{
    item->made = true;
    plan_work_next(item);
}

static void done(void *data, const struct change_result *result, const struct error *err)
{
    struct plan_item *item = data;
    struct plan_work *w = item->work;
    item->changed = item->changed || result->changed;
    item->failed = item->failed || err;
    w->told(w->data, item, result, err);
    if (err || item->at_child || item->child_state != PLAN_FITS || w->cancelled)
        finish(item);
    else
        make_child(item);
}

static void send_write(struct plan_item *item, const struct plan_write *write)
{
    struct plan_work *w = item->work;
    static const struct mpijob_diff nothing;
    static const char *const none[] = {NULL};
    struct mpijob_target target = {0};
    struct error err;
    char plural[256];
    snprintf(plural, sizeof plural, "%s", write->plural);
    bool job = write->ours && mpijob_kind_find(str_of(plural), &target.kind);
    if (job) {
        target = cluster_target(w->site->cluster, target.kind);
        mpijob_version_parse(str_of(write->version), &target.version);
    }
    struct mpijob_verdict known = verdict_of(write);
    struct change_call call = {
        .verb = write->verb,
        .job = job ? &target : NULL,
        .resource = plan_resource(write),
        .kind = write->kind,
        .name_space = write->name_space,
        .name = write->name,
        .resource_version = write->verb == CHANGE_CREATE || item->change->last ? NULL : write->resource_version,
        .body = str_of(write->body),
        .json_patch = write->json_patch,
        .splices = write->splices,
        .mends = true, /* it does not answer for what the object had before */
        .known = job ? NULL : &known,
        .propagation = write->propagation,
        .dry_run = w->dry_run,
        .server_dry_run = w->dry_run,
        .destructive = item->change->leave,
        .run = w->run,
        .with_child = item->change->child.texts && !item->at_child,
        .policy = item->change->policy,
        .gate = gate,
        .done = done,
        .data = item,
    };
    struct change *change;
    int rc = w->start ? w->start(w->data, &call, &err) : change_start(w->site, &call, &change, &err);
    if (!rc)
        return;
    const struct change_result result = {.diff = &nothing,
                                         .child = &nothing,
                                         .child_called = "child",
                                         .child_told = "child",
                                         .why = "",
                                         .warnings = none,
                                         .seen_note = "",
                                         .resource_version = ""};
    item->failed = true;
    w->told(w->data, item, &result, &err);
    finish(item);
}

/* ---- its turn ---- */

static void turn_came(struct rate_wait *pace)
{
    struct plan_item *item = (struct plan_item *)((char *)pace - offsetof(struct plan_item, pace));
    send_write(item, item->write);
}

void plan_make_not(struct plan_item *item)
{
    rate_leave(&item->pace);
    item->made = item->at_child; /* the object is, where its child is not */
    plan_work_next(item);
}

static void start(struct plan_item *item, const struct plan_write *write)
{
    struct plan_work *w = item->work;
    item->write = write;
    item->pace.go = turn_came;
    if (!w->rate || w->dry_run || rate_take(w->rate, &item->pace, w->gap))
        send_write(item, write);
}

static void make_child(struct plan_item *item)
{
    item->at_child = true;
    start(item, &item->change->child);
}

void plan_make(struct plan_item *item)
{
    item->made = item->changed = item->failed = false;
    if (item->object_state == PLAN_FITS && item->change->object.texts)
        start(item, &item->change->object);
    else
        make_child(item);
}
