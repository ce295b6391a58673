/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of routes: which handler a request belongs to, and whether who asks may have it. */
#include <stdlib.h>
#include <string.h>

#include "admin/admin_parts.h"

struct found {
    const struct admin_route *route; /* NULL: none of this method */
    const struct admin_route *path;  /* the first of this path, whatever its method; NULL: there is no such path */
    void *data;                      /* the route's */
};

/* "/api/v1/runs/{id}" and "/api/v1/runs/12". */
static bool fits(const char *pattern, const char *path)
{
    while (*pattern && *path) {
        size_t len = strcspn(path, "/");
        if (*pattern == '{') {
            if (!len)
                return false;
            pattern += strcspn(pattern, "}") + 1;
            path += len;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return !*pattern && !*path;
}

static struct found find(const struct admin *a, const char *method, const char *path)
{
    struct found f = {0};
    if (strcmp(method, "HEAD") == 0) /* libmicrohttpd leaves the body out */
        method = "GET";
    for (size_t i = 0; i < a->table_count && !f.route; i++) {
        for (const struct admin_route *r = a->tables[i].routes; r->path && !f.route; r++) {
            if (!fits(r->path, path))
                continue;
            f.path = f.path ? f.path : r;
            if (strcmp(r->method, method) == 0)
                f = (struct found){r, f.path, a->tables[i].data};
        }
    }
    return f;
}

int admin_add(struct admin *a, const struct admin_route *routes, void *data, struct error *err)
{
    for (const struct admin_route *r = routes; r->path; r++) {
        if (find(a, r->method, r->path).route) /* of a pattern, too: it fits itself */
            return error_set(err, ERR_INVALID, "there are two routes %s %s", r->method, r->path);
    }
    struct admin_table *tables = realloc(a->tables, (a->table_count + 1) * sizeof *tables);
    if (!tables)
        return error_nomem(err);
    tables[a->table_count++] = (struct admin_table){routes, data};
    a->tables = tables;
    return 0;
}

/* ---- who may ---- */

/* Without a token of their own for it, everyone on this machine may read. */
static bool reads_freely(const struct admin *a)
{
    return a->loopback && !admin_has_token(a, TOKEN_READ);
}

/* 0: it may; else the status that says no. */
static unsigned refused(const struct admin *a, const struct admin_request *r, enum admin_access access)
{
    if (access == ADMIN_ANYONE || (access == ADMIN_READER && (r->token || reads_freely(a))))
        return 0;
    if (access == ADMIN_WRITER && (r->token == TOKEN_READ || !admin_has_token(a, TOKEN_WRITE)))
        return MHD_HTTP_FORBIDDEN;
    return access == ADMIN_WRITER && r->token == TOKEN_WRITE ? 0 : MHD_HTTP_UNAUTHORIZED;
}

bool admin_request_may(const struct admin_request *r, enum admin_access access)
{
    return !refused(r->a, r, access);
}

static void refuse(const struct admin *a, struct admin_request *r, unsigned status)
{
    const char *reason = error_reason(ERR_REFUSED);
    const char *given = admin_request_header(r, MHD_HTTP_HEADER_AUTHORIZATION);
    if (status == MHD_HTTP_UNAUTHORIZED) {
        admin_request_set(r, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
        admin_problem(r, status, reason,
                      admin_bears_token(given)
                          ? "the token that was sent is not in force: it is mistyped, or its file has another one now"
                          : "a token is needed: Authorization: Bearer TOKEN");
    } else if (admin_has_token(a, TOKEN_WRITE)) {
        admin_problem(r, status, reason,
                      "this token may only read; acting needs the one of `tokens.write` in mpijobd.yaml");
    } else {
        admin_problem(r, status, reason,
                      "this needs a token to act: name its file with `tokens: { write: FILE }` in mpijobd.yaml");
    }
}

/* ---- answers without a handler ---- */

static void not_found(const struct admin *a, struct admin_request *r)
{
    struct buf body = BUF_INIT;
    const char *last = "";
    bool api = false;
    if (admin_request_of_api(r)) {
        admin_problem(r, MHD_HTTP_NOT_FOUND, error_reason(ERR_NOT_FOUND),
                      "there is no such path; /api/v1/openapi.json describes those there are");
        return;
    }
    buf_puts(&body, "there is no such page; there are");
    for (size_t i = 0, n = 0; i < a->table_count; i++) {
        for (const struct admin_route *row = a->tables[i].routes; row->path; row++) {
            bool of_api = strncmp(row->path, "/api/", 5) == 0;
            api = api || of_api;
            if (!of_api && strcmp(row->path, last) != 0) /* methods of one path stand together */
                buf_printf(&body, "%s %s", n++ ? "," : "", row->path);
            last = row->path;
        }
    }
    buf_puts(&body, api ? ", and what begins with /api/v1/\n" : "\n");
    admin_answer(r, MHD_HTTP_NOT_FOUND, ADMIN_TEXT, &body);
}

static void wrong_method(const struct admin *a, struct admin_request *r)
{
    struct buf allow = BUF_INIT, body = BUF_INIT;
    for (size_t i = 0; i < a->table_count; i++) {
        for (const struct admin_route *row = a->tables[i].routes; row->path; row++) {
            if (fits(row->path, r->path))
                buf_printf(&allow, "%s%s%s", allow.len ? ", " : "", row->method,
                           strcmp(row->method, "GET") == 0 ? ", HEAD" : "");
        }
    }
    buf_printf(&body, "%s takes %s only", r->path, allow.ptr ? allow.ptr : "");
    admin_request_set(r, MHD_HTTP_HEADER_ALLOW, allow.ptr);
    if (allow.failed || body.failed)
        admin_answer(r, MHD_HTTP_METHOD_NOT_ALLOWED, ADMIN_TEXT, &(struct buf){.failed = ERR_NOMEM});
    else
        admin_problem(r, MHD_HTTP_METHOD_NOT_ALLOWED, error_reason(ERR_INVALID), body.ptr);
    buf_free(&body);
    buf_free(&allow);
}

/* What was read of the body is all of it, or it is too long. */
static void body_failed(struct admin_request *r)
{
    if (r->body.failed == ERR_LIMIT)
        admin_problem(r, MHD_HTTP_CONTENT_TOO_LARGE, error_reason(ERR_LIMIT), "a body may have 65536 bytes at most");
    else
        admin_answer(r, MHD_HTTP_SERVICE_UNAVAILABLE, ADMIN_TEXT, &(struct buf){.failed = ERR_NOMEM});
}

void admin_dispatch(struct admin *a, struct admin_request *r, const char *method)
{
    struct found f = find(a, method, r->path);
    r->route = f.route;
    r->token = admin_token_of(a, admin_request_header(r, MHD_HTTP_HEADER_AUTHORIZATION));
    const char *stranger = admin_stranger(a, r);
    /* Who may not read does not learn which pages there are. */
    enum admin_access access = f.route ? f.route->access : f.path ? f.path->access : ADMIN_READER;
    unsigned status = stranger ? MHD_HTTP_FORBIDDEN : refused(a, r, access);
    if (stranger)
        admin_problem(r, status, error_reason(ERR_REFUSED), stranger);
    else if (status)
        refuse(a, r, status);
    else if (admin_connection_fault(r->connection) == FAULT_NUL)
        admin_problem(r, MHD_HTTP_BAD_REQUEST, error_reason(ERR_INVALID), "the path or the query holds a NUL (%00)");
    else if (admin_connection_fault(r->connection) == FAULT_ARGUMENTS)
        admin_problem(r, MHD_HTTP_URI_TOO_LONG, error_reason(ERR_LIMIT), "a query may have 32 arguments at most");
    else if (!f.path)
        not_found(a, r);
    else if (!f.route)
        wrong_method(a, r);
    else if (r->body.failed)
        body_failed(r);
    else
        f.route->handle(f.data, r);
}
