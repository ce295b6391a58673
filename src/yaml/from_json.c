/* SPDX-License-Identifier: Apache-2.0 */
/* JSON to YAML, by libyaml's emitter. */
#include "yaml/convert.h"
#include "yaml/parts.h"

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

static void emit_text(struct emitting *e, struct str text, bool plain)
{
    yaml_event_t event;
    if (yaml_scalar_event_initialize(&event, NULL, NULL, (yaml_char_t *)(text.ptr ? text.ptr : ""), (int)text.len, 1,
                                     !plain, plain ? YAML_PLAIN_SCALAR_STYLE : yaml_text_style(text)))
        emit(e, &event);
    else
        e->failed = true;
}

static void emit_string(struct emitting *e, struct json value)
{
    buf_reset(&e->text);
    json_decode(value, &e->text);
    e->failed |= e->text.failed != 0; /* the next reset forgets it */
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
    yaml_emitter_delete(&e.emitter);
    buf_free(&e.text);
    if (e.failed)
        return out->failed ? buf_result(out, "the YAML text", err) : error_nomem(err);
    return 0;
}
