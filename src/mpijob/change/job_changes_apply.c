/* SPDX-License-Identifier: Apache-2.0 */
/* Changes turned into edits of one object's bytes: only where a value really differs, and only at the places that
 * count. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpijob/change/change_item.h"
#include "mpijob/dialect.h"
#include "mpijob/kind.h"
#include "json/write.h"

#define LOOK_MAX ((size_t)4 << 20) /* bytes gone over to look at each key */

struct applying {
    const struct mpijob_view *view;
    struct mpijob_diff *diff;
    struct json_edits edits;
    struct error *err;
};

/* Remembers which object has to be made for a new value: whoever takes the change back takes that away too. The server
 * itself leaves out empty labels and annotations. */
static int note_made(struct applying *a, struct mpijob_difference *d)
{
    if (strncmp(d->pointer, "/spec/", 6) != 0)
        return 0;
    for (const char *slash = strchr(d->pointer + 1, '/'); slash && !d->made; slash = strchr(slash + 1, '/')) {
        char *parent = str_dup(str_n(d->pointer, (size_t)(slash - d->pointer)));
        if (!parent)
            return error_nomem(a->err);
        if (json_exists(mpijob_value_at(a->view->object, parent)))
            free(parent);
        else
            d->made = parent;
    }
    return 0;
}

/* after: raw JSON, or empty to remove. Nothing happens where it is so already. */
static int edit(struct applying *a, const char *pointer, enum mpijob_field_id field, struct str after)
{
    struct json before = mpijob_value_at(a->view->object, pointer), wanted = {after};
    if (!after.len ? !json_exists(before) : json_equal(before, wanted))
        return 0;
    int rc = diff_add(a->diff, pointer, field, before, after, a->err);
    if (!rc && after.len && !json_exists(before))
        rc = note_made(a, &a->diff->items[a->diff->count - 1]);
    if (rc)
        return rc;
    if (after.len)
        json_edit_set(&a->edits, pointer, after);
    else
        json_edit_remove(&a->edits, pointer);
    return 0;
}

/* "activeDeadlineSeconds and cleanPodPolicy" */
const char *change_only(const struct mpijob_server *server, char out[CHANGE_ONLY_TEXT])
{
    size_t len = 0;
    *out = '\0';
    for (size_t i = 0; server->only[i]; i++) {
        const char *before = i == 0 ? "" : server->only[i + 1] ? ", " : " and ";
        int n = snprintf(out + len, CHANGE_ONLY_TEXT - len, "%s%s", before, server->only[i]);
        len += n > 0 && (size_t)n < CHANGE_ONLY_TEXT - len ? (size_t)n : 0;
    }
    return out;
}

static int refuse(struct mpijob_target target, enum mpijob_field_id field, bool has, struct error *err)
{
    const struct mpijob_dialect *dialect = mpijob_dialect(target);
    const char *controller = target.controller == CONTROLLER_UNKNOWN ? "" : mpijob_controller_name(target.controller);
    const char *under = *controller ? " under " : "", *version = mpijob_target_version(target);
    const struct mpijob_kind *kind = mpijob_kind_info(target.kind);
    char only[CHANGE_ONLY_TEXT];
    if (!mpijob_dialect_known(dialect))
        return error_set(err, ERR_INVALID, "nothing is known here of %ss of %s%s%s, so no field can be replaced",
                         kind->name, version, under, controller);
    if (dialect->server->only)
        return error_set(err, ERR_INVALID,
                         "%s does not let %s be replaced: of %s %s it lets labels, annotations, "
                         "%s be replaced, and nothing else (%s)",
                         dialect->server->name, mpijob_kind_field_name(target.kind, field), kind->article, kind->name,
                         change_only(dialect->server, only), version);
    if (has)
        return error_set(err, ERR_INVALID,
                         "%s is fixed once the job exists in %s%s%s: the API does not let it be replaced",
                         mpijob_kind_field_name(target.kind, field), version, under, controller);
    return error_set(err, ERR_INVALID, "%ss of %s%s%s have no field %s", kind->name, version, under, controller,
                     mpijob_kind_field_name(target.kind, field));
}

int mpijob_changes_possible(const struct mpijob_changes *changes, struct mpijob_target target, struct error *err)
{
    for (size_t i = 0; i < changes->count; i++) {
        const struct mpijob_change *c = &changes->items[i];
        const struct mpijob_place *place = c->kind == CHANGE_FIELD ? mpijob_field_place(c->field, target) : NULL;
        if (place && (!place->has || !place->replaceable))
            return refuse(target, c->field, place->has, err);
    }
    return 0;
}

static bool is(struct json value, struct str wanted)
{
    return wanted.len ? json_exists(value) && json_equal(value, (struct json){wanted}) : !json_exists(value);
}

/* A value that the field may not hold does harm wherever the controller decodes it, whether another place overrides it
 * or not: a string in place of the number stops the controller. */
static bool is_spoilt(struct json object, const struct mpijob_kind *kind, enum mpijob_field_id field,
                      const char *pointer)
{
    struct json value = mpijob_value_at(object, pointer);
    return json_exists(value) && mpijob_kind_field_check(kind, field, value, NULL);
}

/* Is the wanted value in force? Where it is not known which place the controller reads, or where two have to agree,
 * every place that exists must have it. */
static bool in_force(const struct applying *a, enum mpijob_field_id field, const struct mpijob_place *place,
                     struct str wanted)
{
    struct json object = a->view->object;
    if (!is(mpijob_field_value(object, field, a->view->target), wanted) ||
        is_spoilt(object, a->view->target.kind, field, place->pointer))
        return false;
    struct json also = mpijob_value_at(object, place->also);
    if (json_exists(also) && !is(also, wanted))
        return false;
    bool guess = mpijob_dialect(a->view->target)->open;
    return !guess || !place->overrides || is(mpijob_value_at(object, place->pointer), wanted);
}

