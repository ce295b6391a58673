/* kube.list(apiVersion, kind [, options]) and kube.watch: iterators over objects as tables, and over their events. */
#include <lauxlib.h>

#include "binding/kube.h"
#include "binding/stream.h"

static char *copy(lua_State *L, const char *text)
{
    char *c = text ? str_dup(str_of(text)) : NULL;
    if (text && !c)
        luaL_error(L, "not enough memory");
    return c;
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

int l_kube_list(lua_State *L)
{
    return open_stream(L, "kube.list", false);
}

int l_kube_watch(lua_State *L)
{
    return open_stream(L, "kube.watch", true);
}
