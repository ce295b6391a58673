/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict on a change, what is refused whoever asks for it, and the way to the gate. */
#include <stdio.h>
#include <string.h>

#include "change/change_parts.h"
#include "mpijob/effect/effect_owners.h"
#include "mpijob/effect/others.h"
#include "mpijob/inspect/harm.h"
#include "json/edit.h"

static void say(struct change *c, enum mpijob_effect effect, const char *why)
{
    c->verdict = (struct mpijob_verdict){.effect = effect};
    snprintf(c->verdict.why, sizeof c->verdict.why, "%s", why);
}

/* For patches and whole objects of a job: may they do all that they do? FIELDS is checked field by field before. */
static int check_whole(const struct change *c, struct json before, struct json after, struct error *err)
{
    struct mpijob_view new = c->view; /* the same job, also where its fields are written in another way */
    if (c->verb == CHANGE_CREATE)     /* may be unreadable as a job: that is for the server to refuse */
        new = (struct mpijob_view){.target = c->target};
    new.object = after;
    int rc = c->verb == CHANGE_CREATE ? 0 : mpijob_whole_check(before, after, c->target, err);
    /* A patch does not answer for what the job has already; a whole object answers for everything in it. */
    return rc ? rc : mpijob_harm_check(c->verb == CHANGE_PATCH || c->mends ? &c->view : NULL, &new, err);
}

/* What the server is known to refuse, or to throw away behind a 200, is not sent: also where the object is reached
 * through `kube`. Of a kind that a plugin describes the plugin knows more. */
static int check_answer(const struct change *c, struct error *err)
{
    if (!c->verdict.answer || (c->ours && mpijob_kind_added(c->target.kind)) || c->destructive)
        return 0;
    return error_set(err, (enum error_code)c->verdict.answer,
                     "not sent, because the API server would %s: %s. To send it all the same, allow it by name: "
                     "destructive = true (--destructive)",
                     c->verdict.answer == ERR_DROPPED ? "answer 200 and throw it away" : "refuse it", c->verdict.why);
}

/* To stop a job is leave enough to end its pods, and a lever that would not move it is not pulled. */
static int allow_stop(const struct change *c, struct error *err)
{
    if (c->verdict.effect == EFFECT_EFFECTIVE || c->verdict.effect == EFFECT_DESTRUCTIVE)
        return 0;
    if (c->verdict.effect == EFFECT_UNKNOWN)
        return error_set(
            err, ERR_REFUSED,
            "not sent, because it is not known whether it would do it: %s. To try it all the same, replace "
            "suspend (mpijobd replace NAME suspend=true --destructive)",
            c->verdict.why);
    return error_set(err, ERR_REFUSED, "not sent, because it would not do it: %s", c->verdict.why);
}

/* What ends a job, or other things that run, needs leave by name. */
static int allow(const struct change *c, struct error *err)
{
    int rc = check_answer(c, err);
    if (rc || c->stops)
        return rc ? rc : allow_stop(c, err);
    if (!c->verdict.may_destroy || c->destructive)
        return 0;
    bool sure = c->verdict.effect == EFFECT_DESTRUCTIVE || c->verdict.effect == EFFECT_REVERTED;
    bool open = c->ours && mpijob_dialect(c->target)->open;
    return error_set(
        err, ERR_REFUSED,
        "refused, because it %s destructive: %s. To do it all the same, allow it by name: destructive = true "
        "(--destructive)%s",
        sure ? "is" : "may be", c->verdict.why,
        sure || !open ? "" : "; to have it judged for your controller, set cluster.controller (--controller)");
}

static void judge_deletion(struct change *c, struct json before)
{
    bool by_rows = !c->ours || (mpijob_kind_described(c->target.kind) && !mpijob_kind_added(c->target.kind));
    if (by_rows)
        mpijob_other_deletion(
            &(struct other_object){.group = c->resource.group, .plural = c->resource.plural, .object = before},
            &c->verdict);
    if (!c->ours || (by_rows && c->verdict.may_destroy))
        return; /* it runs, or what owns it makes it again */
    if (c->viewed && c->view.deleting) {
        say(c, EFFECT_INERT, "the job is being deleted already");
    } else if (c->viewed && mpijob_phase_finished(c->view.phase)) { /* asked for by name: it needs no leave */
        say(c, EFFECT_DESTRUCTIVE, "the job is deleted, and the server removes its pods after it");
    } else {
        say(c, EFFECT_DESTRUCTIVE, "the job has not ended; it is deleted, and the server removes its pods after it");
        c->verdict.may_destroy = true;
    }
}

static void judge_other(struct change *c, struct json before, struct json after)
{
    mpijob_other_change(
        &(struct other_object){.group = c->resource.group, .plural = c->resource.plural, .object = before}, after,
        c->judged_at, &c->verdict);
    /* A plan that comes to the same effect has read more, as a Job's JobSet. */
    bool graver = c->verdict.effect >= EFFECT_REVERTED && (c->ours || c->verdict.effect != c->known.effect);
    bool silent = c->known.effect == EFFECT_UNKNOWN;
    if (graver || !*c->known.why || (silent && c->verdict.effect != EFFECT_UNKNOWN))
        return;
    bool may_destroy = c->verdict.may_destroy || c->known.effect == EFFECT_DESTRUCTIVE;
    c->verdict = c->known;
    c->verdict.may_destroy = may_destroy;
}

/* What is known by experiment to end what runs, or to be put back, comes before what the plugin says of its fields; and
 * whatever is known comes before what it does not say. */
static void judge_described(struct change *c, struct json before, struct json after)
{
    if (mpijob_kind_added(c->target.kind))
        mpijob_judge(&c->view, &c->diff, c->judged_at, &c->known);
    judge_other(c, before, after);
}

