/* SPDX-License-Identifier: Apache-2.0 */
/* Reads `limits`, fills in the defaults, and keeps them below the daemon's ceilings. */
#include "policy/definition/definition_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/values/lua_json.h"
#include "policy/values/lua_keys.h"

#define LIMITS_MAX 100

static const char *const limit_names[] = {"changes", "percent", "percent_floor", "per_second", "cpu",
                                          "memory",  "timeout", "concurrency",   NULL};

static void read_memory(struct defining *d, int index)
{
    char *end = NULL;
    double n = 0;
    const char *text = lua_type(d->L, index) == LUA_TSTRING ? lua_tostring(d->L, index) : NULL;
    if (text && isdigit((unsigned char)text[0])) /* neither nan nor inf */
        n = strtod(text, &end);
    size_t unit = !end || end == text       ? 0
                  : strcmp(end, "KiB") == 0 ? 1024
                  : strcmp(end, "MiB") == 0 ? 1024 * 1024
                  : strcmp(end, "GiB") == 0 ? 1024 * 1024 * 1024
                                            : 0;
    if (!unit || n * (double)unit < 256 * 1024 || n * (double)unit > 64e9)
        definition_type_error(d, "limits.memory", index, "a size such as \"64MiB\" (KiB, MiB or GiB; at least 256KiB)");
    else
        d->p->limits.memory = (size_t)(n * (double)unit);
}

static void read_whole(struct defining *d, const char *key, int index, int64_t least, int64_t most, int64_t *out)
{
    char expected[96];
    int64_t whole;
    if (lua_whole(d->L, index, &whole) && whole >= least && whole <= most) {
        *out = whole;
        return;
    }
    snprintf(expected, sizeof expected, "a whole number from %lld to %lld", (long long)least, (long long)most);
    definition_type_error(d, key, index, expected);
}

static void read_rate(struct defining *d, int index)
{
    double n = lua_type(d->L, index) == LUA_TNUMBER ? lua_tonumber(d->L, index) : 0;
    if (n >= 0.001 && n <= 1000) /* and no nan */
        d->p->gap = (int64_t)((double)CLOCK_SECOND / n + 0.5);
    else
        definition_type_error(d, "limits.per_second", index,
                              "a number from 0.001 to 1000, such as 5 (0.5: one in two seconds)");
}

static void read_limit(struct defining *d, const char *key, int index)
{
    int64_t whole = 8;
    if (strcmp(key, "changes") == 0) {
        read_whole(d, "limits.changes", index, 0, 1000000, &d->p->changes_max);
    } else if (strcmp(key, "percent") == 0) {
        if (lua_type(d->L, index) == LUA_TNUMBER && lua_tonumber(d->L, index) >= 0 && lua_tonumber(d->L, index) <= 100)
            d->p->percent_max = lua_tonumber(d->L, index);
        else
            definition_type_error(d, "limits.percent", index, "a number from 0 to 100");
    } else if (strcmp(key, "percent_floor") == 0) {
        read_whole(d, "limits.percent_floor", index, 0, 1000000, &d->p->percent_floor);
    } else if (strcmp(key, "per_second") == 0) {
        read_rate(d, index);
    } else if (strcmp(key, "cpu") == 0) {
        definition_duration(d, "limits.cpu", index, &d->p->limits.cpu_us);
    } else if (strcmp(key, "memory") == 0) {
        read_memory(d, index);
    } else if (strcmp(key, "timeout") == 0) {
        definition_duration(d, "limits.timeout", index, &d->p->limits.timeout_us);
    } else if (strcmp(key, "concurrency") == 0) {
        read_whole(d, "limits.concurrency", index, 1, 256, &whole);
        d->p->concurrency = (unsigned)whole;
    } else if (strcmp(key, "changes_per_hour") == 0) {
        definition_found(d, "limits.changes_per_hour",
                         "is a key of the configuration, over all policies, and not of a policy; a policy has changes, "
                         "percent and per_second");
    } else {
        char path[96];
        const char *near = str_nearest(key, limit_names);
        snprintf(path, sizeof path, "limits.%.60s", key);
        definition_found(d, path,
                         "is not a limit%s%s%s; there are changes, percent, percent_floor, per_second, cpu, memory, "
                         "timeout, concurrency",
                         near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
    }
}

void definition_limits(struct defining *d, int index)
{
    if (lua_type(d->L, index) != LUA_TTABLE) {
        definition_type_error(d, "limits", index, "a table such as { changes = 50, cpu = \"1s\" }");
        return;
    }
    int top = lua_gettop(d->L);
    int n = lua_keys_push(d->L, index, LIMITS_MAX);
    if (n < 0)
        definition_found(d, "limits", "has more than %d keys", LIMITS_MAX);
    for (int i = 1; i <= n; i++) {
        lua_keys_get(d->L, index, top + 1, i);
        if (lua_type(d->L, -2) == LUA_TSTRING)
            read_limit(d, lua_tostring(d->L, -2), lua_gettop(d->L));
        else
            definition_type_error(d, "limits", -2, "a table of named limits");
        lua_settop(d->L, top + 1);
    }
    lua_settop(d->L, top);
}

void definition_cap(struct script_limits *limits, const struct script_limits *ceiling)
{
    if (!limits->cpu_us)
        limits->cpu_us = CLOCK_SECOND;
    if (!limits->memory)
        limits->memory = (size_t)64 * 1024 * 1024;
    if (!limits->timeout_us)
        limits->timeout_us = 300 * CLOCK_SECOND;
    if (ceiling->cpu_us && limits->cpu_us > ceiling->cpu_us)
        limits->cpu_us = ceiling->cpu_us;
    if (ceiling->memory && limits->memory > ceiling->memory)
        limits->memory = ceiling->memory;
    if (ceiling->timeout_us && limits->timeout_us > ceiling->timeout_us)
        limits->timeout_us = ceiling->timeout_us;
}
