/* SPDX-License-Identifier: Apache-2.0 */
/* A request's life: the job is read, then one step follows the other. */
#include "why/gather.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cluster/cluster.h"
#include "mpijob/kind.h"
#include "why/gather_parts.h"

#define READ_MS 5000 /* a person waits for it */

static struct site *site_of(const struct why_request *r)
{
    return r->call.runs->site;
}

/* ---- the end ---- */

static void gone(struct deadline *patience)
{
    struct why_request *r = patience->data;
    struct site *site = r->home->site;
    free(r);
    site_closed(site);
}

static void finish(struct defer *turn)
{
    struct why_request *r = turn->data;
    struct why *why = r->why;
    if (r->cancelled)
        error_set(&r->err, ERR_CANCELLED, "cancelled");
    if (r->err.code) {
        why_free(why);
        free(why);
        why = NULL;
    }
    r->call.done(r->call.data, why, why ? NULL : &r->err);
    runs_part(r->home, &r->guest);
    policy_set_release(r->entry.file->set);
    free(r->object);
    free(r->unread);
    free(r->standby);
    deadline_close(&r->patience, gone);
}

void why_finish(struct why_request *r)
{
    if (!r->err.code && !r->cancelled) {
        why_held(r);
        why_conclude(r->why, r->entry.policy, r->handled_known ? &r->handled : NULL, &r->view);
    }
    r->turn.call = finish;
    defer_call(site_of(r)->soon, &r->turn);
}

/* ---- the job ---- */

static void go_to_shard(struct why_request *r)
{
    struct error elsewhere;
    error_clear(&elsewhere);
    if (!r->call.runs_of)
        return;
    r->call.runs = r->call.runs_of(r->call.runs_data, &r->view, &elsewhere);
    r->call.state = elsewhere.code ? NULL : site_of(r)->state;
    free(r->standby);
    r->standby = elsewhere.code ? str_dup(str_of(elsewhere.message)) : NULL; /* without memory it is only not told */
}

static void describe(struct why_request *r)
{
    struct why *why = r->why;
    const struct policy *p = r->entry.policy;
    struct json root;
    int rc = json_parse(str_n(r->object, r->len), "the job", &root, &r->err);
    if (!rc)
        rc = mpijob_view(root, cluster_target_of(site_of(r)->cluster, policy_kinds_of(&p->kinds, root), root), &r->view,
                         &r->err);
    if (rc) {
        why_finish(r);
        return;
    }
    go_to_shard(r);
    why->policy = why_keep(why, p->name);
    why->file = why_keep(why, p->file);
    why->line = p->line;
    why->cluster = why_keep(why, cluster_name(site_of(r)->cluster));
    why->job = why_printf(why, "%.*s/%.*s", (int)r->view.name_space.len, r->view.name_space.ptr, (int)r->view.name.len,
                          r->view.name.ptr);
    why->uid = why_keep_str(why, r->view.uid);
    why->now = clock_now(site_of(r)->clock);
    why->daemon = r->call.daemon;
    why_tell_conditions(why, p, &r->view);
    why_review(r);
}

#define NAMES_MOST 5000 /* looked at for one that is near */

/* Where a job of that name is, if it is in another namespace. */
static bool add_other(struct why_request *r, const struct job_cache *held)
{
    for (uint32_t slot = 0; slot < cache_slots(held->cache); slot++) {
        if (!cache_holds(held->cache, slot) || !str_is(cache_name(held->cache, slot), r->name))
            continue;
        struct str space = cache_namespace(held->cache, slot);
        error_append(&r->err, "; there is one in \"%.*s\": %.*s/%s", (int)space.len, space.ptr, (int)space.len,
                     space.ptr, r->name);
        return true;
    }
    return false;
}

/* The nearest name among the jobs that are watched, where there are such. */
static void add_near_of(struct why_request *r, const struct mpijob_kind *kind)
{
    const struct job_cache *held = r->call.runs->watches->caches[mpijob_kind_index(kind)];
    if (held && add_other(r, held))
        return;
    char **names = held ? calloc(NAMES_MOST + 1, sizeof *names) : NULL;
    size_t count = 0;
    for (uint32_t slot = 0; names && slot < cache_slots(held->cache) && count < NAMES_MOST; slot++) {
        if (cache_holds(held->cache, slot) && str_is(cache_namespace(held->cache, slot), r->name_space) &&
            (names[count] = str_dup(cache_name(held->cache, slot))))
            count++;
    }
    const char *near = names ? str_nearest(r->name, (const char *const *)names) : NULL;
    if (near)
        error_append(&r->err, "; did you mean \"%s\"?", near);
    while (count)
        free(names[--count]);
    free(names);
}

static void add_near(struct why_request *r)
{
    const struct policy_kinds *kinds = &r->entry.policy->kinds;
    for (size_t i = 0; i < kinds->count; i++) {
        if (!r->call.kind || r->call.kind == kinds->of[i].kind)
            add_near_of(r, kinds->of[i].kind);
    }
}

