#include "policy/replace.h"

#include <stdlib.h>

#include "loop/timer.h"
#include "policy/replace_row.h"

#define CONFLICT_PAUSE_MS 20 /* doubled each time, with jitter: another writer is at work on this object */

static void fetch(struct replace *r, bool lookup);
static bool at_hand(const struct replace *r);
static void consider(struct replace *r);

static void free_replace(struct deadline *pause)
{
    struct replace *r = pause->data;
    free(r->name_space);
    free(r->name);
    free(r->wanted_version);
    free(r->policy);
    free(r->bytes);
    mpijob_changes_free(&r->changes);
    mpijob_diff_free(&r->diff);
    buf_free(&r->edited);
    buf_free(&r->whole);
    free(r);
}

static void finish(struct replace *r, const struct kube_answer *answer, const struct error *err)
{
    static const char *const none[] = {NULL};
    struct error told;
    if (err) { /* whatever failed, the message begins with the job */
        told = *err;
        error_prefix(&told, "%s/%s", r->name_space, r->name);
        err = &told;
    }
    struct replace_result result = {
        .changed = !err && (r->whole.len ? r->verdict.effect != EFFECT_UNCHANGED : r->diff.count != 0),
        .dry_run = r->dry_run,
        .effect = r->verdict.effect,
        .why = r->verdict.why,
        .resource_version = r->version_text,
        .warnings = answer ? answer->warnings : none,
        .diff = &r->diff,
        .before = r->viewed ? &r->view : NULL,
        .object = answer ? answer->body.text : str_n(r->bytes, r->len),
        .gets = r->gets,
        .puts = r->puts,
    };
    r->ended = true;
    r->done(r->data, &result, err);
    deadline_close(&r->pause, free_replace);
}

static void fail(struct replace *r, int code, const char *why)
{
    struct error err;
    error_set(&err, code, "%s", why);
    finish(r, NULL, &err);
}

static void remember_version(struct replace *r, struct json object)
{
    struct buf text = BUF_INIT;
    json_decode(json_at(object, "/metadata/resourceVersion"), &text);
    snprintf(r->version_text, sizeof r->version_text, "%s", text.ptr ? text.ptr : "");
    buf_free(&text);
}

/* ---- the answer to the PUT ---- */

static int check_kept(struct replace *r, struct json answer, struct error *err)
{
    struct mpijob_target target = cluster_target(r->context->cluster, r->kind);
    if (!r->whole.len)
        return mpijob_diff_verify(&r->diff, answer, target, err);
    struct json sent;
    int rc = json_parse(buf_str(&r->whole), "the object", &sent, err);
    for (int f = 0; !rc && f < FIELD_COUNT; f++) {
        struct json gave = mpijob_field_value(sent, (enum mpijob_field_id)f, target);
        struct json kept = mpijob_field_value(answer, (enum mpijob_field_id)f, target);
        if (json_exists(gave) && !json_equal(gave, kept))
            rc = error_set(err, ERR_DROPPED,
                           "the server answered 200 and did not keep %s: %.*s was sent, %.*s came back",
                           mpijob_field_name((enum mpijob_field_id)f), (int)gave.text.len, gave.text.ptr,
                           json_exists(kept) ? (int)kept.text.len : 7, json_exists(kept) ? kept.text.ptr : "nothing");
    }
    return rc;
}

static void put_succeeded(struct replace *r, const struct kube_answer *answer)
{
    struct error err;
    char sent[sizeof r->version_text];
    memcpy(sent, r->version_text, sizeof sent);
    remember_version(r, answer->body);
    if (r->whole.len && !r->dry_run && strcmp(sent, r->version_text) == 0) {
        r->verdict.effect = EFFECT_UNCHANGED;
        snprintf(r->verdict.why, sizeof r->verdict.why, "the server had this very object");
    }
    if (check_kept(r, answer->body, &err)) {
        replace_row_end(r, "failed", answer->status, &err);
        finish(r, answer, &err);
        return;
    }
    replace_row_end(r, "done", answer->status, NULL);
    finish(r, answer, NULL);
}

static void pause_over(struct deadline *pause)
{
    struct replace *r = pause->data;
    if (r->cancelled && (!r->lookup || r->abandoned)) /* what became of a PUT is found out all the same */
        fail(r, ERR_CANCELLED, "given up");
    else if (r->tries == 0)
        at_hand(r) ? consider(r) : fetch(r, false);
    else
        fetch(r, r->lookup);
}

static void again(struct replace *r, bool lookup, const struct error *why)
{
    if (++r->tries >= REPLACE_TRIES) {
        struct error err = *why;
        error_prefix(&err, "given up after %d tries", r->tries);
        finish(r, NULL, &err);
        return;
    }
    r->lookup = lookup;
    uint64_t most = (uint64_t)CONFLICT_PAUSE_MS << r->tries;
    deadline_set(&r->pause, lookup ? 0 : (uint64_t)rand() % most);
}

