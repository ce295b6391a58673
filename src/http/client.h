/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the floor: what client, glue, request, transfer and failure share. */
#ifndef MPIJOBD_HTTP_CLIENT_H
#define MPIJOBD_HTTP_CLIENT_H

#include <curl/curl.h>
#include <sys/queue.h>

#include "http/carrier.h"
#include "http/headers.h"
#include "http/http.h"
#include "http/tls.h"
#include "http/url.h"
#include "loop/timer.h"

#define CLIENT_CONNECTIONS 16
#define CLIENT_CONNECT_TIMEOUT_MS 10000
#define CLIENT_UNSENT_MS 30000
#define CLIENT_BODY_MAX ((size_t)64 << 20)
#define CLIENT_TIMEOUT_MS 30000
/* kube-apiserver closes after 90 s; a connection that it is just closing loses a PUT's answer. */
#define CLIENT_IDLE_MOST_S 60

TAILQ_HEAD(http_requests, http_request);

struct http_client {
    uv_loop_t *loop;
    const struct http_carrier *carrier; /* answers instead of a server; NULL: none. There is no multi then */
    CURLM *multi;
    struct deadline timer; /* libcurl's */
    uv_idle_t turn;        /* runs `work` and what libcurl wants at once in the loop's next turn */
    bool due;              /* libcurl asked for 0 ms */
    bool broken;     /* the multi must not be used any more: see glue.c; NULL where there was no memory for another */
    unsigned inside; /* libcurl is calling us: add and remove are forbidden now */
    struct tls *tls;
    struct tls_wait roots;        /* for the system's CAs: requests with `waits` */
    const struct error *distrust; /* why they cannot be read; NULL: they can, or were not asked for */

    struct http_requests requests; /* all whose `done` has not been called */
    struct http_requests work;     /* those of them to be added or ended in the next turn */
    size_t work_count;

    char *proxy, *user_agent, *server_name;
    long connections;
    uint64_t connect_timeout_ms, unsent_ms;
    size_t body_max;
    bool insecure;
    bool sent;        /* a request was: there may be connections */
    uint64_t sent_at; /* the first one; the loop's milliseconds */
    const struct log *log;
    const char *(*forbids)(const void *guard, const struct sockaddr *address); /* NULL: nothing is forbidden */
    const void *guard;

    bool closing, shut;
    size_t held; /* what must be gone before the memory may go: handles of libuv, requests, TLS material */
    void (*closed)(void *data);
    void *data;
};

struct http_request {
    struct http_client *client;
    TAILQ_ENTRY(http_request) in_requests, in_work;
    bool queued;    /* in client->work */
    bool added;     /* in client->multi */
    bool ended;     /* `done` is being called, or has been */
    bool cancelled; /* to be ended with ERR_CANCELLED */
    bool carried;   /* the carrier has it */
    bool waits;     /* for the system's CAs: it is queued when they are there */
    CURL *easy;     /* NULL: where there is a carrier */
    int status;     /* of the carrier's answer */

    char *method, *shown_url;
    bool veiled;         /* the URL holds a secret: nothing of it is shown but shown_url */
    const char *refusal; /* why an address was not connected to; NULL: none was */
    char refused[64];    /* that address */
    struct url url;
    struct header_lines headers;
    struct curl_slist connect_to; /* of server_name; data NULL: not used */
    char *body;
    size_t body_len;
    bool bulk;
    bool (*may_leave)(void *data);
    void (*on_begin)(void *data);
    bool (*on_data)(void *data, const char *bytes, size_t n);
    void (*done)(void *data, const struct http_answer *answer, const struct error *err);
    void *data;

    struct deadline timer;
    uint64_t started, ends, heard; /* the loop's milliseconds; ends UINT64_MAX: never; heard: the last byte's */
    uint64_t timeout_ms, silence_ms;

    unsigned sends; /* how often it was about to go out on a connection */
    struct answer_headers head;
    struct buf answer;
    uint64_t received; /* bytes of the answer's body */
    int failure;       /* why a callback stopped libcurl: ERR_NOMEM, ERR_LIMIT, ERR_CANCELLED, ERR_UNREACHABLE; 0.
                          ERR_INVALID: the client's `distrust` */
    char detail[CURL_ERROR_SIZE];
};

/* --- client.c --- */
void client_hold(struct http_client *client);
void client_release(struct http_client *client); /* frees the client with the last */
void client_queue(struct http_client *client, struct http_request *request);
void client_wake(struct http_client *client); /* has the turn run */

/* --- glue.c --- */
int glue_attach(struct http_client *client); /* makes the multi handle and the timer: 0 or ERR_NOMEM */
void glue_detach(struct http_client *client);
void glue_renew(struct http_client *client); /* a fresh multi for one that is broken and holds no request any more */
void glue_act(struct http_client *client, curl_socket_t fd, int events); /* then ends what is finished */

/* --- http_request.c --- */
void request_work(struct http_request *request);
/* libcurl is through with it. */
void request_finished(struct http_request *request, CURLcode result);

/* --- transfer.c: one request as libcurl's options, and libcurl's callbacks --- */
int transfer_prepare(struct http_request *request);
struct http_request *transfer_request(CURL *easy); /* or NULL: a handle of libcurl's own */
int transfer_status(const struct http_request *request);
/* Bytes of the answer's body have come: n, or another number where no more is wanted. */
size_t transfer_take(struct http_request *request, const char *bytes, size_t n);

/* --- carrier.c --- */
void carried_begin(struct http_request *request);
void carried_end(struct http_request *request); /* tells the carrier, if it still has it */

/* --- failure.c --- */
void failure_describe(const struct http_request *request, CURLcode result, struct error *err);
void failure_timeout(const struct http_request *request, struct error *err);
void failure_cancelled(const struct http_request *request, struct error *err);
/* ERR_PROTOCOL. length: what Content-Length promised; -1: nothing. */
int failure_cut_short(const struct http_request *request, int64_t length, struct error *err);

#endif
