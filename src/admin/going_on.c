/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that go on. While there is nothing to send, the connection is out of libmicrohttpd's hands, and a poll handle
 * sees whether the client goes away. What is being sent is one piece; the source keeps the rest, or lets it go. */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "admin/admin_parts.h"

static void resume(struct admin_request *r)
{
    if (!r->suspended)
        return;
    r->suspended = false;
    if (r->polled)
        uv_poll_stop(&r->poll);
    MHD_resume_connection(r->connection);
    r->a->resumed = true;
    deadline_set(&r->a->timer, 0);
}

void admin_stream_end(struct admin_request *r)
{
    r->stream_end = true;
    resume(r);
}

static void client_gone(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    admin_stream_end(poll->data);
}

static void suspend(struct admin_request *r)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    r->suspended = true;
    MHD_suspend_connection(r->connection);
    if (!r->polled && uv_poll_init(r->a->loop, &r->poll, info->connect_fd) == 0) {
        r->poll.data = r;
        r->polled = true;
        r->a->handles++;
        uv_unref((uv_handle_t *)&r->poll);
    }
    if (r->polled) /* else memory is out: that the client has gone is seen when something is sent */
        uv_poll_start(&r->poll, UV_DISCONNECT, client_gone);
}

static ssize_t read_piece(void *cls, uint64_t at, char *to, size_t room)
{
    struct admin_request *r = cls;
    (void)at;
    if (r->sent == r->piece.len) {
        buf_reset(&r->piece);
        r->sent = 0;
        if (!r->stream_end && !r->source.more(r->source.data, &r->piece))
            r->stream_end = true;
        if (r->piece.failed)
            return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    size_t n = r->piece.len - r->sent < room ? r->piece.len - r->sent : room;
    if (n) {
        memcpy(to, r->piece.ptr + r->sent, n);
        r->sent += n;
        return (ssize_t)n;
    }
    if (r->stream_end)
        return MHD_CONTENT_READER_END_OF_STREAM;
    suspend(r);
    return 0;
}

void admin_stream(struct admin_request *r, const char *type, const struct admin_source *source)
{
    r->source = *source;
    if (!admin_connection_wait(r->a, r->connection, true)) {
        admin_problem(r, MHD_HTTP_SERVICE_UNAVAILABLE, error_reason(ERR_LIMIT),
                      "too many requests wait for an answer; try again later");
    } else {
        r->response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, ADMIN_PIECE_MAX, read_piece, r, NULL);
        r->state = r->response ? REQUEST_ANSWERED : REQUEST_GONE;
        r->status = MHD_HTTP_OK;
        if (r->response) {
            admin_response_headers(r->response, type, false);
            MHD_add_response_header(r->response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
        }
    }
    r->streams = true; /* from now on the source hears of its end */
    DL_APPEND(r->a->streams, r);
}

void admin_stream_wake(struct admin_request *r)
{
    resume(r);
}

void admin_stream_completed(struct admin_request *r)
{
    DL_DELETE(r->a->streams, r);
    admin_connection_wait(r->a, r->connection, false);
    buf_free(&r->piece);
    r->source.gone(r->source.data, r);
}
