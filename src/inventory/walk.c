/* SPDX-License-Identifier: Apache-2.0 */
/* One cluster after the other. On each the walk is a guest of the engine's runs, so that the engine waits for it, and
 * it for nothing when the engine stops. */
#include "inventory/walk.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/texts.h"
#include "engine/guest.h"
#include "jobs/listing.h"
#include "jobs/watches.h"
#include "loop/defer.h"
#include "run/runs.h"

#define PATIENCE_MS 5000      /* a person waits for it */
#define PATIENCE_NEXT_MS 1000 /* for each further cluster, where one did not answer */

struct walk {
    struct walk_call call;
    char **clusters; /* NULL-terminated, one block */
    size_t next;     /* the cluster that comes next */
    const char *cluster;
    struct engine_guest place; /* runs NULL: it is at no cluster */
    struct site site;          /* of that; where its runs are for one shard of the jobs, without the shard */
    struct runs_guest guest;
    struct listing *listing; /* NULL: its cluster is over */
    bool silent;             /* a server did not answer in time */
    bool given;              /* a job of this cluster was told */
    bool last;               /* the listing is that of watches_last, or of watches_part */
    bool told;               /* what is known of the jobs of some cluster was told */
    struct defer turn;
    int64_t as_of;
    const struct error *unknown; /* why nothing is known of the jobs of a cluster, the first (error_keep); NULL */
    struct error err;            /* code 0: all is well */
};

/* ---- a cluster ---- */

static void ready(void *data)
{
    struct walk *w = data;
    if (w->place.runs)
        defer_call(w->place.runs->site->soon, &w->turn);
}

static void stop(struct runs_guest *guest)
{
    struct walk *w = (struct walk *)((char *)guest - offsetof(struct walk, guest));
    error_set(&w->err, ERR_CANCELLED, "the daemon is being stopped");
    ready(w);
}

/* Of a part of the jobs a cache says nothing about the others. */
static struct watches *watches_of(const struct walk *w)
{
    return w->place.runs->site->shard.of ? NULL : w->place.runs->watches;
}

static struct listing_call listing_call_of(struct walk *w)
{
    return (struct listing_call){.site = &w->site,
                                 .watches = watches_of(w),
                                 .kind = w->call.kind,
                                 .match = w->call.match,
                                 .seat.rank = SEAT_PERSON,
                                 .patience_ms = w->silent ? PATIENCE_NEXT_MS : PATIENCE_MS,
                                 .ready = ready,
                                 .data = w};
}

static int enter(struct walk *w, const char *cluster, struct error *err)
{
    int rc = engine_guest(w->call.engine, cluster, &w->place, err);
    if (rc) {
        w->place.runs = NULL;
        return rc;
    }
    struct runs *runs = w->place.runs;
    w->site = *runs->site;
    w->site.shard = (struct shard){0};
    const struct listing_call call = listing_call_of(w);
    w->given = w->last = false;
    w->listing = listing_new(&call, err);
    if (!w->listing) {
        w->place.runs = NULL;
        return err->code;
    }
    w->cluster = cluster;
    w->guest.stop = stop;
    runs_invite(runs, &w->guest);
    site_opened(runs->site);
    ready(w);
    return 0;
}

static void leave(struct walk *w)
{
    struct runs *runs = w->place.runs;
    listing_free(w->listing);
    w->listing = NULL;
    defer_cancel(&w->turn);
    if (!runs)
        return;
    w->place.runs = NULL;
    runs_part(runs, &w->guest);
    site_closed(runs->site); /* which may take it with it */
}

/* False: no further one can be walked over. */
static bool enter_next(struct walk *w, struct error *err)
{
    while (w->clusters[w->next]) {
        const char *cluster = w->clusters[w->next++];
        if (!enter(w, cluster, err))
            return true;
        w->call.left(w->call.data, cluster, err);
    }
    return false;
}

/* ---- its jobs ---- */

static void take(struct walk *w, struct str object)
{
    struct json root;
    struct mpijob_view view;
    struct error unread;
    const struct cluster *cluster = w->place.runs->site->cluster;
    /* What cannot be read as a job is passed over, as policies do. */
    if (json_parse(object, "a job", &root, &unread) ||
        mpijob_view(root, cluster_target_of(cluster, w->call.kind, root), &view, &unread))
        return;
    w->call.job(w->call.data, w->cluster, &view, &w->err);
}

/* The server does not answer: its jobs as they were when it was last heard, or those of them that a watch has. False:
 * nothing is known of them. */
