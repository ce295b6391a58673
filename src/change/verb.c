#include <stdio.h>
#include <stdlib.h>

#include "change/verb_parts.h"

static void release(struct verb *v)
{
    free(v->group);
    free(v->version);
    free(v->plural);
    free(v->kind);
    free(v->name_space);
    free(v->name);
    free(v->wanted_version);
    free(v->propagation);
    free(v->policy);
    buf_free(&v->body);
    buf_free(&v->before);
    buf_free(&v->after);
    buf_free(&v->sent);
    mpijob_diff_free(&v->diff);
    free(v);
}

static void pause_closed(struct deadline *pause)
{
    release(pause->data);
}

void verb_finish(struct verb *v, const struct write_result *written, bool changed, const struct error *err)
{
    static const char *const none[] = {NULL};
    struct error told;
    if (err) {
        told = *err;
        error_prefix(&told, "%s %s%s%s", v->kind, v->name_space ? v->name_space : "", v->name_space ? "/" : "",
                     v->name);
    }
    struct str kept = v->after.len ? buf_str(&v->after) : buf_str(&v->before);
    struct verb_result result = {
        .changed = changed,
        .dry_run = v->dry_run,
        .effect = v->verdict.effect,
        .why = v->verdict.why,
        .diff = &v->diff,
        .seen = v->resource_version,
        .object = written && json_exists(written->object) ? written->object.text : kept,
        .warnings = written ? written->warnings : none,
    };
    v->ended = true;
    v->done(v->data, &result, err ? &told : NULL);
    deadline_close(&v->pause, pause_closed);
}

void verb_fail(struct verb *v, const struct error *err)
{
    verb_finish(v, NULL, false, err);
}

/* ---- considering ---- */

/* A whole object that is older than what is there; the server would answer the same. */
static int check_version(const struct verb *v, struct json object, struct error *err)
{
    char given[64];
    json_string_at(object, "/metadata/resourceVersion", given, sizeof given);
    if (!*given || strcmp(given, v->resource_version) == 0)
        return 0;
    int rc =
        error_set(err, ERR_CONFLICT, "it has changed since: the object given is of resourceVersion %s, it is %s now",
                  given, v->resource_version);
    if (err)
        err->status = 409;
    return rc;
}

static void unchanged(struct verb *v)
{
    v->verdict.effect = EFFECT_UNCHANGED;
    snprintf(v->verdict.why, sizeof v->verdict.why, "it is so already; nothing was sent");
    verb_finish(v, NULL, false, NULL);
}

static void consider(struct verb *v)
{
    struct error err;
    struct json before = {0}, after = {0};
    int rc = v->before.len ? json_parse(buf_str(&v->before), "the object", &before, &err) : 0;
    if (!rc && v->before.len) {
        json_string_at(before, "/metadata/uid", v->uid, sizeof v->uid);
        json_string_at(before, "/metadata/resourceVersion", v->resource_version, sizeof v->resource_version);
        if (v->wanted_version && strcmp(v->wanted_version, v->resource_version) != 0) {
            rc = error_set(&err, ERR_CONFLICT, "it has changed since: resourceVersion %s was asked for, it is %s now",
                           v->wanted_version, v->resource_version);
            err.status = 409;
        }
    }
    if (!rc && v->verb != WRITE_DELETE)
        rc = verb_work_out(v, before, &after, &err);
    if (!rc && v->verb == WRITE_REPLACE)
        rc = check_version(v, after, &err);
    if (!rc && v->before.len && v->verb != WRITE_DELETE && !v->diff.count) {
        unchanged(v);
        return;
    }
    if (!rc)
        rc = verb_judge(v, before, after, &err);
    struct verb_intent intent = {v->uid, v->resource_version, &v->diff};
    if (!rc && v->gate && (rc = v->gate(v->data, &intent, &err)))
        error_prefix(&err, "not written");
    if (!rc && !v->dry_run)
        rc = verb_prepare(v, &err);
    if (rc)
        verb_fail(v, &err);
    else if (v->dry_run)
        verb_finish(v, NULL, true, NULL);
    else
        verb_send(v);
}

/* ---- the read ---- */

static void got(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                bool lost)
{
    (void)request;
    (void)lost;
    struct verb *v = data;
    struct error own;
    v->request = NULL;
    if (err) {
        verb_fail(v, err);
        return;
    }
    buf_reset(&v->before);
    buf_add_str(&v->before, answer->body.text);
    if (v->cancelled || buf_result(&v->before, "the object", &own)) {
        if (v->cancelled)
            error_set(&own, ERR_CANCELLED, "given up");
        verb_fail(v, &own);
        return;
    }
    consider(v);
}

static void fetch(struct verb *v)
{
    struct error err;
    struct kube_call call = {
        .resource = &v->resource, .name_space = v->name_space, .name = v->name, .done = got, .data = v};
    if (kube_get(cluster_kube(v->site->cluster), &call, &v->request, &err))
        verb_fail(v, &err);
}

static void pause_over(struct deadline *pause)
{
    struct verb *v = pause->data;
    struct error err;
    if (v->cancelled) {
        error_set(&err, ERR_CANCELLED, "given up");
        verb_fail(v, &err);
    } else if (v->verb == WRITE_CREATE || v->before.len) {
        consider(v);
    } else {
        fetch(v);
    }
}

/* ---- life ---- */

static char *copy(const char *text)
{
    return str_dup(str_of(text ? text : ""));
}

static bool copy_in(struct verb *v, const struct verb_call *call)
{
    v->group = copy(call->resource.group);
    v->version = copy(call->resource.version);
    v->plural = copy(call->resource.plural);
    v->kind = copy(call->kind);
    v->name_space = call->name_space ? copy(call->name_space) : NULL;
    v->name = copy(call->name);
    v->wanted_version = call->resource_version ? copy(call->resource_version) : NULL;
    v->propagation = call->propagation ? copy(call->propagation) : NULL;
    v->policy = copy(call->policy);
    buf_add_str(&v->body, call->body);
    buf_add_str(&v->before, call->object);
    v->resource = (struct kube_resource){v->group, v->version, v->plural};
    return v->group && v->version && v->plural && v->kind && (v->name_space || !call->name_space) && v->name &&
           (v->wanted_version || !call->resource_version) && (v->propagation || !call->propagation) && v->policy &&
           !v->body.failed && !v->before.failed;
}

int verb_start(const struct site *site, const struct verb_call *call, struct verb **out, struct error *err)
{
    struct verb *v = calloc(1, sizeof *v);
    if (!v)
        return error_nomem(err);
    v->site = site;
    v->verb = call->verb;
    v->ours = call->job != NULL;
    if (call->job)
        v->target = *call->job;
    v->json_patch = call->json_patch;
    v->dry_run = call->dry_run;
    v->destructive = call->destructive;
    v->run = call->run;
    v->gate = call->gate;
    v->done = call->done;
    v->data = call->data;
    if (!copy_in(v, call)) {
        release(v);
        return error_nomem(err);
    }
    v->pause.data = v;
    deadline_init(site->loop, &v->pause, pause_over, v);
    deadline_set(&v->pause, 0); /* done is never called from within this function */
    *out = v;
    return 0;
}

void verb_cancel(struct verb *v)
{
    if (v->ended)
        return;
    v->cancelled = true;
    if (v->write)
        write_cancel(v->write);
    else if (v->request)
        kube_cancel(v->request);
    else
        deadline_set(&v->pause, 0);
}

void verb_abandon(struct verb *v)
{
    if (v->ended)
        return;
    verb_cancel(v);
    if (v->write)
        write_abandon(v->write);
}
