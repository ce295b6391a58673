/* SPDX-License-Identifier: Apache-2.0 */
/* Reads `canary`: in which steps the policy is led in. */
#include <stdlib.h>
#include <string.h>

#include "policy/definition/definition_parts.h"
#include "policy/values/lua_json.h"

#define EXPECTED "steps and a pause such as { 1, \"10%\", \"100%\", pause = \"10m\" }"
#define PAUSE (600 * CLOCK_SECOND)
#define PAUSE_MOST (30 * 86400 * CLOCK_SECOND)

/* The step at the top of the stack. */
static bool read_step(struct defining *d, struct canary_step *step)
{
    const char *text = lua_type(d->L, -1) == LUA_TSTRING ? lua_tostring(d->L, -1) : NULL;
    char *end = NULL;
    if (text && *text >= '0' && *text <= '9')
        step->percent = strtod(text, &end);
    if (end)
        return strcmp(end, "%") == 0 && step->percent > 0 && step->percent <= 100;
    return lua_whole(d->L, -1, &step->jobs) && step->jobs >= 1 && step->jobs <= 1000000;
}

void definition_canary(struct defining *d, int index)
{
    size_t n = lua_type(d->L, index) == LUA_TTABLE ? lua_rawlen(d->L, index) : 0;
    size_t keys = 0;
    if (lua_type(d->L, index) != LUA_TTABLE) {
        definition_type_error(d, "canary", index, EXPECTED);
        return;
    }
    if (n < 1 || n > CANARY_STEPS) {
        definition_found(d, "canary",
                         "has %zu steps; it takes 1 to %d, and a pause, as { 1, \"10%%\", \"100%%\", pause = \"10m\" }",
                         n, CANARY_STEPS);
        return;
    }
    struct canary *c = d->p->canary = calloc(1, sizeof *c);
    if (!c) {
        definition_found(d, "canary", "cannot be kept: out of memory");
        return;
    }
    c->pause = PAUSE;
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(d->L, index, (lua_Integer)i + 1);
        if (!read_step(d, &c->steps[c->count++]))
            definition_found(d, "canary",
                             "has a step that is neither a number of jobs, from 1, nor a share as \"10%%\"");
        lua_pop(d->L, 1);
    }
    for (lua_pushnil(d->L); lua_next(d->L, index); lua_pop(d->L, 1))
        keys++;
    lua_pushliteral(d->L, "pause");
    lua_rawget(d->L, index);
    bool pause = !lua_isnil(d->L, -1);
    if (pause)
        definition_duration(d, "canary.pause", lua_gettop(d->L), &c->pause);
    lua_pop(d->L, 1);
    if (c->pause > PAUSE_MOST)
        definition_found(d, "canary.pause", "is longer than 30d");
    if (keys != n + pause)
        definition_found(d, "canary", "has other keys than its steps and pause");
}
