/* SPDX-License-Identifier: Apache-2.0 */
/* Breakpoints: where they stand, and whether one is to be heeded. */
#include <stdlib.h>
#include <string.h>

#include "cli/debug/parts.h"
#include "script/scan/code_lines.h"

#define BREAKPOINTS_MAX 1000 /* of one file */

static void free_one(struct breakpoint *b)
{
    free(b->path);
    free(b->condition);
    free(b->log);
    free(b);
}

static void forget_file(struct debugger *d, const char *path)
{
    for (struct breakpoint **at = &d->breakpoints; *at;) {
        struct breakpoint *b = *at;
        if (strcmp(b->path, path) == 0) {
            *at = b->next;
            free_one(b);
        } else {
            at = &b->next;
        }
    }
}

void breakpoints_free(struct debugger *d)
{
    while (d->breakpoints) {
        struct breakpoint *b = d->breakpoints;
        d->breakpoints = b->next;
        free_one(b);
    }
    memset(d->at_line, 0, sizeof d->at_line);
}

static void mark_lines(struct debugger *d)
{
    memset(d->at_line, 0, sizeof d->at_line);
    for (const struct breakpoint *b = d->breakpoints; b; b = b->next)
        d->at_line[(unsigned)b->line % LINE_BITS] = 1;
}

/* "5", "== 5": at the fifth time; ">= 5", "> 4": from then on; "<= 5", "< 6": until then; "% 5": each fifth time. */
static bool read_hits(const char *text, struct breakpoint *b)
{
    int64_t shift = 0;
    text += strspn(text, " ");
    b->hit_test = *text == '>' || *text == '<' || *text == '%' ? *text : '=';
    if (*text == '>' || *text == '<') {
        text++;
        if (*text == '=')
            text++;
        else
            shift = b->hit_test == '>' ? 1 : -1;
    } else if (*text == '%') {
        text++;
    } else {
        text += strspn(text, "=");
    }
    text += strspn(text, " ");
    char *end;
    long n = strtol(text, &end, 10);
    if (end == text || end[strspn(end, " ")] || n < 1 || n > 1000000000)
        return false;
    b->hit_value = n + shift;
    return true;
}

static void write_breakpoint(struct debugger *d, const struct breakpoint *b, int64_t asked, const char *problem)
{
    struct json_writer *w = &d->w;
    json_write_object(w);
    if (b) {
        json_write_key(w, "id");
        json_write_int(w, b->id);
    }
    json_write_key(w, "verified");
    json_write_bool(w, b != NULL);
    json_write_key(w, "line");
    json_write_int(w, b ? b->line - 1 + d->line_base : asked);
    if (problem) {
        json_write_key(w, "message");
        json_write_string(w, problem);
    }
    json_write_end(w);
}

/* The first line from there on that has code; 0: none. */
static int line_with_code(const struct code_lines *lines, int64_t line)
{
    for (size_t at = line < 1 ? 1 : (size_t)line; at < lines->count; at++) {
        if (lines->has[at])
            return (int)at;
    }
    return 0;
}

static void add(struct debugger *d, const char *path, const struct code_lines *lines, struct json asked)
{
    int64_t line = number_of(json_get(asked, "line"), 0);
    int at = line_with_code(lines, line + 1 - d->line_base);
    if (!at) {
        write_breakpoint(d, NULL, line, "no line from here to the end of the file has code");
        return;
    }
    struct breakpoint *b = calloc(1, sizeof *b);
    if (!b || !(b->path = str_dup(str_of(path)))) {
        free(b);
        write_breakpoint(d, NULL, line, "out of memory");
        return;
    }
    b->line = at;
    b->condition = text_of(json_get(asked, "condition"));
    b->log = text_of(json_get(asked, "logMessage"));
    char *hits = text_of(json_get(asked, "hitCondition"));
    bool good = !hits || !*hits || read_hits(hits, b);
    free(hits);
    if (!good) {
        free_one(b);
        write_breakpoint(d, NULL, line, "a hit condition is a number, or one behind ==, >, >=, <, <= or %");
        return;
    }
    b->id = ++d->breakpoint_ids;
    b->next = d->breakpoints;
    d->breakpoints = b;
    write_breakpoint(d, b, line, NULL);
}

