/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds whose own rows tell their versions. Those that were added at run time become the cluster's when a policy is
 * about them, and a look finds out which of their versions the server serves; those that are built in are there from
 * the beginning. */
#include "cluster/cluster_parts.h"
#include "mpijob/kinds_added.h"

static void drop(struct cluster_kind *k)
{
    const struct mpijob_kind *kind = k->target.kind;
    *k = (struct cluster_kind){0};
    mpijob_kind_forget(kind);
}

void cluster_added_forget(struct cluster *c)
{
    for (size_t i = MPIJOB_KINDS_BUILT_IN; i < MPIJOB_KINDS_MOST; i++)
        drop(&c->kinds[i]);
}

bool cluster_added_any(const struct cluster *c)
{
    for (size_t i = MPIJOB_KINDS; i < MPIJOB_KINDS_MOST; i++) {
        if (c->kinds[i].wanted)
            return true;
    }
    return false;
}

static bool is_open(const struct mpijob_kind *kind)
{
    return kind->versions[1] && *kind->group; /* Kubernetes' first group is not discovered as others are */
}

void cluster_add_kind(struct cluster *c, const struct mpijob_kind *kind)
{
    struct cluster_kind *k = &c->kinds[mpijob_kind_index(kind)];
    if (!mpijob_kind_described(kind))
        return;
    k->wanted = true;
    if (k->target.kind == kind)
        return;
    for (size_t i = MPIJOB_KINDS_BUILT_IN; i < MPIJOB_KINDS_MOST; i++) {
        if (!mpijob_kind_held(c->kinds[i].target.kind))
            drop(&c->kinds[i]);
    }
    *k = (struct cluster_kind){.wanted = true, .target = {.kind = kind, .gpus = c->gpus}};
    mpijob_kind_remember(kind);
    cluster_use(k, mpijob_kind_version(kind));
    if (is_open(kind))
        cluster_look(c);
}

void cluster_add_built_in(struct cluster *c)
{
    for (size_t i = MPIJOB_KINDS; i < MPIJOB_KINDS_BUILT_IN; i++) {
        const struct mpijob_kind *kind = mpijob_kind_at(i);
        c->kinds[i].target = (struct mpijob_target){.kind = kind, .gpus = c->gpus};
        cluster_use(&c->kinds[i], mpijob_kind_version(kind));
    }
}

/* ---- a look ---- */

static void next(struct cluster *c);

static void found(void *data, const struct kube_served *served, const struct error *err)
{
    struct cluster *c = data;
    struct cluster_look *look = &c->look;
    struct cluster_kind *k = &c->kinds[look->added];
    look->discovery = NULL;
    if (err && err->code == ERR_CANCELLED) {
        cluster_added_over(c, err);
        return;
    }
    bool chosen = false;
    for (size_t v = 0; served && k->target.kind && k->target.kind->versions[v] && !chosen; v++) { /* the best first */
        for (size_t i = 0; i < served->count && !chosen; i++) {
            chosen = strcmp(served->versions[i], k->target.kind->versions[v]) == 0;
            look->added_changed = look->added_changed || (chosen && k->target.version != (enum mpijob_version)v);
            if (chosen)
                cluster_use(k, (enum mpijob_version)v);
        }
    }
    look->added++; /* where it could not be found out, the version stays */
    next(c);
}

static void next(struct cluster *c)
{
    struct cluster_look *look = &c->look;
    struct error err;
    for (; look->added < MPIJOB_KINDS_MOST; look->added++) {
        const struct mpijob_kind *kind = c->kinds[look->added].target.kind;
        const char *plurals[] = {kind ? kind->plural : NULL, NULL};
        if (kind && is_open(kind) &&
            kube_discover(c->kube, kind->group, plurals, found, c, &look->discovery, &err) == 0)
            return;
    }
    cluster_added_over(c, NULL);
}

void cluster_added_start(struct cluster *c)
{
    c->look.added = MPIJOB_KINDS_BUILT_IN;
    next(c);
}
