/* The document copied to `out` up to each place that changes. Places are visited in the order of the text, so it is one
 * pass.
 *
 * Each container on the way to a change is walked once to see which of its members are meant (of two with one key the
 * last one counts, so no decision can be taken before the end), then its changes are written out. The walk down is a
 * recursion, bounded by JSON_DEPTH_MAX: pointers lead no deeper than documents go, and json_changes_plan refuses longer
 * ones. */
#include <stdio.h>
#include <stdlib.h>

#include "json/bytes.h"
#include "json/changes.h"
#include "json/scan.h"
#include "json/style.h"
#include "json/write.h"

#define NOWHERE SIZE_MAX

/* The changes below one place, with the touch (below) that they hit. */
struct target {
    struct json_group group;
    size_t touch; /* the last one of this target, or NOWHERE: nothing there yet */
};

/* A member or element that changes. */
struct touch {
    struct json_group group;
    struct json value;
    const char *before; /* end of the member before, or past the opening bracket */
    const char *start;
    const char *next; /* start of the member after; NULL: it is the last */
    size_t index;
    bool dropped; /* a later member has the same key: this one stays as it is */
};

struct splice {
    struct json_changes changes;
    struct buf *out;
    struct error *err;
    const char *copied;     /* the document up to here is written or left out */
    struct target *targets; /* a stack: each container on the way has its own above its parent's */
    size_t target_count, target_cap;
    struct touch *touches; /* the same */
    size_t touch_count, touch_cap;
};

/* A container on the way, with what its walk found. */
struct level {
    struct json container;
    size_t first_target, first_touch;
    struct json_iter last;
    size_t count; /* members */
};

static int edit_below(struct splice *s, struct json container, const struct json_group *group,
                      const struct json_style *outer);

static void copy_to(struct splice *s, const char *p)
{
    buf_add(s->out, s->copied, (size_t)(p - s->copied));
    s->copied = p;
}

static int grow(struct splice *s, void **items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return 0;
    size_t more = *cap ? *cap * 2 : 8;
    void *fresh = realloc(*items, more * size);
    if (!fresh)
        return error_nomem(s->err);
    *items = fresh;
    *cap = more;
    return 0;
}

/* Pushes the targets of the next token of a group. */
static int push_targets(struct splice *s, const struct json_group *above)
{
    size_t at = above->at + above->token.len + 1;
    for (size_t lo = above->lo; lo < above->hi;) {
        struct json_group g = json_changes_group(&s->changes, lo, above->hi, at);
        void *items = s->targets;
        int rc = grow(s, &items, s->target_count, &s->target_cap, sizeof *s->targets);
        if (rc)
            return rc;
        s->targets = items;
        s->targets[s->target_count++] = (struct target){g, NOWHERE};
        lo = g.hi;
    }
    return 0;
}

static bool removes(const struct splice *s, const struct json_group *g)
{
    return g->leaf && !json_exists(s->changes.items[g->hi - 1].value);
}

