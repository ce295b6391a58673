/* SPDX-License-Identifier: Apache-2.0 */
/* A tree to JSON. */
#include <stdio.h>
#include <stdlib.h>

#include "yaml/convert.h"
#include "yaml/parts.h"

#define DEPTH_MAX 64
#define MERGES_MAX ((size_t)1 << 20)
#define BYTES_MAX ((size_t)16 << 20)

struct converting {
    struct json_writer w;
    const struct yaml_tree *tree;
    struct error *err;
    struct buf spelt; /* of the scalar that is being written */
    size_t merges_left;
    int depth;
};

static int wrong(const struct converting *c, struct yaml_node node, const char *what)
{
    return error_set(c->err, ERR_SYNTAX, "%s:%zu: %s", c->tree->file, yaml_line(node), what);
}

static int convert(struct converting *c, struct yaml_node node);

static int convert_map(struct converting *c, struct yaml_node map)
{
    struct yaml_members members = {.steps_left = &c->merges_left, .err = c->err};
    int rc = yaml_members_read(&members, map);
    if (!rc)
        json_write_object(&c->w);
    for (size_t i = 0; !rc && i < yaml_members_count(&members); i++) {
        const struct yaml_member *member = yaml_member_at(&members, i);
        json_write_key_str(&c->w, member->name);
        rc = convert(c, member->value);
    }
    if (!rc)
        json_write_end(&c->w);
    yaml_members_free(&members);
    return rc;
}

static int convert_scalar(struct converting *c, struct yaml_node scalar)
{
    static const char *const tags[] = {
        [YAML_TAG_BOOL] = "!!bool", [YAML_TAG_INT] = "!!int",       [YAML_TAG_FLOAT] = "!!float",
        [YAML_TAG_NULL] = "!!null", [YAML_TAG_BINARY] = "!!binary", [YAML_TAG_TIMESTAMP] = "!!timestamp"};
    enum yaml_sense sense;
    struct str text = yaml_text(scalar);
    int shown = text.len < 60 ? (int)text.len : 60;
    if (!yaml_sense(scalar, &sense, &c->spelt))
        return error_set(c->err, ERR_SYNTAX, "%s:%zu: \"%.*s\" is not what its tag %s says", c->tree->file,
                         yaml_line(scalar), shown, text.ptr, tags[yaml_entry_of(scalar)->tag]);
    if (c->spelt.failed)
        return buf_result(&c->spelt, c->tree->file, c->err);
    switch (sense) {
    case YAML_SENSE_NULL:
        json_write_null(&c->w);
        break;
    case YAML_SENSE_TRUE:
    case YAML_SENSE_FALSE:
        json_write_bool(&c->w, sense == YAML_SENSE_TRUE);
        break;
    case YAML_SENSE_INTEGER:
    case YAML_SENSE_FLOAT:
        json_write_raw(&c->w, (struct json){buf_str(&c->spelt)});
        break;
    case YAML_SENSE_ENDLESS:
        return error_set(c->err, ERR_SYNTAX, "%s:%zu: %.*s is no value in JSON; for the text write it in quotes",
                         c->tree->file, yaml_line(scalar), shown, text.ptr);
    case YAML_SENSE_BYTES:
        json_write_str(&c->w, buf_str(&c->spelt));
        break;
    case YAML_SENSE_TEXT:
        json_write_str(&c->w, text);
        break;
    }
    return 0;
}

static int convert_list(struct converting *c, struct yaml_node list)
{
    int rc = 0;
    json_write_array(&c->w);
    for (size_t i = 0; !rc && i < yaml_count(list); i++)
        rc = convert(c, yaml_item(list, i));
    if (!rc)
        json_write_end(&c->w);
    return rc;
}

