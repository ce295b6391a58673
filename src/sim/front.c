/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP front: libmicrohttpd, the loop around it, and the connections that are due. */
#include "sim/front.h"

#include "sim/core/sim.h"
#include "sim/fault/faults.h"
#include "sim/front_connection.h"

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

enum { POOL = 64 * 1024, SWEEP_MS = 500 };

static int64_t monotonic_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t monotonic_ms(void)
{
    return monotonic_us() / 1000;
}

int64_t front_later(int64_t ms)
{
    return (monotonic_us() + 999) / 1000 + ms; /* rounded up, as now_ms is rounded down */
}

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
        error_set(err, ERR_INVALID, "--listen: '%s' is not an IP address", o->address);
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
    f->mhd = MHD_start_daemon(flags, (uint16_t)o->port, may_connect, f, connection_request, f, MHD_OPTION_SOCK_ADDR,
                              &a.any, MHD_OPTION_URI_LOG_CALLBACK, connection_begin, f, MHD_OPTION_NOTIFY_COMPLETED,
                              connection_completed, f, MHD_OPTION_NOTIFY_CONNECTION, no_delay, f,
                              MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL, MHD_OPTION_CONNECTION_LIMIT, 20000u,
                              MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
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

static void resume_due(struct front *f, bool sweep)
{
    if (f->now_ms < f->due_ms && !sweep)
        return;
    int64_t due = INT64_MAX;
    for (struct connection *c = f->connections; c; c = c->next) {
        if (!c->suspended)
            continue;
        if (c->due_ms <= f->now_ms) {
            connection_resume(c);
        } else if (sweep && connection_gone(c)) {
            connection_give_up(c, SIM_WIRE_CLOSE);
        } else if (c->due_ms < due) {
            due = c->due_ms;
        }
    }
    f->due_ms = due;
}

static void break_all(struct front *f)
{
    for (struct connection *c = f->connections; c; c = c->next) {
        connection_give_up(c, SIM_WIRE_RESET);
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
        /* MHD_run looks at connections that were resumed, but MHD_get_timeout does not say that it has to be called. */
        if (poll(fds, 2, f->resumed ? 0 : wait_time(f, due, sweep_at)) < 0 && errno != EINTR)
            return;
        f->resumed = false;
        if (fds[1].revents)
            return;
        f->now_ms = monotonic_ms();
        sim_tick(f->sim, f->now_ms);
        MHD_run(f->mhd);
        int64_t core = sim_tick(f->sim, f->now_ms); /* a write may have made something due */
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
    f->stopping = true; /* no connection may be suspended now: libmicrohttpd could not stop */
    for (struct connection *c = f->connections; c; c = c->next)
        connection_give_up(c, SIM_WIRE_CLOSE);
    MHD_run(f->mhd);
    MHD_stop_daemon(f->mhd);
    free(f);
}
