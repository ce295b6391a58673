/* mpijob.patch(target, patch [, options]): a merge patch (a table of members), or a JSON patch (a list of steps). */
#include "binding/lua_write.h"
#include "binding/mpijob.h"

int l_mpijob_patch(lua_State *L)
{
    char call[MODULE_CALL_MAX];
    enum mpijob_kind kind = module_kind(L);
    lua_settop(L, 3);
    struct verbing *v = verbing_of_job(L, module_call(kind, "patch", call), WRITE_PATCH, kind);
    verbing_options(L, v, 3, verbing_patch_options);
    verbing_body(L, v, 2, call);
    return verbing_go(L, v);
}