static void judge_beside(struct change *c, struct json before, struct json after)
{
    if (c->diff.count)
        judge_described(c, before, after);
    mpijob_judge_beside(&c->child.plan, c->diff.count > 0, &c->verdict);
}

/* What the server refuses in one write is made in two, of which the first removes the value: then it does what the
 * value does where there was none. */
static int judge_in_steps(struct change *c, struct json before, struct json after, struct error *err)
{
    struct mpijob_verdict whole = c->verdict;
    struct json_edits edits = {0};
    struct json without;
    json_edit_remove(&edits, whole.remove_first);
    int rc = json_edit_apply(&edits, before, &c->first, err);
    json_edits_free(&edits);
    if (!rc)
        rc = json_parse(buf_str(&c->first), "the object", &without, err);
    if (rc)
        return rc;
    judge_described(c, without, after);
    if (c->verdict.answer) { /* of something else */
        c->verdict = whole;
        buf_reset(&c->first);
        return 0;
    }
    snprintf(whole.why, sizeof whole.why, "%.*s; in two writes, as the API server lets it be removed and added only",
             (int)sizeof whole.why - 90, c->verdict.why);
    memcpy(c->verdict.why, whole.why, sizeof whole.why);
    return 0;
}

/* What comes after the changes that let a job go on finds a job that runs. */
static void judge_fields(struct change *c)
{
    struct mpijob_view then = c->view;
    if (c->follows && then.phase == PHASE_SUSPENDED)
        then.phase = PHASE_RUNNING;
    mpijob_judge(&then, &c->diff, c->judged_at, &c->verdict);
}

static int judge(struct change *c, struct json before, struct json after, struct error *err)
{
    int rc = 0;
    buf_reset(&c->first);
    c->judged_at = clock_now(c->site->clock);
    if (c->verb == CHANGE_DELETE) {
        judge_deletion(c, before);
        return allow(c, err);
    }
    if (c->ours && c->verb != CHANGE_FIELDS)
        rc = check_whole(c, before, after, err);
    if (!rc && strcmp(c->resource.plural, "jobs") == 0 && strcmp(c->resource.group, "batch") == 0)
        rc = mpijob_launcher_ttl_check(before, after, err);
    if (rc)
        return rc;
    if (c->verb == CHANGE_CREATE)
        say(c, EFFECT_UNKNOWN, "a new object; what its controller does with it is not judged");
    else if (!c->ours)
        judge_other(c, before, after);
    else if (c->child.asked && change_goes_instead(c))
        judge_beside(c, before, after);
    else if (mpijob_kind_described(c->target.kind))
        judge_described(c, before, after);
    else if (c->child.asked)
        mpijob_judge_through(&c->view, &c->diff, c->child.missing ? NULL : &c->child.plan, c->judged_at, &c->verdict);
    else
        judge_fields(c);
    if (c->with_child)
        mpijob_advise_no_child(&c->verdict);
    if (c->ours && c->verdict.remove_first && (c->verb == CHANGE_FIELDS || c->verb == CHANGE_REPLACE))
        rc = judge_in_steps(c, before, after, err);
    if (!rc && c->verb != CHANGE_CREATE)
        mpijob_owners_change(before, after, &c->verdict);
    return rc ? rc : allow(c, err);
}

/* A person types suspend=true more easily than a policy is written: what runs is not stopped without leave. */
static int check_hand(const struct change *c, struct error *err)
{
    bool runs = c->viewed && (c->view.phase == PHASE_RUNNING || c->view.phase == PHASE_RESTARTING);
    if (!runs || *c->policy || c->destructive || c->stops)
        return 0;
    for (size_t i = 0; i < c->diff.count; i++) {
        const struct mpijob_difference *d = &c->diff.items[i];
        if (d->field == FIELD_SUSPEND && d->after && strcmp(d->after, "true") == 0)
            return error_set(err, ERR_REFUSED,
                             "refused, because the job runs, and suspending it ends its pods. To do it all the same, "
                             "allow it by name: --destructive");
    }
    return 0;
}

static bool changes_nothing(const struct change *c)
{
    return c->before && c->verb != CHANGE_DELETE && !c->diff.count && !c->child.plan.diff.count;
}

/* Where fields are changed in the child alone, the job has nothing to be like. */
static void say_nothing_changes(struct change *c)
{
    char why[512];
    bool child = c->child.asked && !c->child.missing;
    if (change_goes_instead(c) && *c->child.plan.verdict.why)
        snprintf(why, sizeof why, "%.480s; nothing was sent", c->child.plan.verdict.why);
    else if (change_goes_instead(c) && mpijob_phase_finished(c->view.phase))
        snprintf(why, sizeof why, "it has ended, and none of its Jobs runs any more; nothing was sent");
    else
        snprintf(why, sizeof why, "it has these values already%s%s; nothing was sent", child ? ", and so has its " : "",
                 child ? mpijob_child_called(mpijob_child_of(c->target)->is) : "");
    say(c, EFFECT_UNCHANGED, why);
    change_finish(c, false, NULL);
}

void change_judge(struct change *c, struct json before, struct json after)
{
    struct error err;
    if (changes_nothing(c)) {
        say_nothing_changes(c);
        return;
    }
    if (judge(c, before, after, &err) || check_hand(c, &err)) {
        change_fail(c, &err);
        return;
    }
    struct change_intent intent = {c, c->viewed ? &c->view : NULL, c->uid, c->looked_at, &c->diff};
    c->at_gate.waiting = true;
    c->at_gate.kept = false;
    if (c->gate)
        c->gate(c->data, &c->at_gate, &intent);
    else
        gate_answer(&c->at_gate, NULL);
}
