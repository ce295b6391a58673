#include "kube/config/config_yaml.h"

#include <stdlib.h>
#include <strings.h>

#define FILE_MAX_BYTES (8u << 20)
/* Merge keys may refer to mappings with merge keys: so many lookups at most, whatever a file nests. */
#define MERGE_STEPS 256

static void wipe_parser(yaml_parser_t *parser)
{
    if (parser->raw_buffer.start)
        secret_wipe(parser->raw_buffer.start, (size_t)(parser->raw_buffer.end - parser->raw_buffer.start));
    if (parser->buffer.start)
        secret_wipe(parser->buffer.start, (size_t)(parser->buffer.end - parser->buffer.start));
    yaml_parser_delete(parser);
}

static int syntax_error(const yaml_parser_t *parser, const char *path, struct error *err)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return error_nomem(err);
    const char *problem = parser->problem ? parser->problem : "it cannot be read";
    /* The scanner and the parser know a place; the reader (bad UTF-8) only an offset. */
    if (parser->error == YAML_READER_ERROR)
        return error_set(err, ERR_SYNTAX, "%s is no YAML: %s (at byte %zu)", path, problem, parser->problem_offset);
    return error_set(err, ERR_SYNTAX, "%s:%zu: this is no YAML: %s%s%s", path, parser->problem_mark.line + 1, problem,
                     parser->context ? " " : "", parser->context ? parser->context : "");
}

static int parse(struct kube_yaml *yaml, struct str text, struct error *err)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return error_nomem(err);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.ptr, text.len);
    int rc = 0;
    if (!yaml_parser_load(&parser, &yaml->document)) {
        rc = syntax_error(&parser, yaml->path, err);
        yaml->document = (yaml_document_t){0};
    }
    wipe_parser(&parser);
    yaml->empty = !rc && !yaml_document_get_root_node(&yaml->document);
    return rc;
}

/* The absolute folder of a file, "/" at least. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct str folder = slash ? str_n(path, slash == path ? 1 : (size_t)(slash - path)) : str_of(".");
    char *text = str_dup(folder);
    char *real = text ? realpath(text, NULL) : NULL;
    if (real) {
        free(text);
        return real;
    }
    return text;
}

int kube_yaml_load(struct kube_yaml *yaml, const char *path, struct error *err)
{
    struct buf text = {.secret = true};
    *yaml = (struct kube_yaml){.path = str_dup(str_of(path)), .folder = folder_of(path)};
    int rc = yaml->path && yaml->folder ? buf_read_file(&text, path, FILE_MAX_BYTES, err) : error_nomem(err);
    if (!rc)
        rc = parse(yaml, buf_str(&text), err);
    buf_free(&text);
    if (rc)
        kube_yaml_free(yaml);
    return rc;
}

void kube_yaml_free(struct kube_yaml *yaml)
{
    for (yaml_node_t *n = yaml->document.nodes.start; n && n < yaml->document.nodes.top; n++) {
        if (n->type == YAML_SCALAR_NODE)
            secret_wipe(n->data.scalar.value, n->data.scalar.length);
    }
    yaml_document_delete(&yaml->document);
    free(yaml->path);
    free(yaml->folder);
    *yaml = (struct kube_yaml){0};
}

static struct str scalar(const yaml_node_t *node)
{
    return str_n((const char *)node->data.scalar.value, node->data.scalar.length);
}

static bool is_null(const yaml_node_t *node)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (str_is(scalar(node), words[i]))
            return true;
    }
    return false;
}

static struct kube_node node_of(struct kube_yaml *yaml, yaml_node_t *node)
{
    return (struct kube_node){yaml, node && !is_null(node) ? node : NULL};
}

struct kube_node kube_yaml_root(struct kube_yaml *yaml)
{
    return node_of(yaml, yaml->empty ? NULL : yaml_document_get_root_node(&yaml->document));
}

bool kube_node_is_map(struct kube_node node)
{
    return node.node && node.node->type == YAML_MAPPING_NODE;
}

bool kube_node_is_list(struct kube_node node)
{
    return node.node && node.node->type == YAML_SEQUENCE_NODE;
}

bool kube_node_is(struct kube_node node, const char *text)
{
    return node.node && node.node->type == YAML_SCALAR_NODE && str_is(scalar(node.node), text);
}

unsigned long kube_node_line(struct kube_node node)
{
    return node.node ? node.node->start_mark.line + 1 : 1;
}

static yaml_node_t *own_member(struct kube_yaml *yaml, const yaml_node_t *map, const char *key)
{
    yaml_node_t *found = NULL;
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
        yaml_node_t *name = yaml_document_get_node(&yaml->document, p->key);
        if (name && name->type == YAML_SCALAR_NODE && str_is(scalar(name), key))
            found = yaml_document_get_node(&yaml->document, p->value);
    }
    return found;
}

static yaml_node_t *member(struct kube_yaml *yaml, yaml_node_t *map, const char *key, int *steps)
{
    if (!map || map->type != YAML_MAPPING_NODE || --*steps < 0)
        return NULL;
    yaml_node_t *found = own_member(yaml, map, key);
    if (found)
        return found;
    yaml_node_t *merged = own_member(yaml, map, "<<");
    if (!merged || merged->type != YAML_SEQUENCE_NODE)
        return merged ? member(yaml, merged, key, steps) : NULL;
    for (yaml_node_item_t *i = merged->data.sequence.items.start; !found && i < merged->data.sequence.items.top; i++)
        found = member(yaml, yaml_document_get_node(&yaml->document, *i), key, steps);
    return found;
}

struct kube_node kube_node_get(struct kube_node map, const char *key)
{
    int steps = MERGE_STEPS;
    return node_of(map.yaml, member(map.yaml, map.node, key, &steps));
}

size_t kube_node_count(struct kube_node list)
{
    if (!kube_node_is_list(list))
        return 0;
    return (size_t)(list.node->data.sequence.items.top - list.node->data.sequence.items.start);
}

struct kube_node kube_node_item(struct kube_node list, size_t i)
{
    return node_of(list.yaml, yaml_document_get_node(&list.yaml->document, list.node->data.sequence.items.start[i]));
}

int kube_node_text(struct kube_node map, const char *key, struct str *out, struct error *err)
{
    struct kube_node node = kube_node_get(map, key);
    *out = (struct str){0};
    if (!node.node)
        return 0;
    if (node.node->type != YAML_SCALAR_NODE)
        return error_set(err, ERR_INVALID, "%s:%lu: %s must be text", map.yaml->path, kube_node_line(node), key);
    *out = scalar(node.node);
    if (memchr(out->ptr, '\0', out->len))
        return error_set(err, ERR_INVALID, "%s:%lu: %s has a NUL byte in it", map.yaml->path, kube_node_line(node),
                         key);
    return 0;
}

int kube_node_bool(struct kube_node map, const char *key, bool *out, struct error *err)
{
    struct str text;
    *out = false;
    int rc = kube_node_text(map, key, &text, err);
    if (rc || !text.len)
        return rc;
    static const char *const yes[] = {"true", "yes", "on"}, *const no[] = {"false", "no", "off"};
    for (size_t i = 0; i < 3; i++) {
        *out = text.len == strlen(yes[i]) && !strncasecmp(text.ptr, yes[i], text.len);
        if (*out || (text.len == strlen(no[i]) && !strncasecmp(text.ptr, no[i], text.len)))
            return 0;
    }
    return error_set(err, ERR_INVALID, "%s:%lu: %s must be true or false", map.yaml->path,
                     kube_node_line(kube_node_get(map, key)), key);
}
