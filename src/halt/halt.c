/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a halt: the job is read, its steps are made one after the other, its pods go. */
#include "halt/halt.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/texts.h"
#include "halt/halt_parts.h"
#include "mpijob/dialect.h"

const char *halt_lever_name(enum halt_lever lever)
{
    static const char *const names[] = {"none", "suspend", "workload"};
    return names[lever];
}

/* ---- the end ---- */

static void free_halt(struct halt *h)
{
    free(h->texts);
    free(h->job);
    buf_free(&h->workload.bytes);
    buf_free(&h->message);
    buf_free(&h->made);
    buf_free(&h->lines);
    buf_free(&h->planned);
    free(h);
}

/* A version without the field suspend, whose server takes changes: there what ends a job is all that is left. */
static bool only_ends(const struct halt *h, const struct error *err)
{
    if (err->code != ERR_INVALID || h->call.resumes || h->lever != HALT_SUSPEND || mpijob_kind_described(h->call.kind))
        return false;
    const struct mpijob_place *place = mpijob_field_place(FIELD_SUSPEND, h->view.target);
    const struct mpijob_dialect *dialect = mpijob_dialect(h->view.target);
    return place && !place->has && mpijob_dialect_known(dialect) && !dialect->server->only;
}

void halt_finish(struct halt *h, const struct error *err)
{
    struct error nomem, more;
    if (err && only_ends(h, err)) {
        more = *err;
        error_append(&more,
                     ", so none can be stopped and go on later; a deadline of its launcher ends one for good: "
                     "mpijobd replace -n %s %s activeDeadlineSeconds=SECONDS --through-launcher",
                     h->call.name_space, h->call.name);
        err = &more;
    }
    buf_puts(&h->made, h->made.len ? "]" : "[]");
    if (!err && (h->message.failed || h->made.failed || h->lines.failed)) {
        error_nomem(&nomem);
        err = &nomem;
    }
    const struct halt_result result = {
        .changed = h->changed,
        .dry_run = h->dry_run,
        .effect = h->effect,
        .lever = h->lever,
        .workload = h->workload.found ? h->workload.read.name : (struct str){0},
        .message = h->message.ptr ? h->message.ptr : "",
        .steps = &h->made,
        .lines = &h->lines,
        .gone = h->gone,
        .after_ms = h->after_ms,
        .gone_note = h->gone_note,
    };
    h->call.done(h->call.data, &result, err);
    free_halt(h);
}

void halt_unchanged(struct halt *h, const char *format, ...)
{
    va_list args;
    char text[1024];
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    h->effect = EFFECT_UNCHANGED;
    buf_puts(&h->message, text);
}

void halt_cancel(struct halt *h)
{
    h->cancelled = true;
    if (h->request) {
        kube_cancel(h->request); /* its end comes, and frees the halt */
        return;
    }
    if (h->workload.list)
        kube_list_cancel(h->workload.list);
    if (h->change)
        h->call.writer.leave(h->call.writer.data, h->change);
    if (h->watch)
        effect_watch_cancel(h->watch);
    free_halt(h);
}

/* ---- the steps ---- */

void halt_next(struct halt *h)
{
    struct error err;
    while (h->at < h->count) {
        enum halt_step step = h->steps[h->at++];
        if (step != STEP_PODS) {
            if (halt_make(h, step, &err))
                halt_finish(h, &err);
            return;
        }
        if (!h->dry_run && h->call.wait_ms) {
            halt_await_pods(h);
            return;
        }
    }
    halt_finish(h, NULL);
}

