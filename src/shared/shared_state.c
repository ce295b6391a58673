/* SPDX-License-Identifier: Apache-2.0 */
/* The form of the state: each call becomes lines, before or after its row in the journal (store/state.h says which). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/texts.h"
#include "shared/row_line.h"
#include "shared/shared_parts.h"
#include "store/written.h"

static struct shared *of(struct state *state)
{
    return (struct shared *)state;
}

/* ---- rows alone ---- */

static void set_mark(struct state *state, const char *key, int64_t scheduled_at, store_done done, void *data)
{
    struct shared_op *op = shared_op_new(of(state), OP_ROWS, done, data);
    if (op)
        row_line_mark(&op->lines, key, scheduled_at, false);
    shared_submit(of(state), op);
}

static void remove_mark(struct state *state, const char *key, store_done done, void *data)
{
    struct shared_op *op = shared_op_new(of(state), OP_ROWS, done, data);
    if (op)
        row_line_gone(&op->lines, LINE_MARK, key, NULL);
    shared_submit(of(state), op);
}

static void set_handled(struct state *state, const struct store_handled *row, store_done done, void *data)
{
    struct shared_op *op = shared_op_new(of(state), OP_ROWS, done, data);
    if (op) {
        op->soon = true;
        row_line_handled(&op->lines, row);
    }
    shared_submit(of(state), op);
}

static void sync_state(struct state *state, store_done done, void *data)
{
    shared_submit(of(state), shared_op_new(of(state), OP_SYNC, done, data));
}

/* ---- the journal first ---- */

/* Its row is there, so our key is known. */
static void journalled(void *data, int64_t id, const struct error *err)
{
    struct shared_op *op = data;
    struct shared *s = op->of;
    char number[LINE_NUMBER];
    if (err) {
        shared_op_end(op, err);
        return;
    }
    op->id = op->kind == OP_RUN_END ? op->id : id;
    if (op->alone) {
        struct error nomem;
        bool failed = op->kind == OP_INTENT && shared_taken_add(&s->alone, id, "", &nomem);
        if (failed)
            shared_op_failed(op, &nomem);
        shared_op_end(op, failed ? &nomem : NULL);
        return;
    }
    if (op->value.len && op->kind == OP_INTENT) {
        struct buf whose = BUF_INIT;
        shared_whose(s, id, &whose);
        row_line_key(&op->lines, LINE_INTENDED, or_empty(whose.ptr), NULL);
        buf_add_str(&op->lines, buf_str(&op->value));
        op->lines.failed = op->lines.failed ? op->lines.failed : whose.failed;
        buf_free(&whose);
        if (!s->first_change)
            s->first_change = id;
    } else if (op->value.len) {
        row_line_key(&op->lines, LINE_RUN, row_line_number(op->kind == OP_RUN_END ? op->id : id, number), NULL);
        buf_add_str(&op->lines, buf_str(&op->value));
    }
    if (op->lines.failed || s->phase != SHARED_HERE) {
        struct error away;
        error_set(&away, ERR_CANCELLED, "this replica has given up the state that the replicas share");
        if (op->lines.failed)
            error_nomem(&away);
        const struct error *why = s->phase == SHARED_LOST && !op->lines.failed ? s->trouble : &away;
        shared_op_failed(op, why);
        shared_op_end(op, why);
        return;
    }
    op->stage = OP_READY;
    shared_pump(s);
}

/* Hands it over, and says whether its row in the journal may be begun. */
static bool submit_after(struct shared *s, struct shared_op *op)
{
    if (!op)
        return false;
    shared_submit(s, op);
    if (op->stage == OP_OVER)
        return false;
    op->stage = OP_JOURNAL;
    return true;
}

/* What no policy that acts by itself has begun is for the journal alone where another replica has the state, or nobody:
 * people may ask on a standby, too. What must not be sent there, the lead holds back. */
static bool is_away(const struct shared *s)
{
    return s->phase == SHARED_AWAY || s->phase == SHARED_TAKING;
}

