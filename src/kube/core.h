/* The floor's own insides: one server, its requests under way, its lists. */
#ifndef MPIJOBD_KUBE_CORE_H
#define MPIJOBD_KUBE_CORE_H

#include "http/http.h"
#include "kube/auth/auth.h"
#include "kube/kube.h"
#include "kube/retry.h"

struct kube_list;

struct kube {
    uv_loop_t *loop;
    const struct log *log;
    struct http_client *http;
    struct kube_auth *auth;
    char *server, *origin;
    uint64_t timeout_ms;
    struct kube_backoff backoff;
    bool impatient;

    struct kube_request *requests; /* not ended */
    struct kube_list *lists;       /* not ended */
    size_t alive;                  /* requests and lists whose timers libuv still holds */
    bool closing, http_closed, auth_closing;
    void (*closed)(void *data);
    void *closed_data;
};

/* A request's or list's timer is gone. */
void kube_released(struct kube *kube);

/* At kube_close: every list and request gets ERR_CANCELLED, later. */
void kube_requests_cancel(struct kube *kube);
void kube_lists_cancel(struct kube *kube);

/* Appends "?name=value&..." of what is set. */
void kube_query_add(struct buf *url, const struct kube_query *query);

#endif
