/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that are a Status. The fail_ functions fill the response and return -1, so that callers can write
 * `return fail_...`. */
#ifndef SIM_SERVER_STATUS_H
#define SIM_SERVER_STATUS_H
#include "sim/server/exchange.h"

struct details {
    const char *name, *group, *kind, *uid;
    int retry_after; /* seconds; 0: it is not said */
    bool empty;      /* "details":{} */
};
struct cause {
    const char *reason, *message, *field;
    const struct cause *next; /* the next one; or NULL */
};
int fail_with(struct exchange *x, int code, const char *reason, const struct details *d, const struct cause *c,
              const char *fmt, ...) __attribute__((format(printf, 6, 7)));
int fail_bad_request(struct exchange *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int fail_not_found(struct exchange *x, const char *name);
int fail_conflict(struct exchange *x, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* 422 about an object. The message ends in "FIELD: " and what fmt says. */
int fail_invalid(struct exchange *x, const char *kind, const char *name, const char *cause, const char *field,
                 const char *fmt, ...) __attribute__((format(printf, 6, 7)));
int fail_options(struct exchange *x, const char *kind, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5))); /* 422 about CreateOptions, ListOptions and so on */
/* 422 about an object with all of these problems, which are freed. by: the webhook that refuses; or NULL. */
int fail_problems(struct exchange *x, const char *name, const char *by, struct schema_problems *list);
int fail_plain_404(struct exchange *x);
int fail_method(struct exchange *x, const char *verb);
/* Adds a Status to out. Whatever is NULL is left out. */
void status_write(struct buf *out, int code, const char *reason, const char *message, const struct details *d,
                  const struct cause *c, const char *continue_token);
char *resource_label(const struct resource *r);               /* "mpijobs.kubeflow.org" or "pods". To be freed */
char *kind_label(const struct exchange *x, const char *kind); /* "MPIJob.kubeflow.org". To be freed */
#endif