static void put_came(void *data, struct kube_request *request, const struct kube_answer *answer,
                     const struct error *err, bool lost)
{
    (void)request;
    struct replace *r = data;
    r->request = NULL;
    r->puts += answer ? answer->tries : 1;
    if (r->abandoned) {
        fail(r, ERR_CANCELLED, "given up while its PUT was under way; it is looked into at the next start");
    } else if (answer) {
        put_succeeded(r, answer);
    } else if (lost && !r->dry_run) {
        replace_row_end(r, "lost", err->status, err);
        if (r->whole.len)
            finish(r, NULL, err);
        else
            again(r, true, err);
    } else if (err->code == ERR_CONFLICT && !r->whole.len) {
        replace_row_end(r, "failed", err->status, err);
        again(r, false, err);
    } else {
        replace_row_end(r, "failed", err->status, err);
        finish(r, NULL, err);
    }
}

/* ---- the write ---- */

static void put(struct replace *r)
{
    struct kube_query query = {
        .field_manager = "mpijobd",
        .dry_run = r->dry_run ? "All" : NULL,
        .field_validation =
            cluster_target(r->context->cluster, r->kind).controller == CONTROLLER_CCI ? NULL : "Strict"};
    struct str object = r->whole.len ? buf_str(&r->whole) : buf_str(&r->edited);
    struct error err;
    if (kube_replace(cluster_kube(r->context->cluster), cluster_resource(r->context->cluster, r->kind), r->name_space,
                     r->name, object, &query, put_came, r, &r->request, &err)) {
        replace_row_end(r, "failed", 0, &err);
        finish(r, NULL, &err);
    }
}

static void intent_written(void *data, int64_t id, const struct error *err)
{
    struct replace *r = data;
    r->row = id;
    if (err) {
        struct error told = *err;
        error_prefix(&told, "nothing was sent, because the journal cannot be written");
        r->row = 0;
        finish(r, NULL, &told);
    } else if (r->cancelled) {
        struct error told;
        error_set(&told, ERR_CANCELLED, "given up before anything was sent");
        replace_row_end(r, "not-done", 0, &told);
        finish(r, NULL, &told);
    } else {
        put(r);
    }
}

static void write_down(struct replace *r)
{
    if (r->dry_run)
        put(r);
    else if (r->context->store)
        replace_row_begin(r, intent_written);
    else
        put(r);
}

/* Judged and wanted: written unless the run is dry or at its limit. */
static void go_on(struct replace *r)
{
    struct error err;
    if (r->gate && r->gate(r->data, &err)) {
        error_prefix(&err, "not written");
        finish(r, NULL, &err);
    } else if (r->dry_run && !r->server_dry_run) {
        finish(r, NULL, NULL);
    } else {
        write_down(r);
    }
}

static void decide(struct replace *r)
{
    if (r->diff.count == 0) {
        r->verdict.effect = EFFECT_UNCHANGED;
        snprintf(r->verdict.why, sizeof r->verdict.why, "it is so already; nothing was sent");
        finish(r, NULL, NULL);
        return;
    }
    struct error err;
    mpijob_judge(&r->view, &r->diff, clock_now(r->context->clock), &r->verdict);
    if (r->verdict.may_destroy && !r->destructive) {
        bool sure = r->verdict.effect == EFFECT_DESTRUCTIVE;
        error_set(&err, ERR_REFUSED,
                  "refused, because it %s destructive: %s. To do it all the same, allow it by name: destructive = true "
                  "(--destructive)%s",
                  sure ? "is" : "may be", r->verdict.why,
                  sure ? "" : "; to have it judged for your controller, set cluster.controller (--controller)");
        finish(r, NULL, &err);
    } else {
        go_on(r);
    }
}

/* All that is needed to judge the change? A whole object is sent as it is, but where the API lets only some of it be
 * replaced: there it is compared with what is there. */
static bool at_hand(const struct replace *r)
{
    bool some_only = cluster_target(r->context->cluster, r->kind).controller == CONTROLLER_CCI;
    return r->len || (r->whole.len && !some_only);
}

static void consider_whole(struct replace *r)
{
    struct error err;
    struct json root, there;
    int rc = json_parse(buf_str(&r->whole), "the object", &root, &err);
    if (!rc && r->len)
        rc = json_parse(str_n(r->bytes, r->len), r->name, &there, &err);
    if (!rc && r->len)
        rc = mpijob_whole_check(there, root, cluster_target(r->context->cluster, r->kind), &err);
    if (!rc) {
        remember_version(r, root);
        if (r->wanted_version && strcmp(r->wanted_version, r->version_text) != 0)
            rc = error_set(&err, ERR_CONFLICT, "resourceVersion %s was asked for, and the object says \"%s\"",
                           r->wanted_version, r->version_text);
    }
    if (rc) {
        finish(r, NULL, &err);
        return;
    }
    r->verdict.effect = EFFECT_UNKNOWN;
    snprintf(r->verdict.why, sizeof r->verdict.why, "a whole object was sent; its effect is not judged");
    go_on(r);
}

