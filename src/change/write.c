/* SPDX-License-Identifier: Apache-2.0 */
/* A write between its two entries in the journal, intent and outcome. */
#include "change/write.h"

#include <stdlib.h>

#include "base/failpoint.h"
#include "base/texts.h"
#include "loop/defer.h"
#include "loop/timer.h"
#include "store/journal.h"
#include "store/state.h"

#define LOOK_AGAIN_MS 1000

struct write {
    const struct site *site;
    enum write_verb verb;
    char *texts; /* the block that holds the call's: those of the next lines */
    const char *name_space, *name, *uid, *resource_version, *policy, *handled_key, *handled_value;
    struct kube_resource resource;
    struct buf body, diff;
    const char *content_type;
    const struct mpijob_verdict *verdict;
    bool dry_run, strict, cancelled, abandoned, ended, not_done, unknown;
    enum seat_rank rank;
    int64_t run, row, intended_at;
    struct kube_request *request;
    struct defer turn;
    struct deadline pause;    /* before the object is looked up again; data NULL: it is not open */
    const struct error *lost; /* what became of the answer (error_keep); NULL: nothing yet */
    int (*check)(void *data, struct json answer, struct error *err);
    write_done done;
    void *data;
};

static void is_closed(struct deadline *pause)
{
    free(pause->data);
}

static void release(struct write *w)
{
    free(w->texts);
    error_keep(&w->lost, NULL);
    buf_free(&w->body);
    buf_free(&w->diff);
    if (w->pause.data)
        deadline_close(&w->pause, is_closed);
    else
        free(w);
}

/* ---- the journal ---- */

static void row_end(struct write *w, const char *outcome, int status, const char *message, struct json object)
{
    char version[64], name[256] = "", uid[64] = "";
    if (!w->row)
        return;
    json_string_at(object, "/metadata/resourceVersion", version, sizeof version);
    if (w->verb == WRITE_CREATE) { /* only the server knows its uid, and perhaps its name */
        json_string_at(object, "/metadata/name", name, sizeof name);
        json_string_at(object, "/metadata/uid", uid, sizeof uid);
    }
    struct store_outcome end = {
        .id = w->row,
        .outcome = outcome,
        .status = status,
        .message = message,
        .resource_version_after = *version ? version : NULL,
        .name = *name ? name : NULL,
        .uid = *uid ? uid : NULL,
        .effect = mpijob_effect_name(w->verdict->effect),
        .why = w->verdict->why,
        .ended_at = clock_now(w->site->clock),
    };
    bool done = strcmp(outcome, "done") == 0;
    bool known = strcmp(outcome, "lost") != 0; /* else it is not known whether the job is handled, either */
    struct store_handled handled = {w->handled_key, w->uid, done ? w->handled_value : NULL, end.resource_version_after,
                                    end.ended_at};
    state_outcome(w->site->state, &end, known && w->handled_key ? &handled : NULL, NULL, NULL);
}

static void finish(struct write *w, const struct kube_answer *answer, const struct error *err)
{
    static const char *const none[] = {NULL};
    struct write_result result = {.status = answer ? answer->status : 0,
                                  .object = answer ? answer->body : (struct json){{0}},
                                  .warnings = answer ? answer->warnings : none,
                                  .not_done = w->not_done,
                                  .unknown = w->unknown,
                                  .row = w->row};
    w->ended = true;
    FAILPOINT("write-noted");
    w->done(w->data, &result, err);
    FAILPOINT("write-told");
    release(w);
}

static void fail(struct write *w, const char *outcome, const struct error *err)
{
    row_end(w, outcome, err->status, err->message, (struct json){0});
    finish(w, NULL, err);
}

/* The row stays in flight. */
static void given_up(struct write *w)
{
    struct error err;
    w->unknown = true;
    error_set(&err, ERR_CANCELLED, "given up while its %s was under way; the next start looks it up",
              write_verb_name(w->verb));
    finish(w, NULL, &err);
}

/* ---- a lost answer ---- */

static void pause_over(struct deadline *pause);

/* The object could not be looked up: the row stays in flight, so that the next start does it. */
static void leave_open(struct write *w, const struct error *why)
{
    struct error told = *why;
    w->unknown = true;
    error_prefix(&told,
                 "the answer to a %s was lost, and its outcome could not be looked up; its row in the journal stays in "
                 "flight, and the next start looks it up",
                 write_verb_name(w->verb));
    finish(w, NULL, &told);
}

