/* SPDX-License-Identifier: Apache-2.0 */
/* The table of jobs: slots in chunks that never move, and a hash table by namespace and name. */
#include "cache/jobs.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/chance.h"
#include "base/error.h"
#include "cache/namespaces.h"

#define CHUNK 1024u

int jobs_init(struct jobs *j)
{
    *j = (struct jobs){.free = NO_SLOT, .seed = chance_draw(NULL)};
    j->spaces = namespaces_new();
    return j->spaces ? 0 : ERR_NOMEM;
}

void jobs_free(struct jobs *j)
{
    for (uint32_t i = 0; i < j->chunk_count; i++)
        free(j->chunks[i]);
    free(j->chunks);
    free(j->table);
    namespaces_free(j->spaces);
    slab_free(&j->slab);
    *j = (struct jobs){.free = NO_SLOT};
}

/* ---- by name ---- */

uint64_t jobs_hash(const struct jobs *j, struct str text)
{
    return XXH3_64bits_withSeed(text.len ? text.ptr : "", text.len, j->seed);
}

static uint32_t hash_of(const struct jobs *j, uint32_t name_space, struct str name)
{
    return (uint32_t)XXH3_64bits_withSeed(name.ptr, name.len, j->seed ^ name_space);
}

struct str jobs_name(const struct jobs *j, const struct job *job)
{
    const unsigned char *piece = slab_at(&j->slab, job->piece);
    return str_n((const char *)piece + 1, piece[0]);
}

struct str jobs_packed(const struct jobs *j, const struct job *job)
{
    const unsigned char *piece = slab_at(&j->slab, job->piece);
    return str_n((const char *)piece + 1 + piece[0], job->packed);
}

struct str jobs_namespace(const struct jobs *j, uint32_t name_space)
{
    return namespaces_at(j->spaces, name_space);
}

uint32_t jobs_find(const struct jobs *j, struct str name_space, struct str name)
{
    uint32_t space = j->table_size ? namespaces_find(j->spaces, name_space) : NO_SPACE;
    if (space == NO_SPACE || !name.len)
        return NO_SLOT;
    uint32_t hash = hash_of(j, space, name), mask = j->table_size - 1;
    for (uint32_t i = hash & mask; j->table[i]; i = (i + 1) & mask) {
        const struct job *job = jobs_at(j, j->table[i] - 1);
        if (job->hash == hash && job->name_space == space && str_eq(jobs_name(j, job), name))
            return j->table[i] - 1;
    }
    return NO_SLOT;
}

static void put(struct jobs *j, uint32_t slot)
{
    uint32_t mask = j->table_size - 1, i = jobs_at(j, slot)->hash & mask;
    while (j->table[i])
        i = (i + 1) & mask;
    j->table[i] = slot + 1;
}

static int make_room(struct jobs *j)
{
    if (j->table_size && j->count + 1 <= j->table_size / 4 * 3)
        return 0;
    uint32_t size = j->table_size ? j->table_size * 2 : 64, *old = j->table, old_size = j->table_size;
    uint32_t *table = calloc(size, sizeof *table);
    if (!table)
        return ERR_NOMEM;
    j->table = table;
    j->table_size = size;
    for (uint32_t i = 0; i < old_size; i++) {
        if (old[i])
            put(j, old[i] - 1);
    }
    free(old);
    return 0;
}

/* The entries behind it move up as far as they may, so that no tombstones are needed. */
static void take_out(struct jobs *j, uint32_t slot)
{
    uint32_t mask = j->table_size - 1, i = jobs_at(j, slot)->hash & mask;
    while (j->table[i] != slot + 1)
        i = (i + 1) & mask;
    for (uint32_t k = (i + 1) & mask; j->table[k]; k = (k + 1) & mask) {
        uint32_t home = jobs_at(j, j->table[k] - 1)->hash & mask;
        if (((k - home) & mask) < ((k - i) & mask))
            continue;
        j->table[i] = j->table[k];
        i = k;
    }
    j->table[i] = 0;
}

/* ---- by slot ---- */

static int add_chunk(struct jobs *j)
{
    if (j->chunk_count == j->chunk_cap) {
        uint32_t cap = j->chunk_cap ? j->chunk_cap * 2 : 16;
        struct job **chunks = realloc(j->chunks, cap * sizeof *chunks);
        if (!chunks)
            return ERR_NOMEM;
        j->chunks = chunks;
        j->chunk_cap = cap;
    }
    struct job *chunk = calloc(CHUNK, sizeof *chunk);
    if (!chunk)
        return ERR_NOMEM;
    j->chunks[j->chunk_count++] = chunk;
    return 0;
}

static uint32_t take_slot(struct jobs *j)
{
    uint32_t slot = j->free;
    if (slot != NO_SLOT) {
        j->free = jobs_at(j, slot)->piece;
        return slot;
    }
    if (j->slots == j->chunk_count * CHUNK && add_chunk(j))
        return NO_SLOT;
    return j->slots++;
}

uint32_t jobs_add(struct jobs *j, struct str name_space, struct str name)
{
    uint32_t space = make_room(j) ? NO_SPACE : namespaces_hold(j->spaces, name_space);
    uint32_t slot = space == NO_SPACE ? NO_SLOT : take_slot(j);
    if (slot == NO_SLOT) {
        if (space != NO_SPACE)
            namespaces_release(j->spaces, space);
        return NO_SLOT;
    }
    *jobs_at(j, slot) =
        (struct job){.hash = hash_of(j, space, name), .name_space = space, .piece = SLAB_NONE, .used = true};
    put(j, slot);
    j->count++;
    return slot;
}

void jobs_unlink(struct jobs *j, uint32_t slot)
{
    take_out(j, slot);
    j->count--;
}

void jobs_remove(struct jobs *j, uint32_t slot)
{
    struct job *job = jobs_at(j, slot);
    if (job->piece != SLAB_NONE)
        slab_give(&j->slab, job->piece);
    namespaces_release(j->spaces, job->name_space);
    *job = (struct job){.piece = j->free};
    j->free = slot;
}

uint32_t jobs_piece(struct jobs *j, struct str name, struct str packed)
{
    uint32_t piece = slab_take(&j->slab, 1 + name.len + packed.len);
    if (piece == SLAB_NONE)
        return SLAB_NONE;
    unsigned char *at = slab_at(&j->slab, piece);
    at[0] = (unsigned char)name.len;
    memcpy(at + 1, name.ptr, name.len);
    memcpy(at + 1 + name.len, packed.ptr, packed.len);
    return piece;
}

size_t jobs_memory(const struct jobs *j)
{
    return j->chunk_count * CHUNK * sizeof(struct job) + j->chunk_cap * sizeof *j->chunks +
           j->table_size * sizeof *j->table + j->slab.bytes + j->slab.cap * sizeof *j->slab.pages +
           namespaces_memory(j->spaces);
}
