/* SPDX-License-Identifier: Apache-2.0 */
/* Looks up the rows in flight one after the other. */
#include "recovery/recovery.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grown.h"
#include "base/texts.h"
#include "change/late.h"
#include "change/write.h"
#include "cluster/cluster.h"
#include "loop/defer.h"
#include "loop/work.h"
#include "recovery/interrupted.h"
#include "site/site.h"
#include "store/journal.h"
#include "store/state.h"
#include "trigger/event_handled.h"

struct in_flight {
    int64_t id, run;
    int64_t intended_at, epoch;
    char *texts; /* the block that holds the next ones */
    const char *server, *version, *resource, *name_space, *name, *uid, *resource_version, *diff, *verb, *policy;
    char key[STATE_KEY_MAX]; /* of the policy's `handled` rows */
    char *handled;           /* the value of the job's; NULL: it has none */
    bool handled_since;      /* by a later change, whatever became of this one */
    bool by_hand;            /* a person's, which no shard's state has */
};

struct recovery {
    struct work work;
    struct recovery_call call;
    struct site *site; /* that of the call */
    struct in_flight *rows;
    size_t count, cap, row;
    struct interrupted runs;
    struct kube_request *request;
    struct defer turn;
    const struct error *error; /* of the reading (error_keep); NULL: it went well */
    size_t elsewhere; /* rows in flight that are left alone, as they were sent to another server than this one */
    char *other;      /* the first of these servers; NULL: no row is, or memory was out */
    bool cancelled, out_of_memory;
    bool reading; /* or writing: its end comes by itself */
};

static void free_recovery(struct recovery *r)
{
    for (size_t i = 0; i < r->count; i++) {
        free(r->rows[i].texts);
        free(r->rows[i].handled);
    }
    free(r->rows);
    interrupted_free(&r->runs);
    free(r->other);
    error_keep(&r->error, NULL);
    free(r);
}

static void finish(struct recovery *r, const struct error *err)
{
    struct recovery_call call = r->call;
    bool cancelled = r->cancelled;
    if (!cancelled)
        call.done(call.data, r->runs.items, r->runs.count, err);
    free_recovery(r);
    call.over(call.data, cancelled);
}

/* It is begun again. */
static void finish_nomem(struct recovery *r)
{
    struct error err;
    error_nomem(&err);
    finish(r, &err);
}

/* ---- what the journal says ---- */

/* Is it for this one to look up? */
static bool mine(const struct recovery *r, int64_t run, const struct recovery_of *of)
{
    const struct shard *shard = &r->site->shard;
    return shard_has_run(shard, run) && (shard->of || r->call.mine(r->call.data, of)); /* of shards there is one */
}

static void see_elsewhere(struct recovery *r, const struct recovery_of *of)
{
    const struct cluster *here = r->site->cluster;
    if (strcmp(of->cluster, cluster_name(here)) != 0 || strcmp(of->server, cluster_server(here)) == 0)
        return;
    if (r->elsewhere++ == 0)
        r->other = str_dup(str_of(of->server));
}

static bool add_row(void *data, const struct store_change *c)
{
    struct recovery *r = data;
    const struct recovery_of of = {c->cluster, or_empty(c->trigger), or_empty(c->server)};
    if (!mine(r, c->run, &of)) {
        see_elsewhere(r, &of);
        return true;
    }
    struct in_flight *rows = grown(r->rows, r->count, &r->cap, sizeof *rows, 16);
    if (!rows) {
        r->out_of_memory = true;
        return false;
    }
    r->rows = rows;
    struct in_flight *row = &r->rows[r->count++];
    *row = (struct in_flight){.id = c->id, .run = c->run, .intended_at = c->intended_at, .epoch = c->epoch};
    row->by_hand = c->who && r->site->shard.of;
    row->texts = TEXTS_COPY({&row->server, or_empty(c->server)}, {&row->version, or_empty(c->version)},
                            {&row->resource, or_empty(c->resource)}, {&row->name_space, or_empty(c->name_space)},
                            {&row->name, or_empty(c->name)}, {&row->uid, or_empty(c->uid)},
                            {&row->resource_version, or_empty(c->resource_version)}, {&row->diff, or_empty(c->diff)},
                            {&row->verb, or_empty(c->verb)}, {&row->policy, or_empty(c->policy)});
    state_key(store_of_apply(c) ? STORE_BY_HAND : c->policy, c->cluster, row->key); /* no policy has handled these */
    r->out_of_memory = !row->texts;
    return !r->out_of_memory;
}

static bool add_run(void *data, const struct store_run *run)
{
    struct recovery *r = data;
    if (!mine(r, run->id, &(struct recovery_of){run->cluster, or_empty(run->trigger), NULL}))
        return true;
    r->out_of_memory = !interrupted_add(&r->runs, run, r->site->state);
    return !r->out_of_memory;
}

/* ---- one row after the other ---- */

