/* SPDX-License-Identifier: Apache-2.0 */
/* One watch, from its credentials to its end. */
#include "kube/watch.h"

#include <stdlib.h>
#include <utlist.h>

#include "kube/kube_parts.h"
#include "kube/status/status.h"

#define LINE_MAX_BYTES ((size_t)16 << 20)

enum stage { PREPARING, OPEN, RENEWING, DUE, OVER };

struct kube_watch {
    struct kube_watch *prev, *next;
    struct kube *kube;
    struct kube_watch_call call; /* resource and texts are not used: they are in url */
    enum stage stage;
    struct defer turn; /* what must not happen within the caller's call or kube_auth's */
    struct http_request *http;
    struct kube_auth_wait credentials;
    struct buf url;
    char *shown; /* url without the query */
    struct watch_lines lines;
    unsigned generation;
    bool resent, renewed, stopped;
    bool taken;                /* the server has begun to answer with 200; it is counted */
    bool refused;              /* the last answer was a 401 */
    enum kube_watch_end why;   /* once it is known before the request has ended */
    const struct error *error; /* of `why`; NULL: none yet */
    uint64_t heard;
    int64_t retry_after_ms;
};

const char *kube_watch_end_name(enum kube_watch_end end)
{
    static const char *const names[KUBE_WATCH_ENDS] = {"ended",   "expired", "silent",  "cut",      "error",
                                                       "garbled", "http",    "refused", "cancelled"};
    return names[end];
}

bool kube_event_ends_list(const struct kube_event *event)
{
    struct json annotations = json_at(event->object, "/metadata/annotations");
    return event->type == KUBE_BOOKMARK &&
           json_string_is(json_get(annotations, "k8s.io/initial-events-end"), str_of("true"));
}

uint64_t kube_watch_heard(const struct kube_watch *w)
{
    return w->heard;
}

int64_t kube_watch_retry_after_ms(const struct kube_watch *w)
{
    return w->retry_after_ms;
}

/* ---- the end ---- */

static void watch_free(struct kube_watch *w)
{
    defer_cancel(&w->turn);
    buf_free(&w->url);
    free(w->shown);
    watch_lines_free(&w->lines);
    error_keep(&w->error, NULL);
    free(w);
}

/* Nothing calls back into it any more; its memory goes. */
static void end(struct kube_watch *w, enum kube_watch_end why, const struct error *err)
{
    struct kube *kube = w->kube;
    w->stage = OVER;
    if (why == KUBE_WATCH_CUT || why == KUBE_WATCH_SILENT ||
        (why == KUBE_WATCH_REFUSED && err && err->code != ERR_NOMEM))
        kube_count_lost(kube);
    if (w->refused && err)
        kube_auth_refused(kube->auth, w->generation, err);
    if (!w->stopped) {
        w->stopped = true;
        DL_DELETE(kube->watches, w);
        w->call.ended(w->call.data, why, err);
    }
    watch_free(w);
    kube_released(kube);
}

/* ---- what comes ---- */

static struct kube_reply reply_of(const struct kube_watch *w, int status, struct str body)
{
    return (struct kube_reply){
        .method = "GET", .url = w->shown, .status = status, .credentials = w->kube->origin, .body = body};
}

static void say(const struct kube_watch *w, int status, struct str body, struct error *err)
{
    struct kube_reply reply = reply_of(w, status, body);
    kube_status_error(&reply, err);
}

/* It is over, but ends only when its request does, or at its next turn. */
static void will_end(struct kube_watch *w, enum kube_watch_end why, const struct error *err)
{
    w->why = why;
    error_keep(&w->error, err);
}

static void read_error_event(struct kube_watch *w, const struct kube_event *event)
{
    struct error err;
    int64_t code = 0;
    json_int64(json_get(event->object, "code"), &code);
    say(w, code >= 400 && code < 600 ? (int)code : 500, event->object.text, &err);
    will_end(w, err.status == 410 ? KUBE_WATCH_EXPIRED : KUBE_WATCH_ERROR, &err);
}

static bool event_came(void *data, const struct kube_event *event)
{
    struct kube_watch *w = data;
    if (event->type == KUBE_ERROR) {
        read_error_event(w, event);
        return false;
    }
    w->call.event(w->call.data, event);
    return !w->stopped;
}

/* A page for people instead of events, from a proxy or a login. */
static bool is_page(const struct kube_watch *w, struct str body, struct error *err)
{
    struct kube_reply reply = reply_of(w, 200, body);
    struct json root;
    struct str text = str_trim(body);
    if (w->lines.count > 1 || !text.len || text.ptr[0] == '{')
        return false;
    kube_status_body(&reply, &root, err);
    return true;
}

