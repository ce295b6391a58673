/* mpijob.patch(target, patch [, options]): a merge patch (a table of members), or a JSON patch (a list of steps). */
#include "binding/lua_write.h"
#include "binding/mpijob.h"

int l_mpijob_patch(lua_State *L)
{
    char call[MODULE_CALL_MAX];
    enum mpijob_kind kind = module_kind(L);
    lua_settop(L, 3);
    struct lua_write *v = lua_write_of_job(L, module_call(kind, "patch", call), CHANGE_PATCH, kind);
    lua_write_options(L, v, 3, lua_write_patch_options);
    lua_write_body(L, v, 2, call);
    return lua_write_go(L, v);
}
