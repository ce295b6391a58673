/* SPDX-License-Identifier: Apache-2.0 */
/* The tree's memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/texts.h"
#include "time/duration.h"
#include "why/why_parts.h"

struct why_text {
    struct why_text *next;
    char text[];
};

const char *why_verdict_name(enum why_verdict verdict)
{
    static const char *const names[] = {"acts", "later", "no-match", "held", "nothing-to-do", "fails", "run-function"};
    return names[verdict];
}

const char *why_keep_str(struct why *why, struct str text)
{
    struct why_text *t = malloc(sizeof *t + text.len + 1);
    if (!t) {
        why->full = true;
        return NULL;
    }
    if (text.len)
        memcpy(t->text, text.ptr, text.len);
    t->text[text.len] = '\0';
    t->next = why->texts;
    why->texts = t;
    return t->text;
}

const char *why_keep(struct why *why, const char *text)
{
    return text ? why_keep_str(why, str_of(text)) : NULL;
}

const char *why_take(struct why *why, struct buf *text)
{
    why->full = why->full || text->failed;
    const char *kept = text->len && !text->failed ? why_keep_str(why, buf_str(text)) : NULL;
    buf_free(text);
    return kept;
}

static const char *keep_format(struct why *why, const char *format, va_list args)
{
    struct buf text = BUF_INIT;
    buf_vprintf(&text, format, args);
    return why_take(why, &text);
}

const char *why_printf(struct why *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = keep_format(why, format, args);
    va_end(args);
    return text;
}

/* Room for one more; NULL: out of memory. */
static void *grow(struct why *why, void *items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return items;
    size_t room = *cap ? 2 * *cap : 8;
    void *more = realloc(items, room * size);
    if (more)
        *cap = room;
    else
        why->full = true;
    return more;
}

void why_add(struct why *why, const struct why_condition *condition)
{
    void *items = grow(why, why->conditions, why->condition_count, &why->condition_cap, sizeof *why->conditions);
    if (!items)
        return;
    why->conditions = items;
    struct why_condition *c = &why->conditions[why->condition_count];
    *c = *condition;
    c->key = why_keep(why, c->key);
    c->wanted = why_keep(why, or_empty(c->wanted));
    c->value = why_keep(why, or_empty(c->value));
    c->unless = why_keep(why, c->unless);
    why->condition_count += c->key && c->wanted && c->value;
}

void why_hold(struct why *why, const char *reason, int64_t until, const char *format, ...)
{
    void *items = grow(why, why->holds, why->hold_count, &why->hold_cap, sizeof *why->holds);
    va_list args;
    if (!items)
        return;
    why->holds = items;
    va_start(args, format);
    struct why_hold hold = {why_keep(why, reason), keep_format(why, format, args), until};
    va_end(args);
    if (hold.reason && hold.message)
        why->holds[why->hold_count++] = hold;
}

void why_note(struct why *why, const char *format, ...)
{
    va_list args;
    if (why->note_count == sizeof why->notes / sizeof *why->notes)
        return;
    va_start(args, format);
    const char *note = keep_format(why, format, args);
    va_end(args);
    if (note)
        why->notes[why->note_count++] = note;
}

static int64_t whole_seconds(int64_t us)
{
    return us / CLOCK_SECOND + (us % CLOCK_SECOND > 0);
}

const char *why_wait(const struct why *why, int64_t at, char out[32])
{
    duration_format(whole_seconds(at - why->now) * CLOCK_SECOND, true, out);
    return out;
}

/* What is over is told as the journal tells it; what is to come, not too early. */
const char *why_instant(const struct why *why, int64_t at, char out[40])
{
    int64_t seconds = at > why->now ? whole_seconds(at) : at / CLOCK_SECOND;
    if (why->zone)
        zone_format(why->zone, seconds, out);
    else
        clock_format(seconds * CLOCK_SECOND, false, out);
    return out;
}

void why_free(struct why *why)
{
    while (why->texts) {
        struct why_text *t = why->texts;
        why->texts = t->next;
        free(t);
    }
    free(why->conditions);
    free(why->holds);
    *why = (struct why){0};
}
