#include "admin/admin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop/timer.h"

#define IDLE_SECONDS 30
#define CONNECTIONS_MAX 64
#define TOKEN_MAX 4096

struct admin {
    struct admin_options o;
    struct buf token; /* secret; empty: none is asked for */
    struct MHD_Daemon *mhd;
    uv_poll_t poll;
    struct deadline timer;
    int handles;
    char url[96];
    void (*closed)(void *data);
    void *data;
};

/* ---- libmicrohttpd on the loop ---- */

static void turn(struct admin *a)
{
    MHD_UNSIGNED_LONG_LONG ms;
    MHD_run(a->mhd);
    if (MHD_get_timeout(a->mhd, &ms) == MHD_YES)
        deadline_set(&a->timer, ms);
    else
        deadline_stop(&a->timer);
}

static void readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    turn(poll->data);
}

static void timed_out(struct deadline *timer)
{
    turn(timer->data);
}

/* ---- answers ---- */

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type, struct buf *body)
{
    size_t len = body->len;
    char *text = buf_take(body, NULL);
    if (!text)
        return MHD_NO; /* the connection is closed */
    struct MHD_Response *r = MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
    if (!r) {
        free(text);
        return MHD_NO;
    }
    MHD_add_response_header(r, "Content-Type", type);
    MHD_add_response_header(r, "Cache-Control", "no-store");
    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    if (status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(r, "WWW-Authenticate", "Bearer");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(r, "Allow", "GET, HEAD");
    enum MHD_Result result = MHD_queue_response(connection, status, r);
    MHD_destroy_response(r);
    return result;
}

static enum MHD_Result say(struct MHD_Connection *connection, unsigned status, const char *text)
{
    struct buf body = BUF_INIT;
    buf_puts(&body, text);
    return answer(connection, status, "text/plain; charset=utf-8", &body);
}

static enum MHD_Result show_metrics(struct admin *a, struct MHD_Connection *connection)
{
    struct buf body = BUF_INIT;
    metrics_write(a->o.metrics, &body);
    return answer(connection, MHD_HTTP_OK, METRICS_CONTENT_TYPE, &body);
}

static enum MHD_Result show_ready(struct admin *a, struct MHD_Connection *connection)
{
    struct buf body = BUF_INIT;
    if (a->o.missing)
        a->o.missing(a->o.data, &body);
    bool ready = !body.len && !body.failed;
    if (ready)
        buf_puts(&body, "ok\n");
    return answer(connection, ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", &body);
}

/* The time does not depend on where the first difference is. */
static bool same(struct str a, struct str b)
{
    unsigned char differ = a.len != b.len;
    for (size_t i = 0; i < a.len && i < b.len; i++)
        differ |= (unsigned char)(a.ptr[i] ^ b.ptr[i]);
    return !differ;
}

static bool allowed(const struct admin *a, struct MHD_Connection *connection)
{
    const char *given = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    if (!a->token.len)
        return true;
    return given && strncmp(given, "Bearer ", 7) == 0 && same(str_trim(buf_str(&a->token)), str_of(given + 7));
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **state)
{
    struct admin *a = cls;
    (void)version;
    (void)upload;
    if (!*state) { /* the headers; what is sent along is let pass */
        *state = a;
        return MHD_YES;
    }
    if (*upload_size) {
        *upload_size = 0;
        return MHD_YES;
    }
    if (strcmp(url, "/livez") == 0) /* tells nothing, and probes have no token */
        return say(connection, MHD_HTTP_OK, "ok\n");
    if (!allowed(a, connection))
        return say(connection, MHD_HTTP_UNAUTHORIZED, "a token is asked for: Authorization: Bearer TOKEN\n");
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET only\n");
    if (strcmp(url, "/metrics") == 0)
        return show_metrics(a, connection);
    if (strcmp(url, "/readyz") == 0)
        return show_ready(a, connection);
    return say(connection, MHD_HTTP_NOT_FOUND, "there is /metrics, /livez and /readyz\n");
}

/* ---- life ---- */

static void admin_free(struct admin *a)
{
    buf_free(&a->token);
    free(a);
}

static void handle_closed(struct admin *a)
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
    handle_closed(handle->data);
}

static void timer_closed(struct deadline *timer)
{
    handle_closed(timer->data);
}

/* A socket of our own: libmicrohttpd does not say why it could not listen. */
static int listen_on(const struct sockaddr_storage *address, const char *text, struct error *err)
{
    int on = 1, fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t len = address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, (const struct sockaddr *)address, len) == 0 && listen(fd, 64) == 0)
        return fd;
    int why = errno;
    if (fd >= 0)
        close(fd);
    error_set(err, ERR_IO, "%s cannot be listened on: %s%s", text, strerror(why),
              why == EADDRINUSE ? "; is another mpijobd running? `listen:` in mpijobd.yaml names another address" : "");
    return ERR_IO;
}