static bool take_last(struct walk *w, const struct error *why)
{
    struct watches *watches = w->given || w->last ? NULL : watches_of(w);
    struct job_cache *all = watches ? watches_last(watches, w->call.kind, w->call.match) : NULL;
    struct job_cache *held = watches && !all ? watches_part(watches, w->call.kind, w->call.match) : all;
    const struct listing_call call = listing_call_of(w);
    char as_of[32];
    struct error err;
    struct listing *last = held ? listing_of_cache(&call, held, &err) : NULL;
    if (!last)
        return false;
    clock_format(watches_as_of(held, w->call.match), false, as_of);
    error_set(&err, why->code, "%s as they were at %s: %s",
              all ? "its jobs are told" : "only those of its jobs that policies wait for are told,", as_of,
              why->message);
    w->call.left(w->call.data, w->cluster, &err);
    listing_free(w->listing);
    w->listing = last;
    w->last = true;
    return true;
}

static void fail_cluster(struct walk *w, const struct error *why)
{
    struct error told = *why;
    w->told = w->told || w->given;
    w->call.left(w->call.data, w->cluster, why);
    if (!w->unknown) {
        error_prefix(&told, "nothing is known of the jobs of cluster %s now", w->cluster);
        error_append(&told, "; ask again when the API server answers, `mpijobd doctor` tries it");
        error_keep(&w->unknown, &told);
    }
    leave(w);
}

static void end_cluster(struct walk *w)
{
    int64_t as_of = listing_as_of(w->listing);
    w->told = true;
    if (!w->as_of || as_of < w->as_of)
        w->as_of = as_of;
    leave(w);
}

static void walk_free(struct walk *w)
{
    leave(w);
    error_keep(&w->unknown, NULL);
    free(w->clusters);
    free(w);
}

static void end(struct walk *w)
{
    struct walk_call call = w->call;
    struct error err = w->err;
    int64_t as_of = w->as_of;
    if (!err.code && !w->told && w->unknown)
        err = *w->unknown;
    walk_free(w);
    call.done(call.data, as_of, err.code ? &err : NULL);
}

static void go(struct defer *turn)
{
    struct walk *w = turn->data;
    struct error why;
    struct str object;
    while (!w->err.code) {
        enum listing_state state = listing_next(w->listing, &object);
        if (state == LISTING_WAIT)
            return;
        if (state == LISTING_JOB) {
            w->given = true;
            take(w, object);
            continue;
        }
        w->silent = w->silent || state == LISTING_ERROR;
        if (state == LISTING_ERROR && take_last(w, listing_error(w->listing)))
            continue;
        if (state == LISTING_ERROR)
            fail_cluster(w, listing_error(w->listing));
        else
            end_cluster(w);
        if (enter_next(w, &why))
            return; /* it goes on in the next turn */
        break;
    }
    end(w);
}

/* ---- its life ---- */

struct names {
    char **items; /* owned, as what they point to is */
    size_t count;
    bool full; /* out of memory */
};

static void add_name(void *data, const struct engine_part *part)
{
    struct names *names = data;
    bool again = names->count && part->cluster && strcmp(names->items[names->count - 1], part->cluster) == 0;
    if (part->kind != ENGINE_CLUSTER || names->full || again) /* shards are of one cluster */
        return;
    char **items = realloc(names->items, (names->count + 1) * sizeof *items);
    char *name = str_dup(str_of(part->cluster));
    names->items = items ? items : names->items;
    names->full = !items || !name;
    if (names->full)
        free(name);
    else
        names->items[names->count++] = name;
}

static int list_clusters(struct walk *w, struct error *err)
{
    struct names names = {0};
    if (w->call.cluster)
        w->clusters = texts_copy_list(&w->call.cluster, 1);
    else
        engine_each_part(w->call.engine, add_name, &names);
    if (!w->call.cluster && !names.full)
        w->clusters = texts_copy_list((const char *const *)names.items, names.count);
    for (size_t i = 0; i < names.count; i++)
        free(names.items[i]);
    free(names.items);
    return w->clusters ? 0 : error_nomem(err);
}

int walk_start(const struct walk_call *call, struct walk **out, struct error *err)
{
    struct walk *w = calloc(1, sizeof *w);
    if (!w)
        return error_nomem(err);
    w->call = *call;
    w->turn = (struct defer){.call = go, .data = w};
    int rc = list_clusters(w, err);
    if (!rc && !w->clusters[0])
        rc = error_set(err, ERR_UNREACHABLE, "there is no cluster");
    if (!rc && !enter_next(w, err))
        rc = err->code;
    if (rc) {
        free(w->clusters);
        free(w);
        return rc;
    }
    *out = w;
    return 0;
}

void walk_cancel(struct walk *w)
{
    walk_free(w);
}
