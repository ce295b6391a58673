/* SPDX-License-Identifier: Apache-2.0 */
/* A request's life: filled in, checked, sent, led on. */
#include "outside/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <utlist.h>

#include "http/url.h"
#include "loop/work.h"
#include "outside/address.h"
#include "outside/outside_parts.h"
#include "outside/web_fill.h"

struct web_request {
    struct outside *outside;
    struct web_request *prev, *next;
    struct web_text text; /* as it was asked for */
    struct work work;
    struct web_full full; /* with the secrets in it */
    struct error filled;  /* of the thread; code 0: none */
    struct http_request *http;
    struct defer soon;
    uint64_t ends; /* the loop's milliseconds */
    size_t body_max;
    bool trusted, no_redirects, away; /* away: another origin than the first one's was asked */
    bool cancelled;
    int redirects;
    char policy[64], method[16];
    struct error err; /* of what ends it without an answer of http */
    web_done done;
    void *data;
};

/* ---- its end ---- */

static void count(const struct web_request *r, int status)
{
    char code[16] = "error";
    if (status)
        snprintf(code, sizeof code, "%dxx", status / 100);
    metric_add(r->outside->asked, 1, METRIC_VALUES(r->policy, r->method, code));
}

static void end(struct web_request *r, const struct web_answer *answer, const struct error *err)
{
    struct outside *o = r->outside;
    count(r, answer ? answer->status : 0);
    DL_DELETE(o->requests, r);
    r->done(r->data, answer, err);
    web_text_free(&r->text);
    web_full_free(&r->full);
    free(r);
    outside_was_closed(o);
}

static void end_soon(struct defer *d)
{
    struct web_request *r = d->data;
    end(r, NULL, &r->err);
}

static void fail(struct web_request *r)
{
    r->soon = (struct defer){.call = end_soon, .data = r};
    defer_call(r->outside->soon, &r->soon);
}

/* ---- sending ---- */

static void came(void *data, const struct http_answer *answer, const struct error *err);

static int check(const struct web_request *r, const char *url, struct error *err)
{
    struct url parts;
    if (r->trusted)
        return 0;
    int rc = url_parse(url, NULL, &parts, err);
    if (rc == ERR_INVALID)
        return error_set(err, rc, "%s %s: it should read https://host:port/path", r->method, r->text.shown.ptr);
    if (rc)
        return rc;
    bool veiled = r->text.url_veiled;
    if (!allow_host(r->outside->config.allow, parts.host, parts.port))
        rc = error_set(err, ERR_REFUSED,
                       "%s %s: policies may not ask %.200s%s%.8s; if they should, add it to http.allow in mpijobd.yaml",
                       r->method, r->text.shown.ptr, veiled ? "this host" : parts.host, veiled ? "" : ":",
                       veiled ? "" : parts.port);
    url_free(&parts);
    return rc;
}

static int send_it(struct web_request *r, struct error *err)
{
    struct http_client *client = outside_client(r->outside, r->trusted, err);
    int rc = client ? check(r, r->full.url.ptr, err) : ERR_NOMEM;
    if (rc)
        return rc;
    uint64_t now = uv_now(r->outside->loop);
    struct http_call call = {
        .method = r->method,
        .url = r->full.url.ptr,
        .headers = r->full.headers,
        .body = buf_str(&r->full.body),
        .content_type = "application/octet-stream",
        .timeout_ms = r->ends > now ? r->ends - now : 1,
        .body_max = r->body_max,
        .shown = r->text.url_veiled ? r->text.shown.ptr : NULL,
        .done = came,
        .data = r,
    };
    return http_send(client, &call, &r->http, err);
}

static void go(struct web_request *r)
{
    if (r->cancelled)
        error_set(&r->err, ERR_CANCELLED, "%s %s: given up", r->method, r->text.shown.ptr);
    else if (r->filled.code)
        r->err = r->filled;
    else if (send_it(r, &r->err) == 0)
        return;
    fail(r);
}

/* ---- redirects ---- */

static bool same_origin(const struct url *a, const struct url *b)
{
    return a->tls == b->tls && strcasecmp(a->host, b->host) == 0 && strcmp(a->port, b->port) == 0;
}

/* Where the request goes next is in full.url then. ERR_REFUSED: not there. */
static int lead_on(struct web_request *r, int status, const char *location, struct error *err)
{
    struct url from, to;
    char *next = NULL;
    bool reads = strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0;
    if (++r->redirects > WEB_REDIRECTS_MAX)
        return error_set(err, ERR_LIMIT, "%s %s: more than %d redirects", r->method, r->text.shown.ptr,
                         WEB_REDIRECTS_MAX);
    int rc = url_join(r->full.url.ptr, location, &next);
    if (!rc)
        rc = url_parse(r->full.url.ptr, NULL, &from, NULL);
    if (!rc && (rc = url_parse(next, NULL, &to, NULL)))
        url_free(&from);
    if (rc) {
        free(next);
        return error_set(err, rc, "%s %s: the server redirects to what is no URL of http", r->method,
                         r->text.shown.ptr);
    }
    bool away = !same_origin(&from, &to), down = from.tls && !to.tls;
    url_free(&from);
    url_free(&to);
    if (down)
        rc =
            error_set(err, ERR_REFUSED, "%s %s: the server redirects from https to http", r->method, r->text.shown.ptr);
    else if (away && !reads && (status == 307 || status == 308))
        rc = error_set(err, ERR_REFUSED, "%s %s: the server redirects to another one, to which no body is sent",
                       r->method, r->text.shown.ptr);
    if (!rc && !reads && status != 307 && status != 308) {
        snprintf(r->method, sizeof r->method, "GET");
        web_full_drop_body(&r->full);
    }
    if (!rc && away)
        web_full_drop_credentials(&r->full);
    if (!rc)
        web_full_move(&r->full, next);
    if (!rc && !r->text.url_veiled)
        web_text_show(&r->text, next);
    free(next);
    return rc;
}

