/* SPDX-License-Identifier: Apache-2.0 */
/* Some objects at a time: first all are looked at, then the changes are made, or kept in a plan. Where another writer
 * was faster, the object is looked at again. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "halt/halt.h"
#include "kube/verbs.h"
#include "mpijob/kind.h"
#include "undo/undo.h"

#define CONCURRENCY 8
#define TRIES 5

const char *undo_key(const struct undo_object *o, char out[UNDO_KEY])
{
    const struct mpijob_kind *kind;
    bool mpijob = undo_job_kind(o, &kind) && kind == KIND_MPIJOB;
    snprintf(out, UNDO_KEY, "%.*s%s%s%s%s", mpijob ? 0 : (int)strcspn(o->resource, "."), o->resource, mpijob ? "" : " ",
             o->name_space, *o->name_space ? "/" : "", o->name);
    return out;
}

const char *undo_past(const struct undo_row *row)
{
    bool acted = strcmp(row->effect, "effective") == 0 || strcmp(row->effect, "destructive") == 0;
    return acted && !row->ahead && strcmp(row->observed, "not-seen") != 0 && *row->why ? row->why : NULL;
}

/* ---- some at a time ---- */

static void make_one(struct undo_object *o);
static void try_one(struct undo_object *o);

static bool has_second(const struct undo *u)
{
    for (size_t i = 0; i < u->count; i++) {
        if (u->objects[i].turn != UNDO_FIRST)
            return true;
    }
    return false;
}

static void go_on(struct undo *u, void (*one)(struct undo_object *o))
{
    if (u->going)
        return; /* one that was over at once: the loop below goes on */
    u->going = true;
    unsigned most = u->concurrency ? u->concurrency : CONCURRENCY;
    while (u->active < most && u->at < u->count && !u->cancelled) {
        u->active++;
        one(&u->objects[u->at++]);
    }
    u->going = false;
    if (u->active)
        return;
    if (one == try_one) {
        u->at = 0;
        go_on(u, make_one);
        return;
    }
    if (one == make_one && !u->second && has_second(u)) {
        u->second = true;
        u->at = 0;
        go_on(u, one);
        return;
    }
    u->over(u->data);
}

void undo_cancel(struct undo *u)
{
    u->cancelled = true;
    for (size_t i = 0; i < u->count; i++) {
        if (u->objects[i].request)
            kube_cancel(u->objects[i].request);
        if (u->objects[i].change)
            change_cancel(u->objects[i].change);
    }
}

/* ---- looking ---- */

static void look_at(struct undo_object *o);

static void looked(struct undo_object *o)
{
    o->undo->active--;
    go_on(o->undo, look_at);
}

static void look_at(struct undo_object *o)
{
    undo_look(o, looked);
}

void undo_look_all(struct undo *u)
{
    u->at = 0;
    go_on(u, look_at);
}

int64_t undo_wanted(const struct undo *u)
{
    int64_t n = 0;
    for (size_t i = 0; i < u->count; i++)
        n += !u->objects[i].trouble && u->objects[i].action != UNDO_NOTHING;
    return n;
}

/* ---- making ---- */

static void next(struct undo *u)
{
    u->active--;
    go_on(u, make_one);
}

/* The message of a change begins with the name of what it changes; who tells it has that already. */
static const char *nameless(const struct undo_object *o, const char *message)
{
    char name[UNDO_KEY];
    snprintf(name, sizeof name, "%s%s%s: ", o->name_space, *o->name_space ? "/" : "", o->name);
    const char *at = strstr(message, name);
    bool first = at == message || (at && strcspn(message, " ") + 1 == (size_t)(at - message));
    return first ? at + strlen(name) : message;
}

