/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP requests on the loop: libcurl's multi interface driven by libuv, no thread of its own (the name resolver's
 * threads are libcurl's). One client a server and purpose; watches get a client of their own (`stream`), because a
 * request that waits for a connection would not run libcurl's own timeout.
 *
 * A request ends in exactly one call of `done`, never from within http_send or http_cancel themselves (both defer it to
 * the loop). Redirects are not followed: a 3xx is given as the answer. TLS verification is on unless the configuration
 * says otherwise. */
#ifndef MPIJOBD_HTTP_HTTP_H
#define MPIJOBD_HTTP_HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"

struct http_tls {
    /* Each as PEM text or as a file's path (text wins). Empty: none. Without a CA the system's are read, on a worker,
     * when the first connection by TLS is made (SSL_CERT_FILE, SSL_CERT_DIR). The client copies them at http_client_new
     * and wipes its copies. A path is read again when its file has changed (checked for new connections). */
    struct str ca, certificate, key;
    const char *ca_file, *certificate_file, *key_file;
    const char *server_name; /* checked in the certificate and sent as SNI instead of the URL's host; NULL: the host */
    bool insecure;           /* no verification */
};

struct http_carrier;
struct http_config {
    struct http_tls tls;
    const char *proxy;           /* NULL: HTTPS_PROXY and friends of the environment, "": none */
    const char *user_agent;      /* NULL: "mpijobd/<version>" */
    unsigned connections;        /* at once to the server; 0: 16 */
    uint64_t connect_timeout_ms; /* 0: 10,000, as in the daemon; tests make it short */
    /* The kernel gives a connection up whose bytes nobody has acknowledged for so long; until then it may still deliver
     * them, whatever has become of the request or of this program. 0: 30,000 */
    uint64_t unsent_ms;
    size_t body_max; /* of an answer that is collected; 0: 64 MiB */
    /* Called on the loop when the TLS files were looked at; changed: they are others than before, were read, and hold
     * for the requests that are sent from now on. NULL: not called. */
    void (*looked)(void *data, bool changed);
    void *data;
    const struct http_carrier *carrier; /* answers instead of a server (http/carrier.h); NULL: the network does */
    /* Asked for each address that a connection would be made to, but for a proxy's: NULL where it may be, else why not,
     * in words after "is". The request then fails with ERR_REFUSED. NULL: all addresses may be. */
    const char *(*forbids)(const void *guard, const struct sockaddr *address);
    const void *guard;
    /* Debug lines: method, URL without query secrets, status, milliseconds. Never headers or bodies. */
    const struct log *log;
};

struct http_client;
struct http_request;

/* Copies what it needs of config. ERR_INVALID (an unreadable CA, a key that does not fit its certificate: names the
 * file), ERR_NOT_FOUND, ERR_IO, ERR_LIMIT (a file), ERR_NOMEM. Reads files, which blocks. */
int http_client_new(uv_loop_t *loop, const struct http_config *config, struct http_client **client, struct error *err);

/* One more client of the same server, configured alike, with connections of its own (0: 16). It shares the TLS
 * material: what one of them identifies with or reads again, the other uses too. Each is closed by itself, in any
 * order. 0 or ERR_NOMEM. */
int http_client_beside(struct http_client *first, unsigned connections, struct http_client **client, struct error *err);

/* Shows another certificate and key (PEM) than the configuration's from now on: requests that are sent after this go
 * over connections made after it. ERR_INVALID, ERR_NOMEM: then all is as before. */
int http_client_identify(struct http_client *client, struct str certificate, struct str key, struct error *err);

/* Looks at the TLS files now; config.looked is called later. False: it has no such files. */
bool http_client_look(struct http_client *client);

/* Cancels what is under way (each `done` is called with ERR_CANCELLED), closes; `closed` when libuv holds nothing of it
 * any more. */
void http_client_close(struct http_client *client, void (*closed)(void *data), void *data);

struct http_header {
    const char *name, *value;
    bool secret; /* the copy is wiped after use */
};

struct http_answer {
    int status;
    struct str body; /* empty when it was streamed. Valid during `done` only, unless taken with http_answer_take */
    const char *content_type;    /* "" if none */
    int64_t retry_after_ms;      /* from Retry-After (seconds or an HTTP date), -1: none */
    int64_t date;                /* the Date header, seconds since 1970; 0: none */
    const char *const *warnings; /* texts of Warning headers (299 - "text" unescaped), NULL-terminated, never NULL */
    struct http_request *request;
};

/* The value of an answer's header by name (any case), or NULL. Valid during `done`. */
const char *http_answer_header(const struct http_answer *answer, const char *name);
/* All of them as "name\0value\0", ending at an empty name. Valid during `done`. */
const char *http_answer_headers(const struct http_answer *answer);
/* Takes the body over: the caller frees. NULL if empty. */
char *http_answer_take(const struct http_answer *answer, size_t *len);

#define HTTP_MORE_HEADERS 2
struct http_call {
    const char *method; /* GET, PUT, ... */
    const char *url;
    const struct http_header *headers; /* ends at a NULL name; copied */
    /* Those that `headers` lacks are sent, too: at most HTTP_MORE_HEADERS, copied. NULL: none. */
    const struct http_header *more;
    struct str body;          /* copied */
    const char *content_type; /* with a body; NULL: application/json */
    const char *shown;        /* what errors and logs say instead of the URL, which holds a secret; NULL: the URL */
    size_t body_max;          /* of the answer; 0: the client's */
    /* The whole request, waiting for a connection included; 0: 30,000. UINT64_MAX: none (streams). */
    uint64_t timeout_ms;
    uint64_t silence_ms; /* streams: no byte for so long ends it with ERR_TIMEOUT; 0: none */
    /* If set: asked when there is a connection and the first byte is about to leave. False: none leaves; done gets
     * ERR_CANCELLED, and http_request_sent says false. Must not send or cancel anything. */
    bool (*may_leave)(void *data);
    /* If set: the headers of an answer with status 200 are complete. May cancel the request. */
    void (*on_begin)(void *data);
    bool bulk; /* with on_data: there is much to come, so the pieces are larger */
    /* If set, the answer's body goes here as it arrives, for status 200 only (other bodies are collected). Returns
     * false to stop: done gets ERR_CANCELLED. */
    bool (*on_data)(void *data, const char *bytes, size_t n);
    /* Exactly one of answer and err is NULL. err->code: TIMEOUT, UNREACHABLE, LIMIT, CANCELLED, PROTOCOL (body cut
     * short), NOMEM. Its message names method and URL (no query of it is secret). `err->retryable` is set as it should
     * be; whether the request may have reached the server: http_request_sent. */
    void (*done)(void *data, const struct http_answer *answer, const struct error *err);
    void *data;
};

/* 0, or ERR_INVALID (URL, method or header), ERR_CANCELLED (the client is being closed), ERR_NOMEM: then `done` is
 * never called. */
int http_send(struct http_client *client, const struct http_call *call, struct http_request **request,
              struct error *err);

/* `done` comes soon with ERR_CANCELLED, unless it is being called already. May be called from any callback. */
void http_cancel(struct http_request *request);

/* In `done`: false where certainly nothing of the request has reached the server (no connection, name not found). */
bool http_request_sent(const struct http_request *request);

#endif
