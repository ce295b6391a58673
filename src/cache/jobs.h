/* The table of jobs: by slot, and by namespace and name. Knows nothing of servers. Some 60 bytes a job beside its
 * packed object; nothing is allocated for a single job. */
#ifndef MPIJOBD_CACHE_JOBS_H
#define MPIJOBD_CACHE_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "cache/slab.h"

#define NO_SLOT UINT32_MAX

struct job {
    uint64_t version; /* resourceVersion, see kube/version.h */
    uint64_t uid;     /* hash */
    uint64_t labels;  /* bits of its labels: see labels.h */
    uint32_t hash;    /* of namespace and name */
    uint32_t name_space;
    uint32_t piece; /* in the slab: the name's length, the name, the packed object; of a free slot, the next free one */
    uint32_t packed; /* bytes of the packed object */
    uint32_t raw;    /* and of the object itself */
    uint8_t dictionary, phase;
    uint8_t epoch; /* the list that it was last seen in */
    bool used;
};

struct namespaces; /* namespaces by number */

struct jobs {
    struct job **chunks;
    uint32_t chunk_count, chunk_cap;
    uint32_t slots; /* all slots are below */
    uint32_t free;  /* the first free one, NO_SLOT: none */
    uint32_t count;
    uint32_t *table; /* slot + 1, 0: empty; open addressing */
    uint32_t table_size;
    uint64_t seed; /* of the hashes: not to be guessed by who chooses names */
    struct slab slab;
    struct namespaces *spaces;
    size_t raw_bytes, packed_bytes;
};

int jobs_init(struct jobs *jobs); /* 0 or ERR_NOMEM */
void jobs_free(struct jobs *jobs);

static inline struct job *jobs_at(const struct jobs *jobs, uint32_t slot)
{
    return &jobs->chunks[slot >> 10][slot & 1023];
}

static inline bool jobs_used(const struct jobs *jobs, uint32_t slot)
{
    return slot < jobs->slots && jobs_at(jobs, slot)->used;
}

uint64_t jobs_hash(const struct jobs *jobs, struct str text);

uint32_t jobs_find(const struct jobs *jobs, struct str name_space, struct str name); /* NO_SLOT: not there */
/* A slot for a job that is not there, its piece not yet set: it has to be filled with jobs_put at once, or removed.
 * NO_SLOT: no memory. */
uint32_t jobs_add(struct jobs *jobs, struct str name_space, struct str name);
void jobs_unlink(struct jobs *jobs, uint32_t slot); /* not found by name any more; the slot stays */
void jobs_remove(struct jobs *jobs, uint32_t slot); /* unlinked before; the piece goes too */

/* A piece with the name and the packed object. SLAB_NONE: no memory. */
uint32_t jobs_piece(struct jobs *jobs, struct str name, struct str packed);

struct str jobs_name(const struct jobs *jobs, const struct job *job);
struct str jobs_packed(const struct jobs *jobs, const struct job *job);
size_t jobs_memory(const struct jobs *jobs);

/* Namespaces have numbers while jobs are in them. */
struct str namespaces_name(const struct jobs *jobs, uint32_t name_space);

#endif