/* Where the server does not answer a running daemon: as its watch has the job. */
static bool take_last(struct why_request *r, const struct mpijob_kind *kind, const struct error *err)
{
    const struct watches *watches = r->call.runs->watches;
    const struct job_cache *held = watches ? watches->caches[mpijob_kind_index(kind)] : NULL;
    struct buf bytes = BUF_INIT;
    struct mpijob_view view;
    struct error unread;
    uint32_t slot;
    if (!held || held->kind != kind || !cache_find(held->cache, str_of(r->name_space), str_of(r->name), &slot) ||
        cache_view(held->cache, slot, &bytes, &view, &unread)) {
        buf_free(&bytes);
        return false;
    }
    int64_t silence = cache_scope(held->cache, 0).silence_us;
    for (size_t i = 1; i < cache_scopes(held->cache); i++) {
        struct cache_scope scope = cache_scope(held->cache, i);
        silence = scope.name_space && str_is(view.name_space, scope.name_space) ? scope.silence_us : silence;
    }
    why_note(r->why, "how the job is now: %s; this is how it was %" PRId64 " s ago", err->message,
             silence / CLOCK_SECOND);
    r->object = buf_take(&bytes, &r->len);
    r->last = true;
    return r->object != NULL;
}

static bool take_last_of_any(struct why_request *r, const struct error *err)
{
    const struct policy_kinds *kinds = &r->entry.policy->kinds;
    bool silent = err->retryable || err->code == ERR_UNREACHABLE || err->code == ERR_TIMEOUT;
    if (!r->call.daemon || !silent)
        return false;
    for (size_t i = 0; i < kinds->count; i++) {
        if ((!r->call.kind || r->call.kind == kinds->of[i].kind) && take_last(r, kinds->of[i].kind, err))
            return true;
    }
    return false;
}

static void found(struct job_find *find, char *object, size_t len, const struct error *err)
{
    struct why_request *r = find->data;
    r->object = object;
    r->len = len;
    if (err && !r->cancelled && take_last_of_any(r, err))
        err = NULL;
    if (err)
        r->err = *err;
    if (err && find->absent)
        add_near(r);
    if (r->err.code || r->cancelled)
        why_finish(r);
    else
        describe(r);
}

void why_read(struct why_request *r)
{
    r->find = (struct job_find){.cluster = site_of(r)->cluster,
                                .policy = r->entry.policy,
                                .name_space = r->name_space,
                                .name = r->name,
                                .kind = r->call.kind,
                                .timeout_ms = r->call.daemon ? READ_MS : 0,
                                .found = found,
                                .data = r};
    if (job_find_start(&r->find, &r->err))
        why_finish(r);
}

static void begin(struct defer *turn)
{
    struct why_request *r = turn->data;
    if (r->cancelled)
        why_finish(r);
    else if (r->object)
        describe(r);
    else
        why_read(r);
}

/* ---- the start ---- */

void why_cancel(struct why_request *r)
{
    if (r->cancelled)
        return;
    r->cancelled = true;
    if (r->request)
        kube_cancel(r->request);
    job_find_cancel(&r->find);
    why_look_stop(r);
}

static void stop(struct runs_guest *guest)
{
    why_cancel((struct why_request *)((char *)guest - offsetof(struct why_request, guest)));
}

int why_start(const struct why_call *call, struct why_request **out, struct error *err)
{
    struct why_request *r = calloc(1, sizeof *r);
    struct why *why = calloc(1, sizeof *why);
    char *object = call->object.len ? str_dup(call->object) : NULL;
    char *unread = call->unread ? str_dup(str_of(call->unread)) : NULL;
    char *standby = call->standby ? str_dup(str_of(call->standby)) : NULL;
    if (!r || !why || (call->object.len && !object) || (call->unread && !unread) || (call->standby && !standby)) {
        free(r);
        free(why);
        free(object);
        free(unread);
        free(standby);
        return error_nomem(err);
    }
    r->call = *call;
    r->home = call->runs;
    r->call.object = (struct str){0};
    r->entry = *call->entry;
    r->why = why;
    r->object = object;
    r->len = call->object.len;
    r->unread = unread;
    r->standby = standby;
    if (call->paused)
        r->paused = *call->paused;
    snprintf(r->name_space, sizeof r->name_space, "%s", call->name_space ? call->name_space : "");
    snprintf(r->name, sizeof r->name, "%s", call->name ? call->name : "");
    r->guest.stop = stop;
    r->turn = (struct defer){.call = begin, .data = r};
    deadline_init(call->runs->site->loop, &r->patience, why_look_late, r);
    policy_set_hold(r->entry.file->set);
    runs_invite(call->runs, &r->guest);
    site_opened(call->runs->site);
    defer_call(call->runs->site->soon, &r->turn);
    *out = r;
    return 0;
}
