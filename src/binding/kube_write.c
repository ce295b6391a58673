/* kube.patch, replace, create, delete: of any kind, by apiVersion and kind. */
#include <lauxlib.h>
#include <stdlib.h>

#include "binding/kube.h"
#include "binding/lua_write.h"

static char *copy(lua_State *L, const char *text)
{
    char *c = str_dup(str_of(text));
    if (!c)
        luaL_error(L, "not enough memory");
    return c;
}

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

int l_kube_patch(lua_State *L)
{
    lua_settop(L, 5);
    struct lua_write *v = lua_write_new(L, "kube.patch", CHANGE_PATCH);
    of_arguments(L, v);
    lua_write_key(L, v, 3);
    lua_write_options(L, v, 5, lua_write_patch_options);
    lua_write_body(L, v, 4, "kube.patch");
    return lua_write_go(L, v);
}

int l_kube_delete(lua_State *L)
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

int l_kube_create(lua_State *L)
{
    return whole(L, "kube.create", CHANGE_CREATE, lua_write_create_options);
}

int l_kube_replace(lua_State *L)
{
    return whole(L, "kube.replace", CHANGE_REPLACE, lua_write_patch_options);
}