static void ended(struct undo_object *o, const struct change_result *result, const struct error *err)
{
    struct undo *u = o->undo;
    struct error told;
    if (err) {
        const char *rest = nameless(o, err->message);
        told = *err;
        memmove(told.message, told.message + (rest - err->message), strlen(rest) + 1);
        err = &told;
    }
    bool left = o->whole_left || o->left.count, changed = result && result->changed;
    bool again = o->begun; /* its second write: the object counts already */
    o->stuck = err || o->whole_left;
    u->failed += err != NULL;
    u->half += err && changed;
    u->back += changed && !err && !again;
    u->unchanged += !changed && !err && !left && !again;
    u->left += left && (!again || o->whole_left);
    o->begun = o->begun || (o->turn == UNDO_BOTH && !o->stuck);
    u->told(u->data, o, result, err);
    next(u);
}

static void make_now(struct undo_object *o);

static void made(void *data, const struct change_result *result, const struct error *err)
{
    struct undo_object *o = data;
    struct undo *u = o->undo;
    o->change = NULL;
    if (err && err->code == ERR_CONFLICT && ++o->tries < TRIES && !u->dry_run && !u->cancelled) {
        undo_look(o, make_now); /* what is left may be another thing now */
        return;
    }
    ended(o, result, err);
}

/* Of an undo that is to wait: the change ends here, and as it would be made it stands in the plan. */
static void keep(void *data, struct gate_wait *wait, const struct change_intent *intent)
{
    struct undo_object *o = data;
    struct undo *u = o->undo;
    char key[UNDO_KEY];
    wait->kept = true;
    plan_add(u->plan, STORE_BY_HAND, 0, undo_key(o, key), u->destructive, intent->change);
    gate_answer(wait, NULL);
}

static void waits_no_more(struct gate_wait *wait)
{
    struct undo_object *o = wait->data;
    rate_leave(&o->pace);
    o->at_gate = NULL;
}

static void turn_came(struct rate_wait *pace)
{
    struct undo_object *o = (struct undo_object *)((char *)pace - offsetof(struct undo_object, pace));
    struct gate_wait *wait = o->at_gate;
    o->at_gate = NULL;
    gate_answer(wait, NULL);
}

void undo_turn_came(struct undo_object *o, bool came)
{
    if (o->at_gate && (came || rate_take(o->undo->rate, &o->pace, o->undo->gap))) /* else it was given up */
        turn_came(&o->pace);
}

/* The write leaves when it is its turn. */
static void pace(void *data, struct gate_wait *wait, const struct change_intent *intent)
{
    struct undo_object *o = data;
    const struct undo *u = o->undo;
    (void)intent;
    o->at_gate = wait;
    o->pace.go = turn_came;
    wait->data = o;
    wait->cancel = waits_no_more;
    if (u->ask_turn && u->ask_turn(u->data, o))
        return;
    if (rate_take(u->rate, &o->pace, u->gap))
        turn_came(&o->pace);
}

/* Is what a change of the job goes through put back by this undo, too? */
static bool has_launcher(const struct undo_object *o)
{
    const struct undo *u = o->undo;
    size_t len = strlen(o->name);
    for (size_t i = 0; i < u->count; i++) {
        const struct undo_object *other = &u->objects[i];
        bool child = strcmp(other->resource, "jobs.batch") == 0 || strcmp(other->resource, "pods") == 0;
        if (child && strcmp(other->name_space, o->name_space) == 0 && strncmp(other->name, o->name, len) == 0 &&
            strcmp(other->name + len, "-launcher") == 0)
            return true;
    }
    return false;
}

