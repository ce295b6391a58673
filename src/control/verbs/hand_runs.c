/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that people make by hand, with the changes of one command as its rows: `mpijobd undo` and
 * `mpijobd apply`. Only the user who began a
 * run adds rows to it and ends it. One whose command dies is "interrupted" at the daemon's next start. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/verbs/parts.h"
#include "store/journal.h"
#include "store/state.h"
#include "store/store.h"

#define MESSAGE_MAX 512

struct hand_run {
    struct person person;
    struct verbs *verbs;
    struct control_request *request; /* NULL: the asker has gone away */
    bool ends;                       /* it is the end that is written */
    char cluster[256];
    const char *trigger; /* static */
};

static void asker_gone(void *data, struct control_request *request)
{
    (void)request;
    ((struct hand_run *)data)->request = NULL;
}

static void is_written(void *data, int64_t number, const struct error *err)
{
    struct hand_run *h = data;
    struct verbs *v = h->verbs;
    struct error told;
    struct buf out = BUF_INIT;
    struct json_writer w;
    if (!err && !h->ends && given_out_add(&v->runs, number, h->person.uid)) {
        error_nomem(&told);
        err = &told;
    }
    struct given *given = !err && !h->ends ? given_out_find(&v->runs, number, h->person.uid, false) : NULL;
    if (given) /* an undo is a run, and counts; an apply is a person's who saw what it does */
        given->counts = strncmp(h->trigger, "undo", 4) == 0;
    if (h->request && err) {
        control_fail(h->request, err);
    } else if (h->request) {
        json_writer_init(&w, &out);
        json_write_object(&w);
        write_number(&w, "run", number);
        answer_with(h->request, &w);
    }
    free(h);
    verbs_release(v);
}

static void person_known(struct person *person)
{
    struct hand_run *h = (struct hand_run *)person;
    int64_t now = clock_now(h->verbs->o.clock);
    struct store_run run = {.policy = STORE_BY_HAND,
                            .cluster = h->cluster,
                            .trigger = h->trigger,
                            .scheduled_at = now,
                            .started_at = now,
                            .who = h->person.name,
                            .who_uid = h->person.number};
    state_run_begin(h->verbs->state, &run, is_written, h);
}

/* NULL: the request was answered. */
static struct hand_run *begin(struct verbs *v, struct control_request *r)
{
    struct error err;
    struct hand_run *h = v->state ? calloc(1, sizeof *h) : NULL;
    if (!h) {
        if (v->state)
            error_nomem(&err);
        else
            error_set(&err, ERR_IO, "this daemon has no journal");
        control_fail(r, &err);
        return NULL;
    }
    h->verbs = v;
    h->request = r;
    verbs_hold(v);
    control_wait(r, asker_gone, h);
    return h;
}

static void take_begin(void *data, struct control_request *r, struct json args)
{
    struct error err;
    bool frozen;
    if (verbs_check_freeze(data, json_is_true(json_get(args, "override")), &frozen, &err)) {
        control_fail(r, &err);
        return;
    }
    struct hand_run *h = begin(data, r);
    if (!h)
        return;
    if (!args_text(args, "cluster", h->cluster, sizeof h->cluster))
        snprintf(h->cluster, sizeof h->cluster, "%s", STORE_CLUSTER_DEFAULT);
    char trigger[16];
    const char *said = args_text(args, "trigger", trigger, sizeof trigger);
    h->trigger = store_hand_trigger(said ? said : "", frozen);
    person_look_up(h->verbs->o.loop, &h->person, r, person_known);
}

static int64_t count_of(struct json args, const char *key)
{
    int64_t n = 0;
    return json_int64(json_get(args, key), &n) && n > 0 ? n : 0;
}

static bool is_outcome(const char *text)
{
    static const char *const outcomes[] = {"done", "partial", "failed", "cancelled"};
    for (size_t i = 0; text && i < sizeof outcomes / sizeof *outcomes; i++) {
        if (strcmp(text, outcomes[i]) == 0)
            return true;
    }
    return false;
}

static void take_end(void *data, struct control_request *r, struct json args)
{
    struct verbs *v = data;
    struct error err;
    char outcome[16], message[MESSAGE_MAX];
    int64_t number = count_of(args, "run");
    struct given *given = given_out_find(&v->runs, number, control_request_peer(r).uid, false);
    int rc = 0;
    if (!given)
        rc = error_set(&err, ERR_NOT_FOUND, "there is no run %lld of yours that goes on", (long long)number);
    else if (!is_outcome(args_text(args, "outcome", outcome, sizeof outcome)))
        rc = error_set(&err, ERR_INVALID, "outcome has to be one of done, partial, failed, cancelled");
    if (rc) {
        control_fail(r, &err);
        return;
    }
    struct hand_run *h = begin(v, r);
    if (!h)
        return;
    h->ends = true;
    struct store_run run = {.id = number,
                            .ended_at = clock_now(v->o.clock),
                            .outcome = outcome,
                            .message = args_text(args, "message", message, sizeof message),
                            .changed = count_of(args, "changed"),
                            .unchanged = count_of(args, "unchanged"),
                            .failed = count_of(args, "failed")};
    given_out_remove(&v->runs, given);
    journal_run_end(store_journal(v->o.store), &run, is_written, h);
}

const struct control_verb hand_run_verbs[] = {
    {"run-begin", CONTROL_ACTS, take_begin},
    {"run-end", CONTROL_ACTS, take_end},
    {NULL, CONTROL_READS, NULL},
};
