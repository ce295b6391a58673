/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a tree of libyaml's events. libyaml makes trees too, but takes time by the square of a text's nesting for it,
 * while reading events can end at a bound. The scalars of this tree lie in one block of memory, which is wiped. */
#include <stdlib.h>

#include "yaml/parts.h"

#define DEPTH_MAX 1000
#define TEXT_MAX ((size_t)INT32_MAX) /* bytes; what is counted in 32 bits cannot overflow */

/* A document that is being read. */
struct reading {
    struct yaml_tree *tree;
    struct error *err;
    struct names anchors;     /* ids; the texts are copies */
    struct buf pending;       /* uint32_t: ids in the open collections, those of the innermost one last */
    size_t depth;             /* open collections */
    uint32_t open[DEPTH_MAX]; /* their ids */
    size_t begins[DEPTH_MAX]; /* where in `pending` their entries begin */
};

/* ---- what is wrong ---- */

static int wrong(const struct yaml_tree *tree, size_t line, const char *problem, const char *context, struct error *err)
{
    if (tree->words == YAML_WORDS_COMMAND)
        return error_set(err, ERR_SYNTAX, "%s:%zu: %s%s%s", tree->file, line, context ? context : "",
                         context ? ", " : "", problem);
    return error_set(err, ERR_SYNTAX, "%s:%zu: this is not YAML: %s%s%s", tree->file, line, problem, context ? " " : "",
                     context ? context : "");
}

static int parser_error(const struct yaml_tree *tree, struct error *err)
{
    const yaml_parser_t *parser = &tree->parser;
    const char *problem = parser->problem ? parser->problem : "it cannot be read";
    if (parser->error == YAML_MEMORY_ERROR)
        return error_nomem(err);
    /* The scanner and the parser know a line; the reader of bytes, which finds bad UTF-8, only an offset. */
    if (parser->error == YAML_READER_ERROR && tree->words == YAML_WORDS_FILE)
        return error_set(err, ERR_SYNTAX, "%s is not YAML: %s (at byte %zu)", tree->file, problem,
                         parser->problem_offset);
    return wrong(tree, parser->problem_mark.line + 1, problem, parser->context, err);
}

/* ---- building the tree ---- */

static struct yaml_entry *entry(const struct yaml_tree *tree, uint32_t id)
{
    return (struct yaml_entry *)(void *)tree->entries.ptr + (id - 1);
}

/* The node is the next entry of the innermost open collection, or the root. */
static void place(struct reading *r, uint32_t id)
{
    if (r->depth)
        buf_add(&r->pending, &id, sizeof id);
    else
        r->tree->root = id;
}

static uint32_t add(struct reading *r, const yaml_event_t *event, struct yaml_entry node)
{
    node.line = (uint32_t)event->start_mark.line + 1;
    buf_add(&r->tree->entries, &node, sizeof node);
    uint32_t id = (uint32_t)(r->tree->entries.len / sizeof node); /* where memory is out, that of another node, or 0 */
    place(r, id);
    return id;
}

static int name_node(struct reading *r, const yaml_event_t *event, const yaml_char_t *name, uint32_t id)
{
    struct str text = str_of((const char *)name);
    if (!name)
        return 0;
    if (names_find(&r->anchors, text))
        return wrong(r->tree, event->start_mark.line + 1, "found duplicate anchor", NULL, r->err);
    char *copy = str_dup(text);
    if (copy && names_add(&r->anchors, str_of(copy), id) == 0)
        return 0;
    free(copy);
    return error_nomem(r->err);
}

static int take_alias(struct reading *r, const yaml_event_t *event)
{
    uint32_t id = names_find(&r->anchors, str_of((const char *)event->data.alias.anchor));
    if (!id)
        return wrong(r->tree, event->start_mark.line + 1, "found undefined alias", NULL, r->err);
    place(r, id);
    return 0;
}

static enum yaml_tag tag_of(const yaml_char_t *tag)
{
    static const char *const names[] = {
        [YAML_TAG_STR] = "str",       [YAML_TAG_BOOL] = "bool",  [YAML_TAG_INT] = "int",
        [YAML_TAG_FLOAT] = "float",   [YAML_TAG_NULL] = "null",  [YAML_TAG_TIMESTAMP] = "timestamp",
        [YAML_TAG_BINARY] = "binary", [YAML_TAG_MERGE] = "merge"};
    static const char common[] = "tag:yaml.org,2002:";
    const char *text = (const char *)tag;
    if (!text || !*text)
        return YAML_TAG_NONE;
    for (int i = YAML_TAG_STR; i < YAML_TAG_OTHER && strncmp(text, common, sizeof common - 1) == 0; i++) {
        if (strcmp(text + sizeof common - 1, names[i]) == 0)
            return (enum yaml_tag)i;
    }
    return YAML_TAG_OTHER;
}

static int take_scalar(struct reading *r, const yaml_event_t *event)
{
    struct buf *text = &r->tree->text;
    size_t at = text->len, count = event->data.scalar.length;
    buf_add(text, event->data.scalar.value, count);
    buf_putc(text, '\0');
    uint32_t id = add(r, event,
                      (struct yaml_entry){.kind = YAML_SCALAR,
                                          .at = (uint32_t)at,
                                          .count = (uint32_t)count,
                                          .tag = (uint8_t)tag_of(event->data.scalar.tag),
                                          .plain = event->data.scalar.plain_implicit != 0});
    return name_node(r, event, event->data.scalar.anchor, id);
}

