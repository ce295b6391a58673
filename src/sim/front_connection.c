/* SPDX-License-Identifier: Apache-2.0 */
/* One connection of the HTTP front: brings the request to the core, and sends the answer as a fault may want it. */
#include "sim/front_connection.h"

#include "sim/certificate.h"
#include "sim/core/sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { GZIP_FROM = 128 * 1024 };

/* ---- waiting and breaking */

void connection_suspend(struct connection *c, int64_t due_ms)
{
    c->due_ms = due_ms;
    c->suspended = true;
    if (due_ms < c->front->due_ms)
        c->front->due_ms = due_ms;
    MHD_suspend_connection(c->mhd);
}

void connection_resume(struct connection *c)
{
    if (!c->suspended)
        return;
    c->suspended = false;
    c->front->resumed = true;
    MHD_resume_connection(c->mhd);
}

void front_wake(void *owner, struct sim_watch *w)
{
    (void)w;
    connection_resume(owner);
}

/* libmicrohttpd would end the connection with FIN first; connecting it to nowhere sends RST at once. */
void connection_break(struct connection *c, enum sim_wire_kind how)
{
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    if (how == SIM_WIRE_RESET)
        (void)connect(c->fd, &nowhere, sizeof nowhere);
}

/* libmicrohttpd does not watch suspended connections. */
bool connection_gone(const struct connection *c)
{
    char byte;
    ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

void connection_give_up(struct connection *c, enum sim_wire_kind how)
{
    connection_break(c, how);
    c->resp.wire.kind = how;
    c->cutting = true;
    connection_resume(c);
}

/* ---- a request */

static struct connection *new_connection(struct front *f, struct MHD_Connection *mhd)
{
    struct connection *c = sim_alloc(sizeof *c);
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    c->front = f;
    c->mhd = mhd;
    c->fd = info ? info->connect_fd : -1;
    c->next = f->connections;
    c->link = &f->connections;
    if (c->next)
        c->next->link = &c->next;
    f->connections = c;
    return c;
}

void connection_completed(void *cls, struct MHD_Connection *mhd, void **state, enum MHD_RequestTerminationCode why)
{
    struct connection *c = *state;
    (void)cls;
    (void)mhd;
    (void)why;
    if (!c)
        return;
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    sim_response_free(&c->resp);
    buf_free(&c->body);
    buf_free(&c->out);
    free(c);
    *state = NULL;
}

/* libmicrohttpd hands out the path decoded and without the query; the core wants it as it was sent. */
void *connection_begin(void *cls, const char *uri, struct MHD_Connection *mhd)
{
    struct connection *c = new_connection(cls, mhd);
    buf_puts(&c->body, uri); /* the body follows it in the same buffer */
    return c;
}

static const char *header(struct connection *c, const char *name)
{
    return MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, name);
}

struct passing {
    void (*each)(void *data, const char *name, const char *value);
    void *data;
};

static enum MHD_Result pass(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct passing *p = cls;
    (void)kind;
    p->each(p->data, name, value ? value : "");
    return MHD_YES;
}

static void each_header(void *owner, void (*each)(void *data, const char *name, const char *value), void *data)
{
    struct connection *c = owner;
    struct passing p = {each, data};
    MHD_get_connection_values(c->mhd, MHD_HEADER_KIND, pass, &p);
}

static void ask_core(struct connection *c, const char *method, const char *target)
{
    char name[128] = "";
    bool good = !c->front->client_ca || certificate_of_client(c->mhd, name);
    struct sim_request req = {
        .method = method,
        .target = target,
        .accept = header(c, "Accept"),
        .content_type = header(c, "Content-Type"),
        .authorization = header(c, "Authorization"),
        .user_agent = header(c, "User-Agent"),
        .certificate = good && *name ? name : NULL,
        .bad_certificate = !good,
        .each_header = each_header,
        .owner = c,
        .too_large = c->too_large,
        .body = c->body.ptr ? c->body.ptr + strlen(target) + 1 : "",
        .body_len = c->body.len - strlen(target) - 1,
    };
    sim_handle(c->front->sim, &req, &c->resp);
    c->resp.wire.delay_ms += c->front->latency_ms;
    c->front->restart |= c->resp.wire.restart;
    c->answered = true;
}

static bool take_header(struct sim_response *resp, const char *name)
{
    for (size_t i = 0; i < resp->header_count; i++) {
        if (strcmp(resp->headers[i].name, name) != 0)
            continue;
        free(resp->headers[i].name);
        free(resp->headers[i].value);
        resp->headers[i] = resp->headers[--resp->header_count];
        return true;
    }
    return false;
}

static void compress_if_wanted(struct connection *c)
{
    const char *encoding = header(c, "Accept-Encoding");
    bool forced = take_header(&c->resp, "X-Sim-Gzip");
    bool wanted = c->resp.body.len > GZIP_FROM && encoding && strstr(encoding, "gzip") && !c->resp.watch;
    if ((forced || wanted) && c->resp.body.len && front_compress(&c->resp.body)) {
        sim_response_header(&c->resp, "Content-Encoding", "gzip");
        sim_response_header(&c->resp, "Vary", "Accept-Encoding");
    }
}

static enum MHD_Result send_answer(struct connection *c)
{
    enum sim_wire_kind kind = c->resp.wire.kind;
    if (kind == SIM_WIRE_STALL) {
        connection_suspend(c, INT64_MAX);
        return MHD_YES;
    }
    if (kind != SIM_WIRE_NORMAL) {
        connection_break(c, kind);
        return MHD_NO; /* libmicrohttpd closes the socket */
    }
    compress_if_wanted(c);
    struct MHD_Response *r = front_body(c);
    if (!r)
        return MHD_NO;
    MHD_add_response_header(r, "Content-Type", c->resp.content_type);
    MHD_add_response_header(r, "Cache-Control", "no-cache, private");
    for (size_t i = 0; i < c->resp.header_count; i++)
        MHD_add_response_header(r, c->resp.headers[i].name, c->resp.headers[i].value);
    enum MHD_Result result = MHD_queue_response(c->mhd, (unsigned)c->resp.status, r);
    MHD_destroy_response(r);
    return result;
}

static void take_upload(struct connection *c, const char *data, size_t n)
{
    if (c->body.len + n > SIM_BODY_MAX + strlen(c->body.ptr) + 1)
        c->too_large = true;
    else
        buf_add(&c->body, data, n);
}

/* Called after the headers, for each part of the body, and at its end; again after a delay. */
enum MHD_Result connection_request(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                                   const char *version, const char *upload, size_t *upload_size, void **state)
{
    struct connection *c = *state;
    (void)cls;
    (void)mhd;
    (void)url;
    (void)version;
    if (!c || c->front->stopping)
        return MHD_NO;
    if (!c->due_ms) { /* the first call: end the target with a NUL, which the body follows */
        c->due_ms = INT64_MAX;
        buf_putc(&c->body, 0);
        const char *length = header(c, "Content-Length");
        long announced = length ? strtol(length, NULL, 10) : 0;
        if (announced > 0 && announced <= SIM_BODY_MAX)
            buf_reserve(&c->body, (size_t)announced);
        return MHD_YES;
    }
    if (*upload_size) {
        take_upload(c, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    if (!c->answered) {
        ask_core(c, method, c->body.ptr);
        if (c->resp.wire.delay_ms > 0) {
            connection_suspend(c, front_later(c->resp.wire.delay_ms));
            return MHD_YES;
        }
    }
    return send_answer(c);
}
