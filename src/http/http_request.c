/* SPDX-License-Identifier: Apache-2.0 */
/* A request's life, from http_send to its one call of `done`. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/answer.h"
#include "http/client.h"
#include "http/proxy.h"

/* The one place that calls `done`. err NULL: the answer is there. */
static void request_end(struct http_request *request, const struct error *err);

static void set_timer(struct http_request *request)
{
    uint64_t next = request->ends;
    if (request->silence_ms && request->heard + request->silence_ms < next)
        next = request->heard + request->silence_ms;
    uint64_t now = uv_now(request->client->loop);
    if (next != UINT64_MAX)
        deadline_set(&request->timer, next > now ? next - now : 0);
}

static void on_ring(struct deadline *timer)
{
    struct http_request *request = timer->data;
    uint64_t now = uv_now(request->client->loop);
    bool silent = request->silence_ms && now - request->heard >= request->silence_ms;
    if (now < request->ends && !silent) {
        set_timer(request); /* something was heard since it was set */
        return;
    }
    struct error err;
    failure_timeout(request, &err);
    request_end(request, &err);
}

/* --- making one --- */

static int copy_text(char **out, const char *text)
{
    *out = strdup(text);
    return *out ? 0 : ERR_NOMEM;
}

static int build_headers(struct http_request *request, const struct http_call *call, struct error *err)
{
    struct http_header ours[4 + HTTP_MORE_HEADERS];
    size_t n = 0;
    char host[512];
    ours[n++] = (struct http_header){.name = "Expect"}; /* libcurl would wait a second with bodies over 1 MB */
    /* libcurl would call a body without a type a form. */
    const char *type = call->content_type ? call->content_type : "application/json";
    ours[n++] = (struct http_header){.name = "Content-Type", .value = call->body.len ? type : NULL};
    if (request->connect_to.data) { /* the URL has server_name's host; the server is asked by its own all the same */
        snprintf(host, sizeof host, "%s:%s", request->url.host, request->url.port);
        ours[n++] = (struct http_header){.name = "Host", .value = host};
    }
    for (size_t i = 0; call->more && call->more[i].name && i < HTTP_MORE_HEADERS; i++)
        ours[n++] = call->more[i];
    ours[n] = (struct http_header){0};
    return header_lines_build(&request->headers, call->headers, ours, err);
}

static int set_server_name(struct http_request *request)
{
    const struct url *url = &request->url;
    if (!request->client->server_name || !url->tls)
        return 0;
    size_t size = strlen(url->host) + strlen(url->port) + 4;
    request->connect_to.data = malloc(size);
    if (!request->connect_to.data)
        return ERR_NOMEM;
    snprintf(request->connect_to.data, size, "::%s:%s", url->host, url->port);
    return 0;
}

static int copy_call(struct http_request *request, const struct http_call *call, struct error *err)
{
    struct http_client *client = request->client;
    int rc = url_parse(call->url, client->server_name, &request->url, err);
    if (rc == ERR_INVALID && call->shown)
        error_set(err, ERR_INVALID, "bad URL %s: it should read https://host:port/path", call->shown);
    if (rc)
        return rc;
    char shown[URL_SHOWN_MAX];
    request->veiled = call->shown != NULL;
    if (call->shown)
        snprintf(shown, sizeof shown, "%s", call->shown);
    else
        url_show(call->url, shown);
    if (copy_text(&request->method, call->method) || copy_text(&request->shown_url, shown) || set_server_name(request))
        return error_nomem(err);
    if (call->body.len) {
        request->body = malloc(call->body.len);
        if (!request->body)
            return error_nomem(err);
        memcpy(request->body, call->body.ptr, call->body.len);
        request->body_len = call->body.len;
    }
    buf_init(&request->answer, call->body_max ? call->body_max : client->body_max);
    answer_headers_init(&request->head);
    request->bulk = call->bulk;
    request->may_leave = call->may_leave;
    request->on_begin = call->on_begin;
    request->on_data = call->on_data;
    request->done = call->done;
    request->data = call->data;
    request->silence_ms = call->silence_ms;
    request->timeout_ms = call->timeout_ms ? call->timeout_ms : CLIENT_TIMEOUT_MS;
    return build_headers(request, call, err);
}

