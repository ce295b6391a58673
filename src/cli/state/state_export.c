/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd state export: a line of JSON for each row. docs/reference/state.md has their form; EXPORT_FORM is its number,
 * which is raised where a line comes to mean something else, not where a member is added. */
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/program_version.h"
#include "cli/state/state_parts.h"
#include "store/whole/every_row.h"

#define EXPORT_FORM 1

struct exporting {
    struct session *s;
    const char *path;
    struct buf line;
    int64_t rows;
};

static bool put(struct exporting *e, struct json_writer *w)
{
    json_write_end(w);
    buf_putc(&e->line, '\n');
    bool good = !e->line.failed && fwrite(e->line.ptr, 1, e->line.len, stdout) == e->line.len;
    if (!e->line.failed)
        buf_reset(&e->line);
    return good; /* where the output fails, cli.c says so */
}

static struct json_writer begin_line(struct exporting *e, const char *type)
{
    struct json_writer w;
    json_writer_init(&w, &e->line);
    json_write_object(&w);
    state_put_text(&w, "type", type);
    return w;
}

/* ---- cells ---- */

static bool ends(const char *name, const char *ending)
{
    size_t n = strlen(name), m = strlen(ending);
    return n >= m && strcmp(name + n - m, ending) == 0;
}

static bool is_instant(const char *name)
{
    return ends(name, "_at") || strcmp(name, "at") == 0 || strcmp(name, "since") == 0;
}

static bool is_flag(const char *name)
{
    return strcmp(name, "dry_run") == 0 || strcmp(name, "whole") == 0;
}

static void put_sum(struct json_writer *w, struct str bytes)
{
    struct buf hex = BUF_INIT;
    for (size_t i = 0; i < bytes.len; i++)
        buf_printf(&hex, "%02x", (unsigned char)bytes.ptr[i]);
    json_write_str(w, buf_str(&hex));
    if (hex.failed)
        w->out->failed = hex.failed;
    buf_free(&hex);
}

static void put_bytes(struct json_writer *w, const struct store_cell *c)
{
    struct buf coded = BUF_INIT;
    if (strcmp(c->name, "sum") == 0 || strcmp(c->name, "digest") == 0) {
        put_sum(w, c->bytes);
        return;
    }
    base64_encode(c->bytes, &coded);
    json_write_str(w, buf_str(&coded));
    if (coded.failed)
        w->out->failed = coded.failed;
    buf_free(&coded);
}

static void put_text(struct json_writer *w, const struct store_cell *c)
{
    struct json value;
    if (strcmp(c->name, "diff") == 0 && json_parse(c->bytes, c->name, &value, NULL) == 0)
        json_write_raw(w, value);
    else
        json_write_str(w, c->bytes);
}

static void put_cell(struct json_writer *w, const struct store_cell *c)
{
    if (c->kind == STORE_CELL_NUMBER && is_instant(c->name)) {
        state_put_time(w, c->name, c->number);
        return;
    }
    json_write_key(w, c->name);
    switch (c->kind) {
    case STORE_CELL_NULL:
        json_write_null(w);
        break;
    case STORE_CELL_NUMBER:
        if (is_flag(c->name))
            json_write_bool(w, c->number != 0);
        else
            json_write_int(w, c->number);
        break;
    case STORE_CELL_TEXT:
        put_text(w, c);
        break;
    case STORE_CELL_BYTES:
        put_bytes(w, c);
        break;
    }
}

/* ---- lines ---- */

static bool begin(void *data, int schema, const char *head)
{
    struct exporting *e = data;
    struct json_writer w = begin_line(e, "begin");
    state_put_number(&w, "form", EXPORT_FORM);
    state_put_text(&w, "mpijobd", mpijobd_version);
    state_put_number(&w, "schema", schema);
    state_put_text(&w, "file", e->path);
    state_put_time(&w, "exported_at", clock_now(&e->s->clock));
    state_put_text(&w, "head", *head ? head : NULL);
    return put(e, &w);
}

/* A row of "runs" is a "run". */
static const char *type_of(const char *table)
{
    static const char *const types[][2] = {
        {"runs", "run"}, {"changes", "change"}, {"marks", "mark"}, {"recordings", "recording"}, {"recorded", "part"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i][0], table) == 0)
            return types[i][1];
    }
    return table;
}

static bool row(void *data, const char *table, const struct store_cell *cells, int count)
{
    struct exporting *e = data;
    struct json_writer w = begin_line(e, type_of(table));
    for (int i = 0; i < count; i++)
        put_cell(&w, &cells[i]);
    e->rows++;
    return put(e, &w);
}

int state_export(struct session *s, const char *path)
{
    struct exporting e = {.s = s, .path = path};
    const struct store_rows rows = {.path = path, .begin = begin, .row = row, .data = &e};
    int rc = store_each_row(&rows, &s->error);
    if (!rc)
        rc = buf_result(&e.line, "a line", &s->error);
    if (!rc && !ferror(stdout)) {
        struct json_writer w = begin_line(&e, "end");
        state_put_number(&w, "rows", e.rows);
        put(&e, &w);
    }
    buf_free(&e.line);
    return rc ? session_fail(s, &s->error) : EXIT_DONE;
}