/* The object is at hand: what would change in it? */
static void consider(struct replace *r)
{
    struct error err;
    if (r->whole.len) {
        consider_whole(r);
        return;
    }
    struct json root;
    int rc = json_parse(str_n(r->bytes, r->len), r->name, &root, &err);
    if (!rc)
        rc = mpijob_view(root, cluster_target(r->context->cluster, r->kind), &r->view, &err);
    r->viewed = !rc;
    if (!rc) {
        char earlier[sizeof r->version_text];
        memcpy(earlier, r->version_text, sizeof earlier);
        remember_version(r, root);
        if (r->wanted_version && strcmp(r->wanted_version, r->version_text) != 0)
            rc = error_set(&err, ERR_CONFLICT, "it has changed since: resourceVersion %s was asked for, it is %s now",
                           r->wanted_version, r->version_text);
        else if (r->computed && r->tries && strcmp(earlier, r->version_text) != 0)
            rc = error_set(&err, ERR_CONFLICT, "it was changed by somebody else meanwhile");
    }
    if (!rc) {
        mpijob_diff_free(&r->diff);
        buf_reset(&r->edited);
        rc = mpijob_changes_apply(&r->changes, &r->view, &r->edited, &r->diff, &err);
    }
    if (rc) {
        finish(r, NULL, &err);
    } else {
        decide(r);
    }
}

/* ---- the read ---- */

/* After a lost answer: was it done all the same? */
static bool found_done(struct replace *r, struct json fresh)
{
    struct json uid = json_at(fresh, "/metadata/uid");
    return json_string_is(uid, r->view.uid) && mpijob_diff_done(&r->diff, fresh);
}

static void got(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                bool lost)
{
    (void)lost;
    struct replace *r = data;
    bool lookup = r->lookup;
    r->request = NULL;
    r->gets++;
    if (err) {
        struct error told = *err;
        if (lookup)
            error_prefix(&told, "the answer to a PUT was lost, and looking for its outcome failed");
        finish(r, NULL, &told);
        return;
    }
    if (lookup && found_done(r, answer->body)) {
        remember_version(r, answer->body);
        replace_row_found(r);
        finish(r, answer, NULL);
        return;
    }
    if (r->cancelled) {
        fail(r, ERR_CANCELLED, "given up");
        return;
    }
    free(r->bytes);
    r->bytes = kube_answer_take(request, &r->len);
    if (!r->bytes) {
        fail(r, ERR_NOMEM, "out of memory");
        return;
    }
    consider(r);
}

static void fetch(struct replace *r, bool lookup)
{
    struct error err;
    r->lookup = lookup;
    if (kube_get(cluster_kube(r->context->cluster), cluster_resource(r->context->cluster, r->kind), r->name_space,
                 r->name, got, r, &r->request, &err))
        finish(r, NULL, &err);
}

/* ---- from outside ---- */

static int copy_in(struct replace *r, struct replace_call *call, struct error *err)
{
    r->name_space = str_dup(str_of(call->name_space));
    r->name = str_dup(str_of(call->name));
    r->policy = str_dup(str_of(call->policy ? call->policy : ""));
    if (call->resource_version)
        r->wanted_version = str_dup(str_of(call->resource_version));
    if (call->object.len) {
        r->bytes = str_dup(call->object);
        r->len = call->object.len;
    }
    buf_add_str(&r->whole, call->whole);
    if (!r->name_space || !r->name || !r->policy || (call->resource_version && !r->wanted_version) ||
        (call->object.len && !r->bytes) || r->whole.failed)
        return error_nomem(err);
    return 0;
}

int replace_start(const struct replace_context *context, struct replace_call *call, struct replace **replace,
                  struct error *err)
{
    struct replace *r = calloc(1, sizeof *r);
    if (!r)
        return error_nomem(err);
    r->context = context;
    r->kind = call->kind;
    r->computed = call->computed;
    r->dry_run = call->dry_run;
    r->server_dry_run = call->server_dry_run;
    r->destructive = call->destructive;
    r->gate = call->gate;
    r->run = call->run;
    r->done = call->done;
    r->data = call->data;
    r->pause.data = r;
    if (copy_in(r, call, err)) {
        free_replace(&r->pause);
        return ERR_NOMEM;
    }
    if (call->changes) {
        r->changes = *call->changes;
        *call->changes = (struct mpijob_changes){0};
    }
    deadline_init(context->loop, &r->pause, pause_over, r);
    deadline_set(&r->pause, 0); /* done is never called from within this function */
    *replace = r;
    return 0;
}

void replace_cancel(struct replace *r)
{
    if (r->ended)
        return;
    r->cancelled = true;
    if (r->request && !r->row)
        kube_cancel(r->request);
    else if (!r->request && uv_is_active((uv_handle_t *)&r->pause.timer))
        deadline_set(&r->pause, 0);
}

void replace_abandon(struct replace *r)
{
    if (r->ended)
        return;
    r->abandoned = true;
    replace_cancel(r);
    if (r->request && r->row)
        kube_cancel(r->request);
}
