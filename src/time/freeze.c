/* SPDX-License-Identifier: Apache-2.0 */
/* The list of freezes, and what they say of an instant. */
#include "time/freeze.h"

#include <stdio.h>
#include <stdlib.h>

static void let_go(const struct freeze *f, const struct windows *w)
{
    free(f->text);
    free(f->reason);
    zone_free(f->zone);
    free(w->list);
}

int freezes_add(struct freezes *f, const struct freeze *freeze, const struct windows *windows, struct error *err)
{
    struct freeze *list = realloc(f->list, (f->count + 1) * sizeof *list);
    f->list = list ? list : f->list;
    struct windows *grown = list ? realloc(f->windows, (f->count + 1) * sizeof *grown) : NULL;
    if (!grown) {
        let_go(freeze, windows);
        return error_nomem(err);
    }
    f->windows = grown;
    f->list[f->count] = *freeze;
    f->windows[f->count++] = *windows;
    return 0;
}

const struct freeze *freezes_at(const struct freezes *f, int64_t instant)
{
    for (size_t i = 0; f && i < f->count; i++) {
        if (windows_open(&f->windows[i], instant))
            return &f->list[i];
    }
    return NULL;
}

bool freezes_end(const struct freezes *f, int64_t from, int64_t *end)
{
    struct timetable t = {.deny = f->windows, .deny_count = f->count};
    return timetable_next(&t, from, true, WINDOWS_AHEAD, end);
}

const char *freezes_text(const struct freezes *f, int64_t instant, char out[FREEZE_TEXT])
{
    char when[40];
    int64_t end;
    const struct freeze *now = freezes_at(f, instant);
    if (now && freezes_end(f, instant, &end)) {
        zone_format(now->zone, end, when);
        snprintf(out, FREEZE_TEXT, "frozen until %s: %.200s", when, now->reason);
    } else {
        snprintf(out, FREEZE_TEXT, "frozen for the next two years: %.200s", now ? now->reason : "");
    }
    return out;
}

void freezes_free(struct freezes *f)
{
    for (size_t i = 0; i < f->count; i++)
        let_go(&f->list[i], &f->windows[i]);
    free(f->list);
    free(f->windows);
    *f = (struct freezes){0};
}
