/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a change, and reads what the answer says about it. */
#include <stdlib.h>

#include "base/texts.h"
#include "change/change_parts.h"
#include "change/frees.h"
#include "json/edit.h"

/* ---- did the server keep it? ---- */

/* The server has to keep the fields that this program knows; it may complete all the others. */
static int check_fields(const struct change *c, struct json answer, struct error *err)
{
    struct mpijob_diff fields = {.items = calloc(c->diff.count, sizeof *fields.items), .secret = c->diff.secret};
    if (!fields.items)
        return error_nomem(err);
    for (size_t i = 0; i < c->diff.count; i++) {
        if (c->diff.items[i].field != FIELD_COUNT)
            fields.items[fields.count++] = c->diff.items[i];
    }
    int rc = fields.count ? mpijob_diff_verify(&fields, answer, c->target, err) : 0;
    free(fields.items);
    return rc;
}

static int not_kept(const char *what, struct json gave, struct json kept, struct error *err)
{
    return error_set(err, ERR_DROPPED, "the server answered 200 and did not keep %s: %.*s was sent, %.*s came back",
                     what, (int)gave.text.len, gave.text.ptr, json_exists(kept) ? (int)kept.text.len : 7,
                     json_exists(kept) ? kept.text.ptr : "nothing");
}

/* Every label or annotation that was sent has to be there; there may be more. */
static int check_map(struct json sent, struct json answer, const char *pointer, struct error *err)
{
    struct json gave = json_at(sent, pointer), there = json_at(answer, pointer), key;
    struct buf what = BUF_INIT;
    if (!json_lacks(there, gave, &key))
        return 0;
    if (!json_decode(key, &what)) {
        buf_free(&what);
        return error_nomem(err);
    }
    struct json value = json_member(gave, buf_str(&what)), kept = json_member(there, buf_str(&what));
    buf_printf(&what, " in %s", pointer);
    int rc = not_kept(what.ptr ? what.ptr : pointer, value, kept, err);
    buf_free(&what);
    return rc;
}

static int check_whole(const struct change *c, struct json answer, struct error *err)
{
    struct json sent;
    int rc = json_parse(buf_str(&c->after), "the object", &sent, err);
    if (!rc)
        rc = check_map(sent, answer, "/metadata/labels", err);
    if (!rc)
        rc = check_map(sent, answer, "/metadata/annotations", err);
    for (int f = 0; !rc && f < FIELD_COUNT; f++) {
        struct json gave = mpijob_field_value(sent, (enum mpijob_field_id)f, c->target);
        struct json kept = mpijob_field_value(answer, (enum mpijob_field_id)f, c->target);
        if (json_exists(gave) && !json_equal(gave, kept))
            rc = not_kept(mpijob_field_name((enum mpijob_field_id)f), gave, kept, err);
    }
    return rc;
}

/* Every difference has to be there as it was sent. */
static int check_spliced(const struct change *c, struct json answer, struct error *err)
{
    for (size_t i = 0; i < c->diff.count; i++) {
        const struct mpijob_difference *d = &c->diff.items[i];
        struct json kept = mpijob_value_at(answer, d->pointer), gave = {str_of(d->after ? d->after : "null")};
        bool same = d->after ? json_equal(gave, kept) : !json_exists(kept);
        if (!same && c->diff.secret)
            return error_set(err, ERR_DROPPED, "the server answered 200 and did not keep %s as it was sent",
                             d->pointer);
        if (!same)
            return not_kept(d->pointer, gave, kept, err);
    }
    return 0;
}

static int check_kept(const struct change *c, struct json answer, struct error *err)
{
    if (!c->ours)
        return c->splices ? check_spliced(c, answer, err) : 0;
    switch (c->verb) {
    case CHANGE_FIELDS:
        return mpijob_diff_verify(&c->diff, answer, c->target, err);
    case CHANGE_PATCH:
        return c->diff.count ? check_fields(c, answer, err) : 0;
    case CHANGE_REPLACE:
        return check_whole(c, answer, err);
    case CHANGE_CREATE:
    case CHANGE_DELETE:
        break;
    }
    return 0;
}

/* The server answers 200 also where it keeps nothing of what was sent, and then the version stays. */
static void see_unchanged(struct change *c, struct json answer)
{
    char after[64];
    json_string_at(answer, "/metadata/resourceVersion", after, sizeof after);
    if (c->dry_run || (c->verb != CHANGE_PATCH && c->verb != CHANGE_REPLACE) || strcmp(after, c->looked_at) != 0)
        return;
    c->verdict.effect = EFFECT_UNCHANGED;
    snprintf(c->verdict.why, sizeof c->verdict.why,
             "the server has answered 200 and changed nothing: it drops what was sent, or puts back what was there");
    mpijob_diff_free(&c->diff);
}

