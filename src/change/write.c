/* SPDX-License-Identifier: Apache-2.0 */
/* A write between its two entries in the journal, intent and outcome. */
#include "change/write.h"

#include <stdlib.h>

#include "base/failpoint.h"
#include "base/texts.h"
#include "change/late.h"
#include "change/write_parts.h"
#include "store/journal.h"
#include "store/state.h"

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
    buf_free(&w->first);
    if (w->pause.data)
        deadline_close(&w->pause, is_closed);
    else
        free(w);
}

/* ---- the journal ---- */

void write_row_end(struct write *w, const char *outcome, int status, const char *message, struct json object)
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
    if (done)
        late_settled(w->site->late, w->handled_key, w->uid);
}

void write_finish(struct write *w, const struct kube_answer *answer, const struct error *err)
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

void write_fail(struct write *w, const char *outcome, const struct error *err)
{
    write_row_end(w, outcome, err->status, err->message, (struct json){0});
    write_finish(w, NULL, err);
}

/* The row stays in flight. */
void write_given_up(struct write *w)
{
    struct error err;
    w->unknown = true;
    error_set(&err, ERR_CANCELLED, "given up while its %s was under way; the next start looks it up",
              write_verb_name(w->verb));
    write_finish(w, NULL, &err);
}

/* ---- the request ---- */

bool write_is_refused(const struct error *err)
{
    bool later = err->status == 401 || err->status == 408 || err->code == ERR_CONFLICT || err->status == 429;
    return err->code == ERR_INVALID || (err->status >= 400 && err->status < 500 && !later);
}

static void fail_step(struct write *w, const struct error *err)
{
    struct error told = *err;
    if (!w->begun || w->first.len) {
        write_fail(w, err->code == ERR_CANCELLED && !w->begun ? "not-done" : "failed", &told);
    } else if (err->code == ERR_CANCELLED) { /* another has to do the rest: who leads now, or the next start */
        write_given_up(w);
    } else if (!write_is_refused(err)) {
        write_rest_later(w, err);
    } else {
        error_prefix(&told, "the first of two writes was made, which removes a value, and the second was not");
        write_fail(w, "failed", &told);
    }
}

/* The first of two was done; a write that was cancelled meanwhile is made whole all the same. */
static void go_on(struct write *w, const struct kube_answer *answer)
{
    struct error err;
    buf_free(&w->first);
    w->begun = true;
    FAILPOINT("write-half");
    if (w->second(w->data, answer->body, &w->body, &err) || write_send(w, &err))
        fail_step(w, &err);
}

static void came(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                 bool lost)
{
    (void)request;
    struct write *w = data;
    struct error bad;
    w->request = NULL;
    FAILPOINT("write-answered");
    if (w->abandoned) {
        write_given_up(w);
    } else if (answer && w->first.len) {
        go_on(w, answer);
    } else if (answer && w->check && w->check(w->data, answer->body, &bad)) {
        if (bad.code == ERR_NOMEM) /* our memory: what the server has said holds all the same */
            error_prefix(&bad, "it was written, and not compared with what was sent");
        write_row_end(w, bad.code == ERR_NOMEM ? "done" : "failed", answer->status, bad.message, answer->body);
        write_finish(w, answer, &bad);
    } else if (answer) {
        write_row_end(w, "done", answer->status, NULL, answer->body);
        write_finish(w, answer, NULL);
    } else if (lost && !w->dry_run) {
        write_look(w, err);
    } else if (!write_look_made(w, err)) {
        fail_step(w, err);
    }
}

int write_send(struct write *w, struct error *err)
{
    struct kube_query query = {.field_manager = w->verb == WRITE_DELETE ? NULL : "mpijobd",
                               .dry_run = w->dry_run ? "All" : NULL,
                               .field_validation = w->strict && w->verb != WRITE_DELETE ? "Strict" : NULL};
    struct kube_call call = {.resource = &w->resource,
                             .name_space = w->name_space,
                             .name = w->name,
                             .query = &query,
                             .body = buf_str(w->first.len ? &w->first : &w->body),
                             .seat = {w->policy, w->rank},
                             .run = w->run,
                             .traceparent = w->trace.text,
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
    if (write_send(w, &err))
        write_fail(w, err.code == ERR_CANCELLED ? "not-done" : "failed", &err);
    FAILPOINT("write-sent");
}

static void intent_written(void *data, int64_t id, const struct error *err)
{
    struct write *w = data;
    struct error told;
    if (err) {
        told = *err;
        error_prefix(&told, "nothing was sent, because the journal cannot be written");
        write_finish(w, NULL, &told);
        return;
    }
    w->row = id;
    if (w->cancelled) {
        error_set(&told, ERR_CANCELLED, "cancelled before anything was sent");
        write_fail(w, "not-done", &told);
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
        write_finish(w, NULL, &err);
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
        .traceparent = w->trace.text,
        .frees = w->frees,
    };
    struct store_handled handled = {w->handled_key, w->uid, w->handled_value, w->resource_version, w->intended_at};
    state_intent(w->site->state, &intent, w->handled_key ? &handled : NULL, intent_written, w);
}

/* ---- life ---- */

static bool copy_in(struct write *w, const struct write_call *call)
{
    w->texts = TEXTS_COPY(
        {&w->resource.group, or_empty(call->resource.group)}, {&w->resource.version, or_empty(call->resource.version)},
        {&w->resource.plural, or_empty(call->resource.plural)}, {&w->name_space, call->name_space},
        {&w->name, or_empty(call->name)}, {&w->uid, or_empty(call->uid)},
        {&w->resource_version, or_empty(call->resource_version)}, {&w->policy, or_empty(call->policy)},
        {&w->frees, call->frees}, {&w->handled_key, call->handled_key},
        {&w->handled_value, call->handled_key ? or_empty(call->handled_value) : NULL});
    buf_add_str(&w->body, call->body);
    buf_add_str(&w->diff, call->diff);
    buf_add_str(&w->first, call->first);
    return w->texts && !w->body.failed && !w->diff.failed && !w->first.failed;
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
        .made_before = call->made_before,
        .rank = call->rank,
        .run = call->run,
        .check = call->check,
        .second = call->second,
        .done = call->done,
        .data = call->data,
    };
    trace_step(call->trace ? call->trace : &w->trace, &w->trace);
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
