/* SPDX-License-Identifier: Apache-2.0 */
/* A change that a script asks for and waits for (run/run_change.h): what the functions that write share. */
#ifndef MPIJOBD_BINDING_LUA_WRITE_H
#define MPIJOBD_BINDING_LUA_WRITE_H

#include "binding/base/pending.h"
#include "binding/base/values.h"
#include "run/run_change.h"

#define LUA_WRITE_MAX (4 * 1024 * 1024) /* no server takes an object of more than 3 MiB */

struct lua_write {
    struct pending pending;
    struct run *run;
    struct run_change *change;
    struct kube_kinds_look *look; /* of a kind that is not known yet */
    bool ours;                    /* a kind of job that has a module */
    const struct mpijob_kind *kind;
    enum change_verb verb;
    char name_space[256], name[256];
    char *api_version, *kind_name; /* to be looked up; NULL: ours */
    bool named_space;              /* a namespace was given */
    struct mpijob_changes changes; /* CHANGE_FIELDS */
    struct buf body, at_hand;
    int tries;   /* before this call, and after it; see change.h */
    bool chosen; /* the name, here: run_make_name */
    bool json_patch, splices, computed, again, dry_run, destructive, through_child, through_launcher;
    uint64_t wait_effect_ms;
    struct mpijob_verdict known; /* what the caller knows of the effect; without a `why`: nothing */
    char computed_from[64]; /* with `computed`: the version of the object that the changes are of; "": of `at_hand` */
    char plural[64];        /* as the resource of api_version and kind_name has to be called; "": however */
    char *wanted_version;
    const char *propagation;
    /* The result: lua_result.c. */
    struct error err; /* code 0: none */
    bool changed, was_dry;
    enum mpijob_effect effect;
    enum effect_seen seen;
    uint64_t after_ms;
    char why[512], resource_version[64], note[512];
    struct buf diff, child, warnings; /* JSON arrays; child: empty where it was not changed */
    const char *child_called;         /* "launcher" */
    struct buf object;                /* as the server gave it back; after a conflict: as it is now */
};

/* ---- lua_result.c ---- */
/* Keeps what a script may ask about a change, once it has ended. */
void lua_result_keep(struct lua_write *v, const struct change_result *result, const struct error *err);
/* Pushes the result's table; or nil and an error, and the fresh job where the script computes its changes from it.
 * Returns their number. */
int lua_result_push(lua_State *L, struct lua_write *v);

/* ---- lua_write.c ---- */
/* Pushes a guard, to be left on the stack. call: "kube.patch", for messages. Raises at the top level of a file. */
struct lua_write *lua_write_new(lua_State *L, const char *call, enum change_verb verb);
/* The same for the job at index 1, one of our kinds: a table that was read, or a name. Raises. */
struct lua_write *lua_write_of_job(lua_State *L, const char *call, enum change_verb verb,
                                   const struct mpijob_kind *kind);
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

extern const char *const lua_write_patch_options[],
    *const lua_write_create_options[], *const lua_write_delete_options[], *const lua_write_fields_options[],
                                                                              *const lua_write_whole_options[];

#endif
