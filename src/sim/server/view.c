/* SPDX-License-Identifier: Apache-2.0 */
/* Objects on their way out: version, whole or metadata only, compact or indented. */
#include "sim/server/view.h"

#include "sim/server/object.h"
#include "sim/server/status.h"

#include <stdlib.h>
#include <string.h>

void view_prefix(const struct exchange *x, struct buf *out)
{
    const struct resource *r = x->res;
    if (!resource_is_custom(r)) { /* Go writes the members of built-in types in the order of their fields */
        buf_puts(out, "{\"kind\":\"");
        buf_puts(out, r->name);
        buf_puts(out, "\",\"apiVersion\":\"");
    } else {
        buf_puts(out, "{\"apiVersion\":\"");
    }
    if (*r->group) {
        buf_puts(out, r->group);
        buf_putc(out, '/');
    }
    buf_puts(out, x->version);
    if (resource_is_custom(r)) {
        buf_puts(out, "\",\"kind\":\"");
        buf_puts(out, r->name);
    }
    buf_puts(out, "\",");
}

static void add_view(struct exchange *x, const char *text, size_t len, const struct marks *m, struct buf *out,
                     bool in_list)
{
    if (x->shape == SHAPE_PARTIAL) {
        buf_puts(out, "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":");
        buf_add(out, text + m->meta, m->meta_len);
        buf_putc(out, '}');
        return;
    }
    if (in_list && !resource_is_custom(x->res))
        buf_putc(out, '{');
    else
        view_prefix(x, out);
    buf_add(out, text, len);
}

void view_text(struct exchange *x, const char *text, size_t len, const struct marks *marks, struct buf *out)
{
    add_view(x, text, len, marks, out, false);
}

/* Whether the stored bytes can go out as they are. If not, *doc may become what goes out instead. */
static bool same_in_this_version(struct exchange *x, struct revision *rev, json_object **doc)
{
    int v = x->mpijob_version;
    if (v < 0 || x->res->sibling)
        return x->res->sibling || !object_converts(x);
    if ((v == x->sim->stored_as && !x->sim->restored) || rev->view[v] == VIEW_SAME)
        return true;
    if (rev->view[v] == VIEW_PRUNED)
        return false;
    *doc = object_read(x, rev);
    return rev->view[v] == VIEW_SAME;
}

void view_revision(struct exchange *x, struct revision *rev, struct buf *out, bool in_list)
{
    json_object *doc = NULL;
    if (x->shape == SHAPE_PARTIAL || same_in_this_version(x, rev, &doc)) {
        add_view(x, rev->text, rev->len, &rev->marks, out, in_list);
    } else {
        struct buf text = BUF_INIT;
        struct marks marks;
        if (!doc)
            doc = object_read(x, rev);
        object_write_doc(doc, &text, &marks);
        add_view(x, text.ptr, text.len, &marks, out, in_list);
        buf_free(&text);
    }
    json_object_put(doc);
}

void respond_object(struct exchange *x, int code, struct revision *rev)
{
    buf_reset(&x->resp->body);
    buf_reserve(&x->resp->body, rev->len + 128u);
    view_revision(x, rev, &x->resp->body, false);
    respond_json(x, code);
}

void respond_text(struct exchange *x, int code, const struct buf *text, const struct marks *marks)
{
    buf_reset(&x->resp->body);
    view_text(x, text->ptr, text->len, marks, &x->resp->body);
    respond_json(x, code);
}

/* ---- Accept */

static bool parameter_is(const char *clause, size_t len, const char *name, const char *value)
{
    size_t n = strlen(name), m = strlen(value);
    for (size_t i = 0; i < len; i++) {
        if (clause[i] != ';')
            continue;
        size_t at = i + 1;
        while (at < len && clause[at] == ' ')
            at++;
        if (at + n + 1 <= len && strncmp(clause + at, name, n) == 0 && clause[at + n] == '=') {
            size_t end = at + n + 1;
            while (end < len && clause[end] != ';' && clause[end] != ' ')
                end++;
            return *value == 0 || (end - at - n - 1 == m && strncmp(clause + at + n + 1, value, m) == 0);
        }
    }
    return false;
}

static bool clause_fits(const struct exchange *x, const char *c, size_t len, enum shape *shape)
{
    size_t type = 0;
    while (type < len && c[type] != ';' && c[type] != ' ')
        type++;
    bool json = (type == 16 && strncmp(c, "application/json", 16) == 0) || (type == 3 && strncmp(c, "*/*", 3) == 0) ||
                (type == 13 && strncmp(c, "application/*", 13) == 0) || type == 0;
    *shape = SHAPE_WHOLE;
    if (!json || !parameter_is(c, len, "as", ""))
        return json;
    if (!parameter_is(c, len, "g", "meta.k8s.io") || !parameter_is(c, len, "v", "v1"))
        return false;
    bool one = x->verb == VERB_GET || x->verb == VERB_WATCH || x->verb == VERB_CREATE || x->verb == VERB_UPDATE ||
               x->verb == VERB_PATCH;
    if (parameter_is(c, len, "as", one ? "PartialObjectMetadata" : "PartialObjectMetadataList"))
        *shape = SHAPE_PARTIAL;
    else if (parameter_is(c, len, "as", "Table") &&
             (x->verb == VERB_GET || x->verb == VERB_LIST || x->verb == VERB_WATCH))
        *shape = SHAPE_TABLE;
    else
        return false;
    return true;
}

int view_negotiate(struct exchange *x)
{
    const char *accept = x->req->accept;
    if (!accept || !*accept)
        return 0;
    while (*accept) {
        size_t len = strcspn(accept, ",");
        while (len && *accept == ' ') {
            accept++;
            len--;
        }
        if (clause_fits(x, accept, len, &x->shape))
            return 0;
        accept += len;
        if (*accept == ',')
            accept++;
    }
    x->pretty = true;
    return fail_with(x, 406, "NotAcceptable", NULL, NULL,
                     "only the following media types are accepted: application/json, application/yaml, "
                     "application/vnd.kubernetes.protobuf");
}
