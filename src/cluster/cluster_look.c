/* SPDX-License-Identifier: Apache-2.0 */
/* One look at a server: what it serves; where that leaves something open, the definition of MPIJobs; then what some
 * jobs show. */
#include "cluster/cluster_parts.h"
#include "mpijob/dialect.h"

#define DEFINITION "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/mpijobs.kubeflow.org"

static void over(struct cluster *c, const struct error *err)
{
    c->look.active = false;
    cluster_look_over(c, err);
}

void cluster_added_over(struct cluster *c, const struct error *err)
{
    over(c, err);
}

static void settled(struct cluster *c)
{
    if (cluster_evidence_wanted(c))
        cluster_evidence_start(c);
    else
        cluster_added_start(c);
}

/* Must a dry-run write find out which of several versions keeps what is written? Only where jobs will be changed, and
 * not where the definition is the same as at the last time. */
static bool has_to_try(const struct cluster *c)
{
    const struct cluster_look *look = &c->look;
    bool same = c->ready && look->stored >= 0 && look->stored == c->stored && c->choice == CHOICE_KEEPS &&
                strcmp(c->kinds[0].versions, look->kinds[0].versions) == 0;
    return look->several && c->writes && !same;
}

/* The version that was found by a dry-run write stays in use. */
static void stay(struct cluster *c)
{
    struct cluster_look *look = &c->look;
    if (look->several && c->writes) {
        cluster_use(&look->kinds[0], c->kinds[0].target.version);
        look->choice = c->choice;
        cluster_settle(c, look);
    }
    settled(c);
}

static void definition_came(void *data, struct kube_request *request, const struct kube_answer *answer,
                            const struct error *err, bool lost)
{
    (void)request;
    (void)lost;
    struct cluster *c = data;
    c->look.request = NULL;
    if (err && err->code == ERR_CANCELLED) {
        over(c, err);
        return;
    }
    error_keep(&c->look.why, err);
    cluster_read_definition(c, &c->look, answer ? answer->body : (struct json){0});
    if (has_to_try(c))
        cluster_probe_start(c);
    else
        stay(c);
}

void cluster_probe_over(struct cluster *c, bool found, enum mpijob_version version)
{
    struct cluster_look *look = &c->look;
    struct error err;
    if (c->closing || look->cancelled) {
        error_set(&err, ERR_CANCELLED, "cancelled");
        over(c, &err);
        return;
    }
    if (found) {
        cluster_use(&look->kinds[0], version);
        look->choice = CHOICE_KEEPS;
        cluster_settle(c, look);
    }
    settled(c);
}

/* Jobs come and go. Where no job shows a controller any more, the one that was found before stays; where jobs show
 * another one, that one is it now. */
void cluster_evidence_over(struct cluster *c)
{
    struct cluster_look *look = &c->look;
    struct error err;
    if (c->closing || look->cancelled) {
        error_set(&err, ERR_CANCELLED, "cancelled");
        over(c, &err);
        return;
    }
    look->v1 = mpijob_evidence_controller(look->evidence.found);
    if (!look->evidence.found && c->ready && c->by != CONTROLLER_BY_DEFINITION) {
        look->v1 = c->v1;
        look->by = c->by;
    }
    cluster_settle(c, look);
    cluster_added_start(c);
}

static void discovered(void *data, const struct kube_served *served, const struct error *failure)
{
    struct cluster *c = data;
    struct cluster_look *look = &c->look;
    struct error err;
    look->discovery = NULL;
    /* Once a cluster is connected, "no kind of job is served any more" is an answer like any other; and where policies
     * are about kinds that were added, it need not serve any of these. */
    bool follows = (c->ready && !c->done) || cluster_added_any(c);
    if (failure && !(failure->code == ERR_NOT_FOUND && follows)) {
        over(c, failure);
        return;
    }
    if (served)
        memcpy(look->served, served, sizeof look->served);
    if (cluster_choose(c, look, &err) && !follows) {
        over(c, &err);
        return;
    }
    const struct cluster_kind *jobs = &look->kinds[0];
    if (jobs->served && (mpijob_dialect(jobs->target)->open || look->several)) {
        struct kube_call call = {.method = "GET", .path = DEFINITION, .done = definition_came, .data = c};
        if (kube_send(c->kube, &call, &look->request, &err))
            over(c, &err);
        return;
    }
    cluster_added_start(c);
}

void cluster_look_start(struct cluster *c)
{
    const char *plurals[MPIJOB_KINDS + 1] = {NULL};
    struct error err;
    if (c->look.active)
        return;
    for (int i = 0; i < MPIJOB_KINDS; i++)
        plurals[i] = mpijob_kind_at((size_t)i)->plural;
    error_keep(&c->look.why, NULL);
    c->look = (struct cluster_look){.active = true, .stored = -1};
    if (kube_discover(c->kube, MPIJOB_GROUP, plurals, discovered, c, &c->look.discovery, &err))
        over(c, &err);
}

void cluster_look_cancel(struct cluster *c)
{
    if (c->look.discovery)
        kube_discovery_cancel(c->look.discovery);
    if (c->look.request)
        kube_cancel(c->look.request);
    c->look.cancelled = true;
    cluster_probe_cancel(c);
    cluster_evidence_cancel(c);
}
