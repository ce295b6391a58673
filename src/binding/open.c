#include "binding/open.h"

int binding_open(lua_State *L)
{
    binding_open_policy(L);
    binding_open_mpijob(L);
    binding_open_kube(L);
    binding_open_log(L);
    binding_open_time(L);
    binding_open_json(L);
    return 0;
}
