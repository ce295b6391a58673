/* SPDX-License-Identifier: Apache-2.0 */
/* The table of jobs: by slot, and by namespace and name. Knows nothing of servers. Takes some 60 bytes a job beside its
 * packed object, and allocates nothing for a single job. */
#ifndef MPIJOBD_CACHE_JOBS_H
#define MPIJOBD_CACHE_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "cache/slab.h"

#define NO_SLOT UINT32_MAX
#define NEVER_SEEN 0 /* an epoch that no list has */

struct job {
    uint64_t version;    /* resourceVersion: see kube/resource_version.h */
    uint64_t uid;        /* a hash of it */
    uint64_t labels;     /* see labels.h */
    uint32_t hash;       /* of namespace and name */
    uint32_t name_space; /* its number: see namespaces.h */
    uint32_t piece;      /* in the slab: the name's length, the name, the packed object. In a free slot: the next one */
    uint32_t packed;     /* bytes of the packed object */
    uint32_t raw;        /* bytes of the object itself */
    uint8_t dictionary;  /* that it is packed with: see pack.h */
    uint8_t phase;       /* enum mpijob_phase */
    uint8_t epoch;       /* the list that it was last seen in, one of the last 255; or NEVER_SEEN */
    bool used;
};

struct namespaces; /* namespaces by number */

struct jobs {
    struct job **chunks;
    uint32_t chunk_count, chunk_cap;
    uint32_t slots; /* all slots are below this number */
    uint32_t free;  /* the first free slot, NO_SLOT: all are taken */
    uint32_t count;
    uint32_t *table; /* slot + 1, 0: empty; open addressing */
    uint32_t table_size;
    uint64_t seed; /* of the hashes, so that who chooses names cannot make them fall together */
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

uint32_t jobs_find(const struct jobs *jobs, struct str name_space, struct str name); /* NO_SLOT: it is not there */
/* A slot for a job that is not there. Its piece is not set: the caller sets it at once (jobs_piece), or unlinks and
 * removes the slot. NO_SLOT: out of memory. */
uint32_t jobs_add(struct jobs *jobs, struct str name_space, struct str name);
void jobs_unlink(struct jobs *jobs, uint32_t slot); /* jobs_find does not find it any more; the slot stays */
void jobs_remove(struct jobs *jobs, uint32_t slot); /* after jobs_unlink: frees the slot and its piece */

/* A piece with the name (at most 255 bytes) and the packed object. SLAB_NONE: out of memory. */
uint32_t jobs_piece(struct jobs *jobs, struct str name, struct str packed);

struct str jobs_name(const struct jobs *jobs, const struct job *job);
struct str jobs_packed(const struct jobs *jobs, const struct job *job);
size_t jobs_memory(const struct jobs *jobs); /* bytes */

/* The namespace of that number, which it has while jobs are in it. */
struct str jobs_namespace(const struct jobs *jobs, uint32_t name_space);

#endif
