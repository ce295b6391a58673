/* SPDX-License-Identifier: Apache-2.0 */
/* A request from its arrival to its answer. One that waits is taken out of libmicrohttpd's hands ("suspended"), which
 * then does not see either whether the client goes away: a poll handle looks at the connection meanwhile. */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "admin/admin_parts.h"

enum request_state {
    REQUEST_ARRIVING, /* the headers; a body is read over */
    REQUEST_HANDLED,  /* the handler has it */
    REQUEST_WAITING,  /* the handler has returned; the answer comes later */
    REQUEST_ANSWERED,
    REQUEST_GONE, /* the connection is closed without an answer */
};

struct admin_request {
    struct admin *a;
    struct MHD_Connection *connection;
    enum request_state state;
    unsigned status;
    struct MHD_Response *response; /* of REQUEST_ANSWERED */
    const char *header, *value;    /* of the answer */
    void (*gone)(void *data, struct admin_request *r);
    void *data;
    uv_poll_t poll; /* while it waits: sees the client go */
    bool polled;    /* libuv has the handle */
    bool completed; /* libmicrohttpd has done with the request */
    struct admin_request *prev, *next;
};

struct admin_request *admin_request_new(struct admin *a, struct MHD_Connection *connection)
{
    struct admin_request *r = calloc(1, sizeof *r);
    if (r)
        *r = (struct admin_request){.a = a, .connection = connection};
    return r;
}

const char *admin_request_header(const struct admin_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

bool admin_request_argument(const struct admin_request *r, const char *name)
{
    return MHD_lookup_connection_value_n(r->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), NULL, NULL) ==
           MHD_YES;
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
        admin_say(r, MHD_HTTP_SERVICE_UNAVAILABLE, "too many requests wait for an answer; try again later\n");
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

static struct MHD_Response *response_of(const struct admin_request *r, const char *type, struct buf *body)
{
    size_t len;
    char *text = buf_take(body, &len);
    struct MHD_Response *response = text ? MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE) : NULL;
    if (!response) {
        free(text);
        return NULL;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
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

void admin_say(struct admin_request *r, unsigned status, const char *text)
{
    struct buf body = BUF_INIT;
    buf_puts(&body, text);
    admin_answer(r, status, ADMIN_TEXT, &body);
}

/* ---- libmicrohttpd's turns ---- */

static void handle(struct admin_request *r, const char *method, const char *path)
{
    r->state = REQUEST_HANDLED;
    admin_connection_arrived(r->a, r->connection);
    admin_dispatch(r->a, r, method, path);
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
    r->completed = true;
    if (!r->polled)
        free(r);
}
