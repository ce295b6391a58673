/* A verb of a script that waits (policy/run_verb.h): what the functions that write share. */
#ifndef MPIJOBD_BINDING_LUA_WRITE_H
#define MPIJOBD_BINDING_LUA_WRITE_H

#include "binding/pending.h"
#include "binding/values.h"
#include "run/run_verb.h"

#define LUA_WRITE_MAX (4 * 1024 * 1024) /* no server takes an object of more than 3 MiB */

struct lua_write {
    struct pending pending;
    struct run *run;
    struct run_verb *op;
    struct kube_kinds_look *look; /* of a kind that is not known yet */
    bool ours;                    /* one of our kinds: the result has a job, else an object */
    enum mpijob_kind kind;
    enum write_verb verb;
    char name_space[256], name[256];
    char *api_version, *kind_name; /* to be looked up; NULL: ours */
    bool named_space;              /* a namespace was given */
    struct buf body, at_hand;
    bool json_patch, dry_run, destructive;
    char *wanted_version;
    const char *propagation;
    /* the result */
    struct error err; /* code 0: none */
    bool changed, was_dry;
    enum mpijob_effect effect;
    char why[512];
    struct buf diff, warnings, object;
};

/* Pushes a guard, to be left on the stack. call: "kube.patch", for messages. Raises at the top level of a file. */
struct lua_write *lua_write_new(lua_State *L, const char *call, enum write_verb verb);
/* The same for the job at index 1, one of our kinds: a table that was read, or a name. Raises. */
struct lua_write *lua_write_of_job(lua_State *L, const char *call, enum write_verb verb, enum mpijob_kind kind);
/* The options at index; names: those that there are. Raises. */
void lua_write_options(lua_State *L, struct lua_write *v, int index, const char *const *names);
/* JSON text or a table at index as the body. Raises. */
void lua_write_body(lua_State *L, struct lua_write *v, int index, const char *call);
/* Name and namespace of the body, which is an object; a create may leave the name to the server. Raises. */
void lua_write_named_by_body(lua_State *L, struct lua_write *v, const char *call, bool may_be_made);
/* "namespace/name" or "name" at index. Raises. */
void lua_write_key(lua_State *L, struct lua_write *v, int index);
/* Starts it, and returns what the C function has to return. */
int lua_write_go(lua_State *L, struct lua_write *v);

extern const char *const lua_write_patch_options[], *const lua_write_create_options[],
                                                        *const lua_write_delete_options[];

#endif
