/* SPDX-License-Identifier: Apache-2.0 */
/* One request to a web server, from veiled texts to its answer: secrets are read on another thread, redirects followed.
 *
 * A request for a script goes to the hosts of http.allow only, and to no address of outside/address.h; each redirect is
 * checked in the same way. To another origin (scheme, host, port) no Authorization, no Cookie and no header that holds
 * a secret goes along, and no body; and none leads from https to http. */
#ifndef MPIJOBD_OUTSIDE_WEB_H
#define MPIJOBD_OUTSIDE_WEB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct outside;
struct web_request;

#define WEB_REDIRECTS_MAX 5
#define WEB_HEADERS_MAX 64
#define WEB_TIMEOUT_MS 30000 /* of the whole, where none is given */
#define WEB_TIMEOUT_MAX_MS 300000

struct web_header {
    struct str name, value; /* the value is veiled */
};

struct web_answer {
    int status;
    struct str body;        /* valid during `done` */
    const char *headers;    /* "name\0value\0", ends at an empty name; names as they came */
    int64_t retry_after_ms; /* -1: none */
    int redirects;          /* how many were followed */
};

/* Exactly one of answer and err is NULL. What err says is veiled. */
typedef void (*web_done)(void *data, const struct web_answer *answer, const struct error *err);

struct web_call { /* copied */
    const char *method;
    struct str url; /* veiled */
    const struct web_header *headers;
    size_t header_count;
    struct str body; /* plain bytes; or veiled */
    bool body_veiled;
    struct str user, password; /* of basic authentication, veiled; user.ptr NULL: none */
    uint64_t timeout_ms;       /* 0: WEB_TIMEOUT_MS */
    size_t body_max;           /* of the answer; 0: 8 MiB */
    bool trusted;              /* the configuration names the server: any host and address, and no redirect */
    bool no_redirects;         /* a 3xx is the answer */
    const char *policy;        /* for the metrics */
    web_done done;             /* called once, never from within web_start */
    void *data;
};

/* 0, ERR_INVALID, ERR_REFUSED, ERR_LIMIT, ERR_CANCELLED or ERR_NOMEM: then done is not called. What depends on a
 * secret's value comes in done. */
int web_start(struct outside *outside, const struct web_call *call, struct web_request **request, struct error *err);
void web_cancel(struct web_request *request); /* done comes soon, with ERR_CANCELLED */
void web_cancel_all(struct outside *outside);

#endif
