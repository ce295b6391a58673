/* SPDX-License-Identifier: Apache-2.0 */
/* The store's own work on a healthy disk: what is written is read, in order, by whom it should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/parts.h"
#include "store_help.h"

/* What a row must hold: what was intended, by whom, and what became of it (outcome NULL: nothing yet). */
struct wanted {
    int64_t id, epoch;
    struct store_intent intent;
    struct store_outcome outcome;
    int rows;
};

static bool same_change(void *data, const struct store_change *got)
{
    struct wanted *w = data;
    const struct store_intent *want = &w->intent;
    w->rows++;
    assert_int_equal(got->id, w->id);
    assert_int_equal(got->epoch, w->epoch);
    assert_int_equal(got->run, want->run);
    assert_string_equal(got->policy, want->policy);
    assert_string_equal(got->cluster, STORE_CLUSTER_DEFAULT);
    assert_string_equal(got->server, want->server);
    assert_string_equal(got->version, want->version);
    assert_string_equal(got->resource, STORE_RESOURCE_DEFAULT);
    assert_string_equal(got->name_space, want->name_space);
    assert_string_equal(got->name, want->name);
    assert_string_equal(got->uid, want->uid);
    assert_string_equal(got->resource_version, want->resource_version);
    assert_string_equal(got->verb, want->verb);
    assert_string_equal(got->diff, want->diff);
    assert_string_equal(got->effect, w->outcome.effect ? w->outcome.effect : want->effect);
    assert_string_equal(got->why, want->why);
    assert_int_equal(got->intended_at, want->intended_at);
    assert_int_equal(got->ended_at, w->outcome.ended_at);
    assert_int_equal(got->status, w->outcome.status);
    if (w->outcome.outcome) {
        assert_string_equal(got->outcome, w->outcome.outcome);
        assert_string_equal(got->message, w->outcome.message);
        assert_string_equal(got->resource_version_after, w->outcome.resource_version_after);
    } else {
        assert_null(got->outcome);
        assert_null(got->message);
        assert_null(got->resource_version_after);
    }
    return true;
}

static void expect_change(struct store *store, const struct store_filter *filter, struct wanted *wanted)
{
    wanted->rows = 0;
    assert_int_equal(journal_read_changes(store_journal(store), filter, same_change, wanted, NULL), 0);
    assert_int_equal(wanted->rows, 1);
}

static void a_change_goes_its_way(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct wanted change = {.epoch = state_epoch(store_state(store)), .intent = an_intent(7, "mnist")};
    change.id = add_change(p, store, &change.intent);
    assert_int_equal(change.id, 1);
    struct store_filter all = {.in_flight = true};
    expect_change(store, &all, &change);

    struct answer answer = {0};
    change.outcome = (struct store_outcome){.id = change.id,
                                            .ended_at = 2000,
                                            .outcome = "done",
                                            .status = 200,
                                            .message = "as it should",
                                            .effect = "inert", /* why, not given, stays */
                                            .resource_version_after = "4712"};
    state_outcome(store_state(store), &change.outcome, NULL, on_answer, &answer);
    await_answer(p, &answer);
    assert_int_equal(answer.err.code, 0);
    assert_int_equal(count_changes(store, &all), 0);
    expect_change(store, NULL, &change);
    close_store(p, store);

    store = open_store(p); /* and all of it is there the next time */
    expect_change(store, NULL, &change);
    close_store(p, store);
}

struct observed {
    const char *text;
    int64_t at;
};

static bool is_observed(void *data, const struct store_change *got)
{
    const struct observed *want = data;
    assert_int_equal(got->observed_at, want->at);
    if (want->text)
        assert_string_equal(got->observed, want->text);
    else
        assert_null(got->observed);
    return true;
}

