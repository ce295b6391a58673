/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy asks before it writes: approval, of how many persons, and how long it waits for that. */
#include <string.h>

#include "policy/definition/definition_parts.h"
#include "policy/values/lua_json.h"
#include "policy/values/lua_keys.h"

#define EXPIRES_LEAST (60 * CLOCK_SECOND)

#define QUORUM_MAX 8 /* as of approval/approvers.h, which stands above */

static void read_when(struct defining *d, const char *key, int index)
{
    static const char expected[] = "\"never\", \"over-limits\" or \"always\"";
    const char *text = definition_string(d, key, index, expected);
    if (!text)
        return;
    if (strcmp(text, "never") == 0)
        d->p->approval = APPROVAL_NEVER;
    else if (strcmp(text, "over-limits") == 0)
        d->p->approval = APPROVAL_OVER_LIMITS;
    else if (strcmp(text, "always") == 0)
        d->p->approval = APPROVAL_ALWAYS;
    else
        definition_found(d, key, "has to be %s, not \"%s\"", expected, text);
}

static void read_expires(struct defining *d, const char *key, int index)
{
    int before = d->findings;
    definition_duration(d, key, index, &d->p->approval_expires);
    if (d->findings == before && d->p->approval_expires < EXPIRES_LEAST)
        definition_found(d, key, "has to be at least 1m");
}

static void read_quorum(struct defining *d, int index)
{
    int64_t n;
    if (lua_whole(d->L, index, &n) && n >= 1 && n <= QUORUM_MAX)
        d->p->approval_quorum = (unsigned)n;
    else
        definition_type_error(d, "approval.quorum", index, "a number of persons from 1 to 8");
}

static void read_member(struct defining *d, const char *key, int index)
{
    if (strcmp(key, "when") == 0)
        read_when(d, "approval.when", index);
    else if (strcmp(key, "quorum") == 0)
        read_quorum(d, index);
    else if (strcmp(key, "expires") == 0)
        read_expires(d, "approval.expires", index);
    else
        definition_found(d, "approval", "has \"%.80s\"; there are when, quorum and expires", key);
}

void definition_approval(struct defining *d, int index)
{
    if (lua_type(d->L, index) != LUA_TTABLE) {
        read_when(d, "approval", index);
        return;
    }
    int top = lua_gettop(d->L), n = lua_keys_push(d->L, index, 100);
    if (n < 1)
        definition_found(d, "approval", "needs when, as in { when = \"over-limits\", quorum = 2, expires = \"24h\" }");
    for (int i = 1; i <= n; i++) {
        lua_keys_get(d->L, index, top + 1, i);
        read_member(d, lua_type(d->L, -2) == LUA_TSTRING ? lua_tostring(d->L, -2) : "", lua_gettop(d->L));
        lua_settop(d->L, top + 1);
    }
    lua_settop(d->L, top);
    lua_pushliteral(d->L, "when");
    lua_rawget(d->L, index);
    if (n > 0 && lua_isnil(d->L, -1))
        definition_found(d, "approval", "needs when: \"over-limits\" or \"always\"");
    lua_settop(d->L, top);
}

void definition_approval_expires(struct defining *d, int index)
{
    read_expires(d, "approval_expires", index);
}

void definition_check_approval(struct defining *d)
{
    const struct policy *p = d->p;
    if (p->approval != APPROVAL_NEVER && p->canary)
        definition_found(d, "approval",
                         "stands beside canary; a policy has one of them: it is led in by steps, or by a person");
    if (p->approval == APPROVAL_OVER_LIMITS && p->changes_max < 0 && p->percent_max < 0)
        definition_found(d, "approval",
                         "\"over-limits\" needs limits.changes or limits.percent, above which a run waits");
}
