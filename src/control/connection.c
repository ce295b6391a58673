/* SPDX-License-Identifier: Apache-2.0 */
/* One connection: who it is, the lines that arrive, the lines that go. What it may cost is bounded: a request has a
 * size and a time, all that have not arrived whole have a size together, and so have answers that nobody reads. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "control/parts.h"

#define REQUEST_MS 10000 /* for a request to arrive, from its first byte or from the connection on */
#define IDLE_MS 600000   /* until the next request of a connection */
#define UNREAD_MS 30000  /* for an answer to be read */
#define LEFT_MS 1000     /* until it is looked whether one that has said all is still there */
#define PIECE 65536      /* bytes that are read at once */
#define REQUESTS_A_TURN 32

struct line {
    uv_write_t write;
    struct control_connection *connection;
    size_t len;
    char *text;
};

/* ---- its end ---- */

static void closed(uv_handle_t *handle)
{
    struct control_connection *k = handle->data;
    struct control *c = k->control;
    buf_free(&k->in);
    control_peer_free(&k->peer);
    free(k);
    control_handle_closed(c);
}

void control_connection_close(struct control_connection *k)
{
    if (k->closing)
        return;
    k->closing = true;
    while (k->requests)
        control_request_give_up(k->requests);
    DL_DELETE(k->control->connections, k);
    k->control->connection_count--;
    k->control->guest_count -= k->peer.guest;
    k->control->held -= k->in.len;
    defer_cancel(&k->turn);
    uv_close((uv_handle_t *)&k->pipe, closed);
}

static bool is_over(const struct control_connection *k)
{
    return k->ending && !k->unread && !k->request_count;
}

/* No further request is taken of it; it goes with its last answer. */
static void end(struct control_connection *k)
{
    k->ending = true;
    uv_read_stop((uv_stream_t *)&k->pipe);
    if (is_over(k))
        control_connection_close(k);
}

bool control_connection_heard(const struct control_connection *k)
{
    uv_os_fd_t fd;
    if (k->broken || k->closing || uv_fileno((const uv_handle_t *)&k->pipe, &fd))
        return false;
    struct pollfd end = {.fd = fd}; /* the kernel tells of POLLHUP unasked: both directions are closed */
    return poll(&end, 1, 0) == 0 || !(end.revents & (POLLHUP | POLLERR));
}

/* It has not only said all, it is not there any more: nobody waits for what is under way. What takes no time is done
 * all the same. */
static bool has_left(const struct control_connection *k, uint64_t now)
{
    return k->ended && now - k->ended >= LEFT_MS && !k->in.len && !control_connection_heard(k);
}

void control_connection_look(struct control_connection *k, uint64_t now)
{
    uint64_t part = k->control->o.request_ms ? k->control->o.request_ms : REQUEST_MS;
    uint64_t most = k->unread ? UNREAD_MS : k->ending || k->in.len || !k->asked ? part : IDLE_MS;
    if (k->request_count && !k->unread) /* it waits for its answer */
        k->since = now;
    if (k->broken || now - k->since >= most || has_left(k, now))
        control_connection_close(k);
}

/* ---- lines that go ---- */

static void written(uv_write_t *write, int status)
{
    struct line *line = (struct line *)write;
    struct control_connection *k = line->connection;
    k->unread -= line->len;
    k->since = uv_now(k->control->loop);
    free(line->text);
    free(line);
    if (status || is_over(k))
        control_connection_close(k);
}

void control_connection_write(struct control_connection *k, struct buf *text)
{
    struct line *line = calloc(1, sizeof *line);
    buf_putc(text, '\n');
    size_t len = text->len;
    char *bytes = buf_take(text, NULL);
    if (!line || !bytes || k->closing || k->unread + len > CONTROL_UNREAD_MAX) {
        free(line);
        free(bytes);
        k->broken = true; /* whoever calls may still use it */
        return;
    }
    *line = (struct line){.connection = k, .len = len, .text = bytes};
    uv_buf_t what = uv_buf_init(bytes, (unsigned)len);
    if (!k->unread)
        k->since = uv_now(k->control->loop);
    k->unread += len;
    if (uv_write(&line->write, (uv_stream_t *)&k->pipe, &what, 1, written)) {
        k->unread -= len;
        k->broken = true;
        free(line->text);
        free(line);
    }
}

/* ---- lines that come ---- */

static void refuse(struct control_connection *k, enum error_code code, const char *what)
{
    struct error err;
    error_set(&err, code, "%s", what);
    control_say(k, &err);
    k->control->held -= k->in.len;
    buf_free(&k->in);
    end(k);
}

/* Removes the first n bytes of what has arrived. */
static void drop(struct control_connection *k, size_t n)
{
    memmove(k->in.ptr, k->in.ptr + n, k->in.len - n);
    k->in.len -= n;
    k->control->held -= n;
    k->looked = 0;
    if (!k->in.len)
        buf_free(&k->in); /* one long request must not keep its memory */
}

