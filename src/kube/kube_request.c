/* SPDX-License-Identifier: Apache-2.0 */
/* A call's life: from kube_send to the one `done` at the end. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "kube/kube_request_parts.h"

/* ---- the end ---- */

static void request_free(struct kube_request *r)
{
    buf_free(&r->url);
    buf_free(&r->body);
    free(r->method);
    free(r->flow);
    free(r->content_type);
    error_keep(&r->error, NULL);
    free(r);
}

static void timer_is_closed(struct deadline *timer)
{
    struct kube_request *r = timer->data;
    struct kube *kube = r->kube;
    request_free(r);
    kube_released(kube);
}

void kube_request_end(struct kube_request *r, const struct kube_answer *answer, const struct error *err, bool lost)
{
    DL_DELETE(r->kube->requests, r);
    kube_seat_drop(r);
    r->stage = ENDED;
    r->done(r->data, r, answer, err, lost);
    deadline_close(&r->timer, timer_is_closed);
}

void kube_request_end_cancelled(struct kube_request *r, bool lost)
{
    struct error err;
    error_set(&err, ERR_CANCELLED, "%s %.*s: cancelled", r->method, (int)r->plain, r->url.ptr);
    kube_request_end(r, NULL, &err, lost);
}

/* After several tries the error says so, because the last one alone would hide how long it has been like this. */
void kube_request_end_failed(struct kube_request *r, bool lost)
{
    struct error err = *r->error;
    uint64_t ms = uv_now(r->kube->loop) - r->started;
    if (r->refused) {
        kube_auth_why(r->kube->auth, &err);
        kube_auth_refused(r->kube->auth, r->generation, &err);
    }
    if (r->tries > 1)
        error_append(&err, " (given up after %u tries in %" PRIu64 ".%" PRIu64 " s)", r->tries, ms / 1000,
                     ms % 1000 / 100);
    kube_request_end(r, NULL, &err, lost);
}

/* ---- from outside ---- */

static bool is_read(const struct kube_call *call)
{
    return strcmp(call->method, "GET") == 0 || (call->query && call->query->dry_run && *call->query->dry_run);
}

static bool is_question(const struct kube_call *call)
{
    static const char reviews[] = "/apis/authorization.k8s.io/";
    return strncmp(call->path, reviews, sizeof reviews - 1) == 0;
}

static int fill(struct kube_request *r, const struct kube_call *call, struct error *err)
{
    const char *type = call->content_type;
    if (!type)
        type = strcmp(call->method, "PATCH") == 0 ? "application/merge-patch+json" : "application/json";
    buf_puts(&r->url, r->kube->server);
    buf_puts(&r->url, call->path);
    r->plain = r->url.len;
    if (call->query)
        kube_query_add(&r->url, call->query);
    buf_add_str(&r->body, call->body);
    r->method = str_dup(str_of(call->method));
    r->content_type = str_dup(str_of(type));
    r->verb = call->verb ? call->verb : r->method;
    r->run = call->run;
    if (call->traceparent)
        trace_parse(call->traceparent, &r->trace);
    r->repeatable = is_read(call);
    r->fenced = !r->repeatable && !is_question(call);
    r->piece = call->piece;
    r->again = call->again;
    r->done = call->done;
    r->data = call->data;
    r->started = uv_now(r->kube->loop);
    r->until = r->started + (call->timeout_ms ? call->timeout_ms : r->kube->timeout_ms);
    r->flow = str_dup(str_of(call->seat.flow ? call->seat.flow : ""));
    r->rank = call->seat.rank;
    if (call->resource)
        snprintf(r->plural, sizeof r->plural, "%s", call->resource->plural);
    bool whole = !r->url.failed && !r->body.failed && r->method && r->content_type && r->flow;
    return whole ? 0 : error_nomem(err);
}

int kube_send(struct kube *kube, const struct kube_call *call, struct kube_request **request, struct error *err)
{
    if (kube->closing)
        return error_set(err, ERR_CANCELLED, "%s %s%s: the connection is being closed", call->method, kube->server,
                         call->path);
    struct kube_request *r = calloc(1, sizeof *r);
    if (!r)
        return error_nomem(err);
    r->kube = kube;
    int rc = fill(r, call, err);
    if (!rc)
        rc = kube_request_try(r, err);
    if (rc) {
        kube_seat_drop(r);
        request_free(r);
        return rc;
    }
    deadline_init(kube->loop, &r->timer, kube_request_rang, r);
    if (r->stage == PREPARING)
        deadline_set(&r->timer, kube_request_time_left(r));
    if (r->stage == QUEUED)
        deadline_set(&r->timer, kube_seat_patience(r));
    DL_APPEND(kube->requests, r);
    kube->alive++;
    if (request)
        *request = r;
    return 0;
}

void kube_cancel(struct kube_request *r)
{
    if (r->stage == ENDED || r->cancelled)
        return;
    r->cancelled = true;
    if (r->stage == TRYING) {
        http_cancel(r->http);
        return;
    }
    if (r->stage == PREPARING || r->stage == RENEWING)
        kube_auth_forget(r->kube->auth, &r->credentials);
    r->stage = PAUSING;
    deadline_set(&r->timer, 0);
}

void kube_requests_cancel(struct kube *kube)
{
    struct kube_request *r;
    DL_FOREACH(kube->requests, r)
    kube_cancel(r);
}

char *kube_answer_take(struct kube_request *r, size_t *len)
{
    return r->answer ? http_answer_take(r->answer, len) : NULL;
}