static void free_parts(struct http_request *request)
{
    /* Before what it points to. It is not kept for the next request: curl_easy_reset does not say that memory ran out,
     * and leaves a handle that reads nothing. */
    curl_easy_cleanup(request->easy);
    header_lines_free(&request->headers);
    answer_headers_free(&request->head);
    buf_free(&request->answer);
    url_free(&request->url);
    free(request->connect_to.data);
    if (request->body)
        secret_wipe(request->body, request->body_len); /* to an IAM it is a password */
    free(request->body);
    free(request->method);
    free(request->shown_url);
}

static int add(struct http_request *request)
{
    if (curl_multi_add_handle(request->client->multi, request->easy) != CURLM_OK)
        return ERR_NOMEM;
    request->added = true;
    return 0;
}

/* It has to be known whom to trust first: by a server, or by a proxy that speaks TLS. */
static bool lacks_roots(const struct http_request *request)
{
    const struct http_client *client = request->client;
    if (client->carrier || tls_ready(client->tls))
        return false;
    return request->url.tls || strncasecmp(proxy_for(&request->url, client->proxy), "https:", 6) == 0;
}

static int make(struct http_request *request, const struct http_call *call, struct error *err)
{
    struct http_client *client = request->client;
    int rc = copy_call(request, call, err);
    if (rc)
        return rc;
    if (client->carrier)
        return 0; /* it is begun in the next turn */
    request->easy = curl_easy_init();
    if (!request->easy || transfer_prepare(request))
        return error_nomem(err);
    bool now = !client->inside && !client->broken && !lacks_roots(request);
    return now && add(request) ? error_nomem(err) : 0;
}

static bool is_method(const char *method)
{
    size_t n = strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return n > 0 && !method[n];
}

int http_send(struct http_client *client, const struct http_call *call, struct http_request **out, struct error *err)
{
    if (client->closing)
        return error_set(err, ERR_CANCELLED, "%s: the client is being closed", call->method);
    if (!is_method(call->method))
        return error_set(err, ERR_INVALID, "\"%s\" is no HTTP method", call->method);
    struct http_request *request = calloc(1, sizeof *request);
    if (!request)
        return error_nomem(err);
    request->client = client;
    int rc = make(request, call, err);
    if (rc) {
        free_parts(request);
        free(request);
        return rc;
    }
    client_hold(client);
    TAILQ_INSERT_TAIL(&client->requests, request, in_requests);
    deadline_init(client->loop, &request->timer, on_ring, request);
    uv_update_time(client->loop);
    request->started = request->heard = uv_now(client->loop);
    request->ends =
        request->timeout_ms < UINT64_MAX - request->started ? request->started + request->timeout_ms : UINT64_MAX;
    set_timer(request);
    if (!request->added)
        client_queue(client, request);
    tls_look(client->tls, false);
    if (out)
        *out = request;
    return 0;
}

void http_cancel(struct http_request *request)
{
    if (request->ended)
        return;
    request->cancelled = true;
    client_queue(request->client, request);
}

bool http_request_sent(const struct http_request *request)
{
    return request->sends > 0;
}

/* --- ending it --- */

void request_work(struct http_request *request)
{
    struct http_client *client = request->client;
    struct error err;
    if (!request->failure && !request->cancelled && client->carrier) {
        carried_begin(request);
        return;
    }
    if (!request->failure && !request->cancelled) {
        if (!request->added && lacks_roots(request)) {
            request->waits = true;
            tls_await(client->tls, &client->roots);
            return;
        }
        if (client->broken && client->multi) { /* another multi comes at the end of this turn */
            client_queue(client, request);
            return;
        }
        if (request->added || (client->multi && add(request) == 0))
            return;
        request->failure = ERR_NOMEM;
    }
    if (request->failure)
        failure_describe(request, CURLE_OK, &err);
    else
        failure_cancelled(request, &err);
    request_end(request, &err);
}

