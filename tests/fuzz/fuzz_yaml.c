/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as YAML: no read out of bounds, every failure has a message, and what is accepted comes back the same when
 * it is written and read again. */
#include <stdint.h>
#include <stdlib.h>

#include "yaml/convert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* Every node once; aliases may lead in circles. */
static void ask(struct yaml_node node, int depth)
{
    must(yaml_kind(node) == YAML_ABSENT || yaml_line(node) > 0);
    must((yaml_kind(node) == YAML_SCALAR) == (yaml_text(node).ptr != NULL));
    must(!yaml_is_null(node) || yaml_kind(node) == YAML_SCALAR);
    if (!depth)
        return;
    for (size_t i = 0; i < yaml_count(node) && i < 8; i++) {
        if (yaml_kind(node) == YAML_LIST) {
            ask(yaml_item(node, i), depth - 1);
            continue;
        }
        ask(yaml_key(node, i), depth - 1);
        ask(yaml_value(node, i), depth - 1);
    }
    yaml_get(node, "name");
}

static void documents(struct str text)
{
    struct yaml_tree *tree;
    struct error err = {0};
    if (yaml_tree_parse(text, "f", &tree, &err)) {
        must(err.message[0]);
        return;
    }
    do
        ask(yaml_root(tree), 6);
    while (yaml_kind(yaml_root(tree)) != YAML_ABSENT && yaml_tree_next(tree, NULL) == 0);
    yaml_tree_free(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_n((const char *)data, size);
    struct buf json = {.max = 1u << 20}, yaml = BUF_INIT, again = BUF_INIT;
    struct error err = {0};
    struct json root;
    documents(text);
    if (yaml_to_json(text, "f", &json, &err)) {
        must(err.message[0]);
    } else {
        must(json_parse(buf_str(&json), "f", &root, NULL) == 0);
        must(json_to_yaml(root, &yaml, NULL) == 0);
        must(yaml_to_json(buf_str(&yaml), "f", &again, NULL) == 0);
        must(str_eq(buf_str(&json), buf_str(&again)));
    }
    yaml_pointer_line(text, "/metadata/name");
    buf_free(&json);
    buf_free(&yaml);
    buf_free(&again);
    return 0;
}