static void run_begin(struct state *state, const struct store_run *run, const char *mark, store_done done, void *data)
{
    struct shared *s = of(state);
    struct shared_op *op = shared_op_new(s, OP_RUN, done, data);
    if (op && mark)
        row_line_mark(&op->lines, mark, run->scheduled_at, true);
    if (op)
        op->alone = !mark && s->phase != SHARED_HERE;
    if (op && mark && !run->dry_run)
        row_line_run_value(&op->value, run, s->replica, false);
    if (submit_after(s, op))
        journal_run_begin(store_journal(s->o.store), run, journalled, op);
}

/* Runs that this one has finished, or that nobody will finish now. */
static void forget_runs(struct shared *s, const struct store_run *run, struct buf *lines)
{
    char key[STATE_KEY_MAX], number[LINE_NUMBER];
    struct shared_runs runs = {.key = state_key(or_empty(run->policy), run->cluster, key),
                               .scheduled_at = run->scheduled_at,
                               .or_before = true};
    if (run->policy && run->scheduled_at)
        rows_each(&s->rows, str_of("[\"r\","), shared_add_run, &runs);
    for (size_t at = 0; at < runs.numbers.len; at += strlen(runs.numbers.ptr + at) + 1)
        row_line_gone(lines, LINE_RUN, runs.numbers.ptr + at, NULL);
    buf_free(&runs.numbers);
    struct buf own = BUF_INIT;
    row_line_key(&own, LINE_RUN, row_line_number(run->id, number), NULL);
    if (!own.failed && rows_find(&s->rows, buf_str(&own)))
        row_line_gone(lines, LINE_RUN, number, NULL);
    buf_free(&own);
}

static void run_end(struct state *state, const struct store_run *run, bool soon, store_done done, void *data)
{
    struct shared *s = of(state);
    const char *outcome = or_empty(run->outcome);
    struct shared_op *op = shared_op_new(s, OP_RUN_END, done, data);
    if (op)
        op->alone = s->phase != SHARED_HERE; /* then another finishes it, if it is one to be finished */
    if (op && !op->alone && strcmp(outcome, "interrupted") != 0) { /* else another run has to finish it */
        forget_runs(s, run, &op->lines);
        if (strcmp(outcome, "waiting") == 0)
            row_line_run_value(&op->value, run, s->replica, true);
    }
    if (op) {
        op->id = run->id;
        op->soon = strcmp(outcome, "waiting") != 0; /* a person is told of it */
    }
    if (!submit_after(s, op))
        return;
    if (soon)
        journal_run_end_soon(store_journal(s->o.store), run, journalled, op);
    else
        journal_run_end(store_journal(s->o.store), run, journalled, op);
}

static void intent(struct state *state, const struct store_intent *intent, const struct store_handled *handled,
                   store_done done, void *data)
{
    struct shared *s = of(state);
    struct shared_op *op = shared_op_new(s, OP_INTENT, done, data);
    if (op)
        op->alone = !handled && is_away(s);
    if (op && handled)
        row_line_handled(&op->lines, handled);
    struct store_intent told = *intent;
    if (intent->server && strcmp(intent->server, kube_server(s->o.kube)) == 0)
        told.server = SHARED_SERVER;
    if (op)
        row_line_intended_value(&op->value, &told, s->replica);
    told = *intent;
    if (op && op->alone)
        told.epoch = 0; /* no other replica will ever see to it: shared_closed.c */
    if (submit_after(s, op))
        journal_intent(store_journal(s->o.store), &told, journalled, op);
}

/* ---- our rows first ---- */

/* What the outcome changes in them: nothing, where another replica has seen to the change already. */
static void outcome_lines(struct shared *s, struct shared_op *op, const struct store_outcome *outcome,
                          const struct store_handled *handled)
{
    struct buf whose = BUF_INIT, key = BUF_INIT;
    shared_whose(s, outcome->id, &whose);
    row_line_key(&key, LINE_INTENDED, or_empty(whose.ptr), NULL);
    const struct shared_row *row = key.failed ? NULL : rows_find(&s->rows, buf_str(&key));
    bool ours = s->first_change && outcome->id >= s->first_change;
    if (handled && (row || ours))
        row_line_handled(&op->lines, handled);
    if (row) {
        struct json change = row_line_read(row).elements[1];
        char uid[64], number[LINE_NUMBER];
        int64_t run = 0;
        struct buf run_key = BUF_INIT;
        json_int64(json_get(change, "run"), &run);
        json_string_at(change, "/uid", uid, sizeof uid);
        row_line_key(&run_key, LINE_RUN, row_line_number(run, number), NULL);
        if (strncmp(or_empty(outcome->outcome), "done", 4) == 0 && *uid && !run_key.failed &&
            rows_find(&s->rows, buf_str(&run_key)))
            row_line_changed(&op->lines, run, uid, outcome->ended_at);
        row_line_gone(&op->lines, LINE_INTENDED, or_empty(whose.ptr), NULL);
        shared_closed_note(s, change, &op->lines);
        buf_free(&run_key);
    }
    if (whose.failed || key.failed)
        op->lines.failed = ERR_NOMEM;
    buf_free(&whose);
    buf_free(&key);
}

