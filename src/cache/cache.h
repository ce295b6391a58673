/* The jobs of one kind of one cluster, in the namespaces in scope: listed once, kept up to date by watches, each kept
 * whole and lossless (compressed). It serves while the server cannot be reached; how old it then is, it says.
 *
 * A slot is a job's small number, for arrays beside the cache: it stays the job's own until the event CACHE_DELETED of
 * it has been told, and is given to another job after that.
 *
 *     struct cache_options options = {.loop = loop, .kube = kube, .resource = ..., .target = ..., .event = ...};
 *     cache_new(&options, &cache, &err);
 *     cache_start(cache);                    all jobs come as CACHE_ADDED, then `synced`, then changes
 *     ...
 *     cache_close(cache, closed, data);      before the kube is closed
 *
 * All runs on the loop's thread. Everything here but cache_offer may be called from within a callback of the cache. */
#ifndef MPIJOBD_CACHE_CACHE_H
#define MPIJOBD_CACHE_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/clock.h"
#include "base/log.h"
#include "kube/reflect.h"
#include "mpijob/match/match.h"

struct cache;

enum cache_change { CACHE_ADDED, CACHE_CHANGED, CACHE_DELETED };

struct cache_event {
    enum cache_change change;
    uint32_t slot;
    bool initial; /* comes from a list (the first, or one that follows a gap), not from the watch */
    struct str name_space, name;
    const struct mpijob_view *after; /* NULL for CACHE_DELETED. Valid during the call, as the texts are */
};

struct cache_options {
    uv_loop_t *loop;
    struct kube *kube;
    struct kube_resource resource;
    struct mpijob_target target;
    const char *const *namespaces; /* NULL-terminated, each once; NULL: all, over one watch */
    const char *label_selector;    /* what the server is asked to select; NULL: all */
    bool by_pages;                 /* lists by pages from the start: see reflect.h */
    struct kube_reflect_timing timing;
    uint64_t retrain_ms; /* between two dictionaries, but for the first two; 0: 60,000 */
    const struct log *log;
    const struct clock *clock; /* for cache_as_of; NULL: the system's */

    /* The cache is as it is after the change; of a job that is deleted, its slot still answers. A job that was made
     * anew under its name is CACHE_DELETED, then CACHE_ADDED. What only repeats the version held is no event. */
    void (*event)(void *data, const struct cache_event *event); /* may be NULL */
    /* A list is complete in every namespace, missed deletions told: the first, and each that was needed later. */
    void (*synced)(void *data); /* may be NULL */
    /* See kube_reflect_call.trouble: 404 means that the version is served no more. The cache goes on trying. It has
     * been logged (the first of a row as a warning). */
    void (*trouble)(void *data, const struct error *err); /* may be NULL */
    void *data;
};

/* Copies the texts. Nothing is sent yet. */
int cache_new(const struct cache_options *options, struct cache **cache, struct error *err);
int cache_start(struct cache *cache, struct error *err);
/* No callback any more but `closed` (may be NULL), when nothing of it is on the loop and its memory is gone. */
void cache_close(struct cache *cache, void (*closed)(void *data), void *data);

bool cache_synced(const struct cache *cache);   /* the first list is complete */
int64_t cache_as_of(const struct cache *cache); /* microseconds since 1970 at which the server was last heard, of the
                                                   namespace where that is longest ago; 0: never */
int64_t cache_silence_us(const struct cache *cache); /* the time since; -1: never */

/* What stood in the slot before this event; NULL for CACHE_ADDED, and where there is no memory. Unpacked when it is
 * asked for. Only within the event's call. */
const struct mpijob_view *cache_before(struct cache *cache, const struct cache_event *event);

size_t cache_count(const struct cache *cache);
uint32_t cache_slots(const struct cache *cache);            /* all slots are below this number */
bool cache_holds(const struct cache *cache, uint32_t slot); /* a job is there */
bool cache_find(const struct cache *cache, struct str name_space, struct str name, uint32_t *slot);

/* Of a slot that holds a job: */
struct str cache_namespace(const struct cache *cache, uint32_t slot); /* valid until the job changes */
struct str cache_name(const struct cache *cache, uint32_t slot);
enum mpijob_phase cache_phase(const struct cache *cache, uint32_t slot);
/* The object's very bytes, as the server sent them, into *out (emptied first). ERR_NOMEM. */
int cache_object(const struct cache *cache, uint32_t slot, struct buf *out, struct error *err);
/* And as a view, which points into *bytes. */
int cache_view(const struct cache *cache, uint32_t slot, struct buf *bytes, struct mpijob_view *view,
               struct error *err);

/* The slots of the jobs that can match, by namespace, name, phase and labels; whether one does, mpijob_match_eval says.
 * In no order. May be held over turns of the loop: a job that is there all the time and does not change comes exactly
 * once. match NULL: all jobs; else it has to stay until cache_iter_end.
 *
 *     for (cache_iter_begin(cache, match, &iter); cache_iter_next(&iter, &slot);) ...
 *     cache_iter_end(&iter); */
struct cache_iter {
    const struct cache *cache;
    const struct mpijob_match *match;
    uint32_t next;
    unsigned phases;
    struct cache_wants *wants; /* NULL: no label asked for, or no memory to look at them */
    uint32_t name_space;       /* the last one looked at */
    unsigned generation;       /* in which it was */
    bool in_scope;             /* what came of it */
};
void cache_iter_begin(const struct cache *cache, const struct mpijob_match *match, struct cache_iter *iter);
bool cache_iter_next(struct cache_iter *iter, uint32_t *slot);
void cache_iter_end(struct cache_iter *iter);

/* The answer of our own write, so that nobody reads what was there before it. It is told as an event like any other;
 * the watch's copy of it is then none. Not from within a callback of the cache. An object that is not in the cache, or
 * is older than what is there, is ignored. */
void cache_offer(struct cache *cache, struct json object);

struct cache_stats {
    size_t jobs;
    size_t raw_bytes;      /* of the objects as the server sends them */
    size_t packed_bytes;   /* of them as they are held */
    size_t memory_bytes;   /* all that the cache has allocated for jobs: packed objects, tables, dictionaries */
    unsigned dictionaries; /* trained so far */
    uint64_t events, stale, unreadable; /* told; ignored as older than what is held; no objects of this kind */
    uint64_t lists;
    uint64_t restarts[KUBE_WATCH_ENDS];
};
void cache_stats(const struct cache *cache, struct cache_stats *stats);

#endif
