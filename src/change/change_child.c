/* SPDX-License-Identifier: Apache-2.0 */
/* The child's part of a change. The child is read before anything is written, so that a refusal is a refusal of the
 * whole. The job is written first: its resourceVersion proves that it is still as it was when the change was judged.
 * Then comes the child, by a patch that is bound to the object that was judged. Where the second write
 * fails, the message says that the first one was done; nothing is undone. */
#include <stdio.h>
#include <stdlib.h>

#include "base/texts.h"
#include "change/change_parts.h"

struct kube_resource change_child_resource(const struct change *c)
{
    const struct mpijob_child *child = mpijob_child_of(c->view.target);
    return (struct kube_resource){child->group, child->version, child->plural};
}

bool change_goes_instead(const struct change *c)
{
    const struct mpijob_child *child = mpijob_child_of(c->target);
    return c->through_child && c->verb == CHANGE_FIELDS && child && child->instead;
}

const char *change_child_told(const struct change *c, char out[CHANGE_CHILD_TOLD])
{
    if (*c->child.name && change_goes_instead(c))
        snprintf(out, CHANGE_CHILD_TOLD, "%s %s", mpijob_child_of(c->target)->kind, c->child.name);
    else
        snprintf(out, CHANGE_CHILD_TOLD, "%s", mpijob_child_called(mpijob_kind_info(c->target.kind)->child));
    return out;
}

#define CHILD_TEXT CHANGE_CHILD_TOLD

/* "launcher Job", "Job NAME" */
static const char *told_child(const struct change *c, char out[CHILD_TEXT])
{
    const struct mpijob_child *child = mpijob_child_of(c->view.target);
    bool named = child->instead && *c->child.name;
    snprintf(out, CHILD_TEXT, "%s%s%s", child->words, named ? " " : "", named ? c->child.name : "");
    return out;
}

bool change_wants_child(const struct change *c)
{
    return c->through_child && c->verb == CHANGE_FIELDS && mpijob_child_concerned(&c->changes, &c->view);
}

/* What became of the child is told, and whether the job's own part was written before. */
void change_child_failed(struct change *c, const struct error *why, bool unknown)
{
    struct error told = *why;
    char child[CHILD_TEXT];
    const char *word = told_child(c, child), *kind = mpijob_kind_info(c->target.kind)->name;
    c->child.half = c->written && c->diff.count;
    char first[80] = "";
    if (c->child.half)
        snprintf(first, sizeof first, "the %.60s was changed%s", kind,
                 unknown || why->code == ERR_DROPPED ? "; " : ", ");
    if (unknown)
        error_prefix(&told, "%sit is not known whether its %s was", first, word);
    else if (why->code == ERR_DROPPED)
        error_prefix(&told, "%sits %s was not changed as asked", first, word);
    else
        error_prefix(&told, "%sits %s%s", first, word, c->child.half ? " was not" : "");
    if (c->child.writing && told.code == ERR_CONFLICT) /* to compute the changes again would not help */
        told.code = ERR_HTTP;
    change_fail(c, &told);
}

static void finish_half(struct change *c, const struct error *why)
{
    change_child_failed(c, why, false);
}

/* ---- the read ---- */

static void planned_again(struct change *c)
{
    struct error err;
    if (c->child.plan.diff.count == 0) { /* another writer has done it meanwhile */
        change_finish(c, true, NULL);
    } else if (c->child.plan.verdict.may_destroy && !c->destructive) {
        error_set(&err, ERR_REFUSED, "refused, because it has become destructive meanwhile: %s",
                  c->child.plan.verdict.why);
        finish_half(c, &err);
    } else {
        change_write_child(c);
    }
}

void change_child_unread(struct change *c, const struct error *why)
{
    struct error told = *why;
    const struct mpijob_child *row = mpijob_child_of(c->view.target);
    char resource[WRITE_RESOURCE_MAX];
    struct kube_resource of = change_child_resource(c);
    if (why->status == 403)
        error_prefix(&told, "reading it is not allowed (%s needs get%s and patch on %s%s; mpijobd rbac has the rules)",
                     row->instead ? "through_child" : "through_launcher", row->suffix ? "" : ", list",
                     write_resource_name(&of, resource), row->set ? ", and get on jobsets.jobset.x-k8s.io" : "");
    finish_half(c, &told);
}