static bool redirects(const struct web_request *r, const struct http_answer *answer)
{
    int s = answer->status;
    return (s == 301 || s == 302 || s == 303 || s == 307 || s == 308) && !r->no_redirects && !r->trusted &&
           http_answer_header(answer, "Location");
}

static void came(void *data, const struct http_answer *answer, const struct error *err)
{
    struct web_request *r = data;
    r->http = NULL;
    if (err) {
        end(r, NULL, err);
        return;
    }
    if (redirects(r, answer)) {
        count(r, answer->status);
        if (lead_on(r, answer->status, http_answer_header(answer, "Location"), &r->err))
            fail(r);
        else
            go(r);
        return;
    }
    struct web_answer own = {
        .status = answer->status,
        .body = answer->body,
        .headers = http_answer_headers(answer),
        .retry_after_ms = answer->retry_after_ms,
        .redirects = r->redirects,
    };
    end(r, &own, NULL);
}

/* ---- filling in ---- */

static void on_thread(struct work *work)
{
    struct web_request *r = (struct web_request *)((char *)work - offsetof(struct web_request, work));
    web_fill(&r->text, &r->outside->config.secrets, &r->full, &r->filled);
}

static void after_thread(struct work *work)
{
    struct web_request *r = (struct web_request *)((char *)work - offsetof(struct web_request, work));
    go(r);
}

/* Without secrets no file is read. */
static void at_once(struct defer *d)
{
    struct web_request *r = d->data;
    web_fill(&r->text, &r->outside->config.secrets, &r->full, &r->filled);
    go(r);
}

/* In a test: no secret is read, and no host is forbidden. */
static void stands_in(struct defer *d)
{
    struct web_request *r = d->data;
    const struct outside_stand_in *s = r->outside->config.stand_in;
    struct web_answer answer = {.retry_after_ms = -1, .headers = ""};
    if (r->cancelled)
        error_set(&r->err, ERR_CANCELLED, "%s %s: given up", r->method, r->text.shown.ptr);
    if (r->cancelled || s->asked(s->data, r->policy, r->method, &r->text, &answer, &r->err))
        end(r, NULL, &r->err);
    else
        end(r, &answer, NULL);
}

static bool veiled(const struct web_call *call)
{
    bool any = secret_veiled(call->url) || (call->body_veiled && secret_veiled(call->body)) ||
               secret_veiled(call->user) || secret_veiled(call->password);
    for (size_t i = 0; i < call->header_count; i++)
        any = any || secret_veiled(call->headers[i].value);
    return any;
}

static int check_now(const struct web_request *r, struct error *err)
{
    return r->outside->config.stand_in || secret_veiled(buf_str(&r->text.url)) ? 0 : check(r, r->text.url.ptr, err);
}

int web_start(struct outside *o, const struct web_call *call, struct web_request **out, struct error *err)
{
    if (o->closing)
        return error_set(err, ERR_CANCELLED, "%s: the program is ending", call->method);
    struct web_request *r = calloc(1, sizeof *r);
    if (!r)
        return error_nomem(err);
    r->outside = o;
    r->trusted = call->trusted;
    r->no_redirects = call->no_redirects;
    r->body_max = call->body_max;
    r->done = call->done;
    r->data = call->data;
    snprintf(r->policy, sizeof r->policy, "%s", call->policy ? call->policy : "");
    snprintf(r->method, sizeof r->method, "%s", call->method);
    int rc = web_text_copy(&r->text, call, err);
    if (!rc)
        rc = check_now(r, err);
    if (rc) {
        web_text_free(&r->text);
        free(r);
        return rc;
    }
    r->ends = uv_now(o->loop) + (call->timeout_ms ? call->timeout_ms : WEB_TIMEOUT_MS);
    r->soon = (struct defer){.call = o->config.stand_in ? stands_in : at_once, .data = r};
    DL_APPEND(o->requests, r);
    outside_opened(o);
    if (veiled(call) && !o->config.stand_in)
        work_start(o->loop, &r->work, on_thread, after_thread);
    else
        defer_call(o->soon, &r->soon);
    if (out)
        *out = r;
    return 0;
}

void web_cancel(struct web_request *r)
{
    r->cancelled = true;
    if (r->http)
        http_cancel(r->http);
}

void web_cancel_all(struct outside *o)
{
    struct web_request *r;
    DL_FOREACH(o->requests, r)
    {
        web_cancel(r);
    }
}
