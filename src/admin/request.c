/* SPDX-License-Identifier: Apache-2.0 */
/* A request from its arrival to its answer. One that waits is taken out of libmicrohttpd's hands ("suspended"), which
 * then does not see either whether the client goes away: a poll handle looks at the connection meanwhile. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#include "admin/admin_parts.h"

struct admin_request *admin_request_new(struct admin *a, struct MHD_Connection *connection)
{
    struct admin_request *r = calloc(1, sizeof *r);
    if (r)
        *r = (struct admin_request){.a = a, .connection = connection, .body.max = ADMIN_BODY_MAX};
    return r;
}

void admin_request_arrives(struct admin_request *r, const char *bytes, size_t len)
{
    buf_add(&r->body, bytes, len); /* more than may be: it has failed, and the rest is read over */
}

void admin_request_set(struct admin_request *r, const char *name, const char *value)
{
    r->header = name;
    r->value = value;
}

/* ---- waiting ---- */

static void poll_closed(uv_handle_t *handle)
{
    struct admin_request *r = handle->data;
    struct admin *a = r->a;
    r->polled = false;
    if (r->completed)
        free(r);
    admin_handle_closed(a);
}

/* libmicrohttpd goes on with it in its next turn; without a thread of its own it does not ask for one. */
static void resume(struct admin_request *r)
{
    DL_DELETE(r->a->requests, r);
    admin_connection_wait(r->a, r->connection, false);
    if (r->polled)
        uv_close((uv_handle_t *)&r->poll, poll_closed); /* before the connection's descriptor is closed */
    MHD_resume_connection(r->connection);
    r->a->resumed = true;
    deadline_set(&r->a->timer, 0);
}

void admin_request_give_up(struct admin_request *r)
{
    r->state = REQUEST_GONE;
    resume(r);
    r->gone(r->data, r);
}

static void client_gone(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    admin_request_give_up(poll->data);
}

void admin_wait(struct admin_request *r, void (*gone)(void *data, struct admin_request *r), void *data)
{
    r->gone = gone;
    r->data = data;
}

static void suspend(struct admin_request *r)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!admin_connection_wait(r->a, r->connection, true)) {
        admin_problem(r, MHD_HTTP_SERVICE_UNAVAILABLE, error_reason(ERR_LIMIT),
                      "too many requests wait for an answer; try again later");
        r->gone(r->data, r);
        return;
    }
    r->state = REQUEST_WAITING;
    DL_APPEND(r->a->requests, r);
    MHD_suspend_connection(r->connection);
    if (uv_poll_init(r->a->loop, &r->poll, info->connect_fd))
        return; /* out of memory: that the client has gone is seen at the answer */
    r->poll.data = r;
    r->polled = true;
    r->a->handles++;
    uv_poll_start(&r->poll, UV_DISCONNECT, client_gone);
    uv_unref((uv_handle_t *)&r->poll);
}

/* ---- the answer ---- */

#define NOTHING_ELSE "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
#define SHOWS_NOTHING "default-src 'none'; " NOTHING_ELSE
#define SHOWS_OUR_OWN                                                                                                  \
    "default-src 'none'; connect-src 'self'; img-src 'self'; script-src 'self'; style-src 'self'; "                    \
    "require-trusted-types-for 'script'; trusted-types 'none'; " NOTHING_ELSE

void admin_response_headers(struct MHD_Response *response, const char *type, bool page)
{
    static const char *const headers[][2] = {
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
    };
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, "Content-Security-Policy", page ? SHOWS_OUR_OWN : SHOWS_NOTHING);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        MHD_add_response_header(response, headers[i][0], headers[i][1]);
}

static struct MHD_Response *response_of(const struct admin_request *r, const char *type, struct buf *body)
{
    size_t len;
    char *text = buf_take(body, &len);
    struct MHD_Response *response = text ? MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE) : NULL;
    if (!response) {
        free(text);
        return NULL;
    }
    admin_response_headers(response, type, r->page);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (r->header)
        MHD_add_response_header(response, r->header, r->value);
    return response;
}

