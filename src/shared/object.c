/* SPDX-License-Identifier: Apache-2.0 */
/* The head as JSON within a ConfigMap's data, and lines packed by zstd, with its checksum, in its binaryData. */
#include "shared/object.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/base64.h"
#include "base/clock.h"
#include "json/member.h"
#include "json/write.h"

#define LEVEL 3
#define UNPACKED_MAX (4 * OBJECT_LINES_MAX) /* the end of a log may be longer than a ConfigMap of lines */

/* ---- names ---- */

int object_names_reserve(struct object_names *names, size_t more, struct error *err)
{
    size_t cap = names->cap ? names->cap : 16;
    while (cap < names->count + more)
        cap *= 2;
    if (cap == names->cap)
        return 0;
    void *room = realloc(names->names, cap * sizeof *names->names);
    if (!room)
        return error_nomem(err);
    names->names = room;
    names->cap = cap;
    return 0;
}

int object_names_add(struct object_names *names, const char *name, struct error *err)
{
    if (strlen(name) >= sizeof *names->names)
        return error_set(err, ERR_INVALID, "\"%.40s\" is no name of mpijobd's", name);
    int rc = object_names_reserve(names, 1, err);
    if (rc)
        return rc;
    snprintf(names->names[names->count++], sizeof *names->names, "%s", name);
    return 0;
}

void object_names_drop(struct object_names *names, size_t count)
{
    names->count -= count;
    if (names->count)
        memmove(names->names, names->names + count, names->count * sizeof *names->names);
}

bool object_names_have(const struct object_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->names[i], name) == 0)
            return true;
    }
    return false;
}

void object_names_free(struct object_names *names)
{
    free(names->names);
    *names = (struct object_names){0};
}

void head_free(struct object_head *head)
{
    object_names_free(&head->base);
    object_names_free(&head->log);
}

/* ---- writing ---- */

static void list(struct json_writer *w, const char *key, const struct object_names *names)
{
    json_write_key(w, key);
    json_write_array(w);
    for (size_t i = 0; i < names->count; i++)
        json_write_string(w, names->names[i]);
    json_write_end(w);
}

static void begin(struct json_writer *w, struct buf *out, const char *name, const char *name_space,
                  const char *resource_version, const char *state)
{
    json_writer_init(w, out);
    json_write_object(w);
    json_member_text(w, "apiVersion", "v1");
    json_member_text(w, "kind", "ConfigMap");
    json_write_key(w, "metadata");
    json_write_object(w);
    json_member_text(w, "name", name);
    json_member_text(w, "namespace", name_space);
    if (resource_version)
        json_member_text(w, "resourceVersion", resource_version);
    json_write_key(w, "labels");
    json_write_object(w);
    json_member_text(w, "app.kubernetes.io/managed-by", "mpijobd");
    json_member_text(w, OBJECT_LABEL, state);
    json_write_end(w);
    json_write_end(w);
}

static void packed(struct json_writer *w, struct str lines)
{
    struct buf packed = BUF_INIT, coded = BUF_INIT;
    size_t bound = ZSTD_compressBound(lines.len), n = 0;
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    if (zstd && buf_reserve(&packed, bound) == 0) {
        ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, LEVEL);
        ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
        n = ZSTD_compress2(zstd, packed.ptr, bound, lines.ptr, lines.len);
    }
    if (!zstd || packed.failed || ZSTD_isError(n))
        w->out->failed = ERR_NOMEM;
    else
        base64_encode(str_n(packed.ptr, n), &coded);
    ZSTD_freeCCtx(zstd);
    if (coded.failed)
        w->out->failed = coded.failed;
    json_write_key(w, "binaryData");
    json_write_object(w);
    json_write_key(w, "rows");
    json_write_str(w, buf_str(&coded));
    json_write_end(w);
    buf_free(&packed);
    buf_free(&coded);
}

void object_write_head(struct buf *out, const struct object_head *head, const char *name, const char *name_space,
                       const char *resource_version, struct str lines)
{
    struct buf text = BUF_INIT;
    struct json_writer w;
    char at[32];
    clock_format(head->written_at, true, at);
    json_writer_init(&w, &text);
    json_write_object(&w);
    json_member_int(&w, "format", OBJECT_FORMAT);
    json_member_int(&w, "epoch", head->epoch);
    json_member_text(&w, "writer", head->writer);
    json_member_text(&w, "holder", head->holder);
    json_member_text(&w, "written_at", at);
    json_member_int(&w, "runs", head->runs);
    json_member_int(&w, "bytes", (int64_t)lines.len);
    list(&w, "base", &head->base);
    list(&w, "log", &head->log);
    json_write_end(&w);
    begin(&w, out, name, name_space, resource_version, name);
    json_write_key(&w, "data");
    json_write_object(&w);
    json_member_text(&w, "about", "What mpijobd has to remember. Not to be edited; see docs/operations.md.");
    json_write_key(&w, "head");
    json_write_str(&w, buf_str(&text));
    json_write_end(&w);
    if (lines.len)
        packed(&w, lines);
    json_write_end(&w);
    if (text.failed)
        out->failed = text.failed;
    buf_free(&text);
}

