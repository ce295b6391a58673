/* SPDX-License-Identifier: Apache-2.0 */
/* One try of a call after the other: what it is sent with, what its end means, and the pause before the next. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "kube/kube_request_parts.h"
#include "kube/status/status.h"

#define PIECES_SILENCE_MS 60000 /* an API server gives up its own requests after so long */

static void begin_try(struct kube_request *r);
static void waited_in_vain(struct kube_request *r);
static void no_seat_yet(struct kube_request *r);

/* says, the origin of the credentials in parentheses, and: to be told at the end. */
static void keep_error(struct kube_request *r, int code, const char *says, const char *and)
{
    struct error err;
    error_set(&err, code, "%s %.*s: %s (%s)%s", r->method, (int)r->plain, r->url.ptr, says, r->kube->origin, and);
    error_keep(&r->error, &err);
}

/* ---- between two tries ---- */

void kube_request_rang(struct deadline *timer)
{
    struct kube_request *r = timer->data;
    if (r->cancelled)
        kube_request_end_cancelled(r, false);
    else if (r->stage == PAUSING)
        begin_try(r);
    else if (r->stage == QUEUED)
        no_seat_yet(r);
    else if (r->stage == PREPARING || r->stage == RENEWING)
        waited_in_vain(r);
    else
        kube_request_end_failed(r, false);
}

static void pause_for(struct kube_request *r, uint64_t ms)
{
    r->stage = PAUSING;
    deadline_set(&r->timer, ms);
}

static void log_pause(const struct kube_request *r, uint64_t ms)
{
    char wait[32], tries[16];
    error_keep(&r->kube->trouble, r->error);
    snprintf(wait, sizeof wait, "%" PRIu64, ms);
    snprintf(tries, sizeof tries, "%u", r->tries);
    log_event(
        r->kube->log, LOG_DEBUG, "a request is tried again",
        LOG_FIELDS({"reason", r->error->message}, LOG_JSON_FIELD("tries", tries), LOG_JSON_FIELD("wait_ms", wait)));
}

/* The server asked for more time than the call has: waiting would only make the same answer late. */
static void too_long(struct kube_request *r, int64_t retry_after_ms, uint64_t left)
{
    struct error err = *r->error;
    if (retry_after_ms >= 0)
        error_append(&err,
                     "; the server asks to wait %" PRId64 ".%" PRId64 " s (Retry-After), but only %" PRIu64 ".%" PRIu64
                     " s of this call's time are left",
                     retry_after_ms / 1000, retry_after_ms % 1000 / 100, left / 1000, left % 1000 / 100);
    error_keep(&r->error, &err);
    kube_request_end_failed(r, false);
}

static void try_again(struct kube_request *r, int64_t retry_after_ms)
{
    uint64_t left = kube_request_time_left(r);
    uint64_t wait = kube_pause_ms(&r->kube->backoff, r->tries, retry_after_ms, &r->kube->chance);
    if (wait >= left) {
        too_long(r, retry_after_ms, left);
    } else {
        log_pause(r, wait);
        pause_for(r, wait);
    }
}

/* From within kube_auth: what follows, follows on the loop. */
static void credentials_came(struct kube_auth_wait *wait, bool changed, const struct error *err)
{
    struct kube_request *r = (struct kube_request *)((char *)wait - offsetof(struct kube_request, credentials));
    if (err)
        error_keep(&r->error, err);
    else if (!changed && !r->error)
        keep_error(r, ERR_INVALID, "there are no credentials", "");
    r->stage = changed ? PAUSING : GIVING_UP;
    deadline_set(&r->timer, 0);
}

/* The call's time is up; the fetch goes on for the calls to come. After a 401 that stays the error. */
static void waited_in_vain(struct kube_request *r)
{
    kube_auth_forget(r->kube->auth, &r->credentials);
    if (r->stage == PREPARING)
        keep_error(r, ERR_TIMEOUT, "the credentials", " did not come in time");
    kube_request_end_failed(r, false);
}

