#include "sim/front.h"

#include "sim/core/sim.h"
#include "sim/fault/faults.h"
#include "sim/read/watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { GZIP_FROM = 128 * 1024, POOL = 64 * 1024, SWEEP_MS = 500 };

static int64_t monotonic_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- connections that wait */

void connection_suspend(struct connection *c, int64_t due_ms)
{
    c->due_ms = due_ms;
    c->suspended = true;
    if (due_ms < c->front->due_ms)
        c->front->due_ms = due_ms;
    MHD_suspend_connection(c->mhd);
}

static void resume(struct connection *c)
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
    resume(owner);
}

/* libmicrohttpd would say goodbye first (FIN); dissolving the connection sends RST at once. */
void connection_break(struct connection *c, enum sim_wire_kind how)
{
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    if (how == SIM_WIRE_RESET)
        (void)connect(c->fd, &nowhere, sizeof nowhere);
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

static void completed(void *cls, struct MHD_Connection *mhd, void **state, enum MHD_RequestTerminationCode why)
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
static void *on_uri(void *cls, const char *uri, struct MHD_Connection *mhd)
{
    struct connection *c = new_connection(cls, mhd);
    buf_puts(&c->body, uri); /* kept here until the body begins */
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
    bool good = !c->front->client_ca || front_certificate(c->mhd, name);
    const char *encoding = header(c, "Accept-Encoding");
    struct sim_request req = {
        .method = method,
        .target = target,
        .accept = header(c, "Accept"),
        .content_type = header(c, "Content-Type"),
        .authorization = header(c, "Authorization"),
        .user_agent = header(c, "User-Agent"),
        .gzip_ok = encoding && strstr(encoding, "gzip"),
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

/* Called at the headers, for each part of the body, and at its end; again after a delay. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **state)
{
    struct connection *c = *state;
    (void)cls;
    (void)mhd;
    (void)url;
    (void)version;
    if (!c || c->front->stopping)
        return MHD_NO;
    if (!c->due_ms) { /* the first call: the target is in the body's buffer; the body goes behind its NUL */
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
            connection_suspend(c, c->front->now_ms + c->resp.wire.delay_ms);
            return MHD_YES;
        }
    }
    return send_answer(c);
}

/* ---- the daemon */

static enum MHD_Result may_connect(void *cls, const struct sockaddr *address, socklen_t len)
{
    struct front *f = cls;
    (void)address;
    (void)len;
    return sim_refuses_connection(f->sim) ? MHD_NO : MHD_YES;
}

static void no_delay(void *cls, struct MHD_Connection *mhd, void **state, enum MHD_ConnectionNotificationCode code)
{
    int on = 1;
    (void)cls;
    (void)state;
    if (code != MHD_CONNECTION_NOTIFY_STARTED)
        return;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info)
        setsockopt(info->connect_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

struct front *front_start(const struct front_options *o, struct sim *sim, struct error *err)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } a = {0};
    bool v6 = strchr(o->address, ':') != NULL;
    a.any.sa_family = v6 ? AF_INET6 : AF_INET;
    if (inet_pton(a.any.sa_family, o->address, v6 ? (void *)&a.v6.sin6_addr : (void *)&a.v4.sin_addr) != 1) {
        error_set(err, ERR_INVALID, "--listen: '%s' is no IP address", o->address);
        return NULL;
    }
    *(v6 ? &a.v6.sin6_port : &a.v4.sin_port) = htons((uint16_t)o->port);
    struct front *f = sim_alloc(sizeof *f);
    f->sim = sim;
    f->latency_ms = o->latency_ms;
    f->due_ms = INT64_MAX;
    f->now_ms = monotonic_ms();
    sim_tick(sim, f->now_ms);
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
    if (v6)
        flags |= MHD_USE_IPv6;
    if (o->certificate)
        flags |= MHD_USE_TLS;
    f->client_ca = o->client_ca != NULL;
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)o->certificate},
                                   {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)o->key},
                                   {MHD_OPTION_HTTPS_MEM_TRUST, 0, (void *)(uintptr_t)o->client_ca},
                                   {MHD_OPTION_END, 0, NULL}};
    if (!o->client_ca)
        tls[2] = tls[3];
    if (!o->certificate)
        tls[0] = tls[3];
    f->mhd = MHD_start_daemon(flags, (uint16_t)o->port, may_connect, f, on_request, f, MHD_OPTION_SOCK_ADDR, &a.any,
                              MHD_OPTION_URI_LOG_CALLBACK, on_uri, f, MHD_OPTION_NOTIFY_COMPLETED, completed, f,
                              MHD_OPTION_NOTIFY_CONNECTION, no_delay, f, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                              (size_t)POOL, MHD_OPTION_CONNECTION_LIMIT, 20000u, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u,
                              MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    if (!f->mhd) {
        error_set(err, ERR_IO, "cannot listen on %s:%d: %s", o->address, o->port,
                  errno ? strerror(errno) : "libmicrohttpd refused");
        free(f);
        return NULL;
    }
    return f;
}

