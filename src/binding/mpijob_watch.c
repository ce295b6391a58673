/* SPDX-License-Identifier: Apache-2.0 */
/* mpijob.watch([match]): an iterator over the events of the jobs that match: `for job, event in`. First all there are,
 * as ADDED, then each change. */
#include <lauxlib.h>
#include <stdio.h>

#include "binding/mpijob.h"
#include "binding/stream/stream.h"
#include "policy/definition/lua_match.h"

#define WATCH_UNITS 5000 /* its conditions are read */

struct finding {
    const char *call;
    char text[1024];
};

static void finding(void *data, const char *key, const char *message)
{
    struct finding *f = data;
    if (!f->text[0])
        snprintf(f->text, sizeof f->text, "%s: %s %s", f->call, key, message);
}

/* The one namespace that a match names, so that no more than that is watched. */
static const char *only_namespace(const struct mpijob_match *match)
{
    const char *const *names = mpijob_match_namespaces(match);
    return names && names[0] && !names[1] ? names[0] : NULL;
}

int l_mpijob_watch(lua_State *L)
{
    char call[MODULE_CALL_MAX];
    const struct mpijob_kind *kind = module_kind(L);
    struct finding f = {.call = module_call(kind, "watch", call)};
    lua_settop(L, 1);
    struct stream *s = stream_new(L, call, true);
    s->kind = kind;
    s->match = mpijob_match_new();
    if (!s->match)
        return luaL_error(L, "not enough memory");
    if (!lua_isnoneornil(L, 1) && lua_match_read(L, 1, s->match, NULL, finding, &f))
        return luaL_error(L, "%s", f.text);
    script_work(L, WATCH_UNITS);
    const char *only = only_namespace(s->match);
    if (only && !(s->name_space = str_dup(str_of(only))))
        return luaL_error(L, "not enough memory");
    if (!only)
        s->scope = s->site->namespaces;
    return stream_go(L, 2);
}
