/* SPDX-License-Identifier: Apache-2.0 */
/* A scripted HTTP server for tests: each connection runs the script on a thread of its own, in plain blocking steps.
 * Its port is the system's choice, and nothing waits for time to pass. It does not allocate, so that tests with failing
 * allocations may use it. */
#ifndef MPIJOBD_TESTS_HTTP_PEER_H
#define MPIJOBD_TESTS_HTTP_PEER_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEER_CONNECTIONS_MAX 64
#define PEER_HEAD_MAX 16384

struct peer;

struct peer_conn {
    struct peer *peer;
    int fd;
    SSL *ssl;
    unsigned number;          /* 0: the first that was accepted */
    unsigned requests;        /* read on this connection */
    char head[PEER_HEAD_MAX]; /* of the request that was read last, NUL-terminated */
    size_t body_len;
    char *rest; /* bytes after the head that were read with it */
    size_t rest_len;
    pthread_t thread;
    bool started;
};

struct peer {
    uint16_t port;
    void *data; /* the script's */
    void (*script)(struct peer_conn *conn);
    atomic_uint connections, requests, handshakes;
    _Atomic(SSL_CTX *) tls; /* NULL: plain. May be exchanged while it runs: the next connection uses the new one */
    int listener;
    pthread_t thread;
    pthread_mutex_t lock;
    struct peer_conn conns[PEER_CONNECTIONS_MAX];
};

void peer_start(struct peer *peer, void (*script)(struct peer_conn *), SSL_CTX *tls, void *data);
void peer_stop(struct peer *peer); /* cuts what is open, joins all threads */

/* --- for scripts --- */
bool peer_request(struct peer_conn *conn); /* reads one request with its body; false: the client went away */
void peer_write(struct peer_conn *conn, const void *bytes, size_t n);
void peer_puts(struct peer_conn *conn, const char *text);
void peer_answer(struct peer_conn *conn, const char *status, const char *headers, const char *body);
size_t peer_read(struct peer_conn *conn, void *bytes, size_t n); /* exactly n, or fewer at the end */
void peer_wait_gone(struct peer_conn *conn);                     /* until the client closes */
void peer_reset(struct peer_conn *conn);                         /* a TCP reset instead of an end */
bool peer_header(const struct peer_conn *conn,
                 const char *line); /* is "Name: value" among the request's headers, as it stands? */
bool peer_header_name(const struct peer_conn *conn, const char *name);

/* Ready-made: answers every request with 200 and "ok", keeping the connection. */
void peer_serve_ok(struct peer_conn *conn);

/* A port of 127.0.0.1 that nobody listens on. */
uint16_t peer_dead_port(void);

#endif
