/* A replacement's life: from its start over its tries to its end. */
#include <stdlib.h>

#include "change/replace_parts.h"

#define CONFLICT_PAUSE_MS 20 /* doubled each time, with jitter: another writer is at work on this object */

static void free_replace(struct deadline *pause)
{
    struct replace *r = pause->data;
    free(r->name_space);
    free(r->name);
    free(r->wanted_version);
    free(r->policy);
    free(r->handled_key);
    free(r->handled_value);
    free(r->bytes);
    mpijob_changes_free(&r->changes);
    mpijob_diff_free(&r->diff);
    buf_free(&r->edited);
    buf_free(&r->whole);
    mpijob_launcher_plan_free(&r->launcher.plan);
    for (char **w = r->warnings; w && *w; w++)
        free(*w);
    free(r->warnings);
    free(r->after);
    free(r);
}

void replacing_finish(struct replace *r, const struct kube_answer *answer, const struct error *err)
{
    static const char *const none[] = {NULL};
    struct error told;
    if (!err && replacing_wait_effect(r, answer))
        return;
    if (err) { /* whatever failed, the message begins with the job */
        told = *err;
        error_prefix(&told, "%s/%s", r->name_space, r->name);
        err = &told;
    }
    struct replace_result result = {
        .changed = !err && (r->whole.len ? r->verdict.effect != EFFECT_UNCHANGED
                                         : r->diff.count != 0 || r->launcher.plan.diff.count != 0),
        .dry_run = r->dry_run,
        .effect = r->verdict.effect,
        .why = r->verdict.why,
        .resource_version = r->version_text,
        .warnings = answer        ? answer->warnings
                    : r->warnings ? (const char *const *)r->warnings
                                  : none,
        .diff = &r->diff,
        .row = r->last_row ? r->last_row : r->launcher.row,
        .sign = err ? SIGN_NONE : replacing_sign(r),
        .seen = r->effect.seen,
        .after_ms = r->effect.after_ms,
        .seen_note = r->effect.note,
        .launcher = &r->launcher.plan.diff,
        .before = r->viewed ? &r->view : NULL,
        .object = answer     ? answer->body.text
                  : r->after ? str_n(r->after, r->after_len)
                             : str_n(r->bytes, r->len),
        .gets = r->gets,
        .puts = r->puts,
    };
    r->ended = true;
    r->done(r->data, &result, err);
    deadline_close(&r->pause, free_replace);
}

void replacing_fail(struct replace *r, int code, const char *why)
{
    struct error err;
    error_set(&err, code, "%s", why);
    replacing_finish(r, NULL, &err);
}

static void pause_over(struct deadline *pause)
{
    struct replace *r = pause->data;
    struct error err;
    if (r->effect.over)
        replacing_finish(r, NULL, NULL);
    else if (r->cancelled && (!r->lookup || r->abandoned)) /* what became of a PUT is found out all the same */
        replacing_fail(r, ERR_CANCELLED, "given up");
    else if (r->tries == 0 && cluster_serves(r->site->cluster, r->kind, &err))
        replacing_finish(r, NULL, &err);
    else if (r->tries == 0)
        replacing_at_hand(r) ? replacing_consider(r) : replacing_fetch(r, false);
    else
        replacing_fetch(r, r->lookup);
}

void replacing_again(struct replace *r, bool lookup, const struct error *why)
{
    if (++r->tries >= REPLACE_TRIES) {
        struct error err = *why;
        error_prefix(&err, "given up after %d tries", r->tries);
        replacing_finish(r, NULL, &err);
        return;
    }
    r->lookup = lookup;
    uint64_t most = (uint64_t)CONFLICT_PAUSE_MS << r->tries;
    deadline_set(&r->pause, lookup ? 0 : (uint64_t)rand() % most);
}

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
    if (call->handled_key) {
        r->handled_key = str_dup(str_of(call->handled_key));
        r->handled_value = str_dup(str_of(call->handled_value));
        if (!r->handled_key || !r->handled_value)
            return error_nomem(err);
    }
    buf_add_str(&r->whole, call->whole);
    if (!r->name_space || !r->name || !r->policy || (call->resource_version && !r->wanted_version) ||
        (call->object.len && !r->bytes) || r->whole.failed)
        return error_nomem(err);
    return 0;
}

int replace_start(const struct site *site, struct replace_call *call, struct replace **replace, struct error *err)
{
    struct replace *r = calloc(1, sizeof *r);
    if (!r)
        return error_nomem(err);
    r->site = site;
    r->kind = call->kind;
    r->computed = call->computed;
    r->dry_run = call->dry_run;
    r->server_dry_run = call->server_dry_run;
    r->destructive = call->destructive;
    r->through_launcher = call->through_launcher;
    r->wait_effect_ms = call->wait_effect_ms;
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
    deadline_init(site->loop, &r->pause, pause_over, r);
    deadline_set(&r->pause, 0); /* done is never called from within this function */
    *replace = r;
    return 0;
}

void replace_cancel(struct replace *r)
{
    if (r->ended)
        return;
    r->cancelled = true;
    if (r->wait.waiting) {
        cluster_wait_cancel(r->site->cluster, &r->wait);
        deadline_set(&r->pause, 0);
    } else if (r->effect.watch)
        replace_stop_waiting(r);
    else if (r->launcher.write)
        write_cancel(r->launcher.write);
    else if (r->request && !r->row)
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
    if (r->launcher.write)
        write_abandon(r->launcher.write);
    else if (r->request && r->row)
        kube_cancel(r->request);
}
