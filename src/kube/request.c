/* One call: its tries, the pauses between them, and the one `done` at the end. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "kube/core.h"
#include "kube/status.h"
#include "loop/timer.h"

enum stage { PREPARING, TRYING, PAUSING, RENEWING, GIVING_UP, ENDED };

struct kube_request {
    struct kube_request *prev, *next;
    struct kube *kube;
    enum stage stage;
    struct deadline timer;
    struct http_request *http;
    struct kube_auth_wait credentials; /* while PREPARING or RENEWING */
    struct buf url;
    size_t plain; /* so much of url is not the query */
    char *method, *content_type;
    struct buf body;
    uint64_t started, until; /* on the loop's clock */
    uint64_t try_began;      /* uv_hrtime */
    unsigned tries, generation;
    bool repeatable, no_retry, cancelled, renewed;
    bool refused;                     /* the last try's answer was a 401 */
    struct error error;               /* of the last try */
    const struct http_answer *answer; /* during done */
    kube_done done;
    void *data;
};

static void begin_try(struct kube_request *r);
static void waited_in_vain(struct kube_request *r);

/* ---- the end ---- */

static void timer_is_closed(struct deadline *timer)
{
    struct kube_request *r = timer->data;
    struct kube *kube = r->kube;
    buf_free(&r->url);
    buf_free(&r->body);
    free(r->method);
    free(r->content_type);
    free(r);
    kube_released(kube);
}

static void end(struct kube_request *r, const struct kube_answer *answer, const struct error *err, bool lost)
{
    DL_DELETE(r->kube->requests, r);
    r->stage = ENDED;
    r->done(r->data, r, answer, err, lost);
    deadline_close(&r->timer, timer_is_closed);
}

static void end_cancelled(struct kube_request *r, bool lost)
{
    error_set(&r->error, ERR_CANCELLED, "%s %.*s: cancelled", r->method, (int)r->plain, r->url.ptr);
    end(r, NULL, &r->error, lost);
}

/* After several tries the error says so, because the last one alone would hide how long it has been like this. */
static void end_failed(struct kube_request *r, bool lost)
{
    struct error *e = &r->error;
    uint64_t ms = uv_now(r->kube->loop) - r->started;
    if (r->refused) {
        kube_auth_why(r->kube->auth, e);
        kube_auth_refused(r->kube->auth, r->generation, e);
    }
    size_t n = strlen(e->message);
    if (r->tries > 1)
        snprintf(e->message + n, sizeof e->message - n, " (given up after %u tries in %" PRIu64 ".%" PRIu64 " s)",
                 r->tries, ms / 1000, ms % 1000 / 100);
    end(r, NULL, e, lost);
}

/* ---- between two tries ---- */

static void timer_rang(struct deadline *timer)
{
    struct kube_request *r = timer->data;
    if (r->cancelled)
        end_cancelled(r, false);
    else if (r->stage == PAUSING)
        begin_try(r);
    else if (r->stage == PREPARING || r->stage == RENEWING)
        waited_in_vain(r);
    else
        end_failed(r, false);
}

static void pause_for(struct kube_request *r, uint64_t ms)
{
    r->stage = PAUSING;
    deadline_set(&r->timer, ms);
}

static void log_pause(const struct kube_request *r, uint64_t ms)
{
    char wait[32], tries[16];
    snprintf(wait, sizeof wait, "%" PRIu64, ms);
    snprintf(tries, sizeof tries, "%u", r->tries);
    log_event(r->kube->log, LOG_DEBUG, "a request is tried again",
              LOG_FIELDS({"reason", r->error.message}, {"tries", tries}, {"wait_ms", wait}));
}

