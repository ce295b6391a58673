/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of pieces of one size, in 72 sizes; a piece that is larger than these has a page of its own. */
#include "cache/slab.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 65536u
#define ITEM_BITS 12 /* 4096 pieces of 16 bytes are a page */
#define ITEM_MASK ((1u << ITEM_BITS) - 1)
#define PAGES_MAX (1u << (32 - ITEM_BITS))
#define FINE 512u /* up to here in steps of 16, then eight steps each time the size doubles */
#define LARGEST 16384u

static unsigned class_of(size_t size)
{
    if (size <= FINE)
        return size ? (unsigned)(size - 1) / 16 : 0;
    unsigned octave = 63 - (unsigned)__builtin_clzl(size - 1); /* 2^octave < size <= 2^(octave + 1) */
    return 32 + (octave - 9) * 8 + (unsigned)((size - 1 - (1u << octave)) >> (octave - 3));
}

static uint32_t size_of(unsigned kind)
{
    if (kind < 32)
        return (kind + 1) * 16;
    unsigned octave = 9 + (kind - 32) / 8;
    return (1u << octave) + ((kind - 32) % 8 + 1) * (1u << (octave - 3));
}

/* ---- pages with room ---- */

static void list_page(struct slab *s, uint32_t page)
{
    struct slab_page *p = &s->pages[page];
    p->prev = 0;
    p->next = s->room[p->kind];
    if (p->next)
        s->pages[p->next - 1].prev = page + 1;
    s->room[p->kind] = page + 1;
}

static void unlist_page(struct slab *s, uint32_t page)
{
    struct slab_page *p = &s->pages[page];
    if (p->prev)
        s->pages[p->prev - 1].next = p->next;
    else
        s->room[p->kind] = p->next;
    if (p->next)
        s->pages[p->next - 1].prev = p->prev;
}

static uint32_t new_number(struct slab *s)
{
    if (s->spare) {
        uint32_t page = s->spare - 1;
        s->spare = s->pages[page].next;
        return page;
    }
    if (s->count == s->cap) {
        uint32_t cap = s->cap ? s->cap * 2 : 64;
        if (cap > PAGES_MAX)
            return SLAB_NONE;
        struct slab_page *pages = realloc(s->pages, cap * sizeof *pages);
        if (!pages)
            return SLAB_NONE;
        s->pages = pages;
        s->cap = cap;
    }
    return s->count++;
}

static uint32_t new_page(struct slab *s, unsigned kind, uint32_t size, size_t bytes)
{
    unsigned char *memory = malloc(bytes);
    uint32_t page = memory ? new_number(s) : SLAB_NONE;
    if (page == SLAB_NONE) {
        free(memory);
        return SLAB_NONE;
    }
    s->pages[page] = (struct slab_page){.bytes = memory, .size = size, .kind = (uint8_t)kind};
    s->bytes += bytes;
    return page;
}

static void drop_page(struct slab *s, uint32_t page)
{
    struct slab_page *p = &s->pages[page];
    s->bytes -= p->kind == SLAB_CLASSES ? p->size : PAGE_BYTES;
    free(p->bytes);
    *p = (struct slab_page){.next = s->spare};
    s->spare = page + 1;
}

/* ---- pieces ---- */

static unsigned char *item_at(const struct slab_page *p, uint32_t item)
{
    return p->bytes + (size_t)item * p->size;
}

uint32_t slab_take(struct slab *s, size_t size)
{
    if (size > LARGEST) {
        uint32_t page = size < UINT32_MAX ? new_page(s, SLAB_CLASSES, (uint32_t)size, size) : SLAB_NONE;
        if (page == SLAB_NONE)
            return SLAB_NONE;
        s->used_bytes += size;
        return page << ITEM_BITS;
    }
    unsigned kind = class_of(size);
    if (!s->room[kind]) {
        uint32_t page = new_page(s, kind, size_of(kind), PAGE_BYTES);
        if (page == SLAB_NONE)
            return SLAB_NONE;
        list_page(s, page);
    }
    uint32_t page = s->room[kind] - 1, item;
    struct slab_page *p = &s->pages[page];
    if (p->free) {
        item = p->free - 1u;
        memcpy(&p->free, item_at(p, item), sizeof p->free);
    } else {
        item = p->fresh++;
    }
    s->used_bytes += p->size;
    if (++p->used == PAGE_BYTES / p->size)
        unlist_page(s, page);
    return page << ITEM_BITS | item;
}

void slab_give(struct slab *s, uint32_t piece)
{
    uint32_t page = piece >> ITEM_BITS, item = piece & ITEM_MASK;
    struct slab_page *p = &s->pages[page];
    s->used_bytes -= p->size;
    if (p->kind == SLAB_CLASSES) {
        drop_page(s, page);
        return;
    }
    if (p->sealed) {
        if (!--p->used)
            drop_page(s, page);
        return;
    }
    if (p->used-- == PAGE_BYTES / p->size)
        list_page(s, page);
    memcpy(item_at(p, item), &p->free, sizeof p->free);
    p->free = (uint16_t)(item + 1);
    if (!p->used && (p->next || p->prev)) { /* one page stays: taking and giving by turns would cost a page each time */
        unlist_page(s, page);
        drop_page(s, page);
    }
}

void slab_seal(struct slab *s)
{
    memset(s->room, 0, sizeof s->room);
    for (uint32_t i = 0; i < s->count; i++) {
        struct slab_page *p = &s->pages[i];
        if (!p->bytes || p->kind == SLAB_CLASSES)
            continue;
        p->sealed = true;
        if (!p->used)
            drop_page(s, i);
    }
}

bool slab_sealed(const struct slab *s, uint32_t piece)
{
    return s->pages[piece >> ITEM_BITS].sealed;
}

unsigned char *slab_at(const struct slab *s, uint32_t piece)
{
    return item_at(&s->pages[piece >> ITEM_BITS], piece & ITEM_MASK);
}

void slab_free(struct slab *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        free(s->pages[i].bytes);
    free(s->pages);
    *s = (struct slab){0};
}
