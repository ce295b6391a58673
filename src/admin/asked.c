/* SPDX-License-Identifier: Apache-2.0 */
/* What a request asks for, and the answers that say what is wrong with it. */
#include <stdio.h>
#include <string.h>

#include "admin/admin_parts.h"
#include "base/visible.h"
#include "json/write.h"

/* ---- what is asked ---- */

bool admin_request_of_api(const struct admin_request *r)
{
    return strncmp(r->path, "/api/", 5) == 0;
}

const char *admin_request_header(const struct admin_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

bool admin_request_argument(const struct admin_request *r, const char *name)
{
    return MHD_lookup_connection_value_n(r->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), NULL, NULL) ==
           MHD_YES;
}

struct str admin_request_body(const struct admin_request *r)
{
    return buf_str(&r->body);
}

const char *admin_request_who(const struct admin_request *r)
{
    static const char *const names[] = {
        [TOKEN_NONE] = "anyone", [TOKEN_READ] = "token:read", [TOKEN_WRITE] = "token:write"};
    return names[r->token];
}

/* The part of the path that stands where the pattern has that name. */
bool admin_request_part(const struct admin_request *r, const char *name, char *out, size_t size)
{
    const char *pattern = r->route ? r->route->path : "", *path = r->path;
    size_t n = strlen(name);
    *out = '\0';
    while (*pattern && *path) {
        size_t len = strcspn(path, "/");
        if (*pattern != '{') { /* they are the same here */
            pattern++;
            path++;
            continue;
        }
        bool is = strncmp(pattern + 1, name, n) == 0 && pattern[n + 1] == '}';
        if (is && len < size) {
            memcpy(out, path, len);
            out[len] = '\0';
        }
        if (is)
            return len < size;
        pattern += strcspn(pattern, "}") + 1;
        path += len;
    }
    return false;
}

struct visiting {
    bool (*visit)(void *data, const char *name, const char *value);
    void *data;
    bool good;
};

static bool is_clean(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len && text[at]) {
        uint32_t c;
        size_t n = visible_next(str_n(text + at, len - at), &c);
        if (c == 0xFFFD && n == 1)
            return false;
        at += n;
    }
    return at == len;
}

static enum MHD_Result argument(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                const char *value, size_t value_len)
{
    struct visiting *v = cls;
    (void)kind;
    v->good = v->good && name && is_clean(name, name_len) && (!value || is_clean(value, value_len)) &&
              v->visit(v->data, name, value ? value : "");
    return v->good ? MHD_YES : MHD_NO;
}

bool admin_request_query(const struct admin_request *r, bool (*visit)(void *data, const char *name, const char *value),
                         void *data)
{
    struct visiting v = {visit, data, true};
    MHD_get_connection_values_n(r->connection, MHD_GET_ARGUMENT_KIND, argument, &v);
    return v.good;
}

/* ---- what is wrong ---- */

void admin_say(struct admin_request *r, unsigned status, const char *text)
{
    struct buf body = BUF_INIT;
    buf_puts(&body, text);
    admin_answer(r, status, ADMIN_TEXT, &body);
}

static const char *title(unsigned status)
{
    const char *text = MHD_get_reason_phrase_for(status);
    return text ? text : "Error";
}

void admin_problem(struct admin_request *r, unsigned status, const char *reason, const char *detail)
{
    struct buf body = BUF_INIT;
    if (!admin_request_of_api(r)) {
        buf_printf(&body, "%s\n", detail);
        admin_answer(r, status, ADMIN_TEXT, &body);
        return;
    }
    buf_printf(&body,
               "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,\"reason\":\"%s\",\"detail\":", title(status),
               status, reason);
    json_quote(&body, str_of(detail));
    buf_puts(&body, ",\"instance\":");
    json_quote(&body, str_of(r->path));
    buf_puts(&body, "}\n");
    admin_answer(r, status, ADMIN_PROBLEM, &body);
}
