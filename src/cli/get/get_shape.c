/* SPDX-License-Identifier: Apache-2.0 */
/* -o jsonpath= and -o custom-columns=, as kubectl has them. */
#include <stdlib.h>
#include <string.h>

#include "cli/get/get_parts.h"

/* Where a column ends: at a comma that stands in no bracket and no quotes. */
static size_t column_len(const char *text)
{
    char quote = 0;
    int depth = 0;
    size_t n = 0;
    for (; text[n]; n++) {
        char c = text[n];
        if (c == '\\' && text[n + 1])
            n++;
        else if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == ',' && depth <= 0)
            break;
        else
            depth += (c == '[' || c == '(' || c == '{') - (c == ']' || c == ')' || c == '}');
    }
    return n;
}

static int add_column(struct shape *shape, const char *text, size_t len, struct error *err)
{
    const char *colon = memchr(text, ':', len);
    if (!colon || colon == text)
        return error_set(err, ERR_SYNTAX,
                         "-o custom-columns: \"%.*s\" is no HEAD:PATH; a column is written as PHASE:.status.phase",
                         (int)len, text);
    if (shape->column_count == TABLE_COLUMNS_MAX)
        return error_set(err, ERR_LIMIT, "-o custom-columns takes at most %d columns", TABLE_COLUMNS_MAX);
    struct shape_column *c = &shape->columns[shape->column_count++];
    char *path = str_dup(str_n(colon + 1, len - (size_t)(colon + 1 - text)));
    c->head = str_dup(str_n(text, (size_t)(colon - text)));
    int rc = path && c->head ? jsonpath_single(path, &c->path, err) : error_nomem(err);
    free(path);
    return rc == ERR_SYNTAX ? error_prefix(err, "-o custom-columns, %s", c->head) : rc;
}

static int read_columns(struct shape *shape, const char *text, struct error *err)
{
    int rc;
    for (;; text++) {
        size_t n = column_len(text);
        rc = add_column(shape, text, n, err);
        text += n;
        if (rc || !*text)
            return rc;
    }
}

int shape_read(struct shape *shape, const struct options *o, struct error *err)
{
    if (o->output == OUTPUT_COLUMNS)
        return read_columns(shape, o->format, err);
    if (o->output != OUTPUT_JSONPATH)
        return 0;
    int rc = jsonpath_template(o->format, &shape->whole, err);
    return rc == ERR_SYNTAX ? error_prefix(err, "-o jsonpath") : rc;
}

void shape_free(struct shape *shape)
{
    jsonpath_free(shape->whole);
    for (size_t i = 0; i < shape->column_count; i++) {
        free(shape->columns[i].head);
        jsonpath_free(shape->columns[i].path);
    }
    *shape = (struct shape){0};
}

void shape_begin(const struct shape *shape, struct table *table)
{
    const char *heads[TABLE_COLUMNS_MAX];
    for (size_t i = 0; i < shape->column_count; i++)
        heads[i] = shape->columns[i].head;
    table_begin(table, shape->column_count, heads);
}

static void add_value(void *data, struct json value)
{
    struct buf *out = data;
    if (out->len)
        buf_putc(out, ',');
    jsonpath_add_value(out, value);
}

void shape_row(const struct shape *shape, struct json object, struct table *table)
{
    for (size_t i = 0; i < shape->column_count; i++) {
        struct buf text = BUF_INIT;
        if (jsonpath_each(shape->columns[i].path, object, add_value, &text, NULL) || text.failed)
            table_cell(table, "?");
        else
            table_cell(table, text.len ? text.ptr : "<none>");
        buf_free(&text);
    }
}