void admin_answer(struct admin_request *r, unsigned status, const char *type, struct buf *body)
{
    bool waited = r->state == REQUEST_WAITING;
    r->status = status;
    r->response = response_of(r, type, body);
    r->state = r->response ? REQUEST_ANSWERED : REQUEST_GONE;
    r->header = r->value = NULL;
    if (waited)
        resume(r);
}

/* ---- libmicrohttpd's turns ---- */

/* Which decide what a request is and who sends it: where one stands twice, it can be read in two ways, and what stands
 * before us may have read it in the other. */
static const char *const once[] = {"Host",         "Content-Length", "Transfer-Encoding",
                                   "Content-Type", "Authorization",  "Origin"};
#define ONCE (sizeof once / sizeof *once)

struct headers {
    unsigned count[ONCE];
    bool chunked; /* or no Transfer-Encoding at all */
    bool blank;   /* a name ends in one: others take it for the header without */
};

static enum MHD_Result see_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct headers *h = cls;
    size_t n = strlen(name);
    (void)kind;
    h->blank = h->blank || (n && (name[n - 1] == ' ' || name[n - 1] == '\t'));
    for (size_t i = 0; i < ONCE; i++)
        h->count[i] += strcasecmp(name, once[i]) == 0;
    if (strcasecmp(name, "Transfer-Encoding") == 0)
        h->chunked = value && strcasecmp(value, "chunked") == 0;
    return MHD_YES;
}

enum MHD_Result admin_request_begin(struct admin_request *r, const char *path)
{
    struct headers h = {.chunked = true};
    char what[96] = "";
    MHD_get_connection_values(r->connection, MHD_HEADER_KIND, see_header, &h);
    for (size_t i = 0; i < ONCE && !*what; i++) {
        if (h.count[i] > 1)
            snprintf(what, sizeof what, "the header %s stands twice; it may stand once", once[i]);
    }
    if (!*what && (!h.chunked || (h.count[1] && h.count[2])))
        snprintf(what, sizeof what, "a body comes with a Content-Length, or with Transfer-Encoding: chunked");
    if (!*what && h.blank)
        snprintf(what, sizeof what, "the name of a header ends in a blank; the colon stands right behind it");
    if (!*what)
        return MHD_YES;
    r->path = path;
    admin_connection_arrived(r->a, r->connection);
    admin_request_set(r, MHD_HTTP_HEADER_CONNECTION, "close"); /* where its body ends is not known */
    admin_problem(r, MHD_HTTP_BAD_REQUEST, error_reason(ERR_INVALID), what);
    return admin_request_turn(r, "", path);
}

static void handle(struct admin_request *r, const char *method, const char *path)
{
    r->state = REQUEST_HANDLED;
    r->path = path;
    admin_connection_arrived(r->a, r->connection);
    admin_dispatch(r->a, r, method);
    if (r->state == REQUEST_HANDLED && r->gone)
        suspend(r);
    else if (r->state == REQUEST_HANDLED)
        admin_say(r, MHD_HTTP_INTERNAL_SERVER_ERROR, "this page gave no answer\n");
}

enum MHD_Result admin_request_turn(struct admin_request *r, const char *method, const char *path)
{
    if (r->state == REQUEST_ARRIVING)
        handle(r, method, path);
    if (r->state == REQUEST_ANSWERED)
        return MHD_queue_response(r->connection, r->status, r->response);
    return r->state == REQUEST_GONE ? MHD_NO : MHD_YES;
}

void admin_request_completed(struct admin_request *r)
{
    if (r->response)
        MHD_destroy_response(r->response);
    r->response = NULL;
    buf_free(&r->body);
    if (r->streams)
        admin_stream_completed(r);
    if (r->streams && r->polled)
        uv_close((uv_handle_t *)&r->poll, poll_closed); /* before the connection's descriptor is closed */
    r->completed = true;
    if (!r->polled)
        free(r);
}
