/* SPDX-License-Identifier: Apache-2.0 */
/* Texts by space and key: all but a few spaces are of the shared state. */
#include <stdlib.h>
#include <string.h>

#include "base/grown.h"
#include "base/texts.h"
#include "shared/row_line.h"
#include "shared/shared_parts.h"

/* These are about what this replica has begun itself: notifications that it has to deliver, and effects that it looks
 * for, by rows of its journal. */
static bool has(void *data, const char *space)
{
    static const char *const own[] = {SHARED_OWN_SPACE, "outbox", "effect"};
    (void)data;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (strcmp(space, own[i]) == 0)
            return false;
    }
    return true;
}

void shared_keep(struct state *state, const struct store_kept *row, bool soon, store_done done, void *done_data)
{
    struct shared *s = (struct shared *)state;
    struct shared_op *op = shared_op_new(s, OP_ROWS, done, done_data);
    if (op) {
        op->soon = soon;
        row_line_kept(&op->lines, row);
        op->kept = *row;
        op->texts = TEXTS_COPY({&op->kept.space, row->space}, {&op->kept.key, row->key}, {&op->kept.value, row->value});
        if (!op->texts)
            op->lines.failed = ERR_NOMEM;
    }
    shared_submit(s, op);
}

static void keep(void *data, const struct store_kept *row, store_done done, void *done_data)
{
    struct shared *s = data;
    shared_keep(&s->base, row, false, done, done_data);
}

/* ---- reading, on any thread ---- */

struct copy {
    char *texts;
    const char *key, *value;
    int64_t expires_at;
};

struct copies {
    struct copy *rows;
    size_t count, cap;
    bool nomem;
};

static bool copy_row(void *data, const struct shared_row *row)
{
    struct copies *c = data;
    struct row_line_row line = row_line_read(row);
    struct buf key = BUF_INIT, value = BUF_INIT;
    struct copy one = {0};
    struct copy *rows = grown(c->rows, c->count, &c->cap, sizeof *rows, 16);
    if (!rows)
        return !(c->nomem = true);
    c->rows = rows;
    json_decode(line.elements[1], &key);
    json_decode(line.elements[2], &value);
    json_int64(line.elements[3], &one.expires_at);
    if (!key.failed && !value.failed)
        one.texts = TEXTS_COPY({&one.key, or_empty(key.ptr)}, {&one.value, or_empty(value.ptr)});
    buf_free(&key);
    buf_free(&value);
    c->nomem = !one.texts;
    if (one.texts)
        c->rows[c->count++] = one;
    return !c->nomem;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct copy *)a)->key, ((const struct copy *)b)->key);
}

int shared_kept_each(struct shared_rows *rows, const char *space, bool (*row)(void *data, const struct store_kept *row),
                     void *row_data, struct error *err)
{
    struct copies c = {0};
    struct buf beginning = BUF_INIT;
    row_line_key(&beginning, LINE_KEPT, space, NULL);
    buf_putc(&beginning, ',');
    if (!beginning.failed)
        rows_each(rows, buf_str(&beginning), copy_row, &c);
    c.nomem = c.nomem || beginning.failed;
    buf_free(&beginning);
    if (c.count)
        qsort(c.rows, c.count, sizeof *c.rows, by_key);
    bool more = !c.nomem;
    for (size_t i = 0; i < c.count; i++) {
        struct store_kept kept = {space, c.rows[i].key, c.rows[i].value, c.rows[i].expires_at};
        more = more && row(row_data, &kept);
        free(c.rows[i].texts);
    }
    free(c.rows);
    return c.nomem ? error_nomem(err) : 0;
}

int shared_read_kept(struct state *state, const char *space, bool (*row)(void *data, const struct store_kept *row),
                     void *row_data, struct error *err)
{
    struct shared *s = (struct shared *)state;
    int rc = shared_readable(s, err);
    return rc ? rc : shared_kept_each(&s->rows, space, row, row_data, err);
}

static int read_space(void *data, const char *space, bool (*row)(void *data, const struct store_kept *row),
                      void *row_data, struct error *err)
{
    struct shared *s = data;
    return shared_read_kept(&s->base, space, row, row_data, err);
}

static const struct kept_form form = {has, keep, read_space};

void shared_kept_hook(struct shared *s)
{
    store_keep_in(s->o.store, &form, s);
}
