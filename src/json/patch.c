/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON patch (RFC 6902), step by step, each on the document that the one before has left. */
#include "json/patch.h"

#include <stdio.h>
#include <stdlib.h>

#include "json/bytes.h"
#include "json/write.h"

#define LIST_WORK 9 /* a list of short elements is written that much more slowly than bytes are copied */

/* One step, applied to `document`, the result of those before it. */
struct step {
    struct json document;
    const char *path, *from;
    struct json value;
    struct buf *out;
    struct error *err;
};

/* The container of what a pointer leads to; token: its last part, still escaped. */
static int find_parent(struct step *s, const char *pointer, struct json *parent, const char **token)
{
    const char *slash = strrchr(pointer, '/');
    char *above = str_dup(str_n(pointer, slash ? (size_t)(slash - pointer) : 0));
    if (!above)
        return error_nomem(s->err);
    *parent = json_at(s->document, above);
    *token = slash ? slash + 1 : "";
    free(above);
    return 0;
}

static bool is_index(const char *token)
{
    return *token && token[strspn(token, "0123456789")] == '\0' && (*token != '0' || !token[1]);
}

static int nothing_there(struct step *s, const char *pointer)
{
    return error_set(s->err, ERR_INVALID, "there is nothing at %s", *pointer ? pointer : "the root");
}

static int apply(struct step *s, struct json_edits *edits)
{
    int rc = json_edit_apply(edits, s->document, s->out, s->err);
    json_edits_free(edits);
    return rc;
}

/* Into an array: the whole array is written again. */
static int insert(struct step *s, struct json array, const char *pointer, size_t at)
{
    struct buf list;
    struct json_writer w;
    struct json_edits edits = {0};
    size_t i = 0;
    buf_init(&list, JSON_PATCH_MAX);
    json_writer_init(&w, &list);
    json_write_array(&w);
    for (struct json_iter it = json_iter(array); json_next(&it); i++) {
        if (i == at)
            json_write_raw(&w, s->value);
        json_write_raw(&w, it.value);
    }
    if (i == at)
        json_write_raw(&w, s->value);
    json_write_end(&w);
    char *above = str_dup(str_n(pointer, (size_t)(strrchr(pointer, '/') - pointer)));
    int rc = above ? buf_result(&list, pointer, s->err) : error_nomem(s->err);
    if (!rc)
        json_edit_set(&edits, above, buf_str(&list));
    free(above);
    buf_free(&list);
    return rc ? rc : apply(s, &edits);
}

static int set(struct step *s, const char *pointer)
{
    struct json_edits edits = {0};
    json_edit_set(&edits, pointer, s->value.text);
    return apply(s, &edits);
}

static int add(struct step *s)
{
    const char *token = "", *path = s->path;
    struct json parent = {0};
    if (!*path)
        return set(s, path);
    int rc = find_parent(s, path, &parent, &token);
    if (rc)
        return rc;
    if (json_type(parent) == JSON_ARRAY && is_index(token)) {
        unsigned long at = strtoul(token, NULL, 10);
        size_t count = json_count(parent);
        return at > count ? error_set(s->err, ERR_INVALID, "%s is beyond the end of the list", path)
                          : insert(s, parent, path, at);
    } else if (json_type(parent) != JSON_OBJECT && !(json_type(parent) == JSON_ARRAY && strcmp(token, "-") == 0)) {
        return error_set(s->err, ERR_INVALID, "there is nothing that %s could be added to", path);
    }
    return set(s, path);
}

static int take_away(struct step *s, const char *pointer)
{
    struct json_edits edits = {0};
    if (!*pointer || !json_exists(json_at(s->document, pointer)))
        return nothing_there(s, pointer);
    json_edit_remove(&edits, pointer);
    return apply(s, &edits);
}

static int test(struct step *s)
{
    struct json there = json_at(s->document, s->path);
    if (!json_exists(there))
        return nothing_there(s, s->path);
    if (!json_equal(there, s->value))
        return error_set(s->err, ERR_INVALID, "the test of %s fails: it is %.*s", s->path,
                         there.text.len > 80 ? 80 : (int)there.text.len, there.text.ptr);
    buf_add_str(s->out, s->document.text);
    return buf_result(s->out, "a document", s->err);
}

/* move is a copy and then a removal; where the target lies in the same list, the removal comes first. */
static int from_elsewhere(struct step *s, bool move)
{
    struct buf value = BUF_INIT, between = BUF_INIT, *out = s->out;
    struct json there = json_at(s->document, s->from);
    if (!json_exists(there))
        return nothing_there(s, s->from);
    buf_add_str(&value, there.text);
    int rc = buf_result(&value, "a value", s->err);
    if (!rc && move) {
        s->out = &between;
        rc = take_away(s, s->from);
        s->out = out;
    }
    if (!rc && move)
        s->document = (struct json){buf_str(&between)};
    s->value = (struct json){buf_str(&value)};
    if (!rc)
        rc = add(s);
    buf_free(&value);
    buf_free(&between);
    return rc;
}