/* Out of memory: once there is some, it can be looked up. */
static void look_later(struct write *w)
{
    if (!w->pause.data)
        deadline_init(w->site->loop, &w->pause, pause_over, w);
    deadline_set(&w->pause, LOOK_AGAIN_MS);
}

static void looked(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                   bool lost)
{
    (void)request, (void)lost;
    struct write *w = data;
    w->request = NULL;
    if (w->abandoned) {
        given_up(w);
        return;
    }
    if (err && err->code == ERR_NOMEM) {
        look_later(w);
        return;
    }
    if (err && (err->code != ERR_NOT_FOUND || err->no_path)) {
        leave_open(w, err);
        return;
    }
    struct json object = answer ? answer->body : (struct json){{0}};
    struct error told = *w->lost;
    struct write_row row = {w->uid, w->resource_version, w->diff.len ? w->diff.ptr : "", w->intended_at};
    switch (write_trace(w->verb, &row, object)) {
    case WRITE_WAS_DONE:
        row_end(w, "done", 0, "the answer was lost; reading the object showed that it was done", object);
        finish(w, answer, NULL);
        break;
    case WRITE_WAS_NOT_DONE:
        told.retryable = true;
        w->not_done = true;
        fail(w, "not-done", &told);
        break;
    case WRITE_UNKNOWN:
        told.retryable = false;
        w->unknown = true;
        fail(w, "lost", &told);
        break;
    }
}

static void ask(struct write *w)
{
    struct kube_call call = {
        .resource = &w->resource, .name_space = w->name_space, .name = w->name, .done = looked, .data = w};
    call.seat = (struct seat_for){w->policy, w->rank};
    int rc = kube_get(cluster_kube(w->site->cluster), &call, &w->request, NULL);
    if (rc == ERR_NOMEM)
        look_later(w);
    else if (rc)
        leave_open(w, w->lost);
}

static void pause_over(struct deadline *pause)
{
    struct write *w = pause->data;
    if (w->abandoned)
        given_up(w);
    else
        ask(w);
}

static void look(struct write *w, const struct error *why)
{
    error_keep(&w->lost, why);
    if (!*w->name) { /* the server was to choose the name, so the object cannot be looked up */
        struct error told = *why;
        told.retryable = false; /* another try might make a second object */
        w->unknown = true;
        fail(w, "lost", &told);
        return;
    }
    ask(w);
}

/* ---- the request ---- */

static void came(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                 bool lost)
{
    (void)request;
    struct write *w = data;
    struct error bad;
    w->request = NULL;
    FAILPOINT("write-answered");
    if (w->abandoned) {
        given_up(w);
    } else if (answer && w->check && w->check(w->data, answer->body, &bad)) {
        if (bad.code == ERR_NOMEM) /* our memory: what the server has said holds all the same */
            error_prefix(&bad, "it was written, and not compared with what was sent");
        row_end(w, bad.code == ERR_NOMEM ? "done" : "failed", answer->status, bad.message, answer->body);
        finish(w, answer, &bad);
    } else if (answer) {
        row_end(w, "done", answer->status, NULL, answer->body);
        finish(w, answer, NULL);
    } else if (lost && !w->dry_run) {
        look(w, err);
    } else {
        fail(w, err->code == ERR_CANCELLED ? "not-done" : "failed", err);
    }
}

static int send_it(struct write *w, struct error *err)
{
    struct kube_query query = {.field_manager = w->verb == WRITE_DELETE ? NULL : "mpijobd",
                               .dry_run = w->dry_run ? "All" : NULL,
                               .field_validation = w->strict && w->verb != WRITE_DELETE ? "Strict" : NULL};
    struct kube_call call = {.resource = &w->resource,
                             .name_space = w->name_space,
                             .name = w->name,
                             .query = &query,
                             .body = buf_str(&w->body),
                             .seat = {w->policy, w->rank},
                             .done = came,
                             .data = w};
    struct kube *kube = cluster_kube(w->site->cluster);
    switch (w->verb) {
    case WRITE_PATCH:
        call.content_type = w->content_type;
        return kube_patch(kube, &call, &w->request, err);
    case WRITE_REPLACE:
        return kube_replace(kube, &call, &w->request, err);
    case WRITE_CREATE:
        return kube_create(kube, &call, &w->request, err);
    case WRITE_DELETE:
        break;
    }
    return kube_delete(kube, &call, &w->request, err);
}

