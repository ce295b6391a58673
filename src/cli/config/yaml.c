/* libyaml's documents as JSON, and JSON as YAML. */
#include "cli/config/yaml.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <yaml.h>

#include "json/write.h"

#define DEPTH_MAX 64

struct converting {
    yaml_document_t *doc;
    struct json_writer w;
    const char *file;
    struct error *err;
    int depth;
};

static int wrong(struct converting *c, const yaml_node_t *node, const char *what)
{
    return error_set(c->err, ERR_SYNTAX, "%s:%zu: %s", c->file, node->start_mark.line + 1, what);
}

static bool is_one_of(struct str text, const char *const *words)
{
    for (; *words; words++) {
        if (str_is(text, *words))
            return true;
    }
    return false;
}

static bool is_number(struct str text)
{
    struct json parsed;
    return json_parse(text, "", &parsed, NULL) == 0 && json_type(parsed) == JSON_NUMBER;
}

static void scalar(struct converting *c, const yaml_node_t *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    struct str text = str_n((const char *)node->data.scalar.value, node->data.scalar.length);
    bool plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (plain && is_one_of(text, nulls))
        json_write_null(&c->w);
    else if (plain && is_one_of(text, trues))
        json_write_bool(&c->w, true);
    else if (plain && is_one_of(text, falses))
        json_write_bool(&c->w, false);
    else if (plain && is_number(text))
        json_write_raw(&c->w, (struct json){text});
    else
        json_write_str(&c->w, text);
}

static int convert(struct converting *c, int index);

static int mapping(struct converting *c, const yaml_node_t *node)
{
    json_write_object(&c->w);
    for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
        const yaml_node_t *key = yaml_document_get_node(c->doc, p->key);
        if (key->type != YAML_SCALAR_NODE)
            return wrong(c, key, "a key has to be a plain text");
        struct str name = str_n((const char *)key->data.scalar.value, key->data.scalar.length);
        for (yaml_node_pair_t *q = node->data.mapping.pairs.start; q < p; q++) {
            const yaml_node_t *other = yaml_document_get_node(c->doc, q->key);
            if (str_eq(name, str_n((const char *)other->data.scalar.value, other->data.scalar.length)))
                return error_set(c->err, ERR_SYNTAX, "%s:%zu: \"%.*s\" is given twice", c->file,
                                 key->start_mark.line + 1, (int)name.len, name.ptr);
        }
        json_write_key_str(&c->w, name);
        int rc = convert(c, p->value);
        if (rc)
            return rc;
    }
    json_write_end(&c->w);
    return 0;
}

static int convert(struct converting *c, int index)
{
    const yaml_node_t *node = yaml_document_get_node(c->doc, index);
    int rc = 0;
    if (++c->depth > DEPTH_MAX)
        return wrong(c, node, "it is nested too deeply, or an anchor leads back to itself");
    if (node->type == YAML_SCALAR_NODE) {
        scalar(c, node);
    } else if (node->type == YAML_MAPPING_NODE) {
        rc = mapping(c, node);
    } else {
        json_write_array(&c->w);
        for (yaml_node_item_t *i = node->data.sequence.items.start; !rc && i < node->data.sequence.items.top; i++)
            rc = convert(c, *i);
        if (!rc)
            json_write_end(&c->w);
    }
    c->depth--;
    if (!rc && c->w.out->len > 16 * 1024 * 1024)
        rc = wrong(c, node, "it grows beyond 16 MiB (anchors that are used many times?)");
    return rc;
}

static int syntax_error(const yaml_parser_t *parser, const char *file, struct error *err)
{
    return error_set(err, ERR_SYNTAX, "%s:%zu: %s%s%s", file, parser->problem_mark.line + 1,
                     parser->context ? parser->context : "", parser->context ? ", " : "",
                     parser->problem ? parser->problem : "it is not YAML");
}

static int load(struct str text, yaml_parser_t *parser, yaml_document_t *doc, const char *file, struct error *err)
{
    if (!yaml_parser_initialize(parser))
        return error_nomem(err);
    yaml_parser_set_input_string(parser, (const unsigned char *)(text.ptr ? text.ptr : ""), text.len);
    if (!yaml_parser_load(parser, doc)) {
        syntax_error(parser, file, err);
        yaml_parser_delete(parser);
        return ERR_SYNTAX;
    }
    return 0;
}

/* Nothing may follow the document. */
static int check_rest(yaml_parser_t *parser, const char *file, struct error *err)
{
    yaml_document_t more;
    if (!yaml_parser_load(parser, &more))
        return syntax_error(parser, file, err);
    int rc = yaml_document_get_root_node(&more)
                 ? error_set(err, ERR_SYNTAX, "%s: it holds several documents; give one", file)
                 : 0;
    yaml_document_delete(&more);
    return rc;
}

int yaml_to_json(struct str text, const char *file, struct buf *out, struct error *err)
{
    yaml_parser_t parser;
    yaml_document_t doc;
    int rc = load(text, &parser, &doc, file, err);
    if (rc)
        return rc;
    struct converting c = {.doc = &doc, .file = file, .err = err};
    json_writer_init(&c.w, out);
    if (!yaml_document_get_root_node(&doc))
        rc = error_set(err, ERR_SYNTAX, "%s: it is empty", file);
    else
        rc = convert(&c, 1);
    if (!rc)
        rc = check_rest(&parser, file, err);
    yaml_document_delete(&doc);
    yaml_parser_delete(&parser);
    return rc ? rc : buf_result(out, file, err);
}