/* judged: it is only judged, as it would be made; by the server, too, unless that is to be asked later. */
static int begin(struct undo_object *o, bool judged, change_done done, struct error *err)
{
    const struct undo *u = o->undo;
    char group[256], plural[256];
    struct mpijob_target target = {0};
    static const enum change_verb verbs[] = {CHANGE_REPLACE, CHANGE_REPLACE, CHANGE_CREATE, CHANGE_DELETE,
                                             CHANGE_PATCH};
    bool job = undo_target(o, &target);
    struct change_call call = {
        .verb = verbs[o->action],
        .job = job ? &target : NULL,
        .resource = undo_resource(o, group, plural),
        .kind = job ? mpijob_kind_info(target.kind)->name : plural,
        .name_space = *o->name_space ? o->name_space : NULL,
        .name = o->name,
        .body = buf_str(&o->body),
        .mends = true, /* it does not answer for what the object had before */
        .resource_version = o->action == UNDO_DELETE ? o->resource_version : NULL,
        .dry_run = u->dry_run || judged,
        .server_dry_run = judged ? !u->plan : u->dry_run,
        .destructive = u->destructive,
        .run = u->own,
        .with_child = job && has_launcher(o),
        .awaited = true,
        .gate = judged                   ? NULL
                : u->plan                ? keep
                : u->rate && !u->dry_run ? pace
                                         : NULL,
        .done = done,
        .data = o,
    };
    return change_start(u->site, &call, &o->change, err);
}

static void make_now(struct undo_object *o)
{
    struct error err;
    if (o->apart) {
        next(o->undo);
    } else if (o->trouble) {
        error_set(&err, ERR_IO, "%s", o->trouble);
        ended(o, NULL, &err);
    } else if (o->action == UNDO_NOTHING) {
        ended(o, NULL, NULL);
    } else if (begin(o, false, made, &err)) {
        o->change = NULL;
        ended(o, NULL, &err);
    }
}

/* The second turn in a plan: at whichever version the object has when the first was made. */
static void keep_rest(struct undo_object *o, const struct mpijob_target *target)
{
    const struct undo *u = o->undo;
    char group[256], plural[256];
    struct error err;
    struct change_call call = {
        .verb = CHANGE_PATCH,
        .job = target,
        .resource = undo_resource(o, group, plural),
        .kind = mpijob_kind_info(target->kind)->name,
        .name_space = o->name_space,
        .name = o->name,
        .body = str_of(HALT_POLICY_BACK),
        .splices = true,
        .follows = true,
        .destructive = u->destructive,
        .run = u->own,
        .awaited = true,
        .gate = keep,
        .done = made,
        .data = o,
    };
    if (change_start(u->site, &call, &o->change, &err) == 0)
        return;
    o->change = NULL;
    ended(o, NULL, &err);
}

static void make_second(struct undo_object *o)
{
    struct mpijob_target target;
    if (o->turn == UNDO_FIRST || o->stuck || o->trouble)
        next(o->undo);
    else if (o->undo->plan && undo_target(o, &target))
        keep_rest(o, &target);
    else if (!undo_may_follow(o))
        ended(o, NULL, NULL);
    else if (o->begun)
        undo_look(o, make_now); /* it is at another version now */
    else
        make_now(o);
}

/* ---- what comes second is judged first ---- */

static void tried(void *data, const struct change_result *result, const struct error *err)
{
    struct undo_object *o = data;
    (void)result;
    o->change = NULL;
    if (err && err->code != ERR_CONFLICT) /* else it is looked at again when it is made */
        undo_bar_job(o);
    o->undo->active--;
    go_on(o->undo, try_one);
}

/* A refusal is one of the job and its Workload, and so has to be known before either is written. */
static void try_one(struct undo_object *o)
{
    struct error err;
    if (!undo_is_judged_first(o)) {
        o->undo->active--;
        go_on(o->undo, try_one);
    } else if (begin(o, true, tried, &err)) {
        tried(o, NULL, &err);
    }
}

/* It counts as active. */
static void make_one(struct undo_object *o)
{
    if (o->undo->second)
        make_second(o);
    else if (o->turn == UNDO_SECOND && !o->trouble)
        next(o->undo);
    else
        make_now(o);
}

void undo_make_all(struct undo *u)
{
    u->at = 0;
    u->second = false;
    go_on(u, has_second(u) ? try_one : make_one);
}
