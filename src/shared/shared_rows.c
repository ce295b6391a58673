/* SPDX-License-Identifier: Apache-2.0 */
/* The rows, by the first bytes of their lines. */
#define HASH_NONFATAL_OOM 1
#include "shared/shared_rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "shared/row_line.h"
#include "json/value.h"

void rows_open(struct shared_rows *rows)
{
    memset(rows, 0, sizeof *rows);
    if (uv_mutex_init_recursive(&rows->lock))
        abort(); /* glibc's cannot fail with these attributes */
}

void rows_clear(struct shared_rows *rows)
{
    uv_mutex_lock(&rows->lock);
    for (unsigned i = 0; i < ROWS_PARTS; i++) {
        struct shared_row *row, *next;
        HASH_ITER(hh, rows->parts[i], row, next)
        {
            HASH_DEL(rows->parts[i], row);
            free(row);
        }
    }
    rows->count = rows->bytes = 0;
    uv_mutex_unlock(&rows->lock);
}

void rows_close(struct shared_rows *rows)
{
    rows_clear(rows);
    uv_mutex_destroy(&rows->lock);
}

/* Those of one run ("d") are together. */
static unsigned part_of(struct str key)
{
    char kind = key.len > 2 ? key.ptr[2] : '\0'; /* of ["h" */
    if (kind != LINE_HANDLED && kind != LINE_CHANGED)
        return 0;
    if (kind == LINE_CHANGED) {
        const char *second = memchr(key.ptr + 5, ',', key.len - 5);
        key.len = second ? (size_t)(second - key.ptr) : key.len;
    }
    return 1 + (unsigned)(XXH3_64bits(key.ptr, key.len) % (ROWS_PARTS - 1));
}

const struct shared_row *rows_find(const struct shared_rows *rows, struct str key)
{
    struct shared_row *row = NULL;
    HASH_FIND(hh, rows->parts[part_of(key)], key.ptr, key.len, row);
    return row;
}

static void forget(struct shared_rows *rows, struct str key)
{
    struct shared_row *row = NULL, **part = &rows->parts[part_of(key)];
    HASH_FIND(hh, *part, key.ptr, key.len, row);
    if (!row)
        return;
    HASH_DEL(*part, row);
    rows->count--;
    rows->bytes -= row->len;
    free(row);
}

static int put(struct shared_rows *rows, struct str line, size_t key_len, struct error *err)
{
    struct str key = {line.ptr, key_len};
    struct shared_row *row = malloc(sizeof *row + line.len), **part = &rows->parts[part_of(key)];
    if (!row)
        return error_nomem(err);
    row->hh.tbl = NULL;
    row->key_len = (uint32_t)key_len;
    row->len = (uint32_t)line.len;
    memcpy(row->text, line.ptr, line.len);
    forget(rows, key);
    HASH_ADD_KEYPTR(hh, *part, row->text, row->key_len, row);
    if (!row->hh.tbl) {
        free(row);
        return error_nomem(err);
    }
    rows->count++;
    rows->bytes += row->len;
    return 0;
}

/* A run that has ended needs no list of what it has changed. */
static void forget_changed(struct shared_rows *rows, struct str run_key)
{
    struct buf beginning = BUF_INIT;
    struct shared_row *row, *next;
    buf_add_str(&beginning, run_key);
    buf_putc(&beginning, ',');
    if (beginning.failed || beginning.len < 3)
        return;
    beginning.ptr[2] = LINE_CHANGED;
    struct shared_row **part = &rows->parts[part_of(str_n(beginning.ptr, beginning.len - 1))];
    HASH_ITER(hh, *part, row, next)
    {
        if (row->key_len > beginning.len && memcmp(row->text, beginning.ptr, beginning.len) == 0)
            forget(rows, str_n(row->text, row->key_len));
    }
    buf_free(&beginning);
}

