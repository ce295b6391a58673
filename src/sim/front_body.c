/* SPDX-License-Identifier: Apache-2.0 */
/* The bodies of answers: in one piece, as a stream of events, or spoilt as a fault wants it. */
#include "sim/front_connection.h"

#include "sim/read/watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <zlib.h>

enum { STREAM_BLOCK = 32 * 1024 };

/* The next part of a stream. While there is nothing to send, the connection sleeps until the core wakes it. */
static ssize_t read_stream(void *cls, uint64_t pos, char *to, size_t max)
{
    struct connection *c = cls;
    (void)pos;
    if (c->sent == c->out.len) {
        buf_reset(&c->out);
        c->sent = 0;
        if (c->cutting)
            return MHD_CONTENT_READER_END_WITH_ERROR;
        switch (sim_watch_read(c->resp.watch, &c->out, STREAM_BLOCK)) {
        case SIM_WATCH_QUIET:
            connection_suspend(c, INT64_MAX);
            return 0;
        case SIM_WATCH_END:
            return MHD_CONTENT_READER_END_OF_STREAM;
        case SIM_WATCH_CUT:
            c->cutting = true;
            break;
        case SIM_WATCH_DATA:
            break;
        }
    }
    size_t n = c->out.len - c->sent;
    if (n > max)
        n = max;
    memcpy(to, c->out.ptr + c->sent, n);
    c->sent += n;
    return (ssize_t)n;
}

/* A body that is cut off, or comes a few bytes at a time. */
static ssize_t read_spoilt(void *cls, uint64_t pos, char *to, size_t max)
{
    struct connection *c = cls;
    const struct sim_wire *w = &c->resp.wire;
    size_t end = w->cut_at < c->resp.body.len ? w->cut_at : c->resp.body.len, at = (size_t)pos;
    if (at >= end || c->cutting) {
        if (!c->cutting && w->cut_at != SIZE_MAX && w->cut_kind == SIM_WIRE_STALL) {
            connection_suspend(c, INT64_MAX);
            return 0;
        }
        connection_break(c, w->cut_at != SIZE_MAX ? w->cut_kind : SIM_WIRE_CLOSE);
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    size_t n = end - at < max ? end - at : max;
    if (w->trickle_bytes) {
        if (c->front->now_ms < c->paused_until) {
            connection_suspend(c, c->paused_until);
            return 0;
        }
        n = n < w->trickle_bytes ? n : w->trickle_bytes;
        c->paused_until = front_later(w->trickle_ms);
    }
    memcpy(to, c->resp.body.ptr + at, n);
    return (ssize_t)n;
}

struct MHD_Response *front_body(struct connection *c)
{
    const struct sim_wire *w = &c->resp.wire;
    struct buf *body = &c->resp.body;
    if (c->resp.watch) {
        sim_watch_owner(c->resp.watch, c);
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, c, NULL);
    }
    if (w->cut_at != SIZE_MAX || w->trickle_bytes || w->length_off)
        return MHD_create_response_from_callback((uint64_t)((int64_t)body->len + w->length_off), 4096, read_spoilt, c,
                                                 NULL);
    size_t n = body->len;
    char *bytes = sim_take(body);
    return MHD_create_response_from_buffer_with_free_callback(n, bytes, free);
}

bool front_compress(struct buf *body)
{
    z_stream z = {0};
    struct buf out = BUF_INIT;
    if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    size_t most = deflateBound(&z, body->len);
    if (buf_reserve(&out, most)) {
        deflateEnd(&z);
        return false;
    }
    z.next_in = (unsigned char *)body->ptr;
    z.avail_in = (unsigned)body->len;
    z.next_out = (unsigned char *)out.ptr;
    z.avail_out = (unsigned)most;
    bool good = deflate(&z, Z_FINISH) == Z_STREAM_END;
    out.len = z.total_out;
    deflateEnd(&z);
    if (!good) {
        buf_free(&out);
        return false;
    }
    buf_free(body);
    *body = out;
    return true;
}
