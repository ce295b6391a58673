/* SPDX-License-Identifier: Apache-2.0 */
/* What may be asked of a tree. */
#include "yaml/parts.h"

/* Maps that are merged may have merge keys themselves: at most so many are looked at, however they are nested. */
#define MERGE_STEPS 256

const struct yaml_entry *yaml_entry_of(struct yaml_node node)
{
    return node.id ? (const struct yaml_entry *)(const void *)node.tree->entries.ptr + (node.id - 1) : NULL;
}

struct yaml_node yaml_root(const struct yaml_tree *tree)
{
    return (struct yaml_node){tree, tree->root};
}

enum yaml_kind yaml_kind(struct yaml_node node)
{
    const struct yaml_entry *e = yaml_entry_of(node);
    return e ? (enum yaml_kind)e->kind : YAML_ABSENT;
}

size_t yaml_line(struct yaml_node node)
{
    const struct yaml_entry *e = yaml_entry_of(node);
    return e ? e->line : 0;
}

struct str yaml_text(struct yaml_node node)
{
    const struct yaml_entry *e = yaml_entry_of(node);
    if (!e || e->kind != YAML_SCALAR)
        return (struct str){0};
    return str_n(node.tree->text.ptr + e->at, e->count);
}

size_t yaml_count(struct yaml_node node)
{
    const struct yaml_entry *e = yaml_entry_of(node);
    return e && e->kind != YAML_SCALAR ? e->count : 0;
}

static struct yaml_node child(struct yaml_node node, size_t i)
{
    const uint32_t *children = (const void *)node.tree->children.ptr;
    return (struct yaml_node){node.tree, children[yaml_entry_of(node)->at + i]};
}

struct yaml_node yaml_item(struct yaml_node list, size_t i)
{
    return child(list, i);
}

struct yaml_node yaml_key(struct yaml_node map, size_t i)
{
    return child(map, 2 * i);
}

struct yaml_node yaml_value(struct yaml_node map, size_t i)
{
    return child(map, 2 * i + 1);
}

static struct yaml_node own_member(struct yaml_node map, const char *key)
{
    if (yaml_kind(map) == YAML_MAP) {
        for (size_t i = yaml_count(map); i-- > 0;) {
            struct yaml_node name = yaml_key(map, i);
            if (yaml_kind(name) == YAML_SCALAR && str_is(yaml_text(name), key))
                return yaml_value(map, i);
        }
    }
    return (struct yaml_node){map.tree, 0};
}

static struct yaml_node member(struct yaml_node map, const char *key, int *steps)
{
    struct yaml_node found = {map.tree, 0};
    if (yaml_kind(map) != YAML_MAP || --*steps < 0)
        return found;
    found = own_member(map, key);
    if (found.id)
        return found;
    struct yaml_node merged = own_member(map, "<<");
    if (yaml_kind(merged) != YAML_LIST)
        return member(merged, key, steps);
    for (size_t i = 0; !found.id && i < yaml_count(merged); i++)
        found = member(yaml_item(merged, i), key, steps);
    return found;
}

struct yaml_node yaml_get(struct yaml_node map, const char *key)
{
    int steps = MERGE_STEPS;
    return member(map, key, &steps);
}
