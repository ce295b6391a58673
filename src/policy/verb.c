#include "policy/verb.h"

#include <stdio.h>
#include <stdlib.h>

#include "loop/timer.h"
#include "mpijob/harm.h"
#include "mpijob/launcher.h"
#include "json/patch.h"
#include "json/write.h"

struct verb {
    const struct replace_context *context;
    enum write_verb verb;
    char *group, *version, *plural, *kind, *name_space, *name, *wanted_version, *propagation, *policy;
    struct kube_resource resource;
    struct mpijob_target target;
    struct buf body, before, after, sent; /* after: as it would become; sent: what goes out */
    struct mpijob_diff diff;
    struct mpijob_verdict verdict;
    char uid[64], resource_version[64];
    struct kube_request *request;
    struct write *write;
    struct deadline pause;
    int tries;
    int64_t run;
    bool ours, json_patch, dry_run, destructive, cancelled, ended;
    int (*gate)(void *data, struct error *err);
    verb_done done;
    void *data;
};

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

static void finish(struct verb *v, const struct write_result *written, bool changed, const struct error *err)
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

static void fail(struct verb *v, const struct error *err)
{
    finish(v, NULL, false, err);
}

static void copy_text(struct json object, const char *pointer, char *out, size_t size)
{
    struct buf text = BUF_INIT;
    json_decode(json_at(object, pointer), &text);
    snprintf(out, size, "%s", text.ptr ? text.ptr : "");
    buf_free(&text);
}

static void fetch(struct verb *v);

/* ---- the write ---- */

/* Of our kinds the fields that were asked for have to be kept; other kinds are the server's to complete. */
static int check_kept(void *data, struct json answer, struct error *err)
{
    struct verb *v = data;
    struct mpijob_diff fields = {0};
    if (!v->ours || v->verb == WRITE_CREATE || v->verb == WRITE_DELETE || !v->diff.count)
        return 0;
    fields.items = calloc(v->diff.count, sizeof *fields.items);
    if (!fields.items)
        return error_nomem(err);
    for (size_t i = 0; i < v->diff.count; i++) {
        if (v->diff.items[i].field != FIELD_COUNT)
            fields.items[fields.count++] = v->diff.items[i];
    }
    int rc = fields.count ? mpijob_diff_verify(&fields, answer, v->target, err) : 0;
    free(fields.items);
    return rc;
}

static void written(void *data, const struct write_result *result, const struct error *err)
{
    struct verb *v = data;
    v->write = NULL;
    bool conflict = err && err->code == ERR_CONFLICT && v->verb == WRITE_PATCH && !v->wanted_version;
    if (!conflict || v->cancelled || ++v->tries >= VERB_TRIES) {
        finish(v, result, !err, err);
        return;
    }
    buf_reset(&v->before); /* somebody else was quicker: looked at anew */
    deadline_set(&v->pause, (uint64_t)rand() % ((uint64_t)20 << v->tries));
}

/* The journal keeps the whole object of what is made or removed. */
static int journal_diff(struct verb *v, struct buf *out)
{
    struct error err;
    if (v->verb == WRITE_PATCH) {
        mpijob_diff_json(&v->diff, out);
    } else {
        struct json_writer w;
        json_writer_init(&w, out);
        json_write_array(&w);
        json_write_object(&w);
        json_write_key(&w, "path");
        json_write_string(&w, "");
        json_write_key(&w, "before");
        if (v->verb == WRITE_DELETE)
            json_write_raw(&w, (struct json){buf_str(&v->before)});
        else
            json_write_null(&w);
        json_write_key(&w, "after");
        if (v->verb == WRITE_DELETE)
            json_write_null(&w);
        else
            json_write_raw(&w, (struct json){buf_str(&v->after)});
        json_write_end(&w);
        json_write_end(&w);
    }
    return buf_result(out, "the difference", &err);
}

static void write_it(struct verb *v)
{
    struct error err;
    struct buf diff = BUF_INIT;
    if (journal_diff(v, &diff)) {
        buf_free(&diff);
        error_nomem(&err);
        fail(v, &err);
        return;
    }
    struct write_call call = {
        .verb = v->verb,
        .resource = v->resource,
        .name_space = v->name_space,
        .name = v->name,
        .body = buf_str(&v->sent),
        .content_type = v->verb == WRITE_PATCH
                            ? v->json_patch ? "application/json-patch+json" : "application/merge-patch+json"
                            : NULL,
        .strict = v->ours && v->target.controller != CONTROLLER_CCI,
        .uid = v->uid,
        .resource_version = v->resource_version,
        .diff = buf_str(&diff),
        .effect = mpijob_effect_name(v->verdict.effect),
        .why = v->verdict.why,
        .run = v->run,
        .policy = v->policy,
        .check = check_kept,
        .done = written,
        .data = v,
    };
    int rc = write_start(v->context, &call, &v->write, &err);
    buf_free(&diff);
    if (rc)
        fail(v, &err);
}

