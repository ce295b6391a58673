/* SPDX-License-Identifier: Apache-2.0 */
/* Edits checked, sorted and grouped. */
#include "json/changes.h"

#include <stdlib.h>

#include "json/scan.h"

static int check_pointer(const char *pointer, size_t *tokens, struct error *err)
{
    *tokens = 0;
    if (*pointer && *pointer != '/')
        return error_set(err, ERR_INVALID, "%s: a JSON pointer begins with /", pointer);
    for (const char *p = pointer, *end = p + strlen(p); p < end;) {
        if (*p == '~' && p[1] != '0' && p[1] != '1')
            return error_set(err, ERR_INVALID, "%s: in a JSON pointer ~ is written ~0 (and / inside a key ~1)",
                             pointer);
        *tokens += *p == '/';
        size_t n = json_utf8(p, end);
        if (n == 0)
            return error_set(err, ERR_INVALID, "%s: not valid UTF-8", pointer);
        p += n;
    }
    return 0;
}

static int plan_one(struct json_change *change, const struct json_edit *edit, struct error *err)
{
    size_t tokens;
    int rc = check_pointer(edit->pointer, &tokens, err);
    if (rc)
        return rc;
    change->pointer = edit->pointer;
    change->value = (struct json){{NULL, 0}};
    if (!edit->raw.ptr) {
        if (tokens == 0)
            return error_set(err, ERR_INVALID, "the whole document cannot be removed");
        return 0;
    }
    rc = json_parse(edit->raw, "the new value", &change->value, err);
    if (rc) {
        if (err)
            error_prefix(err, "%s", edit->pointer);
        return rc;
    }
    if (tokens + json_depth(change->value) > JSON_DEPTH_MAX)
        return error_set(err, ERR_LIMIT, "%s: the new value would nest deeper than %d levels", edit->pointer,
                         JSON_DEPTH_MAX);
    return 0;
}

/* The end sorts before a separator, and that before any byte: what is below a pointer follows it directly, and the keys
 * of one object are in the order of their decoded bytes. */
static int next_rank(const char **p)
{
    unsigned char c = (unsigned char)**p;
    if (c == '\0')
        return 0;
    ++*p;
    if (c == '/')
        return 1;
    if (c == '~')
        c = *(*p)++ == '1' ? '/' : '~';
    return c + 2;
}

static int by_pointer_then_order(const void *a, const void *b)
{
    const struct json_change *x = a, *y = b;
    const char *p = x->pointer, *q = y->pointer;
    for (;;) {
        int m = next_rank(&p), n = next_rank(&q);
        if (m != n)
            return m < n ? -1 : 1;
        if (m == 0)
            return x->order < y->order ? -1 : 1;
    }
}

/* The later of two for one pointer wins. "-" names another place each time, where the parent is an array. */
static void drop_superseded(struct json_changes *changes)
{
    size_t kept = 0;
    for (size_t i = 0; i < changes->count; i++) {
        const struct json_change *c = &changes->items[i];
        bool last = i + 1 == changes->count || strcmp(c->pointer, c[1].pointer) != 0;
        if (last || str_ends(str_of(c->pointer), "/-"))
            changes->items[kept++] = *c;
    }
    changes->count = kept;
}

/* What lies below a pointer follows it directly, so it is enough to look at neighbours. */
static int check_overlap(const struct json_changes *changes, struct error *err)
{
    for (size_t i = 0; i + 1 < changes->count; i++) {
        const char *above = changes->items[i].pointer, *below = changes->items[i + 1].pointer;
        size_t len = strlen(above);
        if (strncmp(above, below, len) == 0 && below[len] == '/')
            return error_set(err, ERR_INVALID,
                             "%s and %s are both edited, and the one lies inside the other: edit one of them",
                             len ? above : "the whole document", below);
    }
    return 0;
}

int json_changes_plan(struct json_changes *changes, const struct json_edits *edits, struct error *err)
{
    *changes = (struct json_changes){0};
    if (edits->count == 0)
        return 0;
    changes->items = malloc(edits->count * sizeof *changes->items);
    if (!changes->items)
        return error_nomem(err);
    for (size_t i = 0; i < edits->count; i++) {
        int rc = plan_one(&changes->items[i], &edits->items[i], err);
        if (rc)
            return rc;
        changes->items[i].order = i;
        changes->value_bytes += changes->items[i].value.text.len + strlen(edits->items[i].pointer);
    }
    changes->count = edits->count;
    if (changes->count < 2)
        return 0;
    qsort(changes->items, changes->count, sizeof *changes->items, by_pointer_then_order);
    drop_superseded(changes);
    return check_overlap(changes, err);
}

struct json_group json_changes_group(const struct json_changes *changes, size_t lo, size_t hi, size_t at)
{
    const struct json_change *first = &changes->items[lo];
    struct json_group g = {.lo = lo, .hi = lo, .at = at, .order = first->order};
    g.token = str_n(first->pointer + at, strcspn(first->pointer + at, "/"));
    g.leaf = first->pointer[at + g.token.len] == '\0';
    for (; g.hi < hi; g.hi++) {
        const struct json_change *c = &changes->items[g.hi];
        const char *rest = c->pointer + at;
        if (strncmp(rest, g.token.ptr, g.token.len) != 0 || (rest[g.token.len] && rest[g.token.len] != '/'))
            break;
        g.sets |= json_exists(c->value);
        if (c->order < g.order)
            g.order = c->order;
    }
    return g;
}
