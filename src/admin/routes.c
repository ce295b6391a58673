/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of routes: which handler a request belongs to, and whether who asks may have it. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin/admin_parts.h"

struct found {
    const struct admin_route *route; /* NULL: none of this method */
    const struct admin_route *path;  /* the first of this path, whatever its method; NULL: there is no such path */
    void *data;                      /* the route's */
};

static struct found find(const struct admin *a, const char *method, const char *path)
{
    struct found f = {0};
    if (strcmp(method, "HEAD") == 0) /* libmicrohttpd leaves the body out */
        method = "GET";
    for (size_t i = 0; i < a->table_count && !f.route; i++) {
        for (const struct admin_route *r = a->tables[i].routes; r->path && !f.route; r++) {
            if (strcmp(r->path, path) != 0)
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
        if (find(a, r->method, r->path).route)
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

/* The time does not depend on where the first difference is. */
static bool same(struct str a, struct str b)
{
    unsigned char differ = a.len != b.len;
    for (size_t i = 0; i < a.len && i < b.len; i++)
        differ |= (unsigned char)(a.ptr[i] ^ b.ptr[i]);
    return !differ;
}

/* Whether an Authority is an IP address or localhost, with a port or without. */
static bool is_address(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    char name[64];
    size_t len = *host == '[' ? strcspn(host, "]") : strcspn(host, ":");
    const char *rest = host + len + (host[0] == '[' && host[len]);
    if (len >= sizeof name || (*rest && (*rest != ':' || rest[1 + strspn(rest + 1, "0123456789")])))
        return false;
    memcpy(name, host, len);
    name[len] = '\0';
    return strcasecmp(name, "localhost") == 0 || inet_pton(AF_INET, name, address) == 1 ||
           (name[0] == '[' && host[len] == ']' && inet_pton(AF_INET6, name + 1, address) == 1);
}

/* A stranger's page can have its own name lead to loopback, and then read what is there; it cannot send our token, nor
 * choose the Host. What sends none is no browser. */
static bool is_stranger(const struct admin *a, const struct admin_request *r)
{
    const char *host = admin_request_header(r, MHD_HTTP_HEADER_HOST);
    return !a->token.len && host && !is_address(host);
}

/* 0: it may; else the status that says no. */
static unsigned refused(const struct admin *a, const struct admin_request *r, enum admin_access access)
{
    const char *given = admin_request_header(r, MHD_HTTP_HEADER_AUTHORIZATION);
    if (access == ADMIN_ANYONE)
        return 0;
    if (!a->token.len)
        return access == ADMIN_READER ? 0 : MHD_HTTP_FORBIDDEN;
    bool good = given && strncmp(given, "Bearer ", 7) == 0 && same(str_trim(buf_str(&a->token)), str_of(given + 7));
    return good ? 0 : MHD_HTTP_UNAUTHORIZED;
}

static void refuse(struct admin_request *r, unsigned status)
{
    if (status == MHD_HTTP_UNAUTHORIZED) {
        admin_request_set(r, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
        admin_say(r, status, "a token is needed: Authorization: Bearer TOKEN\n");
    } else {
        admin_say(r, status, "this needs a token: name its file with `listen_token_file:` in mpijobd.yaml\n");
    }
}

/* ---- answers without a handler ---- */

static void not_found(const struct admin *a, struct admin_request *r)
{
    struct buf body = BUF_INIT;
    const char *last = "";
    buf_puts(&body, "there is no such page; there are");
    for (size_t i = 0, n = 0; i < a->table_count; i++) {
        for (const struct admin_route *row = a->tables[i].routes; row->path; row++) {
            if (strcmp(row->path, last) != 0) /* methods of one path stand together */
                buf_printf(&body, "%s %s", n++ ? "," : "", row->path);
            last = row->path;
        }
    }
    buf_putc(&body, '\n');
    admin_answer(r, MHD_HTTP_NOT_FOUND, ADMIN_TEXT, &body);
}

static void wrong_method(const struct admin *a, struct admin_request *r, const char *path)
{
    struct buf allow = BUF_INIT, body = BUF_INIT;
    for (size_t i = 0; i < a->table_count; i++) {
        for (const struct admin_route *row = a->tables[i].routes; row->path; row++) {
            if (strcmp(row->path, path) == 0)
                buf_printf(&allow, "%s%s%s", allow.len ? ", " : "", row->method,
                           strcmp(row->method, "GET") == 0 ? ", HEAD" : "");
        }
    }
    buf_printf(&body, "%s takes %s only\n", path, allow.ptr ? allow.ptr : "");
    if (allow.failed)
        body.failed = allow.failed;
    admin_request_set(r, MHD_HTTP_HEADER_ALLOW, allow.ptr);
    admin_answer(r, MHD_HTTP_METHOD_NOT_ALLOWED, ADMIN_TEXT, &body);
    buf_free(&allow);
}

void admin_dispatch(struct admin *a, struct admin_request *r, const char *method, const char *path)
{
    struct found f = find(a, method, path);
    if (is_stranger(a, r)) {
        admin_say(
            r, MHD_HTTP_FORBIDDEN,
            "this is asked for by an IP address or as localhost; for other names a token is needed: name its file "
            "with `listen_token_file:` in mpijobd.yaml\n");
        return;
    }
    /* Who may not read does not learn which pages there are. */
    enum admin_access access = f.route ? f.route->access : f.path ? f.path->access : ADMIN_READER;
    unsigned status = refused(a, r, access);
    if (status)
        refuse(r, status);
    else if (f.route)
        f.route->handle(f.data, r);
    else if (f.path)
        wrong_method(a, r, path);
    else
        not_found(a, r);
}
