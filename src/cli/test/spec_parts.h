/* SPDX-License-Identifier: Apache-2.0 */
/* The insides of a spec, shared by the files of this folder. */
#ifndef MPIJOBD_CLI_TEST_SPEC_PARTS_H
#define MPIJOBD_CLI_TEST_SPEC_PARTS_H

#include "cli/test/spec.h"
#include "cli/test/spec_plugins.h"
#include "policy/load.h"

struct spec {
    struct policy_file file; /* what the modules of policies expect as a state's host; first, see spec_of */
    struct policy_env env;
    uv_loop_t *loop;
    struct defer_queue *soon;
    struct clock clock;
    struct onlookers onlookers;
    const char *path;
    char *folder;              /* of the file, with a slash at the end; "" for the current one */
    char *beside;              /* the policy beside the spec; NULL: no such file */
    char **policies;           /* named by policy.load at the file's top, NULL-terminated; NULL: the one beside */
    char **test_policies;      /* named within the test that runs; NULL: not */
    const char *one_policy[2]; /* the list of `beside` */
    struct script *script;
    struct world *world; /* of the test that runs; NULL: it has none yet */
    const char *version; /* the first one that the world serves */
    bool training;       /* training-operator acts on its jobs */
    const char *outside; /* "setup": no world may be made now; NULL: it may */
    unsigned names;      /* made up for jobs */
    struct spec_wait *waiting;
    struct stand_in stand_in; /* of the test that runs */
    struct spec_test *tests;
    size_t count;
    struct spec_plugins plugins;
    struct plugin_place world_plugins[PLUGINS_MAX];
    int runner, natives; /* references of their tables */
    struct buf table;    /* the file as JSON, where it is not Lua */

    /* while the tests run */
    size_t at;
    bool running;
    struct script_run *test; /* that runs; NULL: none does */
    struct spec_result result;
    char *message;
    int64_t began; /* clock_monotonic */
    struct defer turn;
    void (*told)(void *data, const struct spec_test *test, const struct spec_result *result);
    void (*done)(void *data);
    void *data;
};

struct spec *spec_of(lua_State *L);
/* What the world's policies are; an empty list: it has no policies. */
const char *const *spec_policies(const struct spec *spec);

/* ---- native.c, native_world.c, native_why.c, native_approval.c: add functions to the table on the top ---- */
void native_open(lua_State *L);
void native_open_world(lua_State *L);
void native_open_why(lua_State *L);
void native_open_approval(lua_State *L);
/* The test ends: nobody waits for its world any more. */
void native_forget(struct spec *spec);
/* A file named in a spec: its path from the spec's folder on. Raises unless it stays in that folder. Pushes it. */
const char *native_path(lua_State *L, int index);

/* ---- embedded_test.c: the files of lua/mpijobd/test and luassert, made by CMake ---- */
struct embedded_module {
    const char *name; /* "luassert.util" */
    const char *bytes;
    size_t len;
};
extern const struct embedded_module embedded_test[]; /* ends in a NULL name */

#endif