static void began(void *data)
{
    struct kube_watch *w = data;
    w->taken = true;
    kube_count(w->kube, "WATCH", 200);
    if (!w->stopped && w->call.opened)
        w->call.opened(w->call.data);
}

static bool bytes_came(void *data, const char *bytes, size_t n)
{
    struct kube_watch *w = data;
    if (!w->heard)
        kube_auth_proved(w->kube->auth, w->generation);
    w->heard = uv_now(w->kube->loop);
    if (w->stopped)
        return false;
    struct error err;
    int rc = watch_lines_feed(&w->lines, bytes, n, event_came, w, &err);
    if (rc && rc != ERR_NOMEM && !(rc == ERR_PROTOCOL && is_page(w, str_n(bytes, n), &err)))
        error_prefix(&err, "GET %s", w->shown);
    if (rc)
        will_end(w, rc == ERR_NOMEM ? KUBE_WATCH_REFUSED : KUBE_WATCH_GARBLED, &err);
    return !w->stopped && w->why == KUBE_WATCH_ENDED;
}

/* ---- a try's end ---- */

static void credentials_came(struct kube_auth_wait *wait, bool changed, const struct error *err);

/* 401: perhaps the token was rotated since we read it. As a request: once with what has come since, once with what is
 * fetched now. */
static bool renew(struct kube_watch *w)
{
    if (!w->resent && w->generation != kube_auth_generation(w->kube->auth)) {
        w->resent = true;
        w->stage = DUE;
        defer_call(&w->kube->soon, &w->turn);
        return true;
    }
    if (w->renewed)
        return false;
    w->renewed = true;
    w->credentials.generation = w->generation;
    w->credentials.done = credentials_came;
    if (!kube_auth_renew(w->kube->auth, &w->credentials))
        return false;
    w->stage = RENEWING;
    return true;
}

static void answered(struct kube_watch *w, const struct http_answer *answer)
{
    struct error err;
    w->refused = answer->status == 401;
    w->retry_after_ms = answer->retry_after_ms;
    if (!w->refused)
        kube_auth_proved(w->kube->auth, w->generation);
    if (answer->status == 200) {
        if (!watch_lines_amid(&w->lines)) {
            end(w, KUBE_WATCH_ENDED, NULL);
            return;
        }
        if (is_page(w, buf_str(&w->lines.part), &err)) {
            end(w, KUBE_WATCH_GARBLED, &err);
            return;
        }
        error_set(&err, ERR_PROTOCOL, "GET %s: the watch ended in the middle of a line", w->shown);
        end(w, KUBE_WATCH_CUT, &err);
        return;
    }
    if (w->refused && !w->stopped && renew(w))
        return;
    say(w, answer->status, answer->body, &err);
    if (answer->status == 401 || answer->status == 403)
        kube_auth_explain(w->kube->auth, answer->date, &err);
    end(w, answer->status == 410 ? KUBE_WATCH_EXPIRED : KUBE_WATCH_HTTP, &err);
}

static enum kube_watch_end failed_how(const struct kube_watch *w, const struct error *err)
{
    if (err->code == ERR_CANCELLED)
        return KUBE_WATCH_CANCELLED;
    if (err->code == ERR_TIMEOUT)
        return KUBE_WATCH_SILENT;
    return w->heard || w->taken ? KUBE_WATCH_CUT : KUBE_WATCH_REFUSED;
}

static void request_ended(void *data, const struct http_answer *answer, const struct error *err)
{
    struct kube_watch *w = data;
    w->http = NULL;
    if (!w->taken && !(err && err->code == ERR_CANCELLED))
        kube_count(w->kube, "WATCH", answer ? answer->status : 0);
    if (!w->taken && err && err->code != ERR_CANCELLED && err->code != ERR_NOMEM)
        kube_unanswered(w->kube, err);
    if (w->why != KUBE_WATCH_ENDED || w->stopped) {
        end(w, w->why, w->error);
    } else if (answer) {
        answered(w, answer);
    } else {
        end(w, failed_how(w, err), err);
    }
}

/* ---- its beginning ---- */

