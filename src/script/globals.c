/* SPDX-License-Identifier: Apache-2.0 */
/* The globals that a script's files name, and which of them nothing makes. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "script/parts.h"
#include "script/scan/globals_scan.h"

#define USES_MAX 20000 /* of one script; with more, nothing is said */
#define NAMES_MAX 256  /* globals to look for a near name in */
#define TOLD_MAX 100

struct use {
    char name[GLOBAL_NAME_MAX + 1];
    enum global_use use;
    int line;
    size_t file;
};

struct script_globals {
    struct use *uses;
    size_t count, cap;
    char **files;
    size_t file_count;
    bool silent;  /* nothing is said */
    bool may_set; /* some code has the table of globals in its hands */
};

static void note(void *data, const char *name, int line, enum global_use use)
{
    struct script_globals *g = data;
    if (g->silent)
        return;
    if (g->count == g->cap) {
        size_t cap = g->cap ? g->cap * 2 : 64;
        struct use *uses = cap <= 2 * (size_t)USES_MAX ? realloc(g->uses, cap * sizeof *uses) : NULL;
        if (!uses) {
            g->silent = true;
            return;
        }
        g->uses = uses;
        g->cap = cap;
    }
    struct use *u = &g->uses[g->count++];
    *u = (struct use){.use = use, .line = line, .file = g->file_count - 1};
    strncpy(u->name, name, GLOBAL_NAME_MAX);
    g->may_set |= use == GLOBAL_MAY_SET;
}

static int add_piece(lua_State *L, const void *piece, size_t n, void *out)
{
    (void)L;
    buf_add(out, piece, n);
    return ((struct buf *)out)->failed != 0;
}

void script_note_globals(lua_State *L, const char *file)
{
    struct script *s = script_of(L);
    struct buf dump = BUF_INIT;
    if (s->globals_told)
        return;
    if (!s->globals)
        s->globals = calloc(1, sizeof *s->globals);
    struct script_globals *g = s->globals;
    if (!g || g->silent)
        return;
    char **files = realloc(g->files, (g->file_count + 1) * sizeof *files);
    if (files)
        g->files = files;
    char *name = files ? str_dup(str_of(file)) : NULL;
    if (!name) {
        g->silent = true;
        return;
    }
    g->files[g->file_count++] = name;
    if (lua_dump(L, add_piece, &dump, 0) != 0 || dump.failed || !globals_scan(buf_str(&dump), note, g))
        g->silent = true;
    buf_free(&dump);
}

void script_free_globals(struct script *script)
{
    struct script_globals *g = script->globals;
    script->globals = NULL;
    if (!g)
        return;
    for (size_t i = 0; i < g->file_count; i++)
        free(g->files[i]);
    free(g->files);
    free(g->uses);
    free(g);
}

static int by_name(const void *a, const void *b)
{
    const struct use *one = a, *other = b;
    int order = strcmp(one->name, other->name);
    if (order)
        return order;
    if (one->file != other->file)
        return one->file < other->file ? -1 : 1;
    return one->line - other->line;
}

struct telling {
    struct script_globals *g;
    script_global_told told;
    void *data;
};

/* The names that the table on the top has, for a near one; they live as long as the table has them. */
static void list_names(lua_State *L, const char **names)
{
    size_t n = 0;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        if (n < NAMES_MAX && lua_type(L, -2) == LUA_TSTRING)
            names[n++] = lua_tostring(L, -2);
    names[n] = NULL;
}

static bool has(lua_State *L, const char *name)
{
    lua_pushstring(L, name);
    bool there = lua_rawget(L, -2) != LUA_TNIL;
    lua_pop(L, 1);
    return there;
}

/* Uses of one name stand together. Is it there, or made somewhere? The table of globals is on the top. */
static bool known(lua_State *L, const struct use *uses, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (uses[i].use != GLOBAL_READ)
            return true;
    return has(L, uses->name);
}

/* Is the global a module as the sandbox made it? Nothing sets the name, and it is read for its members alone, so that
 * nothing can have put more into it. Its members' uses stand behind its own. Pushes it, or nil. */
static bool push_module(lua_State *L, const struct script_globals *g, size_t first, size_t n)
{
    const char *name = g->uses[first].name;
    size_t len = strlen(name), members = 0;
    bool made = false;
    for (size_t i = first; i < first + n; i++)
        made = made || g->uses[i].use == GLOBAL_SET || g->uses[i].use == GLOBAL_MAY_SET;
    for (size_t i = first + n; i < g->count; i++, members++)
        if (strncmp(g->uses[i].name, name, len) != 0 || g->uses[i].name[len] != '.')
            break;
    lua_pushstring(L, name);
    return lua_rawget(L, -2) == LUA_TTABLE && !made && n == members && !lua_getmetatable(L, -1);
}

struct group {
    const struct use *uses;
    size_t n;
    const char *const *near; /* names to look for a near one in */
    size_t prefix;           /* bytes of the name in front of what is looked for */
};

static void tell_group(const struct telling *t, const struct group *group, size_t *told)
{
    for (size_t k = 0; k < group->n && *told < TOLD_MAX; k++) {
        const struct use *u = &group->uses[k];
        if (k && u->file == u[-1].file && u->line == u[-1].line)
            continue;
        t->told(t->data, t->g->files[u->file], u->line, u->name, str_nearest(u->name + group->prefix, group->near));
        ++*told;
    }
}

static bool asked(const struct group *group)
{
    for (size_t i = 0; i < group->n; i++)
        if (group->uses[i].use != GLOBAL_MEMBER)
            return true;
    return false;
}

static int tell_unknown(lua_State *L)
{
    const struct telling *t = lua_touserdata(L, 1);
    const struct script_globals *g = t->g;
    const char *names[NAMES_MAX + 1], *members[NAMES_MAX + 1];
    size_t told = 0, n;
    bool module = false;
    lua_pushglobaltable(L);
    int globals = lua_gettop(L);
    if (lua_getmetatable(L, -1))
        return 0; /* names may come from there */
    list_names(L, names);
    for (size_t i = 0; i < g->count; i += n) {
        struct group group = {.uses = &g->uses[i], .near = names};
        for (n = 1; i + n < g->count && strcmp(g->uses[i].name, g->uses[i + n].name) == 0; n++)
            ;
        group.n = n;
        const char *dot = strchr(group.uses->name, '.');
        if (!dot) {
            lua_settop(L, globals);
            if (!known(L, group.uses, n))
                tell_group(t, &group, &told);
            module = push_module(L, g, i, n); /* stays on the top for its members */
            if (module)
                list_names(L, members);
        } else if (module && !asked(&group) && !has(L, dot + 1)) {
            group.near = members;
            group.prefix = (size_t)(dot + 1 - group.uses->name);
            tell_group(t, &group, &told);
        }
    }
    return 0;
}

void script_unknown_globals(struct script *script, bool ended_well, script_global_told told, void *data)
{
    struct script_globals *g = script->globals;
    struct telling t = {g, told, data};
    script->globals_told = true;
    if (g && !g->silent && g->count && (ended_well || !g->may_set)) {
        qsort(g->uses, g->count, sizeof *g->uses, by_name);
        script_protect(script, tell_unknown, &t, NULL);
    }
    script_free_globals(script);
}
