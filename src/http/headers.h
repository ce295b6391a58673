/* SPDX-License-Identifier: Apache-2.0 */
/* Headers: those of a request as libcurl wants them, and those of an answer as they come in. */
#ifndef MPIJOBD_HTTP_HEADERS_H
#define MPIJOBD_HTTP_HEADERS_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "http/http.h"

/* A request's: one piece of memory, wiped when it is freed. */
struct header_lines {
    struct curl_slist *first; /* NULL: none */
    void *memory;
    size_t size;
};

/* Those of the call, then `ours` (ends at a NULL name; a value of NULL keeps libcurl from sending that header). A
 * header that the call has itself is left out of `ours`. ERR_INVALID where a name is no token, or a value would begin
 * another line; ERR_NOMEM. */
int header_lines_build(struct header_lines *lines, const struct http_header *headers, const struct http_header *ours,
                       struct error *err);
void header_lines_free(struct header_lines *lines);

/* An answer's, kept as "name\0value\0" one after the other. */
#define ANSWER_HEADERS_MAX (256u * 1024)
struct answer_headers {
    struct buf text;
    bool complete; /* what comes now is trailers, or a new answer after a 1xx */
};

void answer_headers_init(struct answer_headers *headers);
void answer_headers_free(struct answer_headers *headers);
/* One line as libcurl gives it, the status line and the empty line at the end included. 0, ERR_NOMEM or ERR_LIMIT. */
int answer_headers_line(struct answer_headers *headers, const char *line, size_t n);
/* The value of the next header of that name (any case) after `previous` (a value returned before, or NULL for the
 * first), or NULL. */
const char *answer_headers_find(const struct answer_headers *headers, const char *name, const char *previous);

#endif
