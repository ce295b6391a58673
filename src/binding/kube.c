/* SPDX-License-Identifier: Apache-2.0 */
/* kube: objects of any kind, by apiVersion and kind (lua/types/kube.lua). Those that are read are tables; lists and
 * watches are iterators. */
#include <lauxlib.h>
#include <stdlib.h>

#include "binding/lua_read.h"
#include "binding/lua_write.h"
#include "binding/modules.h"
#include "binding/stream/stream.h"

/* NULL stays NULL. Raises where memory is out. */
static char *copy(lua_State *L, const char *text)
{
    char *c = text ? str_dup(str_of(text)) : NULL;
    if (text && !c)
        luaL_error(L, "not enough memory");
    return c;
}

/* ---- reading ---- */

static int l_get(lua_State *L)
{
    lua_settop(L, 3);
    struct lua_read *g = lua_read_new(L, "kube.get");
    g->api_version = copy(L, luaL_checkstring(L, 1));
    g->kind_name = copy(L, luaL_checkstring(L, 2));
    g->named_space = check_key(L, 3, g->name_space, g->name);
    return lua_read_go(L, g);
}

static int open_stream(lua_State *L, const char *call, bool watches)
{
    static const char *const names[] = {"namespace", "labels", "fields", NULL};
    lua_settop(L, 3);
    luaL_checkstring(L, 1);
    luaL_checkstring(L, 2);
    check_options(L, 3, names);
    struct stream *s = stream_new(L, call, watches);
    s->api_version = copy(L, lua_tostring(L, 1));
    s->kind_name = copy(L, lua_tostring(L, 2));
    s->name_space = copy(L, option_string(L, 3, "namespace"));
    s->labels = copy(L, option_string(L, 3, "labels"));
    s->fields = copy(L, option_string(L, 3, "fields"));
    if (!s->name_space)
        s->scope = s->site->namespaces;
    return stream_go(L, 4);
}

static int l_list(lua_State *L)
{
    return open_stream(L, "kube.list", false);
}

static int l_watch(lua_State *L)
{
    return open_stream(L, "kube.watch", true);
}

/* ---- writing ---- */

static void of_arguments(lua_State *L, struct lua_write *v)
{
    v->api_version = copy(L, luaL_checkstring(L, 1));
    v->kind_name = copy(L, luaL_checkstring(L, 2));
}

static char *member(lua_State *L, struct json root, const char *name, const char *call)
{
    struct buf text = BUF_INIT;
    char *value = json_decode(json_get(root, name), &text) && text.len ? str_dup(buf_str(&text)) : NULL;
    buf_free(&text);
    if (!value)
        luaL_error(L, "%s: the object has no %s", call, name);
    return value;
}

static void of_body(lua_State *L, struct lua_write *v, const char *call)
{
    struct json root;
    json_parse(buf_str(&v->body), "the body", &root, &v->err);
    v->api_version = member(L, root, "apiVersion", call);
    v->kind_name = member(L, root, "kind", call);
}

static int l_patch(lua_State *L)
{
    lua_settop(L, 5);
    struct lua_write *v = lua_write_new(L, "kube.patch", CHANGE_PATCH);
    of_arguments(L, v);
    lua_write_key(L, v, 3);
    lua_write_options(L, v, 5, lua_write_patch_options);
    lua_write_body(L, v, 4, "kube.patch");
    return lua_write_go(L, v);
}

static int l_delete(lua_State *L)
{
    lua_settop(L, 4);
    struct lua_write *v = lua_write_new(L, "kube.delete", CHANGE_DELETE);
    of_arguments(L, v);
    lua_write_key(L, v, 3);
    lua_write_options(L, v, 4, lua_write_delete_options);
    return lua_write_go(L, v);
}

static int whole(lua_State *L, const char *call, enum change_verb verb, const char *const *options)
{
    lua_settop(L, 2);
    struct lua_write *v = lua_write_new(L, call, verb);
    lua_write_options(L, v, 2, options);
    lua_write_body(L, v, 1, call);
    lua_write_named_by_body(L, v, call, verb == CHANGE_CREATE);
    of_body(L, v, call);
    return lua_write_go(L, v);
}

static int l_create(lua_State *L)
{
    return whole(L, "kube.create", CHANGE_CREATE, lua_write_create_options);
}

static int l_replace(lua_State *L)
{
    return whole(L, "kube.replace", CHANGE_REPLACE, lua_write_patch_options);
}

/* ---- the module ---- */

static const struct binding_function functions[] = {
    {"get", l_get, MAY_OTHERS},         {"list", l_list, MAY_OTHERS},
    {"watch", l_watch, MAY_OTHERS},     {"patch", l_patch, MAY_OTHERS},
    {"replace", l_replace, MAY_OTHERS}, {"create", l_create, MAY_OTHERS},
    {"delete", l_delete, MAY_OTHERS},   {NULL, NULL, 0}};
const struct binding_module module_kube = {
    .name = "kube", .annotations = "kube.lua", .functions = functions, .needs = MAY_OTHERS};
