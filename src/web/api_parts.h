/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of web share. */
#ifndef MPIJOBD_WEB_API_PARTS_H
#define MPIJOBD_WEB_API_PARTS_H

#include "admin/admin.h"
#include "control/control.h"
#include "web/api.h"
#include "web/api_events.h"
#include "web/held_samples.h"
#include "json/write.h"

struct web {
    struct control *control; /* NULL: the daemon starts, or is being stopped */
    bool stopped;
    struct events events;
    struct held_samples held;
};
/* False: it has answered that it does not serve now. */
bool web_serves(const struct web *web, struct admin_request *r);

/* ---- arguments.c: what a request has to say ---- */

enum field_kind {
    FIELD_TEXT,   /* of 1 to FIELD_TEXT_MAX characters, without NUL */
    FIELD_JOB,    /* the same, as NAMESPACE/NAME */
    FIELD_KIND,   /* the same, or KIND/NAMESPACE/NAME */
    FIELD_PLACE,  /* a text of 1 to FIELD_PLACE_MAX bytes */
    FIELD_NUMBER, /* a whole number from 0 */
    FIELD_LIMIT,  /* the same, 1 to PAGE_MOST */
    FIELD_BOOL,   /* true or false */
};
struct field {
    const char *name; /* NULL ends a table */
    enum field_kind kind;
    bool needed;
};
#define FIELD_TEXT_MAX 253
#define FIELD_PLACE_MAX 639
#define FIELD_BYTES (4 * FIELD_TEXT_MAX + 1) /* in UTF-8, with the NUL behind it */
#define PAGE_DEFAULT 100
#define PAGE_MOST 1000

/* Writes what the query has into the args, a member each. 0; ERR_INVALID: another argument, one that stands twice, a
 * bad value, or one that is needed and is not there. */
int query_read(const struct admin_request *r, const struct field *fields, struct json_writer *args, struct error *err);
/* The same of a JSON object as the body; an empty body is an empty object. ERR_INVALID, ERR_SYNTAX. */
int query_read_body(const struct admin_request *r, const struct field *fields, struct json_writer *args,
                    struct error *err);

/* ---- as_verb.c: a request as a verb ---- */

struct ask_form {
    const char *verb;
    const struct field *fields; /* of the query of a GET, or of the body of a POST; NULL: it takes none */
    const char *part;           /* of the path, which is an argument of the same name; NULL: none */
    bool number;                /* that part is one */
    bool acts;
    const char *type; /* of the answer; NULL: JSON */
    /* Writes the answer; NULL: the result as it is. The result has been parsed. ERR_NOT_FOUND and others: the answer is
     * a problem. */
    int (*form)(const struct admin_request *r, struct json result, struct buf *out, struct error *err);
};
void ask_verb(struct web *web, struct admin_request *r, const struct ask_form *form);
/* The answer that an error is. */
void web_fail(struct admin_request *r, const struct error *err);

/* ---- tables, one a file ---- */

extern const struct admin_route policy_routes[], approval_routes[], daemon_routes[], journal_routes[], event_routes[],
    dashboard_routes[], jobs_routes[], held_routes[]; /* data: the struct web */

#endif
