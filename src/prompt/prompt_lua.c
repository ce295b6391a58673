/* SPDX-License-Identifier: Apache-2.0 */
/* What lua/mpijobd/prompt.lua has from C: where `print` goes, and how the daemon and its policies are. */
#include <lauxlib.h>
#include <string.h>

#include "engine/standing.h"
#include "mpijob/kind.h"
#include "policy/values/lua_json.h"
#include "prompt/embedded_prompt.h"
#include "prompt/parts.h"
#include "script/script.h"
#include "json/member.h"
#include "json/write.h"

struct prompt *prompt_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* (text): at the end of the turn it is told. */
static int l_print(lua_State *L)
{
    struct prompt *p = prompt_of(L);
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    if (p->printed + len > PROMPT_OUTPUT)
        return luaL_error(L, "a call prints at most 1 MiB");
    script_work(L, len);
    p->printed += len;
    buf_add(&p->out, text, len);
    defer_call(p->at.runs->site->soon, &p->telling);
    return 0;
}

/* ---- lists of tables, by way of JSON: what is told of them comes from callbacks that no Lua error may leave ---- */

static int l_free(lua_State *L)
{
    buf_free(lua_touserdata(L, 1));
    return 0;
}

static struct buf *new_buf(lua_State *L)
{
    struct buf *b = lua_newuserdatauv(L, sizeof *b, 0);
    *b = BUF_INIT;
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, l_free);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    return b;
}

static int push_buf(lua_State *L, struct buf *b)
{
    struct json root;
    if (b->failed || json_parse(buf_str(b), "the list", &root, NULL))
        return luaL_error(L, "not enough memory");
    script_work(L, b->len);
    lua_json_push(L, root);
    buf_free(b);
    return 1;
}

static void add_standing(void *data, const struct engine_standing *s)
{
    struct json_writer *w = data;
    char trigger[POLICY_TRIGGER_TEXT];
    json_write_object(w);
    json_member_text_if(w, "name", s->entry->policy->name);
    json_member_text_if(w, "cluster", s->cluster);
    json_member_text_if(w, "state", standing_name(s->standing));
    json_member_text_if(w, "why", s->why);
    json_member_text_if(w, "trigger", policy_trigger_text(s->entry->policy, trigger));
    json_member_text_if(w, "about", s->entry->policy->about);
    if (s->due != INT64_MAX)
        json_member_int(w, "next", s->due / CLOCK_SECOND);
    json_member_int(w, "runs", s->runs);
    json_member_int(w, "waiting", (int64_t)s->waiting);
    json_member_text_if(w, "file", s->entry->policy->file);
    json_member_int(w, "line", s->entry->policy->line);
    json_write_end(w);
}

static int l_standings(lua_State *L)
{
    struct buf *b = new_buf(L);
    struct json_writer w;
    json_writer_init(&w, b);
    json_write_array(&w);
    engine_each_standing(prompt_of(L)->o.engine, NULL, add_standing, &w);
    json_write_end(&w);
    return push_buf(L, b);
}

/* ---- caches ---- */

struct caches {
    struct json_writer w;
    const struct watches *watches;
};

static void add_cache(void *data, const struct watch_part *part)
{
    struct caches *c = data;
    const struct job_cache *cache = part->kind ? c->watches->caches[mpijob_kind_index(part->kind)] : NULL;
    struct cache_stats stats;
    json_write_object(&c->w);
    json_member_text_if(&c->w, "kind", watch_part_name(part));
    json_member_text_if(&c->w, "namespace", part->name_space ? part->name_space : "(all)");
    json_member_text_if(&c->w, "state",
                        part->trouble  ? part->trouble->message
                        : part->synced ? "watched"
                                       : "not listed yet");
    if (cache) { /* of all its namespaces */
        cache_stats(cache->cache, &stats);
        json_member_int(&c->w, "jobs", (int64_t)stats.jobs);
        json_member_int(&c->w, "memory", (int64_t)stats.memory_bytes);
    } else if (!part->kind) {
        struct workload_watch_stats kept;
        workload_watch_stats(c->watches->workloads, &kept);
        json_member_int(&c->w, "jobs", (int64_t)kept.workloads);
        json_member_int(&c->w, "memory", (int64_t)kept.bytes);
    }
    json_write_end(&c->w);
}

static int l_caches(lua_State *L)
{
    struct buf *b = new_buf(L);
    struct caches c = {.watches = prompt_of(L)->at.runs->watches};
    json_writer_init(&c.w, b);
    json_write_array(&c.w);
    watches_each(c.watches, add_cache, &c);
    json_write_end(&c.w);
    return push_buf(L, b);
}

/* ---- texts ---- */

static int l_config(lua_State *L)
{
    const struct policy_env *env = prompt_of(L)->at.env;
    lua_pushlstring(L, env->config_text.ptr ? env->config_text.ptr : "", env->config_text.len);
    lua_pushstring(L, env->config);
    return 2;
}

static const struct embedded_module *module_of(const char *name)
{
    const struct embedded_module *m = embedded_prompt;
    while (m->name && strcmp(m->name, name) != 0)
        m++;
    return m;
}

/* The annotations, as a list. */
static int l_annotations(lua_State *L)
{
    lua_Integer n = 0;
    lua_newtable(L);
    for (const struct embedded_module *m = embedded_prompt; m->name; m++) {
        if (!str_starts(str_of(m->name), "types."))
            continue;
        lua_pushlstring(L, m->bytes, m->len);
        lua_rawseti(L, -2, ++n);
    }
    return 1;
}

/* (name): one of our own files, as a function. */
static int l_load(lua_State *L)
{
    const struct embedded_module *m = module_of(luaL_checkstring(L, 1));
    if (!m->name || luaL_loadbufferx(L, m->bytes, m->len, lua_pushfstring(L, "=%s", m->name), "t"))
        return luaL_error(L, "%s is missing in the program", lua_tostring(L, 1));
    return 1;
}

/* ---- opening ---- */

int prompt_lua_open(lua_State *L)
{
    static const luaL_Reg natives[] = {{"print", l_print},
                                       {"standings", l_standings},
                                       {"caches", l_caches},
                                       {"config", l_config},
                                       {"annotations", l_annotations},
                                       {"load", l_load},
                                       {"why", prompt_why},
                                       {NULL, NULL}};
    struct prompt *p = lua_touserdata(L, 1);
    const struct embedded_module *m = module_of("prompt");
    if (luaL_loadbufferx(L, m->bytes, m->len, "=prompt", "t"))
        return lua_error(L);
    lua_createtable(L, 0, 8);
    lua_pushlightuserdata(L, p);
    luaL_setfuncs(L, natives, 1);
    lua_call(L, 1, 1);
    p->evaluate = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}