static void an_effect_is_looked_for(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct journal *journal = store_journal(store);
    struct store_intent change = an_intent(7, "mnist");
    struct observed seen = {0};
    int64_t id = add_change(p, store, &change);
    assert_int_equal(journal_read_changes(journal, NULL, is_observed, &seen, NULL), 0);
    struct answer answer = {0}, nothing = {0};
    journal_observed(journal, &(struct store_observation){99, "seen", 1}, on_answer, &nothing);
    journal_observed(journal, &(struct store_observation){id, "not-seen", 3000}, on_answer, &answer);
    await_answer(p, &answer);
    assert_int_equal(answer.err.code, 0);
    assert_int_equal(answer.id, id);
    assert_int_equal(nothing.err.code, ERR_NOT_FOUND);
    seen = (struct observed){"not-seen", 3000};
    assert_int_equal(journal_read_changes(journal, NULL, is_observed, &seen, NULL), 0);
    close_store(p, store);
}

static bool same_run(void *data, const struct store_run *got)
{
    const struct store_run *want = data;
    assert_int_equal(got->id, want->id);
    assert_string_equal(got->policy, want->policy);
    assert_string_equal(got->trigger, want->trigger);
    assert_int_equal(got->scheduled_at, want->scheduled_at);
    assert_int_equal(got->started_at, want->started_at);
    assert_int_equal(got->ended_at, want->ended_at);
    assert_int_equal(got->changed, want->changed);
    assert_int_equal(got->unchanged, want->unchanged);
    assert_int_equal(got->failed, want->failed);
    assert_int_equal(got->dry_run, want->dry_run);
    if (want->outcome) {
        assert_string_equal(got->outcome, want->outcome);
        assert_string_equal(got->message, want->message);
    } else {
        assert_null(got->outcome);
        assert_null(got->message);
    }
    return true;
}

static void a_run_goes_its_way(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_run run = a_run("keep-pods", "schedule", INT64_C(1795464000000000));
    run.dry_run = true;
    run.id = add_run(p, store, &run);
    assert_int_equal(count_runs(store, NULL, true), 1);
    assert_int_equal(journal_read_runs(store_journal(store), NULL, false, same_run, &run, NULL), 0);

    run.ended_at = run.started_at + 77;
    run.outcome = "failed";
    run.message = "3 of 45 did not go through";
    run.changed = 40;
    run.unchanged = 2;
    run.failed = 3;
    struct answer answer = {0};
    journal_run_end(store_journal(store), &run, on_answer, &answer);
    await_answer(p, &answer);
    assert_int_equal(answer.err.code, 0);
    assert_int_equal(count_runs(store, NULL, true), 0);
    assert_int_equal(journal_read_runs(store_journal(store), NULL, false, same_run, &run, NULL), 0);
    close_store(p, store);
}

static void an_interrupted_run_is_counted_from_its_changes(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_run run = a_run("keep-pods", "every", 7);
    run.id = add_run(p, store, &run);
    static const char *const outcomes[] = {"done", "done-unseen", "not-done", "lost", "done", NULL};
    struct store_intent c = an_intent(run.id, "x");
    for (size_t i = 0; i < 6; i++) {
        int64_t id = add_change(p, store, &c);
        if (outcomes[i])
            end_change(p, store, id, outcomes[i], 5);
    }
    c.run++;
    end_change(p, store, add_change(p, store, &c), "done", 5); /* another's */
    struct answer answer = {0};
    run.ended_at = 99;
    run.outcome = "interrupted";
    run.message = "killed";
    run.changed = -1;
    journal_run_end(store_journal(store), &run, on_answer, &answer);
    await_answer(p, &answer);
    assert_int_equal(answer.err.code, 0);
    run.changed = 3;
    run.failed = 1;
    assert_int_equal(journal_read_runs(store_journal(store), NULL, false, same_run, &run, NULL), 0);
    close_store(p, store);
}

static int64_t mark_of(struct store *store, const char *policy)
{
    int64_t at = 0;
    bool found;
    assert_int_equal(state_read_mark(store_state(store), policy, &at, &found, NULL), 0);
    return found ? at : -1;
}

