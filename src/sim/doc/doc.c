/* SPDX-License-Identifier: Apache-2.0 */
/* Small reads and writes on json-c trees. */
#include "sim/doc/doc.h"

#include <stdlib.h>
#include <string.h>

json_object *doc_get(json_object *obj, const char *key)
{
    json_object *value = NULL;
    if (json_object_is_type(obj, json_type_object))
        json_object_object_get_ex(obj, key, &value);
    return value;
}

json_object *doc_path(json_object *obj, const char *a, const char *b)
{
    return doc_get(doc_get(obj, a), b);
}

const char *doc_str(json_object *obj, const char *key)
{
    json_object *value = doc_get(obj, key);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

int64_t doc_int(json_object *obj, const char *key, int64_t otherwise)
{
    json_object *value = doc_get(obj, key);
    return json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : otherwise;
}

bool doc_bool(json_object *obj, const char *key)
{
    json_object *value = doc_get(obj, key);
    return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

void doc_set(json_object *obj, const char *key, json_object *value)
{
    if (json_object_is_type(obj, json_type_object))
        json_object_object_add(obj, key, value);
    else
        json_object_put(value);
}

size_t doc_count(json_object *list)
{
    return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

void doc_set_str(json_object *obj, const char *key, const char *value)
{
    doc_set(obj, key, json_object_new_string(value));
}

json_object *doc_copy(json_object *doc)
{
    struct buf t = BUF_INIT;
    doc_write(&t, doc);
    json_object *copy = doc_parse(t.ptr, t.len);
    buf_free(&t);
    return copy;
}

static bool numbers_equal(json_object *a, json_object *b)
{
    struct buf ta = BUF_INIT, tb = BUF_INIT;
    doc_write(&ta, a);
    doc_write(&tb, b);
    bool equal = ta.len == tb.len && memcmp(ta.ptr, tb.ptr, ta.len) == 0;
    buf_free(&ta);
    buf_free(&tb);
    return equal;
}

static bool members_equal(json_object *a, json_object *b)
{
    if (json_object_object_length(a) != json_object_object_length(b))
        return false;
    json_object_object_foreach(a, key, value)
    {
        json_object *other = NULL;
        if (!json_object_object_get_ex(b, key, &other) || !doc_equal(value, other))
            return false;
    }
    return true;
}

static bool elements_equal(json_object *a, json_object *b)
{
    size_t n = json_object_array_length(a);
    if (n != json_object_array_length(b))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!doc_equal(json_object_array_get_idx(a, i), json_object_array_get_idx(b, i)))
            return false;
    return true;
}

bool doc_equal(json_object *a, json_object *b)
{
    json_type t = json_object_get_type(a), u = json_object_get_type(b);
    if (t != u)
        return (t == json_type_double && u == json_type_int) || (t == json_type_int && u == json_type_double)
                   ? numbers_equal(a, b)
                   : false;
    switch (t) {
    case json_type_null:
        return true;
    case json_type_boolean:
        return json_object_get_boolean(a) == json_object_get_boolean(b);
    case json_type_int:
        return json_object_get_int64(a) == json_object_get_int64(b);
    case json_type_double:
        return numbers_equal(a, b);
    case json_type_string:
        return json_object_get_string_len(a) == json_object_get_string_len(b) &&
               memcmp(json_object_get_string(a), json_object_get_string(b), (size_t)json_object_get_string_len(a)) == 0;
    case json_type_array:
        return elements_equal(a, b);
    case json_type_object:
        return members_equal(a, b);
    }
    return false;
}

void findings_add(struct doc_findings *f, char *item)
{
    f->item = sim_realloc(f->item, (f->count + 1) * sizeof *f->item);
    f->item[f->count++] = item;
}

void findings_free(struct doc_findings *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->item[i]);
    free(f->item);
    *f = (struct doc_findings){0};
}
