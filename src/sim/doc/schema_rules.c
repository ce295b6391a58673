/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of a definition: what cannot be changed, or not now, or is refused although its type is right. */
#include "sim/doc/schema_tree.h"

#include <stdlib.h>
#include <string.h>

static void refuse(struct schema_problems *list, const char *path, json_object *value, const char *message)
{
    schema_add(list, path, "FieldValueInvalid", sim_format("Invalid value: \"%s\": %s", schema_word(value), message));
}

/* ---- rules about one member */

static void own_rules(const struct schema *s, json_object *doc, json_object *old, const char *path,
                      struct schema_problems *list)
{
    json_object *among = doc_get(s->source, "x-among"), *immutable = doc_get(s->source, "x-immutable"),
                *values = doc_get(among, "values");
    bool same = old && doc_equal(doc, old), one_of_them = false;
    for (size_t i = 0; i < doc_count(values); i++)
        one_of_them |= doc_equal(doc, json_object_array_get_idx(values, i));
    if (among && !one_of_them && !same)
        refuse(list, path, doc, doc_str(among, "message"));
    if (!immutable || !old || same)
        return;
    char *message = json_object_is_type(immutable, json_type_string) ? sim_strdup(json_object_get_string(immutable))
                                                                     : sim_format("%s is immutable", path);
    refuse(list, path, doc, message);
    free(message);
}

/* A list without keys has no item that is known to be another's new form. */
static void walk(const struct schema *s, json_object *doc, json_object *old, const char *path,
                 struct schema_problems *list)
{
    if (!s->rules)
        return;
    own_rules(s, doc, old, path, list);
    if (json_object_is_type(doc, json_type_object)) {
        json_object_object_foreach(doc, key, value)
        {
            const struct schema *m = schema_member(s, key);
            if (!m || !value)
                continue;
            char *here = schema_join(path, key);
            walk(m, value, doc_get(old, key), here, list);
            free(here);
        }
    }
    for (size_t i = 0; s->items && i < doc_count(doc); i++) {
        json_object *item = json_object_array_get_idx(doc, i);
        char *here = sim_format("%s[%zu]", path, i);
        walk(s->items, item, schema_partner(s, item, old), here, list);
        free(here);
    }
}

/* ---- rules about the whole object */

/* A label of RFC 1035, of any length. */
static bool is_label(const char *name)
{
    size_t n = strlen(name);
    return *name >= 'a' && *name <= 'z' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == n &&
           name[n - 1] != '-';
}

static void name_rules(json_object *rule, json_object *doc, struct schema_problems *list)
{
    const char *name = doc_str(doc_get(doc, "metadata"), "name");
    if (!rule || !name)
        return;
    if (!is_label(name))
        refuse(list, NULL, doc, doc_str(rule, "label"));
    if (strlen(name) > 63)
        refuse(list, NULL, doc, doc_str(rule, "length"));
}

static bool holds(json_object *doc, const char *type)
{
    json_object *list = doc_path(doc, "status", "conditions");
    for (size_t i = 0; i < doc_count(list); i++) {
        json_object *one = json_object_array_get_idx(list, i);
        const char *its = doc_str(one, "type"), *status = doc_str(one, "status");
        if (its && status && strcmp(its, type) == 0 && strcmp(status, "True") == 0)
            return true;
    }
    return false;
}

static json_object *follow(json_object *doc, json_object *path)
{
    for (size_t i = 0; doc && i < json_object_array_length(path); i++)
        doc = doc_get(doc, json_object_get_string(json_object_array_get_idx(path, i)));
    return doc;
}

static void while_rule(json_object *rule, json_object *doc, json_object *old, struct schema_problems *list)
{
    const char *condition = doc_str(rule, "condition");
    json_object *now = follow(doc, doc_get(rule, "path")), *before = follow(old, doc_get(rule, "path"));
    bool both = now && before, same = both ? doc_equal(now, before) : !now && !before;
    if (doc_bool(rule, "presence"))
        same = both || (!now && !before);
    if (doc_bool(rule, "if-both"))
        same |= !both;
    if (!same && holds(old, condition) && (!doc_bool(rule, "and-after") || holds(doc, condition)))
        refuse(list, NULL, doc, doc_str(rule, "message"));
}

void schema_rules(const struct schema *s, json_object *doc, json_object *old, struct schema_problems *list)
{
    json_object *rules = doc_get(s->source, "x-while");
    name_rules(old ? NULL : doc_get(s->source, "x-name"), doc, list); /* a name that is there stays */
    for (size_t i = 0; rules && old && i < json_object_array_length(rules); i++)
        while_rule(json_object_array_get_idx(rules, i), doc, old, list);
    walk(s, doc, old, "", list);
}
