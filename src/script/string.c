#include "script/state.h"
#include <lualib.h>
int script_open_string(lua_State *L)
{
    luaopen_string(L);
    return 1;
}
int script_open_table(lua_State *L)
{
    luaopen_table(L);
    return 1;
}
