/* The launcher's part of a replacement. It is read before anything is written, so that what is refused is refused as a
 * whole. Written is the MPIJob first: its resourceVersion is the proof that what was decided upon is still so; then the
 * launcher, whose patch is bound to the object that was judged. Where the second fails the message says that the first
 * was done; nothing is taken back. */
#include <stdio.h>
#include <stdlib.h>

#include "change/replace_parts.h"

static struct kube_resource resource_of(const struct replace *r)
{
    static const struct kube_resource job = {"batch", "v1", "jobs"}, pod = {"", "v1", "pods"};
    return mpijob_launcher_of(r->view.target) == LAUNCHER_POD ? pod : job;
}

static const char *word_of(const struct replace *r)
{
    return mpijob_launcher_word(mpijob_launcher_of(r->view.target));
}

bool replacing_wants_launcher(const struct replace *r)
{
    return r->through_launcher && r->kind == KIND_MPIJOB && mpijob_launcher_concerned(&r->changes, &r->view);
}

/* The MPIJob's own part is written, and the launcher's is not. */
static void finish_half(struct replace *r, const struct error *why)
{
    struct error told = *why;
    if (r->launcher.writing && r->diff.count && !r->dry_run)
        error_prefix(&told, "the MPIJob was changed, its launcher %s was not", word_of(r));
    else
        error_prefix(&told, "its launcher %s", word_of(r));
    if (r->launcher.writing && told.code == ERR_CONFLICT) /* nothing that computing the changes anew would mend */
        told.code = ERR_HTTP;
    replacing_finish(r, NULL, &told);
}

/* ---- the read ---- */

static void planned_again(struct replace *r)
{
    struct error err;
    if (r->launcher.plan.diff.count == 0) { /* somebody else did it meanwhile */
        replacing_finish(r, NULL, NULL);
    } else if (r->launcher.plan.verdict.may_destroy && !r->destructive) {
        error_set(&err, ERR_REFUSED, "refused, because it has become destructive: %s", r->launcher.plan.verdict.why);
        finish_half(r, &err);
    } else {
        replacing_write_launcher(r);
    }
}

static void launcher_came(void *data, struct kube_request *request, const struct kube_answer *answer,
                          const struct error *err, bool lost)
{
    (void)request;
    (void)lost;
    struct replace *r = data;
    struct error own;
    r->request = NULL;
    r->gets++;
    r->launcher.asked = true;
    r->launcher.missing = err && err->code == ERR_NOT_FOUND;
    if (err && !(r->launcher.missing && !r->launcher.writing)) {
        own = *err;
        if (err->status == 403)
            error_prefix(&own,
                         "reading it is not allowed (through_launcher needs get and patch on %s; mpijobd rbac has the "
                         "rules)",
                         mpijob_launcher_of(r->view.target) == LAUNCHER_POD ? "pods" : "jobs.batch");
        finish_half(r, &own);
        return;
    }
    if (r->cancelled) {
        error_set(&own, ERR_CANCELLED, "given up");
        finish_half(r, &own);
        return;
    }
    mpijob_launcher_plan_free(&r->launcher.plan);
    r->launcher.uid[0] = r->launcher.version[0] = '\0';
    if (answer &&
        mpijob_launcher_plan(&r->changes, &r->view, answer->body, clock_now(r->site->clock), &r->launcher.plan, &own)) {
        finish_half(r, &own);
        return;
    }
    if (answer) {
        json_string_at(answer->body, "/metadata/uid", r->launcher.uid, sizeof r->launcher.uid);
        json_string_at(answer->body, "/metadata/resourceVersion", r->launcher.version, sizeof r->launcher.version);
    }
    if (r->launcher.writing)
        planned_again(r);
    else
        replacing_decide(r);
}

void replacing_fetch_launcher(struct replace *r)
{
    struct error err;
    struct buf name = BUF_INIT;
    struct kube_resource resource = resource_of(r);
    mpijob_launcher_name(&r->view, &name);
    int rc = buf_result(&name, "the launcher's name", &err);
    struct kube_call call = {
        .resource = &resource, .name_space = r->name_space, .name = name.ptr, .done = launcher_came, .data = r};
    if (!rc)
        rc = kube_get(cluster_kube(r->site->cluster), &call, &r->request, &err);
    buf_free(&name);
    if (rc)
        finish_half(r, &err);
}

/* ---- the write ---- */

static int check_kept(void *data, struct json answer, struct error *err)
{
    struct replace *r = data;
    if (mpijob_diff_done(&r->launcher.plan.diff, answer))
        return 0;
    return error_set(err, ERR_DROPPED,
                     "the server answered 200 and did not keep what was sent; an admission webhook "
                     "of the cluster may have taken it away");
}

static void launcher_written(void *data, const struct write_result *result, const struct error *err)
{
    struct replace *r = data;
    r->launcher.write = NULL;
    r->launcher.row = result->row;
    r->puts += result->requests;
    bool again = err && (err->code == ERR_CONFLICT || (err->retryable && err->status == 0 && !r->dry_run));
    if (!err) {
        r->launcher.done = true;
        replacing_finish(r, NULL, NULL);
    } else if (again && !r->cancelled && ++r->launcher.tries < REPLACE_TRIES) {
        replacing_fetch_launcher(r); /* looked at anew: what is sent is bound to what was seen */
    } else {
        finish_half(r, err);
    }
}

void replacing_write_launcher(struct replace *r)
{
    struct error err;
    struct buf name = BUF_INIT, diff = BUF_INIT;
    r->launcher.writing = true;
    mpijob_launcher_name(&r->view, &name);
    mpijob_diff_json(&r->launcher.plan.diff, &diff);
    struct write_call call = {
        .verb = WRITE_PATCH,
        .resource = resource_of(r),
        .name_space = r->name_space,
        .name = name.ptr,
        .body = buf_str(&r->launcher.plan.patch),
        .content_type = "application/merge-patch+json",
        .uid = r->launcher.uid,
        .resource_version = r->launcher.version,
        .diff = buf_str(&diff),
        .effect = mpijob_effect_name(r->launcher.plan.verdict.effect),
        .why = r->launcher.plan.verdict.why,
        .dry_run = r->dry_run,
        .run = r->run,
        .policy = r->policy,
        .check = check_kept,
        .done = launcher_written,
        .data = r,
    };
    int rc = name.failed || diff.failed ? error_nomem(&err) : write_start(r->site, &call, &r->launcher.write, &err);
    buf_free(&name);
    buf_free(&diff);
    if (rc)
        finish_half(r, &err);
}