/* The file's breakpoints from now on: all that it had before are gone. */
void handle_breakpoints(struct debugger *d, const struct request *r)
{
    char *given = text_of(json_at(r->arguments, "/source/path"));
    char *path = given ? source_named(d, given) : NULL;
    struct code_lines lines = {0};
    struct error err = {0};
    if (path)
        forget_file(d, path);
    if (path)
        code_lines_read(path, &lines, &err);
    const char *problem = !given ? "a breakpoint stands in a file" : !path ? "there is no such file" : err.message;
    size_t count = 0;
    answer_begin(d, r);
    json_write_key(&d->w, "breakpoints");
    json_write_array(&d->w);
    for (struct json_iter it = json_iter(json_get(r->arguments, "breakpoints")); json_next(&it);) {
        if (lines.has && count++ < BREAKPOINTS_MAX)
            add(d, path, &lines, it.value);
        else
            write_breakpoint(d, NULL, number_of(json_get(it.value, "line"), 0),
                             lines.has ? "these are too many breakpoints in one file" : problem);
    }
    json_write_end(&d->w);
    message_end(d);
    mark_lines(d);
    code_lines_free(&lines);
    free(given);
    free(path);
}

void handle_exception_filters(struct debugger *d, const struct request *r)
{
    d->stop_uncaught = d->stop_raised = false;
    for (struct json_iter it = json_iter(json_get(r->arguments, "filters")); json_next(&it);) {
        d->stop_uncaught = d->stop_uncaught || json_string_is(it.value, str_of("uncaught"));
        d->stop_raised = d->stop_raised || json_string_is(it.value, str_of("raised"));
    }
    answer_empty(d, r);
}

/* ---- has one been come to? ---- */

static bool counts(struct breakpoint *b)
{
    b->hits++;
    switch (b->hit_test) {
    case '=':
        return b->hits == b->hit_value;
    case '>':
        return b->hits >= b->hit_value;
    case '<':
        return b->hits <= b->hit_value;
    case '%':
        return b->hits % b->hit_value == 0;
    default:
        return true;
    }
}

static bool heeded(struct debugger *d, struct breakpoint *b, struct frame *frame)
{
    if (b->condition && *b->condition && !condition_holds(d, frame, b->condition))
        return false;
    if (!counts(b))
        return false;
    if (!b->log || !*b->log)
        return true;
    log_point(d, frame, b->log);
    return false;
}

struct look {
    struct debugger *d;
    struct breakpoint *first, *found;
    struct frame frame;
};

static void look(void *data)
{
    struct look *k = data;
    const char *path = k->first->path;
    int line = k->first->line;
    for (struct breakpoint *b = k->first; b; b = b->next) {
        if (b->line == line && strcmp(b->path, path) == 0 && heeded(k->d, b, &k->frame))
            k->found = b;
    }
}

struct breakpoint *breakpoint_at(struct debugger *d, lua_State *L, lua_Debug *ar)
{
    if (!d->at_line[(unsigned)ar->currentline % LINE_BITS] || !lua_getinfo(L, "S", ar))
        return NULL;
    const struct debug_source *source = source_of(d, ar->source);
    if (!source || !source->path)
        return NULL;
    struct look k = {.d = d, .first = d->breakpoints, .frame = {.script = script_of(L), .L = L, .ar = *ar}};
    while (k.first && (k.first->line != ar->currentline || strcmp(k.first->path, source->path) != 0))
        k.first = k.first->next;
    if (!k.first)
        return NULL;
    d->busy++;
    script_aside(k.frame.script, look, &k);
    d->busy--;
    d->lines = LINES_BETWEEN_LOOKS; /* expressions take time: the next line looks at the client */
    return k.found;
}