static void strings_are_copied_and_may_hold_anything(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_intent change = an_intent(0, "x'); DROP TABLE changes; --");
    size_t big = 3 << 20;
    char *diff = malloc(big + 1);
    assert_non_null(diff);
    memset(diff, 'd', big);
    diff[big] = '\0';
    char why[] = "\xc3\xa4 \xff \x01\n";
    change.diff = diff;
    change.why = why;
    struct answer answer = {0};
    state_intent(store_state(store), &change, NULL, on_answer, &answer);
    diff[0] = 'X';
    why[0] = '?';
    await_answer(p, &answer);
    assert_int_equal(answer.err.code, 0);
    diff[0] = 'd';
    change.why = "\xc3\xa4 \xff \x01\n";
    struct wanted wanted = {.id = answer.id, .epoch = state_epoch(store_state(store)), .intent = change};
    expect_change(store, NULL, &wanted);
    close_store(p, store);
    free(diff);
}

static void empty_structs_are_rows_too(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_intent change = {0};
    struct store_run run = {0};
    assert_int_equal(add_change(p, store, &change), 1);
    assert_int_equal(add_run(p, store, &run), 1);
    state_set_mark(store_state(store), NULL, 1, NULL, NULL);
    close_store(p, store);
}

struct order {
    int64_t next;
};

static void in_order(void *data, int64_t id, const struct error *err)
{
    struct order *order = data;
    assert_null(err);
    assert_int_equal(id, ++order->next);
}

static void answers_come_in_order(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct order order = {0};
    struct store_intent change = an_intent(1, "mnist");
    for (int i = 0; i < 2000; i++) {
        state_intent(store_state(store), &change, NULL, in_order, &order);
        if (i % 100 == 0)
            uv_run(&p->loop, UV_RUN_NOWAIT);
        if (i % 3 == 0)
            state_set_mark(store_state(store), "a", i, NULL, NULL);
    }
    uv_run(&p->loop, UV_RUN_DEFAULT); /* ends when the last answer was given: an idle store does not hold the loop */
    assert_int_equal(order.next, 2000);
    close_store(p, store);
}

static void closing_finishes_what_was_handed_over(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct order order = {0};
    struct store_intent change = an_intent(1, "mnist");
    for (int i = 0; i < 1000; i++)
        state_intent(store_state(store), &change, NULL, in_order, &order);
    close_store(p, store);
    assert_int_equal(order.next, 1000);
    store = open_store(p);
    assert_int_equal(count_changes(store, NULL), 1000);
    close_store(p, store);
}

/* Each answer hands the next one over, from before the closing to the very end. */
struct one_after_another {
    struct store *store;
    struct store_intent change;
    int left, done, cancelled;
    int close_at;
    int closed;
};

static void chain_closed(void *data)
{
    ((struct one_after_another *)data)->closed++;
}

static void chain_next(void *data, int64_t id, const struct error *err)
{
    struct one_after_another *chain = data;
    (void)id;
    assert_int_equal(chain->closed, 0);
    if (err) {
        assert_int_equal(err->code, ERR_CANCELLED);
        chain->cancelled++;
    } else {
        assert_int_equal(chain->cancelled, 0);
        chain->done++;
    }
    if (chain->done + chain->cancelled == chain->close_at)
        store_close(chain->store, chain_closed, chain);
    if (chain->left-- > 0)
        state_intent(store_state(chain->store), &chain->change, NULL, chain_next, chain);
}

static void what_comes_after_the_closing_is_cancelled(void **state)
{
    struct place *p = *state;
    struct one_after_another chain = {
        .store = open_store(p), .change = an_intent(1, "mnist"), .left = 20, .close_at = 5};
    state_intent(store_state(chain.store), &chain.change, NULL, chain_next, &chain);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    assert_int_equal(chain.closed, 1);
    assert_int_equal(chain.done, 5);
    assert_int_equal(chain.cancelled, 16);
}

