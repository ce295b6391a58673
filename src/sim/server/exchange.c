/* SPDX-License-Identifier: Apache-2.0 */
/* One request taken apart, and the simple forms of its answer. */
#include "sim/server/exchange.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* In place. A NUL in the middle ends the text. */
static void decode(char *s, bool query)
{
    char *to = s;
    for (; *s; s++) {
        if (*s == '%' && hex(s[1]) >= 0 && hex(s[2]) >= 0) {
            *to++ = (char)(hex(s[1]) * 16 + hex(s[2]));
            s += 2;
        } else {
            *to++ = query && *s == '+' ? ' ' : *s;
        }
    }
    *to = 0;
}

void exchange_split(struct exchange *x)
{
    x->scratch = sim_strdup(x->req->target);
    char *query = strchr(x->scratch, '?');
    if (query)
        *query++ = 0;
    char *save = NULL;
    for (char *s = strtok_r(x->scratch, "/", &save); s; s = strtok_r(NULL, "/", &save)) {
        if (x->segments < SEGMENTS_MAX)
            x->segment[x->segments++] = s;
        decode(s, false);
    }
    save = NULL;
    for (char *p = query ? strtok_r(query, "&", &save) : NULL; p; p = strtok_r(NULL, "&", &save)) {
        if (x->parameters == PARAMETERS_MAX)
            break;
        char *value = strchr(p, '=');
        if (value)
            *value++ = 0;
        else
            value = p + strlen(p);
        decode(p, true);
        decode(value, true);
        x->parameter[x->parameters].name = p;
        x->parameter[x->parameters++].value = value;
    }
}

void exchange_free(struct exchange *x)
{
    free(x->scratch);
}

const char *param(const struct exchange *x, const char *name)
{
    for (size_t i = 0; i < x->parameters; i++)
        if (strcmp(x->parameter[i].name, name) == 0)
            return x->parameter[i].value;
    return NULL;
}

bool param_true(const struct exchange *x, const char *name)
{
    const char *v = param(x, name);
    return v && *v && strcmp(v, "0") != 0 && strcmp(v, "false") != 0;
}

bool media_type_is(const char *given, const char *wanted)
{
    size_t n = strlen(wanted);
    return given && strncmp(given, wanted, n) == 0 && (given[n] == 0 || given[n] == ';' || given[n] == ' ');
}

struct finding {
    const char *wanted, *found;
};

static void look(void *data, const char *name, const char *value)
{
    struct finding *f = data;
    if (!f->found && strcasecmp(name, f->wanted) == 0)
        f->found = value;
}

const char *request_header(const struct sim_request *req, const char *name)
{
    struct finding f = {.wanted = name};
    if (req->each_header)
        req->each_header(req->owner, look, &f);
    return f.found;
}

const struct schema *schema_of(const struct exchange *x)
{
    if (x->res->schema)
        return x->sim->kind_schema[x->res->kind];
    return x->mpijob_version < 0 ? NULL : x->res->sibling ? x->sim->sibling_schema : x->sim->schema[x->mpijob_version];
}

/* ---- answers */

void sim_response_header(struct sim_response *resp, const char *name, const char *value)
{
    resp->headers = sim_realloc(resp->headers, (resp->header_count + 1) * sizeof *resp->headers);
    resp->headers[resp->header_count++] = (struct sim_header){sim_strdup(name), sim_strdup(value)};
}

void warn(struct exchange *x, const char *text)
{
    struct buf b = BUF_INIT;
    buf_puts(&b, "299 - \"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_putc(&b, '\\');
        buf_putc(&b, (unsigned char)*text < 0x20 ? ' ' : *text);
    }
    buf_putc(&b, '"');
    sim_response_header(x->resp, "Warning", b.ptr);
    buf_free(&b);
}

void respond_json(struct exchange *x, int code)
{
    struct buf *body = &x->resp->body;
    x->resp->status = code;
    if (!x->pretty) {
        buf_putc(body, '\n');
        return;
    }
    struct buf wide = BUF_INIT;
    doc_write_pretty(&wide, body->ptr, body->len);
    buf_free(body);
    *body = wide;
}

void respond_plain(struct exchange *x, int code, const char *text)
{
    x->resp->status = code;
    x->resp->content_type = "text/plain; charset=utf-8";
    buf_reset(&x->resp->body);
    buf_puts(&x->resp->body, text);
}
