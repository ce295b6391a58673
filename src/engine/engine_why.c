/* SPDX-License-Identifier: Apache-2.0 */
/* Why a policy acts on a job: asked of the cluster that has it. */
#include <string.h>

#include "engine/engine_parts.h"
#include "mpijob/kind.h"
#include "why/gather.h"

/* Of several shards of one cluster, one that can act, if there is one. */
static struct engine_cluster *first_owned(struct engine *e, struct engine_cluster *at)
{
    for (size_t i = 0; e->o.shards && i < e->cluster_count; i++) {
        if (e->clusters[i].started)
            return &e->clusters[i];
    }
    return at;
}

struct engine_cluster *engine_cluster_named(struct engine *e, const char *name, struct error *err)
{
    for (size_t i = 0; i < e->cluster_count; i++) {
        struct engine_cluster *at = &e->clusters[i];
        if (name ? strcmp(name, cluster_name(at->site.cluster)) == 0 : e->cluster_count == 1 || e->o.shards)
            return first_owned(e, at);
    }
    if (name)
        error_set(err, ERR_NOT_FOUND, "there is no cluster \"%s\"", name);
    else
        error_set(err, ERR_INVALID, "there are %zu clusters; say which one (--cluster NAME)", e->cluster_count);
    return NULL;
}

static int other_kind(const struct policy *policy, const struct mpijob_kind *kind, struct error *err)
{
    struct buf names = BUF_INIT;
    policy_kinds_names(&policy->kinds, NULL, NULL, &names);
    int rc = error_set(err, ERR_INVALID, "policy \"%s\" is about %s, not %ss", policy->name,
                       names.failed ? "other kinds" : names.ptr, mpijob_kind_info(kind)->name);
    buf_free(&names);
    return rc;
}

/* The job is one shard's to act on, and perhaps another daemon's. */
static struct runs *runs_of(void *data, const struct mpijob_view *job, struct error *elsewhere)
{
    struct engine *e = data;
    unsigned shard = shard_of(job->name_space, job->uid, shards_count(e->o.shards));
    struct engine_cluster *at = &e->clusters[shard];
    if (!at->started)
        shards_refuse_one(e->o.shards, shard, "this job's", elsewhere);
    return &at->runs;
}

int engine_why(struct engine *e, const struct engine_why *w, struct why_request **request, struct error *err)
{
    const struct policy_entry *entry = engine_policy(e, w->policy, err);
    struct engine_cluster *at = entry ? engine_cluster_named(e, w->cluster, err) : NULL;
    struct why_request *started;
    struct error standby;
    if (!at)
        return err ? err->code : ERR_NOT_FOUND;
    if (w->kind && !policy_kinds_have(&entry->policy->kinds, *w->kind))
        return other_kind(entry->policy, *w->kind, err);
    if (!cluster_ready(at->site.cluster) || e->stopping)
        return error_set(err, ERR_UNREACHABLE, "cluster %s is not connected%s%s", cluster_name(at->site.cluster),
                         at->trouble ? ": " : "", at->trouble ? at->trouble->message : "");
    struct why_call call = {
        .runs = &at->runs,
        .entry = entry,
        .name_space = w->name_space ? w->name_space : cluster_namespace(at->site.cluster),
        .name = w->name,
        .kind = w->kind ? mpijob_kind_info(*w->kind) : NULL,
        .object = w->object,
        .patience_ms = w->patience_ms,
        .state = w->state ? w->state : e->o.state,
        .journal = w->journal ? w->journal : e->o.journal,
        .unread = w->unread,
        .paused = engine_paused(e, w->policy),
        .standby = engine_leads(e, &standby) ? standby.message : NULL,
        .runs_of = e->o.shards ? runs_of : NULL,
        .runs_data = e,
        .daemon = w->daemon,
        .reviews = w->reviews,
        .done = w->done,
        .data = w->data,
    };
    return why_start(&call, request ? request : &started, err);
}
