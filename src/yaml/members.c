/* SPDX-License-Identifier: Apache-2.0 */
/* The members that a map has in JSON: keys as texts, and merge keys (<<) followed. As go-yaml 2 does it, a merge takes
 * the place of what stands above it in the map, and what stands below takes the place of the merge. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "yaml/parts.h"

static int wrong(const struct yaml_members *m, struct yaml_node node, const char *what)
{
    return error_set(m->err, ERR_SYNTAX, "%s:%zu: %s", node.tree->file, yaml_line(node), what);
}

/* ---- keys ---- */

/* A number with a point or an exponent as a key: the shortest that a float holds, as Go's FormatFloat(v, 'g', -1, 32)
 * writes it. */
static void add_float(struct buf *name, float value)
{
    char text[32], digits[16] = "";
    int precision = 0, count = 0;
    if (isinf(value)) {
        buf_puts(name, value < 0 ? "-.inf" : ".inf");
        return;
    }
    do
        snprintf(text, sizeof text, "%.*e", precision, (double)value);
    while (strtof(text, NULL) != value && ++precision < 9);
    int exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    for (const char *p = text; *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9')
            digits[count++] = *p;
    }
    if (*text == '-')
        buf_putc(name, '-');
    if (exponent < -4 || exponent >= 6)
        buf_printf(name, "%c%s%s%s", digits[0], count > 1 ? "." : "", digits + 1, strchr(text, 'e'));
    else if (exponent < 0)
        buf_printf(name, "0.%.*s%s", -exponent - 1, "000", digits);
    else if (count <= exponent + 1)
        buf_printf(name, "%s%.*s", digits, exponent + 1 - count, "00000");
    else
        buf_printf(name, "%.*s.%s", exponent + 1, digits, digits + exponent + 1);
}

static void spell(struct buf *spelt, const char *text)
{
    buf_reset(spelt);
    buf_puts(spelt, text);
}

/* The key as a text: of the tree, or in `spelt`. */
static int read_key(struct yaml_members *m, struct yaml_node key, struct str *name)
{
    enum yaml_sense sense;
    *name = yaml_text(key);
    if (yaml_kind(key) != YAML_SCALAR)
        return wrong(m, key, "a key has to be a plain text");
    if (!yaml_sense(key, &sense, &m->spelt))
        return wrong(m, key, "the key is not what its tag says");
    switch (m->spelt.failed ? YAML_SENSE_BYTES : sense) {
    case YAML_SENSE_NULL:
        return wrong(m, key, "a key cannot be null; for the text write it in quotes");
    case YAML_SENSE_TEXT:
        return 0;
    case YAML_SENSE_TRUE:
        spell(&m->spelt, "true");
        break;
    case YAML_SENSE_FALSE:
        spell(&m->spelt, "false");
        break;
    case YAML_SENSE_ENDLESS:
        spell(&m->spelt, name->ptr[0] == '-' ? "-.inf" : strchr("nN", name->ptr[1]) ? ".nan" : ".inf");
        break;
    case YAML_SENSE_FLOAT: {
        float value = (float)strtod(m->spelt.ptr, NULL);
        buf_reset(&m->spelt);
        add_float(&m->spelt, value);
        break;
    }
    case YAML_SENSE_INTEGER:
        if (str_is(buf_str(&m->spelt), "-0"))
            spell(&m->spelt, "0");
        break;
    case YAML_SENSE_BYTES:
        break;
    }
    *name = buf_str(&m->spelt);
    return buf_result(&m->spelt, key.tree->file, m->err);
}

/* ---- the members so far ---- */

size_t yaml_members_count(const struct yaml_members *m)
{
    return m->list.len / sizeof(struct yaml_member);
}

struct yaml_member *yaml_member_at(const struct yaml_members *m, size_t i)
{
    return (struct yaml_member *)(void *)m->list.ptr + i;
}

static int add(struct yaml_members *m, struct yaml_member member)
{
    if (member.name.ptr == m->spelt.ptr && member.name.ptr) {
        member.own = str_dup(member.name);
        member.name.ptr = member.own;
        if (!member.own)
            return error_nomem(m->err);
    }
    buf_add(&m->list, &member, sizeof member);
    if (m->list.failed)
        free(member.own);
    if (m->list.failed || names_add(&m->places, member.name, (uint32_t)yaml_members_count(m)))
        return error_nomem(m->err);
    return 0;
}

static int put(struct yaml_members *m, struct yaml_node key, struct yaml_node value, bool merged)
{
    struct str name;
    int rc = read_key(m, key, &name);
    uint32_t place = rc ? 0 : names_find(&m->places, name);
    if (rc || !place)
        return rc ? rc : add(m, (struct yaml_member){.name = name, .value = value, .merged = merged});
    struct yaml_member *there = yaml_member_at(m, place - 1);
    if (!merged && !there->merged)
        return error_set(m->err, ERR_SYNTAX, "%s:%zu: \"%.*s\" is given twice", key.tree->file, yaml_line(key),
                         (int)name.len, name.ptr);
    there->value = value;
    there->merged = merged;
    return 0;
}

/* ---- maps and merges ---- */

#define MERGE_DEPTH 32

static int read_map(struct yaml_members *m, struct yaml_node map, int merges);

static bool is_merge(struct yaml_node key)
{
    return yaml_kind(key) == YAML_SCALAR && str_is(yaml_text(key), "<<") &&
           (yaml_entry_of(key)->plain || yaml_entry_of(key)->tag == YAML_TAG_MERGE);
}

/* A map, or a list of maps of which the first counts most. */
static int merge(struct yaml_members *m, struct yaml_node value, int merges)
{
    static const char *const needs[] = {"a merge key (<<) needs a map or a list of maps",
                                        "merge keys (<<) are nested too deeply, or an anchor leads back to itself"};
    int rc = 0;
    if (merges > MERGE_DEPTH)
        return wrong(m, value, needs[1]);
    if (yaml_kind(value) == YAML_MAP)
        return read_map(m, value, merges);
    if (yaml_kind(value) != YAML_LIST)
        return wrong(m, value, needs[0]);
    for (size_t i = yaml_count(value); i-- > 0 && !rc;) {
        struct yaml_node item = yaml_item(value, i);
        rc = yaml_kind(item) == YAML_MAP ? read_map(m, item, merges) : wrong(m, item, needs[0]);
    }
    return rc;
}

static int read_map(struct yaml_members *m, struct yaml_node map, int merges)
{
    int rc = 0;
    for (size_t i = 0; i < yaml_count(map) && !rc; i++) {
        struct yaml_node key = yaml_key(map, i);
        if (merges && !(*m->steps_left)--) {
            *m->steps_left = 0;
            return wrong(m, key, "its merge keys (<<) bring in too much");
        }
        rc = is_merge(key) ? merge(m, yaml_value(map, i), merges + 1) : put(m, key, yaml_value(map, i), merges > 0);
    }
    return rc;
}

int yaml_members_read(struct yaml_members *members, struct yaml_node map)
{
    members->spelt.secret = true;
    return read_map(members, map, 0);
}

void yaml_members_free(struct yaml_members *members)
{
    for (size_t i = 0; i < yaml_members_count(members); i++)
        free(yaml_member_at(members, i)->own);
    buf_free(&members->list);
    names_free(&members->places);
    buf_free(&members->spelt);
}
