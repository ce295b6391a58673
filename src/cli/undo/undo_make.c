/* SPDX-License-Identifier: Apache-2.0 */
/* Some objects at a time: first all are looked at, then the changes are made. Where another writer was faster, the
 * object is looked at again. */
#include <stdlib.h>
#include <string.h>

#include "cli/undo/undo.h"

#define CONCURRENCY 8
#define TRIES 5

/* ---- looking ---- */

static void look_more(struct undo *u);

static void looked(struct undo_object *o)
{
    struct undo *u = o->undo;
    u->active--;
    look_more(u);
}

static void look_more(struct undo *u)
{
    while (u->active < CONCURRENCY && u->at < u->count) {
        u->active++;
        undo_look(&u->objects[u->at++], looked);
    }
    if (!u->active && u->at >= u->count)
        u->s.flag = true;
}

void undo_look_at_all(struct undo *u)
{
    u->at = 0;
    u->s.flag = false;
    look_more(u);
    session_wait(&u->s);
    u->s.flag = false;
}

/* ---- making ---- */

static void make_more(struct undo *u);
static void make_one(struct undo_object *o);

static void count(struct undo_object *o, bool changed, bool failed)
{
    struct undo *u = o->undo;
    u->failed += failed;
    u->back += changed && !failed;
    u->unchanged += !changed && !failed && !o->whole_left && !o->left.count;
    u->left += o->whole_left || o->left.count;
}

static void made(void *data, const struct change_result *result, const struct error *err)
{
    struct undo_object *o = data;
    struct undo *u = o->undo;
    if (err && err->code == ERR_CONFLICT && ++o->tries < TRIES && !u->s.options.dry_run) {
        undo_look(o, make_one); /* what is left may be another thing now */
        return;
    }
    count(o, result->changed, err != NULL);
    undo_print_done(o, result, err);
    u->active--;
    make_more(u);
}

static void give_up(struct undo_object *o, const char *message)
{
    struct error err;
    static const struct mpijob_diff nothing;
    static const char *const no_warnings[] = {NULL};
    const struct change_result result = {
        .diff = &nothing, .launcher = &nothing, .why = "", .warnings = no_warnings, .seen_note = ""};
    error_set(&err, ERR_IO, "%s", message ? message : "out of memory");
    count(o, false, true);
    undo_print_done(o, &result, &err);
    o->undo->active--;
}

static int start(struct undo_object *o, struct error *err)
{
    struct undo *u = o->undo;
    char group[256], plural[256];
    struct mpijob_target target = {0};
    struct change *change;
    static const enum change_verb verbs[] = {CHANGE_REPLACE, CHANGE_REPLACE, CHANGE_CREATE, CHANGE_DELETE};
    bool job = undo_job_kind(o, &target.kind);
    if (job) { /* the row's version: the present one may be another */
        target = cluster_target(u->s.cluster, target.kind);
        mpijob_version_parse(str_of(o->version), &target.version);
    }
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
        .dry_run = u->s.options.dry_run,
        .server_dry_run = u->s.options.dry_run,
        .destructive = u->s.options.destructive,
        .run = u->own,
        .done = made,
        .data = o,
    };
    return change_start(&u->site, &call, &change, err);
}

/* It counts as active. */
static void make_one(struct undo_object *o)
{
    struct error err;
    if (o->trouble) {
        give_up(o, o->trouble);
    } else if (o->action == UNDO_NOTHING) {
        count(o, false, false);
        undo_print_nothing(o);
        o->undo->active--;
    } else if (start(o, &err) == 0) {
        return;
    } else {
        give_up(o, err.message);
    }
    make_more(o->undo);
}

static void make_more(struct undo *u)
{
    while (u->active < CONCURRENCY && u->at < u->count) {
        u->active++;
        make_one(&u->objects[u->at++]);
    }
    if (!u->active && u->at >= u->count)
        u->s.flag = true;
}

void undo_make_all(struct undo *u)
{
    u->at = 0;
    u->s.flag = false;
    make_more(u);
    session_wait(&u->s);
    u->s.flag = false;
}
