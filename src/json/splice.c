/* SPDX-License-Identifier: Apache-2.0 */
/* The document copied to `out` up to each place that changes. Places are visited in the order of the text, so it is one
 * pass.
 *
 * Each container on the way to a change is walked once to see which of its members are meant (of two with one key the
 * last one counts, so no decision can be taken before the end), then its changes are written out. The walk down is a
 * recursion, bounded by JSON_DEPTH_MAX: pointers lead no deeper than documents go, and json_changes_plan refuses longer
 * ones. */
#include <stdlib.h>

#include "json/splice_parts.h"

static void copy_to(struct splice *s, const char *p)
{
    buf_add(s->out, s->copied, (size_t)(p - s->copied));
    s->copied = p;
}

static int edit_below(struct splice *s, struct json container, const struct json_group *group,
                      const struct json_style *outer);

static int write_touch(struct splice *s, const struct touch *touch, const struct json_style *style)
{
    struct json_group g = touch->group;
    struct json old = touch->value; /* copies: the stack that touch stands on moves when it grows */
    enum json_type type = json_type(old);
    if (!g.leaf && (type == JSON_OBJECT || type == JSON_ARRAY))
        return edit_below(s, old, &g, style);
    if (!g.sets)
        return 0;
    struct json_change *change = &s->changes.items[g.hi - 1];
    int parent = (int)(g.at + g.token.len);
    if (!g.leaf && type != JSON_NULL)
        return error_set(s->err, ERR_INVALID, "%s cannot be set: %.*s is %s there", change->pointer,
                         parent ? parent : 12, parent ? change->pointer : "the document", json_type_name(type));
    if (g.leaf && str_eq(change->value.text, old.text))
        return 0;
    int rc = 0;
    copy_to(s, old.text.ptr);
    if (g.leaf)
        json_layout(s->out, change->value, style);
    else
        rc = splice_build(s, &g, style);
    s->copied = old.text.ptr + old.text.len;
    return rc;
}

/* Leaves members first..last out, which stand side by side, with the comma before them (or after, where none is
 * before). vacate: all go and others come in their place. */
static void leave_out(struct splice *s, const struct level *level, const struct touch *first, const struct touch *last,
                      bool vacate)
{
    const char *end = last->value.text.ptr + last->value.text.len;
    if (first->index > 0) {
        copy_to(s, first->before);
        s->copied = end;
    } else if (last->next || vacate) {
        copy_to(s, first->start);
        s->copied = last->next ? last->next : end;
    } else {
        copy_to(s, first->before);
        s->copied = level->container.text.ptr + level->container.text.len - 1;
    }
}

static int write_touches(struct splice *s, const struct level *level, bool adds, const struct json_style *style)
{
    size_t end = s->touch_count;
    for (size_t i = level->first_touch; i < end; i++) {
        if (s->touches[i].dropped)
            continue;
        if (splice_removes(s, &s->touches[i].group)) {
            size_t first = i;
            while (i + 1 < end && s->touches[i + 1].index == s->touches[i].index + 1 &&
                   splice_removes(s, &s->touches[i + 1].group))
                i++;
            leave_out(s, level, &s->touches[first], &s->touches[i], adds);
            continue;
        }
        int rc = write_touch(s, &s->touches[i], style);
        if (rc)
            return rc;
    }
    return 0;
}

/* Where the first new member of a container comes to stand; copies the document up to there. */
static enum place make_room(struct splice *s, const struct level *level)
{
    if (level->count == 0) {
        copy_to(s, level->container.text.ptr + 1);
        s->copied = level->container.text.ptr + level->container.text.len - 1;
        return PLACE_FIRST;
    }
    size_t removed = 0;
    for (size_t i = level->first_touch; i < s->touch_count; i++)
        removed += splice_removes(s, &s->touches[i].group);
    if (removed == level->count)
        return PLACE_VACATED;
    if (s->copied < level->last.at)
        copy_to(s, level->last.at);
    return PLACE_AFTER;
}

static int edit_level(struct splice *s, struct level *level, const struct json_group *group,
                      const struct json_style *outer)
{
    int rc = splice_push_targets(s, group);
    if (!rc)
        rc = splice_walk(s, level);
    if (rc)
        return rc;
    bool array = level->container.text.ptr[0] == '[', adds = false;
    for (size_t i = level->first_target; i < s->target_count; i++)
        adds |= splice_is_new(s, &s->targets[i], array);
    struct json_style style = json_style_inside(level->container, &level->last, level->count, outer);
    rc = write_touches(s, level, adds, &style);
    if (rc || !adds)
        return rc;
    enum place place = make_room(s, level);
    rc = splice_add_missing(s, level->first_target, array, level->count, place, &style);
    if (place == PLACE_FIRST)
        json_lead(s->out, outer, 0);
    return rc;
}

static int edit_below(struct splice *s, struct json container, const struct json_group *group,
                      const struct json_style *outer)
{
    struct level level = {.container = container, .first_target = s->target_count, .first_touch = s->touch_count};
    int rc = edit_level(s, &level, group, outer);
    s->target_count = level.first_target;
    s->touch_count = level.first_touch;
    return rc;
}

static int edit_root(struct splice *s, struct json root)
{
    const struct json_change *first = &s->changes.items[0];
    if (first->pointer[0] == '\0') {
        buf_add_str(s->out, first->value.text);
        return 0;
    }
    struct json_group all = {.hi = s->changes.count, .sets = false};
    for (size_t i = 0; i < all.hi; i++)
        all.sets |= json_exists(s->changes.items[i].value);
    struct touch touch = {.group = all, .value = root};
    s->copied = root.text.ptr;
    int rc = write_touch(s, &touch, &json_style_compact);
    if (!rc)
        copy_to(s, root.text.ptr + root.text.len);
    return rc;
}

int json_edit_apply(const struct json_edits *edits, struct json root, struct buf *out, struct error *err)
{
    if (edits->failed)
        return error_nomem(err);
    struct splice s = {.out = out, .err = err};
    size_t before = out->len;
    int rc = json_changes_plan(&s.changes, edits, err);
    if (!rc) {
        size_t room = root.text.len + s.changes.value_bytes + 64 * s.changes.count;
        if (out->max == 0 || (before < out->max && room < out->max - before))
            buf_reserve(out, room);
        if (s.changes.count == 0)
            buf_add_str(out, root.text);
        else
            rc = edit_root(&s, root);
    }
    if (!rc)
        rc = buf_result(out, "the edited document", err);
    if (rc && out->ptr && !out->failed) {
        out->len = before;
        out->ptr[before] = '\0';
    }
    free(s.changes.items);
    free(s.targets);
    free(s.touches);
    return rc;
}
