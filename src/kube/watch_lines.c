/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes to lines, and lines to events. */
#include "kube/watch_lines.h"

#define KEPT ((size_t)256 << 10) /* memory of a line that was larger is given back */

void watch_lines_init(struct watch_lines *lines, size_t max)
{
    *lines = (struct watch_lines){.max = max};
    buf_init(&lines->part, max);
}

void watch_lines_free(struct watch_lines *lines)
{
    buf_free(&lines->part);
}

bool watch_lines_amid(const struct watch_lines *lines)
{
    return str_trim(buf_str(&lines->part)).len != 0;
}

static bool read_type(struct json type, enum kube_event_type *out)
{
    static const char *const names[] = {"ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (json_string_is(type, str_of(names[i]))) {
            *out = (enum kube_event_type)i;
            return true;
        }
    }
    return false;
}

static int no_event(const struct watch_lines *lines, const char *why, struct error *err)
{
    return error_set(err, ERR_PROTOCOL, "line %zu of the watch is no event: %s", lines->count, why);
}

static int read_event(const struct watch_lines *lines, struct str line, struct kube_event *event, struct error *err)
{
    struct json root, type = {0};
    struct error why;
    *event = (struct kube_event){0};
    int rc = json_parse(line, "it", &root, &why);
    if (rc == ERR_NOMEM)
        return error_nomem(err);
    if (rc)
        return no_event(lines, why.message, err);
    for (struct json_iter it = json_iter(root); json_next(&it);) {
        if (json_string_is(it.key, str_of("type")))
            type = it.value;
        else if (json_string_is(it.key, str_of("object")))
            event->object = it.value;
    }
    if (json_type(root) != JSON_OBJECT || !read_type(type, &event->type))
        return no_event(lines, "it has no type ADDED, MODIFIED, DELETED, BOOKMARK or ERROR", err);
    if (json_type(event->object) != JSON_OBJECT)
        return no_event(lines, "it has no object", err);
    struct json version = json_get(json_get(event->object, "metadata"), "resourceVersion");
    if (json_type(version) == JSON_STRING && !memchr(version.text.ptr, '\\', version.text.len))
        event->version = str_n(version.text.ptr + 1, version.text.len - 2);
    if (event->type != KUBE_ERROR && !event->version.len)
        return no_event(lines, "its object has no metadata.resourceVersion", err);
    return 0;
}

/* *more: false where `came` wants no further one. */
static int give_line(struct watch_lines *lines, struct str line, bool *more,
                     bool (*came)(void *data, const struct kube_event *event), void *data, struct error *err)
{
    struct kube_event event;
    lines->count++;
    if (line.len > lines->max)
        return error_set(err, ERR_LIMIT, "line %zu of the watch is longer than the limit of %zu bytes", lines->count,
                         lines->max);
    if (!str_trim(line).len)
        return 0;
    int rc = read_event(lines, line, &event, err);
    if (!rc)
        *more = came(data, &event);
    return rc;
}

static int keep_part(struct watch_lines *lines, const char *bytes, size_t n, struct error *err)
{
    buf_add(&lines->part, bytes, n);
    if (lines->part.failed == ERR_LIMIT)
        return error_set(err, ERR_LIMIT, "line %zu of the watch is longer than the limit of %zu bytes",
                         lines->count + 1, lines->max);
    return lines->part.failed ? error_nomem(err) : 0;
}

static void empty_part(struct watch_lines *lines)
{
    if (lines->part.cap > KEPT)
        buf_free(&lines->part);
    else
        buf_reset(&lines->part);
}

int watch_lines_feed(struct watch_lines *lines, const char *bytes, size_t n,
                     bool (*came)(void *data, const struct kube_event *event), void *data, struct error *err)
{
    bool more = true;
    int rc = 0;
    for (const char *end; !rc && more && (end = memchr(bytes, '\n', n));) {
        size_t len = (size_t)(end - bytes);
        if (lines->part.len) {
            rc = keep_part(lines, bytes, len, err);
            if (!rc)
                rc = give_line(lines, buf_str(&lines->part), &more, came, data, err);
            empty_part(lines);
        } else {
            rc = give_line(lines, str_n(bytes, len), &more, came, data, err);
        }
        bytes += len + 1;
        n -= len + 1;
    }
    return rc || !more || !n ? rc : keep_part(lines, bytes, n, err);
}
