/* SPDX-License-Identifier: Apache-2.0 */
/* Framing: the client is bounded in what it sends, and in how long it takes what is sent to it. */
#include "cli/debug/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER_BYTES 1024
#define PIECE 65536
#define WRITE_PIECE 4096 /* a pipe that is ready takes so many bytes at once */
#define WRITE_WAIT_MS 10000
#define DRAIN_PIECES 1100 /* somewhat more than the longest message */
#define DRAIN_MS 500

void stream_open(struct stream *s, int in, int out)
{
    *s = (struct stream){.in = in, .out = out};
    buf_init(&s->input, HEADER_BYTES + MESSAGE_BYTES + PIECE);
}

/* What the other end still sends is read and thrown away for a moment: closing with something unread would take from it
 * what it was told last. */
static void drain(struct stream *s)
{
    char piece[4096];
    struct pollfd p = {.fd = s->in, .events = POLLIN};
    if (shutdown(s->out, SHUT_WR) != 0)
        return; /* a pipe */
    for (int i = 0; i < DRAIN_PIECES && poll(&p, 1, DRAIN_MS) > 0 && read(s->in, piece, sizeof piece) > 0; i++) {
    }
}

void stream_close(struct stream *s)
{
    if (!s->gone || s->broken)
        drain(s);
    close(s->in);
    if (s->out != s->in)
        close(s->out);
    buf_free(&s->input);
}

/* ---- from the other end ---- */

static bool broken(struct stream *s, const char *what)
{
    s->broken = what;
    return false;
}

/* The length that a line of the header says; -1: another line that may stand there; -2: no line of a header. */
static long header_line(const char *line, size_t n)
{
    static const char length[] = "content-length:", type[] = "content-type:";
    if (n >= sizeof type - 1 && strncasecmp(line, type, sizeof type - 1) == 0)
        return -1;
    if (n < sizeof length - 1 || strncasecmp(line, length, sizeof length - 1) != 0)
        return -2;
    struct str digits = str_trim(str_n(line + sizeof length - 1, n - (sizeof length - 1)));
    long value = 0;
    if (!digits.len || digits.len > 9)
        return -2;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
            return -2;
        value = value * 10 + (digits.ptr[i] - '0');
    }
    return value;
}

/* False: no whole message is there yet, or it cannot be understood. A web page's POST, which any page in a browser may
 * send to a port of this machine, is ended at its first line. */
static bool take(struct stream *s, struct str *body)
{
    const char *text = s->input.ptr;
    size_t at = 0;
    long length = -1;
    for (;;) {
        size_t room = s->input.len - at;
        const char *eol = room ? memchr(text + at, '\n', room) : NULL;
        if (!eol && s->input.len > HEADER_BYTES)
            return broken(s, "a header of more than 1024 bytes");
        if (!eol)
            return room && text[at] != 'C' && text[at] != 'c' && text[at] != '\r'
                       ? broken(s, "something else than Content-Length: N at the beginning of a message")
                       : false;
        size_t n = (size_t)(eol - (text + at));
        if (n && text[at + n - 1] == '\r')
            n--;
        const char *line = text + at;
        at = (size_t)(eol - text) + 1;
        if (at > HEADER_BYTES)
            return broken(s, "a header of more than 1024 bytes");
        if (!n)
            break;
        long said = header_line(line, n);
        if (said == -2)
            return broken(s, "something else than Content-Length: N at the beginning of a message");
        length = said >= 0 ? said : length;
    }
    if (length < 0)
        return broken(s, "a message without Content-Length");
    if ((size_t)length > MESSAGE_BYTES)
        return broken(s, "a message of more than 4 MiB");
    if (s->input.len - at < (size_t)length)
        return false;
    *body = str_n(text + at, (size_t)length);
    s->taken = at + (size_t)length;
    return true;
}

/* False: nothing came. */
static bool fill(struct stream *s, bool wait)
{
    struct pollfd p = {.fd = s->in, .events = POLLIN};
    int ready = poll(&p, 1, wait ? -1 : 0);
    if (ready <= 0)
        return ready < 0 && errno == EINTR && wait;
    if (buf_reserve(&s->input, PIECE))
        return broken(s, "more than there is memory for");
    ssize_t n = read(s->in, s->input.ptr + s->input.len, PIECE);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return wait;
    if (n <= 0) {
        s->gone = true;
        return false;
    }
    s->input.len += (size_t)n;
    return true;
}

bool stream_next(struct stream *s, bool wait, struct str *body)
{
    if (s->taken) {
        memmove(s->input.ptr, s->input.ptr + s->taken, s->input.len - s->taken);
        s->input.len -= s->taken;
        s->taken = 0;
    }
    do {
        if (s->gone || s->broken)
            return false;
        if (take(s, body))
            return true;
    } while (!s->broken && fill(s, wait));
    return false;
}

bool stream_wait(struct stream *s, int ms)
{
    struct pollfd p = {.fd = s->in, .events = POLLIN};
    return s->input.len > s->taken || poll(&p, 1, ms) > 0;
}

/* ---- to the other end ---- */

static void send_piece(struct stream *s, const char *bytes, size_t n)
{
    while (n && !s->gone) {
        struct pollfd p = {.fd = s->out, .events = POLLOUT};
        int ready = poll(&p, 1, WRITE_WAIT_MS);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0) {
            s->gone = true;
            return;
        }
        size_t piece = n < WRITE_PIECE ? n : WRITE_PIECE;
        ssize_t sent = send(s->out, bytes, piece, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == ENOTSOCK)
            sent = write(s->out, bytes, piece);
        if (sent < 0 && errno != EINTR && errno != EAGAIN)
            s->gone = true;
        if (sent > 0) {
            bytes += sent;
            n -= (size_t)sent;
        }
    }
}

void stream_send(struct stream *s, struct str body)
{
    char header[64];
    int n = snprintf(header, sizeof header, "Content-Length: %zu\r\n\r\n", body.len);
    send_piece(s, header, (size_t)n);
    send_piece(s, body.ptr, body.len);
}