static struct write_row row_of(const struct in_flight *row)
{
    return (struct write_row){row->uid, row->resource_version, row->diff, row->intended_at,
                              write_in_steps(row->resource)};
}

/* Has another replica looked it up since? Whatever the object shows, it may be what that one, or a later one, has made
 * of it. */
static bool is_others(const struct recovery *r)
{
    const struct in_flight *row = &r->rows[r->row];
    const struct state_begun change = {row->run, row->epoch, row->intended_at, row->uid};
    return !row->by_hand && !state_change_is_open(r->site->state, &change);
}

/* job_uid: of the job that the policy has not handled if the write was not done. */
static void close_row(struct recovery *r, const char *outcome, const char *message, const char *job_uid)
{
    const struct in_flight *row = &r->rows[r->row];
    struct store_outcome end = {
        .id = row->id,
        .outcome = outcome,
        .message = message,
        .ended_at = clock_now(r->site->clock),
    };
    struct buf before = BUF_INIT; /* what stood there before the intent */
    if (row->handled && strcmp(job_uid, row->uid) == 0)
        event_handled_not_done(row->handled, &before);
    if (buf_result(&before, "what was handled", NULL)) {
        buf_free(&before);
        finish_nomem(r);
        return;
    }
    struct store_handled not_handled = {
        .key = row->key, .uid = job_uid, .value = before.len ? before.ptr : NULL, .at = end.ended_at};
    bool not_done = strcmp(outcome, "not-done") == 0 && !row->handled_since; /* nor is the job handled then */
    struct write_row write = row_of(row);
    if (not_done && row->handled && strcmp(job_uid, row->uid) == 0 && !is_others(r))
        late_note(r->call.late, row->key, write_verb_of(row->verb), &write, row->id);
    char job[520], run[24];
    snprintf(run, sizeof run, "%" PRId64, row->run);
    snprintf(job, sizeof job, "%s/%s", row->name_space, row->name);
    state_outcome(r->site->state, &end, not_done ? &not_handled : NULL, NULL, NULL);
    log_event(r->site->log, LOG_WARN, "a change was in flight when the daemon ended",
              LOG_FIELDS({"policy", *row->policy ? row->policy : NULL}, SITE_LOG_CLUSTER(r->site), {"job", job},
                         {"outcome", outcome}, {"finding", message}, LOG_JSON_FIELD("run", row->run ? run : NULL)));
    buf_free(&before);
    r->row++;
    defer_call(r->site->soon, &r->turn);
}

/* The rest of a change of two writes, of which the daemon before had made the first. */
static void rest_made(void *data, const char *outcome, const char *message, const struct error *err)
{
    struct recovery *r = data;
    r->request = NULL;
    if (r->cancelled || err)
        finish(r, r->cancelled ? NULL : err);
    else if (outcome)
        close_row(r, outcome, message, "");
    else
        defer_call(r->site->soon, &r->turn); /* it is looked up again */
}

/* object is absent where no object has that name. */
static void judge(struct recovery *r, struct json object)
{
    const struct in_flight *row = &r->rows[r->row];
    enum write_verb verb = write_verb_of(row->verb);
    char uid[64];
    struct error err;
    bool sent;
    struct write_place place = {row->resource, row->version, row->name_space, row->name};
    struct write_row known = row_of(row);
    sent = false;
    int rc = is_others(r) ? 0
                          : write_rest_send(cluster_kube(r->site->cluster), &place, &known, object, rest_made, r,
                                            &r->request, &sent, &err);
    if (rc)
        finish(r, &err);
    if (rc || sent)
        return;
    write_job_of(row->resource, row->uid, object, uid);
    enum write_trace trace = write_trace(verb, &known, object);
    if (trace == WRITE_NO_MEMORY)
        finish_nomem(r);
    else if (trace == WRITE_WAS_DONE && is_others(r))
        close_row(r, "lost", "another daemon has looked it up since: its journal says what became of it", "");
    else if (trace == WRITE_WAS_DONE)
        close_row(r, "done-unseen", "the server had made the change; its answer was not seen", "");
    else if (trace == WRITE_UNKNOWN)
        close_row(r, "lost", "the object has changed since it was read; it cannot be told whether by this write", "");
    else
        close_row(r, "not-done", write_not_done_words(row->resource, row->uid, verb, object), uid);
}

static void looked_up(void *data, struct kube_request *request, const struct kube_answer *answer,
                      const struct error *err, bool lost)
{
    (void)request;
    (void)lost;
    struct recovery *r = data;
    r->request = NULL;
    if (r->cancelled)
        finish(r, NULL);
    else if (answer)
        judge(r, answer->body);
    else if (err->no_path)
        close_row(r, "lost", "the version that it was sent through is not served any more, so it cannot be looked up",
                  "");
    else if (err->code == ERR_NOT_FOUND)
        judge(r, (struct json){0});
    else if (err->status == 403 ||
             err->code == ERR_INVALID) /* a job that may not be read must not keep the policies from starting */
        close_row(r, "lost", err->message, "");
    else
        finish(r, err);
}

