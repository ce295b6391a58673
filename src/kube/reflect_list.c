/* SPDX-License-Identifier: Apache-2.0 */
/* How a reflector gets all objects. Each way ends with a version from which the watch tells every change, so whatever a
 * list shows too early the watch puts right. What they promise, and cost the server:
 *
 * BY_STREAM  The watch itself, with sendInitialEvents and no version: the state is not older than the moment of the
 *            request, wherever it comes from. Nothing is held as a whole, neither here nor there.
 * BY_CACHE   One list with resourceVersion=0, as client-go's informers begin: the state that this server's cache has.
 *            It is consistent in itself, and may be behind (a server of several that lags), even behind what another
 *            server has shown before. Good for a first list: the watch goes on from just there. A third of the CPU that
 *            pages cost.
 *            After something is known, with that version and resourceVersionMatch=NotOlderThan (before 1.19 that is
 *            what the version alone means): the cache's state too, but none from before what was seen. A cache that
 *            lags is waited for, 3 s; a server that has never come so far (etcd was restored from a backup) answers
 *            504.
 * BY_PAGES   Pages without a version: the state that etcd has at the first page, for all pages. For servers that do not
 *            do the others, and once for any server that may have another past than the one that was watched. */
#include "base/texts.h"
#include "kube/reflect_parts.h"
#include "kube/resource_version.h"

#define NOT_OLDER_MS 8000 /* tries of a list that must not be older; then the newest state is asked for */

static struct kube_query query_of(const struct kube_reflect *r)
{
    return (struct kube_query){.label_selector = r->call.label_selector, .field_selector = r->call.field_selector};
}

static bool list_item(void *data, struct json item)
{
    struct kube_reflect *r = data;
    r->heard = reflect_now(r);
    if (r->call.upsert(r->call.data, item, true) && r->stage != STOPPED)
        reflect_give_up(r);
    return r->list || r->whole;
}

static void list_restarted(void *data)
{
    struct kube_reflect *r = data;
    r->call.relist(r->call.data);
}

/* The list is complete: watches on from its version. */
static void listed(struct kube_reflect *r, const char *version)
{
    struct error err;
    int rc = 0;
    if (!*version)
        rc = error_set(&err, ERR_PROTOCOL, "%s: the list of %s has no metadata.resourceVersion", r->kube->server,
                       r->call.resource.plural);
    else if (reflect_keep_version(r, str_of(version)))
        rc = error_nomem(&err);
    if (rc) {
        reflect_fail(r, &err);
        return;
    }
    buf_reset(&r->least);
    r->newest = r->doubt = false;
    r->heard = reflect_now(r);
    reflect_open_watch(r, false);
    if (r->stage != STOPPED)
        r->call.synced(r->call.data);
}

/* ---- by pages ---- */

static void pages_done(void *data, const char *version, const struct error *err)
{
    struct kube_reflect *r = data;
    r->list = NULL;
    if (!err) {
        listed(r, version);
    } else if (err->code == ERR_LIMIT && r->page > 1) {
        r->page = r->page > 5 ? r->page / 5 : 1; /* few objects, but large ones */
        reflect_after(r, 0);
    } else if (err->code == ERR_CANCELLED) {
        r->stage = STOPPED; /* kube_close */
    } else {
        reflect_fail(r, err);
    }
}

static int list_by_pages(struct kube_reflect *r, struct error *err)
{
    struct kube_query query = query_of(r);
    struct kube_list_call call = {
        .resource = &r->call.resource,
        .name_space = r->call.name_space,
        .query = &query,
        .item_kind = r->call.item_kind,
        .item = list_item,
        .restarted = list_restarted,
        .done = pages_done,
        .data = r,
    };
    query.limit = r->page;
    return kube_list(r->kube, &call, &r->list, err);
}

/* ---- from the server's cache ---- */

/* The server does not do it so: it refuses the parameters, or what came is no list that can be read in one piece. */
static bool is_not_done_so(const struct error *err)
{
    return err->status == 400 || err->status == 422 || (!err->status && err->code == ERR_PROTOCOL) ||
           err->code == ERR_LIMIT;
}

/* It has never come as far as what was known, or does not know it any more. */
static bool has_another_past(const struct kube_reflect *r, const struct error *err)
{
    return r->least.len && (err->status == 504 || err->status == 410);
}

static void whole_done(void *data, const char *version, const struct error *err)
{
    struct kube_reflect *r = data;
    bool older =
        !err && r->least.len && kube_version_is_older(kube_version(str_of(version)), kube_version(buf_str(&r->least)));
    r->whole = NULL;
    if (err && err->code == ERR_CANCELLED) {
        r->stage = STOPPED; /* kube_close */
    } else if (older || (err && has_another_past(r, err))) {
        r->newest = true;
        reflect_after(r, 0);
    } else if (err && is_not_done_so(err)) {
        r->way = BY_PAGES;
        reflect_after(r, 0);
    } else if (err) {
        reflect_fail(r, err);
    } else {
        listed(r, version);
    }
}

static int list_from_cache(struct kube_reflect *r, struct error *err)
{
    struct kube_query query = query_of(r);
    struct kube_list_call call = {
        .resource = &r->call.resource,
        .name_space = r->call.name_space,
        .query = &query,
        .timeout_ms = r->least.len ? NOT_OLDER_MS : 0,
        .item_kind = r->call.item_kind,
        .item = list_item,
        .restarted = list_restarted,
        .done = whole_done,
        .data = r,
    };
    query.resource_version = r->least.len ? r->least.ptr : "0";
    query.version_match = r->least.len ? "NotOlderThan" : NULL;
    return kube_list_whole(r->kube, &call, &r->whole, err);
}

/* ---- which of them ---- */

static void list(struct kube_reflect *r)
{
    struct error err;
    r->stage = LISTING;
    bool pages = r->way == BY_PAGES || r->newest;
    if (pages ? list_by_pages(r, &err) : list_from_cache(r, &err))
        reflect_fail(r, &err);
}

void reflect_streaming_known(struct kube_streaming_wait *wait, bool streams)
{
    struct kube_reflect *r = (struct kube_reflect *)((char *)wait - offsetof(struct kube_reflect, streaming));
    if (streams)
        reflect_open_watch(r, true);
    else
        list(r);
}

void reflect_begin_list(struct kube_reflect *r)
{
    struct error err;
    bool streams;
    r->call.relist(r->call.data);
    if (r->stage == STOPPED)
        return;
    if (r->way != BY_STREAM) {
        list(r);
    } else if (kube_streaming_known(r->kube, &streams)) {
        reflect_streaming_known(&r->streaming, streams);
    } else {
        r->stage = ASKING;
        if (kube_streaming_ask(r->kube, &r->streaming, &err))
            reflect_fail(r, &err);
    }
}

void reflect_stop_list(struct kube_reflect *r)
{
    kube_streaming_forget(r->kube, &r->streaming);
    if (r->list)
        kube_list_cancel(r->list);
    if (r->whole)
        kube_whole_cancel(r->whole);
    r->list = NULL;
    r->whole = NULL;
}

void reflect_stop_streaming(struct kube_reflect *r)
{
    if (r->watch)
        kube_watch_cancel(r->watch);
    r->watch = NULL;
    r->way = BY_CACHE;
    reflect_after(r, 0);
}
