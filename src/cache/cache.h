/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs of one kind of one cluster, in the namespaces in scope: listed once, kept up to date by watches, each held
 * whole and lossless, in compressed form. The cache answers while the server cannot be reached, and says how old its
 * jobs are then.
 *
 * A slot is a job's small number, for arrays beside the cache. It belongs to the job until the job's event
 * CACHE_DELETED has been told; another job may have it after that.
 *
 *     struct cache_options options = {.loop = loop, .kube = kube, .resource = ..., .target = ..., .event = ...};
 *     cache_new(&options, &cache, &err);
 *     cache_start(cache, &err);              all jobs come as CACHE_ADDED, then `synced`, then changes
 *     ...
 *     cache_close(cache, closed, data);      before the kube is closed
 *
 * All runs on the loop's thread. All functions but cache_offer may be called from within a callback of the cache. */
#ifndef MPIJOBD_CACHE_CACHE_H
#define MPIJOBD_CACHE_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/log.h"
#include "kube/reflect.h"
#include "mpijob/match/match.h"

struct cache;

enum cache_change { CACHE_ADDED, CACHE_CHANGED, CACHE_DELETED };

struct cache_event {
    enum cache_change change;
    uint32_t slot;
    bool initial; /* comes from a list, the first or one that follows a gap, and not from the watch */
    struct str name_space, name;
    const struct mpijob_view *after; /* NULL for CACHE_DELETED. Valid during the call, as the texts are */
};

struct cache_options {
    uv_loop_t *loop;
    struct kube *kube;
    struct kube_resource resource;
    struct mpijob_target target;
    const char *const *namespaces; /* NULL-terminated, each once; NULL: all, over one watch */
    const char *label_selector;    /* the server sends only jobs that it selects; NULL: all */
    bool by_pages;                 /* lists by pages from the start: see reflect.h */
    struct kube_reflect_timing timing;
    uint64_t retrain_ms; /* at least so long between two dictionaries, the first two aside; 0: 60,000 */
    const struct log *log;
    const char *cluster, *told; /* for the log, as the site has them (SITE_LOG_CLUSTER); they outlive the cache */

    /* A job has changed, and the cache has it as it is now; the slot of a deleted job still answers. When a job was
     * deleted and another created under its name, CACHE_DELETED comes and then CACHE_ADDED. A version that the cache
     * has already is not told. */
    void (*event)(void *data, const struct cache_event *event); /* may be NULL */
    /* The list of a scope is complete, and the deletions that it showed are told: the first list, and each one that was
     * needed later. No scope waits for another: cache_scope tells which are complete. */
    void (*synced)(void *data); /* may be NULL */
    /* See kube_reflect_call.trouble: 404 means that the server does not serve the version any more. The cache goes on
     * trying. It has logged the trouble, the first in a row as a warning. */
    void (*trouble)(void *data, const struct error *err); /* may be NULL */
    /* Is the job to be kept? The others are as if they were not there. The same for one job at all times. NULL: all. */
    bool (*wanted)(void *data, const struct mpijob_view *view);
    void *data;
};

/* Copies the texts of the options. Nothing is sent yet. 0 or ERR_NOMEM. */
int cache_new(const struct cache_options *options, struct cache **cache, struct error *err);
/* Begins to list. 0, or ERR_NOMEM: then close the cache. Trouble with the server comes to `trouble`. */
int cache_start(struct cache *cache, struct error *err);
/* Calls nothing any more but `closed` (may be NULL), when the loop holds nothing of the cache and its memory is gone.
 * Allowed within a callback. */
void cache_close(struct cache *cache, void (*closed)(void *data), void *data);

/* The cache lists and watches each of its namespaces by itself, or all of them at once: its scopes, from 0. One that
 * cannot be listed keeps no other from being known. */
struct cache_scope {
    const char *name_space; /* NULL: all */
    bool synced;            /* its first list is complete */
    const struct error
        *trouble;       /* why it cannot be listed or watched now, valid in this turn of the loop; NULL: it can,
                                    or nothing is known yet */
    int64_t silence_us; /* since the server was last heard for it; -1: never */
};
size_t cache_scopes(const struct cache *cache); /* from 1 */
struct cache_scope cache_scope(const struct cache *cache, size_t scope);
/* That of the job in the slot; cache_scopes: of none, as the server sent a job of another namespace. */
size_t cache_scope_of(const struct cache *cache, uint32_t slot);

/* The job as it was before this event; NULL for CACHE_ADDED, and where memory is out. Unpacked by the first call. To be
 * called, and valid, within the event's call only. */
const struct mpijob_view *cache_before(struct cache *cache, const struct cache_event *event);

uint32_t cache_slots(const struct cache *cache);            /* all slots are below this number */
bool cache_holds(const struct cache *cache, uint32_t slot); /* a job is there */
bool cache_find(const struct cache *cache, struct str name_space, struct str name, uint32_t *slot);

/* Of a slot that holds a job: */
struct str cache_namespace(const struct cache *cache, uint32_t slot); /* valid until the job changes */
struct str cache_name(const struct cache *cache, uint32_t slot);
enum mpijob_phase cache_phase(const struct cache *cache, uint32_t slot);
/* The object's very bytes, as the server sent them, into *bytes, which is emptied first; the view points into it. 0 or
 * ERR_NOMEM. */
int cache_view(const struct cache *cache, uint32_t slot, struct buf *bytes, struct mpijob_view *view,
               struct error *err);

/* The slots of the jobs that can match, by namespace, name, phase and labels, in no order; whether a job does match,
 * mpijob_match_eval says. An iteration may go on over several turns of the loop: a job that is there all the time and
 * does not change comes exactly once. match NULL: all jobs; otherwise the match has to stay until cache_iter_end.
 *
 *     for (cache_iter_begin(cache, match, &iter); cache_iter_next(&iter, &slot);) ...
 *     cache_iter_end(&iter); */
struct cache_iter {
    const struct cache *cache;
    const struct mpijob_match *match;
    uint32_t next;
    unsigned phases;
    struct cache_wants *wants; /* NULL: the match asks for no label, or memory is out and labels are not looked at */
    uint32_t name_space;       /* the last one that was looked at */
    unsigned generation;       /* of the namespaces, at that time */
    bool in_scope;             /* the answer */
};
void cache_iter_begin(const struct cache *cache, const struct mpijob_match *match, struct cache_iter *iter);
bool cache_iter_next(struct cache_iter *iter, uint32_t *slot);
void cache_iter_end(struct cache_iter *iter);

/* Takes in the server's answer to a write of this program, so that the cache does not show the job as it was before it.
 * It is told as an event like any other; the watch's copy of it is then not told. Not allowed within a callback of the
 * cache. An object that is not in the cache, or is older than the one there, is ignored. */
void cache_offer(struct cache *cache, struct json object);

struct cache_stats {
    size_t jobs;
    size_t raw_bytes;      /* of the objects as the server sends them */
    size_t packed_bytes;   /* of the same objects as the cache holds them */
    size_t memory_bytes;   /* all that the cache has allocated for jobs: packed objects, tables, dictionaries */
    unsigned dictionaries; /* trained and taken into use so far */
    /* Since the cache was made: */
    uint64_t events;                    /* told */
    uint64_t stale;                     /* objects from the watch that were older than those in the cache */
    uint64_t unreadable;                /* objects that are not of this kind */
    uint64_t lists;                     /* complete, of one namespace each */
    uint64_t restarts[KUBE_WATCH_ENDS]; /* watches that have ended, by why */
};
void cache_stats(const struct cache *cache, struct cache_stats *stats);

#endif
