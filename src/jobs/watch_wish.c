/* SPDX-License-Identifier: Apache-2.0 */
/* From the policies of a set to what is to be watched for them. */
#include "jobs/watch_wish.h"

#include <stdlib.h>

#include "policy/in_force.h"

bool watch_wish_names(const struct watch_wish *w, const char *name)
{
    for (size_t i = 0; i < w->count; i++) {
        if (strcmp(w->namespaces[i], name) == 0)
            return true;
    }
    return false;
}

static int wish_namespace(struct watch_wish *w, const char *name)
{
    if (watch_wish_names(w, name))
        return 0;
    const char **names = realloc(w->namespaces, (w->count + 2) * sizeof *names);
    if (!names)
        return ERR_NOMEM;
    w->namespaces = names;
    names[w->count++] = name;
    names[w->count] = NULL;
    return 0;
}

/* To a watch that selects by a label, a job that loses the label seems to be deleted, and one that gets it seems to be
 * new. That is right for `on = "match"`, and wrong for the other events. */
static void wish_labels(struct watch_wish *w, const struct policy *p)
{
    struct buf mine = BUF_INIT;
    mpijob_match_selector(p->match, &mine);
    if (!w->any) {
        w->by_labels = p->on == ON_MATCH && mine.len && !mine.failed;
        buf_add_str(&w->selector, buf_str(&mine));
    } else if (p->on != ON_MATCH || !str_eq(buf_str(&mine), buf_str(&w->selector))) {
        w->by_labels = false;
    }
    buf_free(&mine);
}

static int wish_policy(struct watch_wish *w, const struct policy *p, const char *const *scope)
{
    wish_labels(w, p);
    w->any = true;
    const char *const *names = scope ? scope : mpijob_match_namespaces(p->match);
    int rc = 0;
    if (!names)
        w->everywhere = true;
    for (; names && *names && !rc; names++) {
        if (mpijob_match_in_namespace(p->match, str_of(*names)))
            rc = wish_namespace(w, *names);
    }
    return rc;
}

static bool concerns(const struct policy *p, const struct mpijob_kind *kind, const struct cluster *cluster)
{
    return kind ? policy_kind_in_force(p, kind, cluster) : p->kueue_states && policy_in_force(p, cluster);
}

int watch_wish_make(struct watch_wish *w, const struct watches *watches, const struct policy_set *set,
                    const struct mpijob_kind *kind)
{
    int rc = 0;
    *w = (struct watch_wish){0};
    for (size_t i = 0; i < set->count && !rc; i++) {
        const struct policy *p = set->entries[i].policy;
        if (p->on && concerns(p, kind, watches->site->cluster))
            rc = wish_policy(w, p, watches->site->namespaces);
    }
    if (!w->everywhere && !w->count)
        w->any = false; /* no namespace in scope can match */
    if (!w->by_labels)
        buf_reset(&w->selector);
    return rc ? rc : w->selector.failed;
}

void watch_wish_free(struct watch_wish *w)
{
    free(w->namespaces);
    buf_free(&w->selector);
}
