/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong, in words for the person who has to mend it.
 *
 * Functions that can fail return 0 or a negative `enum error_code` and fill a `struct error` that the caller owns (it
 * may be NULL where the caller does not care, so it is filled by the functions here, which allow for that). No
 * allocation, so that "out of memory" can be reported too. A message names the thing (file and line, URL, field) and,
 * where there is one, the cure. Secrets never go into it. */
#ifndef MPIJOBD_BASE_ERROR_H
#define MPIJOBD_BASE_ERROR_H

#include <stdbool.h>

enum error_code {
    ERR_NOMEM = -1,       /* an allocation failed */
    ERR_SYNTAX = -2,      /* text that cannot be read: JSON, YAML, cron, Lua */
    ERR_INVALID = -3,     /* readable, but not allowed: a bad value, an unknown key */
    ERR_NOT_FOUND = -4,   /* the named thing does not exist */
    ERR_IO = -5,          /* a file or device would not do it */
    ERR_LIMIT = -6,       /* a bound was reached: of size, depth, budget, changes */
    ERR_TIMEOUT = -7,     /* the deadline passed */
    ERR_UNREACHABLE = -8, /* no connection, name or route; TLS refused */
    ERR_CANCELLED = -9,   /* given up on request: shutdown, cancel */
    ERR_HTTP = -10,       /* the server answered, with an error status: see `status` and `reason` */
    ERR_PROTOCOL = -11,   /* the server's answer makes no sense: HTML, half a JSON, an empty body */
    ERR_CONFLICT = -12,   /* 409 that tries did not resolve */
    ERR_DROPPED = -13,    /* the server said 200 and threw a value away or altered it */
    ERR_REFUSED = -14,    /* mpijobd refuses to do it: harmful, or destructive and not allowed by name */
    ERR_SCRIPT = -15,     /* a Lua error; the message holds the traceback */
};

#define ERROR_REASON_MAX 64
#define ERROR_MESSAGE_MAX 4096

struct error {
    int code;                        /* enum error_code; 0: no error */
    int status;                      /* HTTP status of the answer, 0 where there was none */
    bool retryable;                  /* the same call may succeed later */
    bool no_path;                    /* a 404 about the path itself: its version or definition is not served */
    char reason[ERROR_REASON_MAX];   /* one word: Kubernetes' own (NotFound, Conflict...) or Timeout, Unreachable,
                                        Limit, Cancelled, Dropped, Refused, Invalid, Protocol */
    char message[ERROR_MESSAGE_MAX]; /* a sentence; a longer text is cut at a character's end, with "..." */
};

/* Fills *err (if not NULL) with code, the reason that belongs to it and the message. Returns code. */
int error_set(struct error *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As error_set, with the HTTP status of the answer that is to blame. */
int error_set_status(struct error *err, int code, int status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* May the same call succeed later? Where error_set, which goes by the code alone, cannot know it. */
void error_set_retryable(struct error *err, bool retryable);

/* Puts "text: " before the message that is already there. Returns err->code. */
int error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts text behind the message that is already there. Returns err->code. */
int error_append(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The out-of-memory error. Returns ERR_NOMEM. */
int error_nomem(struct error *err);

void error_clear(struct error *err);

/* An error that outlives the call it came from, in a struct that lives long: made when there is one, since it is large.
 * kept: NULL, or what an earlier call has made. err NULL, or of code 0: nothing is kept any more (how it is freed).
 * Without memory the out-of-memory error is kept in its place. */
void error_keep(const struct error **kept, const struct error *err);

/* The one-word reason for a code, e.g. ERR_TIMEOUT: "Timeout". */
const char *error_reason(int code);

#endif