static int begin_collection(struct reading *r, const yaml_event_t *event, enum yaml_kind kind,
                            const yaml_char_t *anchor)
{
    uint32_t id = add(r, event, (struct yaml_entry){.kind = (uint8_t)kind});
    if (r->depth == DEPTH_MAX)
        return wrong(r->tree, event->start_mark.line + 1, "it is nested too deeply", NULL, r->err);
    r->open[r->depth] = id;
    r->begins[r->depth++] = r->pending.len;
    return name_node(r, event, anchor, id);
}

static void end_collection(struct reading *r)
{
    struct buf *children = &r->tree->children;
    size_t begin = r->begins[--r->depth], size = r->pending.len - begin;
    struct yaml_entry *node = entry(r->tree, r->open[r->depth]);
    node->at = (uint32_t)(children->len / sizeof(uint32_t));
    node->count = (uint32_t)(size / sizeof(uint32_t));
    if (node->kind == YAML_MAP)
        node->count /= 2;
    if (size)
        buf_add(children, r->pending.ptr + begin, size);
    r->pending.len = begin;
}

static int take(struct reading *r, const yaml_event_t *event)
{
    int rc = 0;
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        rc = take_alias(r, event);
        break;
    case YAML_SCALAR_EVENT:
        rc = take_scalar(r, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        rc = begin_collection(r, event, YAML_LIST, event->data.sequence_start.anchor);
        break;
    case YAML_MAPPING_START_EVENT:
        rc = begin_collection(r, event, YAML_MAP, event->data.mapping_start.anchor);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        end_collection(r);
        break;
    default: /* of the stream, and the document's start */
        break;
    }
    const struct yaml_tree *t = r->tree;
    if (!rc && (t->text.failed || t->entries.failed || t->children.failed || r->pending.failed))
        rc = error_nomem(r->err);
    return rc;
}

static void event_free(yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT)
        secret_wipe(event->data.scalar.value, event->data.scalar.length);
    yaml_event_delete(event);
}

/* Up to the end of a document, or of the text. */
static int read_document(struct reading *r)
{
    for (bool ended = false; !ended;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&r->tree->parser, &event))
            return parser_error(r->tree, r->err);
        ended = event.type == YAML_DOCUMENT_END_EVENT || event.type == YAML_STREAM_END_EVENT ||
                event.type == YAML_NO_EVENT; /* after the stream's end */
        int rc = take(r, &event);
        event_free(&event);
        if (rc)
            return rc;
    }
    return 0;
}

int yaml_tree_next(struct yaml_tree *tree, struct error *err)
{
    struct reading *r = calloc(1, sizeof *r);
    if (!r)
        return error_nomem(err);
    *r = (struct reading){.tree = tree, .err = err};
    tree->root = 0;
    buf_reset(&tree->text);
    buf_reset(&tree->entries);
    buf_reset(&tree->children);
    int rc = read_document(r);
    for (size_t i = 0; i < r->anchors.room; i++)
        free((char *)r->anchors.slots[i].text.ptr);
    names_free(&r->anchors);
    buf_free(&r->pending);
    free(r);
    if (rc)
        tree->root = 0;
    return rc;
}

/* ---- a tree's life ---- */

int yaml_tree_parse_in(enum yaml_words words, struct str text, const char *file, struct yaml_tree **tree,
                       struct error *err)
{
    *tree = NULL;
    if (text.len > TEXT_MAX)
        return error_set(err, ERR_LIMIT, "%s is larger than the limit of %zu bytes", file, TEXT_MAX);
    struct yaml_tree *t = calloc(1, sizeof *t);
    if (!t)
        return error_nomem(err);
    t->words = words;
    t->text.secret = true;
    t->file = str_dup(str_of(file));
    if (!t->file || !yaml_parser_initialize(&t->parser)) {
        free(t->file);
        free(t);
        return error_nomem(err);
    }
    yaml_parser_set_input_string(&t->parser, (const unsigned char *)(text.ptr ? text.ptr : ""), text.len);
    int rc = yaml_tree_next(t, err);
    if (rc)
        yaml_tree_free(t);
    else
        *tree = t;
    return rc;
}

int yaml_tree_parse(struct str text, const char *file, struct yaml_tree **tree, struct error *err)
{
    return yaml_tree_parse_in(YAML_WORDS_FILE, text, file, tree, err);
}

static void wipe(unsigned char *from, unsigned char *to)
{
    if (from)
        secret_wipe(from, (size_t)(to - from));
}

void yaml_tree_free(struct yaml_tree *tree)
{
    if (!tree)
        return;
    wipe(tree->parser.raw_buffer.start, tree->parser.raw_buffer.end);
    wipe(tree->parser.buffer.start, tree->parser.buffer.end);
    yaml_parser_delete(&tree->parser);
    buf_free(&tree->text);
    buf_free(&tree->entries);
    buf_free(&tree->children);
    free(tree->file);
    free(tree);
}
