/* SPDX-License-Identifier: Apache-2.0 */
/* Which connections there are. They are taken from the socket here, not by libmicrohttpd: at its limit it takes its
 * socket out of epoll and puts it back only in its next turn, for which nothing asks. At our limit the oldest makes
 * room for a new one, so that no crowd of slow ones keeps a probe out; and each has a time for all of its header and
 * for all of its answer, however busy it looks. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "admin/admin_parts.h"

#define AT_ONCE 16      /* connections that are taken in one turn */
#define HEADER_MS 10000 /* for a request, from the connection on */
#define IDLE_MS 60000   /* for the next one of the same connection: scrapers come once a minute */
#define ANSWER_MS 60000 /* until the answer has been read */
#define LOOK_MS 1000    /* how often it is looked whose time is over */
#define NO_DESCRIPTOR_MS 1000
#define FROM 9 /* bytes that tell addresses apart: the family, and what of an address one user has to itself */

struct admin_connection {
    int fd;
    unsigned char from[FROM]; /* whose it is */
    uint64_t since, until;    /* of what it is doing now; in ms of the loop */
    struct tls_pair *pair;    /* that it has shown; NULL: it is HTTP */
    enum admin_fault fault;   /* of its request */
    bool asked;               /* for something, ever */
    bool busy;                /* as of connections_busy */
    bool waiting;             /* its request is with a handler: no time is set */
    bool ended;               /* shut down: libmicrohttpd closes it in its next turn */
    struct admin_connection *prev, *next;
};

static void end(struct admin_connection *c)
{
    c->ended = true;
    shutdown(c->fd, SHUT_RDWR);
}

/* Of IPv6 its network: who has one address of it has all. An address of IPv4 may come in the clothes of IPv6. */
static void from_of(const struct sockaddr *address, unsigned char from[FROM])
{
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
    memset(from, 0, FROM);
    from[0] = 4;
    if (address->sa_family == AF_INET) {
        memcpy(from + 1, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    } else if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
        memcpy(from + 1, v6->sin6_addr.s6_addr + 12, 4);
    } else {
        from[0] = 6;
        memcpy(from + 1, &v6->sin6_addr, 8);
    }
}

/* ---- what they do ---- */

static void begin(struct admin *a, struct admin_connection *c, uint64_t ms)
{
    c->since = uv_now(a->loop);
    c->until = c->since + ms;
    DL_DELETE(a->connections, c); /* the list is in the order of `since` */
    DL_APPEND(a->connections, c);
}

static struct admin_connection *of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

void admin_connection_note(struct MHD_Connection *connection, enum admin_fault fault)
{
    struct admin_connection *c = of(connection);
    if (c)
        c->fault = fault;
}

enum admin_fault admin_connection_fault(struct MHD_Connection *connection)
{
    return of(connection)->fault;
}

static void set_busy(struct admin *a, struct admin_connection *c, bool busy)
{
    a->connections_busy += (size_t)busy - (size_t)c->busy;
    c->busy = busy;
}

void admin_connection_begun(struct admin *a, struct MHD_Connection *connection)
{
    struct admin_connection *c = of(connection);
    c->asked = true;
    set_busy(a, c, true);
}

void admin_connection_arrived(struct admin *a, struct MHD_Connection *connection)
{
    begin(a, of(connection), ANSWER_MS);
}

void admin_connection_done(struct admin *a, struct MHD_Connection *connection)
{
    of(connection)->fault = FAULT_NONE;
    set_busy(a, of(connection), false);
    begin(a, of(connection), IDLE_MS);
}

bool admin_connection_wait(struct admin *a, struct MHD_Connection *connection, bool waits)
{
    struct admin_connection *c = of(connection);
    if (waits && a->connections_waiting >= ADMIN_WAITING_MAX)
        return false;
    if (c->waiting != waits)
        a->connections_waiting += waits ? 1 : (size_t)-1;
    c->waiting = waits;
    begin(a, c, ANSWER_MS);
    return true;
}

void admin_connection_notify(void *cls, struct MHD_Connection *connection, void **context,
                             enum MHD_ConnectionNotificationCode what)
{
    struct admin *a = cls;
    struct admin_connection *c = *context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        c = calloc(1, sizeof *c);
        *context = c;
        if (!c)
            return; /* out of memory: its requests are not answered */
        c->fd = info->connect_fd;
        info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        from_of(info->client_addr, c->from);
        c->pair = admin_tls_give(a, connection);
        DL_APPEND(a->connections, c);
        begin(a, c, a->o.header_ms ? a->o.header_ms : HEADER_MS);
    } else if (c) {
        DL_DELETE(a->connections, c);
        a->connections_waiting -= c->waiting;
        set_busy(a, c, false);
        admin_tls_release(c->pair);
        free(c);
        *context = NULL;
    }
}

