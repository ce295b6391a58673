/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces by number, and the numbers in the order of their names. */
#include "cache/namespaces.h"

#include <stdlib.h>

struct space {
    char *name; /* NULL: the number is free */
    size_t len, users;
};

struct namespaces {
    struct space *items;
    uint32_t *sorted; /* numbers, by name */
    uint32_t count, cap, used;
    size_t name_bytes;
    unsigned generation;
};

struct namespaces *namespaces_new(void)
{
    return calloc(1, sizeof(struct namespaces));
}

void namespaces_free(struct namespaces *s)
{
    if (!s)
        return;
    for (uint32_t i = 0; i < s->count; i++)
        free(s->items[i].name);
    free(s->items);
    free(s->sorted);
    free(s);
}

struct str namespaces_at(const struct namespaces *s, uint32_t number)
{
    return str_n(s->items[number].name, s->items[number].len);
}

/* Where in `sorted` it is or would be. */
static uint32_t place_of(const struct namespaces *s, struct str name)
{
    uint32_t from = 0, to = s->used;
    while (from < to) {
        uint32_t mid = from + (to - from) / 2;
        if (str_compare(namespaces_at(s, s->sorted[mid]), name) < 0)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

uint32_t namespaces_find(const struct namespaces *s, struct str name)
{
    uint32_t at = place_of(s, name);
    return at < s->used && str_eq(namespaces_at(s, s->sorted[at]), name) ? s->sorted[at] : NO_SPACE;
}

static int grow(struct namespaces *s)
{
    uint32_t cap = s->cap ? s->cap * 2 : 16;
    struct space *items = realloc(s->items, cap * sizeof *items);
    if (items)
        s->items = items;
    uint32_t *sorted = realloc(s->sorted, cap * sizeof *sorted);
    if (sorted)
        s->sorted = sorted;
    if (!items || !sorted)
        return -1;
    s->cap = cap;
    return 0;
}

static uint32_t free_number(struct namespaces *s)
{
    if (s->used < s->count) {
        uint32_t i = 0;
        while (s->items[i].name)
            i++;
        return i;
    }
    if (s->count == s->cap && grow(s))
        return NO_SPACE;
    return s->count;
}

static uint32_t add(struct namespaces *s, struct str name, uint32_t at)
{
    char *copy = str_dup(name);
    uint32_t number = copy ? free_number(s) : NO_SPACE;
    if (number == NO_SPACE) {
        free(copy);
        return NO_SPACE;
    }
    s->count += number == s->count;
    s->items[number] = (struct space){.name = copy, .len = name.len, .users = 1};
    memmove(&s->sorted[at + 1], &s->sorted[at], (s->used - at) * sizeof *s->sorted);
    s->sorted[at] = number;
    s->used++;
    s->name_bytes += name.len + 1;
    return number;
}

uint32_t namespaces_hold(struct namespaces *s, struct str name)
{
    uint32_t at = place_of(s, name);
    if (at == s->used || !str_eq(namespaces_at(s, s->sorted[at]), name))
        return add(s, name, at);
    s->items[s->sorted[at]].users++;
    return s->sorted[at];
}

void namespaces_release(struct namespaces *s, uint32_t number)
{
    struct space *item = &s->items[number];
    if (--item->users)
        return;
    uint32_t at = place_of(s, namespaces_at(s, number));
    memmove(&s->sorted[at], &s->sorted[at + 1], (s->used - at - 1) * sizeof *s->sorted);
    s->used--;
    s->name_bytes -= item->len + 1;
    free(item->name);
    *item = (struct space){0};
    s->generation++;
}

unsigned namespaces_generation(const struct namespaces *s)
{
    return s->generation;
}

size_t namespaces_memory(const struct namespaces *s)
{
    return sizeof *s + s->cap * (sizeof *s->items + sizeof *s->sorted) + s->name_bytes;
}
