/* SPDX-License-Identifier: Apache-2.0 */
/* One watch: a single GET that stays open and tells every change, on connections of its own. It never tries again by
 * itself, but for a 401 (once, with new credentials); reflect.h does that. */
#ifndef MPIJOBD_KUBE_WATCH_H
#define MPIJOBD_KUBE_WATCH_H

#include "kube/kube.h"
#include "kube/watch_lines.h"

enum kube_watch_end {
    KUBE_WATCH_ENDED,     /* by the server, in good order, as it does after timeoutSeconds */
    KUBE_WATCH_EXPIRED,   /* 410 as a status or an event: the server has forgotten that version; only a list helps */
    KUBE_WATCH_SILENT,    /* not a byte for too long, whatever TCP says */
    KUBE_WATCH_CUT,       /* the connection was lost, or the answer ended in the middle of a line */
    KUBE_WATCH_ERROR,     /* an ERROR event of another kind */
    KUBE_WATCH_GARBLED,   /* a page for people, a line that is no event, or too long: an event may be lost */
    KUBE_WATCH_HTTP,      /* another answer than 200: err->status */
    KUBE_WATCH_REFUSED,   /* no connection, no credentials, no memory */
    KUBE_WATCH_CANCELLED, /* kube_close */
};
#define KUBE_WATCH_ENDS 9
const char *kube_watch_end_name(enum kube_watch_end end); /* "ended", "expired"... */

struct kube_watch;
struct kube_watch_call {
    const struct kube_resource *resource;
    const char *name_space;                      /* NULL: all */
    const char *label_selector, *field_selector; /* NULL or "": none */
    const char *resource_version;                /* after which changes are told; "" or NULL: from the present state */
    bool initial_events;                         /* the present objects first (ADDED), then a BOOKMARK that says so
                                                    (kube_event_ends_list); resource_version is not used */
    unsigned timeout_s;                          /* after which the server ends it; 0: as it likes */
    uint64_t silence_ms;                         /* 0: none */
    size_t line_max;                             /* bytes; 0: 16 MiB, as in the daemon; tests make it small */
    /* The server has taken it: 200. May be NULL. May cancel the watch. */
    void (*opened)(void *data);
    /* Valid during the call. KUBE_ERROR never comes here. May cancel the watch. */
    void (*event)(void *data, const struct kube_event *event);
    /* Once, at the end, unless it was cancelled. err NULL for KUBE_WATCH_ENDED only. */
    void (*ended)(void *data, enum kube_watch_end why, const struct error *err);
    void *data;
};

/* 0, or what kube_send returns: then ended is never called. Copies what call points to, but for data. */
int kube_watch(struct kube *kube, const struct kube_watch_call *call, struct kube_watch **watch, struct error *err);
/* No callback is called any more from this call on; what `data` points to may be freed. Allowed within `event`. */
void kube_watch_cancel(struct kube_watch *watch);
/* The loop's time (uv_now) at which the last byte came; 0: none yet. */
uint64_t kube_watch_heard(const struct kube_watch *watch);

/* Within `ended`: what the answer's Retry-After says, -1: nothing. */
int64_t kube_watch_retry_after_ms(const struct kube_watch *watch);

/* The bookmark that follows the initial events. */
bool kube_event_ends_list(const struct kube_event *event);

#endif
