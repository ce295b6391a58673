/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd on the loop, without a thread: its epoll descriptor is polled, its timeout is a timer. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "admin/admin_parts.h"

#define IDLE_SECONDS 30
#define SPINS_MOST 20                                /* turns without a pause while no request is under way, until */
#define SPIN_MS 100                                  /* such a pause is made */
#define CONNECTIONS_MOST (2 * ADMIN_CONNECTIONS_MAX) /* those included that make room and are not closed yet */

/* ---- turns ---- */

/* How long libmicrohttpd wants nothing, in ms. At least 1, so that the loop has its turn. While a handshake of TLS has
 * come in part, it wants a turn at once for ever; what comes of it is seen by `readable`. */
static uint64_t pause_of(struct admin *a, uint64_t ms)
{
    a->spins = ms ? 0 : a->spins + 1;
    return ms ? ms : a->spins > SPINS_MOST && !a->connections_busy ? SPIN_MS : 1;
}

void admin_turn(struct admin *a)
{
    MHD_UNSIGNED_LONG_LONG ms;
    a->resumed = false;
    MHD_run(a->mhd);
    if (a->resumed) /* by a handler, for another request */
        deadline_set(&a->timer, 0);
    else if (MHD_get_timeout(a->mhd, &ms) == MHD_YES)
        deadline_set(&a->timer, pause_of(a, ms));
    else
        deadline_stop(&a->timer);
}

static void readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    admin_turn(poll->data);
}

