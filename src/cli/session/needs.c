/* SPDX-License-Identifier: Apache-2.0 */
/* What policies have to be allowed, and in which namespaces: what their definitions say and what their sources name. */
#include "cli/session/needs.h"

#include <lauxlib.h>
#include <stdlib.h>

#include "cli/session/source_needs.h"
#include "mpijob/kind.h"

#define SWEEP (MAY_LIST | MAY_REPLACE) /* of a policy with `replace` */

static unsigned verbs_of(const struct policy_entry *e, enum mpijob_kind kind)
{
    const struct policy *p = e->policy;
    unsigned verbs = p->action == ACTION_RUN || p->kind != kind ? 0 : SWEEP;
    if (p->action != ACTION_TABLE || p->where != LUA_NOREF) {
        verbs |= needs_of_source(buf_str(&e->file->text), kind);
        for (size_t i = 0; i < e->file->source_count; i++)
            verbs |= needs_of_source(buf_str(&e->file->sources[i].text), kind);
    }
    if (p->through_launcher && mpijob_kind_info(kind)->launched)
        verbs |= MAY_CHANGE_LAUNCHER;
    if (p->wait_effect && p->kind == kind)
        verbs |= MAY_SEE_EFFECT;
    return p->dry_run ? verbs & ~(unsigned)MAY_WRITE : verbs;
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static int add(struct needs *needs, const char *name_space, enum mpijob_kind kind, unsigned verbs, struct error *err)
{
    for (size_t i = 0; i < needs->count; i++) {
        if (needs->places[i].kind == kind && same(needs->places[i].name_space, name_space)) {
            needs->places[i].verbs |= verbs;
            return 0;
        }
    }
    struct needs_place *places = realloc(needs->places, (needs->count + 1) * sizeof *places);
    char *name = places && name_space ? str_dup(str_of(name_space)) : NULL;
    if (places)
        needs->places = places;
    if (!places || (name_space && !name))
        return error_nomem(err);
    places[needs->count++] = (struct needs_place){name, kind, verbs};
    return 0;
}

/* matches: only where the policy's match can hold. */
static int add_verbs(struct needs *needs, const struct policy *p, enum mpijob_kind kind, unsigned verbs, bool matches,
                     const char *const *scope, struct error *err)
{
    const char *const *names = scope ? scope : matches ? mpijob_match_namespaces(p->match) : NULL;
    int rc = 0;
    if (!verbs)
        return 0;
    if (!names)
        return add(needs, NULL, kind, verbs, err);
    for (; *names && !rc; names++) {
        if (!matches || mpijob_match_in_namespace(p->match, str_of(*names)))
            rc = add(needs, *names, kind, verbs, err);
    }
    return rc;
}

static int add_policy(struct needs *needs, const struct policy_entry *e, enum mpijob_kind kind,
                      const char *const *scope, struct error *err)
{
    const struct policy *p = e->policy;
    bool matches = p->action != ACTION_RUN; /* a run function is not bound to the policy's match */
    unsigned verbs = verbs_of(e, kind);
    needs->others = needs->others || (verbs & MAY_OTHERS);
    int rc = add_verbs(needs, p, kind, verbs & ~(unsigned)MAY_OTHERS, matches, scope, err);
    if (rc || !p->on || kind != p->kind)
        return rc;
    return add_verbs(needs, p, kind, MAY_LIST | MAY_WATCH, true, scope, err);
}

static int add_kinds(struct needs *needs, const struct policy_entry *e, const char *const *scope, struct error *err)
{
    int rc = 0;
    for (int kind = 0; kind < MPIJOB_KINDS && !rc; kind++)
        rc = add_policy(needs, e, (enum mpijob_kind)kind, scope, err);
    return rc;
}

static int by_place(const void *a, const void *b)
{
    const struct needs_place *x = a, *y = b;
    int order = (x->name_space != NULL) - (y->name_space != NULL);
    if (!order && x->name_space)
        order = strcmp(x->name_space, y->name_space);
    return order ? order : (int)x->kind - (int)y->kind;
}

/* All namespaces first; what is allowed there is not said again for one of them. */
static void tidy(struct needs *needs)
{
    size_t kept = 0;
    if (needs->count)
        qsort(needs->places, needs->count, sizeof *needs->places, by_place);
    unsigned everywhere[MPIJOB_KINDS] = {0};
    for (size_t i = 0; i < needs->count && !needs->places[i].name_space; i++)
        everywhere[needs->places[i].kind] = needs->places[i].verbs;
    for (size_t i = 0; i < needs->count; i++) {
        struct needs_place *place = &needs->places[i];
        if (place->name_space)
            place->verbs &= ~everywhere[place->kind];
        if (place->verbs)
            needs->places[kept++] = *place;
        else
            free(place->name_space);
    }
    needs->count = kept;
}

int needs_of_policies(struct needs *needs, const struct policy_set *set, const char *cluster, const char *const *scope,
                      struct error *err)
{
    int rc = 0;
    *needs = (struct needs){0};
    for (size_t i = 0; i < set->count && !rc; i++) {
        if (!cluster || policy_on_cluster(set->entries[i].policy, cluster))
            rc = add_kinds(needs, &set->entries[i], scope, err);
    }
    tidy(needs);
    return rc;
}

int needs_of_daemon(struct needs *needs, const char *const *scope, struct error *err)
{
    int rc = 0;
    *needs = (struct needs){0};
    if (!scope)
        return add(needs, NULL, KIND_MPIJOB, SWEEP, err);
    for (; *scope && !rc; scope++)
        rc = add(needs, *scope, KIND_MPIJOB, SWEEP, err);
    tidy(needs);
    return rc;
}

void needs_free(struct needs *needs)
{
    for (size_t i = 0; i < needs->count; i++)
        free(needs->places[i].name_space);
    free(needs->places);
    *needs = (struct needs){0};
}