static void tell_url(struct admin *a, int fd)
{
    struct sockaddr_storage is;
    socklen_t len = sizeof is;
    char host[INET6_ADDRSTRLEN] = "";
    getsockname(fd, (struct sockaddr *)&is, &len);
    if (is.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&is;
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
        snprintf(a->url, sizeof a->url, "http://[%s]:%u", host, ntohs(v6->sin6_port));
    } else {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&is;
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
        snprintf(a->url, sizeof a->url, "http://%s:%u", host, ntohs(v4->sin_port));
    }
}

static int read_token(struct admin *a, bool loopback, struct error *err)
{
    const char *file = a->o.token_file;
    if (!file && !loopback)
        return error_set(err, ERR_INVALID,
                         "to listen on %s, which is not loopback, a token is needed: name its file with "
                         "`listen_token_file:` in mpijobd.yaml, or listen on 127.0.0.1",
                         a->o.listen);
    if (!file)
        return 0;
    a->token.secret = true;
    int rc = buf_read_file(&a->token, file, TOKEN_MAX, err);
    if (!rc && !str_trim(buf_str(&a->token)).len)
        rc = error_set(err, ERR_INVALID, "%s is empty; it has to hold a token", file);
    return rc;
}

int admin_open(uv_loop_t *loop, const struct admin_options *options, struct admin **out, struct error *err)
{
    struct sockaddr_storage address;
    bool loopback;
    int rc = admin_address(options->listen, &address, &loopback, err), fd = -1;
    if (rc)
        return rc;
    struct admin *a = calloc(1, sizeof *a);
    if (!a)
        return error_nomem(err);
    a->o = *options;
    rc = read_token(a, loopback, err);
    if (!rc && (fd = listen_on(&address, options->listen, err)) < 0)
        rc = ERR_IO;
    if (!rc) {
        tell_url(a, fd);
        a->mhd = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, a, MHD_OPTION_LISTEN_SOCKET, fd,
                                  MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
                                  (unsigned)IDLE_SECONDS, MHD_OPTION_END);
        if (!a->mhd) /* it has closed the socket */
            rc = error_nomem(err);
    }
    if (rc) {
        admin_free(a);
        return rc;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(a->mhd, MHD_DAEMON_INFO_EPOLL_FD);
    a->poll.data = a;
    uv_poll_init(loop, &a->poll, info->epoll_fd);
    uv_poll_start(&a->poll, UV_READABLE, readable);
    deadline_init(loop, &a->timer, timed_out, a);
    uv_unref((uv_handle_t *)&a->poll);
    uv_unref((uv_handle_t *)&a->timer.timer);
    a->handles = 2;
    turn(a);
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
    uv_poll_stop(&a->poll);
    MHD_stop_daemon(a->mhd);
    uv_close((uv_handle_t *)&a->poll, poll_closed);
    deadline_close(&a->timer, timer_closed);
}
