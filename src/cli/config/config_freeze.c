/* SPDX-License-Identifier: Apache-2.0 */
/* The key `freeze`: times at which nothing is changed, each a window of a week or a span of dates, with its reason. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/config/config_parts.h"
#include "time/civil_text.h"

#define REASON_MAX 200 /* bytes */

struct reading { /* one freeze */
    struct config_reading *r;
    char at[64];                                     /* "/freeze/0" */
    char *window, *timezone, *from, *until, *reason; /* as written; several windows with ", " between */
    struct freeze freeze;
    struct windows windows;
};

static int wrong(struct reading *f, const char *key, const char *message)
{
    char pointer[128];
    snprintf(pointer, sizeof pointer, "%s%s%s", f->at, key ? "/" : "", key ? key : "");
    return config_wrong(f->r, pointer, "%s", message);
}

/* ---- the keys ---- */

static int add_window(struct reading *f, struct json value, struct buf *all)
{
    struct error err;
    char *text = json_type(value) == JSON_STRING ? config_decode(value) : NULL;
    int rc = 0;
    if (!text)
        rc = wrong(f, "window", "has to be a window such as \"fri 16:00-24:00\", or a list of them");
    else if (window_parse(text, &f->windows.list[f->windows.count], &err))
        rc = wrong(f, "window", err.message);
    else
        f->windows.count++;
    buf_printf(all, "%s%s", all->len ? ", " : "", text ? text : "");
    free(text);
    return rc;
}

static int read_window(struct reading *f, struct json value)
{
    struct buf all = BUF_INIT;
    bool list = json_type(value) == JSON_ARRAY;
    size_t n = list ? json_count(value) : 1;
    int rc = 0;
    if (n == 0 || n > WINDOWS_MOST)
        return wrong(f, "window", "has to be a window such as \"fri 16:00-24:00\", or a list of 1 to 20 of them");
    f->windows.list = calloc(n, sizeof *f->windows.list);
    if (!f->windows.list)
        return error_nomem(f->r->err);
    if (!list)
        rc = add_window(f, value, &all);
    for (struct json_iter it = json_iter(value); list && !rc && json_next(&it);)
        rc = add_window(f, it.value, &all);
    f->window = buf_take(&all, NULL);
    return rc || f->window ? rc : error_nomem(f->r->err);
}

static int read_key(struct reading *f, const char *key, struct json value)
{
    static const char *const keys[] = {"window", "from", "until", "timezone", "reason", NULL};
    char **const texts[] = {&f->window, &f->from, &f->until, &f->timezone, &f->reason};
    char message[160];
    int i = 0;
    while (keys[i] && strcmp(keys[i], key) != 0)
        i++;
    if (!keys[i]) {
        const char *near = str_nearest(key, keys);
        snprintf(message, sizeof message,
                 "is not a key of a freeze%s%s%s; there are window, from, until, timezone, reason",
                 near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
        return wrong(f, key, message);
    }
    if (*texts[i])
        return wrong(f, key, "stands there twice");
    if (i == 0)
        return read_window(f, value);
    if (json_type(value) != JSON_STRING)
        return wrong(f, key, "has to be a text");
    *texts[i] = config_decode(value);
    return *texts[i] ? 0 : error_nomem(f->r->err);
}

/* ---- the whole ---- */

static int read_zone(struct reading *f)
{
    struct error err;
    if (zone_load(f->timezone ? f->timezone : "UTC", NULL, &f->freeze.zone, &err))
        return wrong(f, f->timezone ? "timezone" : NULL, err.message);
    f->windows.zone = f->freeze.zone;
    return 0;
}

/* Of a local time that comes twice, and of one that the clocks leave out, the freeze takes the longer way. A date alone
 * is its beginning, and as an end the whole day. */
static int read_instant(struct reading *f, const char *key, const char *text, bool end, int64_t *at)
{
    struct civil c;
    int64_t us, first, second;
    bool date;
    if (clock_parse(text, &us)) {
        *at = us / CLOCK_SECOND;
        return 0;
    }
    if (!civil_parse(text, &c, &date))
        return wrong(f, key, "has to be a local time such as \"2026-12-20 18:00\", or a date");
    c.day += date && end;
    zone_instants(f->freeze.zone, &c, &first, &second);
    *at = end ? second : first;
    return 0;
}

static int read_span(struct reading *f)
{
    struct windows *w = &f->windows;
    struct buf text = BUF_INIT;
    w->span = true;
    if (!f->from || !f->until)
        return wrong(f, NULL, "needs a window, or from and until");
    int rc = read_instant(f, "from", f->from, false, &w->from);
    if (!rc)
        rc = read_instant(f, "until", f->until, true, &w->until);
    if (!rc && w->from >= w->until)
        rc = wrong(f, "until", "is not behind from");
    buf_printf(&text, "%s until %s", f->from, f->until);
    f->freeze.text = buf_take(&text, NULL);
    return rc || f->freeze.text ? rc : error_nomem(f->r->err);
}

static int check(struct reading *f)
{
    if (!f->reason || !*f->reason || strlen(f->reason) > REASON_MAX || strpbrk(f->reason, "\n\r"))
        return wrong(f, f->reason ? "reason" : NULL,
                     "needs a reason, a line of at most 200 bytes: it is what people are told");
    if (f->window && (f->from || f->until))
        return wrong(f, NULL, "has a window beside from and until; write two freezes");
    int rc = read_zone(f);
    if (!rc && !f->window)
        rc = read_span(f);
    if (rc)
        return rc;
    if (f->window) {
        f->freeze.text = f->window;
        f->window = NULL;
    }
    f->freeze.reason = f->reason;
    f->reason = NULL;
    return 0;
}

static int read_one(struct config_reading *r, size_t number, struct json map)
{
    struct reading f = {.r = r};
    int rc = 0;
    snprintf(f.at, sizeof f.at, "/freeze/%zu", number);
    if (json_type(map) != JSON_OBJECT)
        rc = wrong(&f, NULL, "has to hold a window, or from and until, and a reason");
    for (struct json_iter it = json_iter(map); !rc && json_next(&it);) {
        char *key = config_decode(it.key);
        rc = key ? read_key(&f, key, it.value) : error_nomem(r->err);
        free(key);
    }
    if (!rc)
        rc = check(&f);
    if (!rc) {
        rc = freezes_add(&r->config->freezes, &f.freeze, &f.windows, r->err);
    } else {
        free(f.freeze.text);
        zone_free(f.freeze.zone);
        free(f.windows.list);
    }
    char *const texts[] = {f.window, f.timezone, f.from, f.until, f.reason};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    return rc;
}

int config_read_freezes(struct config_reading *r, struct json value)
{
    int found = 0;
    size_t n = 0;
    if (json_type(value) != JSON_ARRAY || json_count(value) > FREEZES_MAX)
        return config_wrong(r, "/freeze",
                            "has to be a list of at most 100 freezes, as in `freeze: [ { window: \"fri 16:00-24:00\", "
                            "timezone: Europe/Berlin, reason: before the weekend } ]`");
    for (struct json_iter it = json_iter(value); json_next(&it); n++) {
        int rc = read_one(r, n, it.value);
        if (rc && rc != ERR_INVALID)
            return rc;
        found = rc ? rc : found;
    }
    return found;
}
