/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a policy's changes go through a child of the job: `through_child`, or `through_launcher` of MPIJobs. */
#include "mpijob/dialect.h"
#include "policy/definition/definition_parts.h"

static const char *const keys[] = {"through_launcher", "through_child", NULL};

void definition_child(struct defining *d, int index)
{
    int top = lua_gettop(d->L);
    for (size_t i = 0; keys[i]; i++) {
        lua_pushstring(d->L, keys[i]);
        int type = lua_rawget(d->L, index);
        if (type != LUA_TNIL && type != LUA_TBOOLEAN)
            definition_type_error(d, keys[i], top + 1, "true or false");
        else if (lua_toboolean(d->L, top + 1))
            d->p->through_child = keys[i];
        lua_settop(d->L, top);
    }
}

static bool has_none(const struct mpijob_kind *kind, const void *data)
{
    (void)data;
    return kind->child == CHILD_NONE;
}

static void check_launcher(struct defining *d, const struct mpijob_kind *kind)
{
    if (kind->child != CHILD_LAUNCHER)
        definition_found(d, "through_launcher", "is for MPIJobs only: a %s has no launcher%s", kind->name,
                         kind->child == CHILD_NONE ? "" : "; through_child = true goes through one of its Jobs");
}

/* Does a field of its table act in a child of one of its kinds? */
static bool has_field(struct defining *d, int table)
{
    static const char *const fields[] = {"activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished", NULL};
    bool some = false;
    for (size_t i = 0; fields[i] && !some; i++) {
        lua_pushstring(d->L, fields[i]);
        bool there = lua_rawget(d->L, table) != LUA_TNIL;
        lua_settop(d->L, table);
        for (size_t k = 0; there && k < d->p->kinds.count && !some; k++) {
            const struct mpijob_kind *kind = d->p->kinds.of[k].kind;
            some = kind->child == CHILD_LAUNCHER || mpijob_child_takes(kind, fields[i]);
        }
    }
    return some;
}

static void check_fields(struct defining *d, int index)
{
    int top = lua_gettop(d->L);
    lua_pushstring(d->L, "replace");
    if (lua_rawget(d->L, index) == LUA_TTABLE && !has_field(d, top + 1))
        definition_found(d, keys[1],
                         "has nothing to go through: a child has activeDeadlineSeconds, backoffLimit, and of "
                         "an MPIJob ttlSecondsAfterFinished, and `replace` changes none of them that is its kind's");
    lua_settop(d->L, top);
}

void definition_check_child(struct defining *d, int index)
{
    const struct policy_kinds *kinds = &d->p->kinds;
    struct buf names = BUF_INIT;
    bool launcher = d->p->through_child == keys[0];
    for (size_t i = 0; launcher && i < kinds->count; i++)
        check_launcher(d, kinds->of[i].kind);
    if (d->p->through_child && !launcher)
        policy_kinds_names(kinds, has_none, NULL, &names);
    if (names.len)
        definition_found(d, keys[1], "is not for %s, which have no child that a change could go through: %s", names.ptr,
                         kinds->count > 1 ? "take them out of `kind`, and write a policy of their own for them"
                                          : "leave it out, and their own fields are changed");
    else if (d->p->through_child && !launcher)
        check_fields(d, index);
    buf_free(&names);
    if (d->p->through_child && kinds->count > 1) /* the JobSet of a TrainJob has the Job that this one has */
        mpijob_match_wholes(d->p->match, policy_kinds_bits(kinds));
}
