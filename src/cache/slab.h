/* SPDX-License-Identifier: Apache-2.0 */
/* Many pieces of memory of a few hundred bytes, each known by a number of 32 bits. A piece has no header in front of it
 * and does not move; free pieces lie together by size. */
#ifndef MPIJOBD_CACHE_SLAB_H
#define MPIJOBD_CACHE_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLAB_NONE UINT32_MAX
#define SLAB_CLASSES 72

struct slab_page {
    unsigned char *bytes; /* NULL: this page's number is free */
    uint32_t next, prev;  /* number + 1, 0: none. In the list of its class's pages with room, or of the free numbers */
    uint32_t size;        /* bytes of a piece */
    uint16_t used, fresh; /* pieces in use; pieces that were in use at any time */
    uint16_t free;        /* the first free one below fresh, plus 1; 0: none */
    uint8_t kind;         /* its class of sizes; SLAB_CLASSES: one large piece */
    bool sealed;          /* no new piece goes in; the page goes with its last piece */
};

struct slab {
    struct slab_page *pages;
    uint32_t count, cap, spare;  /* spare: the first free number, plus 1 */
    uint32_t room[SLAB_CLASSES]; /* the first page of each class that has room, plus 1; 0: none */
    size_t bytes;                /* allocated for pieces, used or not */
    size_t used_bytes;           /* of the pieces in use, rounded up to their class's size */
};

void slab_free(struct slab *slab); /* all of its memory. A slab begins as {0} and is {0} again */
/* size: bytes. SLAB_NONE: out of memory. */
uint32_t slab_take(struct slab *slab, size_t size);
void slab_give(struct slab *slab, uint32_t piece);
/* Marks all pieces that are in use: an owner that takes a new piece for each sealed one, and gives the sealed one back,
 * ends up with pages without gaps. */
void slab_seal(struct slab *slab);
bool slab_sealed(const struct slab *slab, uint32_t piece);
/* The piece's memory. Stays where it is until slab_give. */
unsigned char *slab_at(const struct slab *slab, uint32_t piece);

#endif
