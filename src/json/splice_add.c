/* SPDX-License-Identifier: Apache-2.0 */
/* New members and elements, in the order in which they were asked for, and the parents that they lack. */
#include <stdlib.h>

#include "json/splice_parts.h"
#include "json/write.h"

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

/* Appends elements: one for each set of the group, or one that holds what the group sets inside it. */
static int add_elements(struct splice *s, const struct json_group *g, size_t count, enum place *place,
                        const struct json_style *style)
{
    if (!str_is(g->token, "-"))
        return error_set(s->err, ERR_INVALID, "%s: the array has %zu elements and no %.*s; - appends one",
                         s->changes.items[g->lo].pointer, count, (int)g->token.len, g->token.ptr);
    if (!g->leaf) {
        separate(s, place, style);
        return splice_build(s, g, style);
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
        return splice_build(s, g, style);
    json_layout(s->out, s->changes.items[g->hi - 1].value, style);
    return 0;
}

int splice_add_missing(struct splice *s, size_t first, bool array, size_t count, enum place place,
                       const struct json_style *style)
{
    sort_targets(s, first);
    for (size_t i = first, end = s->target_count; i < end; i++) {
        if (!splice_is_new(s, &s->targets[i], array))
            continue;
        struct json_group g = s->targets[i].group;
        int rc = array ? add_elements(s, &g, count, &place, style) : add_member(s, &g, &place, style);
        if (rc)
            return rc;
    }
    return 0;
}

int splice_build(struct splice *s, const struct json_group *group, const struct json_style *outer)
{
    size_t first = s->target_count;
    int rc = splice_push_targets(s, group);
    if (rc)
        return rc;
    bool array = false;
    for (size_t i = first; i < s->target_count; i++)
        array |= str_is(s->targets[i].group.token, "-") && s->targets[i].group.sets;
    struct json_style style = *outer;
    style.deeper++;
    buf_putc(s->out, array ? '[' : '{');
    rc = splice_add_missing(s, first, array, 0, PLACE_FIRST, &style);
    json_lead(s->out, outer, 0);
    buf_putc(s->out, array ? ']' : '}');
    s->target_count = first;
    return rc;
}
