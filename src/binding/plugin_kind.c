/* SPDX-License-Identifier: Apache-2.0 */
/* What lua/mpijobd/plugin_kinds.lua needs of the server for the kinds of a plugin: is one served, and its replacement,
 * which is judged by what the plugin says of it. */
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binding/lua_write.h"
#include "binding/require_parts.h"
#include "kube/kinds/kinds.h"
#include "mpijob/kind.h"

static char *copy(lua_State *L, const char *text)
{
    char *c = str_dup(str_of(text));
    if (!c)
        luaL_error(L, "not enough memory");
    return c;
}

/* ---- is it served? ---- */

struct serving {
    struct pending pending;
    struct kube_kinds_look *look;
    struct error err; /* code 0: none */
};

static void give_up(struct pending *p)
{
    kube_kinds_cancel(((struct serving *)p)->look);
}

static void release(struct pending *p)
{
    (void)p;
}

static void looked(void *data, const struct kube_kind *kind, const struct error *err)
{
    struct serving *s = data;
    (void)kind;
    s->look = NULL;
    if (err)
        s->err = *err;
    pending_finish(&s->pending);
}

static int served_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct serving *s = (struct serving *)ctx;
    int n = 1;
    if (s->err.code && s->err.code != ERR_NOT_FOUND)
        n = push_failure(L, &s->err);
    else
        lua_pushboolean(L, !s->err.code);
    pending_over(&s->pending);
    return n;
}

/* serves(call, apiVersion, kind): true or false; nil, err: that could not be found out. */
static int l_serves(lua_State *L)
{
    struct run *run = check_run(L, luaL_checkstring(L, 1));
    const char *version = luaL_checkstring(L, 2), *kind = luaL_checkstring(L, 3);
    struct kube_kinds *kinds = cluster_kinds(run->site->cluster);
    if (!kinds)
        return luaL_error(L, "not enough memory");
    if (kube_kinds_known(kinds, version, kind)) {
        lua_pushboolean(L, 1);
        return 1;
    }
    struct serving *s = pending_new(L, sizeof *s, give_up, release);
    if (kube_kinds_look(kinds, version, kind, looked, s, &s->look, &s->err))
        return push_failure(L, &s->err);
    return pending_wait(L, &s->pending, served_k);
}

/* cluster(call): the name of the run's. */
static int l_cluster(lua_State *L)
{
    lua_pushstring(L, cluster_name(check_run(L, luaL_checkstring(L, 1))->site->cluster));
    return 1;
}

/* ---- its replacement ---- */

static int l_is_effect(lua_State *L)
{
    enum mpijob_effect effect;
    lua_pushboolean(L, lua_type(L, 1) == LUA_TSTRING && mpijob_effect_find(lua_tostring(L, 1), &effect));
    return 1;
}

/* replace(call, { apiVersion, kind, plural, from }, key, patch, options, effect, why): as kube.patch, but for a PUT of
 * the edited bytes. why nil: nothing is known of its effect. from: the resourceVersion of the object that the patch was
 * made for; where it is another by now, the fresh object is the third result. nil: that is an error like any other. */
static int l_replace(lua_State *L)
{
    lua_settop(L, 7);
    const char *call = luaL_checkstring(L, 1), *why = luaL_optstring(L, 7, "");
    struct lua_write *v = lua_write_new(L, call, CHANGE_PATCH);
    v->splices = true;
    lua_getfield(L, 2, "apiVersion");
    v->api_version = copy(L, luaL_checkstring(L, -1));
    lua_getfield(L, 2, "kind");
    v->kind_name = copy(L, luaL_checkstring(L, -1));
    lua_getfield(L, 2, "plural");
    snprintf(v->plural, sizeof v->plural, "%s", luaL_checkstring(L, -1));
    lua_getfield(L, 2, "from");
    snprintf(v->computed_from, sizeof v->computed_from, "%s", luaL_optstring(L, -1, ""));
    v->computed = *v->computed_from;
    lua_pop(L, 4);
    v->known.effect = EFFECT_UNKNOWN;
    if (*why && !mpijob_effect_find(luaL_checkstring(L, 6), &v->known.effect))
        return luaL_error(L, "%s: \"%s\" is no effect", call, lua_tostring(L, 6));
    snprintf(v->known.why, sizeof v->known.why, "%s", why);
    lua_write_key(L, v, 3);
    lua_write_options(L, v, 5, lua_write_patch_options);
    lua_write_body(L, v, 4, call);
    return lua_write_go(L, v);
}

/* refused(message): nil, err */
static int l_refused(lua_State *L)
{
    struct error err;
    error_set(&err, ERR_REFUSED, "%s", luaL_checkstring(L, 1));
    return push_failure(L, &err);
}

/* where(): the place in the script from which the plugin's part of the program was called. */
static int l_where(lua_State *L)
{
    char where[LUA_IDSIZE + 16];
    script_where(L, where, sizeof where);
    lua_pushstring(L, where);
    return 1;
}

/* own_kind(name): the API's group of the kind that `kind` means by that name, whatever is required; nil: none. */
static int l_own_kind(lua_State *L)
{
    const struct mpijob_kind *kind;
    if (mpijob_kind_parse(str_of(luaL_checkstring(L, 1)), &kind) && !mpijob_kind_described(kind))
        lua_pushstring(L, mpijob_kind_info(kind)->group);
    else
        lua_pushnil(L);
    return 1;
}

void plugin_kind_natives(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"serves", l_serves},   {"cluster", l_cluster},   {"is_effect", l_is_effect}, {"replace", l_replace},
        {"refused", l_refused}, {"own_kind", l_own_kind}, {"where", l_where},         {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
