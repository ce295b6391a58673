/* SPDX-License-Identifier: Apache-2.0 */
/* The launcher's part of a change. The launcher is read before anything is written, so that a refusal is a refusal of
 * the whole. The MPIJob is written first: its resourceVersion proves that it is still as it was when the change was
 * judged. Then comes the launcher, by a patch that is bound to the object that was judged. Where the second write
 * fails, the message says that the first one was done; nothing is undone. */
#include <stdio.h>
#include <stdlib.h>

#include "change/change_parts.h"

struct kube_resource change_launcher_resource(const struct change *c)
{
    static const struct kube_resource job = {"batch", "v1", "jobs"}, pod = {"", "v1", "pods"};
    return mpijob_launcher_of(c->view.target) == LAUNCHER_POD ? pod : job;
}

static const char *word_of(const struct change *c)
{
    return mpijob_launcher_word(mpijob_launcher_of(c->view.target));
}

bool change_wants_launcher(const struct change *c)
{
    return c->through_launcher && c->verb == CHANGE_FIELDS && mpijob_launcher_concerned(&c->changes, &c->view);
}

/* What became of the launcher is told, and whether the MPIJob's own part was written before. */
void change_launcher_failed(struct change *c, const struct error *why, bool unknown)
{
    struct error told = *why;
    const char *word = word_of(c), *first = "";
    c->launcher.half = c->written && c->diff.count;
    if (c->launcher.half)
        first = unknown || why->code == ERR_DROPPED ? "the MPIJob was changed; " : "the MPIJob was changed, ";
    if (unknown)
        error_prefix(&told, "%sit is not known whether its launcher %s was", first, word);
    else if (why->code == ERR_DROPPED)
        error_prefix(&told, "%sits launcher %s was not changed as asked", first, word);
    else
        error_prefix(&told, "%sits launcher %s%s", first, word, c->launcher.half ? " was not" : "");
    if (c->launcher.writing && told.code == ERR_CONFLICT) /* to compute the changes again would not help */
        told.code = ERR_HTTP;
    change_fail(c, &told);
}

static void finish_half(struct change *c, const struct error *why)
{
    change_launcher_failed(c, why, false);
}

/* ---- the read ---- */

static void planned_again(struct change *c)
{
    struct error err;
    if (c->launcher.plan.diff.count == 0) { /* another writer has done it meanwhile */
        change_finish(c, true, NULL);
    } else if (c->launcher.plan.verdict.may_destroy && !c->destructive) {
        error_set(&err, ERR_REFUSED, "refused, because it has become destructive meanwhile: %s",
                  c->launcher.plan.verdict.why);
        finish_half(c, &err);
    } else {
        change_write_launcher(c);
    }
}

static void launcher_came(void *data, struct kube_request *request, const struct kube_answer *answer,
                          const struct error *err, bool lost)
{
    (void)request;
    (void)lost;
    struct change *c = data;
    struct error own;
    c->request = NULL;
    c->launcher.asked = true;
    c->launcher.missing = err && err->code == ERR_NOT_FOUND;
    if (err && !(c->launcher.missing && !c->launcher.writing)) {
        own = *err;
        if (err->status == 403)
            error_prefix(&own,
                         "reading it is not allowed (through_launcher needs get and patch on %s; mpijobd rbac has the "
                         "rules)",
                         mpijob_launcher_of(c->view.target) == LAUNCHER_POD ? "pods" : "jobs.batch");
        finish_half(c, &own);
        return;
    }
    if (c->cancelled) {
        error_set(&own, ERR_CANCELLED, "cancelled");
        finish_half(c, &own);
        return;
    }
    mpijob_launcher_plan_free(&c->launcher.plan);
    c->launcher.uid[0] = c->launcher.version[0] = '\0';
    if (answer &&
        mpijob_launcher_plan(&c->changes, &c->view, answer->body, clock_now(c->site->clock), &c->launcher.plan, &own)) {
        finish_half(c, &own);
        return;
    }
    if (answer) {
        json_string_at(answer->body, "/metadata/uid", c->launcher.uid, sizeof c->launcher.uid);
        json_string_at(answer->body, "/metadata/resourceVersion", c->launcher.version, sizeof c->launcher.version);
    }
    if (c->launcher.writing)
        planned_again(c);
    else
        change_judge(c, (struct json){0}, (struct json){0});
}

void change_read_launcher(struct change *c)
{
    struct error err;
    struct buf name = BUF_INIT;
    struct kube_resource resource = change_launcher_resource(c);
    mpijob_launcher_name(&c->view, &name);
    int rc = buf_result(&name, "the launcher's name", &err);
    struct kube_call call = {.resource = &resource,
                             .name_space = c->name_space,
                             .name = name.ptr,
                             .seat = change_seat(c),
                             .done = launcher_came,
                             .data = c};
    if (!rc)
        rc = kube_get(cluster_kube(c->site->cluster), &call, &c->request, &err);
    buf_free(&name);
    if (rc)
        finish_half(c, &err);
}

/* ---- the write ---- */

static int check_kept(void *data, struct json answer, struct error *err)
{
    struct change *c = data;
    if (mpijob_diff_done(&c->launcher.plan.diff, answer))
        return 0;
    return error_set(err, ERR_DROPPED,
                     "the server answered 200 and did not keep what was sent; an admission webhook "
                     "of the cluster may have taken it away");
}

static void launcher_written(void *data, const struct write_result *result, const struct error *err)
{
    struct change *c = data;
    struct error told;
    c->launcher.write = NULL;
    c->launcher.row = result->row;
    bool again = err && (err->code == ERR_CONFLICT || result->not_done);
    if (!err) {
        change_finish(c, true, NULL);
    } else if (again && !c->cancelled && ++c->launcher.tries < CHANGE_TRIES) {
        c->launcher.again = true;
        change_pause(c, c->launcher.tries);
    } else if (again && !c->cancelled) {
        told = *err;
        error_prefix(&told, "given up after %d tries", c->launcher.tries);
        finish_half(c, &told);
    } else {
        change_launcher_failed(c, err, result->unknown);
    }
}

void change_launcher_again(struct change *c)
{
    struct error err;
    c->launcher.again = false;
    if (c->cancelled) {
        error_set(&err, ERR_CANCELLED, "cancelled");
        finish_half(c, &err);
    } else {
        change_read_launcher(c); /* the patch is bound to what was read */
    }
}

void change_write_launcher(struct change *c)
{
    struct error err;
    struct buf name = BUF_INIT, diff = BUF_INIT;
    c->launcher.writing = true;
    mpijob_launcher_name(&c->view, &name);
    mpijob_diff_json(&c->launcher.plan.diff, &diff);
    struct write_call call = {
        .verb = WRITE_PATCH,
        .resource = change_launcher_resource(c),
        .name_space = c->name_space,
        .name = name.ptr,
        .body = buf_str(&c->launcher.plan.patch),
        .content_type = "application/merge-patch+json",
        .uid = c->launcher.uid,
        .resource_version = c->launcher.version,
        .diff = buf_str(&diff),
        .verdict = &c->launcher.plan.verdict,
        .dry_run = c->dry_run,
        .run = c->run,
        .policy = c->policy,
        .trace = &c->trace,
        .rank = change_seat(c).rank,
        .check = check_kept,
        .done = launcher_written,
        .data = c,
    };
    int rc = name.failed || diff.failed ? error_nomem(&err) : write_start(c->site, &call, &c->launcher.write, &err);
    buf_free(&name);
    buf_free(&diff);
    if (rc)
        finish_half(c, &err);
}
