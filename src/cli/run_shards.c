/* SPDX-License-Identifier: Apache-2.0 */
/* From the configuration to the shards. */
#include "cli/run_shards.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/session/lead_place.h"

static int open_one(struct session *s, struct run_shards *r, unsigned i, struct error *err)
{
    struct session_cluster *at = &s->clusters[i];
    struct kube *kube = cluster_kube(at->cluster);
    at->lead = shards_lead(r->shards, i);
    r->fences[i] = (struct kube_fence){.pass = lead_pass, .data = at->lead};
    int rc = run_shared_open(s, at->lead, kube, true, &r->states[i], err);
    if (rc)
        return rc;
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
    s->flag = false;
    shards_close(r->shards, closed, s);
    session_wait(s);
    for (size_t i = 0; i < s->cluster_count; i++)
        kube_set_fence(cluster_kube(s->clusters[i].cluster), NULL);
    free(r->states);
    free(r->fences);
    *r = (struct run_shards){0};
}
