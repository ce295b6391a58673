/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that answers, step by step as its script says. */
#include "http_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static void must(bool good, const char *what)
{
    if (!good) {
        perror(what);
        abort();
    }
}

static int listen_anywhere(uint16_t *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0, "socket");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    must(bind(fd, (struct sockaddr *)&address, sizeof address) == 0, "bind");
    must(getsockname(fd, (struct sockaddr *)&address, &len) == 0, "getsockname");
    *port = ntohs(address.sin_port);
    return fd;
}

uint16_t peer_dead_port(void)
{
    uint16_t port;
    close(listen_anywhere(&port));
    return port;
}

static ssize_t receive(struct peer_conn *conn, void *bytes, size_t n)
{
    if (conn->rest_len) {
        size_t have = conn->rest_len < n ? conn->rest_len : n;
        memcpy(bytes, conn->rest, have);
        conn->rest += have;
        conn->rest_len -= have;
        return (ssize_t)have;
    }
    if (conn->ssl)
        return SSL_read(conn->ssl, bytes, (int)n);
    return recv(conn->fd, bytes, n, 0);
}

size_t peer_read(struct peer_conn *conn, void *bytes, size_t n)
{
    size_t have = 0;
    while (have < n) {
        ssize_t got = receive(conn, (char *)bytes + have, n - have);
        if (got <= 0)
            break;
        have += (size_t)got;
    }
    return have;
}

void peer_write(struct peer_conn *conn, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n) {
        ssize_t sent = conn->ssl ? SSL_write(conn->ssl, at, (int)n) : send(conn->fd, at, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* the client has gone: the script will see it when it reads */
        at += sent;
        n -= (size_t)sent;
    }
}

void peer_puts(struct peer_conn *conn, const char *text)
{
    peer_write(conn, text, strlen(text));
}

void peer_answer(struct peer_conn *conn, const char *status, const char *headers, const char *body)
{
    char text[8192];
    snprintf(text, sizeof text, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status, headers, strlen(body), body);
    peer_puts(conn, text);
}

static const char *find_header(const struct peer_conn *conn, const char *name)
{
    size_t n = strlen(name);
    for (const char *line = strstr(conn->head, "\r\n"); line && line[2]; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, n) == 0 && line[2 + n] == ':')
            return line + 2;
    }
    return NULL;
}

bool peer_header_name(const struct peer_conn *conn, const char *name)
{
    return find_header(conn, name) != NULL;
}

bool peer_header(const struct peer_conn *conn, const char *line)
{
    char text[512];
    snprintf(text, sizeof text, "\r\n%s\r\n", line);
    return strstr(conn->head, text) != NULL;
}

bool peer_request(struct peer_conn *conn)
{
    static _Thread_local char buffer[PEER_HEAD_MAX];
    size_t have = 0;
    char *end = NULL;
    conn->rest_len = 0;
    while (!end) {
        ssize_t got = receive(conn, buffer + have, sizeof buffer - 1 - have);
        if (got <= 0)
            return false;
        have += (size_t)got;
        buffer[have] = '\0';
        end = strstr(buffer, "\r\n\r\n");
    }
    size_t head = (size_t)(end - buffer) + 4;
    memcpy(conn->head, buffer, head);
    conn->head[head] = '\0';
    conn->rest = buffer + head;
    conn->rest_len = have - head;
    const char *length = find_header(conn, "Content-Length");
    size_t left = length ? strtoul(length + strlen("Content-Length:"), NULL, 10) : 0;
    for (conn->body_len = 0; left;) {
        char sink[8192];
        size_t got = peer_read(conn, sink, left < sizeof sink ? left : sizeof sink);
        if (got == 0)
            return false;
        conn->body_len += got;
        left -= got;
    }
    conn->requests++;
    conn->peer->requests++;
    return true;
}

void peer_wait_gone(struct peer_conn *conn)
{
    char sink[4096];
    while (receive(conn, sink, sizeof sink) > 0) {
    }
}

void peer_reset(struct peer_conn *conn)
{
    const struct linger now = {.l_onoff = 1};
    setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void peer_serve_ok(struct peer_conn *conn)
{
    while (peer_request(conn))
        peer_answer(conn, "200 OK", "Content-Type: text/plain\r\n", "ok");
}

static bool shake_hands(struct peer_conn *conn, SSL_CTX *tls)
{
    conn->ssl = SSL_new(tls);
    must(conn->ssl && SSL_set_fd(conn->ssl, conn->fd), "SSL_new");
    if (SSL_accept(conn->ssl) != 1)
        return false;
    conn->peer->handshakes++;
    return true;
}

static void *serve(void *data)
{
    struct peer_conn *conn = data;
    struct peer *peer = conn->peer;
    SSL_CTX *tls = peer->tls;
    if (!tls || shake_hands(conn, tls))
        peer->script(conn);
    SSL_free(conn->ssl);
    pthread_mutex_lock(
        &peer->lock); /* peer_stop shuts down what is open, and must not hit a number that is used again */
    close(conn->fd);
    conn->fd = -1;
    pthread_mutex_unlock(&peer->lock);
    return NULL;
}

static void *accept_all(void *data)
{
    struct peer *peer = data;
    for (unsigned n = 0; n < PEER_CONNECTIONS_MAX; n++) {
        int fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            return NULL;
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct peer_conn *conn = &peer->conns[n];
        pthread_mutex_lock(&peer->lock);
        *conn = (struct peer_conn){.peer = peer, .fd = fd, .number = n, .started = true};
        peer->connections++;
        must(pthread_create(&conn->thread, NULL, serve, conn) == 0, "pthread_create");
        pthread_mutex_unlock(&peer->lock);
    }
    return NULL;
}

void peer_start(struct peer *peer, void (*script)(struct peer_conn *), SSL_CTX *tls, void *data)
{
    memset(peer, 0, sizeof *peer);
    signal(SIGPIPE, SIG_IGN);
    peer->script = script;
    peer->data = data;
    peer->tls = tls;
    pthread_mutex_init(&peer->lock, NULL);
    peer->listener = listen_anywhere(&peer->port);
    must(listen(peer->listener, 64) == 0, "listen");
    must(pthread_create(&peer->thread, NULL, accept_all, peer) == 0, "pthread_create");
}

void peer_stop(struct peer *peer)
{
    shutdown(peer->listener, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    close(peer->listener);
    pthread_mutex_lock(&peer->lock);
    for (unsigned i = 0; i < PEER_CONNECTIONS_MAX; i++) {
        if (peer->conns[i].started && peer->conns[i].fd >= 0)
            shutdown(peer->conns[i].fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&peer->lock);
    for (unsigned i = 0; i < PEER_CONNECTIONS_MAX; i++) {
        if (peer->conns[i].started)
            pthread_join(peer->conns[i].thread, NULL);
    }
    pthread_mutex_destroy(&peer->lock);
}