static int apply_member(struct applying *a, const struct mpijob_place *place, const struct mpijob_change *c)
{
    struct buf pointer = BUF_INIT;
    buf_puts(&pointer, place->pointer);
    json_pointer_push(&pointer, str_of(mpijob_scheduling_members[c->member]));
    int rc = buf_result(&pointer, "schedulingPolicy", a->err);
    if (!rc)
        rc = edit(a, pointer.ptr, c->field, change_value(c));
    buf_free(&pointer);
    return rc;
}

/* A kind's own field may be one that cannot be written now. */
static int check_held(struct applying *a, enum mpijob_field_id field)
{
    const struct mpijob_view *v = a->view;
    const struct mpijob_field_row *row = mpijob_field_row(v->target.kind, field);
    struct json value = mpijob_field_value(v->object, field, v->target);
    const char *why = row ? mpijob_field_held(row, value, v->phase == PHASE_SUSPENDED) : NULL;
    return why ? error_set(a->err, ERR_REFUSED, "%s cannot be replaced now: %s", row->name, why) : 0;
}

static int apply_field(struct applying *a, const struct mpijob_change *c)
{
    const struct mpijob_place *place = mpijob_field_place(c->field, a->view->target);
    struct str wanted = change_value(c);
    if (!place->has || !place->replaceable)
        return refuse(a->view->target, c->field, place->has, a->err);
    if (c->member >= 0)
        return apply_member(a, place, c);
    if (in_force(a, c->field, place, wanted))
        return 0;
    int held = check_held(a, c->field);
    if (held)
        return held;
    int rc = edit(a, place->pointer, c->field, wanted);
    const char *const others[] = {place->overrides, place->also};
    for (size_t i = 0; !rc && i < sizeof others / sizeof *others; i++) {
        if (json_exists(mpijob_value_at(a->view->object, others[i])))
            rc = edit(a, others[i], c->field, wanted);
    }
    return rc;
}

static int edit_key(struct applying *a, enum mpijob_map map, struct str key, struct str after)
{
    struct buf pointer = BUF_INIT;
    buf_puts(&pointer, "/metadata");
    json_pointer_push(&pointer, str_of(change_map_name(map)));
    json_pointer_push(&pointer, key);
    int rc = buf_result(&pointer, change_map_name(map), a->err);
    if (!rc)
        rc = edit(a, pointer.ptr, FIELD_COUNT, after);
    buf_free(&pointer);
    return rc;
}

static int apply_key(struct applying *a, const struct mpijob_change *c)
{
    struct buf raw = BUF_INIT;
    if (c->value)
        json_quote(&raw, change_value(c));
    int rc = buf_result(&raw, c->key, a->err);
    if (!rc)
        rc = edit_key(a, c->map, str_of(c->key), buf_str(&raw));
    buf_free(&raw);
    return rc;
}

static bool named(const struct mpijob_changes *changes, enum mpijob_map map, struct str key)
{
    for (size_t i = 0; i < changes->count; i++) {
        const struct mpijob_change *c = &changes->items[i];
        if (c->kind == CHANGE_KEY && c->map == map && str_is(key, c->key))
            return true;
    }
    return false;
}

/* Takes away the keys that are not named. A key that stands twice is taken away once. */
static int apply_exactly(struct applying *a, const struct mpijob_changes *changes, enum mpijob_map map)
{
    struct json object = map == CHANGE_LABELS ? a->view->labels : a->view->annotations;
    size_t count = json_count(object);
    bool many = count && object.text.len > LOOK_MAX / count; /* then a key that stands twice is taken away twice */
    for (struct json_iter it = json_iter(object); json_next(&it);) {
        struct buf key = BUF_INIT;
        int rc = json_decode(it.key, &key) ? 0 : error_nomem(a->err);
        bool last = many || json_member(object, buf_str(&key)).text.ptr == it.value.text.ptr;
        if (!rc && last && !named(changes, map, buf_str(&key)))
            rc = edit_key(a, map, buf_str(&key), (struct str){0});
        buf_free(&key);
        if (rc)
            return rc;
    }
    return 0;
}

static int collect(struct applying *a, const struct mpijob_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        const struct mpijob_change *c = &changes->items[i];
        int rc = c->kind == CHANGE_FIELD ? apply_field(a, c) : apply_key(a, c);
        if (rc)
            return rc;
    }
    for (int map = CHANGE_LABELS; map <= CHANGE_ANNOTATIONS; map++) {
        int rc = changes->exactly[map] ? apply_exactly(a, changes, (enum mpijob_map)map) : 0;
        if (rc)
            return rc;
    }
    return 0;
}

int mpijob_changes_apply(const struct mpijob_changes *changes, const struct mpijob_view *view, struct buf *out,
                         struct mpijob_diff *diff, struct error *err)
{
    struct applying a = {.view = view, .diff = diff, .err = err};
    size_t length = out->len;
    *diff = (struct mpijob_diff){0};
    int rc = collect(&a, changes);
    if (!rc && diff->count)
        rc = json_edit_apply(&a.edits, view->object, out, err);
    json_edits_free(&a.edits);
    if (rc) {
        mpijob_diff_free(diff);
        if (out->ptr && out->len > length) {
            out->len = length;
            out->ptr[length] = '\0';
        }
    }
    return rc;
}
