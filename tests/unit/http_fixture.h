/* SPDX-License-Identifier: Apache-2.0 */
/* A client on a loop of its own, and calls that are waited for. */
#ifndef MPIJOBD_TESTS_HTTP_FIXTURE_H
#define MPIJOBD_TESTS_HTTP_FIXTURE_H

#include "http/http.h"
#include "http_peer.h"

struct fixture {
    uv_loop_t loop;
    struct http_client *client;
    int closed;
    struct error err;
};

/* One call and what became of it. */
struct exchange {
    struct fixture *fixture;
    struct http_request *request;
    int calls; /* of done */
    struct error err;
    int code; /* err.code, 0: an answer */
    int status;
    char body[65536];
    size_t body_len;
    bool sent;
    char warnings[4][256];
    size_t warning_count;
    int64_t retry_after_ms, date;
    char type[128], server[128]; /* Content-Type and the header X-Test */
    bool has_server;
    void (*then)(struct exchange *); /* called at the end of done */
    void *data;
};

void fixture_open(struct fixture *fixture, const struct http_config *config);
void fixture_close(struct fixture *fixture); /* asserts that nothing is left on the loop */

/* "http://127.0.0.1:PORT/path"; in memory that the next 8 calls leave alone. */
const char *peer_url(const struct peer *peer, const char *scheme, const char *path);

void exchange_send(struct fixture *fixture, struct exchange *exchange, const struct http_call *call);
void exchange_wait(struct exchange *exchange);
/* send and wait */
void exchange_run(struct fixture *fixture, struct exchange *exchange, const struct http_call *call);
void get(struct fixture *fixture, struct exchange *exchange, const char *url);
/* From here on all threads allocate from one heap, the one that heap_count reads. Call it before
 * any thread is started: a thread that finds the heap busy would open another one. */
void heap_is_one(void);
/* How often the bytes stand in this process's heap; -1: it cannot be looked at here (a
 * sanitizer's heap is elsewhere). */
int heap_count(const void *bytes, size_t n);
void fixture_wait(struct fixture *fixture, const int *counter, int value);

#endif
