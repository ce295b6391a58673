/* SPDX-License-Identifier: Apache-2.0 */
/* A template over a document: which values its paths lead to, and the text of them. */
#include <stdlib.h>
#include <string.h>

#include "base/grown.h"
#include "json/path/jsonpath_parts.h"

/* Values, in order. A failed one (no memory) takes no more. */
struct set {
    struct json *items;
    size_t count, cap;
    bool failed;
};

static void put(struct set *s, struct json value)
{
    if (s->failed || !json_exists(value))
        return;
    struct json *items = grown(s->items, s->count, &s->cap, sizeof *items, 8);
    s->failed = !items;
    if (s->failed)
        return;
    s->items = items;
    s->items[s->count++] = value;
}

static void set_free(struct set *s)
{
    free(s->items);
    *s = (struct set){0};
}

static const char *text_at(const struct jsonpath *p, size_t at)
{
    return p->texts.ptr + at;
}

/* ---- one step ---- */

static void add_slice(const struct step *step, struct json of, struct set *to)
{
    if (json_type(of) != JSON_ARRAY)
        return;
    int64_t n = (int64_t)json_count(of), from = step->from < 0 ? step->from + n : step->from, i = 0;
    int64_t end = step->one ? from + 1 : step->to < 0 ? step->to + n : step->to;
    if (from < 0 && step->one)
        return;
    for (struct json_iter it = json_iter(of); i < end && json_next(&it); i++) {
        if (i >= from)
            put(to, it.value);
    }
}

static bool ordered(enum filter_op op, int order)
{
    switch (op) {
    case FILTER_LT:
        return order < 0;
    case FILTER_LE:
        return order <= 0;
    case FILTER_GT:
        return order > 0;
    default:
        return order >= 0;
    }
}

/* Text goes by its bytes, numbers by their value; of two kinds none is before the other. */
static bool compare(enum filter_op op, struct json a, struct json b)
{
    double x, y;
    if (op == FILTER_EQ || op == FILTER_NE)
        return json_equal(a, b) == (op == FILTER_EQ);
    if (json_type(a) == JSON_STRING && json_type(b) == JSON_STRING) {
        struct buf left = BUF_INIT, right = BUF_INIT;
        bool good = json_decode(a, &left) && json_decode(b, &right) &&
                    ordered(op, str_compare(buf_str(&left), buf_str(&right)));
        buf_free(&left);
        buf_free(&right);
        return good;
    }
    return json_double(a, &x) && json_double(b, &y) && ordered(op, (x > y) - (x < y));
}

/* The steps of a filter lead to one value: they are names and single elements. */
static bool passes(const struct jsonpath *p, const struct step *step, struct json value)
{
    for (size_t i = 0; i < step->count && json_exists(value); i++) {
        const struct step *s = &p->steps[step->first + i];
        struct set at = {0};
        if (s->kind == STEP_NAME) {
            value = json_get(value, text_at(p, s->name));
            continue;
        }
        add_slice(s, value, &at);
        value = at.count ? at.items[0] : (struct json){0};
        set_free(&at);
    }
    if (!json_exists(value))
        return false;
    return step->op == FILTER_THERE || compare(step->op, value, (struct json){str_of(text_at(p, step->name))});
}

static void take_step(const struct jsonpath *p, const struct step *step, struct json value, struct set *to)
{
    switch (step->kind) {
    case STEP_NAME:
        put(to, json_get(value, text_at(p, step->name)));
        break;
    case STEP_SLICE:
        add_slice(step, value, to);
        break;
    case STEP_ALL:
        for (struct json_iter it = json_iter(value); json_next(&it);)
            put(to, it.value);
        break;
    case STEP_FILTER:
        for (struct json_iter it = json_iter(value); json_type(value) == JSON_ARRAY && json_next(&it);) {
            if (passes(p, step, it.value))
                put(to, it.value);
        }
        break;
    }
}

static struct set find(const struct jsonpath *p, const struct part *part, struct json from)
{
    struct set at = {0};
    put(&at, from);
    for (size_t i = 0; i < part->count; i++) {
        struct set next = {.failed = at.failed};
        for (size_t n = 0; n < at.count; n++)
            take_step(p, &p->steps[part->first + i], at.items[n], &next);
        set_free(&at);
        at = next;
    }
    return at;
}

/* ---- the whole ---- */

void jsonpath_add_value(struct buf *out, struct json value)
{
    if (json_type(value) != JSON_STRING || !json_decode(value, out))
        buf_add_str(out, value.text);
}

struct frame { /* a range that is gone through */
    struct set of;
    size_t at, body;
};

static void print_path(const struct jsonpath *p, const struct part *part, struct json from, struct buf *out)
{
    struct set found = find(p, part, from);
    for (size_t i = 0; i < found.count; i++) {
        if (i)
            buf_putc(out, ' ');
        jsonpath_add_value(out, found.items[i]);
    }
    if (found.failed)
        out->failed = ERR_NOMEM;
    set_free(&found);
}

int jsonpath_print(const struct jsonpath *p, struct json root, struct buf *out, struct error *err)
{
    struct frame frames[JSONPATH_RANGES_MAX] = {0};
    int depth = 0;
    for (size_t at = 0; at < p->part_count && !out->failed; at++) {
        const struct part *part = &p->parts[at];
        struct frame *frame = depth ? &frames[depth - 1] : NULL;
        struct json from = frame && !part->from_document ? frame->of.items[frame->at] : root;
        switch (part->kind) {
        case PART_TEXT:
            buf_add(out, text_at(p, part->text), part->text_len);
            break;
        case PART_PATH:
            print_path(p, part, from, out);
            break;
        case PART_RANGE:
            frames[depth] = (struct frame){.of = find(p, part, from), .body = at};
            if (frames[depth].of.failed)
                out->failed = ERR_NOMEM;
            if (frames[depth].of.count) {
                depth++;
            } else {
                set_free(&frames[depth].of);
                at = part->end;
            }
            break;
        case PART_END:
            if (++frame->at < frame->of.count)
                at = frame->body;
            else
                set_free(&frames[--depth].of);
            break;
        }
    }
    while (depth)
        set_free(&frames[--depth].of);
    return buf_result(out, "the output of the template", err);
}

int jsonpath_each(const struct jsonpath *p, struct json root, void (*visit)(void *data, struct json value), void *data,
                  struct error *err)
{
    struct set found = find(p, &p->parts[0], root);
    int rc = found.failed ? error_nomem(err) : 0;
    for (size_t i = 0; !rc && i < found.count; i++)
        visit(data, found.items[i]);
    set_free(&found);
    return rc;
}
