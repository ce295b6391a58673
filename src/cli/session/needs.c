/* SPDX-License-Identifier: Apache-2.0 */
/* What policies have to be allowed, and in which namespaces: what their definitions say and what their sources name. */
#include "cli/session/needs.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/session/source_needs.h"
#include "mpijob/kind.h"
#include "json/value.h"

#define SWEEP (MAY_LIST | MAY_REPLACE) /* of a policy with `replace` */

/* events: the configuration has Events written. */
static unsigned verbs_of(const struct policy_entry *e, const struct mpijob_kind *kind, bool events)
{
    const struct policy *p = e->policy;
    unsigned verbs = p->action == ACTION_RUN || !policy_kinds_have(&p->kinds, kind) ? 0 : SWEEP;
    if (p->action != ACTION_TABLE || p->where != LUA_NOREF) {
        verbs |= needs_of_source(buf_str(&e->file->text), kind);
        for (size_t i = 0; i < e->file->source_count; i++)
            verbs |= needs_of_source(buf_str(&e->file->sources[i].text), kind);
    }
    if (p->through_child && policy_kinds_have(&p->kinds, kind))
        verbs |= permissions_through(kind);
    if (p->wait_effect && policy_kinds_have(&p->kinds, kind))
        verbs |= MAY_SEE_EFFECT;
    if (events && !p->quiet && (verbs & MAY_CHANGE))
        verbs |= MAY_TELL;
    return p->dry_run ? verbs & ~(unsigned)MAY_WRITE : verbs;
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static int add(struct needs *needs, const char *name_space, const struct mpijob_kind *kind, unsigned verbs,
               struct error *err)
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
static int add_verbs(struct needs *needs, const struct policy *p, const struct mpijob_kind *kind, unsigned verbs,
                     bool matches, const char *const *scope, struct error *err)
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

/* ---- what plugins declare ---- */

static const char *const verb_names[] = {"get", "list", "watch", "create", "update", "patch", "delete"};
#define VERBS (sizeof verb_names / sizeof *verb_names)
#define READING 3 /* the first ones do not change anything */

const char *needs_verb(unsigned bit)
{
    return bit < VERBS ? verb_names[bit] : NULL;
}

static unsigned verbs_declared(struct json list, bool dry_run)
{
    unsigned verbs = 0;
    for (struct json_iter it = json_iter(list); json_next(&it);) {
        for (unsigned i = 0; i < (dry_run ? READING : VERBS); i++)
            verbs |= json_string_is(it.value, str_of(verb_names[i])) ? 1u << i : 0;
    }
    return verbs;
}

/* The same as MAY_..., for a resource that policies use by themselves; *left: what is not among those. */
static unsigned known_verbs(const struct mpijob_kind *kind, const char *resource, const char *group, unsigned *left)
{
    unsigned may = 0;
    for (unsigned i = 0; i < PERMISSIONS; i++) {
        struct permission p = permission_of(kind, i);
        if (strcmp(p.resource, resource) != 0 || strcmp(p.group, group) != 0)
            continue;
        for (unsigned v = 0; v < VERBS; v++) {
            if (!(*left & 1u << v) || strcmp(p.verb, verb_names[v]) != 0)
                continue;
            may |= 1u << i;
            *left &= ~(1u << v);
        }
    }
    return may;
}

/* The policy's own kinds where these were added (else NULL), whose verbs are one rule; then those that are built in. */
static const struct mpijob_kind *kind_at(const struct policy *p, size_t i)
{
    if (i >= p->kinds.count)
        return mpijob_kind_at(i - p->kinds.count);
    const struct mpijob_kind *own = p->kinds.of[i].kind;
    return mpijob_kind_added(own) ? own : NULL;
}

static size_t kinds_of(const struct policy *p)
{
    return MPIJOB_KINDS_BUILT_IN + p->kinds.count;
}

static int add_other(struct needs *needs, const char *name_space, const char *resource, const char *group,
                     unsigned verbs, struct error *err)
{
    for (size_t i = 0; i < needs->plugin_count; i++) {
        struct needs_other *o = &needs->plugins[i];
        if (same(o->name_space, name_space) && strcmp(o->resource, resource) == 0 && strcmp(o->group, group) == 0) {
            o->verbs |= verbs;
            return 0;
        }
    }
    struct needs_other *others = realloc(needs->plugins, (needs->plugin_count + 1) * sizeof *others);
    if (!others)
        return error_nomem(err);
    needs->plugins = others;
    others += needs->plugin_count++;
    *others = (struct needs_other){name_space ? str_dup(str_of(name_space)) : NULL, str_dup(str_of(group)),
                                   str_dup(str_of(resource)), verbs};
    if ((name_space && !others->name_space) || !others->group || !others->resource)
        return error_nomem(err);
    return add(needs, name_space, KIND_MPIJOB, MAY_NOTHING, err);
}

/* declared: { "resource": "workloads.kueue.x-k8s.io", "verbs": [...] }, in the places where the policy acts. */
static int add_declared(struct needs *needs, const struct policy *p, struct json declared, const char *const *scope,
                        struct error *err)
{
    char resource[256];
    bool matches = p->action != ACTION_RUN;
    unsigned all = verbs_declared(json_get(declared, "verbs"), p->dry_run), left = all;
    int rc = 0;
    if (json_string_at(declared, "/resource", resource, sizeof resource))
        return 0;
    char *dot = strchr(resource, '.');
    const char *group = dot ? dot + 1 : "";
    if (dot)
        *dot = '\0';
    for (size_t i = 0; i < kinds_of(p) && !rc; i++) {
        const struct mpijob_kind *kind = kind_at(p, i);
        unsigned may = kind ? known_verbs(kind, resource, group, &left) : 0;
        rc = add_verbs(needs, p, kind, may, matches, scope, err);
    }
    left = left ? all : 0; /* one rule that has them all */
    const char *const *names = scope ? scope : matches ? mpijob_match_namespaces(p->match) : NULL;
    if (left && !rc && !names)
        rc = add_other(needs, NULL, resource, group, left, err);
    for (; left && !rc && names && *names; names++) {
        if (!matches || mpijob_match_in_namespace(p->match, str_of(*names)))
            rc = add_other(needs, *names, resource, group, left, err);
    }
    return rc;
}

static int add_plugins(struct needs *needs, const struct policy_entry *e, const char *const *scope, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; i < e->file->required_count && !rc; i++) {
        const struct plugin *plugin = e->file->required[i];
        struct json said;
        if (!plugin->said || json_parse(str_of(plugin->said), "", &said, NULL))
            continue;
        for (struct json_iter it = json_iter(json_at(said, "/needs/api")); !rc && json_next(&it);)
            rc = add_declared(needs, e->policy, it.value, scope, err);
    }
    return rc;
}