static void outcome(struct state *state, const struct store_outcome *outcome, const struct store_handled *handled,
                    store_done done, void *data)
{
    struct shared *s = of(state);
    struct shared_op *op;
    struct shared_taken *alone = NULL;
    HASH_FIND(hh, s->alone, &outcome->id, sizeof outcome->id, alone);
    if (alone) {
        HASH_DEL(s->alone, alone);
        free(alone);
        journal_outcome(store_journal(s->o.store), outcome, done, data);
        return;
    }
    op = shared_op_new(s, OP_OUTCOME, done, data);
    if (op) {
        struct store_outcome *o = &op->outcome;
        *o = *outcome;
        op->soon = true;
        op->id = outcome->id;
        op->texts =
            TEXTS_COPY({&o->outcome, outcome->outcome}, {&o->message, outcome->message}, {&o->effect, outcome->effect},
                       {&o->why, outcome->why}, {&o->resource_version_after, outcome->resource_version_after},
                       {&o->name, outcome->name}, {&o->uid, outcome->uid});
        if (!op->texts)
            op->lines.failed = ERR_NOMEM;
        if (outcome->outcome)
            outcome_lines(s, op, outcome, handled);
    }
    shared_submit(s, op);
}

static void observed(struct state *state, const struct store_observation *observation, store_done done, void *data)
{
    journal_observed(store_journal(of(state)->o.store), observation, done, data);
}

const struct state_ops shared_state_ops = {
    .read_mark = shared_read_mark,
    .read_handled = shared_read_handled,
    .read_changed = shared_read_changed,
    .run_is_open = shared_run_is_open,
    .change_is_open = shared_change_is_open,
    .set_mark = set_mark,
    .remove_mark = remove_mark,
    .set_handled = set_handled,
    .keep = shared_keep,
    .read_kept = shared_read_kept,
    .sync = sync_state,
    .run_begin = run_begin,
    .run_end = run_end,
    .intent = intent,
    .outcome = outcome,
    .observed = observed,
};

/* ---- when the rows are written, or cannot be ---- */

static void last_written(void *data, int64_t id, const struct error *err)
{
    (void)id;
    shared_op_end(data, err);
}

void shared_op_written(struct shared_op *op)
{
    if (op->kept.space)
        store_tell_kept(op->of->o.store, &op->kept);
    if (op->kind != OP_OUTCOME) {
        shared_op_end(op, NULL);
        return;
    }
    op->stage = OP_LAST;
    journal_outcome(store_journal(op->of->o.store), &op->outcome, last_written, op);
}

bool shared_op_failed(struct shared_op *op, const struct error *err)
{
    struct journal *journal = store_journal(op->of->o.store);
    struct store_outcome not_done = {
        .id = op->id, .outcome = "not-done", .message = err->message, .ended_at = clock_now(op->of->o.clock)};
    struct store_run failed = {
        .id = op->id, .outcome = "failed", .message = err->message, .ended_at = clock_now(op->of->o.clock)};
    switch (op->kind) {
    case OP_INTENT:
        journal_outcome(journal, &not_done, NULL, NULL);
        return true;
    case OP_RUN:
        journal_run_end(journal, &failed, NULL, NULL);
        return true;
    case OP_RUN_END: /* the journal has its end: nobody has to wait for more */
        if (op->done)
            op->done(op->data, op->id, NULL);
        op->done = NULL;
        return false;
    case OP_OUTCOME:
    case OP_ROWS:
    case OP_SYNC:
        break;
    }
    return op->done != NULL;
}