static void timed_out(struct deadline *timer)
{
    admin_turn(timer->data);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **state)
{
    (void)version;
    if (!*state) { /* the headers */
        *state = admin_connection_known(connection) ? admin_request_new(cls, connection) : NULL;
        if (*state)
            admin_connection_begun(cls, connection);
        return *state ? admin_request_begin(*state, url) : MHD_NO;
    }
    if (*upload_size) {
        admin_request_arrives(*state, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    return admin_request_turn(*state, method, url);
}

/* Called with what is asked for before its arguments are taken apart: what libmicrohttpd has no memory for would get no
 * answer. Too many are cut away here, and the request is refused when it has arrived. Its value is the first *state. */
static void *asked(void *cls, const char *uri, struct MHD_Connection *connection)
{
    char *query = strchr(uri, '?');
    size_t count = 1;
    (void)cls;
    for (const char *at = query; at; count++)
        at = strchr(at + 1, '&');
    if (query && count > ADMIN_ARGUMENTS_MAX + 1) {
        query[1] = '\0'; /* in libmicrohttpd's memory of the connection */
        admin_connection_note(connection, FAULT_ARGUMENTS);
    }
    return NULL;
}

/* Of paths and arguments. What stands behind a NUL would be lost, and another thing be meant than was said. */
static size_t unescape(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    if (strstr(text, "%00"))
        admin_connection_note(connection, FAULT_NUL);
    return MHD_http_unescape(text);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode how)
{
    (void)how;
    if (*state) {
        admin_connection_done(cls, connection);
        admin_request_completed(*state);
    }
    *state = NULL;
}

/* ---- life ---- */

static void admin_free(struct admin *a)
{
    free(a->tables);
    free(a);
}

void admin_handle_closed(struct admin *a)
{
    if (--a->handles)
        return;
    void (*closed)(void *) = a->closed;
    void *data = a->data;
    admin_free(a);
    if (closed)
        closed(data);
}

static void poll_closed(uv_handle_t *handle)
{
    admin_handle_closed(handle->data);
}

static void timer_closed(struct deadline *timer)
{
    admin_handle_closed(timer->data);
}

static int read_tokens(struct admin *a, struct error *err)
{
    if (!a->o.read_token_file && !a->o.write_token_file && !a->loopback)
        return error_set(err, ERR_INVALID,
                         "to listen on %s, which is not loopback, a token is needed: name its file with "
                         "`tokens: { read: FILE }` in mpijobd.yaml, or listen on 127.0.0.1",
                         a->o.listen);
    return admin_tokens_open(a, err);
}

static int start(struct admin *a, const struct sockaddr_storage *address, struct error *err)
{
    int fd = admin_listen(address, a->o.listen, err);
    if (fd < 0)
        return fd;
    admin_url_of(fd, a->tls ? "https" : "http", a->url, sizeof a->url);
    struct MHD_OptionItem tls[ADMIN_TLS_OPTIONS];
    admin_tls_options(a, tls);
    unsigned flags =
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET | (a->tls ? (unsigned)MHD_USE_TLS : 0);
    a->mhd =
        MHD_start_daemon(flags, 0, NULL, NULL, on_request, a, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MOST,
                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_NOTIFY_COMPLETED,
                         on_completed, a, MHD_OPTION_NOTIFY_CONNECTION, admin_connection_notify, a,
                         MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_URI_LOG_CALLBACK, asked, NULL,
                         MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    if (!a->mhd) {
        close(fd);
        return error_nomem(err);
    }
    a->listener = fd;
    return 0;
}

/* The kernel may take either of them into epoll no more. */
static int poll_both(struct admin *a, struct error *err)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(a->mhd, MHD_DAEMON_INFO_EPOLL_FD);
    a->poll.data = a->accepts.data = a;
    int rc = uv_poll_init(a->loop, &a->poll, info->epoll_fd);
    if (!rc) {
        a->handles = 1;
        rc = uv_poll_init(a->loop, &a->accepts, a->listener);
    }
    if (!rc)
        return 0;
    MHD_stop_daemon(a->mhd);
    close(a->listener);
    return error_set(err, ERR_LIMIT, "cannot listen on %s: %s; see fs.epoll.max_user_watches (sysctl)", a->o.listen,
                     uv_strerror(rc));
}

int admin_open(uv_loop_t *loop, const struct admin_options *options, struct admin **out, struct error *err)
{
    struct sockaddr_storage address;
    struct admin *a = calloc(1, sizeof *a);
    if (!a)
        return error_nomem(err);
    a->o = *options;
    a->loop = loop;
    int rc = admin_address(options->listen, &address, &a->loopback, err);
    if (!rc)
        rc = admin_add(a, admin_pages, a, err);
    if (!rc)
        rc = read_tokens(a, err);
    if (!rc)
        rc = admin_tls_open(a, err);
    if (!rc)
        rc = start(a, &address, err);
    if (!rc)
        rc = poll_both(a, err);
    if (rc) {
        admin_tokens_close(a);
        admin_tls_close(a);
        if (a->handles)
            uv_close((uv_handle_t *)&a->poll, poll_closed);
        else
            admin_free(a);
        return rc;
    }
    uv_poll_start(&a->poll, UV_READABLE, readable);
    deadline_init(loop, &a->timer, timed_out, a);
    uv_unref((uv_handle_t *)&a->poll);
    uv_unref((uv_handle_t *)&a->timer.timer);
    a->handles = 2;
    admin_connections_start(a);
    admin_tokens_watch(a);
    admin_tls_watch(a);
    admin_turn(a);
    *out = a;
    return 0;
}

const char *admin_url(const struct admin *a)
{
    return a->url;
}

void admin_close(struct admin *a, void (*closed)(void *data), void *data)
{
    a->closed = closed;
    a->data = data;
    while (a->requests) /* libmicrohttpd does not end while one is suspended */
        admin_request_give_up(a->requests);
    struct admin_request *r;
    DL_FOREACH(a->streams, r)
    {
        admin_stream_end(r);
    }
    uv_poll_stop(&a->poll);
    MHD_stop_daemon(a->mhd);
    admin_connections_stop(a);
    admin_tokens_close(a);
    admin_tls_close(a);
    uv_close((uv_handle_t *)&a->poll, poll_closed);
    deadline_close(&a->timer, timer_closed);
}
