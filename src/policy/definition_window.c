/* SPDX-License-Identifier: Apache-2.0 */
/* Reads `window`: when runs of a policy may begin. */
#include <lauxlib.h>
#include <stdlib.h>

#include "policy/definition_parts.h"

#define WINDOW_ONE "a window such as \"mon-fri 09:00-18:00\", or a list of them"

static bool add(struct defining *d, int index, struct buf *text)
{
    struct error err;
    struct windows *w = d->p->window;
    const char *one = definition_string(d, "window", index, WINDOW_ONE);
    if (one && window_parse(one, &w->list[w->count], &err)) {
        definition_found(d, "window", "%s", err.message);
        one = NULL;
    }
    if (!one)
        return false;
    buf_printf(text, "%s%s", w->count ? ", " : "", one);
    w->count++;
    return true;
}

void definition_window(struct defining *d, int index)
{
    struct buf text = BUF_INIT;
    bool list = lua_type(d->L, index) == LUA_TTABLE, good = true;
    size_t n = list ? lua_rawlen(d->L, index) : 1;
    d->timing |= TIMING_WINDOW;
    if (n == 0) {
        definition_found(d, "window", "is an empty list, by which it would never be open; leave it out");
        return;
    }
    if (n > WINDOWS_MAX) {
        definition_found(d, "window", "has more than %d windows", WINDOWS_MAX);
        return;
    }
    d->p->window = calloc(1, sizeof *d->p->window + n * sizeof *d->p->window->list);
    if (d->p->window)
        d->p->window->list = (struct window *)(d->p->window + 1);
    for (size_t i = 1; d->p->window && i <= n && good; i++) {
        if (list)
            lua_rawgeti(d->L, index, (lua_Integer)i);
        good = add(d, list ? lua_gettop(d->L) : index, &text);
        if (list)
            lua_pop(d->L, 1);
    }
    d->p->window_text = text.failed || !text.ptr ? NULL : str_dup(buf_str(&text));
    if (good && (!d->p->window || !d->p->window_text))
        definition_found(d, "window", "cannot be kept: out of memory");
    buf_free(&text);
}
