/* get, list, replace, patch, create, delete of any resource: thin over kube_send. Paged lists give their items one by
 * one. A name that is empty or no part of a path ("a/b", "..") is ERR_INVALID: an empty one would mean all objects of
 * the namespace. */
#ifndef MPIJOBD_KUBE_VERBS_H
#define MPIJOBD_KUBE_VERBS_H

#include "kube/kube.h"

int kube_get(struct kube *kube, const struct kube_resource *resource, const char *name_space, const char *name,
             kube_done done, void *data, struct kube_request **request, struct error *err);
/* PUT of the whole object. query: pretty, dry_run, field_manager, field_validation. */
int kube_replace(struct kube *kube, const struct kube_resource *resource, const char *name_space, const char *name,
                 struct str object, const struct kube_query *query, kube_done done, void *data,
                 struct kube_request **request, struct error *err);
int kube_patch(struct kube *kube, const struct kube_resource *resource, const char *name_space, const char *name,
               struct str patch, const char *content_type, const struct kube_query *query, kube_done done, void *data,
               struct kube_request **request, struct error *err);
int kube_create(struct kube *kube, const struct kube_resource *resource, const char *name_space, struct str object,
                const struct kube_query *query, kube_done done, void *data, struct kube_request **request,
                struct error *err);
int kube_delete(struct kube *kube, const struct kube_resource *resource, const char *name_space, const char *name,
                const struct kube_query *query, struct str options, kube_done done, void *data,
                struct kube_request **request, struct error *err);

/* A list by pages. Each page's body is parsed, its items are given one by one as raw bytes (with "apiVersion" and
 * "kind" missing in items of custom resources? they are there; built-in kinds lack them), then dropped; the next page
 * is asked for when `item` has returned for the last and the list is not paused. An expired continue (410) restarts
 * from the beginning once: `restarted` is called, items seen may come again. */
struct kube_list;
struct kube_list_call {
    const struct kube_resource *resource;
    const char *name_space;                     /* NULL: all */
    const struct kube_query *query;             /* limit 0: 500 */
    bool (*item)(void *data, struct json item); /* false: stop here, done gets success */
    void (*restarted)(void *data);              /* may be NULL */
    void (*done)(void *data, const char *resource_version,
                 const struct error *err); /* resource_version "" with an error */
    void *data;
};
int kube_list(struct kube *kube, const struct kube_list_call *call, struct kube_list **list, struct error *err);
void kube_list_pause(struct kube_list *list, bool pause); /* no further page is asked for while paused */
/* No callback of the list is called any more, from this call on; what `data` points to may be freed. Allowed within
 * `item` and `restarted`. */
void kube_list_cancel(struct kube_list *list);

#endif
