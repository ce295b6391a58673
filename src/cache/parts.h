/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this floor share: a cache, its scopes, and what each file does with them. */
#ifndef MPIJOBD_CACHE_PARTS_H
#define MPIJOBD_CACHE_PARTS_H

#include "cache/cache.h"
#include "cache/jobs.h"
#include "cache/labels.h"
#include "cache/namespaces.h"
#include "cache/pack.h"

/* What one reflector follows: a namespace, or all. */
struct scope {
    struct cache *cache;
    char *name_space; /* NULL: all */
    struct kube_reflect *reflect;
    uint8_t epoch;               /* of the list that is being read, or was last; never NEVER_SEEN */
    bool synced;                 /* its first list is complete and swept */
    bool sweeping;               /* the jobs that the list did not show are being forgotten */
    uint32_t swept;              /* slots below are done */
    const struct error *trouble; /* since the last time that all was well; NULL: none */
};

/* The job before an event's change, which cache_before shows. */
struct past {
    const struct job *job; /* NULL: no event is being told, or the job is new */
    bool unpacked;         /* view and bytes are filled */
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

    uv_idle_t chores;       /* sweeps and packs again, a little in each turn of the loop */
    struct samples samples; /* for the first dictionary */
    bool sampled;           /* there were enough: the first dictionary was trained, or its training was tried */
    uint32_t repacked;      /* slots below are packed with the current dictionary */
    bool repacking;
    uint64_t encoded_raw, encoded_packed; /* bytes that were packed since the ratio was last looked at */
    double ratio;                         /* packed to raw bytes when all was packed with it; 0: not known yet */
    uint64_t trained_at;                  /* milliseconds, on the loop's clock */

    uint64_t events, stale, unreadable, lists, restarts[KUBE_WATCH_ENDS];
    bool closing;
    size_t alive; /* reflectors and chores that the loop still holds */
    void (*closed)(void *data);
    void *closed_data;
};

/* --- upsert.c: one object that came --- */
/* 0, or ERR_NOMEM: the object could not be kept. What is not a job counts as unreadable: 0. */
int upsert_object(struct scope *scope, struct json object, bool initial);
void upsert_removal(struct scope *scope, struct json object);
/* Tells CACHE_DELETED and frees the slot. */
void upsert_forget(struct cache *cache, uint32_t slot, bool initial);

/* --- prune.c: what a list did not show --- */
/* A list is asked for, or asked for again: the scope's epoch is then one that none of its jobs has. */
void prune_list_begins(struct scope *scope);
/* The list is complete. */
void prune_begin(struct scope *scope);
/* Forgets some of what the list did not show, or looks at some jobs. False: nothing is left to sweep. */
bool prune_step(struct cache *cache);

/* --- repack.c: dictionaries as the objects change --- */
void repack_sample(struct cache *cache, struct str raw); /* a new object: the first dictionary is trained on some */
void repack_note(struct cache *cache, size_t raw, size_t packed); /* so many bytes were packed to so many */
void repack_consider(struct cache *cache);                        /* a list is complete */
bool repack_step(struct cache *cache); /* packs some objects again. False: nothing is left to do */

/* --- cache.c --- */
void cache_wake(struct cache *cache); /* prune_step or repack_step has something to do */

#endif