static int convert(struct converting *c, struct yaml_node node)
{
    int rc = 0;
    if (++c->depth > DEPTH_MAX)
        return wrong(c, node, "it is nested too deeply, or an anchor leads back to itself");
    if (yaml_kind(node) == YAML_SCALAR)
        rc = convert_scalar(c, node);
    else
        rc = yaml_kind(node) == YAML_MAP ? convert_map(c, node) : convert_list(c, node);
    c->depth--;
    if (!rc && c->w.out->failed) /* or aliases of aliases go on for ever */
        rc = buf_result(c->w.out, c->tree->file, c->err);
    if (!rc && c->w.out->len > BYTES_MAX)
        rc = wrong(c, node, "it grows beyond 16 MiB (anchors that are used many times?)");
    return rc;
}

int yaml_node_to_json(struct yaml_node node, struct buf *out, struct error *err)
{
    struct converting c = {.tree = node.tree, .err = err, .merges_left = MERGES_MAX, .spelt.secret = true};
    json_writer_init(&c.w, out);
    int rc = convert(&c, node);
    buf_free(&c.spelt);
    return rc;
}

/* No other document may follow. */
static int check_rest(struct yaml_tree *tree, struct error *err)
{
    int rc = yaml_tree_next(tree, err);
    if (!rc && tree->root)
        rc = error_set(err, ERR_SYNTAX, "%s: it holds several documents; give one", tree->file);
    return rc;
}

int yaml_to_json(struct str text, const char *file, struct buf *out, struct error *err)
{
    struct yaml_tree *tree;
    int rc = yaml_tree_parse_in(YAML_WORDS_COMMAND, text, file, &tree, err);
    if (rc)
        return rc;
    rc =
        tree->root ? yaml_node_to_json(yaml_root(tree), out, err) : error_set(err, ERR_SYNTAX, "%s: it is empty", file);
    if (!rc)
        rc = check_rest(tree, err);
    yaml_tree_free(tree);
    return rc;
}

int yaml_documents_to_json(struct str text, const char *file, struct buf *out, struct error *err)
{
    struct yaml_tree *tree;
    bool first = true;
    int rc = yaml_tree_parse_in(YAML_WORDS_COMMAND, text, file, &tree, err);
    if (rc)
        return rc;
    buf_putc(out, '[');
    while (!rc && tree->root) {
        if (!yaml_is_null(yaml_root(tree))) {
            if (!first)
                buf_putc(out, ',');
            first = false;
            rc = yaml_node_to_json(yaml_root(tree), out, err);
        }
        if (!rc)
            rc = yaml_tree_next(tree, err);
    }
    buf_putc(out, ']');
    yaml_tree_free(tree);
    return rc ? rc : buf_result(out, file, err);
}

/* ---- where a value stands ---- */

static struct yaml_node child_of(struct yaml_node node, struct str part)
{
    if (yaml_kind(node) == YAML_LIST) {
        char digits[16];
        snprintf(digits, sizeof digits, "%.*s", (int)part.len, part.ptr);
        long n = strtol(digits, NULL, 10);
        return n >= 0 && (size_t)n < yaml_count(node) ? yaml_item(node, (size_t)n) : (struct yaml_node){node.tree, 0};
    }
    for (size_t i = 0; yaml_kind(node) == YAML_MAP && i < yaml_count(node); i++) {
        struct yaml_node key = yaml_key(node, i);
        if (yaml_kind(key) == YAML_SCALAR && str_eq(part, yaml_text(key)))
            return yaml_value(node, i);
    }
    return (struct yaml_node){node.tree, 0};
}

int yaml_pointer_line(struct str text, const char *pointer)
{
    struct yaml_tree *tree;
    if (yaml_tree_parse(text, "", &tree, NULL))
        return 0;
    struct yaml_node node = yaml_root(tree);
    while (node.id && *pointer == '/') {
        const char *end = strchrnul(pointer + 1, '/');
        node = child_of(node, str_n(pointer + 1, (size_t)(end - pointer - 1)));
        pointer = end;
    }
    int line = (int)yaml_line(node);
    yaml_tree_free(tree);
    return line;
}
