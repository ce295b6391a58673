/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of a role: one for each resource, whoever needs it. */
#include <stdlib.h>
#include <string.h>

#include "cli/rbac/rbac_parts.h"

#define VERBS_MAX 16

struct rule { /* its texts are borrowed */
    const char *group, *resource, *verbs[VERBS_MAX];
    size_t count;
};

struct rules {
    struct rule *items;
    size_t count;
    bool nomem;
};

static struct rule *rule_for(struct rules *rules, const char *group, const char *resource)
{
    for (size_t i = 0; i < rules->count; i++) {
        struct rule *rule = &rules->items[i];
        if (strcmp(rule->group, group) == 0 && strcmp(rule->resource, resource) == 0)
            return rule;
    }
    struct rule *items = realloc(rules->items, (rules->count + 1) * sizeof *items);
    if (!items)
        return NULL;
    rules->items = items;
    items[rules->count] = (struct rule){.group = group, .resource = resource};
    return &items[rules->count++];
}

static void allow(struct rules *rules, const char *group, const char *resource, const char *verb)
{
    struct rule *rule = rule_for(rules, group, resource);
    rules->nomem = rules->nomem || !rule;
    for (size_t i = 0; rule && i < rule->count; i++) {
        if (strcmp(rule->verbs[i], verb) == 0)
            return;
    }
    if (rule && rule->count < VERBS_MAX)
        rule->verbs[rule->count++] = verb;
}

static void rule_write(struct json_writer *w, const struct rule *rule)
{
    json_write_object(w);
    rbac_list_of(w, "apiGroups", rule->group);
    rbac_list_of(w, "resources", rule->resource);
    json_write_key(w, "verbs");
    json_write_array(w);
    for (size_t i = 0; i < rule->count; i++)
        json_write_string(w, rule->verbs[i]);
    json_write_end(w);
    json_write_end(w);
}

/* What the policies need on jobs of a kind, and because of them. */
static void allow_kind(struct rules *rules, const struct mpijob_kind *kind, unsigned verbs)
{
    for (unsigned i = 0; i < PERMISSIONS; i++) {
        struct permission p = permission_of(kind, i);
        if (verbs & 1u << i)
            allow(rules, p.group, p.resource, p.verb);
    }
}

/* What plugins declare for other kinds of object, in that namespace. */
static void allow_plugins(struct rules *rules, const struct needs *needs, const char *name_space)
{
    for (size_t i = 0; i < needs->plugin_count; i++) {
        const struct needs_other *o = &needs->plugins[i];
        if (name_space && o->name_space ? strcmp(name_space, o->name_space) != 0 : name_space != o->name_space)
            continue;
        for (unsigned v = 0; needs_verb(v); v++) {
            if (o->verbs & 1u << v)
                allow(rules, o->group, o->resource, needs_verb(v));
        }
    }
}

void rbac_rules(struct json_writer *w, const struct needs *needs, const struct needs_place *place, size_t count)
{
    struct rules rules = {0};
    for (size_t i = 0; i < count; i++)
        allow_kind(&rules, place[i].kind, place[i].verbs);
    allow_plugins(&rules, needs, place->name_space);
    json_write_array(w);
    for (size_t i = 0; i < rules.count; i++)
        rule_write(w, &rules.items[i]);
    json_write_end(w);
    if (rules.nomem)
        w->out->failed = ERR_NOMEM;
    free(rules.items);
}