static void nothing_is_read_after_the_closing(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct error err;
    int64_t at;
    bool found;
    store_close(store, NULL, NULL);
    assert_int_equal(journal_read_changes(store_journal(store), NULL, NULL, NULL, &err), ERR_CANCELLED);
    assert_int_equal(state_read_mark(store_state(store), "a", &at, &found, &err), ERR_CANCELLED);
    uv_run(&p->loop, UV_RUN_DEFAULT);
}

static void what_is_not_there_cannot_end(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct answer before = {0}, lost = {0}, endless = {0}, after = {0};
    struct store_intent change = an_intent(1, "mnist");
    state_intent(store_state(store), &change, NULL, on_answer, &before);
    state_outcome(store_state(store), &(struct store_outcome){.id = 99, .outcome = "done"}, NULL, on_answer, &lost);
    journal_run_end(store_journal(store), &(struct store_run){.id = 1}, on_answer, &endless);
    state_intent(store_state(store), &change, NULL, on_answer, &after);
    await_answer(p, &after);
    assert_int_equal(before.err.code, 0);
    assert_int_equal(lost.err.code, ERR_NOT_FOUND);
    assert_non_null(strstr(lost.err.message, "no change 99"));
    assert_non_null(strstr(lost.err.message, p->path));
    assert_int_equal(endless.err.code, ERR_INVALID);
    assert_int_equal(after.id, 2);
    close_store(p, store);
}

static void a_failure_without_a_callback_is_logged(void **state)
{
    struct place *p = *state;
    struct log log;
    char line[512] = "";
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    log_init(&log, ends[1], NULL);
    struct store *store;
    assert_int_equal(store_open(&p->loop, p->path, &log, &store, NULL), 0);
    state_outcome(store_state(store), &(struct store_outcome){.id = 99, .outcome = "done"}, NULL, NULL, NULL);
    close_store(p, store);
    close(ends[1]);
    assert_true(read(ends[0], line, sizeof line - 1) > 0);
    close(ends[0]);
    assert_non_null(strstr(line, "not written to the journal"));
    assert_non_null(strstr(line, "no change 99"));
}

struct ids {
    int64_t id[8];
    int count, most;
};

static bool take_id(void *data, const struct store_change *change)
{
    struct ids *ids = data;
    ids->id[ids->count++] = change->id;
    return ids->count < ids->most;
}

static bool take_run(void *data, const struct store_run *run)
{
    struct ids *ids = data;
    ids->id[ids->count++] = run->id;
    return ids->count < ids->most;
}

static struct ids changes_of(struct store *store, struct store_filter filter)
{
    struct ids ids = {.most = 8};
    assert_int_equal(journal_read_changes(store_journal(store), &filter, take_id, &ids, NULL), 0);
    return ids;
}

static void filters(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_run r1 = a_run("keep-pods", "manual", 1), r2 = a_run("other", "manual", 2);
    int64_t run1 = add_run(p, store, &r1), run2 = add_run(p, store, &r2);
    struct store_intent c = an_intent(run1, "a");
    add_change(p, store, &c);
    c.name = "b";
    add_change(p, store, &c);
    c.run = run2;
    c.policy = "other";
    c.name_space = "debug";
    add_change(p, store, &c);
    end_change(p, store, 1, "done", 2000);
    end_run(p, store, run1, "done", 2001);

    struct ids ids = changes_of(store, (struct store_filter){0});
    assert_int_equal(ids.count, 3);
    assert_int_equal(ids.id[0], 3);
    assert_int_equal(ids.id[2], 1);
    ids = changes_of(store, (struct store_filter){.oldest_first = true, .limit = 2});
    assert_int_equal(ids.count, 2);
    assert_int_equal(ids.id[0], 1);
    ids = changes_of(store, (struct store_filter){.run = run1});
    assert_int_equal(ids.count, 2);
    ids = changes_of(store, (struct store_filter){.policy = "other"});
    assert_int_equal(ids.count, 1);
    ids = changes_of(store, (struct store_filter){.name = "b", .name_space = "train"});
    assert_int_equal(ids.count, 1);
    assert_int_equal(ids.id[0], 2);
    ids = changes_of(store, (struct store_filter){.name = "b", .in_flight = true, .oldest_first = true});
    assert_int_equal(ids.count, 2);
    ids = changes_of(store, (struct store_filter){.policy = "keep-pods' OR 1"});
    assert_int_equal(ids.count, 0);

    struct ids first = {.most = 1};
    assert_int_equal(journal_read_changes(store_journal(store), NULL, take_id, &first, NULL), 0);
    assert_int_equal(first.count, 1);
    assert_int_equal(count_runs(store, NULL, false), 2);
    assert_int_equal(count_runs(store, NULL, true), 1);
    assert_int_equal(count_runs(store, &(struct store_filter){.name = "a"}, false), 1);
    assert_int_equal(count_runs(store, &(struct store_filter){.name_space = "debug"}, false), 1);
    assert_int_equal(count_runs(store, &(struct store_filter){.in_flight = true}, false), 2);
    struct ids runs = {.most = 8};
    assert_int_equal(journal_read_runs(store_journal(store), &(struct store_filter){.policy = "other"}, false, take_run,
                                       &runs, NULL),
                     0);
    assert_int_equal(runs.count, 1);
    assert_int_equal(runs.id[0], run2);
    close_store(p, store);
}

