/* SPDX-License-Identifier: Apache-2.0 */
/* get, list, replace, patch, create, delete of any resource: thin over kube_send. Paged lists give their items one by
 * one.
 *
 * A call names the object by resource, name_space and name; method and path are set here. They return 0, or what
 * kube_send does, or ERR_INVALID for a name that is empty or no part of a path ("a/b", ".."): an empty one would mean
 * all objects of the namespace. After an error `done` is not called. */
#ifndef MPIJOBD_KUBE_VERBS_H
#define MPIJOBD_KUBE_VERBS_H

#include "kube/kube.h"

int kube_get(struct kube *kube, const struct kube_call *call, struct kube_request **request, struct error *err);
/* PUT of the whole object, in body. */
int kube_replace(struct kube *kube, const struct kube_call *call, struct kube_request **request, struct error *err);
/* body: the patch; content_type says of which kind. */
int kube_patch(struct kube *kube, const struct kube_call *call, struct kube_request **request, struct error *err);
/* POST of the object in body. The call's name is not looked at: the object has it, or the server makes one. */
int kube_create(struct kube *kube, const struct kube_call *call, struct kube_request **request, struct error *err);
/* body: DeleteOptions, or empty. */
int kube_delete(struct kube *kube, const struct kube_call *call, struct kube_request **request, struct error *err);

/* A list by pages. Each page's body is parsed, its items are given one by one as raw bytes (items of custom resources
 * have "apiVersion" and "kind"; those of built-in kinds get them where item_kind is set), then dropped; the next page
 * is asked for when `item` has returned for the last and the list is not paused. An expired continue (410) restarts
 * from the beginning once: `restarted` is called, items seen may come again. */
struct kube_list;
struct kube_list_call {
    const struct kube_resource *resource;
    const char *name_space;         /* NULL: all */
    const struct kube_query *query; /* limit 0: 500 */
    const char *item_kind; /* "Job": it and apiVersion go into items that lack them; outlives the list. NULL: unknown */
    struct seat_for seat;  /* for whom; flow outlives the list */
    uint64_t timeout_ms;   /* of each page, or of kube_list_whole, with its tries; 0: the options' */
    bool (*item)(void *data, struct json item); /* false: stop here, done gets success */
    void (*restarted)(void *data);              /* may be NULL */
    /* May be NULL; not of kube_list_whole. The items of a page were given: how many objects the server says are behind
     * it (remainingItemCount); -1: it does not say, as with selectors. */
    void (*behind)(void *data, int64_t behind);
    void (*done)(void *data, const char *resource_version,
                 const struct error *err); /* resource_version "" with an error */
    void *data;
};
/* The list in one answer, whose items are given as they arrive. Of the query its selectors, resource_version and
 * version_match count. The resource outlives the list. `restarted`: as above. An answer that goes on in another page is
 * ERR_PROTOCOL. */
struct kube_whole;
int kube_list_whole(struct kube *kube, const struct kube_list_call *call, struct kube_whole **list, struct error *err);
/* No callback is called any more. Allowed in any of them. */
void kube_whole_cancel(struct kube_whole *list);

/* 0, or what kube_send returns: then done is never called. */
int kube_list(struct kube *kube, const struct kube_list_call *call, struct kube_list **list, struct error *err);
void kube_list_pause(struct kube_list *list, bool pause); /* no further page is asked for while paused */
/* No callback of the list is called any more, from this call on; what `data` points to may be freed. Allowed within
 * `item` and `restarted`. */
void kube_list_cancel(struct kube_list *list);

#endif
