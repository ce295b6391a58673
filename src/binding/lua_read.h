/* SPDX-License-Identifier: Apache-2.0 */
/* A GET of one object that a script waits for. The kind may have to be looked up first. */
#ifndef MPIJOBD_BINDING_LUA_READ_H
#define MPIJOBD_BINDING_LUA_READ_H

#include "binding/base/pending.h"
#include "binding/base/values.h"

struct lua_read {
    struct pending pending;
    struct run *run;
    struct kube_kinds_look *look;
    struct kube_request *request;
    char *api_version, *kind_name;
    char name_space[256], name[256];
    bool named_space;
    struct kube_resource resource; /* where the kind is known from the start; else plural is NULL */
    char resource_name[320];       /* "jobs.batch", once it is known */
    bool secret;                   /* that is Kubernetes' own Secrets */
    struct error err;              /* code 0: none */
    struct buf object;
};

/* Pushes a guard, to be left on the stack. Raises at the top level of a file. */
struct lua_read *lua_read_new(lua_State *L, const char *call);
/* GET of one object: its table, or nil and an error. */
int lua_read_go(lua_State *L, struct lua_read *g);

#endif