static void pruning_leaves_what_is_young_or_in_flight(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_run r = a_run("a", "schedule", 1);
    int64_t old = add_run(p, store, &r), waiting = add_run(p, store, &r), young = add_run(p, store, &r);
    add_run(p, store, &r); /* never ended */
    struct store_intent c = an_intent(old, "x");
    for (int i = 0; i < 1200; i++) /* more than two steps */
        state_intent(store_state(store), &c, NULL, NULL, NULL);
    for (int i = 1; i <= 1200; i++)
        state_outcome(store_state(store), &(struct store_outcome){.id = i, .outcome = "done", .ended_at = 1500}, NULL,
                      NULL, NULL);
    c.run = waiting;
    add_change(p, store, &c); /* in flight, 1201 */
    c.run = young;
    end_change(p, store, add_change(p, store, &c), "lost", 9000);
    end_run(p, store, old, "done", 1600);
    end_run(p, store, waiting, "failed", 1600);
    end_run(p, store, young, "done", 9001);

    struct answer answer = {0};
    journal_prune(store_journal(store), 5000, 0, on_answer, &answer);
    await_answer(p, &answer);
    assert_int_equal(answer.err.code, 0);
    assert_int_equal(answer.id, 1201);
    assert_int_equal(count_changes(store, NULL), 2);
    assert_int_equal(count_runs(store, NULL, false), 3);
    assert_int_equal(count_runs(store, &(struct store_filter){.run = old}, false), 0);
    assert_int_equal(count_changes(store, &(struct store_filter){.in_flight = true}), 1);
    assert_int_equal(mark_of(store, "a"), 1);

    /* An id that was given once is not given again. */
    journal_prune(store_journal(store), 10000, 0, NULL, NULL);
    close_store(p, store);
    store = open_store(p);
    c = an_intent(0, "y");
    assert_int_equal(add_change(p, store, &c), 1203);
    close_store(p, store);
}

static void pruning_lets_others_pass_and_ends_with_the_store(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_intent c = an_intent(1, "x");
    for (int i = 1; i <= 5000; i++) {
        state_intent(store_state(store), &c, NULL, NULL, NULL);
        state_outcome(store_state(store), &(struct store_outcome){.id = i, .outcome = "done", .ended_at = 1500}, NULL,
                      NULL, NULL);
    }
    uv_run(&p->loop, UV_RUN_DEFAULT);
    struct answer prune = {0}, intent = {0};
    journal_prune(store_journal(store), 5000, 0, on_answer, &prune);
    state_intent(store_state(store), &c, NULL, on_answer, &intent);
    await_answer(p, &intent);
    close_store(p, store);
    assert_int_equal(prune.calls, 1);
    assert_true(prune.err.code == 0 ? prune.id == 5000 : prune.err.code == ERR_CANCELLED && prune.id <= 5000);
    store = open_store(p);
    assert_int_equal(count_changes(store, NULL), 5001 - prune.id);
    close_store(p, store);
}

