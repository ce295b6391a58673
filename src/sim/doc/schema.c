/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas: read from their text, and what they drop, fill in and refuse. */
#include "sim/doc/schema.h"

#include <stdlib.h>
#include <string.h>

enum type { TYPE_ANY, TYPE_OBJECT, TYPE_ARRAY, TYPE_STRING, TYPE_INTEGER, TYPE_NUMBER, TYPE_BOOLEAN };
static const char *const type_name[] = {"", "object", "array", "string", "integer", "number", "boolean"};

struct property {
    char *name;
    struct schema *schema;
};

struct schema {
    enum type type;
    bool preserve, immutable;
    bool compares; /* it is immutable, or something within it is */
    struct property *property;
    size_t properties;
    struct schema *additional, *items;
    json_object *source; /* for enum, required, minimum, maximum, default */
};

static struct schema *build(json_object *j)
{
    struct schema *s = sim_alloc(sizeof *s);
    s->source = json_object_get(j);
    const char *type = doc_str(j, "type");
    for (size_t i = 1; type && i < sizeof type_name / sizeof type_name[0]; i++)
        if (strcmp(type, type_name[i]) == 0)
            s->type = (enum type)i;
    s->preserve = doc_bool(j, "x-kubernetes-preserve-unknown-fields");
    s->immutable = doc_bool(j, "x-immutable");
    json_object *properties = doc_get(j, "properties");
    if (properties) {
        s->property = sim_alloc((size_t)json_object_object_length(properties) * sizeof *s->property);
        json_object_object_foreach(properties, name, value) s->property[s->properties++] =
            (struct property){sim_strdup(name), build(value)};
    }
    if (doc_get(j, "additionalProperties"))
        s->additional = build(doc_get(j, "additionalProperties"));
    if (doc_get(j, "items"))
        s->items = build(doc_get(j, "items"));
    s->compares = s->immutable;
    for (size_t i = 0; i < s->properties; i++)
        s->compares |= s->property[i].schema->compares;
    return s;
}

struct schema *schema_read(const char *text)
{
    char *json = sim_strdup(text);
    for (char *p = json; *p; p++)
        if (*p == '\'')
            *p = '"';
    json_object *j = doc_parse(json, strlen(json));
    struct schema *s = build(j);
    json_object_put(j);
    free(json);
    return s;
}

void schema_free(struct schema *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->properties; i++) {
        free(s->property[i].name);
        schema_free(s->property[i].schema);
    }
    free(s->property);
    schema_free(s->additional);
    schema_free(s->items);
    json_object_put(s->source);
    free(s);
}

static const struct schema *member(const struct schema *s, const char *name)
{
    for (size_t i = 0; i < s->properties; i++)
        if (strcmp(s->property[i].name, name) == 0)
            return s->property[i].schema;
    return s->additional;
}

static char *join(const char *path, const char *name)
{
    return *path ? sim_format("%s.%s", path, name) : sim_strdup(name);
}

static bool prune(const struct schema *s, json_object *doc, const char *path, struct doc_findings *unknown);

static bool prune_members(const struct schema *s, json_object *doc, const char *path, struct doc_findings *unknown)
{
    bool went = false;
    json_object_iter it;
    struct doc_findings drop = {0};
    json_object_object_foreachC(doc, it)
    {
        const struct schema *m = member(s, it.key);
        bool null_member = m && m->type != TYPE_ANY && !it.val && !s->preserve;
        if ((m && !null_member) || (!m && s->preserve)) {
            if (m && it.val) {
                char *here = join(path, it.key);
                went |= prune(m, it.val, here, unknown);
                free(here);
            }
            continue;
        }
        findings_add(&drop, sim_strdup(it.key));
        if (unknown && !m)
            findings_add(unknown, sim_format("unknown field \"%s%s%s\"", path, *path ? "." : "", it.key));
        went = true;
    }
    for (size_t i = 0; i < drop.count; i++)
        json_object_object_del(doc, drop.item[i]);
    findings_free(&drop);
    return went;
}

static bool prune(const struct schema *s, json_object *doc, const char *path, struct doc_findings *unknown)
{
    if (s->type == TYPE_OBJECT && json_object_is_type(doc, json_type_object))
        return prune_members(s, doc, path, unknown);
    if (s->type != TYPE_ARRAY || !s->items || !json_object_is_type(doc, json_type_array))
        return false;
    bool went = false;
    for (size_t i = 0; i < json_object_array_length(doc); i++) {
        char *here = sim_format("%s[%zu]", path, i);
        went |= prune(s->items, json_object_array_get_idx(doc, i), here, unknown);
        free(here);
    }
    return went;
}

bool schema_prune(const struct schema *s, json_object *doc, struct doc_findings *unknown)
{
    return prune(s, doc, "", unknown);
}

