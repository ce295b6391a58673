/* SPDX-License-Identifier: Apache-2.0 */
/* Reads `hold`: how the owner of a job keeps the policy from it for a while. */
#include <lauxlib.h>

#include "policy/definition/definition_parts.h"
#include "policy/values/lua_keys.h"

#define ANNOTATION_MAX 253
#define MAX_DEFAULT (INT64_C(7) * 86400 * CLOCK_SECOND)

static void read_annotation(struct defining *d, int index, const char **annotation)
{
    const char *text = definition_string(d, "hold.annotation", index, "the key of an annotation");
    if (text && (!*text || strlen(text) > ANNOTATION_MAX ||
                 text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./")]))
        definition_found(d, "hold.annotation",
                         "\"%.80s\" is no key of an annotation, as \"" MPIJOB_HOLD_ANNOTATION "\" is", text);
    else if (text)
        *annotation = text;
}

void definition_hold_default(struct defining *d)
{
    struct error err;
    if (mpijob_match_hold(d->p->match, MPIJOB_HOLD_ANNOTATION, MAX_DEFAULT, &err))
        definition_found(d, "hold", "%s", err.message);
}

void definition_hold(struct defining *d, int index)
{
    struct error err;
    const char *annotation = MPIJOB_HOLD_ANNOTATION;
    int64_t most = MAX_DEFAULT;
    d->event_keys |= EVENT_KEY_HOLD;
    if (lua_type(d->L, index) != LUA_TTABLE) {
        definition_type_error(d, "hold", index, "a table such as { max = \"7d\" }");
        return;
    }
    int top = lua_gettop(d->L), n = lua_keys_push(d->L, index, 100);
    if (n < 0)
        definition_found(d, "hold", "has more than 100 keys");
    for (int i = 1; i <= n; i++) {
        lua_keys_get(d->L, index, top + 1, i);
        const char *key = lua_type(d->L, -2) == LUA_TSTRING ? lua_tostring(d->L, -2) : "";
        if (strcmp(key, "annotation") == 0)
            read_annotation(d, lua_gettop(d->L), &annotation);
        else if (strcmp(key, "max") == 0)
            definition_duration(d, "hold.max", lua_gettop(d->L), &most);
        else
            definition_found(d, "hold", "has \"%.80s\"; there are annotation and max", key);
        lua_pop(d->L, 2);
    }
    if (mpijob_match_hold(d->p->match, annotation, most, &err))
        definition_found(d, "hold", "%s", err.message);
    lua_settop(d->L, top);
}
