/* SPDX-License-Identifier: Apache-2.0 */
/* Which members of a container are meant: it is walked once, and what a change hits is noted. Of two members with one
 * key the last one counts, so nothing can be decided before the end. */
#include <stdio.h>
#include <stdlib.h>

#include "json/splice_parts.h"

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

int splice_push_targets(struct splice *s, const struct json_group *above)
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
    if (target->touch != NOWHERE && !splice_removes(s, &target->group))
        s->touches[target->touch].dropped = true;
    target->touch = s->touch_count;
    s->touches[s->touch_count++] = *touch;
    return 0;
}

static const char *member_start(const struct json_iter *it)
{
    return it->object ? it->key.text.ptr : it->value.text.ptr;
}

int splice_walk(struct splice *s, struct level *level)
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