static struct target *find_target(struct splice *s, size_t first, struct json_bytes key)
{
    size_t lo = first, hi = s->target_count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        struct json_bytes token = {s->targets[mid].group.token, JSON_CODED_TOKEN};
        int order = json_bytes_compare(key, token);
        if (order == 0)
            return &s->targets[mid];
        if (order < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

static int push_touch(struct splice *s, struct target *target, const struct touch *touch)
{
    void *items = s->touches;
    int rc = grow(s, &items, s->touch_count, &s->touch_cap, sizeof *s->touches);
    if (rc)
        return rc;
    s->touches = items;
    /* A key that is removed goes wherever it stands; else only the last one is meant. */
    if (target->touch != NOWHERE && !removes(s, &target->group))
        s->touches[target->touch].dropped = true;
    target->touch = s->touch_count;
    s->touches[s->touch_count++] = *touch;
    return 0;
}

static const char *member_start(const struct json_iter *it)
{
    return it->object ? it->key.text.ptr : it->value.text.ptr;
}

static int walk(struct splice *s, struct level *level)
{
    const char *before = level->container.text.ptr + 1;
    bool touched = false;
    char index[24];
    for (struct json_iter it = json_iter(level->container); json_next(&it); level->count++, before = it.at) {
        if (touched)
            s->touches[s->touch_count - 1].next = member_start(&it);
        touched = false;
        level->last = it;
        struct json_bytes key = {.coding = JSON_CODED_PLAIN};
        if (it.object)
            key = json_bytes_of(it.key);
        else
            key.text = str_n(index, (size_t)snprintf(index, sizeof index, "%zu", level->count));
        struct target *target = find_target(s, level->first_target, key);
        if (!target)
            continue;
        struct touch touch = {target->group, it.value, before, member_start(&it), NULL, level->count, false};
        int rc = push_touch(s, target, &touch);
        if (rc)
            return rc;
        touched = true;
    }
    return 0;
}

static int by_order(const void *a, const void *b)
{
    const struct target *x = a, *y = b;
    return x->group.order < y->group.order ? -1 : 1;
}

/* New members stand in the order in which they were asked for. */
static void sort_targets(struct splice *s, size_t first)
{
    if (s->target_count - first > 1)
        qsort(s->targets + first, s->target_count - first, sizeof *s->targets, by_order);
}

/* What stands before a new member. */
enum place {
    PLACE_AFTER,  /* others are there: a comma is due */
    PLACE_FIRST,  /* it follows the bracket */
    PLACE_VACATED /* it stands where the first member stood, whose white space is still there */
};

static void separate(struct splice *s, enum place *place, const struct json_style *style)
{
    if (*place == PLACE_AFTER) {
        buf_putc(s->out, ',');
        if (!style->lines)
            buf_add_str(s->out, style->comma);
    }
    if (*place != PLACE_VACATED)
        json_lead(s->out, style, 0);
    *place = PLACE_AFTER;
}

static void write_key(struct splice *s, struct str token, const struct json_style *style)
{
    if (!memchr(token.ptr, '~', token.len)) {
        json_quote(s->out, token);
    } else {
        struct buf key = BUF_INIT;
        for (size_t i = 0; i < token.len; i++)
            buf_putc(&key, token.ptr[i] != '~' ? token.ptr[i] : token.ptr[++i] == '1' ? '/' : '~');
        if (key.failed)
            s->out->failed = key.failed;
        else
            json_quote(s->out, buf_str(&key));
        buf_free(&key);
    }
    buf_add_str(s->out, style->colon);
}

static int build(struct splice *s, const struct json_group *group, const struct json_style *outer);

/* Appends elements: one for each set of the group, or one that holds what the group sets inside it. */
static int add_elements(struct splice *s, const struct json_group *g, size_t count, enum place *place,
                        const struct json_style *style)
{
    if (!str_is(g->token, "-"))
        return error_set(s->err, ERR_INVALID, "%s: the array has %zu elements and no %.*s; - appends one",
                         s->changes.items[g->lo].pointer, count, (int)g->token.len, g->token.ptr);
    if (!g->leaf) {
        separate(s, place, style);
        return build(s, g, style);
    }
    for (size_t i = g->lo; i < g->hi; i++) {
        if (!json_exists(s->changes.items[i].value))
            continue;
        separate(s, place, style);
        json_layout(s->out, s->changes.items[i].value, style);
    }
    return 0;
}

static int add_member(struct splice *s, const struct json_group *g, enum place *place, const struct json_style *style)
{
    separate(s, place, style);
    write_key(s, g->token, style);
    if (!g->leaf)
        return build(s, g, style);
    json_layout(s->out, s->changes.items[g->hi - 1].value, style);
    return 0;
}

/* Something is to be added for the target: it was not found, and not only removals aim at it. */
static bool is_new(const struct splice *s, const struct target *t, bool array)
{
    return t->touch == NOWHERE && t->group.sets && (array || !removes(s, &t->group));
}

/* The targets from `first` on that were not found; style is that of the container's members, count how many it had. */
static int add_missing(struct splice *s, size_t first, bool array, size_t count, enum place place,
                       const struct json_style *style)
{
    sort_targets(s, first);
    for (size_t i = first, end = s->target_count; i < end; i++) {
        if (!is_new(s, &s->targets[i], array))
            continue;
        struct json_group g = s->targets[i].group;
        int rc = array ? add_elements(s, &g, count, &place, style) : add_member(s, &g, &place, style);
        if (rc)
            return rc;
    }
    return 0;
}

/* The parent of these changes is missing and is made here: an array where they append, an object else. */
static int build(struct splice *s, const struct json_group *group, const struct json_style *outer)
{
    size_t first = s->target_count;
    int rc = push_targets(s, group);
    if (rc)
        return rc;
    bool array = false;
    for (size_t i = first; i < s->target_count; i++)
        array |= str_is(s->targets[i].group.token, "-") && s->targets[i].group.sets;
    struct json_style style = *outer;
    style.deeper++;
    buf_putc(s->out, array ? '[' : '{');
    rc = add_missing(s, first, array, 0, PLACE_FIRST, &style);
    json_lead(s->out, outer, 0);
    buf_putc(s->out, array ? ']' : '}');
    s->target_count = first;
    return rc;
}

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
        rc = build(s, &g, style);
    s->copied = old.text.ptr + old.text.len;
    return rc;
}

/* Leaves members first..last away, which stand side by side, with the comma before them (or after, where none is
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
        if (removes(s, &s->touches[i].group)) {
            size_t first = i;
            while (i + 1 < end && s->touches[i + 1].index == s->touches[i].index + 1 &&
                   removes(s, &s->touches[i + 1].group))
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
        removed += removes(s, &s->touches[i].group);
    if (removed == level->count)
        return PLACE_VACATED;
    if (s->copied < level->last.at)
        copy_to(s, level->last.at);
    return PLACE_AFTER;
}

static int edit_level(struct splice *s, struct level *level, const struct json_group *group,
                      const struct json_style *outer)
{
    int rc = push_targets(s, group);
    if (!rc)
        rc = walk(s, level);
    if (rc)
        return rc;
    bool array = level->container.text.ptr[0] == '[', adds = false;
    for (size_t i = level->first_target; i < s->target_count; i++)
        adds |= is_new(s, &s->targets[i], array);
    struct json_style style = json_style_inside(level->container, &level->last, level->count, outer);
    rc = write_touches(s, level, adds, &style);
    if (rc || !adds)
        return rc;
    enum place place = make_room(s, level);
    rc = add_missing(s, level->first_target, array, level->count, place, &style);
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
