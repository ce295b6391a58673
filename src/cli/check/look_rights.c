/* SPDX-License-Identifier: Apache-2.0 */
/* Policies that need a right which the given role lacks: what `mpijobd rbac` would print, held against it. */
#include "binding/base/permissions.h"
#include "cli/check/looks.h"
#include "cli/session/needs.h"

struct rights {
    struct found *found;
    const struct policy_entry *entry;
    const struct roles *roles;
    const char *path;
};

static bool allowed(const struct rights *r, const struct needs_place *place, unsigned may)
{
    struct permission p = permission_of(place->kind, (unsigned)__builtin_ctz(may));
    return roles_allow(r->roles, place->name_space, p.group, p.resource, p.verb);
}

static void lacks(const struct rights *r, const char *name_space, const char *verbs, const char *group,
                  const char *resource)
{
    found_add(r->found, RULE_RIGHTS, (struct found_place){r->entry, NULL, NULL},
              "needs to %s %s%s%s in %s%s, which the roles in %s do not allow; mpijobd rbac prints what is needed",
              verbs, resource, *group ? "." : "", group, name_space ? "namespace " : "all namespaces",
              name_space ? name_space : "", r->path);
}

/* The verbs of one resource are told together. */
static void look_place(const struct rights *r, const struct needs_place *place)
{
    unsigned verbs = place->verbs;
    /* A launcher is a Job or a Pod, by the version that is served: one of the two is enough. */
    if ((verbs & MAY_CHANGE_LAUNCHER) == MAY_CHANGE_LAUNCHER) {
        bool job = allowed(r, place, MAY_GET_JOB) && allowed(r, place, MAY_PATCH_JOB);
        bool pod = allowed(r, place, MAY_GET_POD) && allowed(r, place, MAY_PATCH_POD);
        verbs &= job || pod ? ~(unsigned)MAY_CHANGE_LAUNCHER : ~0U;
    }
    for (unsigned i = 0; i < PERMISSIONS;) {
        struct permission first = permission_of(place->kind, i), p = first;
        struct buf text = BUF_INIT;
        for (; i < PERMISSIONS && strcmp((p = permission_of(place->kind, i)).resource, first.resource) == 0; i++) {
            if ((verbs & 1U << i) && !allowed(r, place, 1U << i))
                buf_printf(&text, "%s%s", text.len ? ", " : "", p.verb);
        }
        if (text.len)
            lacks(r, place->name_space, text.ptr, first.group, first.resource);
        buf_free(&text);
    }
}

static void look_other(const struct rights *r, const struct needs_other *o)
{
    struct buf text = BUF_INIT;
    for (unsigned v = 0; needs_verb(v); v++) {
        if ((o->verbs & 1U << v) && !roles_allow(r->roles, o->name_space, o->group, o->resource, needs_verb(v)))
            buf_printf(&text, "%s%s", text.len ? ", " : "", needs_verb(v));
    }
    if (text.len)
        lacks(r, o->name_space, text.ptr, o->group, o->resource);
    buf_free(&text);
}

void look_rights(struct found *f, const struct policy_set *set, const char *const *scope, const struct roles *roles,
                 const char *path)
{
    for (size_t i = 0; i < set->count; i++) {
        struct rights r = {f, &set->entries[i], roles, path};
        struct policy_set one = {.entries = &set->entries[i], .count = 1};
        struct needs needs;
        /* The right on events is no finding: without it the policies act all the same. */
        f->failed = needs_of_policies(&needs, &one, false, NULL, scope, NULL) || f->failed;
        for (size_t k = 0; k < needs.count; k++)
            look_place(&r, &needs.places[k]);
        for (size_t k = 0; k < needs.plugin_count; k++)
            look_other(&r, &needs.plugins[k]);
        needs_free(&needs);
    }
}
