/* SPDX-License-Identifier: Apache-2.0 */
/* Cells are kept until the widths of all columns are known. */
#include "cli/terminal/table.h"

#include <string.h>
#include <unistd.h>

#include "cli/terminal/terminal.h"

#define GAP 2
#define FOLD_LEAST 16 /* a narrower column is no pleasure to read */

/* Characters, not bytes: continuation bytes do not count. */
static size_t width(struct str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return n;
}

void table_begin(struct table *t, size_t columns, const char *const *heads)
{
    *t = (struct table){.columns = columns};
    for (size_t i = 0; i < columns; i++)
        table_cell(t, heads[i]);
}

void table_narrow(struct table *t, const char *const *fold, const char *const *drop)
{
    t->fold = fold;
    t->drop = drop;
}

void table_cell(struct table *t, const char *text)
{
    if (!text || !*text)
        text = "-";
    buf_add(&t->cells, text, strcspn(text, "\n")); /* a cell is one line; of a traceback that is the message */
    buf_add(&t->cells, "", 1);
    buf_putc(&t->tints, TINT_PLAIN);
}

void table_tint(struct table *t, enum tint tint)
{
    if (t->tints.len)
        t->tints.ptr[t->tints.len - 1] = (char)tint;
}

/* ---- the width ---- */

static bool has(uint32_t columns, size_t i)
{
    return columns >> i & 1;
}

static size_t total(const struct table *t)
{
    size_t sum = 0;
    for (size_t i = 0; i < t->columns; i++)
        sum += has(t->dropped, i) ? 0 : t->widths[i] + (sum ? GAP : 0);
    return sum;
}

/* The column of a head; t->columns: there is no such one. The heads are the first cells. */
static size_t column_of(const struct table *t, const char *head)
{
    const char *p = t->cells.ptr;
    size_t i = 0;
    for (; i < t->columns && strcmp(p, head) != 0; i++)
        p += strlen(p) + 1;
    return i;
}

/* Gives back what is too much, as far as the column can. */
static void fold(struct table *t, size_t column, size_t most)
{
    size_t all = total(t), too_much = all > most ? all - most : 0;
    size_t spare = t->widths[column] > FOLD_LEAST ? t->widths[column] - FOLD_LEAST : 0;
    t->widths[column] -= too_much < spare ? too_much : spare;
    t->folded |= 1U << column;
}

/* What may be folded is; where that is not enough, columns are left out, and what was folded gets their room. */
static void fit(struct table *t, size_t most)
{
    size_t wanted[TABLE_COLUMNS_MAX];
    struct buf left_out = BUF_INIT;
    memcpy(wanted, t->widths, sizeof wanted);
    const char *const *drop = t->drop;
    for (;;) {
        memcpy(t->widths, wanted, sizeof wanted);
        for (const char *const *head = t->fold; head && *head && total(t) > most; head++) {
            if (column_of(t, *head) < t->columns)
                fold(t, column_of(t, *head), most);
        }
        if (total(t) <= most || !drop || !*drop)
            break;
        size_t column = column_of(t, *drop);
        if (column < t->columns) {
            t->dropped |= 1U << column;
            buf_printf(&left_out, "%s%s", left_out.len ? ", " : "", *drop);
        }
        drop++;
    }
    if (left_out.len)
        fprintf(stderr, "left out, as the terminal is narrow: %s (a pipe has them)\n", left_out.ptr);
    buf_free(&left_out);
}

static void measure(struct table *t, size_t most)
{
    const char *p = t->cells.ptr, *end = p + t->cells.len;
    for (size_t i = 0; p && p < end; i++, p += strlen(p) + 1) {
        size_t w = width(str_of(p)), column = i % t->columns;
        if (w > t->widths[column] && !(t->fitted && has(t->folded, column)))
            t->widths[column] = w;
    }
    if (!t->fitted && most)
        fit(t, most);
    t->fitted = true;
}

/* ---- the rows ---- */

/* How many bytes of a text go into so many characters: up to a space, where there is one. */
static size_t piece(struct str text, size_t most)
{
    size_t n = 0, chars = 0, space = 0;
    for (; n < text.len; n++) {
        if (((unsigned char)text.ptr[n] & 0xC0) == 0x80)
            continue;
        if (chars++ == most)
            break;
        if (text.ptr[n] == ' ')
            space = n;
    }
    if (n == text.len || text.ptr[n] == ' ')
        return n;
    return space ? space : n;
}

static void put(struct str text, enum tint tint, FILE *out)
{
    static const char *const codes[] = {"", "\033[32m", "\033[33m", "\033[31m"};
    fputs(codes[tint], out);
    fwrite(text.ptr, 1, text.len, out);
    fputs(tint ? "\033[0m" : "", out);
}

static bool is_last(const struct table *t, size_t column)
{
    while (++column < t->columns) {
        if (!has(t->dropped, column))
            return false;
    }
    return true;
}

/* One line of a row: of each cell what fits; what is left of it stays in cells. False: that was the row's last line. */
static bool line(const struct table *t, struct str *cells, const char *tints, bool colour, FILE *out)
{
    bool more = false;
    size_t blank = 0;
    for (size_t i = 0; i < t->columns; i++) {
        if (has(t->dropped, i))
            continue;
        struct str text = cells[i];
        text.len = has(t->folded, i) ? piece(text, t->widths[i]) : text.len;
        if (text.len) {
            fprintf(out, "%*s", (int)blank, "");
            put(text, colour ? (enum tint)tints[i] : TINT_PLAIN, out);
            blank = 0;
        }
        blank += t->widths[i] > width(text) ? t->widths[i] - width(text) + GAP : GAP;
        cells[i] = str_n(text.ptr + text.len, cells[i].len - text.len);
        while (cells[i].len && text.len && *cells[i].ptr == ' ')
            cells[i] = str_n(cells[i].ptr + 1, cells[i].len - 1);
        more = more || cells[i].len;
        if (is_last(t, i))
            break;
    }
    fputc('\n', out);
    return more;
}

void table_show(struct table *t, FILE *out)
{
    size_t most = out == stdout ? terminal_width(STDOUT_FILENO) : 0;
    bool colour = out == stdout && colour_wanted(STDOUT_FILENO);
    if (t->cells.failed || t->tints.failed) {
        fputs("out of memory\n", out);
    } else if (t->cells.len) {
        measure(t, most);
        const char *p = t->cells.ptr, *tints = t->tints.ptr;
        for (size_t row = 0; row * t->columns < t->tints.len; row++, tints += t->columns) {
            struct str cells[TABLE_COLUMNS_MAX];
            for (size_t i = 0; i < t->columns; i++, p += strlen(p) + 1)
                cells[i] = str_of(p);
            while (line(t, cells, tints, colour, out)) {
            }
        }
    }
    buf_reset(&t->cells);
    buf_reset(&t->tints);
}

void table_print(struct table *t, FILE *out)
{
    table_show(t, out);
    table_free(t);
}

void table_free(struct table *t)
{
    buf_free(&t->cells);
    buf_free(&t->tints);
}
