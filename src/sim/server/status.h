/* Every answer that is a Status. They fill the response and return -1, for `return fail_...`. */
#ifndef SIM_SERVER_STATUS_H
#define SIM_SERVER_STATUS_H
#include "sim/server/exchange.h"

struct details {
    const char *name, *group, *kind, *uid;
    int retry_after;
    bool empty; /* details are there and empty */
};
struct cause {
    const char *reason, *message, *field;
};
int fail_with(struct exchange *x, int code, const char *reason, const struct details *d, const struct cause *c,
              const char *fmt, ...) __attribute__((format(printf, 6, 7)));
int fail_bad_request(struct exchange *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int fail_not_found(struct exchange *x, const char *name);
int fail_conflict(struct exchange *x, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* 422 about an object: field and the rest of "FIELD: REST". */
int fail_invalid(struct exchange *x, const char *kind, const char *name, const char *cause, const char *field,
                 const char *fmt, ...) __attribute__((format(printf, 6, 7)));
int fail_options(struct exchange *x, const char *kind, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5))); /* 422 about CreateOptions, ListOptions... */
int fail_schema(struct exchange *x, const char *name, struct schema_problem *p); /* frees what p holds */
int fail_plain_404(struct exchange *x);
int fail_method(struct exchange *x, const char *verb);
void status_write(struct buf *out, int code, const char *reason, const char *message, const struct details *d,
                  const struct cause *c, const char *continue_token);
char *resource_label(const struct resource *r);               /* "mpijobs.kubeflow.org" or "pods"; free it */
char *kind_label(const struct exchange *x, const char *kind); /* "MPIJob.kubeflow.org"; free it */
#endif
