/* SPDX-License-Identifier: Apache-2.0 */
/* A list of differences: kept, shown to people, written as JSON and read back. */
#include <stdlib.h>

#include "base/visible.h"
#include "mpijob/change/change_item.h"
#include "json/write.h"

void mpijob_diff_free(struct mpijob_diff *diff)
{
    for (size_t i = 0; i < diff->count; i++) {
        free(diff->items[i].pointer);
        free(diff->items[i].before);
        free(diff->items[i].after);
        free(diff->items[i].made);
    }
    free(diff->items);
    *diff = (struct mpijob_diff){0};
}

int diff_add(struct mpijob_diff *diff, const char *pointer, enum mpijob_field_id field, struct json before,
             struct str after, struct error *err)
{
    if (diff->count == diff->cap) {
        size_t cap = diff->cap ? 2 * diff->cap : 4;
        struct mpijob_difference *items = realloc(diff->items, cap * sizeof *items);
        if (!items)
            return error_nomem(err);
        diff->items = items;
        diff->cap = cap;
    }
    struct mpijob_difference *d = &diff->items[diff->count++];
    *d = (struct mpijob_difference){.pointer = str_dup(str_of(pointer)), .field = field};
    if (before.text.len)
        d->before = str_dup(before.text);
    if (after.len)
        d->after = str_dup(after);
    if (!d->pointer || (before.text.len && !d->before) || (after.len && !d->after))
        return error_nomem(err);
    return 0;
}

void diff_path(const char *pointer, struct buf *out)
{
    const char *p = pointer;
    bool map = strncmp(p, "/metadata/labels/", 17) == 0 || strncmp(p, "/metadata/annotations/", 22) == 0;
    if (map)
        p += strlen("/metadata");
    for (p += *p == '/'; *p; p++) {
        if (*p == '/')
            buf_putc(out, '.');
        else if (*p == '~' && (p[1] == '0' || p[1] == '1'))
            buf_putc(out, *++p == '0' ? '~' : '/');
        else
            buf_putc(out, *p);
    }
}

static bool is_word(struct str s)
{
    static const char *const other_types[] = {"true", "false", "null"};
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c <= ' ' || c == '"' || c == '\\' || c >= 0x7f)
            return false;
    }
    for (size_t i = 0; i < sizeof other_types / sizeof *other_types; i++) {
        if (str_is(s, other_types[i]))
            return false;
    }
    return s.len && !(s.ptr[0] >= '0' && s.ptr[0] <= '9') && s.ptr[0] != '-';
}

/* A plain word without its quotes, anything else as JSON: "3600" as a string must not look like the number. */
static void show(const char *raw, struct buf *out)
{
    struct str text = str_of(raw), inner = text;
    if (text.len >= 2 && text.ptr[0] == '"') {
        inner = str_n(text.ptr + 1, text.len - 2);
        visible_add(out, is_word(inner) ? inner : text);
    } else {
        visible_add(out, text);
    }
}

static const char *shown(const struct mpijob_diff *diff, const struct mpijob_difference *d, const char *value)
{
    bool open = !diff->secret || strncmp(d->pointer, "/metadata/labels/", 17) == 0;
    return !value || open ? value : "\"(hidden)\"";
}

void mpijob_diff_write(const struct mpijob_diff *diff, bool colour, struct buf *out)
{
    for (size_t i = 0; i < diff->count; i++) {
        const struct mpijob_difference *d = &diff->items[i];
        char sign = !d->before ? '+' : !d->after ? '-' : ' ';
        const char *red = colour ? "\033[31m" : "", *green = colour ? "\033[32m" : "", *plain = colour ? "\033[0m" : "";
        buf_putc(out, sign);
        buf_putc(out, ' ');
        struct buf path = BUF_INIT;
        diff_path(d->pointer, &path);
        visible_add(out, buf_str(&path));
        out->failed = out->failed || path.failed;
        buf_free(&path);
        buf_puts(out, ": ");
        if (d->before) {
            buf_puts(out, red);
            show(shown(diff, d, d->before), out);
            buf_puts(out, plain);
        }
        if (d->before && d->after)
            buf_puts(out, " -> ");
        if (d->after) {
            buf_puts(out, green);
            show(shown(diff, d, d->after), out);
            buf_puts(out, plain);
        }
        buf_putc(out, '\n');
    }
}

void mpijob_difference_name(const struct mpijob_difference *d, struct buf *out)
{
    diff_path(d->pointer, out);
}

void mpijob_difference_value(const char *raw, struct buf *out)
{
    if (raw)
        show(raw, out);
    else
        buf_puts(out, "unset");
}

static void write_value(struct json_writer *w, const char *key, const char *raw)
{
    json_write_key(w, key);
    if (raw)
        json_write_raw(w, (struct json){str_of(raw)});
    else
        json_write_null(w);
}

void mpijob_diff_json(const struct mpijob_diff *diff, struct buf *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_write_array(&w);
    for (size_t i = 0; i < diff->count; i++) {
        const struct mpijob_difference *d = &diff->items[i];
        json_write_object(&w);
        json_write_key(&w, "path");
        json_write_string(&w, d->pointer);
        write_value(&w, "before", shown(diff, d, d->before));
        write_value(&w, "after", shown(diff, d, d->after));
        if (d->made) {
            json_write_key(&w, "made");
            json_write_string(&w, d->made);
        }
        json_write_end(&w);
    }
    json_write_end(&w);
}

/* The field that a pointer is about: its last segment's name, or schedulingPolicy above it. */
enum mpijob_field_id diff_field_of(struct str pointer)
{
    enum mpijob_field_id field;
    if (!str_starts(pointer, "/spec/"))
        return FIELD_COUNT;
    while (pointer.len) {
        const char *slash = memrchr(pointer.ptr, '/', pointer.len);
        if (!slash)
            break;
        size_t at = (size_t)(slash - pointer.ptr);
        if (mpijob_field_find(NULL, str_n(slash + 1, pointer.len - at - 1), &field))
            return field;
        pointer.len = at;
    }
    return FIELD_COUNT;
}

static int read_made(struct mpijob_difference *d, struct json item, struct error *err)
{
    struct buf made = BUF_INIT;
    struct json text = json_get(item, "made");
    if (json_type(text) != JSON_STRING)
        return 0;
    int rc = json_decode(text, &made) ? buf_result(&made, "a path", err) : error_nomem(err);
    if (!rc && !(d->made = str_dup(buf_str(&made))))
        rc = error_nomem(err);
    buf_free(&made);
    return rc;
}

int mpijob_diff_read(struct mpijob_diff *diff, struct json array, struct error *err)
{
    if (json_type(array) != JSON_ARRAY)
        return error_set(err, ERR_INVALID, "a diff must be an array, not %s", json_type_name(json_type(array)));
    for (struct json_iter it = json_iter(array); json_next(&it);) {
        struct buf path = BUF_INIT;
        struct json name = json_get(it.value, "path");
        if (json_type(name) != JSON_STRING)
            return error_set(err, ERR_INVALID, "a difference without a path");
        int rc = json_decode(name, &path) ? buf_result(&path, "a path", err) : error_nomem(err);
        if (!rc)
            rc = diff_add(diff, path.ptr ? path.ptr : "", diff_field_of(buf_str(&path)),
                          mpijob_value_at(it.value, "/before"), mpijob_value_at(it.value, "/after").text, err);
        if (!rc)
            rc = read_made(&diff->items[diff->count - 1], it.value, err);
        buf_free(&path);
        if (rc)
            return rc;
    }
    return 0;
}