/* ---- what goes out ---- */

/* A patch is bound to the object that was looked at by its resourceVersion: the server answers 409 where it is another.
 */
static int bind_patch(struct verb *v, struct json patch, struct error *err)
{
    struct json_edits edits = {0};
    struct str version = str_of(v->resource_version);
    int rc;
    if (v->json_patch) {
        struct buf step = BUF_INIT;
        struct json_writer w;
        json_writer_init(&w, &step);
        json_write_object(&w);
        json_write_key(&w, "op");
        json_write_string(&w, "replace");
        json_write_key(&w, "path");
        json_write_string(&w, "/metadata/resourceVersion");
        json_write_key(&w, "value");
        json_write_string(&w, v->resource_version);
        json_write_end(&w);
        rc = buf_result(&step, "the patch", err);
        if (!rc)
            json_edit_set(&edits, "/-", buf_str(&step));
        buf_free(&step);
    } else {
        json_edit_set_string(&edits, "/metadata/resourceVersion", version);
        rc = 0;
    }
    if (!rc)
        rc = json_edit_apply(&edits, patch, &v->sent, err);
    json_edits_free(&edits);
    return rc;
}

static int delete_options(struct verb *v, struct error *err)
{
    struct json_writer w;
    json_writer_init(&w, &v->sent);
    json_write_object(&w);
    json_write_key(&w, "apiVersion");
    json_write_string(&w, "v1");
    json_write_key(&w, "kind");
    json_write_string(&w, "DeleteOptions");
    json_write_key(&w, "preconditions");
    json_write_object(&w);
    json_write_key(&w, "uid");
    json_write_string(&w, v->uid);
    if (v->wanted_version) {
        json_write_key(&w, "resourceVersion");
        json_write_string(&w, v->wanted_version);
    }
    json_write_end(&w);
    if (v->propagation) {
        json_write_key(&w, "propagationPolicy");
        json_write_string(&w, v->propagation);
    }
    json_write_end(&w);
    return buf_result(&v->sent, "the options of a deletion", err);
}

static int prepare(struct verb *v, struct error *err)
{
    struct json body;
    buf_reset(&v->sent);
    if (v->verb == WRITE_DELETE)
        return delete_options(v, err);
    if (v->verb == WRITE_PATCH) {
        int rc = json_parse(buf_str(&v->body), "the patch", &body, err);
        return rc ? rc : bind_patch(v, body, err);
    }
    buf_add_str(&v->sent, buf_str(&v->body));
    return buf_result(&v->sent, "the object", err);
}

/* ---- judging ---- */

static int refuse_destructive(const struct verb *v, struct error *err)
{
    return error_set(
        err, ERR_REFUSED,
        "refused, because it %s destructive: %s. To do it all the same, allow it by name: destructive = true",
        v->verdict.effect == EFFECT_DESTRUCTIVE ? "is" : "may be", v->verdict.why);
}

/* Of one of our kinds. before: absent at a create. */
static int judge_ours(struct verb *v, struct json before, struct json after, struct error *err)
{
    struct mpijob_view old = {0}, new;
    bool create = !json_exists(before);
    int rc = create ? 0 : mpijob_view(before, v->target, &old, err);
    if (rc)
        return rc;
    if (create) { /* what is no such job is the server's to refuse; what does harm is looked for all the same */
        new = (struct mpijob_view){.object = after, .target = v->target};
        return mpijob_harm_check(NULL, &new, err);
    }
    new = old;
    new.object = after;
    rc = mpijob_whole_check(before, after, v->target, err);
    if (!rc)
        rc = mpijob_harm_check(&old, &new, err);
    if (!rc)
        mpijob_judge(&old, &v->diff, clock_now(v->context->clock), &v->verdict);
    if (!rc && v->verdict.may_destroy && !v->destructive)
        rc = refuse_destructive(v, err);
    return rc;
}

