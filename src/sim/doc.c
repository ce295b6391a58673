/* Small reads and writes on json-c trees. */
#include "sim/doc.h"

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
    json_object_object_add(obj, key, value);
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

bool doc_equal(json_object *a, json_object *b)
{
    struct buf ta = BUF_INIT, tb = {0};
    doc_write(&ta, a);
    doc_write(&tb, b);
    bool equal = ta.len == tb.len && memcmp(ta.ptr, tb.ptr, ta.len) == 0;
    buf_free(&ta);
    buf_free(&tb);
    return equal;
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
