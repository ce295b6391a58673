/* SPDX-License-Identifier: Apache-2.0 */
/* What the server allows whoever asks: each verb that the policy needs on the job, one after the other. */
#include "cluster/cluster.h"
#include "kube/access_review.h"
#include "why/gather_parts.h"

static const char *const verbs[] = {"list", "watch", "update"};
#define VERBS (sizeof verbs / sizeof *verbs)

static bool needed(const struct why_request *r, unsigned verb)
{
    const struct policy *p = r->entry.policy;
    return verb == 0 ? true : verb == 1 ? p->on != 0 : p->action != ACTION_RUN;
}

static void ask(struct why_request *r);

/* A server that cannot be asked does not hold the policy back. */
static void answered(void *data, struct kube_request *request, const struct kube_answer *answer,
                     const struct error *err, bool lost)
{
    (void)request;
    (void)lost;
    struct why_request *r = data;
    r->request = NULL;
    struct json allowed = answer && !err ? json_at(answer->body, "/status/allowed") : (struct json){0};
    if (json_type(allowed) == JSON_BOOL && !json_is_true(allowed))
        why_hold(
            r->why, "forbidden", WHY_NEVER,
            "the server does not allow %s to %s %s in namespace %s; `mpijobd rbac PATH...` prints the role that is "
            "needed",
            r->call.daemon ? "the daemon" : "whoever asks here", verbs[r->review],
            cluster_resource(r->call.runs->site->cluster, r->view.target.kind)->plural, r->name_space);
    r->review++;
    ask(r);
}

static void ask(struct why_request *r)
{
    struct cluster *cluster = r->call.runs->site->cluster;
    struct buf body = BUF_INIT;
    struct error ignored;
    while (r->review < VERBS && !needed(r, r->review))
        r->review++;
    if (r->review == VERBS || r->cancelled) {
        why_past(r);
        return;
    }
    const struct kube_resource *resource = cluster_resource(cluster, r->view.target.kind);
    const struct access_review review = {
        .verb = verbs[r->review], .group = resource->group, .resource = resource->plural, .name_space = r->name_space};
    access_review_write(&review, &body);
    struct kube_call call = {.method = "POST",
                             .verb = "POST",
                             .path = ACCESS_REVIEW_PATH,
                             .body = buf_str(&body),
                             .seat.rank = SEAT_PERSON,
                             .done = answered,
                             .data = r};
    int rc = body.failed ? ERR_NOMEM : kube_send(cluster_kube(cluster), &call, &r->request, &ignored);
    buf_free(&body);
    if (rc)
        why_past(r);
}

void why_review(struct why_request *r)
{
    if (!*r->name_space)
        snprintf(r->name_space, sizeof r->name_space, "%.*s", (int)r->view.name_space.len, r->view.name_space.ptr);
    if (r->call.reviews && !r->last)
        ask(r);
    else
        why_past(r);
}
