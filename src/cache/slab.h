/* Many pieces of memory of a few hundred bytes, each known by a number of 32 bits: no header in front of each, and what
 * is free lies together by size. A piece does not move. */
#ifndef MPIJOBD_CACHE_SLAB_H
#define MPIJOBD_CACHE_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLAB_NONE UINT32_MAX
#define SLAB_CLASSES 72

struct slab_page {
    unsigned char *bytes; /* NULL: this page's number is free */
    uint32_t next, prev;  /* of its class, those with room; or of the free numbers */
    uint32_t size;        /* of a piece */
    uint16_t used, fresh; /* pieces in use; pieces that were ever */
    uint16_t free;        /* the first free one below fresh, plus 1; 0: none */
    uint8_t kind;         /* its class; SLAB_CLASSES: one large piece */
    bool sealed;          /* nothing new goes in; it is given back with its last piece */
};

struct slab {
    struct slab_page *pages;
    uint32_t count, cap, spare;  /* spare: the first free number, plus 1 */
    uint32_t room[SLAB_CLASSES]; /* pages with room, plus 1 */
    size_t bytes;                /* allocated for pieces, used or not */
    size_t used_bytes;
};

void slab_free(struct slab *slab); /* all of it; begins as {0} */
/* SLAB_NONE: no memory. */
uint32_t slab_take(struct slab *slab, size_t size);
void slab_give(struct slab *slab, uint32_t piece);
/* All that is there now is to be moved: whoever takes a new piece for each sealed one and gives that back ends up with
 * pages without gaps. */
void slab_seal(struct slab *slab);
bool slab_sealed(const struct slab *slab, uint32_t piece);
unsigned char *slab_at(const struct slab *slab, uint32_t piece);

#endif