static int open_stream(struct kube_watch *w, struct error *err)
{
    struct kube_auth_subject subject = {.method = "GET", .url = w->url.ptr};
    const struct http_header *headers;
    struct http_client *streams;
    int rc = kube_streams(w->kube, &streams, err);
    if (!rc)
        rc = kube_auth_headers(w->kube->auth, &subject, &headers, err);
    if (rc)
        return rc;
    struct http_call call = {
        .method = "GET",
        .url = w->url.ptr,
        .headers = headers,
        .timeout_ms = UINT64_MAX,
        .silence_ms = w->call.silence_ms,
        .on_begin = began,
        .on_data = bytes_came,
        .done = request_ended,
        .data = w,
    };
    w->generation = kube_auth_generation(w->kube->auth);
    w->stage = OPEN;
    w->refused = false;
    return http_send(streams, &call, &w->http, err);
}

static int begin(struct kube_watch *w, struct error *err)
{
    int rc;
    w->credentials.done = credentials_came;
    if (kube_auth_prepare(w->kube->auth, &w->credentials, &rc, err))
        return open_stream(w, err);
    w->stage = PREPARING;
    return rc;
}

/* From within kube_auth: what follows, follows on the loop. */
static void credentials_came(struct kube_auth_wait *wait, bool changed, const struct error *err)
{
    struct kube_watch *w = (struct kube_watch *)((char *)wait - offsetof(struct kube_watch, credentials));
    struct error refused;
    if (err) {
        will_end(w, KUBE_WATCH_REFUSED, err);
    } else if (!changed) {
        say(w, 401, (struct str){0}, &refused);
        will_end(w, KUBE_WATCH_HTTP, &refused);
    }
    w->stage = DUE;
    defer_call(&w->kube->soon, &w->turn);
}

static void on_turn(struct defer *turn)
{
    struct kube_watch *w = turn->data;
    struct error err;
    if (w->why != KUBE_WATCH_ENDED || w->stopped)
        end(w, w->why, w->error);
    else if (begin(w, &err))
        end(w, KUBE_WATCH_REFUSED, &err);
}

static void write_url(struct kube_watch *w, const struct kube_watch_call *call)
{
    struct kube_query query = {.label_selector = call->label_selector,
                               .field_selector = call->field_selector,
                               .resource_version = call->initial_events ? NULL : call->resource_version};
    buf_puts(&w->url, w->kube->server);
    kube_path(&w->url, call->resource, call->name_space, NULL, NULL);
    size_t plain = w->url.len;
    w->shown = w->url.failed ? NULL : str_dup(buf_str(&w->url));
    kube_query_add(&w->url, &query);
    buf_puts(&w->url, w->url.len > plain ? "&" : "?");
    buf_puts(&w->url, "watch=1&allowWatchBookmarks=true");
    if (call->initial_events)
        buf_puts(&w->url, "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
    if (call->timeout_s)
        buf_printf(&w->url, "&timeoutSeconds=%u", call->timeout_s);
}

int kube_watch(struct kube *kube, const struct kube_watch_call *call, struct kube_watch **watch, struct error *err)
{
    if (kube->closing)
        return error_set(err, ERR_CANCELLED, "the connection to %s is being closed", kube->server);
    struct kube_watch *w = calloc(1, sizeof *w);
    if (!w)
        return error_nomem(err);
    w->kube = kube;
    w->call = *call;
    w->retry_after_ms = -1;
    watch_lines_init(&w->lines, call->line_max ? call->line_max : LINE_MAX_BYTES);
    write_url(w, call);
    int rc = w->url.failed || !w->shown ? error_nomem(err) : begin(w, err);
    if (rc) {
        watch_free(w);
        return rc;
    }
    w->turn = (struct defer){.call = on_turn, .data = w};
    DL_APPEND(kube->watches, w);
    kube->alive++;
    *watch = w;
    return 0;
}

/* ---- stopping it ---- */

static void stop(struct kube_watch *w)
{
    if (w->stage == OPEN) {
        http_cancel(w->http);
        return;
    }
    if (w->stage == PREPARING || w->stage == RENEWING)
        kube_auth_forget(w->kube->auth, &w->credentials);
    w->stage = DUE;
    defer_call(&w->kube->soon, &w->turn);
}

void kube_watch_cancel(struct kube_watch *w)
{
    if (w->stopped)
        return;
    w->stopped = true;
    DL_DELETE(w->kube->watches, w);
    stop(w);
}

void kube_watches_cancel(struct kube *kube)
{
    struct kube_watch *w;
    struct error err;
    DL_FOREACH(kube->watches, w)
    {
        if (w->stage != OPEN) {
            error_set(&err, ERR_CANCELLED, "GET %s: cancelled", w->shown);
            will_end(w, KUBE_WATCH_CANCELLED, &err);
        }
        stop(w);
    }
}