void change_child_came(struct change *c, struct json child, struct json set)
{
    struct error own;
    c->child.asked = true;
    c->child.missing = !json_exists(child);
    if (c->cancelled) {
        error_set(&own, ERR_CANCELLED, "cancelled");
        finish_half(c, &own);
        return;
    }
    mpijob_child_plan_free(&c->child.plan);
    c->child.uid[0] = c->child.version[0] = '\0';
    if (!c->child.missing &&
        mpijob_child_plan(&c->changes, &c->view, child, set, clock_now(c->site->clock), &c->child.plan, &own)) {
        finish_half(c, &own);
        return;
    }
    if (!c->child.missing) {
        json_string_at(child, "/metadata/uid", c->child.uid, sizeof c->child.uid);
        json_string_at(child, "/metadata/resourceVersion", c->child.version, sizeof c->child.version);
    }
    if (c->child.writing)
        planned_again(c);
    else
        change_judge(c, c->child.job_before, c->child.job_after);
}

static void got(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                bool lost)
{
    (void)request;
    (void)lost;
    struct change *c = data;
    c->request = NULL;
    bool missing = err && err->code == ERR_NOT_FOUND && !c->child.writing;
    if (err && !missing)
        change_child_unread(c, err);
    else
        change_child_came(c, missing ? (struct json){0} : answer->body, (struct json){0});
}

static int read_by_name(struct change *c, struct error *err)
{
    struct buf name = BUF_INIT;
    struct kube_resource resource = change_child_resource(c);
    mpijob_child_name(&c->view, &name);
    snprintf(c->child.name, sizeof c->child.name, "%s", or_empty(name.ptr));
    int rc = buf_result(&name, "the child's name", err);
    buf_free(&name);
    struct kube_call call = {.resource = &resource,
                             .name_space = c->name_space,
                             .name = c->child.name,
                             .seat = change_seat(c),
                             .done = got,
                             .data = c};
    return rc ? rc : kube_get(cluster_kube(c->site->cluster), &call, &c->request, err);
}

void change_read_child(struct change *c)
{
    struct error err;
    int rc = mpijob_child_of(c->view.target)->suffix ? read_by_name(c, &err) : change_child_find(c, &err);
    if (rc)
        finish_half(c, &err);
}

/* ---- the write ---- */

static int check_kept(void *data, struct json answer, struct error *err)
{
    struct change *c = data;
    if (mpijob_diff_done(&c->child.plan.diff, answer))
        return 0;
    return error_set(err, ERR_DROPPED,
                     "the server answered 200 and did not keep what was sent; an admission webhook "
                     "of the cluster may have taken it away");
}

static void child_written(void *data, const struct write_result *result, const struct error *err)
{
    struct change *c = data;
    struct error told;
    c->child.write = NULL;
    c->child.row = result->row;
    bool again = err && (err->code == ERR_CONFLICT || result->not_done);
    if (!err) {
        change_finish(c, true, NULL);
    } else if (again && !c->cancelled && ++c->child.tries < CHANGE_TRIES) {
        c->child.again = true;
        change_pause(c, c->child.tries);
    } else if (again && !c->cancelled) {
        told = *err;
        error_prefix(&told, "given up after %d tries", c->child.tries);
        finish_half(c, &told);
    } else {
        change_child_failed(c, err, result->unknown);
    }
}

void change_child_again(struct change *c)
{
    struct error err;
    c->child.again = false;
    if (c->cancelled) {
        error_set(&err, ERR_CANCELLED, "cancelled");
        finish_half(c, &err);
    } else {
        change_read_child(c); /* the patch is bound to what was read */
    }
}

void change_write_child(struct change *c)
{
    struct error err;
    struct buf diff = BUF_INIT;
    c->child.writing = true;
    mpijob_diff_json(&c->child.plan.diff, &diff);
    struct write_call call = {
        .verb = WRITE_PATCH,
        .resource = change_child_resource(c),
        .name_space = c->name_space,
        .name = c->child.name,
        .body = buf_str(&c->child.plan.patch),
        .content_type = "application/merge-patch+json",
        .uid = c->child.uid,
        .resource_version = c->child.version,
        .diff = buf_str(&diff),
        .verdict = &c->child.plan.verdict,
        .dry_run = c->dry_run,
        .run = c->run,
        .policy = c->policy,
        .trace = &c->trace,
        .rank = change_seat(c).rank,
        .check = check_kept,
        .done = child_written,
        .data = c,
    };
    int rc = diff.failed ? error_nomem(&err) : write_start(c->site, &call, &c->child.write, &err);
    buf_free(&diff);
    if (rc)
        finish_half(c, &err);
}