static void log_end(const struct http_request *request, const struct error *err)
{
    const struct log *log = request->client->log;
    if (!log_wants(log, LOG_DEBUG))
        return;
    char status[16], ms[32];
    snprintf(status, sizeof status, "%d", transfer_status(request));
    snprintf(ms, sizeof ms, "%" PRIu64, uv_now(request->client->loop) - request->started);
    log_event(log, LOG_DEBUG, "http",
              LOG_FIELDS({"method", request->method}, {"url", request->shown_url},
                         LOG_JSON_FIELD("status", err ? NULL : status), {"error", err ? err->reason : NULL},
                         LOG_JSON_FIELD("ms", ms)));
}

static void on_timer_closed(struct deadline *timer)
{
    struct http_request *request = timer->data;
    struct http_client *client = request->client;
    free(request);
    client_release(client);
}

/* The answer's own memory fails late: it is an error like any other. */
static void call_done(struct http_request *request, const struct error *err)
{
    struct warnings warnings = {0};
    struct error nomem;
    if (!err && warnings_read(&warnings, &request->head)) {
        request->failure = ERR_NOMEM;
        failure_describe(request, CURLE_OK, &nomem);
        err = &nomem;
    }
    log_end(request, err);
    if (err) {
        request->done(request->data, NULL, err);
        return;
    }
    const struct answer_headers *head = &request->head;
    const char *type = answer_headers_find(head, "Content-Type", NULL);
    struct http_answer answer = {.status = transfer_status(request),
                                 .body = buf_str(&request->answer),
                                 .content_type = type ? type : "",
                                 .date = http_date_read(answer_headers_find(head, "Date", NULL)),
                                 .warnings = warnings.texts,
                                 .request = request};
    answer.retry_after_ms = retry_after_read(answer_headers_find(head, "Retry-After", NULL), answer.date);
    request->done(request->data, &answer, NULL);
    warnings_free(&warnings);
}

static void request_end(struct http_request *request, const struct error *err)
{
    struct http_client *client = request->client;
    request->ended = true;
    if (request->added)
        curl_multi_remove_handle(client->multi, request->easy);
    carried_end(request);
    if (request->queued) {
        TAILQ_REMOVE(&client->work, request, in_work);
        client->work_count--;
        request->queued = false;
    }
    call_done(request, err);
    TAILQ_REMOVE(&client->requests, request, in_requests);
    free_parts(request);
    deadline_close(&request->timer, on_timer_closed);
    if (client->closing)
        client_wake(client);
}

void request_finished(struct http_request *request, CURLcode result)
{
    struct error err;
    if (result == CURLE_OK) {
        int64_t length = content_length_read(&request->head);
        int status = transfer_status(request);
        bool bodiless = strcmp(request->method, "HEAD") == 0 || status == 204 || status == 304;
        /* Counted here as well: libcurl before 8.0 has called it a success when a connection is lost amid a body. */
        if (length < 0 || bodiless || request->received == (uint64_t)length) {
            request_end(request, NULL);
            return;
        }
        failure_cut_short(request, length, &err);
    } else {
        if (result == CURLE_OUT_OF_MEMORY && !request->failure)
            request->failure = ERR_NOMEM;
        failure_describe(request, result, &err);
        tls_look(request->client->tls, true);
    }
    request_end(request, &err);
}

const char *http_answer_header(const struct http_answer *answer, const char *name)
{
    return answer_headers_find(&answer->request->head, name, NULL);
}

const char *http_answer_headers(const struct http_answer *answer)
{
    const struct buf *text = &answer->request->head.text;
    return text->len ? text->ptr : "";
}

char *http_answer_take(const struct http_answer *answer, size_t *len)
{
    struct buf *body = &answer->request->answer;
    if (body->len == 0) {
        if (len)
            *len = 0;
        return NULL;
    }
    return buf_take(body, len);
}
