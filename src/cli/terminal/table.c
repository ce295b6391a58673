/* SPDX-License-Identifier: Apache-2.0 */
/* Cells are kept until the widths of all columns are known. */
#include "cli/terminal/table.h"

#include <string.h>

/* Characters, not bytes: continuation bytes do not count. */
static size_t width(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

void table_begin(struct table *t, size_t columns, const char *const *heads)
{
    *t = (struct table){.columns = columns};
    for (size_t i = 0; i < columns; i++)
        table_cell(t, heads[i]);
}

void table_cell(struct table *t, const char *text)
{
    if (!text || !*text)
        text = "-";
    buf_add(&t->cells, text, strcspn(text, "\n")); /* a cell is one line; of a traceback that is the message */
    buf_add(&t->cells, "", 1);
    t->rows++;
}

void table_show(struct table *t, FILE *out)
{
    const char *p = t->cells.ptr, *end = p + t->cells.len;
    for (size_t i = 0; p && p < end; i++, p += strlen(p) + 1) {
        size_t w = width(p);
        if (w > t->widths[i % t->columns])
            t->widths[i % t->columns] = w;
    }
    p = t->cells.ptr;
    for (size_t i = 0; p && p < end; i++, p += strlen(p) + 1) {
        bool last = i % t->columns == t->columns - 1;
        fputs(p, out);
        for (size_t w = width(p); !last && w < t->widths[i % t->columns] + 2; w++)
            fputc(' ', out);
        if (last)
            fputc('\n', out);
    }
    buf_reset(&t->cells);
}

void table_print(struct table *t, FILE *out)
{
    table_show(t, out);
    buf_free(&t->cells);
}
