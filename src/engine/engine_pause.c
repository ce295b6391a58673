/* SPDX-License-Identifier: Apache-2.0 */
/* Pauses in force: which policies of the set rest. */
#include <inttypes.h>
#include <stdio.h>

#include "engine/engine_parts.h"

void engine_mark_paused(struct engine *e, struct policy_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        set->entries[i].paused = paused_find(e->o.paused, set->entries[i].policy->name) != NULL;
}

void engine_renew_pauses(struct engine *e)
{
    if (!e->set || e->stopping)
        return;
    engine_mark_paused(e, e->set);
    for (size_t i = 0; i < e->cluster_count; i++)
        engine_cluster_put_in_force(&e->clusters[i]);
}

int engine_pause(struct engine *e, const struct paused_mark *mark, struct error *err)
{
    char uid[24];
    int rc = paused_add(e->o.paused, mark, err);
    if (rc)
        return rc;
    snprintf(uid, sizeof uid, "%" PRId64, mark->uid);
    log_event(e->o.log, LOG_WARN, "a policy is paused, and takes no runs until it is resumed",
              LOG_FIELDS({"policy", mark->policy}, {"by", mark->who}, LOG_JSON_FIELD("uid", *mark->why ? NULL : uid),
                         {"reason", *mark->why ? mark->why : NULL}));
    engine_renew_pauses(e);
    return 0;
}

void engine_resume(struct engine *e, const char *policy, const char *who)
{
    paused_remove(e->o.paused, policy);
    log_event(e->o.log, LOG_INFO, "a policy is resumed", LOG_FIELDS({"policy", policy}, {"by", who}));
    engine_renew_pauses(e);
}

const struct paused_mark *engine_paused(const struct engine *e, const char *policy)
{
    return paused_find(e->o.paused, policy);
}

const struct paused *engine_all_paused(const struct engine *e)
{
    return e->o.paused;
}

void engine_each_paused(const struct engine *e, void (*visit)(void *data, const struct paused_mark *mark), void *data)
{
    for (size_t i = 0; e->set && i < e->set->count; i++) {
        const struct policy_entry *entry = &e->set->entries[i];
        const struct paused_mark *mark = entry->paused ? paused_find(e->o.paused, entry->policy->name) : NULL;
        if (mark)
            visit(data, mark);
    }
}
