/* The floor's own insides. */
#ifndef MPIJOBD_CACHE_CORE_H
#define MPIJOBD_CACHE_CORE_H

#include "cache/cache.h"
#include "cache/jobs.h"
#include "cache/labels.h"
#include "cache/namespaces.h"
#include "cache/pack.h"

#define ALL_SPACES NULL

/* One reflector: a namespace, or all. */
struct scope {
    struct cache *cache;
    char *name_space; /* NULL: all */
    struct kube_reflect *reflect;
    uint8_t epoch;  /* of the list that is being read, or was last */
    bool synced;    /* its first list is complete and swept */
    bool sweeping;  /* what the list did not show is being told */
    uint32_t swept; /* slots below are done */
    bool told_trouble;
};

/* Before an event's change: what cache_before shows. */
struct past {
    const struct job *job; /* NULL: none */
    bool unpacked;
    struct buf bytes;
    struct mpijob_view view;
};

struct cache {
    struct cache_options options; /* texts are copies */
    char *texts;                  /* the block that holds the options' */
    struct scope *scopes;
    size_t scope_count;
    struct jobs jobs;
    struct pack *pack;
    struct buf scratch;
    struct past past;

    uv_idle_t chores;       /* sweeping, packing anew: a little in each turn of the loop */
    struct samples samples; /* for the first dictionary */
    bool sampled;           /* it was trained, or tried */
    uint32_t repacked;      /* slots below are packed with the current dictionary */
    bool repacking;
    uint64_t encoded_raw, encoded_packed; /* since the current dictionary came into use */
    double ratio;                         /* packed to raw, once all was packed with it; 0: not yet */
    uint64_t trained_at;                  /* on the loop's clock */

    uint64_t events, stale, unreadable, lists, restarts[KUBE_WATCH_ENDS];
    bool started, closing;
    size_t alive; /* what the loop still holds of it */
    void (*closed)(void *data);
    void *closed_data;
};

/* --- upsert.c: one object that came --- */
int upsert_object(struct scope *scope, struct json object, bool initial);
void upsert_removal(struct scope *scope, struct json object);
/* Tells CACHE_DELETED and frees the slot. */
void upsert_forget(struct cache *cache, uint32_t slot, bool initial);

/* --- prune.c: what a list did not show --- */
void prune_begin(struct scope *scope);
/* A little of it. False: there is nothing to sweep. */
bool prune_step(struct cache *cache);

/* --- repack.c: dictionaries as the objects change --- */
void repack_sample(struct cache *cache, struct str raw);
/* So much was packed. */
void repack_note(struct cache *cache, size_t raw, size_t packed);
void repack_consider(struct cache *cache);
bool repack_step(struct cache *cache);

void cache_wake(struct cache *cache); /* there are chores */

#endif
