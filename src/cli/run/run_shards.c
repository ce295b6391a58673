/* SPDX-License-Identifier: Apache-2.0 */
/* From the configuration to the shards. */
#include "cli/run/run_shards.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/session/lead_place.h"

/* Another daemon has paused a policy, or has resumed it. */
static void pause_changed(void *data, const char *policy, const struct paused_mark *mark)
{
    const struct session *s = data;
    struct error err;
    if (s->engine && mark && engine_pause(s->engine, mark, &err))
        log_line(&s->log, LOG_ERROR, "%s", err.message);
    else if (s->engine && !mark)
        engine_resume(s->engine, policy, NULL);
}

static int open_pauses(struct session *s, struct run_shards *r, const struct lead_options *o,
                       const struct engine_options *e, struct error *err)
{
    char name[SHARD_LEASE_MAX];
    snprintf(name, sizeof name, "%.253s" COMMON_PAUSES_ENDING, o->name);
    const struct common_pauses_options p = {.loop = o->loop,
                                            .soon = o->soon,
                                            .log = o->log,
                                            .metrics = o->metrics,
                                            .store = s->store,
                                            .server = o->server,
                                            .cluster = o->cluster,
                                            .name_space = o->name_space,
                                            .name = name,
                                            .every = o->retry,
                                            .own = e->paused,
                                            .changed = pause_changed,
                                            .data = s};
    r->guests = calloc(shards_count(r->shards), sizeof *r->guests);
    return r->guests ? common_pauses_open(&p, &r->pauses, err) : error_nomem(err);
}

static int open_one(struct session *s, struct run_shards *r, unsigned i, struct error *err)
{
    struct session_cluster *at = &s->clusters[i];
    struct kube *kube = cluster_kube(at->cluster);
    at->lead = shards_lead(r->shards, i);
    r->fences[i] = (struct kube_fence){.pass = lead_pass, .data = at->lead};
    int rc = run_shared_open(s, at->lead, kube, true, &r->states[i], err);
    if (rc)
        return rc;
    r->states[i].shard = (struct shard){shards_count(r->shards), i};
    common_pauses_join(r->pauses, at->lead, &r->guests[i]);
    at->state = shared_state(r->states[i].shared);
    kube_set_fence(kube, &r->fences[i]);
    return 0;
}

int run_shards_open(struct session *s, struct run_shards *r, struct engine_options *e, struct error *err)
{
    struct lead_place place;
    struct lead_options o;
    char identity[LEASE_HOLDER_MAX], count[12];
    *r = (struct run_shards){0};
    if (!session_shares(s))
        return 0;
    unsigned shards = s->config.lead.shards;
    int rc = run_lead_options(s, &place, identity, &o, err);
    if (!rc)
        rc = shards_new(&o, shards, &r->shards, err);
    r->states = rc ? NULL : calloc(shards, sizeof *r->states);
    r->fences = rc ? NULL : calloc(shards, sizeof *r->fences);
    if (!rc && (!r->states || !r->fences))
        rc = error_nomem(err);
    if (!rc)
        rc = open_pauses(s, r, &o, e, err);
    for (unsigned i = 0; i < shards && !rc; i++)
        rc = open_one(s, r, i, err);
    e->shards = r->shards;
    snprintf(count, sizeof count, "%u", shards);
    if (!rc)
        log_event(&s->log, LOG_INFO, "the jobs are shared by the daemons that use these Leases",
                  LOG_FIELDS({"namespace", o.name_space}, {"lease", o.name}, {"identity", o.identity},
                             LOG_JSON_FIELD("shards", count)));
    return rc;
}

void run_shards_start(struct run_shards *r)
{
    if (!r->shards)
        return;
    common_pauses_start(r->pauses);
    shards_start(r->shards);
}

static void closed(void *data)
{
    ((struct session *)data)->flag = true;
}

void run_shards_close(struct session *s, struct run_shards *r)
{
    if (!r->shards)
        return;
    for (unsigned i = 0; r->states && i < shards_count(r->shards); i++)
        run_shared_close(&r->states[i]);
    s->flag = !r->pauses;
    common_pauses_close(r->pauses, closed, s);
    session_wait(s);
    s->flag = false;
    shards_close(r->shards, closed, s);
    session_wait(s);
    for (size_t i = 0; i < s->cluster_count; i++)
        kube_set_fence(cluster_kube(s->clusters[i].cluster), NULL);
    free(r->states);
    free(r->fences);
    free(r->guests);
    *r = (struct run_shards){0};
}
