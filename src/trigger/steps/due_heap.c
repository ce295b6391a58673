/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap: 12 bytes a job that is due, 4 bytes any other. */
#include "trigger/steps/due_heap.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/grown.h"

struct due_entry {
    uint32_t at_high, at_low; /* in two halves, so that an entry has no padding */
    uint32_t slot;
};

static int64_t at_of(const struct due_entry *e)
{
    return (int64_t)((uint64_t)e->at_high << 32 | e->at_low);
}

static void put(struct due *d, size_t place, struct due_entry entry)
{
    d->heap[place] = entry;
    d->places[entry.slot] = (uint32_t)place + 1;
}

static void sift_up(struct due *d, size_t place)
{
    struct due_entry entry = d->heap[place];
    while (place > 0 && at_of(&entry) < at_of(&d->heap[(place - 1) / 2])) {
        put(d, place, d->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(d, place, entry);
}

static void sift_down(struct due *d, size_t place)
{
    struct due_entry entry = d->heap[place];
    for (;;) {
        size_t child = place * 2 + 1;
        if (child >= d->count)
            break;
        if (child + 1 < d->count && at_of(&d->heap[child + 1]) < at_of(&d->heap[child]))
            child++;
        if (at_of(&d->heap[child]) >= at_of(&entry))
            break;
        put(d, place, d->heap[child]);
        place = child;
    }
    put(d, place, entry);
}

static int make_room(struct due *d, uint32_t slot)
{
    if (slot >= d->slots) {
        size_t slots = d->slots ? d->slots : 64;
        while (slots <= slot)
            slots *= 2;
        uint32_t *places = realloc(d->places, slots * sizeof *places);
        if (!places)
            return ERR_NOMEM;
        memset(places + d->slots, 0, (slots - d->slots) * sizeof *places);
        d->places = places;
        d->slots = slots;
    }
    struct due_entry *heap = grown(d->heap, d->count, &d->room, sizeof *heap, 64);
    if (!heap)
        return ERR_NOMEM;
    d->heap = heap;
    return 0;
}

bool due_has(const struct due *d, uint32_t slot)
{
    return slot < d->slots && d->places[slot];
}

bool due_when(const struct due *d, uint32_t slot, int64_t *at)
{
    if (!due_has(d, slot))
        return false;
    *at = at_of(&d->heap[d->places[slot] - 1]);
    return true;
}

int due_set(struct due *d, uint32_t slot, int64_t at)
{
    if (!due_has(d, slot)) {
        if (make_room(d, slot))
            return ERR_NOMEM;
        d->places[slot] = (uint32_t)++d->count;
    }
    size_t place = d->places[slot] - 1;
    d->heap[place] = (struct due_entry){(uint32_t)((uint64_t)at >> 32), (uint32_t)(uint64_t)at, slot};
    sift_up(d, place);
    sift_down(d, d->places[slot] - 1);
    return 0;
}

void due_remove(struct due *d, uint32_t slot)
{
    if (!due_has(d, slot))
        return;
    size_t place = d->places[slot] - 1;
    d->places[slot] = 0;
    d->count--;
    if (place == d->count)
        return;
    uint32_t last = d->heap[d->count].slot;
    put(d, place, d->heap[d->count]);
    sift_up(d, place);
    sift_down(d, d->places[last] - 1);
}

bool due_first(const struct due *d, uint32_t *slot, int64_t *at)
{
    if (!d->count)
        return false;
    if (slot)
        *slot = d->heap[0].slot;
    *at = at_of(&d->heap[0]);
    return true;
}

void due_clear(struct due *d)
{
    free(d->heap);
    free(d->places);
    *d = (struct due){0};
}
