/* SPDX-License-Identifier: Apache-2.0 */
/* One object that came from a list, from the watch, or as the answer to a write: what it changes in the cache, and the
 * event that tells it. */
#include <inttypes.h>
#include <stdio.h>

#include "cache/parts.h"
#include "kube/resource_version.h"

/* ---- telling ---- */

static void tell(struct cache *c, enum cache_change change, uint32_t slot, bool initial,
                 const struct mpijob_view *after, const struct job *before)
{
    c->events++;
    if (!c->options.event || c->closing)
        return;
    struct cache_event event = {
        .change = change,
        .slot = slot,
        .initial = initial,
        .name_space = cache_namespace(c, slot),
        .name = cache_name(c, slot),
        .after = after,
    };
    c->past.job = before;
    c->past.unpacked = false;
    c->options.event(c->options.data, &event);
    c->past.job = NULL;
}

const struct mpijob_view *cache_before(struct cache *c, const struct cache_event *event)
{
    struct past *p = &c->past;
    struct json root;
    (void)event;
    if (!p->job)
        return NULL;
    if (!p->unpacked) {
        buf_reset(&p->bytes);
        if (buf_reserve(&p->bytes, p->job->raw) ||
            pack_decode(c->pack, jobs_packed(&c->jobs, p->job), p->job->dictionary, p->bytes.ptr, p->job->raw))
            return NULL;
        root.text = str_n(p->bytes.ptr, p->job->raw);
        if (mpijob_view(root, c->options.target, &p->view, NULL))
            return NULL;
        p->unpacked = true;
    }
    return &p->view;
}

/* ---- changing ---- */

/* Packs the object into a piece of its own. SLAB_NONE: no memory. */
static uint32_t pack_object(struct cache *c, struct str name, struct str raw, struct job *job)
{
    struct packed packed;
    if (raw.len > UINT32_MAX || pack_encode(c->pack, raw, &packed))
        return SLAB_NONE;
    uint32_t piece = jobs_piece(&c->jobs, name, packed.bytes);
    if (piece == SLAB_NONE)
        return SLAB_NONE;
    job->piece = piece;
    job->packed = (uint32_t)packed.bytes.len;
    job->raw = (uint32_t)raw.len;
    job->dictionary = packed.dictionary;
    pack_hold(c->pack, packed.dictionary);
    c->jobs.packed_bytes += job->packed;
    c->jobs.raw_bytes += job->raw;
    repack_note(c, raw.len, packed.bytes.len);
    return piece;
}

/* The cache lets go of the job's packed object; its piece stays. */
static void unaccount(struct cache *c, const struct job *job)
{
    pack_release(c->pack, job->dictionary);
    c->jobs.packed_bytes -= job->packed;
    c->jobs.raw_bytes -= job->raw;
}

static void describe(struct cache *c, const struct mpijob_view *view, struct job *job)
{
    job->version = kube_version(view->resource_version);
    job->uid = jobs_hash(&c->jobs, view->uid);
    job->labels = labels_bits(&c->jobs, view->labels);
    job->phase = (uint8_t)view->phase;
}

static int add(struct scope *scope, const struct mpijob_view *view, bool initial)
{
    struct cache *c = scope->cache;
    uint32_t slot = jobs_add(&c->jobs, view->name_space, view->name);
    if (slot == NO_SLOT)
        return ERR_NOMEM;
    struct job *job = jobs_at(&c->jobs, slot);
    if (pack_object(c, view->name, view->object.text, job) == SLAB_NONE) {
        jobs_unlink(&c->jobs, slot);
        jobs_remove(&c->jobs, slot);
        return ERR_NOMEM;
    }
    describe(c, view, job);
    job->epoch = scope->epoch;
    repack_sample(c, view->object.text);
    tell(c, CACHE_ADDED, slot, initial, view, NULL);
    return 0;
}

static int change(struct cache *c, uint32_t slot, const struct mpijob_view *view, bool initial)
{
    struct job *job = jobs_at(&c->jobs, slot), before = *job;
    if (pack_object(c, view->name, view->object.text, job) == SLAB_NONE)
        return ERR_NOMEM;
    describe(c, view, job);
    tell(c, CACHE_CHANGED, slot, initial, view, &before);
    unaccount(c, &before);
    slab_give(&c->jobs.slab, before.piece);
    return 0;
}

