/* SPDX-License-Identifier: Apache-2.0 */
/* What an object is now, and what of the run can be taken back of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "kube/verbs.h"
#include "undo/undo.h"
#include "json/edit.h"

struct look {
    struct undo_object *object;
    void (*done)(struct undo_object *o);
};

/* ---- where it is ---- */

struct kube_resource undo_resource(const struct undo_object *o, char group[256], char plural[256])
{
    size_t dot = strcspn(o->resource, "."); /* "jobs.batch", "pods" */
    snprintf(plural, 256, "%.*s", (int)dot, o->resource);
    snprintf(group, 256, "%s", o->resource[dot] ? o->resource + dot + 1 : "");
    return (struct kube_resource){group, o->version, plural};
}

bool undo_job_kind(const struct undo_object *o, const struct mpijob_kind **kind)
{
    return strchr(o->resource, '.') && mpijob_kind_find(str_of(o->resource), kind);
}

bool undo_target(const struct undo_object *o, struct mpijob_target *target)
{
    if (!undo_job_kind(o, &target->kind))
        return false;
    *target = cluster_target(o->undo->site->cluster, target->kind);
    mpijob_version_parse(str_of(o->version), &target->version); /* the row's: the present one may be another */
    return true;
}

/* ---- the steps back ---- */

/* Which places are put back? */
enum part { PART_ALL, PART_FIRST, PART_LAST };

/* *out has those items of the difference, which stay its own; items: room for all. */
static void take_part(const struct mpijob_diff *diff, enum part part, struct mpijob_difference *items,
                      struct mpijob_diff *out)
{
    *out = (struct mpijob_diff){.items = items, .secret = diff->secret};
    for (size_t i = 0; i < diff->count; i++) {
        if (part == PART_ALL || undo_comes_last(diff->items[i].pointer) == (part == PART_LAST))
            items[out->count++] = diff->items[i];
    }
}

static int reverse(const struct undo_row *row, enum part part, struct json object, struct buf *out,
                   struct mpijob_diff *left, struct error *err)
{
    struct mpijob_diff some;
    struct mpijob_difference *items = calloc(row->diff.count + 1, sizeof *items);
    if (!items)
        return error_nomem(err);
    take_part(&row->diff, part, items, &some);
    int rc = mpijob_diff_reverse(&some, object, out, left, err);
    free(items);
    return rc;
}

/* The object as it can be made again: what the server gives an object itself is left out. */
static int strip(struct json object, struct buf *out, struct error *err)
{
    static const char *const own[] = {"/status",
                                      "/metadata/uid",
                                      "/metadata/resourceVersion",
                                      "/metadata/creationTimestamp",
                                      "/metadata/generation",
                                      "/metadata/managedFields",
                                      "/metadata/selfLink",
                                      "/metadata/deletionTimestamp",
                                      "/metadata/deletionGracePeriodSeconds"};
    struct json_edits edits = {0};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        json_edit_remove(&edits, own[i]);
    int rc = json_edit_apply(&edits, object, out, err);
    json_edits_free(&edits);
    return rc;
}

/* Nobody has changed it since it was made: it is the very version, or it has the same spec, labels and annotations. */
static bool is_untouched(const struct undo_row *row, struct json object, struct json made)
{
    static const char *const places[] = {"/metadata/labels", "/metadata/annotations", "/spec", "/data"};
    if (*row->version_after && json_string_is(json_at(object, "/metadata/resourceVersion"), str_of(row->version_after)))
        return true;
    if (!row->whole) /* a Secret */
        return false;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct json now = json_at(object, places[i]), then = json_at(made, places[i]);
        if (json_exists(now) != json_exists(then) || (json_exists(now) && !json_equal(now, then)))
            return false;
    }
    return true;
}

static bool is(const struct undo_row *row, const char *verb)
{
    return strcmp(row->verb, verb) == 0;
}

/* One change back. *now: the object's bytes so far; empty: it is not there. */
static int step_back(struct undo_object *o, const struct undo_row *row, enum part part, struct buf *now, bool again,
                     struct mpijob_diff *left, struct error *err)
{
    struct buf next = BUF_INIT;
    struct json object = {buf_str(now)};
    int rc = 0;
    if (is(row, "delete")) {
        if (now->len)
            o->whole_left = "there is an object of that name again";
        else if (!row->whole)
            o->whole_left = "the journal does not have what was deleted";
        else
            rc = strip((struct json){str_of(row->whole)}, &next, err);
    } else if (!now->len) {
        if (!is(row, "create"))
            o->whole_left = "it is not there any more";
    } else if (!again && *row->uid && !json_string_is(json_at(object, "/metadata/uid"), str_of(row->uid))) {
        o->whole_left = "another object has that name now";
    } else if (is(row, "create")) {
        if (!is_untouched(row, object, (struct json){str_of(row->whole ? row->whole : "")}))
            o->whole_left = "it was changed since it was made";
    } else {
        rc = reverse(row, part, object, &next, left, err);
    }
    if (o->whole_left)
        return 0;
    buf_free(now);
    *now = next;
    return rc;
}

/* All changes back, the newest first. object: absent: it is not there. */
static int work_back(struct undo_object *o, struct json object, enum part part, struct buf *now,
                     struct mpijob_diff *left, struct error *err)
{
    bool again = false; /* it is one that an undo makes, with no uid yet */
    int rc = 0;
    buf_add_str(now, object.text);
    for (size_t i = 0; i < o->row_count && !rc && !o->whole_left; i++) {
        rc = step_back(o, &o->rows[i], part, now, again, left, err);
        again = again || is(&o->rows[i], "delete");
    }
    return rc ? rc : buf_result(now, "the object", err);
}

