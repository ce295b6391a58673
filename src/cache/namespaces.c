#include "cache/namespaces.h"

#include <stdlib.h>

struct space {
    char *name; /* NULL: the number is free */
    size_t len, users;
};

struct spaces {
    struct space *items;
    uint32_t *sorted; /* numbers, by name */
    uint32_t count, cap, used;
    size_t name_bytes;
    unsigned generation;
};

struct spaces *spaces_new(void)
{
    return calloc(1, sizeof(struct spaces));
}

void spaces_free(struct spaces *s)
{
    if (!s)
        return;
    for (uint32_t i = 0; i < s->count; i++)
        free(s->items[i].name);
    free(s->items);
    free(s->sorted);
    free(s);
}

struct str spaces_at(const struct spaces *s, uint32_t number)
{
    return str_n(s->items[number].name, s->items[number].len);
}

/* Where in `sorted` it is or would be. */
static uint32_t place_of(const struct spaces *s, struct str name)
{
    uint32_t from = 0, to = s->used;
    while (from < to) {
        uint32_t mid = from + (to - from) / 2;
        if (str_compare(spaces_at(s, s->sorted[mid]), name) < 0)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

uint32_t spaces_find(const struct spaces *s, struct str name)
{
    uint32_t at = place_of(s, name);
    return at < s->used && str_eq(spaces_at(s, s->sorted[at]), name) ? s->sorted[at] : NO_SPACE;
}

static int grow(struct spaces *s)
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

static uint32_t free_number(struct spaces *s)
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

static uint32_t add(struct spaces *s, struct str name, uint32_t at)
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

uint32_t spaces_hold(struct spaces *s, struct str name)
{
    uint32_t at = place_of(s, name);
    if (at == s->used || !str_eq(spaces_at(s, s->sorted[at]), name))
        return add(s, name, at);
    s->items[s->sorted[at]].users++;
    return s->sorted[at];
}

void spaces_release(struct spaces *s, uint32_t number)
{
    struct space *item = &s->items[number];
    if (--item->users)
        return;
    uint32_t at = place_of(s, spaces_at(s, number));
    memmove(&s->sorted[at], &s->sorted[at + 1], (s->used - at - 1) * sizeof *s->sorted);
    s->used--;
    s->name_bytes -= item->len + 1;
    free(item->name);
    *item = (struct space){0};
    s->generation++;
}

unsigned spaces_generation(const struct spaces *s)
{
    return s->generation;
}

size_t spaces_memory(const struct spaces *s)
{
    return sizeof *s + s->cap * (sizeof *s->items + sizeof *s->sorted) + s->name_bytes;
}