int front_port(const struct front *f)
{
    return MHD_get_daemon_info(f->mhd, MHD_DAEMON_INFO_BIND_PORT)->port;
}

/* Those that wait are not watched by libmicrohttpd: look whether their clients are still there. */
static bool gone(const struct connection *c)
{
    char byte;
    ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

static void give_up(struct connection *c, enum sim_wire_kind how)
{
    connection_break(c, how);
    c->resp.wire.kind = how;
    c->cutting = true;
    resume(c);
}

static void resume_due(struct front *f, bool sweep)
{
    if (f->now_ms < f->due_ms && !sweep)
        return;
    int64_t due = INT64_MAX;
    for (struct connection *c = f->connections; c; c = c->next) {
        if (!c->suspended)
            continue;
        if (c->due_ms <= f->now_ms) {
            resume(c);
        } else if (sweep && gone(c)) {
            give_up(c, SIM_WIRE_CLOSE);
        } else if (c->due_ms < due) {
            due = c->due_ms;
        }
    }
    f->due_ms = due;
}

static void break_all(struct front *f)
{
    for (struct connection *c = f->connections; c; c = c->next) {
        give_up(c, SIM_WIRE_RESET);
    }
    f->restart = false;
}

static int wait_time(struct front *f, int64_t due, int64_t sweep_at)
{
    MHD_UNSIGNED_LONG_LONG mhd;
    if (sweep_at < due)
        due = sweep_at;
    int64_t left = due - f->now_ms;
    if (MHD_get_timeout(f->mhd, &mhd) == MHD_YES && (int64_t)mhd < left)
        left = (int64_t)mhd;
    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

void front_run(struct front *f, int stop_fd)
{
    int epoll = MHD_get_daemon_info(f->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    struct pollfd fds[2] = {{.fd = epoll, .events = POLLIN}, {.fd = stop_fd, .events = POLLIN}};
    int64_t due = 0, sweep_at = 0;
    for (;;) {
        f->now_ms = monotonic_ms();
        /* libmicrohttpd looks at what was resumed in MHD_run, and does not say that it waits for that. */
        if (poll(fds, 2, f->resumed ? 0 : wait_time(f, due, sweep_at)) < 0 && errno != EINTR)
            return;
        f->resumed = false;
        if (fds[1].revents)
            return;
        f->now_ms = monotonic_ms();
        sim_tick(f->sim, f->now_ms);
        MHD_run(f->mhd);
        int64_t core = sim_tick(f->sim, f->now_ms); /* what was written may have made something due */
        if (f->restart)
            break_all(f);
        bool sweep = f->now_ms >= sweep_at;
        if (sweep)
            sweep_at = f->now_ms + SWEEP_MS;
        resume_due(f, sweep);
        due = core < f->due_ms ? core : f->due_ms;
    }
}

void front_stop(struct front *f)
{
    f->stopping = true; /* whoever comes now must not be suspended: libmicrohttpd could not stop */
    for (struct connection *c = f->connections; c; c = c->next)
        give_up(c, SIM_WIRE_CLOSE);
    MHD_run(f->mhd);
    MHD_stop_daemon(f->mhd);
    free(f);
}
