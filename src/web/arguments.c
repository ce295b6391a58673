/* SPDX-License-Identifier: Apache-2.0 */
/* What a request has to say, by tables: an argument that is not known is told, rather than passed over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/texts.h"
#include "web/api_parts.h"

#define FIELDS_MOST 16

static int unknown(const char *name, const struct field *fields, struct error *err)
{
    const char *names[FIELDS_MOST + 1];
    size_t n = 0;
    for (const struct field *f = fields; f->name && n < FIELDS_MOST; f++)
        names[n++] = f->name;
    names[n] = NULL;
    const char *near = str_nearest(name, names);
    char known[512] = "";
    for (size_t i = 0, at = 0; i < n && at < sizeof known; i++)
        at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", i ? ", " : "", names[i]);
    return error_set(err, ERR_INVALID, "%.100s is not known here%s%s%s%s%s", name, near ? "; did you mean " : "",
                     or_empty(near), near ? "?" : "",
                     near ? " There are "
                     : n  ? "; there are "
                          : "; it takes none",
                     known);
}

static const struct field *find(const char *name, const struct field *fields)
{
    while (fields->name && strcmp(fields->name, name) != 0)
        fields++;
    return fields->name ? fields : NULL;
}

static int bad(const struct field *f, const char *what, struct error *err)
{
    return error_set(err, ERR_INVALID, "%s has to be %s", f->name, what);
}

static int check_number(const struct field *f, int64_t n, struct error *err)
{
    if (f->kind == FIELD_LIMIT && (n < 1 || n > PAGE_MOST))
        return bad(f, "a number from 1 to 1000", err);
    return n < 0 ? bad(f, "a whole number from 0", err) : 0;
}

static bool is_text(const struct field *f)
{
    return f->kind == FIELD_TEXT || f->kind == FIELD_JOB || f->kind == FIELD_KIND || f->kind == FIELD_PLACE;
}

/* 2 parts between slashes, or up to so many. */
static bool is_job(struct str text, size_t most)
{
    size_t parts = 0;
    bool empty = false;
    for (size_t at = 0; at <= text.len; parts++) {
        const char *slash = at < text.len ? memchr(text.ptr + at, '/', text.len - at) : NULL;
        size_t end = slash ? (size_t)(slash - text.ptr) : text.len;
        empty = empty || end == at;
        at = end + 1;
    }
    return parts >= 2 && parts <= most && !empty;
}

static int check_text(const struct field *f, struct str text, struct error *err)
{
    size_t characters = 0;
    for (size_t i = 0; i < text.len; i++)
        characters += (text.ptr[i] & 0xC0) != 0x80;
    if (f->kind == FIELD_PLACE)
        return text.len && text.len <= FIELD_PLACE_MAX ? 0 : bad(f, "the `next` of the page before", err);
    bool good = characters && characters <= FIELD_TEXT_MAX && !memchr(text.ptr, '\0', text.len);
    if (good && f->kind == FIELD_JOB && !is_job(text, 2))
        return bad(f, "NAMESPACE/NAME, as in train/bert", err);
    if (good && f->kind == FIELD_KIND && !is_job(text, 3))
        return bad(f, "NAMESPACE/NAME or KIND/NAMESPACE/NAME, as in trainjob/train/bert", err);
    return good ? 0 : bad(f, "a text of 1 to 253 characters", err);
}

/* ---- of a query ---- */

struct reading {
    const struct field *fields;
    struct json_writer *w;
    uint32_t seen; /* a bit a field */
    int rc;
    struct error *err;
};

static int mark(struct reading *r, const struct field *f)
{
    uint32_t bit = 1U << (f - r->fields);
    if (r->seen & bit)
        return error_set(r->err, ERR_INVALID, "%s stands twice", f->name);
    r->seen |= bit;
    return 0;
}

