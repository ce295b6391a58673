/* SPDX-License-Identifier: Apache-2.0 */
/* From the configuration to an election: which Lease, and under which name. */
#include "cli/run/run_lead.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/chance.h"
#include "cli/session/lead_place.h"
#include "lead/lease.h"

/* HOST_UUID, as client-go's users have it. */
static void make_identity(char out[LEASE_HOLDER_MAX])
{
    char host[200] = "";
    uint64_t a = chance_draw(NULL), b = chance_draw(NULL);
    if (gethostname(host, sizeof host - 1) || !*host)
        strcpy(host, "mpijobd");
    snprintf(out, LEASE_HOLDER_MAX, "%s_%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-%04" PRIx64 "-%012" PRIx64, host,
             a >> 32, a >> 16 & 0xffff, a & 0xfff, (b >> 48 & 0x3fff) | 0x8000, b & 0xffffffffffff);
}

int run_lead_options(struct session *s, struct lead_place *place, char identity[LEASE_HOLDER_MAX],
                     struct lead_options *options, struct error *err)
{
    const struct config_lead *c = &s->config.lead;
    int rc = lead_place_find(s, place, err);
    if (rc)
        return rc;
    make_identity(identity);
    *options = (struct lead_options){.loop = &s->loop,
                                     .soon = &s->soon,
                                     .clock = &s->clock,
                                     .log = &s->log,
                                     .metrics = s->metrics,
                                     .server = &place->at->kube_config,
                                     .cluster = place->at->config->name,
                                     .name_space = place->name_space,
                                     .name = place->name,
                                     .identity = c->identity ? c->identity : identity,
                                     .lease = c->lease_us,
                                     .renew = c->renew_us,
                                     .retry = c->retry_us};
    return 0;
}

static int make(struct session *s, struct run_lead *l, struct error *err)
{
    struct lead_place place;
    struct lead_options o;
    char identity[LEASE_HOLDER_MAX];
    int rc = run_lead_options(s, &place, identity, &o, err);
    if (!rc)
        rc = lead_new(&o, &l->lead, err);
    if (!rc)
        log_event(&s->log, LOG_INFO, "a leader is elected among the daemons that use this Lease",
                  LOG_FIELDS({"namespace", o.name_space}, {"lease", o.name}, {"identity", o.identity}));
    return rc;
}

bool run_lead_wanted(const struct session *s)
{
    return s->config.lead.on && !s->config.lead.shards && !s->options.once && !s->options.dry_run;
}

int run_lead_open(struct session *s, struct run_lead *l, struct error *err)
{
    *l = (struct run_lead){0};
    if (s->config.lead.on && s->options.dry_run)
        log_event(&s->log, LOG_INFO,
                  s->config.lead.shards ? "with --dry-run this daemon shares no jobs: it looks at all of them"
                                        : "with --dry-run this daemon takes no part in the leader election",
                  NULL);
    if (!run_lead_wanted(s))
        return 0;
    int rc = make(s, l, err);
    if (rc)
        return rc;
    l->fence = (struct kube_fence){.pass = lead_pass, .data = l->lead};
    for (size_t i = 0; i < s->cluster_count; i++)
        kube_set_fence(cluster_kube(s->clusters[i].cluster), &l->fence);
    if (s->config.lead.own_state)
        log_event(&s->log, LOG_WARN,
                  "each daemon has a state of its own: what one has handled, its marks, pauses and waiting approvals, "
                  "another "
                  "that takes the lead does not know",
                  NULL);
    return 0;
}

static void closed(void *data)
{
    ((struct session *)data)->flag = true;
}

void run_lead_close(struct session *s, struct run_lead *l)
{
    if (!l->lead)
        return;
    s->flag = false;
    lead_close(l->lead, closed, s);
    session_wait(s);
    for (size_t i = 0; i < s->cluster_count; i++)
        kube_set_fence(cluster_kube(s->clusters[i].cluster), NULL);
    l->lead = NULL;
}