/* Of the kind's own resource and those that go with it. */
static unsigned declared(const struct plugin *p, const struct mpijob_kind *kind, bool *any)
{
    struct json said;
    unsigned may = 0;
    if (!p->said || json_parse(str_of(p->said), "", &said, NULL))
        return 0;
    for (struct json_iter it = json_iter(json_at(said, "/needs/api")); json_next(&it);) {
        char resource[256];
        unsigned left = verbs_declared(json_get(it.value, "verbs"), false);
        *any = true;
        if (json_string_at(it.value, "/resource", resource, sizeof resource))
            continue;
        char *dot = strchr(resource, '.');
        if (dot)
            *dot = '\0';
        may |= known_verbs(kind, resource, dot ? dot + 1 : "", &left);
    }
    return may;
}

static size_t undeclared_of(const struct policy_file *f, const struct mpijob_kind *kind,
                            void (*tell)(void *data, const char *file, const char *message), void *data)
{
    char text[512];
    size_t told = 0;
    bool any = false;
    unsigned used = 0, may = declared(f->tries, kind, &any);
    for (size_t i = 0; i < f->source_count; i++)
        used |= needs_of_source(buf_str(&f->sources[i].text), kind);
    for (unsigned i = 0; i < PERMISSIONS; i++) {
        struct permission p = permission_of(kind, i);
        if (!(used & ~may & 1u << i))
            continue;
        const char *dot = *p.group ? "." : "";
        snprintf(text, sizeof text,
                 "plugin \"%s\": it may %s %s%s%s, which its needs do not name; add needs = { api = { [\"%s%s%s\"] = { "
                 "\"%s\" } } }",
                 f->tries->name, p.verb, p.resource, dot, p.group, p.resource, dot, p.group, p.verb);
        tell(data, f->path, text);
        told++;
    }
    if ((used & MAY_OTHERS) && !any) {
        snprintf(text, sizeof text,
                 "plugin \"%s\": it uses the kube module, and its needs name nothing of the API; add needs = { api = { "
                 "[\"RESOURCE.GROUP\"] = { \"VERB\" } } }",
                 f->tries->name);
        tell(data, f->path, text);
        told++;
    }
    return told;
}

size_t needs_undeclared(const struct policy_set *set, void (*tell)(void *data, const char *file, const char *message),
                        void *data)
{
    size_t told = 0;
    for (size_t i = 0; i < set->file_count; i++) {
        const struct policy_file *f = set->files[i];
        for (size_t k = 0; k < MPIJOB_KINDS_BUILT_IN && f->tries && f->tries->said; k++)
            told += undeclared_of(f, mpijob_kind_at(k), tell, data);
    }
    return told;
}

