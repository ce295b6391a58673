/* SPDX-License-Identifier: Apache-2.0 */
/* The kind of object that a policy is about: one that is built in, or one of a plugin that its file requires; and what
 * cannot be said of it. */
#include <stdio.h>

#include "cluster/cluster.h"
#include "mpijob/dialect.h"
#include "mpijob/kinds_added.h"
#include "plugin/plugin.h"
#include "policy/definition/definition_parts.h"
#include "policy/definition/lua_conditions.h"

#define BY (PLUGIN_NAME_MAX + 16)

/* The plugin's row for "TrainJob" or "trainjob"; absent: it has none. */
static struct json row_of(const struct plugin *plugin, const char *kind)
{
    struct json said;
    if (!plugin->said || json_parse(str_of(plugin->said), "", &said, NULL))
        return (struct json){0};
    for (struct json_iter it = json_iter(json_get(said, "kinds")); json_next(&it);) {
        if (json_string_is(json_get(it.value, "kind"), str_of(kind)) ||
            json_string_is(json_get(it.value, "name"), str_of(kind)))
            return it.value;
    }
    return (struct json){0};
}

/* "Job, TrainJob" */
static void add_names(const struct plugin *plugin, struct buf *out)
{
    struct json said;
    if (!plugin->said || json_parse(str_of(plugin->said), "", &said, NULL))
        return;
    for (struct json_iter it = json_iter(json_get(said, "kinds")); json_next(&it);) {
        buf_puts(out, out->len ? ", " : "");
        json_decode(json_get(it.value, "kind"), out);
    }
}

static void use(struct defining *d, const struct mpijob_kind *kind)
{
    struct error err;
    if (policy_kinds_add(&d->p->kinds, kind, &err))
        definition_found(d, "kind", "%s", err.message);
    for (size_t i = 0; i < d->source->connected_count; i++)
        cluster_add_kind(d->source->connected[i], kind);
}

static void take(struct defining *d, const struct plugin *plugin, struct json row)
{
    char by[BY];
    struct error err;
    const struct mpijob_kind *kind;
    snprintf(by, sizeof by, "the plugin %s", plugin->name);
    if (mpijob_kinds_take(d->source->kinds, row, by, &kind, &err)) {
        definition_found(d, "kind", "%s", err.message);
        return;
    }
    use(d, kind);
    mpijob_kind_release(kind); /* the policy holds it */
}

/* A plugin that the file requires may describe a kind that is built in, in its own words. */
static void find(struct defining *d, const char *text)
{
    const struct policy_source *source = d->source;
    const struct plugin *of = NULL;
    const struct mpijob_kind *kind = NULL;
    struct json row = {0};
    struct error err;
    for (size_t i = 0; source->kinds && i < source->required_count; i++) {
        struct json one = row_of(source->required[i], text);
        if (of && json_exists(one)) {
            definition_found(d, "kind", "\"%.80s\" is a kind of the plugins %s and %s; require one of them", text,
                             of->name, source->required[i]->name);
            return;
        }
        row = json_exists(one) ? one : row;
        of = json_exists(one) ? source->required[i] : of;
    }
    bool known = !of && mpijob_kind_parse(str_of(text), &kind);
    const char *plugin = of || known ? NULL : lua_kind_plugin(d->L, text);
    struct buf others = BUF_INIT;
    for (size_t i = 0; i < source->required_count && !of && !known && !plugin; i++)
        add_names(source->required[i], &others);
    if (of)
        take(d, of, row);
    else if (known)
        use(d, kind);
    else if (plugin)
        definition_found(d, "kind", "\"%.80s\" is a kind of the plugin %s; write require \"%s\" above the policy", text,
                         plugin, plugin);
    else if (mpijob_kind_unknown(text, &err))
        definition_found(d, "kind", "%s%s%s", err.message, others.len ? ", and of plugins " : "",
                         others.len ? others.ptr : "");
    buf_free(&others);
}

#define EXPECTED "a kind of job such as \"PyTorchJob\", or a list of them such as { \"TrainJob\", \"JobSet\" }"

static void find_each(struct defining *d, int index)
{
    lua_Integer n = (lua_Integer)lua_rawlen(d->L, index);
    int top = lua_gettop(d->L);
    size_t keys = 0;
    for (lua_pushnil(d->L); lua_next(d->L, index); lua_pop(d->L, 1))
        keys++;
    if (!n || keys != (size_t)n)
        definition_found(d, "kind",
                         !keys ? "is an empty list; it has to be " EXPECTED
                               : "is a table with other keys than 1, 2...; it has to be " EXPECTED);
    else if (n > MPIJOB_KINDS_MOST)
        definition_found(d, "kind", "has more than %d kinds", MPIJOB_KINDS_MOST);
    for (lua_Integer i = 1; keys == (size_t)n && i <= n && n <= MPIJOB_KINDS_MOST; i++) {
        lua_rawgeti(d->L, index, i);
        const char *text = definition_string(d, "kind", top + 1, EXPECTED);
        if (text)
            find(d, text);
        lua_settop(d->L, top);
    }
}

void definition_kind(struct defining *d, int index)
{
    int before = d->findings;
    policy_kinds_free(&d->p->kinds); /* what it is about where it does not say */
    const char *text = lua_istable(d->L, index) ? NULL : definition_string(d, "kind", index, EXPECTED);
    if (text)
        find(d, text);
    else if (lua_istable(d->L, index))
        find_each(d, index);
    d->kind_bad = d->findings != before;
    if (!d->p->kinds.count && policy_kinds_add(&d->p->kinds, KIND_MPIJOB, NULL)) /* what follows counts on one */
        definition_found(d, "kind", "cannot be kept: out of memory");
}

