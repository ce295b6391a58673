/* SPDX-License-Identifier: Apache-2.0 */
/* Reads `window` and `except`: when runs of a policy may begin. */
#include <lauxlib.h>
#include <stdlib.h>

#include "policy/definition/definition_parts.h"
#include "policy/definition/lua_calendars.h"

#define WINDOW_ONE "a window such as \"mon-fri 09:00-18:00\", or a list of them"
#define EXCEPT_ONE "the name of a calendar such as \"holidays\", or a list of names"
#define CALENDARS_MAX 16

/* One text of the key, or of its list. False: it was reported. */
typedef bool (*read_one)(struct defining *d, const char *text);

/* A text, or a list of at most `most`. Returns them with commas between, NULL: something was reported. */
static char *read_texts(struct defining *d, const char *key, int index, size_t most, const char *expected, read_one one)
{
    struct buf all = BUF_INIT;
    bool list = lua_type(d->L, index) == LUA_TTABLE, good = true;
    size_t n = list ? lua_rawlen(d->L, index) : 1;
    if (n > most) {
        definition_found(d, key, "has more than %zu entries", most);
        return NULL;
    }
    for (size_t i = 1; i <= n && good; i++) {
        if (list)
            lua_rawgeti(d->L, index, (lua_Integer)i);
        const char *text = definition_string(d, key, list ? lua_gettop(d->L) : index, expected);
        good = text && one(d, text);
        if (good)
            buf_printf(&all, "%s%s", i > 1 ? ", " : "", text);
        if (list)
            lua_pop(d->L, 1);
    }
    char *text = good && all.ptr && !all.failed ? str_dup(buf_str(&all)) : NULL;
    if (good && n && !text)
        definition_found(d, key, "cannot be kept: out of memory");
    buf_free(&all);
    return text;
}

static bool add_window(struct defining *d, const char *text)
{
    struct error err;
    struct windows *w = &d->p->window;
    if (window_parse(text, &w->list[w->count], &err)) {
        definition_found(d, "window", "%s", err.message);
        return false;
    }
    w->count++;
    return true;
}

void definition_window(struct defining *d, int index)
{
    size_t n = lua_type(d->L, index) == LUA_TTABLE ? lua_rawlen(d->L, index) : 1;
    d->timing |= TIMING_WINDOW;
    if (n == 0) {
        definition_found(d, "window", "is an empty list, by which it would never be open; leave it out");
        return;
    }
    d->p->window.list = calloc(n < WINDOWS_MOST ? n : WINDOWS_MOST, sizeof *d->p->window.list);
    if (!d->p->window.list)
        definition_found(d, "window", "cannot be kept: out of memory");
    else
        d->p->window_text = read_texts(d, "window", index, WINDOWS_MOST, WINDOW_ONE, add_window);
}

static bool add_calendar(struct defining *d, const char *name)
{
    struct error err;
    if (lua_calendar_read(d->L, name, &d->p->days_off, &err) == 0)
        return true;
    definition_found(d, "except", "%s", err.message);
    return false;
}

void definition_except(struct defining *d, int index)
{
    d->timing |= TIMING_WINDOW;
    if (lua_type(d->L, index) == LUA_TTABLE && !lua_rawlen(d->L, index)) {
        definition_found(d, "except", "is an empty list; leave it out");
        return;
    }
    d->p->except_text = read_texts(d, "except", index, CALENDARS_MAX, EXCEPT_ONE, add_calendar);
}

void definition_window_settle(struct defining *d)
{
    struct error err;
    struct policy *p = d->p;
    char *text = NULL;
    p->window.zone = p->zone;
    p->window.off = &p->days_off;
    p->freezes = d->source->freezes;
    if (!p->except_text)
        return;
    struct buf all = BUF_INIT;
    buf_printf(&all, "%s%sexcept %s", p->window_text ? p->window_text : "", p->window_text ? " " : "", p->except_text);
    text = all.failed ? NULL : str_dup(buf_str(&all));
    buf_free(&all);
    if (!text)
        definition_found(d, "except", "%s", (error_nomem(&err), err.message));
    free(p->window_text);
    p->window_text = text;
}