bool admin_connection_known(struct MHD_Connection *connection)
{
    return of(connection) != NULL;
}

/* ---- taking them ---- */

/* Of one address, or of all (from NULL): the oldest that does not wait for its answer makes room. False: all of them
 * do. */
static bool make_room(struct admin *a, const unsigned char *from, size_t most)
{
    struct admin_connection *c, *oldest = NULL;
    size_t count = 0;
    DL_FOREACH(a->connections, c)
    {
        bool one = !c->ended && (!from || memcmp(c->from, from, FROM) == 0);
        count += one;
        if (one && !c->waiting && !oldest)
            oldest = c;
    }
    if (count < most)
        return true;
    if (oldest)
        end(oldest);
    return oldest != NULL;
}

/* However many come at once, the loop is not with their handshakes for long. */
static void bound_handshakes(struct admin *a)
{
    struct admin_connection *c, *oldest = NULL;
    size_t count = 0;
    DL_FOREACH(a->connections, c)
    {
        bool shakes = !c->asked && !c->ended;
        count += shakes;
        oldest = shakes && !oldest ? c : oldest;
    }
    if (count >= ADMIN_SHAKING_MAX)
        end(oldest);
}

static bool has_room(struct admin *a, const struct sockaddr *address)
{
    unsigned char from[FROM];
    from_of(address, from);
    if (a->tls)
        bound_handshakes(a);
    return make_room(a, from, ADMIN_ADDRESS_MAX) && make_room(a, NULL, ADMIN_CONNECTIONS_MAX);
}

/* Without a free descriptor: the one that was kept for this. */
static int accept_one(struct admin *a)
{
    int fd = accept4(a->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE) && a->spare >= 0) {
        close(a->spare);
        a->spare = -1;
        fd = accept4(a->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    }
    return fd;
}

static void arrived(uv_poll_t *poll, int status, int events)
{
    struct admin *a = poll->data;
    (void)status;
    (void)events;
    for (int i = 0; i < AT_ONCE; i++) {
        struct sockaddr_storage from;
        socklen_t len = sizeof from;
        int fd = accept_one(a);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
            uv_poll_stop(&a->accepts); /* else the loop would turn for nothing; looked at again by the timer */
            a->accepts_again = uv_now(a->loop) + NO_DESCRIPTOR_MS;
        }
        if (fd < 0)
            break;
        if (getpeername(fd, (struct sockaddr *)&from, &len) == 0 && has_room(a, (struct sockaddr *)&from))
            MHD_add_connection(a->mhd, fd, (struct sockaddr *)&from, len); /* takes the descriptor in any case */
        else
            close(fd); /* it has gone already, or there is no room */
    }
    admin_turn(a);
}

static void look(struct deadline *timer)
{
    struct admin *a = timer->data;
    uint64_t now = uv_now(a->loop);
    bool any = false;
    if (a->spare < 0)
        a->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (a->accepts_again && a->accepts_again <= now) {
        a->accepts_again = 0;
        uv_poll_start(&a->accepts, UV_READABLE, arrived);
    }
    struct admin_connection *c;
    DL_FOREACH(a->connections, c)
    {
        if (!c->waiting && !c->ended && c->until <= now) {
            end(c);
            any = true;
        }
    }
    if (any)
        admin_turn(a);
    deadline_set(timer, a->o.header_ms ? a->o.header_ms : LOOK_MS);
}

void admin_connections_start(struct admin *a)
{
    a->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    uv_poll_start(&a->accepts, UV_READABLE, arrived);
    uv_unref((uv_handle_t *)&a->accepts);
    deadline_init(a->loop, &a->looks, look, a);
    uv_unref((uv_handle_t *)&a->looks.timer);
    deadline_set(&a->looks, a->o.header_ms ? a->o.header_ms : LOOK_MS);
    a->handles += 2;
}

static void poll_closed(uv_handle_t *handle)
{
    admin_handle_closed(handle->data);
}

static void timer_closed(struct deadline *timer)
{
    admin_handle_closed(timer->data);
}

void admin_connections_stop(struct admin *a)
{
    uv_close((uv_handle_t *)&a->accepts, poll_closed);
    deadline_close(&a->looks, timer_closed);
    close(a->listener);
    if (a->spare >= 0)
        close(a->spare);
}