static int carry_out(struct step *s, struct json op)
{
    bool has_value = json_exists(s->value);
    bool valued = json_string_is(op, str_of("add")) || json_string_is(op, str_of("replace")) ||
                  json_string_is(op, str_of("test"));
    if (valued && !has_value)
        return error_set(s->err, ERR_INVALID, "it has no value");
    if (json_string_is(op, str_of("add")))
        return add(s);
    if (json_string_is(op, str_of("replace")))
        return json_exists(json_at(s->document, s->path)) ? set(s, s->path) : nothing_there(s, s->path);
    if (json_string_is(op, str_of("test")))
        return test(s);
    if (json_string_is(op, str_of("remove")))
        return take_away(s, s->path);
    if (json_string_is(op, str_of("move")) || json_string_is(op, str_of("copy")))
        return from_elsewhere(s, json_string_is(op, str_of("move")));
    return error_set(s->err, ERR_INVALID, "op is %.*s; it has to be add, remove, replace, move, copy or test",
                     json_exists(op) ? (int)op.text.len : 7, json_exists(op) ? op.text.ptr : "missing");
}

static int read_pointer(struct json step, const char *key, struct buf *out, struct error *err)
{
    struct json value = json_get(step, key);
    bool string = json_type(value) == JSON_STRING;
    if (string && !json_decode(value, out))
        return buf_result(out, key, err);
    if (!string || (out->len && *out->ptr != '/'))
        return error_set(err, ERR_INVALID, "%s has to be a pointer such as \"/spec/suspend\"", key);
    return buf_result(out, key, err);
}

static int one(struct json document, struct json step, struct buf *out, struct error *err)
{
    struct step s = {.document = document, .value = json_get(step, "value"), .out = out, .err = err};
    struct buf path = BUF_INIT, from = BUF_INIT;
    struct json op = json_get(step, "op");
    bool moves = json_string_is(op, str_of("move")) || json_string_is(op, str_of("copy"));
    int rc = read_pointer(step, "path", &path, err);
    if (!rc && moves)
        rc = read_pointer(step, "from", &from, err);
    s.path = path.ptr ? path.ptr : "";
    s.from = from.ptr ? from.ptr : "";
    if (!rc)
        rc = carry_out(&s, op);
    buf_free(&path);
    buf_free(&from);
    return rc;
}

/* The path ends in a number: for the elements of a list that are moved up. */
static bool rewrites_list(struct json step)
{
    struct json path = json_get(step, "path");
    return json_type(path) == JSON_STRING && is_digit(path.text.ptr[path.text.len - 2]);
}

static int too_much(struct error *err)
{
    return error_set(err, ERR_LIMIT,
                     "the document is too large for so many steps: together they go over more than %d MiB; "
                     "make one step of those that belong together, as a whole list",
                     JSON_PATCH_WORK >> 20);
}

/* *now becomes what the step makes of it. */
static int next_document(struct buf *now, struct json step, size_t n, size_t *work, struct error *err)
{
    struct buf next;
    buf_init(&next, JSON_PATCH_MAX);
    *work += now->len + step.text.len + (rewrites_list(step) ? LIST_WORK * now->len : 0);
    int rc = 0;
    if (n >= JSON_PATCH_STEPS)
        rc = error_set(err, ERR_LIMIT, "a JSON patch has at most %d steps", JSON_PATCH_STEPS);
    else if (*work > JSON_PATCH_WORK)
        rc = too_much(err);
    else
        rc = one((struct json){buf_str(now)}, step, &next, err);
    if (rc && rc != ERR_NOMEM && err)
        error_prefix(err, "step %zu", n);
    buf_free(now);
    *now = next;
    return rc;
}

int json_patch(struct json document, struct json steps, struct buf *out, struct error *err)
{
    struct buf now = BUF_INIT;
    size_t n = 0, work = 0;
    if (json_type(steps) != JSON_ARRAY)
        return error_set(err, ERR_INVALID, "a JSON patch must be a list, not %s", json_type_name(json_type(steps)));
    buf_add_str(&now, document.text);
    int rc = buf_result(&now, "a document", err);
    for (struct json_iter it = json_iter(steps); !rc && json_next(&it); n++) {
        rc = next_document(&now, it.value, n, &work, err);
        if (!rc)
            rc = buf_result(&now, "a document", err);
    }
    if (!rc)
        buf_add_str(out, buf_str(&now));
    buf_free(&now);
    return rc ? rc : buf_result(out, "a document", err);
}