/* What was found is durable: whoever finishes a run from now on reads it. */
static void found_written(void *data, int64_t id, const struct error *err)
{
    struct recovery *r = data;
    (void)id;
    finish(r, r->cancelled ? NULL : err);
}

static void turn(struct defer *d)
{
    struct recovery *r = d->data;
    struct error err;
    if (r->cancelled || r->out_of_memory) {
        finish_nomem(r);
        return;
    }
    if (r->row == r->count) {
        interrupted_close(&r->runs, r->site, r->call.quarantine);
        interrupted_choose(&r->runs);
        r->reading = true; /* its end comes in any case */
        state_sync(r->site->state, found_written, r);
        return;
    }
    const struct in_flight *row = &r->rows[r->row];
    if (strcmp(row->server, cluster_server(r->site->cluster)) != 0) {
        close_row(r, "lost", "it was sent to another server than the one configured now", "");
        return;
    }
    if (!*row->name) {
        close_row(r, "lost", "the server was to choose its name, so it cannot be looked up", "");
        return;
    }
    char plural[256];
    struct kube_resource resource = write_resource_at(row->resource, row->version, plural);
    struct kube_call call = {.resource = &resource,
                             .name_space = *row->name_space ? row->name_space : NULL,
                             .name = row->name,
                             .done = looked_up,
                             .data = r};
    if (kube_get(cluster_kube(r->site->cluster), &call, &r->request, &err))
        finish(r, &err);
}

struct handled_reading {
    struct recovery *recovery;
    const char *key;
};

static bool add_handled(void *data, const struct store_handled *h)
{
    const struct handled_reading *reading = data;
    struct recovery *r = reading->recovery;
    for (size_t i = 0; i < r->count; i++) {
        struct in_flight *row = &r->rows[i];
        if (row->handled || strcmp(row->key, reading->key) != 0 || strcmp(row->uid, h->uid) != 0)
            continue;
        row->handled = str_dup(str_of(h->value));
        /* With its intent the version that was read was noted. */
        row->handled_since = h->version && *h->version && strcmp(h->version, row->resource_version) != 0;
        r->out_of_memory = r->out_of_memory || !row->handled;
    }
    return true;
}

/* What the policies have handled of the jobs in flight, each policy's rows once. */
static int read_handled(struct recovery *r, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; i < r->count && !rc; i++) {
        struct handled_reading reading = {r, r->rows[i].key};
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++)
            seen = strcmp(r->rows[j].key, reading.key) == 0;
        if (!seen)
            rc = state_read_handled(r->site->state, reading.key, add_handled, &reading, err);
    }
    return rc;
}

/* On another thread. */
static void read_journal(struct work *work)
{
    struct recovery *r = (struct recovery *)work;
    struct store_filter changes = {.in_flight = true, .oldest_first = true, .with_run = true}, runs = {0};
    struct error err;
    int rc = journal_read_changes(r->site->journal, &changes, add_row, r, &err);
    if (!rc && r->out_of_memory)
        rc = error_nomem(&err);
    if (!rc)
        rc = read_handled(r, &err);
    if (!rc)
        rc = journal_read_runs(r->site->journal, &runs, true, add_run, r, &err);
    if (rc)
        error_keep(&r->error, &err);
}

static void tell_elsewhere(const struct recovery *r)
{
    char count[24];
    snprintf(count, sizeof count, "%zu", r->elsewhere);
    log_event(r->site->log, LOG_WARN, "changes of an earlier run stay in flight: they were sent to another server",
              LOG_FIELDS(LOG_JSON_FIELD("changes", count), {"server", r->other},
                         {"cure", "whoever works with this state on that server next looks them up: the daemon, or "
                                  "mpijobd run --once"}));
}

static void journal_read(struct work *work)
{
    struct recovery *r = (struct recovery *)work;
    r->reading = false;
    if (r->elsewhere && !r->cancelled)
        tell_elsewhere(r);
    if (r->error)
        finish(r, r->error);
    else
        turn(&r->turn);
}

int recovery_start(const struct recovery_call *call, struct recovery **out, struct error *err)
{
    struct recovery *r = calloc(1, sizeof *r);
    if (!r)
        return error_nomem(err);
    r->call = *call;
    r->site = call->site;
    r->reading = true;
    r->turn = (struct defer){.call = turn, .data = r};
    work_start(r->site->loop, &r->work, read_journal, journal_read);
    *out = r;
    return 0;
}

void recovery_cancel(struct recovery *r)
{
    if (r->cancelled)
        return;
    r->cancelled = true;
    if (r->reading)
        return;
    if (r->request)
        kube_cancel(r->request);
    else
        defer_call(r->site->soon, &r->turn);
}
