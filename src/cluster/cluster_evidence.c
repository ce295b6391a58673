/* SPDX-License-Identifier: Apache-2.0 */
/* Finds which controller acts on the v1 MPIJobs, where neither the configuration nor the definition tells: by what the
 * controllers left in the statuses of some jobs, and in the labels of their pods (mpijob/evidence.h). A list that is
 * not allowed shows nothing. */
#include "cluster/cluster_parts.h"
#include "mpijob/dialect.h"

#define JOBS 50   /* are listed in each namespace */
#define PLACES 16 /* namespaces are listed at most */

static int ask(struct cluster *c, struct error *err);

static void over(struct cluster *c)
{
    struct cluster_evidence *e = &c->look.evidence;
    e->request = NULL;
    cluster_evidence_over(c);
}

/* Where other versions are served too, objects of these show the sentences of their own controller through v1, and
 * these look like mpi-operator's. */
static void add(struct cluster *c, struct json items, bool pods)
{
    struct cluster_look *look = &c->look;
    unsigned before = look->evidence.found;
    for (struct json_iter it = json_iter(items); json_next(&it);)
        look->evidence.found |= pods ? mpijob_evidence_of_pod(it.value) : mpijob_evidence_of_job(it.value);
    if (look->served[0].count > 1)
        look->evidence.found &= ~(unsigned)EVIDENCE_MPI_OPERATOR;
    if (!before && look->evidence.found)
        look->by = pods ? CONTROLLER_BY_PODS : CONTROLLER_BY_STATUS;
}

/* Goes on: to the next namespace, then to the pods, unless these would tell nothing new. False: it is over. */
static bool next(struct cluster *c)
{
    struct cluster_evidence *e = &c->look.evidence;
    e->place++;
    bool more = c->namespaces && e->place < PLACES && c->namespaces[e->place];
    if (!more && !e->pods) {
        e->pods = more = true;
        e->place = 0;
    }
    return more && !(e->pods && e->found & EVIDENCE_TRAINING_OPERATOR);
}

static void came(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                 bool lost)
{
    (void)request;
    (void)lost;
    struct cluster *c = data;
    struct cluster_evidence *e = &c->look.evidence;
    struct error own;
    e->request = NULL;
    if (!err)
        add(c, json_get(answer->body, "items"), e->pods);
    if (c->closing || c->look.cancelled || !next(c) || ask(c, &own))
        over(c);
}

static int ask(struct cluster *c, struct error *err)
{
    static const struct kube_resource pods = {"", "v1", "pods"};
    struct cluster_evidence *e = &c->look.evidence;
    struct kube_query query = {.limit = e->pods ? 1 : JOBS, .label_selector = e->pods ? mpijob_evidence_pods : NULL};
    struct buf path = BUF_INIT;
    kube_path(&path, e->pods ? &pods : &c->look.kinds[0].resource, c->namespaces ? c->namespaces[e->place] : NULL, NULL,
              NULL);
    struct kube_call call = {.method = "GET", .path = path.ptr, .query = &query, .done = came, .data = c};
    int rc = path.failed ? error_nomem(err) : kube_send(c->kube, &call, &e->request, err);
    buf_free(&path);
    return rc;
}

bool cluster_evidence_wanted(const struct cluster *c)
{
    const struct cluster_kind *jobs = &c->look.kinds[0];
    return jobs->served && mpijob_dialect(jobs->target)->open;
}

void cluster_evidence_start(struct cluster *c)
{
    struct error err;
    c->look.evidence = (struct cluster_evidence){0};
    if (ask(c, &err))
        over(c);
}

void cluster_evidence_cancel(struct cluster *c)
{
    if (c->look.evidence.request)
        kube_cancel(c->look.evidence.request);
}
