/* SPDX-License-Identifier: Apache-2.0 */
/* What a schema refuses: types, choices, bounds, members that are missing. Its rules come after that. */
#include "sim/doc/schema_tree.h"

#include <stdlib.h>
#include <string.h>

static const char *const type_name[] = {"", "object", "array", "string", "integer", "number", "boolean"};

/* ---- problems */

void schema_add(struct schema_problems *list, const char *field, const char *cause, char *message)
{
    list->item = sim_realloc(list->item, (list->count + 1) * sizeof *list->item);
    list->item[list->count++] = (struct schema_problem){sim_strdup(field ? field : "<nil>"), message, cause};
}

void schema_problems_free(struct schema_problems *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->item[i].field);
        free(list->item[i].message);
    }
    free(list->item);
    *list = (struct schema_problems){0};
}

/* One after which the rules cannot be asked. */
static bool blocks(const struct schema_problem *p)
{
    static const char *const causes[] = {"FieldValueTypeInvalid", "FieldValueRequired", "FieldValueTooLong",
                                         "FieldValueTooMany", "FieldValueNotSupported"};
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (strcmp(p->cause, causes[i]) == 0)
            return true;
    return false;
}

/* ---- values */

const char *schema_word(json_object *doc)
{
    switch (json_object_get_type(doc)) {
    case json_type_null:
        return "null";
    case json_type_boolean:
        return "boolean";
    case json_type_int:
        return "integer";
    case json_type_double:
        return "number";
    case json_type_string:
        return "string";
    case json_type_array:
        return "array";
    default:
        return "object";
    }
}

static bool has_type(enum type type, json_object *doc)
{
    double d;
    switch (type) {
    case TYPE_ANY:
        return true;
    case TYPE_INTEGER:
        d = json_object_get_double(doc);
        return json_object_is_type(doc, json_type_int) ||
               (json_object_is_type(doc, json_type_double) && d > -1e19 && d < 1e19 && d == (double)(int64_t)d);
    case TYPE_NUMBER:
        return json_object_is_type(doc, json_type_int) || json_object_is_type(doc, json_type_double);
    default:
        return strcmp(schema_word(doc), type_name[type]) == 0;
    }
}

static bool choice_problem(json_object *choices, json_object *doc, const char *path, struct schema_problems *list)
{
    struct buf names = BUF_INIT;
    for (size_t i = 0; i < json_object_array_length(choices); i++) {
        const char *choice = json_object_get_string(json_object_array_get_idx(choices, i));
        if (strcmp(choice, json_object_get_string(doc)) == 0) {
            buf_free(&names);
            return false;
        }
        buf_printf(&names, "%s\"%s\"", i ? ", " : "", choice);
    }
    schema_add(list, path, "FieldValueNotSupported",
               sim_format("Unsupported value: \"%s\": supported values: %s", json_object_get_string(doc), names.ptr));
    buf_free(&names);
    return true;
}

static bool bound_problem(json_object *bound, bool low, json_object *doc, const char *path,
                          struct schema_problems *list)
{
    if (!bound)
        return false;
    int64_t value = json_object_get_int64(doc), limit = json_object_get_int64(bound);
    if (low ? value >= limit : value <= limit)
        return false;
    schema_add(list, path, "FieldValueInvalid",
               sim_format("Invalid value: %s: %s in body should be %s than or equal to %s", json_object_get_string(doc),
                          path, low ? "greater" : "less", json_object_get_string(bound)));
    return true;
}

