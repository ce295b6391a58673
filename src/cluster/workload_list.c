/* SPDX-License-Identifier: Apache-2.0 */
/* One paged list of Workloads after the other, and what is kept of them. */
#include "cluster/workload_list.h"

#include <stdlib.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "kube/verbs.h"

#define MESSAGE_MOST 300 /* bytes of a condition's message */

struct known {
    UT_hash_handle hh;
    struct listed_workload it;
    char texts[]; /* the uid of its job, which is the key, then those of `it`; each ends in NUL */
};

struct workload_list {
    struct workload_list_call call;
    struct known *known;
    struct kube_list *list; /* under way */
    size_t version, place;  /* indices into kueue_versions and the namespaces */
    bool failed;
    struct error err;
};

/* ---- what is kept ---- */

static void forget(struct workload_list *w)
{
    struct known *k, *next;
    HASH_ITER(hh, w->known, k, next)
    {
        HASH_DEL(w->known, k);
        free(k);
    }
}

static char *put(char *to, struct str text, const char **out)
{
    memcpy(to, text.ptr ? text.ptr : "", text.len);
    to[text.len] = '\0';
    if (out)
        *out = to;
    return to + text.len + 1;
}

/* Of a job whose Workload was deleted there may be two for a moment: the one that stays counts. */
static bool keep(struct workload_list *w, struct str uid, const struct kueue_workload *read)
{
    struct str message = read->message;
    struct known *old;
    message.len = message.len > MESSAGE_MOST ? MESSAGE_MOST : message.len;
    HASH_FIND(hh, w->known, uid.ptr, uid.len, old);
    if (old && read->deleting)
        return true;
    if (old) {
        HASH_DEL(w->known, old);
        free(old);
    }
    struct known *k =
        calloc(1, sizeof *k + uid.len + read->name.len + read->queue.len + read->reason.len + message.len + 5);
    if (!k)
        return false;
    char *at = put(k->texts, uid, NULL);
    at = put(at, read->name, &k->it.name);
    at = put(at, read->queue, &k->it.queue);
    at = put(at, read->reason, &k->it.reason);
    put(at, message, &k->it.message);
    k->it.state = read->state;
    HASH_ADD_KEYPTR(hh, w->known, k->texts, uid.len, k);
    if (k->hh.tbl)
        return true;
    free(k);
    return false;
}

/* ---- the lists ---- */

static int begin(struct workload_list *w);

static bool item(void *data, struct json object)
{
    struct workload_list *w = data;
    struct kueue_workload read;
    char uid[64];
    struct json label = json_get(json_at(object, "/metadata/labels"), KUEUE_JOB_UID);
    if (json_string_at(label, "", uid, sizeof uid) || !kueue_workload_read(object, &read))
        return true;
    if (keep(w, str_of(uid), &read))
        return true;
    error_nomem(&w->err);
    w->failed = true;
    return false;
}

/* A server without Kueue has none. */
static void listed(void *data, const char *resource_version, const struct error *err)
{
    struct workload_list *w = data;
    const char *const *places = w->call.namespaces;
    (void)resource_version;
    w->list = NULL;
    bool absent = err && err->status == 404, older = absent && kueue_versions[w->version + 1];
    if (err && !absent && !w->failed) {
        w->err = *err;
        w->failed = true;
    }
    w->version += older;
    w->place += !err;
    bool more = older || (!absent && places && places[w->place]);
    if (!w->failed && more && begin(w) == 0)
        return;
    w->call.done(w->call.data, w->failed ? &w->err : NULL);
}

static int begin(struct workload_list *w)
{
    struct kube_resource resource = {KUEUE_GROUP, kueue_versions[w->version], KUEUE_WORKLOADS};
    const char *const *places = w->call.namespaces;
    struct kube_query query = {.label_selector = KUEUE_JOB_UID};
    struct kube_list_call call = {.resource = &resource,
                                  .name_space = places ? places[w->place] : NULL,
                                  .query = &query,
                                  .seat = w->call.seat,
                                  .item = item,
                                  .done = listed,
                                  .data = w};
    int rc = kube_list(cluster_kube(w->call.cluster), &call, &w->list, &w->err);
    w->failed = rc != 0;
    return rc;
}

int workload_list_start(const struct workload_list_call *call, struct workload_list **list, struct error *err)
{
    struct workload_list *w = calloc(1, sizeof *w);
    if (!w)
        return error_nomem(err);
    w->call = *call;
    if (begin(w)) {
        *err = w->err;
        workload_list_free(w);
        return err->code;
    }
    *list = w;
    return 0;
}

bool workload_list_find(const struct workload_list *w, struct str uid, struct listed_workload *out)
{
    const struct known *k;
    HASH_FIND(hh, w->known, uid.ptr, uid.len, k);
    if (k)
        *out = k->it;
    return k != NULL;
}

void workload_list_free(struct workload_list *w)
{
    if (!w)
        return;
    if (w->list)
        kube_list_cancel(w->list);
    forget(w);
    free(w);
}