void upsert_forget(struct cache *c, uint32_t slot, bool initial)
{
    struct job *job = jobs_at(&c->jobs, slot);
    jobs_unlink(&c->jobs, slot); /* its name finds nothing any more, but its slot still answers */
    tell(c, CACHE_DELETED, slot, initial, NULL, job);
    unaccount(c, job);
    jobs_remove(&c->jobs, slot);
}

/* ---- what comes ---- */

/* The first is told, and then the tenth, the hundredth...: a server can send any number. */
static void left_out(struct cache *c, const struct error *err)
{
    uint64_t n = ++c->unreadable;
    while (n % 10 == 0)
        n /= 10;
    if (n != 1)
        return;
    char count[24];
    snprintf(count, sizeof count, "%" PRIu64, c->unreadable);
    log_event(c->options.log, LOG_WARN, "an object was left out, as are others like it",
              LOG_FIELDS({"reason", err->message}, LOG_JSON_FIELD("left_out", count)));
}

static int read_object(struct scope *scope, struct json object, struct mpijob_view *view)
{
    struct error err;
    int rc = mpijob_view(object, scope->cache->options.target, view, &err);
    if (!rc && scope->name_space && !str_is(view->name_space, scope->name_space))
        rc = error_set(&err, ERR_INVALID, "a job of namespace %.*s came in an answer for namespace %s",
                       (int)view->name_space.len, view->name_space.ptr, scope->name_space);
    if (rc)
        left_out(scope->cache, &err);
    return rc;
}

/* A job of that name is there: the same, or one that had the name before. */
static int upsert_known(struct scope *scope, uint32_t slot, const struct mpijob_view *view, bool initial, bool wanted)
{
    struct cache *c = scope->cache;
    struct job *job = jobs_at(&c->jobs, slot);
    uint64_t version = kube_version(view->resource_version);
    job->epoch = scope->epoch;
    if (version == job->version)
        return 0;
    if (!initial && kube_version_is_older(version, job->version)) { /* a list is the truth, whatever its numbers */
        c->stale++;
        return 0;
    }
    if (job->uid == jobs_hash(&c->jobs, view->uid))
        return change(c, slot, view, initial);
    upsert_forget(c, slot, initial);
    return c->closing || !wanted ? 0 : add(scope, view, initial);
}

int upsert_object(struct scope *scope, struct json object, bool initial)
{
    struct cache *c = scope->cache;
    struct mpijob_view view;
    if (read_object(scope, object, &view))
        return 0;
    uint32_t slot = jobs_find(&c->jobs, view.name_space, view.name);
    bool wanted = !c->options.wanted || c->options.wanted(c->options.data, &view);
    if (slot == NO_SLOT)
        return wanted ? add(scope, &view, initial) : 0;
    return upsert_known(scope, slot, &view, initial, wanted);
}

void upsert_removal(struct scope *scope, struct json object)
{
    struct cache *c = scope->cache;
    struct mpijob_view view;
    if (read_object(scope, object, &view))
        return;
    uint32_t slot = jobs_find(&c->jobs, view.name_space, view.name);
    if (slot == NO_SLOT)
        return;
    struct job *job = jobs_at(&c->jobs, slot);
    if (job->uid != jobs_hash(&c->jobs, view.uid) &&
        kube_version_is_older(kube_version(view.resource_version), job->version))
        c->stale++; /* a job that had the name before */
    else
        upsert_forget(c, slot, false);
}

static struct scope *scope_of(struct cache *c, struct str name_space)
{
    for (size_t i = 0; i < c->scope_count; i++) {
        const char *only = c->scopes[i].name_space;
        if (!only || str_is(name_space, only))
            return &c->scopes[i];
    }
    return NULL;
}

void cache_offer(struct cache *c, struct json object)
{
    struct mpijob_view view;
    if (c->closing || mpijob_view(object, c->options.target, &view, NULL))
        return;
    struct scope *scope = scope_of(c, view.name_space);
    uint32_t slot = jobs_find(&c->jobs, view.name_space, view.name);
    if (!scope || slot == NO_SLOT)
        return;
    struct job *job = jobs_at(&c->jobs, slot);
    uint64_t version = kube_version(view.resource_version);
    if (job->uid == jobs_hash(&c->jobs, view.uid) && kube_version_is_news(version, job->version))
        change(c, slot, &view, false); /* where memory is out, the watch brings it */
}