static void a_reader_beside_the_daemon(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p), *reader;
    struct error err;
    struct store_intent c = an_intent(1, "x");
    add_change(p, store, &c);
    assert_int_equal(store_open_reader(p->path, &reader, &err), 0);
    assert_int_equal(count_changes(reader, NULL), 1);
    add_change(p, store, &c);
    assert_int_equal(count_changes(reader, NULL), 2);
    close_store(p, store);
    assert_int_equal(count_changes(reader, NULL), 2); /* and after it */
    close_store(p, reader);
    assert_int_equal(store_open_reader(p->path, &reader, &err), 0);
    assert_int_equal(count_changes(reader, NULL), 2);
    store = open_store(p); /* a reader does not hinder it */
    add_change(p, store, &c);
    assert_int_equal(count_changes(reader, NULL), 3);
    close_store(p, reader);
    close_store(p, store);
}

static void memory_keeps_nothing(void **state)
{
    struct place *p = *state;
    for (int i = 0; i < 2; i++) {
        struct store *store;
        assert_int_equal(store_open(&p->loop, ":memory:", NULL, &store, NULL), 0);
        struct store_intent c = an_intent(1, "x");
        assert_int_equal(add_change(p, store, &c), 1);
        assert_int_equal(count_changes(store, NULL), 1);
        struct store_run r = a_run("a", "every", 12);
        add_run(p, store, &r);
        assert_int_equal(mark_of(store, "a"), 12);
        close_store(p, store);
    }
}

static void the_file_is_its_owners_alone(void **state)
{
    struct place *p = *state;
    struct stat is;
    strcpy(p->path, place_file(p, "some/where/state.db"));
    mode_t before = umask(0);
    struct store *store = open_store(p);
    umask(before);
    struct store_intent c = an_intent(1, "x");
    add_change(p, store, &c);
    static const char *const names[] = {"some/where/state.db", "some/where/state.db-wal", "some/where/state.db-shm",
                                        "some/where/state.db.lock"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(stat(place_file(p, names[i]), &is), 0);
        assert_int_equal(is.st_mode & 0777, 0600);
    }
    assert_int_equal(stat(place_file(p, "some/where"), &is), 0);
    assert_int_equal(is.st_mode & 0777, 0700);
    close_store(p, store);
    assert_int_not_equal(stat(place_file(p, names[1]), &is), 0); /* put back into the file at the end */
}

/* A SIGKILL cannot show whether a commit waits for the disk: the page cache survives it. A power cut would. */
static void a_commit_waits_for_the_disk(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    int64_t synchronous = 0;
    assert_int_equal(schema_number(store->writer.db, "PRAGMA synchronous", &synchronous), 0);
    assert_int_equal(synchronous, 2);
    close_store(p, store);
}

static void closing_nothing(void **state)
{
    (void)state;
    store_close(NULL, NULL, NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_change_goes_its_way),
        TEST(an_effect_is_looked_for),
        TEST(a_run_goes_its_way),
        TEST(an_interrupted_run_is_counted_from_its_changes),
        TEST(strings_are_copied_and_may_hold_anything),
        TEST(empty_structs_are_rows_too),
        TEST(answers_come_in_order),
        TEST(closing_finishes_what_was_handed_over),
        TEST(what_comes_after_the_closing_is_cancelled),
        TEST(nothing_is_read_after_the_closing),
        TEST(what_is_not_there_cannot_end),
        TEST(a_failure_without_a_callback_is_logged),
        TEST(filters),
        TEST(pruning_leaves_what_is_young_or_in_flight),
        TEST(pruning_lets_others_pass_and_ends_with_the_store),
        TEST(a_reader_beside_the_daemon),
        TEST(memory_keeps_nothing),
        TEST(the_file_is_its_owners_alone),
        TEST(a_commit_waits_for_the_disk),
        TEST(closing_nothing),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
