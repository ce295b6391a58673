/* A read of a script that waits: one object, or one list that is small (the pods of a job), of a kind that may have to
 * be looked up first. */
#ifndef MPIJOBD_BINDING_LUA_READ_H
#define MPIJOBD_BINDING_LUA_READ_H

#include "binding/pending.h"
#include "binding/values.h"

struct lua_read {
    struct pending pending;
    struct run *run;
    struct kube_kinds_look *look;
    struct kube_request *request;
    char *api_version, *kind_name;
    char name_space[256], name[256];
    bool named_space;
    struct kube_resource resource; /* of a kind that is known from the start */
    struct error err;              /* code 0: none */
    struct buf object;
};

/* Pushes a guard, to be left on the stack. Raises at the top level of a file. */
struct lua_read *lua_read_new(lua_State *L, const char *call);
/* GET of one object: its table, or nil and an error. */
int lua_read_go(lua_State *L, struct lua_read *g);

#endif
