/* SPDX-License-Identifier: Apache-2.0 */
/* The Lease watched, beside the tries: so it is known at once when it is given back, taken or deleted. Nothing depends
 * on it: without it the next try finds out. */
#include "lead/lead_parts.h"

#define WATCH_SECONDS 600 /* after which the server ends a watch; the next try begins another */

static void event(void *data, const struct kube_event *e)
{
    struct lead *l = data;
    if (e->type == KUBE_BOOKMARK)
        return;
    bool gone = e->type == KUBE_DELETED;
    bool changed = lead_see(l, gone ? (struct json){{0}} : e->object);
    if (gone && l->leads)
        l->unsure = true; /* it is made again, before another is */
    bool free = !l->leads && clock_elapsed() >= lease_free_at(&l->seen, l->o.lease);
    if (changed && (free || (gone && l->leads)))
        defer_call(l->o.soon, &l->turn);
}

static void ended(void *data, enum kube_watch_end why, const struct error *err)
{
    struct lead *l = data;
    l->watch = NULL;
    if (why != KUBE_WATCH_HTTP || err->status != 403)
        return;
    l->unwatched = true;
    log_event(l->o.log, LOG_WARN,
              "the Lease may not be watched: it is seen some seconds later when another daemon gives it back; mpijobd "
              "rbac prints what is needed",
              LOG_FIELDS({"reason", err->message}));
}

void lead_watch(struct lead *l)
{
    char field[LEASE_HOLDER_MAX + 32], version[64] = "";
    struct json object;
    struct error err;
    if (l->watch || l->unwatched || l->closing || !l->object.len ||
        json_parse(buf_str(&l->object), "the Lease", &object, NULL))
        return;
    json_string_at(object, "/metadata/resourceVersion", version, sizeof version);
    snprintf(field, sizeof field, "metadata.name=%s", l->o.name);
    struct kube_watch_call call = {.resource = &lease_resource,
                                   .name_space = l->o.name_space,
                                   .field_selector = field,
                                   .resource_version = version,
                                   .timeout_s = WATCH_SECONDS,
                                   .event = event,
                                   .ended = ended,
                                   .data = l};
    kube_watch(l->kube, &call, &l->watch, &err); /* where it cannot begin, the next try tries again */
}

void lead_unwatch(struct lead *l)
{
    if (l->watch)
        kube_watch_cancel(l->watch);
    l->watch = NULL;
}
