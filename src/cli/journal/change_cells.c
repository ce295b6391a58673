/* SPDX-License-Identifier: Apache-2.0 */
/* A change in a few words: what it changed, and what that did. */
#include <stdio.h>
#include <string.h>

#include "cli/journal/journal_parts.h"
#include "mpijob/change/job_changes.h"

/* The last part of "/metadata/labels/ops.example.com~1x", as `replace` takes it: labels.ops.example.com/x */
static void last_part(const char *pointer, struct buf *out)
{
    const char *last = strrchr(pointer, '/');
    if (strncmp(pointer, "/metadata/labels/", 17) == 0)
        buf_puts(out, "labels.");
    else if (strncmp(pointer, "/metadata/annotations/", 22) == 0)
        buf_puts(out, "annotations.");
    for (const char *p = last ? last + 1 : "object"; *p; p++) {
        if (*p == '~' && (p[1] == '0' || p[1] == '1'))
            buf_putc(out, *++p == '0' ? '~' : '/');
        else
            buf_putc(out, *p);
    }
}

/* Short: a value may be a whole object. */
static const char *short_value(const char *value)
{
    return !value ? "unset" : strlen(value) > 40 ? "..." : value;
}

void change_cell(struct buf *out, const char *text)
{
    struct mpijob_diff diff = {0};
    struct json root;
    if (json_parse(str_of(text), "", &root, NULL) == 0 && mpijob_diff_read(&diff, root, NULL) == 0) {
        for (size_t i = 0; i < diff.count; i++) {
            const struct mpijob_difference *d = &diff.items[i];
            buf_puts(out, i ? ", " : "");
            last_part(d->pointer, out);
            if (!*d->pointer && !(d->before && d->after))
                buf_puts(out, d->before ? " deleted" : " created");
            else
                buf_printf(out, ": %s -> %s", short_value(d->before), short_value(d->after));
        }
    }
    mpijob_diff_free(&diff);
}

const char *effect_cell(const struct store_change *c, char *out, size_t size)
{
    double after = (double)(c->observed_at - c->ended_at) / CLOCK_SECOND;
    if (!c->observed || !c->effect)
        return c->effect;
    if (strcmp(c->observed, "seen") == 0)
        snprintf(out, size, "%s, seen after %.1f s", c->effect, after > 0 ? after : 0);
    else if (strcmp(c->observed, "not-seen") == 0)
        snprintf(out, size, "%s, not seen for %.0f s", c->effect, after > 0 ? after : 0);
    else
        snprintf(out, size, "%s, %s", c->effect, c->observed);
    return out;
}
