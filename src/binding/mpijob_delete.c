/* mpijob.delete(target [, options]): of the very object that was looked at; not of another that has its name. */
#include "binding/lua_write.h"
#include "binding/mpijob.h"

int l_mpijob_delete(lua_State *L)
{
    char call[MODULE_CALL_MAX];
    enum mpijob_kind kind = module_kind(L);
    lua_settop(L, 2);
    struct lua_write *v = lua_write_of_job(L, module_call(kind, "delete", call), CHANGE_DELETE, kind);
    lua_write_options(L, v, 2, lua_write_delete_options);
    return lua_write_go(L, v);
}