/* Waiting goes on while the server answers others. */
static void no_seat_yet(struct kube_request *r)
{
    uint64_t ms = kube_seat_patience(r);
    if (ms) {
        deadline_set(&r->timer, ms);
        return;
    }
    struct kube_load load;
    struct error err;
    kube_load(r->kube, &load);
    if (!r->error) {
        error_set(&err, ERR_TIMEOUT, "%s %.*s: its turn did not come in time (%s): %s", r->method, (int)r->plain,
                  r->url.ptr, r->kube->origin, load.slow_because ? load.slow_because : "the server answers nothing");
        error_keep(&r->error, &err);
    }
    kube_request_end_failed(r, false);
}

/* 401: perhaps the token was rotated since we read it. Once with what has come since, which may be another part of the
 * credentials than the one that was rotated, and once with what is fetched now. */
static bool renew(struct kube_request *r)
{
    if (!r->resent && r->generation != kube_auth_generation(r->kube->auth)) {
        r->resent = true;
        pause_for(r, 0);
        return true;
    }
    if (r->renewed)
        return false;
    r->renewed = true;
    r->credentials.generation = r->generation;
    r->credentials.done = credentials_came;
    if (!kube_auth_renew(r->kube->auth, &r->credentials))
        return false;
    r->stage = RENEWING;
    deadline_set(&r->timer, kube_request_time_left(r));
    return true;
}

/* ---- a try's end ---- */

static struct kube_reply reply_of(const struct kube_request *r, const struct http_answer *answer, const char *url)
{
    return (struct kube_reply){.method = r->method,
                               .url = url,
                               .status = answer->status,
                               .location = http_answer_header(answer, "Location"),
                               .credentials = r->kube->origin,
                               .body = answer->body};
}

static void judge(struct kube_request *r, const struct error *e, const struct http_answer *answer, bool sent)
{
    int64_t retry_after = answer ? answer->retry_after_ms : -1;
    struct kube_outcome outcome = {
        .repeatable = r->repeatable,
        .status = answer ? answer->status : 0,
        .code = e->code,
        .retryable = e->retryable && !(r->kube->impatient && e->code == ERR_UNREACHABLE && !sent),
        .sent = sent,
        .hopeless = answer && kube_status_hopeless(e),
        .retry_after_ms = retry_after,
    };
    error_keep(&r->error, e);
    if (outcome.status == 401 && renew(r))
        return;
    switch (kube_judge(&outcome)) {
    case KUBE_AGAIN:
        try_again(r, retry_after);
        break;
    case KUBE_LOST:
        kube_request_end_failed(r, true);
        break;
    case KUBE_FINAL:
        kube_request_end_failed(r, false);
        break;
    }
}

static void answered(struct kube_request *r, const struct http_answer *answer)
{
    struct kube_answer ours = {.status = answer->status, .warnings = answer->warnings, .tries = r->tries};
    char *url = str_dup(str_n(r->url.ptr, r->plain));
    struct kube_reply reply = reply_of(r, answer, url ? url : r->kube->server);
    bool good = answer->status >= 200 && answer->status < 300;
    struct error err;
    bool streamed = r->piece && answer->status == 200;
    int rc = streamed ? 0 : good ? kube_status_body(&reply, &ours.body, &err) : kube_status_error(&reply, &err);
    kube_warn(r->kube, answer->warnings, r->method, reply.url);
    free(url);
    r->refused = answer->status == 401;
    if (answer->status != 401)
        kube_auth_proved(r->kube->auth, r->generation);
    if (answer->status == 401 || answer->status == 403)
        kube_auth_explain(r->kube->auth, answer->date, &err);
    if (!rc) {
        error_keep(&r->kube->trouble, NULL);
        r->answer = answer;
        kube_request_end(r, &ours, NULL, false);
    } else {
        judge(r, &err, answer, true);
    }
}

static void count(const struct kube_request *r, const struct http_answer *answer, const struct error *err)
{
    double seconds = (double)(uv_hrtime() - r->try_began) / 1e9;
    kube_count(r->kube, r->verb, answer ? answer->status : 0);
    metric_observe_run(r->kube->call_seconds, seconds, METRIC_VALUES(r->kube->cluster, r->verb), r->run,
                       clock_now(r->kube->log ? r->kube->log->clock : NULL));
    if (err && err->code != ERR_CANCELLED && err->code != ERR_NOMEM) {
        kube_count_lost(r->kube);
        kube_unanswered(r->kube, err);
    }
}