static bool plugin_needs(const struct needs *needs, const char *name_space)
{
    for (size_t i = 0; i < needs->plugin_count; i++) {
        if (same(needs->plugins[i].name_space, name_space))
            return true;
    }
    return false;
}

static int add_policy(struct needs *needs, const struct policy_entry *e, const struct mpijob_kind *kind, bool events,
                      const char *const *scope, struct error *err)
{
    const struct policy *p = e->policy;
    bool matches = p->action != ACTION_RUN; /* a run function is not bound to the policy's match */
    unsigned verbs = verbs_of(e, kind, events);
    needs->others = needs->others || (verbs & MAY_OTHERS);
    int rc = add_verbs(needs, p, kind, verbs & ~(unsigned)MAY_OTHERS, matches, scope, err);
    if (rc || !p->on || !policy_kinds_have(&p->kinds, kind))
        return rc;
    /* match.kueue: Workloads are watched too, whose bits are counted once, with MPIJobs */
    rc = p->kueue_states ? add_verbs(needs, p, KIND_MPIJOB, MAY_LIST_WORKLOADS | MAY_WATCH_WORKLOADS, true, scope, err)
                         : 0;
    return rc ? rc : add_verbs(needs, p, kind, MAY_LIST | MAY_WATCH, true, scope, err);
}

static int add_kinds(struct needs *needs, const struct policy_entry *e, bool events, const char *const *scope,
                     struct error *err)
{
    int rc = 0;
    for (size_t i = 0; i < kinds_of(e->policy) && !rc; i++) {
        const struct mpijob_kind *kind = kind_at(e->policy, i);
        rc = kind ? add_policy(needs, e, kind, events, scope, err) : 0;
    }
    return rc ? rc : add_plugins(needs, e, scope, err);
}

static int by_place(const void *a, const void *b)
{
    const struct needs_place *x = a, *y = b;
    int order = (x->name_space != NULL) - (y->name_space != NULL);
    if (!order && x->name_space)
        order = strcmp(x->name_space, y->name_space);
    return order ? order : (int)x->kind->index - (int)y->kind->index;
}

/* All namespaces first; what is allowed there is not said again for one of them. */
static void tidy(struct needs *needs)
{
    size_t kept = 0;
    if (needs->count)
        qsort(needs->places, needs->count, sizeof *needs->places, by_place);
    unsigned everywhere[MPIJOB_KINDS_MOST] = {0};
    for (size_t i = 0; i < needs->count && !needs->places[i].name_space; i++)
        everywhere[needs->places[i].kind->index] = needs->places[i].verbs;
    for (size_t i = 0; i < needs->count; i++) {
        struct needs_place *place = &needs->places[i];
        if (place->name_space)
            place->verbs &= ~everywhere[place->kind->index];
        if (place->verbs || (place->kind == KIND_MPIJOB && plugin_needs(needs, place->name_space)))
            needs->places[kept++] = *place;
        else
            free(place->name_space);
    }
    needs->count = kept;
}

int needs_of_policies(struct needs *needs, const struct policy_set *set, bool events, const char *cluster,
                      const char *const *scope, struct error *err)
{
    int rc = 0;
    *needs = (struct needs){0};
    for (size_t i = 0; i < set->count && !rc; i++) {
        if (!cluster || policy_on_cluster(set->entries[i].policy, cluster))
            rc = add_kinds(needs, &set->entries[i], events, scope, err);
    }
    tidy(needs);
    return rc;
}

int needs_of_daemon(struct needs *needs, bool events, const char *const *scope, struct error *err)
{
    unsigned verbs = SWEEP | (events ? MAY_TELL : MAY_NOTHING);
    int rc = 0;
    *needs = (struct needs){0};
    if (!scope)
        return add(needs, NULL, KIND_MPIJOB, verbs, err);
    for (; *scope && !rc; scope++)
        rc = add(needs, *scope, KIND_MPIJOB, verbs, err);
    tidy(needs);
    return rc;
}

bool needs_same_place(const struct needs_place *a, const struct needs_place *b)
{
    return same(a->name_space, b->name_space);
}

void needs_free(struct needs *needs)
{
    for (size_t i = 0; i < needs->count; i++)
        free(needs->places[i].name_space);
    free(needs->places);
    for (size_t i = 0; i < needs->plugin_count; i++) {
        free(needs->plugins[i].name_space);
        free(needs->plugins[i].group);
        free(needs->plugins[i].resource);
    }
    free(needs->plugins);
    *needs = (struct needs){0};
}
