/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a request: its media type, its JSON, its kind and version, and what is said of unknown fields. */
#include "sim/write/body.h"

#include "sim/server/status.h"
#include "sim/write/protobuf.h"

#include <stdlib.h>
#include <string.h>

static int check_type(struct exchange *x)
{
    if (x->req->too_large)
        return fail_with(x, 413, "RequestEntityTooLarge", NULL, NULL, "Request entity too large: limit is %d",
                         SIM_BODY_MAX);
    const char *type = x->req->content_type;
    if (!type || !*type || media_type_is(type, "application/json"))
        return 0;
    return fail_with(
        x, 415, "UnsupportedMediaType", NULL, NULL,
        "the body of the request was in an unknown format - accepted media types include: application/json, "
        "application/yaml, application/vnd.kubernetes.protobuf");
}

static int check_version(struct exchange *x, json_object *doc)
{
    const struct resource *r = x->res;
    const char *given = doc_str(doc, "apiVersion");
    char *wanted = *r->group ? sim_format("%s/%s", r->group, x->version) : sim_strdup(x->version);
    int result = 0;
    if (strcmp(given ? given : "", wanted) != 0)
        result = fail_bad_request(x, "the API version in the data (%s) does not match the expected API version (%s)",
                                  given ? given : "", wanted);
    free(wanted);
    return result;
}

/* What is missing in the body of a built-in kind, the server knows from the path. */
static void default_kind(struct exchange *x, json_object *doc)
{
    if (schema_of(x))
        return;
    if (!doc_get(doc, "kind"))
        doc_set_str(doc, "kind", x->res->name);
    if (!doc_get(doc, "apiVersion")) {
        char *version = *x->res->group ? sim_format("%s/%s", x->res->group, x->version) : sim_strdup(x->version);
        doc_set_str(doc, "apiVersion", version);
        free(version);
    }
}

int body_read(struct exchange *x, struct body *b)
{
    *b = (struct body){0};
    if (!x->req->too_large && protobuf_wanted(x)) {
        b->doc = protobuf_read(x);
        if (!b->doc)
            return fail_bad_request(x, "error decoding: the body is no protobuf of a known form");
        default_kind(x, b->doc);
        return 0;
    }
    if (check_type(x))
        return -1;
    struct doc_reading r = {.duplicates = &b->duplicates};
    b->doc = doc_read(x->req->body, x->req->body_len, &r);
    b->whole_float = r.whole_float;
    if (r.error) {
        fail_bad_request(x, "error decoding: json parse error: %s", r.error);
        free(r.error);
        return -1;
    }
    if (!json_object_is_type(b->doc, json_type_object))
        return fail_bad_request(
            x, "couldn't get version/kind; json parse error: json: cannot unmarshal into Go value of type "
               "struct { APIVersion string; Kind string }");
    default_kind(x, b->doc);
    if (!doc_str(b->doc, "kind") || !*doc_str(b->doc, "kind"))
        return fail_bad_request(x, "Object 'Kind' is missing in '%.*s'",
                                (int)(x->req->body_len > 200 ? 200 : x->req->body_len), x->req->body);
    return check_version(x, b->doc);
}

static void join(struct buf *out, const struct doc_findings *f)
{
    for (size_t i = 0; i < f->count; i++) {
        if (out->len)
            buf_puts(out, ", ");
        buf_puts(out, f->item[i]);
    }
}

static void warn_all(struct exchange *x, const struct doc_findings *f)
{
    for (size_t i = 0; i < f->count; i++)
        warn(x, f->item[i]);
}

int body_report(struct exchange *x, struct body *b, json_object *patched)
{
    if (x->validation == VALIDATE_IGNORE || (!b->duplicates.count && !b->unknown.count))
        return 0;
    if (x->validation == VALIDATE_WARN) {
        warn_all(x, &b->duplicates);
        warn_all(x, &b->unknown);
        return 0;
    }
    struct buf all = BUF_INIT;
    join(&all, &b->duplicates);
    join(&all, &b->unknown);
    const char *kind = x->res->name;
    if (patched) {
        struct buf text = BUF_INIT;
        doc_write(&text, patched);
        fail_invalid(x, kind, x->name, "FieldValueInvalid", "patch", "Invalid value: \"%s\": strict decoding error: %s",
                     text.ptr, all.ptr);
        buf_free(&text);
    } else {
        fail_bad_request(x, "%s in version \"%s\" cannot be handled as a %s: strict decoding error: %s", kind,
                         x->version, kind, all.ptr);
    }
    buf_free(&all);
    return -1;
}

void body_free(struct body *b)
{
    json_object_put(b->doc);
    findings_free(&b->duplicates);
    findings_free(&b->unknown);
}
