/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps findings, works out their columns and their order. */
#include "cli/check/found.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/texts.h"
#include "policy/source/definition_line.h"

/* The column, in characters, of the byte at `at`. */
static int column_of(struct str text, size_t at)
{
    size_t start = at < text.len ? at : text.len;
    int column = 1;
    while (start > 0 && text.ptr[start - 1] != '\n')
        start--;
    for (; start < at && start < text.len; start++)
        column += ((unsigned char)text.ptr[start] & 0xc0) != 0x80;
    return column;
}

static struct finding *add(struct found *f, enum rule rule, const char *file, const char *policy, const char *message)
{
    struct finding *items = realloc(f->items, (f->count + 1) * sizeof *items), one = {.rule = rule, .came = f->count};
    if (items)
        f->items = items;
    one.texts = items ? TEXTS_COPY({&one.file, file}, {&one.policy, policy}, {&one.message, message}) : NULL;
    f->failed = f->failed || !one.texts;
    if (!one.texts)
        return NULL;
    f->items[f->count] = one;
    f->errors += check_rules[rule].error;
    f->warnings += !check_rules[rule].error;
    return &f->items[f->count++];
}

void found_add_file(struct found *f, enum rule rule, const char *file, int line, struct str text, size_t at,
                    const char *message)
{
    struct finding *one = add(f, rule, file, NULL, message);
    if (!one)
        return;
    one->line = line;
    one->column = line && at && text.len ? column_of(text, at) : 0;
}

void found_add(struct found *f, enum rule rule, struct found_place at, const char *format, ...)
{
    const struct policy *p = at.entry->policy;
    struct str text = buf_str(&at.entry->file->text);
    struct buf message = BUF_INIT;
    va_list args;
    buf_printf(&message, "policy \"%s\": ", p->name);
    va_start(args, format);
    buf_vprintf(&message, format, args);
    va_end(args);
    struct definition_place place = definition_place(text.ptr, text.len, p->line, at.key, at.member);
    struct finding *one = message.failed ? NULL : add(f, rule, p->file, p->name, message.ptr);
    buf_free(&message);
    f->failed = f->failed || !one;
    if (!one)
        return;
    one->line = place.line;
    one->column = column_of(text, place.at);
}

/* ---- what the load has found ---- */

static struct str text_of(const struct policy_set *set, const char *path)
{
    struct str text = {0};
    for (size_t i = 0; i < set->file_count && !text.len; i++)
        text = policy_file_text(set->files[i], path);
    return text;
}

void found_add_mistakes(struct found *f, const struct policy_set *set)
{
    static const enum rule rules[] = {[MISTAKE_FILE] = RULE_FILE,
                                      [MISTAKE_POLICY] = RULE_POLICY,
                                      [MISTAKE_GLOBAL] = RULE_GLOBAL,
                                      [MISTAKE_PLUGIN] = RULE_PLUGIN};
    for (size_t i = 0; i < set->error_count; i++) {
        const struct policy_error *e = &set->errors[i];
        found_add_file(f, rules[e->mistake], e->file, e->line, text_of(set, e->file), e->at, e->message);
    }
}

/* ---- their order ---- */

static int compare(const void *one, const void *other)
{
    const struct finding *a = one, *b = other;
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return (a->came > b->came) - (a->came < b->came);
}

void found_sort(struct found *f)
{
    for (size_t i = 0; i < f->count; i++) {
        size_t first = 0;
        while (strcmp(f->items[first].file, f->items[i].file) != 0)
            first++;
        f->items[i].first = first;
    }
    if (f->count)
        qsort(f->items, f->count, sizeof *f->items, compare);
}

void found_free(struct found *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->items[i].texts);
    free(f->items);
    *f = (struct found){0};
}
