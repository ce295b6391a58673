/* SPDX-License-Identifier: Apache-2.0 */
/* The tree for people: words for marks, so that it reads without colour; colour comes on top. */
#include <string.h>

#include "base/clock.h"
#include "base/visible.h"
#include "mpijob/change/job_changes.h"
#include "why/why_parts.h"

#define WIDTH_MOST 64   /* of a cell, in characters: `since` one instant, `until` another have room */
#define WIDTH_ERROR 400 /* of an error in the last cell */

enum { CELL_MARK, CELL_KEY, CELL_WANTED, CELL_VALUE, CELLS };

struct telling {
    const struct why *why;
    bool colour;
    struct buf *out;
    size_t widths[CELLS];
};

enum colour { PLAIN, GREEN, RED, YELLOW };

static void paint(const struct telling *t, enum colour colour, const char *text)
{
    static const char *const codes[] = {"", "\033[32m", "\033[31m", "\033[33m"};
    bool on = t->colour && colour != PLAIN;
    buf_printf(t->out, "%s%s%s", on ? codes[colour] : "", text, on ? "\033[0m" : "");
}

/* ---- the table of conditions ---- */

/* On one line, cut where it is long; returns its characters. */
static size_t cell(const char *text, size_t most, struct buf *out)
{
    struct str rest = str_of(text ? text : "");
    size_t n = 0;
    uint32_t c;
    while (rest.len && n < most) {
        size_t bytes = visible_next(rest, &c);
        if (visible_is_control(c)) /* a newline too */
            buf_putc(out, ' ');
        else
            visible_add(out, str_n(rest.ptr, bytes));
        rest = str_n(rest.ptr + bytes, rest.len - bytes);
        n++;
    }
    if (!rest.len)
        return n;
    buf_puts(out, "...");
    return n + 3;
}

static const char *mark(const struct why_condition *c, enum colour *colour)
{
    bool later = !c->holds && c->due != WHY_NEVER;
    *colour = c->holds ? GREEN : later ? YELLOW : RED;
    return c->holds ? "yes" : c->failed ? "error" : later ? "later" : "no";
}

static const char *text_of(const struct why_condition *c, int cell, enum colour *colour)
{
    *colour = PLAIN;
    switch (cell) {
    case CELL_MARK:
        return mark(c, colour);
    case CELL_KEY:
        return c->key;
    case CELL_WANTED:
        return c->wanted;
    default:
        return c->value;
    }
}

static const char *const heads[CELLS] = {"HOLDS", "CONDITION", "WANTED", "IT IS"};

static void measure(struct telling *t)
{
    struct buf scratch = BUF_INIT;
    enum colour colour;
    for (int i = 0; i < CELLS; i++) {
        t->widths[i] = strlen(heads[i]);
        for (size_t k = 0; k < t->why->condition_count; k++) {
            const struct why_condition *c = &t->why->conditions[k];
            if (i == CELL_VALUE && c->failed)
                continue;
            size_t n = cell(text_of(c, i, &colour), WIDTH_MOST, &scratch);
            t->widths[i] = n > t->widths[i] ? n : t->widths[i];
        }
    }
    buf_free(&scratch);
}

static void pad(const struct telling *t, int column, const char *text, enum colour colour, bool last)
{
    struct buf shown = BUF_INIT;
    size_t n = cell(text, last ? WIDTH_ERROR : WIDTH_MOST, &shown);
    paint(t, colour, shown.ptr ? shown.ptr : "");
    t->out->failed = t->out->failed ? t->out->failed : shown.failed;
    for (; !last && n < t->widths[column] + 2; n++)
        buf_putc(t->out, ' ');
    buf_free(&shown);
}

static void condition(const struct telling *t, const struct why_condition *c)
{
    char wait[32], at[40];
    bool later = !c->holds && c->due != WHY_NEVER;
    enum colour colour;
    buf_puts(t->out, "  ");
    for (int i = 0; i < CELLS; i++) {
        const char *text = text_of(c, i, &colour);
        pad(t, i, text, colour, i == CELLS - 1 && !later);
    }
    if (later)
        buf_printf(t->out, "in %s, at %s", why_wait(t->why, c->due, wait), why_instant(t->why, c->due, at));
    buf_putc(t->out, '\n');
}

static void conditions(struct telling *t)
{
    measure(t);
    if (!t->why->condition_count) {
        buf_puts(t->out, "  the policy has no conditions: it is about every job\n");
        return;
    }
    buf_puts(t->out, "  ");
    for (int i = 0; i < CELLS; i++)
        pad(t, i, heads[i], PLAIN, i == CELLS - 1);
    buf_putc(t->out, '\n');
    for (size_t i = 0; i < t->why->condition_count; i++)
        condition(t, &t->why->conditions[i]);
}

/* ---- what is below it ---- */

/* A sentence of a line of its own, whoever wrote it. */
static void line(const struct telling *t, const char *head, const char *text)
{
    buf_printf(t->out, "%s", head);
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, "\n\t");
        visible_add(t->out, str_n(p, n));
        p += n;
        if (*p)
            p++;
        buf_puts(t->out, *p ? " " : "");
    }
    buf_putc(t->out, '\n');
}