static int check(void *data, struct json answer, struct error *err)
{
    struct change *c = data;
    int rc = check_kept(c, answer, err);
    if (!rc)
        see_unchanged(c, answer);
    return rc;
}

/* ---- the answer ---- */

/* Copies what is needed of an answer after its request has gone. */
static int keep(struct change *c, const struct write_result *result, struct error *err)
{
    struct buf copy = BUF_INIT;
    if (!json_exists(result->object))
        return 0;
    c->warnings = texts_copy_list(result->warnings, texts_count(result->warnings));
    buf_add_str(&copy, result->object.text);
    c->answer = buf_take(&copy, &c->answer_len);
    json_string_at(result->object, "/metadata/resourceVersion", c->version_now, sizeof c->version_now);
    c->written = !c->dry_run && strcmp(c->version_now, c->looked_at) != 0;
    return c->warnings && c->answer ? 0 : error_nomem(err);
}

/* The object itself is written; its child may be still to do. */
static void own_part_done(struct change *c)
{
    struct error err;
    if (c->child.plan.diff.count == 0) {
        change_finish(c, true, NULL);
    } else if (c->cancelled) {
        error_set(&err, ERR_CANCELLED, "cancelled");
        change_child_failed(c, &err, false);
    } else {
        change_write_child(c);
    }
}

/* Is it worth reading the object again, and another try? */
static bool once_more(const struct change *c, const struct write_result *result, const struct error *err)
{
    bool conflict = err->code == ERR_CONFLICT;
    if (c->cancelled)
        return false;
    if (c->verb == CHANGE_FIELDS)
        return conflict || result->not_done;
    return c->verb == CHANGE_PATCH && conflict && !c->wanted_version;
}

static void written(void *data, const struct write_result *result, const struct error *err)
{
    struct change *c = data;
    struct error own;
    c->write = NULL;
    c->row = result->row;
    c->unknown = result->unknown;
    if (keep(c, result, &own) && !err) {
        error_prefix(&own, "it was written, and the answer was lost");
        err = &own;
    }
    if (!err)
        own_part_done(c);
    else if (once_more(c, result, err))
        change_again(c, err);
    else if (!change_follow(c, err))
        change_fail(c, err);
}

/* The second of two writes: of the object as the first has left it. */
static int second(void *data, struct json answer, struct buf *body, struct error *err)
{
    char version[64];
    struct json whole;
    struct json_edits edits = {0};
    struct buf made = BUF_INIT;
    (void)data;
    json_string_at(answer, "/metadata/resourceVersion", version, sizeof version);
    int rc = json_parse(buf_str(body), "the object", &whole, err);
    json_edit_set_string(&edits, "/metadata/resourceVersion", str_of(version));
    if (!rc)
        rc = json_edit_apply(&edits, whole, &made, err);
    json_edits_free(&edits);
    if (rc) {
        buf_free(&made);
        return rc;
    }
    buf_free(body);
    *body = made;
    return 0;
}

void change_send(struct change *c)
{
    static const enum write_verb verbs[] = {WRITE_REPLACE, WRITE_PATCH, WRITE_REPLACE, WRITE_CREATE, WRITE_DELETE};
    struct error err;
    struct buf body = BUF_INIT, diff = BUF_INIT, frees = BUF_INIT;
    c->leaves = true;
    int rc = change_body(c, &body, &err);
    if (!rc)
        rc = change_journal_diff(c, &diff, &err);
    if (!rc) {
        change_frees(c, &frees);
        rc = frees.failed ? error_nomem(&err) : 0;
    }
    struct write_call call = {
        .verb = c->splices ? WRITE_REPLACE : verbs[c->verb],
        .resource = c->resource,
        .name_space = c->name_space,
        .name = c->name,
        .body = buf_str(&body),
        .first = buf_str(&c->first),
        .second = second,
        .made_before = c->made_before,
        .content_type = c->json_patch ? "application/json-patch+json" : "application/merge-patch+json",
        .strict = c->ours ? mpijob_dialect(c->target)->server->strict : c->splices,
        .uid = c->uid,
        .resource_version = c->looked_at,
        .diff = buf_str(&diff),
        .frees = frees.ptr,
        .verdict = &c->verdict,
        .dry_run = c->dry_run,
        .run = c->run,
        .policy = c->policy,
        .trace = &c->trace,
        .rank = change_seat(c).rank,
        .handled_key = c->handled_key,
        .handled_value = c->handled_value,
        .check = check,
        .done = written,
        .data = c,
    };
    if (!rc)
        rc = write_start(c->site, &call, &c->write, &err);
    buf_free(&body);
    buf_free(&diff);
    buf_free(&frees);
    if (rc)
        change_fail(c, &err);
}