static int child(yaml_document_t *doc, int index, struct str part)
{
    const yaml_node_t *node = yaml_document_get_node(doc, index);
    if (node->type == YAML_SEQUENCE_NODE) {
        char digits[16];
        snprintf(digits, sizeof digits, "%.*s", (int)part.len, part.ptr);
        long n = strtol(digits, NULL, 10);
        return n < node->data.sequence.items.top - node->data.sequence.items.start ? node->data.sequence.items.start[n]
                                                                                   : 0;
    }
    if (node->type != YAML_MAPPING_NODE)
        return 0;
    for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
        const yaml_node_t *key = yaml_document_get_node(doc, p->key);
        if (key->type == YAML_SCALAR_NODE &&
            str_eq(part, str_n((const char *)key->data.scalar.value, key->data.scalar.length)))
            return p->value;
    }
    return 0;
}

int yaml_line(struct str text, const char *pointer)
{
    yaml_parser_t parser;
    yaml_document_t doc;
    if (load(text, &parser, &doc, "", NULL))
        return 0;
    int index = yaml_document_get_root_node(&doc) ? 1 : 0;
    while (index && *pointer == '/') {
        const char *end = strchrnul(pointer + 1, '/');
        index = child(&doc, index, str_n(pointer + 1, (size_t)(end - pointer - 1)));
        pointer = end;
    }
    int line = index ? (int)yaml_document_get_node(&doc, index)->start_mark.line + 1 : 0;
    yaml_document_delete(&doc);
    yaml_parser_delete(&parser);
    return line;
}

/* ---- JSON to YAML ---- */

struct emitting {
    yaml_emitter_t emitter;
    struct buf text;
    bool failed;
};

static int collect(void *data, unsigned char *bytes, size_t size)
{
    buf_add(data, bytes, size);
    return !((struct buf *)data)->failed;
}

static void emit(struct emitting *e, yaml_event_t *event)
{
    if (!yaml_emitter_emit(&e->emitter, event))
        e->failed = true;
}

/* A text that would be read as something else is quoted. */
static yaml_scalar_style_t style_of(struct str text)
{
    static const char *const words[] = {"", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", NULL};
    static const char *const floats[] = {".inf", "+.inf", "-.inf", ".nan", "=", "<<", NULL};
    char lower[8] = "";
    for (size_t i = 0; i < text.len && i < sizeof lower - 1; i++)
        lower[i] = (char)tolower((unsigned char)text.ptr[i]);
    if (text.len < sizeof lower && (is_one_of(str_of(lower), words) || is_one_of(str_of(lower), floats)))
        return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    if (memchr(text.ptr ? text.ptr : "", '\n', text.len))
        return YAML_LITERAL_SCALAR_STYLE;
    bool numeric = text.len && strchr("0123456789+-.", text.ptr[0]) != NULL;
    for (size_t i = 0; numeric && i < text.len; i++)
        numeric = strchr("0123456789+-.eExXoO_:abcdefABCDEFTZ", text.ptr[i]) != NULL;
    return numeric ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_ANY_SCALAR_STYLE;
}

static void emit_text(struct emitting *e, struct str text, bool plain)
{
    yaml_event_t event;
    if (yaml_scalar_event_initialize(&event, NULL, NULL, (yaml_char_t *)(text.ptr ? text.ptr : ""), (int)text.len, 1,
                                     !plain, plain ? YAML_PLAIN_SCALAR_STYLE : style_of(text)))
        emit(e, &event);
    else
        e->failed = true;
}

static void emit_string(struct emitting *e, struct json value)
{
    buf_reset(&e->text);
    json_decode(value, &e->text);
    emit_text(e, buf_str(&e->text), false);
}

static void emit_value(struct emitting *e, struct json value)
{
    yaml_event_t event;
    enum json_type type = json_type(value);
    bool empty = json_count(value) == 0;
    if (type == JSON_OBJECT) {
        yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
                                            empty ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE);
        emit(e, &event);
    } else if (type == JSON_ARRAY) {
        yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
                                             empty ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE);
        emit(e, &event);
    } else if (type == JSON_STRING) {
        emit_string(e, value);
    } else {
        emit_text(e, value.text, true);
    }
    if (type != JSON_OBJECT && type != JSON_ARRAY)
        return;
    for (struct json_iter it = json_iter(value); json_next(&it);) {
        if (type == JSON_OBJECT)
            emit_string(e, it.key);
        emit_value(e, it.value);
    }
    if (type == JSON_OBJECT)
        yaml_mapping_end_event_initialize(&event);
    else
        yaml_sequence_end_event_initialize(&event);
    emit(e, &event);
}

int json_to_yaml(struct json root, struct buf *out, struct error *err)
{
    struct emitting e = {0};
    yaml_event_t event;
    if (!yaml_emitter_initialize(&e.emitter))
        return error_nomem(err);
    yaml_emitter_set_output(&e.emitter, collect, out);
    yaml_emitter_set_unicode(&e.emitter, 1);
    yaml_emitter_set_width(&e.emitter, -1);
    yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    emit(&e, &event);
    yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1);
    emit(&e, &event);
    emit_value(&e, root);
    yaml_document_end_event_initialize(&event, 1);
    emit(&e, &event);
    yaml_stream_end_event_initialize(&event);
    emit(&e, &event);
    bool failed = e.failed || e.text.failed;
    yaml_emitter_delete(&e.emitter);
    buf_free(&e.text);
    if (failed)
        return out->failed ? buf_result(out, "the YAML text", err) : error_nomem(err);
    return 0;
}