void object_write_lines(struct buf *out, const char *head_name, const char *name, const char *name_space,
                        struct str lines)
{
    char full[256];
    struct json_writer w;
    snprintf(full, sizeof full, "%s-%s", head_name, name);
    begin(&w, out, full, name_space, NULL, head_name);
    packed(&w, lines);
    json_write_key(&w, "immutable");
    json_write_bool(&w, true);
    json_write_end(&w);
}

/* ---- reading ---- */

static int read_names(struct json array, struct object_names *names, struct error *err)
{
    int rc = json_type(array) == JSON_ARRAY ? 0 : error_set(err, ERR_INVALID, "it does not name what belongs to it");
    for (struct json_iter it = json_iter(array); !rc && json_next(&it);) {
        char name[64];
        rc = json_string_at(it.value, "", name, sizeof name) ? error_set(err, ERR_INVALID, "it names what is no name")
                                                             : object_names_add(names, name, err);
    }
    return rc;
}

static int read_text(struct json root, struct object_head *head, struct error *err)
{
    int64_t format = 0;
    json_int64(json_get(root, "format"), &format);
    if (format > OBJECT_FORMAT)
        return error_set(err, ERR_INVALID,
                         "it was written by a newer mpijobd (format %" PRId64 " of %d): update this one", format,
                         OBJECT_FORMAT);
    if (format != OBJECT_FORMAT || !json_int64(json_get(root, "epoch"), &head->epoch) || head->epoch < 1 ||
        json_string_at(root, "/writer", head->writer, sizeof head->writer))
        return error_set(err, ERR_INVALID, "its head is not one of mpijobd's");
    json_string_at(root, "/holder", head->holder, sizeof head->holder);
    json_int64(json_get(root, "runs"), &head->runs);
    json_int64(json_get(root, "bytes"), &head->bytes);
    int rc = read_names(json_get(root, "base"), &head->base, err);
    return rc ? rc : read_names(json_get(root, "log"), &head->log, err);
}

int object_read_head(struct json object, struct object_head *head, struct error *err)
{
    struct buf text = BUF_INIT;
    struct json root;
    int rc;
    *head = (struct object_head){0};
    if (json_decode(json_at(object, "/data/head"), &text))
        rc = json_parse(buf_str(&text), "its head", &root, err) ? ERR_INVALID : read_text(root, head, err);
    else
        rc = text.failed ? error_nomem(err) : error_set(err, ERR_INVALID, "it has no head");
    buf_free(&text);
    return rc;
}

struct json object_packed(struct json object)
{
    return json_at(object, "/binaryData/rows");
}

int object_unpack(struct str base64, struct buf *lines, struct error *err)
{
    struct buf packed = BUF_INIT;
    unsigned long long size = 0;
    int rc = 0;
    if (!base64_decode(base64, &packed))
        rc = packed.failed ? error_nomem(err) : error_set(err, ERR_INVALID, "its rows are no base64");
    if (!rc) {
        size = ZSTD_getFrameContentSize(packed.ptr, packed.len);
        if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > UNPACKED_MAX)
            rc = error_set(err, ERR_INVALID, "its rows are not packed as mpijobd packs them");
    }
    if (!rc && buf_reserve(lines, (size_t)size + 1))
        rc = error_nomem(err);
    if (!rc) {
        size_t n = ZSTD_decompress(lines->ptr + lines->len, (size_t)size, packed.ptr, packed.len);
        if (ZSTD_isError(n) || n != size)
            rc = error_set(err, ERR_INVALID, "its rows are damaged (%s)",
                           ZSTD_isError(n) ? ZSTD_getErrorName(n) : "cut");
        else
            lines->ptr[lines->len += n] = '\0';
    }
    buf_free(&packed);
    return rc;
}

int object_read_head_lines(struct json object, struct object_head *head, struct buf *lines, struct error *err)
{
    struct buf text = BUF_INIT;
    size_t before = lines->len;
    int rc = object_read_head(object, head, err);
    if (!rc && json_decode(object_packed(object), &text))
        rc = object_unpack(buf_str(&text), lines, err);
    if (!rc && text.failed)
        rc = error_nomem(err);
    if (!rc && (int64_t)(lines->len - before) != head->bytes)
        rc = error_set(err, ERR_INVALID, "its rows are %s", lines->len > before ? "others" : "missing");
    buf_free(&text);
    return rc;
}