void schema_default(const struct schema *s, json_object *doc)
{
    if (json_object_is_type(doc, json_type_array) && s->items)
        for (size_t i = 0; i < json_object_array_length(doc); i++)
            schema_default(s->items, json_object_array_get_idx(doc, i));
    if (!json_object_is_type(doc, json_type_object))
        return;
    for (size_t i = 0; i < s->properties; i++) {
        const struct schema *m = s->property[i].schema;
        json_object *value = doc_get(m->source, "default");
        if (value && !doc_get(doc, s->property[i].name))
            doc_set(doc, s->property[i].name, doc_copy(value));
    }
    json_object_object_foreach(doc, key, value)
    {
        const struct schema *m = member(s, key);
        if (m && value)
            schema_default(m, value);
    }
}

static const char *json_type_word(json_object *doc)
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
        return strcmp(json_type_word(doc), type_name[type]) == 0;
    }
}

static bool set_problem(struct schema_problem *p, const char *path, const char *cause, char *message)
{
    *p = (struct schema_problem){sim_strdup(path), message, cause};
    return true;
}

static bool value_problem(const struct schema *s, json_object *doc, const char *path, struct schema_problem *p)
{
    json_object *choices = doc_get(s->source, "enum");
    if (choices) {
        struct buf names = BUF_INIT;
        for (size_t i = 0; i < json_object_array_length(choices); i++) {
            const char *choice = json_object_get_string(json_object_array_get_idx(choices, i));
            if (strcmp(choice, json_object_get_string(doc)) == 0) {
                buf_free(&names);
                return false;
            }
            buf_printf(&names, "%s\"%s\"", i ? ", " : "", choice);
        }
        char *message =
            sim_format("Unsupported value: \"%s\": supported values: %s", json_object_get_string(doc), names.ptr);
        buf_free(&names);
        return set_problem(p, path, "FieldValueNotSupported", message);
    }
    json_object *low = doc_get(s->source, "minimum"), *high = doc_get(s->source, "maximum");
    if (low && json_object_get_int64(doc) < json_object_get_int64(low))
        return set_problem(p, path, "FieldValueInvalid",
                           sim_format("Invalid value: %s: %s in body should be greater than or equal to %s",
                                      json_object_get_string(doc), path, json_object_get_string(low)));
    if (high && json_object_get_int64(doc) > json_object_get_int64(high))
        return set_problem(p, path, "FieldValueInvalid",
                           sim_format("Invalid value: %s: %s in body should be less than or equal to %s",
                                      json_object_get_string(doc), path, json_object_get_string(high)));
    return false;
}

static bool find_problem(const struct schema *s, json_object *doc, json_object *old, const char *path,
                         struct schema_problem *p);

static bool object_problem(const struct schema *s, json_object *doc, json_object *old, const char *path,
                           struct schema_problem *p)
{
    json_object *required = doc_get(s->source, "required");
    for (size_t i = 0; required && i < json_object_array_length(required); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(required, i));
        if (json_object_object_get_ex(doc, name, NULL))
            continue;
        if (old && json_object_is_type(old, json_type_object) && !json_object_object_get_ex(old, name, NULL))
            continue;
        char *here = join(path, name);
        set_problem(p, here, "FieldValueRequired", sim_strdup("Required value"));
        free(here);
        return true;
    }
    json_object_object_foreach(doc, key, value)
    {
        const struct schema *m = member(s, key);
        if (!m)
            continue;
        char *here = join(path, key);
        bool found = find_problem(m, value, doc_get(old, key), here, p);
        free(here);
        if (found)
            return true;
    }
    return false;
}

/* What was wrong before may stay (Kubernetes calls it ratcheting). */
static bool was_there(json_object *doc, json_object *old)
{
    return old && doc_equal(doc, old);
}

static bool find_problem(const struct schema *s, json_object *doc, json_object *old, const char *path,
                         struct schema_problem *p)
{
    if (!has_type(s->type, doc))
        return !was_there(doc, old) &&
               set_problem(p, path, "FieldValueTypeInvalid",
                           sim_format("Invalid value: \"%s\": %s in body must be of type %s: \"%s\"",
                                      json_type_word(doc), path, type_name[s->type], json_type_word(doc)));
    if (s->immutable && old)
        return !was_there(doc, old) &&
               set_problem(p, path, "FieldValueInvalid",
                           sim_format("Invalid value: \"%s\": %s is immutable", json_type_word(doc), path));
    if (s->type == TYPE_OBJECT)
        return object_problem(s, doc, old, path, p);
    if (s->type == TYPE_ARRAY && s->items) {
        for (size_t i = 0; i < json_object_array_length(doc); i++) {
            char *here = sim_format("%s[%zu]", path, i);
            json_object *before = json_object_is_type(old, json_type_array) ? json_object_array_get_idx(old, i) : NULL;
            bool found = find_problem(s->items, json_object_array_get_idx(doc, i), before, here, p);
            free(here);
            if (found)
                return true;
        }
        return false;
    }
    if (s->type == TYPE_ANY || !value_problem(s, doc, path, p))
        return false;
    if (!was_there(doc, old))
        return true;
    free(p->field);
    free(p->message);
    return false;
}

bool schema_compares(const struct schema *s)
{
    return s->compares;
}

bool schema_problem(const struct schema *s, json_object *doc, json_object *old, struct schema_problem *p)
{
    return object_problem(s, doc, old, "", p);
}