/* Where it is later than the mark that is there. */
static int mark_later(struct shared_rows *rows, struct str line, size_t key_len, int64_t at, struct error *err)
{
    struct buf text = BUF_INIT;
    int64_t there;
    buf_add_str(&text, line);
    int rc = buf_result(&text, "a mark", err);
    if (!rc) {
        text.ptr[2] = LINE_MARK;
        const struct shared_row *row = rows_find(rows, str_n(text.ptr, key_len));
        if (!row || !row_line_mark_at(row, &there) || there < at)
            rc = put(rows, buf_str(&text), key_len, err);
    }
    buf_free(&text);
    return rc;
}

/* How many elements the key has, with the kind; 0: no such kind. */
static size_t key_parts(char kind)
{
    switch (kind) {
    case LINE_MARK:
    case LINE_MARK_LATER:
    case LINE_RUN:
    case LINE_INTENDED:
        return 2;
    case LINE_HANDLED:
    case LINE_KEPT:
    case LINE_CHANGED:
        return 3;
    default:
        return 0;
    }
}

static int apply(struct shared_rows *rows, struct str line, struct error *err)
{
    struct json root;
    if (json_parse(line, "a row", &root, err))
        return ERR_INVALID;
    size_t wanted = line.len > 4 && root.text.ptr == line.ptr ? key_parts(line.ptr[2]) : 0, seen = 0, key_len = 0;
    struct json value = {{0}};
    for (struct json_iter it = json_iter(root); json_next(&it); seen++) {
        if (seen < wanted)
            key_len = (size_t)(it.value.text.ptr + it.value.text.len - line.ptr);
        else if (seen == wanted)
            value = it.value;
    }
    if (!wanted || seen < wanted || memcmp(line.ptr, "[\"", 2) != 0)
        return error_set(err, ERR_INVALID, "a row of a kind that this mpijobd does not know");
    struct str key = {line.ptr, key_len};
    int64_t at;
    if (line.ptr[2] == LINE_MARK_LATER)
        return json_int64(value, &at) ? mark_later(rows, line, key_len, at, err)
                                      : error_set(err, ERR_INVALID, "a mark without an instant");
    if (seen > wanted)
        return put(rows, line, key_len, err);
    forget(rows, key);
    if (line.ptr[2] == LINE_RUN)
        forget_changed(rows, key);
    return 0;
}

int rows_apply(struct shared_rows *rows, struct str line, struct error *err)
{
    uv_mutex_lock(&rows->lock);
    int rc = apply(rows, line, err);
    uv_mutex_unlock(&rows->lock);
    return rc;
}

int rows_apply_all(struct shared_rows *rows, struct str lines, struct error *err)
{
    int rc = 0;
    while (!rc && lines.len) {
        const char *end = memchr(lines.ptr, '\n', lines.len);
        if (!end)
            return error_set(err, ERR_INVALID, "a row that is cut off");
        rc = rows_apply(rows, str_n(lines.ptr, (size_t)(end - lines.ptr)), err);
        lines = str_n(end + 1, lines.len - (size_t)(end + 1 - lines.ptr));
    }
    return rc;
}

void rows_each(struct shared_rows *rows, struct str beginning, bool (*row)(void *data, const struct shared_row *row),
               void *data)
{
    bool handled = beginning.len > 2 && (beginning.ptr[2] == LINE_HANDLED || beginning.ptr[2] == LINE_CHANGED);
    bool more = true;
    for (unsigned i = handled; more && i < (handled ? ROWS_PARTS : 1); i++) {
        uv_mutex_lock(&rows->lock);
        for (const struct shared_row *r = rows->parts[i]; more && r; r = r->hh.next) {
            if (r->len >= beginning.len && memcmp(r->text, beginning.ptr, beginning.len) == 0)
                more = row(data, r);
        }
        uv_mutex_unlock(&rows->lock);
    }
}

void rows_write(const struct shared_rows *rows, unsigned part, struct buf *out)
{
    for (const struct shared_row *row = rows->parts[part]; row; row = row->hh.next) {
        buf_add(out, row->text, row->len);
        buf_putc(out, '\n');
    }
}
