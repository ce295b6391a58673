/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a watch is allowed, and whether its end arrives: policies with `on` depend on both. */
#include <stdio.h>

#include "cli/doctor/doctor.h"
#include "kube/verbs.h"
#include "kube/watch.h"
#include "mpijob/dialect.h"

#define WATCH_SECONDS 1 /* after which the server is asked to end it */

struct watching {
    struct session *s;
    const struct mpijob_kind *kind;
    char version[64];
    struct error err; /* code 0: none */
    enum kube_watch_end end;
};

static bool one_is_enough(void *data, struct json item)
{
    (void)data;
    (void)item;
    return false;
}

static void listed(void *data, const char *resource_version, const struct error *err)
{
    struct watching *w = data;
    if (err)
        w->err = *err;
    snprintf(w->version, sizeof w->version, "%s", resource_version);
    w->s->flag = true;
}

static void event(void *data, const struct kube_event *event)
{
    (void)data;
    (void)event;
}

static void ended(void *data, enum kube_watch_end why, const struct error *err)
{
    struct watching *w = data;
    w->end = why;
    if (err)
        w->err = *err;
    w->s->flag = true;
}

/* A version to watch from; without one the server would send every job first. */
static int find_version(struct watching *w, const char *name_space)
{
    struct session *s = w->s;
    struct kube_query query = {.limit = 1};
    struct kube_list *list;
    struct kube_list_call call = {
        .resource = cluster_resource(s->cluster, w->kind),
        .name_space = name_space,
        .query = &query,
        .item = one_is_enough,
        .done = listed,
        .data = w,
    };
    int rc = kube_list(cluster_kube(s->cluster), &call, &list, &w->err);
    if (!rc)
        session_wait(s);
    return rc ? rc : w->err.code;
}

static int watch(struct watching *w, const char *name_space, uint64_t silence_ms)
{
    struct session *s = w->s;
    struct kube_watch *one;
    struct kube_watch_call call = {
        .resource = cluster_resource(s->cluster, w->kind),
        .name_space = name_space,
        .resource_version = w->version,
        .timeout_s = WATCH_SECONDS,
        .silence_ms = silence_ms,
        .event = event,
        .ended = ended,
        .data = w,
    };
    int rc = kube_watch(cluster_kube(s->cluster), &call, &one, &w->err);
    if (!rc)
        session_wait(s);
    return rc ? rc : w->err.code;
}

/* A place where a policy watches; without policies, where one might. NULL: no policy watches. */
static const struct needs_place *place_of(const struct doctor *d)
{
    bool any = !d->policies_named || d->policy_error_count || !d->policy_count;
    for (size_t i = 0; i < d->needs.count; i++) {
        if (any || d->needs.places[i].verbs & MAY_WATCH)
            return &d->needs.places[i];
    }
    return NULL;
}

static void try_watch(struct doctor *d, const struct needs_place *place)
{
    struct watching w = {.s = &d->s, .kind = place->kind};
    const char *where = place->name_space ? place->name_space : "all namespaces";
    const struct mpijob_server *server = mpijob_dialect(cluster_target(d->s.cluster, place->kind))->server;
    if (server->namespaced_only && !place->name_space)
        doctor_say(d, DOCTOR_FAILED, "name them: `namespaces:` in mpijobd.yaml, match.namespace in the policies, or -n",
                   "in all namespaces: CCI lists and watches within a namespace only");
    else if (find_version(&w, place->name_space))
        doctor_say(d, DOCTOR_FAILED, "policies need to list and watch jobs; `mpijobd rbac` prints the permissions",
                   "the jobs of %s cannot be listed: %s", where, w.err.message);
    else if (watch(&w, place->name_space, d->timeout_ms))
        doctor_say(d, DOCTOR_FAILED,
                   w.end == KUBE_WATCH_SILENT
                       ? "does a proxy between here and the server hold answers back until they are complete?"
                       : "policies with `on` need the verb watch; `mpijobd rbac` prints the permissions",
                   "the jobs of %s cannot be watched: %s", where, w.err.message);
    else
        doctor_say(d, DOCTOR_OK, NULL, "a watch on the jobs of %s was opened, and ended on time", where);
}

bool doctor_watching(struct doctor *d)
{
    doctor_read_policies(d);
    doctor_tell_aside(d);
    const struct needs_place *place = place_of(d);
    if (place)
        try_watch(d, place);
    else
        doctor_say(d, DOCTOR_OK, NULL, "no policy has `on`, so nothing is watched");
    return true;
}
