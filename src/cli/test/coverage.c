/* SPDX-License-Identifier: Apache-2.0 */
/* The lines that were come to, beside those that have code: Lua's compiler says which these are. */
#include "cli/test/coverage.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "script/observe.h"
#include "script/scan/code_lines.h"

#define LINES_MAX 1000000

struct covered {
    char *path;
    bool *hit; /* by line, from 1 */
    size_t lines;
    struct covered *next;
};

struct coverage {
    struct script_observer observer;
    struct covered *files, *last; /* last: the one of the last line */
};

static void on_line(void *coverage, lua_State *L, lua_Debug *ar);

struct coverage *coverage_new(void)
{
    struct coverage *c = calloc(1, sizeof *c);
    if (c)
        c->observer = (struct script_observer){.line = on_line, .data = c};
    return c;
}

const struct script_observer *coverage_observer(struct coverage *coverage)
{
    return &coverage->observer;
}

void coverage_free(struct coverage *coverage)
{
    while (coverage && coverage->files) {
        struct covered *f = coverage->files;
        coverage->files = f->next;
        free(f->path);
        free(f->hit);
        free(f);
    }
    free(coverage);
}

/* The file's entry, in the order of names. */
static struct covered *find(struct coverage *c, const char *path)
{
    struct covered **at = &c->files;
    if (c->last && strcmp(c->last->path, path) == 0)
        return c->last;
    while (*at && strcmp((*at)->path, path) < 0)
        at = &(*at)->next;
    if (!*at || strcmp((*at)->path, path) != 0) {
        struct covered *f = calloc(1, sizeof *f);
        char *copy = str_dup(str_of(path));
        if (!f || !copy) {
            free(f);
            free(copy);
            return NULL;
        }
        f->path = copy;
        f->next = *at;
        *at = f;
    }
    c->last = *at;
    return c->last;
}

static void on_line(void *coverage, lua_State *L, lua_Debug *ar)
{
    int line = ar->currentline;
    if (!lua_getinfo(L, "S", ar) || *ar->source != '@' || line < 1 || line > LINES_MAX)
        return;
    struct covered *f = find(coverage, ar->source + 1);
    if (!f)
        return;
    if ((size_t)line >= f->lines) {
        size_t lines = (size_t)line + 256;
        bool *hit = realloc(f->hit, lines);
        if (!hit)
            return;
        memset(hit + f->lines, 0, lines - f->lines);
        f->hit = hit;
        f->lines = lines;
    }
    f->hit[line] = true;
}

static bool is_hit(const struct covered *f, size_t line)
{
    return line < f->lines && f->hit[line];
}

/* "3-5, 9": lines with code between two that were come to count as one piece. */
static void print_missed(const struct covered *f, const struct code_lines *code, FILE *out)
{
    const char *comma = "";
    for (size_t line = 1; line < code->count; line++) {
        if (!code->has[line] || is_hit(f, line))
            continue;
        size_t first = line, last = line;
        for (; line < code->count && !(code->has[line] && is_hit(f, line)); line++)
            last = code->has[line] ? line : last;
        fprintf(out, last > first ? "%s%zu-%zu" : "%s%zu", comma, first, last);
        comma = ", ";
    }
}

static void report_file(const struct covered *f, FILE *out, size_t *all, size_t *reached)
{
    struct code_lines code;
    struct error err;
    size_t lines = 0, hits = 0;
    if (code_lines_read(f->path, &code, &err)) {
        fprintf(out, "  %-40s %s\n", f->path, err.message);
        return;
    }
    for (size_t line = 1; line < code.count; line++) {
        lines += code.has[line];
        hits += code.has[line] && is_hit(f, line);
    }
    fprintf(out, "  %-40s %4zu of %4zu  %5.1f%%%s", f->path, hits, lines,
            lines ? 100.0 * (double)hits / (double)lines : 100.0, hits < lines ? "  missed: " : "");
    print_missed(f, &code, out);
    fputc('\n', out);
    code_lines_free(&code);
    *all += lines;
    *reached += hits;
}

double coverage_report(struct coverage *c, FILE *out)
{
    size_t all = 0, reached = 0;
    fputs("\nLines of the policies that the tests came to:\n", out);
    for (const struct covered *f = c->files; f; f = f->next)
        report_file(f, out, &all, &reached);
    double percent = all ? 100.0 * (double)reached / (double)all : 100.0;
    fprintf(out, "  %-40s %4zu of %4zu  %5.1f%%\n", "all", reached, all, percent);
    return percent;
}