/* Characters, not bytes. */
static int64_t length(json_object *doc)
{
    const char *s = json_object_get_string(doc);
    int64_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

static bool length_problem(const struct schema *s, json_object *doc, const char *path, struct schema_problems *list)
{
    int64_t most = doc_int(s->source, "maxLength", INT64_MAX), least = doc_int(s->source, "minLength", 0),
            n = s->type == TYPE_STRING ? length(doc) : 0;
    if (s->type == TYPE_STRING && n > most)
        schema_add(list, path, "FieldValueTooLong",
                   sim_format("Too long: may not be more than %lld bytes", (long long)most));
    else if (s->type == TYPE_STRING && n < least)
        schema_add(list, path, "FieldValueInvalid",
                   sim_format("Invalid value: \"%s\": %s in body should be at least %lld chars long",
                              json_object_get_string(doc), path, (long long)least));
    else
        return false;
    return true;
}

static bool value_problem(const struct schema *s, json_object *doc, const char *path, struct schema_problems *list)
{
    json_object *choices = doc_get(s->source, "enum");
    if (choices)
        return choice_problem(choices, doc, path, list);
    return bound_problem(doc_get(s->source, "minimum"), true, doc, path, list) ||
           bound_problem(doc_get(s->source, "maximum"), false, doc, path, list) || length_problem(s, doc, path, list);
}

/* ---- objects and lists */

static void check(const struct schema *s, json_object *doc, json_object *old, const char *path,
                  struct schema_problems *list);

static void check_object(const struct schema *s, json_object *doc, json_object *old, const char *path,
                         struct schema_problems *list)
{
    json_object *required = doc_get(s->source, "required");
    for (size_t i = 0; required && i < json_object_array_length(required); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(required, i));
        if (json_object_object_get_ex(doc, name, NULL))
            continue;
        if (old && json_object_is_type(old, json_type_object) && !json_object_object_get_ex(old, name, NULL))
            continue;
        char *here = schema_join(path, name);
        schema_add(list, here, "FieldValueRequired", sim_strdup("Required value"));
        free(here);
    }
    json_object_object_foreach(doc, key, value)
    {
        const struct schema *m = schema_member(s, key);
        if (!m)
            continue;
        char *here = schema_join(path, key);
        check(m, value, doc_get(old, key), here, list);
        free(here);
    }
}

json_object *schema_partner(const struct schema *list, json_object *doc, json_object *old)
{
    json_object *keys = doc_get(list->source, "x-kubernetes-list-map-keys");
    for (size_t i = 0; keys && json_object_is_type(old, json_type_array) && i < json_object_array_length(old); i++) {
        json_object *one = json_object_array_get_idx(old, i);
        bool same = true;
        for (size_t k = 0; k < json_object_array_length(keys); k++) {
            const char *key = json_object_get_string(json_object_array_get_idx(keys, k));
            same &= doc_equal(doc_get(one, key), doc_get(doc, key));
        }
        if (same)
            return one;
    }
    return NULL;
}

static void check_array(const struct schema *s, json_object *doc, json_object *old, const char *path,
                        struct schema_problems *list)
{
    int64_t n = (int64_t)json_object_array_length(doc), most = doc_int(s->source, "maxItems", INT64_MAX),
            least = doc_int(s->source, "minItems", 0);
    bool keyed = doc_get(s->source, "x-kubernetes-list-map-keys") != NULL;
    if (n > most)
        schema_add(list, path, "FieldValueTooMany",
                   sim_format("Too many: %lld: must have at most %lld items", (long long)n, (long long)most));
    if (n < least)
        schema_add(list, path, "FieldValueInvalid",
                   sim_format("Invalid value: %lld: %s in body should have at least %lld items", (long long)n, path,
                              (long long)least));
    for (size_t i = 0; s->items && i < (size_t)n; i++) {
        char *here = sim_format("%s[%zu]", path, i);
        json_object *item = json_object_array_get_idx(doc, i), *before = keyed ? schema_partner(s, item, old)
                                                                         : json_object_is_type(old, json_type_array)
                                                                             ? json_object_array_get_idx(old, i)
                                                                             : NULL;
        check(s->items, item, before, here, list);
        free(here);
    }
}

/* What was wrong before may stay (Kubernetes calls it ratcheting). */
static bool was_there(json_object *doc, json_object *old)
{
    return old && doc_equal(doc, old);
}

static void check(const struct schema *s, json_object *doc, json_object *old, const char *path,
                  struct schema_problems *list)
{
    if (!has_type(s->type, doc)) {
        if (!was_there(doc, old))
            schema_add(list, path, "FieldValueTypeInvalid",
                       sim_format("Invalid value: \"%s\": %s in body must be of type %s: \"%s\"", schema_word(doc),
                                  path, type_name[s->type], schema_word(doc)));
        return;
    }
    if (s->type == TYPE_OBJECT)
        check_object(s, doc, old, path, list);
    else if (s->type == TYPE_ARRAY)
        check_array(s, doc, old, path, list);
    else if (s->type != TYPE_ANY && !was_there(doc, old))
        value_problem(s, doc, path, list);
}

bool schema_check(const struct schema *s, json_object *doc, json_object *old, struct schema_problems *found)
{
    bool blocked = false;
    check_object(s, doc, old, "", found);
    for (size_t i = 0; i < found->count; i++)
        blocked |= blocks(&found->item[i]);
    if (s->rules && blocked)
        schema_add(found, NULL, "FieldValueInvalid",
                   sim_strdup("Invalid value: null: some validation rules were not checked because the object was "
                              "invalid; correct the existing errors to complete validation"));
    else if (s->rules)
        schema_rules(s, doc, old, found);
    return found->count > 0;
}