static int take_argument(struct reading *r, const char *name, const char *value)
{
    const struct field *f = find(name, r->fields);
    int rc = f ? mark(r, f) : unknown(name, r->fields, r->err);
    if (rc)
        return rc;
    json_write_key(r->w, name);
    if (is_text(f)) {
        json_write_string(r->w, value);
        return check_text(f, str_of(value), r->err);
    }
    if (f->kind == FIELD_BOOL) {
        json_write_bool(r->w, strcmp(value, "true") == 0);
        return strcmp(value, "true") != 0 && strcmp(value, "false") != 0 ? bad(f, "true or false", r->err) : 0;
    }
    size_t digits = strspn(value, "0123456789");
    bool good = digits && !value[digits] && digits <= 18;
    int64_t n = good ? strtoll(value, NULL, 10) : -1;
    json_write_int(r->w, n);
    return check_number(f, n, r->err);
}

static int all_there(const struct reading *r, const char *in)
{
    for (const struct field *f = r->fields; f->name; f++) {
        if (f->needed && !(r->seen & (1U << (f - r->fields))))
            return error_set(r->err, ERR_INVALID, "%s is missing in the %s", f->name, in);
    }
    return 0;
}

static bool argument(void *data, const char *name, const char *value)
{
    struct reading *r = data;
    r->rc = take_argument(r, name, value);
    return r->rc == 0;
}

int query_read(const struct admin_request *request, const struct field *fields, struct json_writer *w,
               struct error *err)
{
    struct reading r = {.fields = fields, .w = w, .err = err};
    if (!admin_request_query(request, argument, &r) && !r.rc)
        r.rc = error_set(err, ERR_INVALID, "the query is no UTF-8");
    return r.rc ? r.rc : all_there(&r, "query");
}

/* ---- of a body ---- */

static int take_member(struct reading *r, struct json key, struct json value)
{
    char name[64];
    struct buf text = BUF_INIT;
    int64_t n;
    json_string_at(key, "", name, sizeof name);
    const struct field *f = find(name, r->fields);
    int rc = f ? mark(r, f) : unknown(name, r->fields, r->err);
    enum json_type type = json_type(value);
    if (rc)
        return rc;
    if (is_text(f))
        rc = json_decode(value, &text) ? check_text(f, buf_str(&text), r->err) : bad(f, "a text", r->err);
    else if (f->kind == FIELD_BOOL && type != JSON_BOOL)
        rc = bad(f, "true or false", r->err);
    else if (f->kind == FIELD_NUMBER || f->kind == FIELD_LIMIT)
        rc = type == JSON_NUMBER && json_int64(value, &n) ? check_number(f, n, r->err)
                                                          : bad(f, "a whole number from 0", r->err);
    buf_free(&text);
    json_write_key(r->w, f->name);
    json_write_raw(r->w, value);
    return rc;
}

/* A page of another site can send a form here, but not this type without asking first. */
static int check_type(const struct admin_request *request, struct error *err)
{
    const char *type = admin_request_header(request, "Content-Type");
    size_t len = type ? strcspn(type, "; ") : 0;
    return str_is(str_n(type, len), "application/json")
               ? 0
               : error_set(err, ERR_INVALID, "a body has to be JSON: Content-Type: application/json");
}

int query_read_body(const struct admin_request *request, const struct field *fields, struct json_writer *w,
                    struct error *err)
{
    struct reading r = {.fields = fields, .w = w, .err = err};
    struct json root = {0};
    struct str text = str_trim(admin_request_body(request));
    int rc = text.len ? check_type(request, err) : 0;
    if (!rc && text.len)
        rc = json_parse(text, "the body", &root, err);
    if (rc == ERR_LIMIT) /* too deep: a fault of the body, and nothing that passes with time */
        rc = error_set(err, ERR_INVALID, "the body is nested deeper than %d levels", JSON_DEPTH_MAX);
    if (!rc && text.len && json_type(root) != JSON_OBJECT)
        rc = error_set(err, ERR_INVALID, "the body has to be a JSON object, as {\"dry_run\": true}");
    struct json_iter it = json_iter(root);
    while (!rc && json_next(&it))
        rc = take_member(&r, it.key, it.value);
    return rc ? rc : all_there(&r, "body");
}
