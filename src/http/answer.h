/* SPDX-License-Identifier: Apache-2.0 */
/* From headers and body to a struct http_answer. */
#ifndef MPIJOBD_HTTP_ANSWER_H
#define MPIJOBD_HTTP_ANSWER_H

#include "http/headers.h"

/* The texts of all Warning headers: one piece of memory for the array and the texts. */
struct warnings {
    const char *const *texts; /* NULL-terminated, never NULL once read */
    void *memory;
};

int warnings_read(struct warnings *warnings, const struct answer_headers *headers); /* 0 or ERR_NOMEM */
void warnings_free(struct warnings *warnings);

/* Milliseconds from a Retry-After, -1: none, or it makes no sense. A date is taken relative to `date` (the answer's own
 * Date, seconds; our clock may be wrong), or to our clock where that is 0. */
int64_t retry_after_read(const char *value, int64_t date);

/* Seconds since 1970 of an HTTP date, 0: none. */
int64_t http_date_read(const char *value);

/* The Content-Length, or -1: none or none that counts (Transfer-Encoding). */
int64_t content_length_read(const struct answer_headers *headers);

#endif