static void diff(const struct telling *t, const char *head, const char *json)
{
    struct mpijob_diff diff = {0};
    struct json root;
    if (!json)
        return;
    if (json_parse(str_of(json), "", &root, NULL) == 0 && mpijob_diff_read(&diff, root, NULL) == 0) {
        buf_puts(t->out, head);
        mpijob_diff_write(&diff, t->colour, t->out);
    } else {
        t->out->failed = ERR_NOMEM; /* it is our own text, so nothing else can be wrong */
    }
    mpijob_diff_free(&diff);
}

static void change(const struct telling *t)
{
    const struct why *why = t->why;
    const char *when = why->matches ? "" : " (as the job is now, if it matched)";
    char head[320];
    struct str told;
    switch (why->change) {
    case WHY_CHANGES:
        buf_printf(t->out, "\nwould change%s:\n", when);
        diff(t, "", why->diff);
        snprintf(head, sizeof head, "its %s:\n", why->child_told ? why->child_told : "");
        diff(t, head, why->child);
        buf_printf(t->out, "  %s", why->effect ? why->effect : "unknown");
        line(t, ": ", why->effect_why ? why->effect_why : "");
        if (why->gpus_released)
            buf_printf(t->out, "  %lld GPU%s would be given back\n", (long long)why->gpus_released,
                       why->gpus_released == 1 ? "" : "s");
        break;
    case WHY_UNCHANGED:
        told = why_unchanged(why);
        buf_printf(t->out, "\nwould change nothing%s: %.*s\n", when, (int)told.len, told.ptr);
        break;
    case WHY_LEFT:
        buf_printf(t->out, "\nwould change nothing%s: the policy's function leaves it alone\n", when);
        break;
    case WHY_CHANGE_FAILS:
        buf_printf(t->out, "\nwould change%s: ", when);
        line(t, "not possible: ", why->change_error ? why->change_error : "out of memory");
        break;
    case WHY_CHANGE_UNKNOWN:
        line(t, "\nwould change: ",
             why->change_error ? why->change_error
                               : "what its run function does; mpijobd plan runs it, and writes nothing");
        break;
    }
}

static void holds(const struct telling *t)
{
    const struct why *why = t->why;
    char wait[32], at[40];
    if (why->hold_count)
        buf_puts(t->out, "\nheld back:\n");
    for (size_t i = 0; i < why->hold_count; i++) {
        const struct why_hold *h = &why->holds[i];
        buf_puts(t->out, "  ");
        paint(t, YELLOW, h->reason);
        line(t, ": ", h->message);
        if (h->until != WHY_NEVER)
            buf_printf(t->out, "    until %s (in %s)\n", why_instant(why, h->until, at), why_wait(why, h->until, wait));
    }
}

static void past(const struct telling *t, const char *head, const struct why_past *p)
{
    char at[40];
    if (!p->id)
        return;
    buf_printf(t->out, "%s %s: %s%s%s%s", head, why_instant(t->why, p->at, at), p->outcome ? p->outcome : "under way",
               p->dry_run ? ", a dry run" : "", p->effect ? ", " : "", p->effect ? p->effect : "");
    line(t, p->message ? ": " : "", p->message ? p->message : "");
}

static void trigger(const struct telling *t)
{
    const struct why *why = t->why;
    char wait[32], at[40];
    buf_printf(t->out, "\ntrigger: %s", why->trigger ? why->trigger : "");
    if (!why->by_event && why->next != WHY_NEVER) {
        buf_printf(t->out, "; next at %s (in %s)", why_instant(why, why->next, at), why_wait(why, why->next, wait));
        if (why->jitter) {
            char jitter[32];
            why_wait(why, why->now + why->jitter, jitter);
            buf_printf(t->out, ", and up to %s later, by its jitter", jitter);
        }
    }
    buf_putc(t->out, '\n');
}

void why_text(const struct why *why, bool colour, struct buf *out)
{
    struct telling t = {.why = why, .colour = colour, .out = out};
    static const enum colour colours[] = {GREEN, YELLOW, RED, YELLOW, GREEN, RED, GREEN};
    buf_printf(out, "%s (%s:%d), ", why->policy ? why->policy : "", why->file ? why->file : "", why->line);
    buf_printf(out, "%s: ", why->job ? why->job : "");
    paint(&t, colours[why->verdict], why_verdict_name(why->verdict));
    line(&t, "\n  ", why->sentence ? why->sentence : "out of memory");
    buf_putc(out, '\n');
    conditions(&t);
    change(&t);
    holds(&t);
    trigger(&t);
    past(&t, "last change:", &why->last_change);
    past(&t, "last run:", &why->last_run);
    for (size_t i = 0; i < why->note_count; i++)
        line(&t, "not known: ", why->notes[i]);
    if (why->full)
        buf_puts(out, "not all of it is here, as memory was out\n");
}