static int judge(struct verb *v, struct json before, struct json after, struct error *err)
{
    if (v->verb == WRITE_DELETE) {
        v->verdict.effect = v->ours ? EFFECT_DESTRUCTIVE : EFFECT_UNKNOWN;
        snprintf(v->verdict.why, sizeof v->verdict.why, "%s",
                 v->ours ? "the job is deleted, and the server removes its pods after it" : "the object is deleted");
        return 0;
    }
    v->verdict.effect = EFFECT_UNKNOWN;
    snprintf(v->verdict.why, sizeof v->verdict.why, "%s",
             v->verb == WRITE_CREATE ? "a new object; what its controller makes of it is not judged"
                                     : "what its controller makes of the change is not judged");
    if (strcmp(v->plural, "jobs") == 0 && strcmp(v->group, "batch") == 0) {
        int rc = mpijob_launcher_ttl_check(before, after, err);
        if (rc)
            return rc;
    }
    return v->ours ? judge_ours(v, before, after, err) : 0;
}

/* What the object becomes. Sets diff. */
static int work_out(struct verb *v, struct json before, struct json *after, struct error *err)
{
    struct json body;
    int rc = json_parse(buf_str(&v->body), v->verb == WRITE_PATCH ? "the patch" : "the object", &body, err);
    buf_reset(&v->after);
    mpijob_diff_free(&v->diff);
    if (rc)
        return rc;
    if (v->verb != WRITE_PATCH) {
        buf_add_str(&v->after, body.text);
        rc = buf_result(&v->after, "the object", err);
    } else {
        rc = v->json_patch ? json_patch(before, body, &v->after, err) : json_merge_patch(before, body, &v->after, err);
    }
    if (!rc)
        rc = json_parse(buf_str(&v->after), "the object", after, err);
    if (!rc && json_exists(before))
        rc = mpijob_objects_diff(before, *after, &v->diff, err);
    return rc;
}

/* A whole object that is older than what is there; the server would answer the same. */
static int check_version(const struct verb *v, struct json object, struct error *err)
{
    char given[64];
    copy_text(object, "/metadata/resourceVersion", given, sizeof given);
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
    finish(v, NULL, false, NULL);
}

static void consider(struct verb *v)
{
    struct error err;
    struct json before = {0}, after = {0};
    int rc = v->before.len ? json_parse(buf_str(&v->before), "the object", &before, &err) : 0;
    if (!rc && v->before.len) {
        copy_text(before, "/metadata/uid", v->uid, sizeof v->uid);
        copy_text(before, "/metadata/resourceVersion", v->resource_version, sizeof v->resource_version);
        if (v->wanted_version && strcmp(v->wanted_version, v->resource_version) != 0) {
            rc = error_set(&err, ERR_CONFLICT, "it has changed since: resourceVersion %s was asked for, it is %s now",
                           v->wanted_version, v->resource_version);
            err.status = 409;
        }
    }
    if (!rc && v->verb != WRITE_DELETE)
        rc = work_out(v, before, &after, &err);
    if (!rc && v->verb == WRITE_REPLACE)
        rc = check_version(v, after, &err);
    if (!rc && v->before.len && v->verb != WRITE_DELETE && !v->diff.count) {
        unchanged(v);
        return;
    }
    if (!rc)
        rc = judge(v, before, after, &err);
    if (!rc && v->gate && (rc = v->gate(v->data, &err)))
        error_prefix(&err, "not written");
    if (!rc && !v->dry_run)
        rc = prepare(v, &err);
    if (rc)
        fail(v, &err);
    else if (v->dry_run)
        finish(v, NULL, true, NULL);
    else
        write_it(v);
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
        fail(v, err);
        return;
    }
    buf_reset(&v->before);
    buf_add_str(&v->before, answer->body.text);
    if (v->cancelled || buf_result(&v->before, "the object", &own)) {
        if (v->cancelled)
            error_set(&own, ERR_CANCELLED, "given up");
        fail(v, &own);
        return;
    }
    consider(v);
}

static void fetch(struct verb *v)
{
    struct error err;
    if (kube_get(cluster_kube(v->context->cluster), &v->resource, v->name_space, v->name, got, v, &v->request, &err))
        fail(v, &err);
}

static void pause_over(struct deadline *pause)
{
    struct verb *v = pause->data;
    struct error err;
    if (v->cancelled) {
        error_set(&err, ERR_CANCELLED, "given up");
        fail(v, &err);
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

int verb_start(const struct replace_context *context, const struct verb_call *call, struct verb **out,
               struct error *err)
{
    struct verb *v = calloc(1, sizeof *v);
    if (!v)
        return error_nomem(err);
    v->context = context;
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
    deadline_init(context->loop, &v->pause, pause_over, v);
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
