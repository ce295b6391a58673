/* SPDX-License-Identifier: Apache-2.0 */
/* Follows a resource for as long as it is wanted: lists it, watches it, and through every way in which a watch dies
 * goes on from the last version seen, or lists again where that cannot be.
 *
 * The owner keeps the objects. `relist` says that a list begins; what it then gets with `initial` set is of that list;
 * at `synced` the list is complete, and what the owner holds and has not been given since the last `relist` is gone: a
 * deletion that was missed. (A list may be given up half-way: then comes another `relist`.)
 *
 * Never hammers: what fails is tried again after a pause of up to 0.8 s, doubling to 30 s (full jitter). */
#ifndef MPIJOBD_KUBE_REFLECT_H
#define MPIJOBD_KUBE_REFLECT_H

#include "kube/watch.h"

struct kube_reflect;

struct kube_reflect_timing { /* 0: the default, as in the daemon; tests make them short */
    uint64_t silence_ms; /* a watch that says nothing for so long is dead: 90,000. Servers send a bookmark a minute */
    unsigned least_s, most_s;             /* timeoutSeconds is drawn from these: 300 to 600 */
    uint64_t backoff_ms, backoff_most_ms; /* 800, 30,000 */
    uint64_t stream_ms;  /* without its closing bookmark so long after its last event, a stream is given up: 5,000 */
    uint64_t settled_ms; /* a watch that lived so long was a good one: the next is begun without a pause: 5,000 */
};

struct kube_reflect_call {
    struct kube_resource resource;
    const char *item_kind;                       /* as in kube_list_call (kube/verbs.h) */
    const char *name_space;                      /* NULL: all */
    const char *label_selector, *field_selector; /* NULL: none */
    /* Lists by pages from the start. Otherwise a server that has it (1.27 and later) is asked to stream the objects as
     * the first events of the watch (sendInitialEvents); where that leads nowhere, they are listed from its cache. */
    bool by_pages;
    struct kube_reflect_timing timing;

    void (*relist)(void *data);
    /* The object's bytes are valid during the call. Not 0: it could not be kept (no memory); everything is listed again
     * later. */
    int (*upsert)(void *data, struct json object, bool initial);
    void (*remove)(void *data, struct json object);
    void (*synced)(void *data);
    /* Something does not work and is tried again; told each time. err->status 404: the server does not know the
     * resource (any more): look again which versions it serves. 401, 403: the message says what to do. */
    void (*trouble)(void *data, const struct error *err);
    void (*well)(void *data);                               /* after trouble, it is watched again; may be NULL */
    void (*restarted)(void *data, enum kube_watch_end why); /* a watch has ended; may be NULL */
    void *data;
};

/* 0 or ERR_NOMEM; callbacks come from the loop, never within this call. Copies the texts. Must be closed before the
 * kube is. */
int kube_reflect(struct kube *kube, const struct kube_reflect_call *call, struct kube_reflect **reflect,
                 struct error *err);
/* No callback is called any more, but for `closed` (may be NULL) when libuv holds nothing of it. Allowed in any
 * callback of it. */
void kube_reflect_close(struct kube_reflect *reflect, void (*closed)(void *data), void *data);

/* Milliseconds since the last byte came from the server; UINT64_MAX: none has come. */
uint64_t kube_reflect_silence_ms(const struct kube_reflect *reflect);

#endif