/* What the turn that comes next does of two. */
static int take_turn(struct undo_object *o, struct json object, struct error *err)
{
    enum part part = !o->begun ? PART_FIRST : o->undo->dry_run ? PART_LAST : PART_ALL;
    struct mpijob_diff left = {0};
    struct buf now = BUF_INIT;
    int rc = work_back(o, object, part, &now, &left, err);
    if (!rc && !o->begun && json_equal(object, (struct json){buf_str(&now)}))
        o->turn = UNDO_SECOND; /* the lever is its Workload */
    if (rc || o->turn == UNDO_SECOND) {
        buf_free(&now);
    } else {
        buf_free(&o->body);
        o->body = now;
    }
    mpijob_diff_free(&left);
    return rc;
}

static int patch_secret(struct undo_object *o, struct json object, struct error *err)
{
    struct buf patch = BUF_INIT;
    int rc = undo_labels_patch(object, (struct json){buf_str(&o->body)}, &patch, err);
    buf_free(&o->body);
    o->body = patch;
    o->action = UNDO_PATCH;
    return rc;
}

/* ---- deadlines ---- */

static bool is_ahead(const struct undo_row *row, struct json object, int64_t now)
{
    char text[64];
    int64_t start, seconds = 0, at;
    bool deadline = false;
    bool begun = json_string_at(object, "/status/startTime", text, sizeof text) == 0 && clock_parse(text, &start);
    for (size_t i = 0; i < row->diff.count; i++) {
        const struct mpijob_difference *d = &row->diff.items[i];
        const char *field = strrchr(d->pointer, '/');
        if (strncmp(d->pointer, "/metadata/", strlen("/metadata/")) == 0)
            continue;
        if (!field || strcmp(field, "/activeDeadlineSeconds") != 0)
            return false;
        deadline = true;
        if (d->after && begun &&
            (!json_int64((struct json){str_of(d->after)}, &seconds) ||
             (!__builtin_mul_overflow(seconds, CLOCK_SECOND, &at) && !__builtin_add_overflow(start, at, &at) &&
              at <= now)))
            return false;
    }
    return deadline && json_exists(object);
}

static void find_ahead(struct undo_object *o, struct json object)
{
    for (size_t i = 0; i < o->row_count; i++)
        o->rows[i].ahead = is_ahead(&o->rows[i], object, clock_now(o->undo->site->clock));
}

/* object: absent: it is not there. */
static int find_action(struct undo_object *o, struct json object, struct error *err)
{
    struct buf now = BUF_INIT;
    int rc = work_back(o, object, PART_ALL, &now, &o->left, err);
    if (!rc && !o->whole_left && json_exists(object) && now.len)
        undo_find_turn(o, object, (struct json){buf_str(&now)});
    if (rc || o->whole_left || (!json_exists(object) && !now.len))
        o->action = UNDO_NOTHING;
    else if (!json_exists(object))
        o->action = UNDO_CREATE;
    else if (!now.len)
        o->action = UNDO_DELETE;
    else
        o->action = json_equal(object, (struct json){buf_str(&now)}) ? UNDO_NOTHING : UNDO_REPLACE;
    if (o->action == UNDO_CREATE && strcmp(o->server, cluster_server(o->undo->site->cluster)) != 0) {
        o->whole_left = "it was deleted on another server than this one";
        o->action = UNDO_NOTHING;
    }
    buf_free(&o->body);
    o->body = now;
    if (!rc && o->left.secret && o->action == UNDO_REPLACE)
        return patch_secret(o, object, err);
    return rc || o->action != UNDO_REPLACE || o->turn != UNDO_BOTH ? rc : take_turn(o, object, err);
}

/* ---- the look ---- */

static void is_there(void *data, struct kube_request *request, const struct kube_answer *answer,
                     const struct error *err, bool lost)
{
    struct look *look = data;
    struct undo_object *o = look->object;
    struct error own;
    (void)request;
    (void)lost;
    o->request = NULL;
    struct json object = err ? (struct json){0} : answer->body;
    if (err && err->code != ERR_NOT_FOUND) {
        o->trouble = str_dup(str_of(err->message));
    } else {
        struct buf version = BUF_INIT;
        json_decode(json_at(object, "/metadata/resourceVersion"), &version);
        if (version.len)
            o->resource_version = str_dup(buf_str(&version));
        buf_free(&version);
        o->apart = o->maybe && !undo_is_of_job(o, object);
        find_ahead(o, object);
        if (o->apart)
            o->action = UNDO_NOTHING;
        else if (find_action(o, object, &own))
            o->trouble = str_dup(str_of(own.message));
    }
    void (*done)(struct undo_object *) = look->done;
    free(look);
    done(o);
}

void undo_look(struct undo_object *o, void (*done)(struct undo_object *o))
{
    char group[256], plural[256];
    struct kube_resource resource = undo_resource(o, group, plural);
    struct error err;
    struct look *look = calloc(1, sizeof *look);
    free(o->resource_version);
    o->resource_version = NULL;
    o->whole_left = NULL;
    mpijob_diff_free(&o->left);
    o->left.secret = strcmp(o->resource, "secrets") == 0;
    int rc = look ? 0 : error_nomem(&err);
    if (look) {
        *look = (struct look){o, done};
        struct kube_call call = {.resource = &resource,
                                 .name_space = *o->name_space ? o->name_space : NULL,
                                 .name = o->name,
                                 .seat.rank = SEAT_PERSON,
                                 .done = is_there,
                                 .data = look};
        rc = kube_get(cluster_kube(o->undo->site->cluster), &call, &o->request, &err);
    }
    if (rc) {
        o->request = NULL;
        free(look);
        o->trouble = str_dup(str_of(err.message));
        done(o);
    }
}