/* The server asked for more time than the call has: waiting would only make the same answer late. */
static void too_long(struct kube_request *r, int64_t retry_after_ms, uint64_t left)
{
    struct error *e = &r->error;
    size_t n = strlen(e->message);
    if (retry_after_ms >= 0)
        snprintf(e->message + n, sizeof e->message - n,
                 "; the server asks to wait %" PRId64 ".%" PRId64 " s (Retry-After), but only %" PRIu64 ".%" PRIu64
                 " s of this call's time are left",
                 retry_after_ms / 1000, retry_after_ms % 1000 / 100, left / 1000, left % 1000 / 100);
    end_failed(r, false);
}

static void try_again(struct kube_request *r, int64_t retry_after_ms)
{
    uint64_t now = uv_now(r->kube->loop), left = r->until > now ? r->until - now : 0;
    uint64_t wait = kube_pause_ms(&r->kube->backoff, r->tries, retry_after_ms, &r->kube->chance);
    if (r->no_retry) {
        end_failed(r, false);
    } else if (wait >= left) {
        too_long(r, retry_after_ms, left);
    } else {
        log_pause(r, wait);
        pause_for(r, wait);
    }
}

static uint64_t time_left(const struct kube_request *r)
{
    uint64_t now = uv_now(r->kube->loop);
    return r->until > now ? r->until - now : 0;
}

/* From within kube_auth: what follows, follows on the loop. */
static void credentials_came(struct kube_auth_wait *wait, bool changed, const struct error *err)
{
    struct kube_request *r = (struct kube_request *)((char *)wait - offsetof(struct kube_request, credentials));
    if (err)
        r->error = *err;
    else if (!changed && !r->error.code)
        error_set(&r->error, ERR_INVALID, "%s %.*s: there are no credentials (%s)", r->method, (int)r->plain,
                  r->url.ptr, r->kube->origin);
    r->stage = changed ? PAUSING : GIVING_UP;
    deadline_set(&r->timer, 0);
}

/* The call's time is up; the fetch goes on for the calls to come. After a 401 that stays the error. */
static void waited_in_vain(struct kube_request *r)
{
    kube_auth_forget(r->kube->auth, &r->credentials);
    if (r->stage == PREPARING)
        error_set(&r->error, ERR_TIMEOUT, "%s %.*s: the credentials (%s) did not come in time", r->method,
                  (int)r->plain, r->url.ptr, r->kube->origin);
    end_failed(r, false);
}

