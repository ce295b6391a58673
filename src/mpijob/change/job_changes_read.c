/* SPDX-License-Identifier: Apache-2.0 */
/* Changes as one JSON object, for the journal and for plans. "exactly" names the maps whose other keys go. */
#include "mpijob/change/change_item.h"
#include "mpijob/shown.h"
#include "json/write.h"

static void write_map(const struct mpijob_changes *changes, enum mpijob_map map, struct json_writer *w)
{
    bool open = false;
    for (size_t i = 0; i < changes->count; i++) {
        const struct mpijob_change *c = &changes->items[i];
        if (c->kind != CHANGE_KEY || c->map != map)
            continue;
        if (!open) {
            json_write_key(w, change_map_name(map));
            json_write_object(w);
            open = true;
        }
        json_write_key(w, c->key);
        if (c->value)
            json_write_str(w, change_value(c));
        else
            json_write_null(w);
    }
    if (open)
        json_write_end(w);
}

static void write_field(const struct mpijob_changes *changes, enum mpijob_field_id field, struct json_writer *w)
{
    bool open = false;
    for (size_t i = 0; i < changes->count; i++) {
        const struct mpijob_change *c = &changes->items[i];
        if (c->kind != CHANGE_FIELD || c->field != field)
            continue;
        if (!open)
            json_write_key(w, mpijob_kind_field_name(changes->kind, field));
        if (c->member >= 0) {
            if (!open)
                json_write_object(w);
            open = true;
            json_write_key(w, mpijob_scheduling_members[c->member]);
        }
        if (c->value)
            json_write_raw(w, (struct json){change_value(c)});
        else
            json_write_null(w);
    }
    if (open)
        json_write_end(w);
}

void mpijob_changes_write(const struct mpijob_changes *changes, struct buf *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_write_object(&w);
    for (int field = 0; field < FIELD_COUNT; field++)
        write_field(changes, (enum mpijob_field_id)field, &w);
    for (size_t i = 0; changes->kind && i < changes->kind->field_count; i++)
        write_field(changes, (enum mpijob_field_id)(FIELD_OWN + i), &w);
    write_map(changes, CHANGE_LABELS, &w);
    write_map(changes, CHANGE_ANNOTATIONS, &w);
    if (changes->exactly[CHANGE_LABELS] || changes->exactly[CHANGE_ANNOTATIONS]) {
        json_write_key(&w, "exactly");
        json_write_array(&w);
        for (int map = CHANGE_LABELS; map <= CHANGE_ANNOTATIONS; map++) {
            if (changes->exactly[map])
                json_write_string(&w, change_map_name((enum mpijob_map)map));
        }
        json_write_end(&w);
    }
    json_write_end(&w);
}

static int read_pair(struct mpijob_changes *changes, enum mpijob_map map, struct json key, struct json value,
                     struct error *err)
{
    struct buf name = BUF_INIT, text = BUF_INIT;
    int rc = json_decode(key, &name) ? 0 : error_nomem(err);
    if (rc)
        return rc;
    struct str decoded = {"", 0};
    if (json_type(value) == JSON_STRING) {
        if (!json_decode(value, &text))
            rc = error_nomem(err);
        else if (text.len)
            decoded = buf_str(&text);
    } else if (json_type(value) != JSON_NULL) {
        rc = error_set(err, ERR_INVALID, "%s %.*s: the value must be a string, or null to remove it, not %s",
                       change_map_name(map), shown(buf_str(&name), 80), name.ptr ? name.ptr : "",
                       json_type_name(json_type(value)));
    }
    if (!rc)
        rc = mpijob_changes_map(changes, map, buf_str(&name), json_type(value) == JSON_NULL ? NULL : &decoded, err);
    buf_free(&name);
    buf_free(&text);
    return rc;
}

static int read_map(struct mpijob_changes *changes, enum mpijob_map map, struct json object, struct error *err)
{
    if (json_type(object) != JSON_OBJECT)
        return error_set(err, ERR_INVALID, "%s must be an object, not %s", change_map_name(map),
                         json_type_name(json_type(object)));
    for (struct json_iter it = json_iter(object); json_next(&it);) {
        int rc = read_pair(changes, map, it.key, it.value, err);
        if (rc)
            return rc;
    }
    return 0;
}

static int read_exactly(struct mpijob_changes *changes, struct json list, struct error *err)
{
    if (json_type(list) != JSON_ARRAY)
        return error_set(err, ERR_INVALID, "exactly must be a list of \"labels\" and \"annotations\"");
    for (struct json_iter it = json_iter(list); json_next(&it);) {
        if (json_string_is(it.value, str_of("labels")))
            mpijob_changes_exactly(changes, CHANGE_LABELS);
        else if (json_string_is(it.value, str_of("annotations")))
            mpijob_changes_exactly(changes, CHANGE_ANNOTATIONS);
        else
            return error_set(err, ERR_INVALID, "exactly names \"labels\" or \"annotations\", not %.*s",
                             shown(it.value.text, 60), it.value.text.ptr);
    }
    return 0;
}

static int read_member(struct mpijob_changes *changes, struct json key, struct json value, struct error *err)
{
    struct buf name = BUF_INIT;
    if (json_string_is(key, str_of("labels")))
        return read_map(changes, CHANGE_LABELS, value, err);
    if (json_string_is(key, str_of("annotations")))
        return read_map(changes, CHANGE_ANNOTATIONS, value, err);
    if (json_string_is(key, str_of("exactly")))
        return read_exactly(changes, value, err);
    int rc = json_decode(key, &name) ? 0 : error_nomem(err);
    if (!rc)
        rc = mpijob_changes_set(changes, name.ptr ? name.ptr : "", value.text, err);
    buf_free(&name);
    return rc;
}

int mpijob_changes_read(struct mpijob_changes *changes, struct json object, struct error *err)
{
    if (json_type(object) != JSON_OBJECT)
        return error_set(err, ERR_INVALID, "changes must be an object such as {\"cleanPodPolicy\":\"All\"}, not %s",
                         json_type_name(json_type(object)));
    for (struct json_iter it = json_iter(object); json_next(&it);) {
        int rc = read_member(changes, it.key, it.value, err);
        if (rc)
            return rc;
    }
    return 0;
}