/* At `at` of what has arrived. False: no request has arrived whole. */
static bool next_line(struct control_connection *k, size_t at, struct str *line)
{
    size_t skip = at ? 0 : k->looked;
    if (k->in.len <= at + skip)
        return false;
    const char *from = k->in.ptr + at;
    const char *eol = memchr(from + skip, '\n', k->in.len - at - skip);
    if (eol)
        *line = str_n(from, (size_t)(eol - from));
    return eol != NULL;
}

static void came(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

static void room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct control_connection *k = handle->data;
    (void)suggested;
    *buf = uv_buf_init(NULL, 0);
    if (buf_reserve(&k->in, PIECE) == 0)
        *buf = uv_buf_init(k->in.ptr + k->in.len, PIECE);
}

/* Requests in one turn of the loop, and one piece of what arrives: nobody keeps the loop busy. */
static void my_turn(struct defer *turn)
{
    struct control_connection *k = turn->data;
    struct str line;
    size_t at = 0;
    int left = REQUESTS_A_TURN;
    while (!k->broken && k->request_count < CONTROL_REQUESTS_MAX && left && next_line(k, at, &line)) {
        at += line.len + 1;
        k->asked = true;
        left--;
        if (str_trim(line).len)
            control_request_begin(k, line);
    }
    if (at)
        drop(k, at);
    if (!left)
        defer_call(k->control->o.soon, &k->turn);
    if (!left || k->broken || k->request_count >= CONTROL_REQUESTS_MAX)
        return; /* the next turn, the look, or the end of a request goes on */
    k->looked = k->in.len;
    if (k->in.len > CONTROL_LINE_MAX)
        refuse(k, ERR_LIMIT, "a request is longer than 4 MiB");
    else
        uv_read_start((uv_stream_t *)&k->pipe, room, came);
}

void control_connection_go_on(struct control_connection *k)
{
    if (is_over(k))
        control_connection_close(k);
    else if (!k->closing && k->in.len)
        defer_call(k->control->o.soon, &k->turn);
}

static void came(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct control_connection *k = stream->data;
    (void)buf;
    if (n == UV_ENOBUFS) {
        control_connection_close(k);
    } else if (n < 0) { /* who has said all may still read the answers */
        k->ended = uv_now(k->control->loop);
        if (!control_connection_heard(k))
            control_requests_unheard(k);
        end(k);
    } else if (n > 0) {
        if (!k->in.len)
            k->since = uv_now(k->control->loop);
        k->in.len += (size_t)n;
        k->in.ptr[k->in.len] = '\0';
        k->control->held += (size_t)n;
        uv_read_stop(stream);
        if (k->control->held > CONTROL_HELD_MAX)
            refuse(k, ERR_LIMIT, "too much is being sent at once; ask again later");
        else
            defer_call(k->control->o.soon, &k->turn);
    }
}

/* ---- its beginning ---- */

/* The one that came first and has not asked anything yet, or asks nothing any more. False: none is so. */
static bool make_room(struct control *c)
{
    struct control_connection *k = c->connections;
    while (k && k->asked && !k->ending)
        k = k->next;
    if (k)
        control_connection_close(k);
    return k != NULL;
}

void control_connection_take(struct control *c)
{
    struct control_connection *k = calloc(1, sizeof *k);
    c->late = !k;
    if (!k)
        return;
    k->control = c;
    k->turn = (struct defer){.call = my_turn, .data = k};
    uv_pipe_init(c->loop, &k->pipe, 0);
    k->pipe.data = k;
    k->since = uv_now(c->loop);
    buf_init(&k->in, CONTROL_LINE_MAX + 2 * PIECE);
    c->handles++;
    while (c->connection_count >= CONTROL_CONNECTIONS_MAX && make_room(c)) {
    }
    bool full = c->connection_count >= CONTROL_CONNECTIONS_MAX;
    DL_APPEND(c->connections, k);
    c->connection_count++;
    uv_unref((uv_handle_t *)&k->pipe);
    bool taken = uv_accept((uv_stream_t *)&c->pipe, (uv_stream_t *)&k->pipe) == 0, may = taken && control_peer_take(k);
    if (!taken || (!may && !c->o.admits))
        control_connection_close(k);
    else if (!may) /* the socket is open to all */
        refuse(k, ERR_REFUSED, "you may not ask this daemon: its own user and root may, and its approvers");
    else if (full || k->control->guest_count > CONTROL_GUESTS_MAX)
        refuse(k, ERR_LIMIT, "too many connections to the control socket are open; ask again later");
    else
        uv_read_start((uv_stream_t *)&k->pipe, room, came);
}