static void pods_went(void *data, enum effect_seen seen, uint64_t after_ms, const struct error *why)
{
    struct halt *h = data;
    h->watch = NULL;
    h->gone = seen;
    h->after_ms = after_ms;
    snprintf(h->gone_note, sizeof h->gone_note, "%.500s", why ? why->message : "");
    if (!h->call.resumes || seen == EFFECT_SEEN) {
        halt_next(h);
        return;
    }
    struct error err; /* an ended worker that is still there would not be made again */
    error_set(&err, ERR_TIMEOUT,
              "the job was not resumed: the pods that were left from before it was suspended have not gone%s%s; its "
              "cleanPodPolicy is All now, and it can be resumed when they have",
              why ? ": " : "", why ? why->message : "");
    halt_finish(h, &err);
}

void halt_await_pods(struct halt *h)
{
    struct error err;
    const struct mpijob_view *v = &h->view;
    char name_space[MPIJOB_NAMESPACE_MAX + 1], name[MPIJOB_NAME_MAX + 1], uid[64];
    snprintf(name_space, sizeof name_space, "%.*s", (int)v->name_space.len, v->name_space.ptr);
    snprintf(name, sizeof name, "%.*s", (int)v->name.len, v->name.ptr);
    snprintf(uid, sizeof uid, "%.*s", (int)v->uid.len, v->uid.ptr);
    struct effect_watch_call call = {.loop = h->call.site->loop,
                                     .cluster = h->call.site->cluster,
                                     .target = v->target,
                                     .name_space = name_space,
                                     .name = name,
                                     .uid = uid,
                                     .sign = h->call.resumes ? SIGN_NO_PODS : SIGN_NO_LIVE_PODS,
                                     .timeout_ms = h->call.wait_ms,
                                     .done = pods_went,
                                     .data = h};
    if (effect_watch_start(&call, &h->watch, &err) == 0)
        return;
    h->watch = NULL;
    if (err.code == ERR_NOMEM)
        halt_finish(h, &err);
    else
        pods_went(h, EFFECT_CANNOT_TELL, 0, &err);
}

/* ---- the job ---- */

static int read_job(struct halt *h, struct json *root, size_t len, struct error *err)
{
    const struct halt_call *call = &h->call;
    int rc = json_parse(str_n(h->job, len), "the job", root, err);
    if (!rc)
        rc = mpijob_view(*root, cluster_target_of(call->site->cluster, call->kind, *root), &h->view, err);
    if (!rc && *call->uid && !str_is(h->view.uid, call->uid))
        rc = error_set(err, ERR_NOT_FOUND, "%s/%s is another job now, of the same name", call->name_space, call->name);
    return rc;
}

static void got(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                bool lost)
{
    (void)lost;
    struct halt *h = data;
    struct error own;
    struct json root;
    size_t len = 0;
    bool over = false;
    h->request = NULL;
    if (h->cancelled) {
        free_halt(h);
        return;
    }
    if (!err && answer && !(h->job = kube_answer_take(request, &len))) {
        error_nomem(&own);
        err = &own;
    }
    if (!err && (read_job(h, &root, len, &own) || halt_look(h, &over, &own)))
        err = &own;
    if (err || over)
        halt_finish(h, err);
    else
        halt_find_workload(h);
}

int halt_start(const struct halt_call *call, struct halt **out, struct error *err)
{
    struct cluster *cluster = call->site->cluster;
    struct halt *h = NULL;
    int rc = cluster_serves(cluster, call->kind, err);
    if (rc)
        return rc;
    h = calloc(1, sizeof *h);
    if (!h)
        return error_nomem(err);
    h->call = *call;
    h->dry_run = call->dry_run || call->writer.plans;
    h->texts = TEXTS_COPY({&h->call.name_space, call->name_space}, {&h->call.name, call->name},
                          {&h->call.uid, call->uid ? call->uid : ""});
    struct kube_call get = {.resource = cluster_resource(cluster, call->kind),
                            .name_space = call->name_space,
                            .name = call->name,
                            .seat = call->writer.seat,
                            .done = got,
                            .data = h};
    rc = h->texts ? kube_get(cluster_kube(cluster), &get, &h->request, err) : error_nomem(err);
    if (rc) {
        free_halt(h);
        return rc;
    }
    *out = h;
    return 0;
}
