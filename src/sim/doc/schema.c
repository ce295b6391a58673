/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas: read from their text, and what they drop and fill in. */
#include "sim/doc/schema_tree.h"

#include <stdlib.h>
#include <string.h>

static const char *const type_name[] = {"", "object", "array", "string", "integer", "number", "boolean"};

static void inherit(struct schema *s, const struct schema *part)
{
    s->compares |= part && part->compares;
    s->rules |= part && part->rules;
}

static struct schema *build(json_object *j)
{
    struct schema *s = sim_alloc(sizeof *s);
    s->source = json_object_get(j);
    const char *type = doc_str(j, "type");
    for (size_t i = 1; type && i < sizeof type_name / sizeof type_name[0]; i++)
        if (strcmp(type, type_name[i]) == 0)
            s->type = (enum type)i;
    s->preserve = doc_bool(j, "x-kubernetes-preserve-unknown-fields");
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
    s->compares = doc_get(j, "x-immutable") || doc_get(j, "x-while");
    s->rules = s->compares || doc_get(j, "x-among") || doc_get(j, "x-name");
    for (size_t i = 0; i < s->properties; i++)
        inherit(s, s->property[i].schema);
    inherit(s, s->items);
    inherit(s, s->additional);
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

const struct schema *schema_member(const struct schema *s, const char *name)
{
    for (size_t i = 0; i < s->properties; i++)
        if (strcmp(s->property[i].name, name) == 0)
            return s->property[i].schema;
    return s->additional;
}

char *schema_join(const char *path, const char *name)
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
        const struct schema *m = schema_member(s, it.key);
        bool null_member = m && m->type != TYPE_ANY && !it.val && !s->preserve;
        if ((m && !null_member) || (!m && s->preserve)) {
            if (m && it.val) {
                char *here = schema_join(path, it.key);
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
        const struct schema *m = schema_member(s, key);
        if (m && value)
            schema_default(m, value);
    }
}

bool schema_compares(const struct schema *s)
{
    return s->compares;
}
