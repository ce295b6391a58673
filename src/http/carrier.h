/* SPDX-License-Identifier: Apache-2.0 */
/* A client without a network: its requests go to a carrier within this program, which answers them. For `mpijobd test`,
 * whose cluster is no server. All else of a request is the same: deadlines, limits, streams, cancelling, its `done`.
 *
 * `begin` is called from the loop, never from within http_send. The carrier answers then or later, by
 *     http_carried_head(r, "Content-Type", "application/json")   any number of headers
 *     http_carried_status(r, 200)                                the head is complete
 *     http_carried_body(r, bytes, n)                             any number of times; false: no more is wanted
 *     http_carried_over(r, 0)                                    the answer is complete; r is gone when this returns
 * `end` is called where the request ends otherwise (cancelled, timed out): r is gone when that returns. */
#ifndef MPIJOBD_HTTP_CARRIER_H
#define MPIJOBD_HTTP_CARRIER_H

#include "http/http.h"

struct http_carrier { /* outlives the clients that use it */
    void (*begin)(void *data, struct http_request *request);
    void (*end)(void *data, struct http_request *request);
    void *data;
};

const char *http_carried_method(const struct http_request *request);
const char *http_carried_target(const struct http_request *request); /* path and query */
/* The value of a header that was sent, or NULL. Any case. */
const char *http_carried_sent(const struct http_request *request, const char *name);
struct str http_carried_sent_body(const struct http_request *request);

/* 0, ERR_NOMEM or ERR_LIMIT; then the request ends soon with that error. */
int http_carried_head(struct http_request *request, const char *name, const char *value);
void http_carried_status(struct http_request *request, int status);
bool http_carried_body(struct http_request *request, const char *bytes, size_t n);
/* code: 0, or why there is no (whole) answer: ERR_UNREACHABLE (the connection was lost), ERR_NOMEM. */
void http_carried_over(struct http_request *request, int code);

#endif
