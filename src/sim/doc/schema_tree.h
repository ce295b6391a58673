/* SPDX-License-Identifier: Apache-2.0 */
/* A schema as a tree: only for the files that are about schemas. */
#ifndef SIM_DOC_SCHEMA_TREE_H
#define SIM_DOC_SCHEMA_TREE_H
#include "sim/doc/schema.h"

enum type { TYPE_ANY, TYPE_OBJECT, TYPE_ARRAY, TYPE_STRING, TYPE_INTEGER, TYPE_NUMBER, TYPE_BOOLEAN };

struct property {
    char *name;
    struct schema *schema;
};

struct schema {
    enum type type;
    bool preserve;
    bool compares; /* it has a rule about the object before, or something within it has */
    bool rules;    /* it has a rule, or something within it has */
    struct property *property;
    size_t properties;
    struct schema *additional, *items;
    json_object *source; /* for enum, required, minimum, maximum, default, rules */
};

const struct schema *schema_member(const struct schema *s, const char *name); /* NULL: it has none of that name */
char *schema_join(const char *path, const char *name);                        /* "spec.suspend"; to be freed */
/* "integer", "string" and so on, of a value. */
const char *schema_word(json_object *doc);

/* Adds what the rules of the definition refuse, see schema.h. old: NULL at creation. */
void schema_rules(const struct schema *s, json_object *doc, json_object *old, struct schema_problems *list);
/* The item of the list old that doc is a new form of, by the keys of the list; NULL: it is new, or has no keys. */
json_object *schema_partner(const struct schema *list, json_object *doc, json_object *old);
#endif