/* ---- what it does not have ---- */

static const struct {
    const char *key;
    bool of_phase; /* it may be said where the kind's phase is known */
} conditions[] = {
    {"cleanPodPolicy", false}, {"phase", true}, {"pending_for", true}, {"running_for", true}, {"finished_for", true}};

static void check_condition(struct defining *d, const struct mpijob_kind *kind, const char *key, bool of_phase)
{
    char path[40];
    snprintf(path, sizeof path, "match.%s", key);
    if (!of_phase)
        definition_found(d, path, "is not known of a %s: %s tells its fields and its phase only; ask in match.where",
                         kind->name, kind->by ? kind->by : "its row");
    else if (!kind->phased)
        definition_found(d, path,
                         "is not known of a %s: %s gives no table `phase`, as in phase = { Succeeded = \"Complete\", "
                         "Failed = \"Failed\" }",
                         kind->name, kind->by);
}

static void check_match(struct defining *d, const struct mpijob_kind *kind, int index)
{
    int top = lua_gettop(d->L);
    lua_pushstring(d->L, "match");
    if (lua_rawget(d->L, index) == LUA_TTABLE) {
        for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
            lua_pushstring(d->L, conditions[i].key);
            if (lua_rawget(d->L, top + 1) != LUA_TNIL)
                check_condition(d, kind, conditions[i].key, conditions[i].of_phase);
            lua_settop(d->L, top + 1);
        }
        lua_pushstring(d->L, "gpus");
        if (lua_rawget(d->L, top + 1) != LUA_TNIL && !kind->templates)
            check_condition(d, kind, "gpus", false);
        lua_pushstring(d->L, "problem");
        if (lua_rawget(d->L, top + 1) != LUA_TNIL && !kind->inspected)
            check_condition(d, kind, "problem", false);
    }
    lua_settop(d->L, top);
}

static void check_kind(struct defining *d, const struct mpijob_kind *kind, int index)
{
    const struct policy *p = d->p;
    if (!mpijob_kind_described(kind)) {
        if (!kind->inspected && mpijob_match_has_problem(p->match))
            definition_found(d, "match.problem", "is for MPIJobs only: what harms %ss was not tried", kind->name);
        return;
    }
    check_match(d, kind, index);
    bool ends = p->through_child && kind->child == CHILD_OF_SET; /* by the deadline of a child, which is seen */
    if (p->wait_effect && !ends)
        definition_found(d, "wait_effect", "is not for a %s: nobody has tried what shows the effect of its changes",
                         kind->name);
    if ((p->on & ON_FINISHED) && !kind->phased)
        definition_found(d, "on", "\"finished\" is not known of a %s: %s gives no table `phase`", kind->name, kind->by);
}

void definition_check_kind(struct defining *d, int index)
{
    for (size_t i = 0; i < d->p->kinds.count && !d->kind_bad; i++)
        check_kind(d, d->p->kinds.of[i].kind, index);
    if (!d->kind_bad)
        definition_check_child(d, index);
}

/* ---- the fields of a list of kinds ---- */

struct asked_field {
    const char *name;
    bool through_child;
};

static bool has(const struct mpijob_kind *kind, const void *data)
{
    const struct asked_field *field = data;
    return policy_kinds_field(kind, field->name) || (field->through_child && mpijob_child_takes(kind, field->name));
}

static bool lacks(const struct mpijob_kind *kind, const void *data)
{
    return !has(kind, data);
}

/* Is there a child of each of the kinds, and in a child of those that lack the field such a field? */
static bool may_go_through(const struct policy_kinds *kinds, const struct asked_field *asked)
{
    for (size_t i = 0; i < kinds->count; i++) {
        const struct mpijob_kind *kind = kinds->of[i].kind;
        if (kind->child != CHILD_LAUNCHER && !mpijob_child_takes(kind, asked->name))
            return false;
    }
    return !asked->through_child;
}

/* True: all of its kinds have it, or none has, which each says for itself. */
static bool have(struct defining *d, const char *field)
{
    struct buf with = BUF_INIT, without = BUF_INIT;
    char path[160];
    struct asked_field asked = {field, d->p->through_child != NULL};
    policy_kinds_names(&d->p->kinds, has, &asked, &with);
    policy_kinds_names(&d->p->kinds, lacks, &asked, &without);
    bool all = !with.len || !without.len;
    snprintf(path, sizeof path, "replace.%.120s", field);
    if (!all)
        definition_found(
            d, path,
            "is a field of %s, and %s have none that can be replaced: take them out of `kind`, and write a "
            "policy of their own for them without it%s",
            with.ptr, without.ptr,
            may_go_through(&d->p->kinds, &asked) ? ", or say through_child = true, which changes a child Job" : "");
    buf_free(&with);
    buf_free(&without);
    return all;
}

bool definition_kinds_have(struct defining *d, int index)
{
    bool all = true;
    if (d->p->kinds.count == 1)
        return true;
    for (lua_pushnil(d->L); lua_next(d->L, index); lua_pop(d->L, 1)) {
        if (lua_type(d->L, -2) == LUA_TSTRING)
            all = have(d, lua_tostring(d->L, -2)) && all;
    }
    return all;
}