static void send_now(struct write *w)
{
    struct error err;
    FAILPOINT("write-journalled");
    if (send_it(w, &err))
        fail(w, err.code == ERR_CANCELLED ? "not-done" : "failed", &err);
    FAILPOINT("write-sent");
}

static void intent_written(void *data, int64_t id, const struct error *err)
{
    struct write *w = data;
    struct error told;
    if (err) {
        told = *err;
        error_prefix(&told, "nothing was sent, because the journal cannot be written");
        finish(w, NULL, &told);
        return;
    }
    w->row = id;
    if (w->cancelled) {
        error_set(&told, ERR_CANCELLED, "cancelled before anything was sent");
        fail(w, "not-done", &told);
    } else {
        send_now(w);
    }
}

static void turn_came(struct defer *turn)
{
    struct write *w = turn->data;
    struct error err;
    char resource[WRITE_RESOURCE_MAX];
    if (w->cancelled) {
        error_set(&err, ERR_CANCELLED, "cancelled before anything was sent");
        finish(w, NULL, &err);
        return;
    }
    if (w->dry_run || !w->site->state) {
        send_now(w);
        return;
    }
    FAILPOINT("write-begun");
    w->intended_at = clock_now(w->site->clock);
    struct store_intent intent = {
        .run = w->run,
        .policy = w->policy,
        .cluster = cluster_name(w->site->cluster),
        .server = cluster_server(w->site->cluster),
        .version = w->resource.version,
        .resource = write_resource_name(&w->resource, resource),
        .name_space = w->name_space ? w->name_space : "",
        .name = w->name,
        .uid = w->uid,
        .resource_version = w->resource_version,
        .verb = write_verb_name(w->verb),
        .diff = w->diff.len ? w->diff.ptr : "[]",
        .effect = mpijob_effect_name(w->verdict->effect),
        .why = w->verdict->why,
        .intended_at = w->intended_at,
    };
    struct store_handled handled = {w->handled_key, w->uid, w->handled_value, w->resource_version, w->intended_at};
    state_intent(w->site->state, &intent, w->handled_key ? &handled : NULL, intent_written, w);
}

/* ---- life ---- */

static bool copy_in(struct write *w, const struct write_call *call)
{
    w->texts = TEXTS_COPY({&w->resource.group, or_empty(call->resource.group)},
                          {&w->resource.version, or_empty(call->resource.version)},
                          {&w->resource.plural, or_empty(call->resource.plural)}, {&w->name_space, call->name_space},
                          {&w->name, or_empty(call->name)}, {&w->uid, or_empty(call->uid)},
                          {&w->resource_version, or_empty(call->resource_version)},
                          {&w->policy, or_empty(call->policy)}, {&w->handled_key, call->handled_key},
                          {&w->handled_value, call->handled_key ? or_empty(call->handled_value) : NULL});
    buf_add_str(&w->body, call->body);
    buf_add_str(&w->diff, call->diff);
    return w->texts && !w->body.failed && !w->diff.failed;
}

int write_start(const struct site *site, const struct write_call *call, struct write **out, struct error *err)
{
    struct write *w = calloc(1, sizeof *w);
    if (!w)
        return error_nomem(err);
    *w = (struct write){
        .site = site,
        .verb = call->verb,
        .content_type = call->content_type,
        .verdict = call->verdict,
        .dry_run = call->dry_run,
        .strict = call->strict,
        .rank = call->rank,
        .run = call->run,
        .check = call->check,
        .done = call->done,
        .data = call->data,
    };
    if (!copy_in(w, call)) {
        release(w);
        return error_nomem(err);
    }
    w->turn = (struct defer){.call = turn_came, .data = w};
    defer_call(site->soon, &w->turn); /* done is never called from within this function */
    *out = w;
    return 0;
}

void write_cancel(struct write *w)
{
    w->cancelled = true;
}

void write_abandon(struct write *w)
{
    if (w->ended)
        return;
    w->cancelled = w->abandoned = true;
    if (w->request)
        kube_cancel(w->request);
    else if (w->pause.data)
        deadline_set(&w->pause, 0);
}