/* 401: perhaps the token was rotated since we read it. Once. */
static bool renew(struct kube_request *r)
{
    if (r->renewed || r->no_retry)
        return false;
    r->renewed = true;
    if (r->generation != kube_auth_generation(r->kube->auth)) {
        pause_for(r, 0);
        return true;
    }
    r->credentials.generation = r->generation;
    r->credentials.done = credentials_came;
    if (!kube_auth_renew(r->kube->auth, &r->credentials))
        return false;
    r->stage = RENEWING;
    deadline_set(&r->timer, time_left(r));
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

static void judge(struct kube_request *r, const struct http_answer *answer, bool sent)
{
    const struct error *e = &r->error;
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
    if (outcome.status == 401 && renew(r))
        return;
    switch (kube_judge(&outcome)) {
    case KUBE_AGAIN:
        try_again(r, retry_after);
        break;
    case KUBE_LOST:
        end_failed(r, true);
        break;
    case KUBE_FINAL:
        end_failed(r, false);
        break;
    }
}

static void answered(struct kube_request *r, const struct http_answer *answer)
{
    struct kube_answer ours = {.status = answer->status, .warnings = answer->warnings, .tries = r->tries};
    char *url = str_dup(str_n(r->url.ptr, r->plain));
    struct kube_reply reply = reply_of(r, answer, url ? url : r->kube->server);
    bool good = answer->status >= 200 && answer->status < 300;
    int rc = good ? kube_status_body(&reply, &ours.body, &r->error) : kube_status_error(&reply, &r->error);
    kube_warn(r->kube, answer->warnings, r->method, reply.url);
    free(url);
    r->refused = answer->status == 401;
    if (answer->status != 401)
        kube_auth_proved(r->kube->auth, r->generation);
    if (answer->status == 401 || answer->status == 403)
        kube_auth_explain(r->kube->auth, answer->date, &r->error);
    if (!rc) {
        r->answer = answer;
        end(r, &ours, NULL, false);
    } else {
        judge(r, answer, true);
    }
}

static void count(const struct kube_request *r, const struct http_answer *answer)
{
    char code[16];
    double seconds = (double)(uv_hrtime() - r->try_began) / 1e9;
    if (!r->kube->calls)
        return;
    snprintf(code, sizeof code, "%d", answer ? answer->status : 0);
    metric_add(r->kube->calls, 1, METRIC_VALUES(r->kube->cluster, r->method, code));
    metric_observe(r->kube->call_seconds, seconds, METRIC_VALUES(r->kube->cluster, r->method));
}

static void try_ended(void *data, const struct http_answer *answer, const struct error *err)
{
    struct kube_request *r = data;
    count(r, answer);
    bool sent = r->http ? http_request_sent(r->http) : true;
    r->http = NULL;
    if (r->cancelled || (err && err->code == ERR_CANCELLED)) {
        end_cancelled(r, sent && !r->repeatable);
    } else if (answer) {
        answered(r, answer);
    } else {
        r->error = *err;
        judge(r, NULL, sent);
    }
}

/* ---- a try's beginning ---- */

/* A read leaves time for another try, should this one hang; a write that hangs cannot be repeated anyway. */
static uint64_t time_for_try(const struct kube_request *r, uint64_t left)
{
    return r->repeatable && !r->no_retry && left > 1000 ? left - left / 3 : left;
}

/* The credentials are there. */
static int send_try(struct kube_request *r, struct error *err)
{
    uint64_t left = time_left(r);
    struct kube_auth_subject subject = {r->method, r->url.ptr, buf_str(&r->body)};
    const struct http_header *headers;
    if (!left)
        return error_set(err, ERR_TIMEOUT, "%s %.*s: its time is up", r->method, (int)r->plain, r->url.ptr);
    int rc = kube_auth_headers(r->kube->auth, &subject, &headers, err);
    if (rc)
        return rc;
    struct http_call call = {
        .method = r->method,
        .url = r->url.ptr,
        .headers = headers,
        .body = buf_str(&r->body),
        .content_type = r->content_type,
        .timeout_ms = time_for_try(r, left),
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

/* Sends it, or has it wait for credentials. */
static int prepare_try(struct kube_request *r, struct error *err)
{
    int rc;
    r->credentials.done = credentials_came;
    if (kube_auth_prepare(r->kube->auth, &r->credentials, &rc, err))
        return send_try(r, err);
    r->stage = PREPARING;
    return rc;
}

/* From the loop, so `done` may be called at once. */
static void begin_try(struct kube_request *r)
{
    if (prepare_try(r, &r->error))
        end_failed(r, false);
    else if (r->stage == PREPARING)
        deadline_set(&r->timer, time_left(r));
}

/* ---- from outside ---- */

static bool is_read(const struct kube_call *call)
{
    return strcmp(call->method, "GET") == 0 || (call->query && call->query->dry_run && *call->query->dry_run);
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
    r->repeatable = is_read(call);
    r->no_retry = call->no_retry;
    r->done = call->done;
    r->data = call->data;
    r->started = uv_now(r->kube->loop);
    r->until = r->started + (call->timeout_ms ? call->timeout_ms : r->kube->timeout_ms);
    return r->url.failed || r->body.failed || !r->method || !r->content_type ? error_nomem(err) : 0;
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
        rc = prepare_try(r, err);
    if (rc) {
        buf_free(&r->url);
        buf_free(&r->body);
        free(r->method);
        free(r->content_type);
        free(r);
        return rc;
    }
    deadline_init(kube->loop, &r->timer, timer_rang, r);
    if (r->stage == PREPARING)
        deadline_set(&r->timer, time_left(r));
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
