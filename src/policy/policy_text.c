/* SPDX-License-Identifier: Apache-2.0 */
/* Goes through each policy's table when its file is loaded, as its functions may use what stands behind it. */
#include "policy/policy_text.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/load.h"
#include "policy/values/lua_walk.h"

#define WORK_OF_ONE 50000  /* see lua_walk.h; with more, or more bytes, the file's text stands for the policy's */
#define WORK_OF_ALL 300000 /* of one file: some ten milliseconds */
#define BYTES_MAX ((size_t)1024 * 1024)

struct reading {
    struct policy_file *file;
    struct policy *policy;
    struct lua_walk walk;
    struct buf text;
    uint32_t required; /* hash of the texts that the file has required */
    size_t left;       /* of WORK_OF_ALL */
};

static uint32_t hash(struct str text)
{
    char out[GUARD_HASH_SIZE];
    guard_hash(text, out);
    out[8] = '\0';
    return (uint32_t)strtoul(out, NULL, 16);
}

/* ---- what `where` asks that changes while the job does not ---- */

/* seconds: the number of the argument that the present time stands in for, where it is left out; 0: no argument. */
static const struct {
    const char *of, *field;
    int seconds;
} of_time[] = {
    {"time", "now", 0}, {"time", "date", 1}, {"time", "rfc3339", 1}, {"time", "within", 2}, {"time", "next", 2}};

static bool asks_time(const struct function_use *use)
{
    for (size_t i = 0; i < sizeof of_time / sizeof *of_time; i++) {
        if (strcmp(use->of, of_time[i].of) == 0 && strcmp(use->field, of_time[i].field) == 0)
            return use->called && (!of_time[i].seconds || !(use->given & 1U << (of_time[i].seconds - 1)));
    }
    return false;
}

static bool asks_outside(const struct function_use *use)
{
    static const char *const modules[] = {"http",   "store", "kube",       "prometheus",
                                          "mpijob", "tfjob", "pytorchjob", "mxjob"};
    for (size_t i = 0; use->called && i < sizeof modules / sizeof *modules; i++) {
        if (strcmp(use->of, modules[i]) == 0)
            return true;
    }
    return false;
}

static bool asks_age(const struct function_use *use)
{
    static const char *const fields[] = {"age", "pending_for", "running_for", "finished_for", "as_of"};
    for (size_t i = 0; !*use->of && i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(use->field, fields[i]) == 0)
            return true;
    }
    return false;
}

static void used(void *data, const char *source, const struct function_use *use)
{
    struct reading *r = data;
    char text[1400];
    bool age = asks_age(use);
    if (r->policy->moving || (!age && !asks_time(use) && !asks_outside(use)))
        return;
    snprintf(text, sizeof text, "%s%s%s at %s:%d", age ? "job" : use->of, *use->field ? "." : "", use->field,
             source + 1, use->line);
    r->policy->moving = str_dup(str_of(text));
}

static int look_for_moving(lua_State *L)
{
    struct reading *r = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, r->policy->where);
    lua_walk(L, lua_gettop(L), &r->walk);
    return 0;
}

/* ---- the text ---- */

static int read_definition(lua_State *L)
{
    struct reading *r = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, r->policy->table);
    lua_walk(L, lua_gettop(L), &r->walk);
    return 0;
}

static int drop_table(lua_State *L)
{
    struct policy *p = lua_touserdata(L, 1);
    luaL_unref(L, LUA_REGISTRYINDEX, p->table);
    p->table = LUA_NOREF;
    return 0;
}

/* False: it could not be gone through as a whole. */
static bool walk(struct reading *r, lua_CFunction how)
{
    r->walk.left = r->left < WORK_OF_ONE ? r->left : WORK_OF_ONE;
    size_t before = r->walk.left;
    r->walk.opaque = false;
    bool good = script_protect(r->file->script, how, r, NULL) == 0;
    r->left -= before - r->walk.left;
    return good && !r->walk.opaque;
}

static void read_policy(struct reading *r)
{
    struct policy *p = r->policy;
    uint32_t source = hash(str_of(script_hash(r->file->script))), definition = source;
    r->text = (struct buf){.max = BYTES_MAX};
    r->walk = (struct lua_walk){.text = &r->text, .data = r};
    if (walk(r, read_definition) && !r->text.failed)
        definition = hash(buf_str(&r->text)) ^ r->required;
    p->text = (uint64_t)definition << 32 | source;
    buf_free(&r->text);
    lua_walk_free(&r->walk);
    if (p->on && p->where != LUA_NOREF) {
        r->walk = (struct lua_walk){.use = used, .data = r};
        walk(r, look_for_moving);
        lua_walk_free(&r->walk);
    }
    script_protect(r->file->script, drop_table, p, NULL);
}

void policy_texts(struct policy_file *f)
{
    struct reading r = {.file = f, .left = WORK_OF_ALL};
    struct buf required = BUF_INIT;
    for (size_t i = 0; i < f->source_count; i++)
        buf_printf(&required, "%08x", hash(buf_str(&f->sources[i].text)));
    r.required = hash(required.len ? buf_str(&required) : str_of(""));
    buf_free(&required);
    for (size_t i = 0; i < f->set->count; i++) {
        r.policy = f->set->entries[i].policy;
        if (f->set->entries[i].file == f)
            read_policy(&r);
    }
}