static void try_ended(void *data, const struct http_answer *answer, const struct error *err)
{
    struct kube_request *r = data;
    count(r, answer, err);
    bool sent = r->http ? http_request_sent(r->http) : true;
    kube_seat_over(r, answer, err, sent);
    r->http = NULL;
    if (r->held_back) {
        kube_request_end_failed(r, sent);
        return;
    }
    if (r->cancelled || (err && err->code == ERR_CANCELLED)) {
        kube_request_end_cancelled(r, sent && !r->repeatable);
    } else if (answer) {
        answered(r, answer);
    } else {
        judge(r, err, NULL, sent);
    }
}

/* ---- a try's beginning ---- */

/* A read leaves time for another try, should this one hang; a write that hangs cannot be repeated anyway. */
static uint64_t time_for_try(const struct kube_request *r, uint64_t left)
{
    return r->repeatable && left > 1000 ? left - left / 3 : left;
}

static bool piece_came(void *data, const char *bytes, size_t n)
{
    struct kube_request *r = data;
    r->pieces = true;
    kube_seat_piece(r);
    return !r->cancelled && r->piece(r->data, bytes, n);
}

static int ask_fence(const struct kube_request *r, struct error *err)
{
    const struct kube_fence *fence = r->fenced ? r->kube->fence : NULL;
    return fence ? fence->pass(fence->data, err) : 0;
}

static bool may_leave(void *data)
{
    struct kube_request *r = data;
    struct error err;
    r->held_back = ask_fence(r, &err) != 0;
    if (r->held_back)
        error_keep(&r->error, &err);
    return !r->held_back;
}

/* The credentials are there. */
static int send_try(struct kube_request *r, struct error *err)
{
    uint64_t left = kube_request_time_left(r);
    struct kube_auth_subject subject = {r->method, r->url.ptr, buf_str(&r->body)};
    const struct http_header *headers;
    char audit[TRACE_AUDIT_SIZE];
    const struct http_header traced[] = {
        {"traceparent", r->trace.text, false}, {"Audit-ID", trace_audit_id(r->trace.text, audit), false}, {0}};
    if (!left)
        return error_set(err, ERR_TIMEOUT, "%s %.*s: its time is up", r->method, (int)r->plain, r->url.ptr);
    int rc = ask_fence(r, err);
    if (!rc)
        rc = kube_auth_headers(r->kube->auth, &subject, &headers, err);
    if (rc)
        return rc;
    struct http_call call = {
        .method = r->method,
        .url = r->url.ptr,
        .headers = headers,
        .more = *r->trace.text ? traced : NULL,
        .body = buf_str(&r->body),
        .content_type = r->content_type,
        .timeout_ms = r->piece ? UINT64_MAX : time_for_try(r, left),
        .silence_ms = r->piece ? PIECES_SILENCE_MS : 0,
        .bulk = r->piece != NULL,
        .may_leave = r->fenced && r->kube->fence ? may_leave : NULL,
        .on_data = r->piece ? piece_came : NULL,
        .done = try_ended,
        .data = r,
    };
    r->generation = kube_auth_generation(r->kube->auth);
    r->stage = TRYING;
    r->refused = false;
    r->tries++;
    r->try_began = uv_hrtime();
    return http_send(r->kube->http, &call, &r->http, err);
}

int kube_request_try(struct kube_request *r, struct error *err)
{
    int rc;
    r->credentials.done = credentials_came;
    if (kube_auth_prepare(r->kube->auth, &r->credentials, &rc, err))
        return kube_seat_take(r) ? send_try(r, err) : 0;
    kube_seat_drop(r); /* others need not wait for credentials */
    r->stage = PREPARING;
    return rc;
}

/* From the loop, so `done` may be called at once. */
static void begin_try(struct kube_request *r)
{
    struct error err;
    if (r->pieces && r->again)
        r->again(r->data);
    r->pieces = false;
    if (r->cancelled) { /* by that */
        kube_request_end_cancelled(r, false);
        return;
    }
    if (kube_request_try(r, &err)) {
        error_keep(&r->error, &err);
        kube_request_end_failed(r, false);
    } else if (r->stage == PREPARING) {
        deadline_set(&r->timer, kube_request_time_left(r));
    } else if (r->stage == QUEUED) {
        deadline_set(&r->timer, kube_seat_patience(r));
    }
}
