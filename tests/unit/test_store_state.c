/* SPDX-License-Identifier: Apache-2.0 */
/* What every form of the state keeps, held against the one in SQLite, the one that replicas share, and one in memory:
 * marks, what was handled, and both together with the journal's rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared_help.h"
#include "state_memory.h"
#include "store_help.h"

/* ---- a form, with its journal ---- */

struct form {
    struct place *place;
    struct store *store;
    struct journal *journal;
    struct state *state;
    struct memory_tables tables;
    bool in_memory;
    struct shared_world world;
    struct replica replica; /* shared NULL: it is another form */
};

static struct form *form_new(void)
{
    struct form *f = calloc(1, sizeof *f);
    void *place;
    assert_non_null(f);
    assert_int_equal(place_setup(&place), 0);
    f->place = place;
    f->store = open_store(f->place);
    f->journal = store_journal(f->store);
    return f;
}

static int sqlite_setup(void **state)
{
    struct form *f = form_new();
    f->state = store_state(f->store);
    *state = f;
    return 0;
}

static int memory_setup(void **state)
{
    struct form *f = form_new();
    f->in_memory = true;
    f->state = memory_state_open(&f->place->loop, &f->tables, f->journal);
    *state = f;
    return 0;
}

static int shared_setup(void **state)
{
    struct form *f = calloc(1, sizeof *f);
    void *place;
    assert_non_null(f);
    assert_int_equal(place_setup(&place), 0);
    f->place = place;
    shared_world_open(&f->world, &f->place->loop);
    replica_open(&f->replica, &f->world, f->place, f->place->path);
    assert_int_equal(replica_take(&f->replica), 0);
    f->store = f->replica.store;
    f->journal = store_journal(f->store);
    f->state = shared_state(f->replica.shared);
    *state = f;
    return 0;
}

static int form_teardown(void **state)
{
    struct form *f = *state;
    void *place = f->place;
    if (f->in_memory)
        memory_state_close(f->state);
    if (f->replica.shared) {
        replica_close(&f->replica);
        shared_world_close(&f->world);
    } else {
        close_store(f->place, f->store);
    }
    int rc = place_teardown(&place);
    free(f);
    return rc;
}

/* ---- what the tests ask ---- */

struct rows {
    size_t count;
    char text[8][64]; /* "uid=value/version" */
};

static bool add(void *data, const struct store_handled *h)
{
    struct rows *rows = data;
    assert_in_range(rows->count, 0, 7);
    snprintf(rows->text[rows->count++], sizeof *rows->text, "%s=%s/%s", h->uid, h->value, h->version);
    return true;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* wanted: in the order of uids, with a space after each */
static void expect_rows(struct form *f, const char *key, const char *wanted)
{
    struct rows rows = {0};
    char all[512] = "";
    assert_int_equal(state_read_handled(f->state, key, add, &rows, NULL), 0);
    qsort(rows.text, rows.count, sizeof *rows.text, by_text);
    for (size_t i = 0; i < rows.count; i++) {
        strcat(all, rows.text[i]);
        strcat(all, " ");
    }
    assert_string_equal(all, wanted);
}

static int64_t mark_of(struct form *f, const char *key)
{
    int64_t at = 0;
    bool found;
    assert_int_equal(state_read_mark(f->state, key, &at, &found, NULL), 0);
    return found ? at : -1;
}

static int64_t await_id(struct form *f, struct answer *answer)
{
    await_answer(f->place, answer);
    assert_int_equal(answer->err.code, 0);
    return answer->id;
}

static void sync_form(struct form *f)
{
    struct answer answer = {0};
    state_sync(f->state, on_answer, &answer);
    assert_int_equal(answer.calls, 0); /* never before the function has returned */
    await_id(f, &answer);
}

static int64_t begin_run(struct form *f, const struct store_run *run)
{
    struct answer answer = {0};
    state_run_begin(f->state, run, on_answer, &answer);
    assert_int_equal(answer.calls, 0);
    return await_id(f, &answer);
}

static int64_t intend(struct form *f, const struct store_intent *intent, const struct store_handled *handled)
{
    struct answer answer = {0};
    state_intent(f->state, intent, handled, on_answer, &answer);
    assert_int_equal(answer.calls, 0);
    return await_id(f, &answer);
}

static void end(struct form *f, const struct store_outcome *outcome, const struct store_handled *handled)
{
    struct answer answer = {0};
    state_outcome(f->state, outcome, handled, on_answer, &answer);
    assert_int_equal(answer.calls, 0);
    assert_int_equal(await_id(f, &answer), outcome->id);
}

/* ---- the tests ---- */

static void a_row_a_policy_and_job(void **state)
{
    struct form *f = *state;
    state_set_handled(f->state, &(struct store_handled){"a", "u1", "m", NULL, 5}, NULL, NULL);
    state_set_handled(f->state, &(struct store_handled){"a", "u2", "k", "17", 5}, NULL, NULL);
    state_set_handled(f->state, &(struct store_handled){"b", "u1", "v", "18", 5}, NULL, NULL);
    state_set_handled(f->state, &(struct store_handled){"a", "u2", "kf", "19", 6}, NULL, NULL);
    sync_form(f);
    expect_rows(f, "a", "u1=m/ u2=kf/19 ");
    expect_rows(f, "b", "u1=v/18 ");
    expect_rows(f, "c", "");
    state_set_handled(f->state, &(struct store_handled){.key = "a", .uid = "u1"}, NULL, NULL);
    state_set_handled(f->state, &(struct store_handled){.key = "a", .uid = "never there"}, NULL, NULL);
    sync_form(f);
    expect_rows(f, "a", "u2=kf/19 ");
}

static bool stop_at_once(void *data, const struct store_handled *h)
{
    (void)h;
    ++*(int *)data;
    return false;
}

static void reading_may_stop(void **state)
{
    struct form *f = *state;
    int rows = 0;
    state_set_handled(f->state, &(struct store_handled){"a", "u1", "m", NULL, 5}, NULL, NULL);
    state_set_handled(f->state, &(struct store_handled){"a", "u2", "m", NULL, 5}, NULL, NULL);
    sync_form(f);
    assert_int_equal(state_read_handled(f->state, "a", stop_at_once, &rows, NULL), 0);
    assert_int_equal(rows, 1);
}

static void with_the_intent_and_the_outcome(void **state)
{
    struct form *f = *state;
    struct store_intent change = an_intent(1, "mnist");
    int64_t first = intend(f, &change, &(struct store_handled){"a", "u1", "m", "41", 1000});
    expect_rows(f, "a", "u1=m/41 ");
    end(f, &(struct store_outcome){.id = first, .outcome = "done"},
        &(struct store_handled){"a", "u1", "m", "42", 2000});
    expect_rows(f, "a", "u1=m/42 ");
    end(f, &(struct store_outcome){.id = first, .outcome = "failed"}, &(struct store_handled){.key = "a", .uid = "u1"});
    expect_rows(f, "a", "");
    intend(f, &change, NULL); /* others leave it alone */
    end(f, &(struct store_outcome){.id = first, .outcome = "done"}, NULL);
    expect_rows(f, "a", "");
}

static void marks_follow_the_scheduled_runs(void **state)
{
    struct form *f = *state;
    assert_int_equal(mark_of(f, "a"), -1);
    struct store_run run = a_run("a", "schedule", 100);
    begin_run(f, &run);
    assert_int_equal(mark_of(f, "a"), 100);
    run = a_run("a", "every", 300);
    begin_run(f, &run);
    assert_int_equal(mark_of(f, "a"), 300);
    run = a_run("a", "schedule", 200); /* an older one, made up for later */
    begin_run(f, &run);
    assert_int_equal(mark_of(f, "a"), 300);
    run = a_run("a", "manual", 900);
    begin_run(f, &run);
    assert_int_equal(mark_of(f, "a"), 300);
    run = a_run("a", "schedule", 500);
    run.cluster = "lab";
    assert_int_equal(begin_run(f, &run), 5);
    assert_int_equal(mark_of(f, "a"), 300);
    assert_int_equal(mark_of(f, "a@lab"), 500);
    assert_int_equal(mark_of(f, "b"), -1);
    assert_int_equal(count_runs(f->store, NULL, true), 5);

    state_set_mark(f->state, "a", 50, NULL, NULL);
    sync_form(f);
    assert_int_equal(mark_of(f, "a"), 50);
}

static void a_mark_can_go(void **state)
{
    struct form *f = *state;
    state_set_mark(f->state, "a#added", 7, NULL, NULL);
    sync_form(f);
    assert_int_equal(mark_of(f, "a#added"), 7);
    state_remove_mark(f->state, "a#added", NULL, NULL);
    sync_form(f);
    assert_int_equal(mark_of(f, "a#added"), -1);
}

struct epochs {
    int count;
    int64_t epoch[8];
};

static bool add_epoch(void *data, const struct store_change *change)
{
    struct epochs *epochs = data;
    assert_in_range(epochs->count, 0, 7);
    epochs->epoch[epochs->count++] = change->epoch;
    return true;
}

static void an_intent_carries_the_epoch(void **state)
{
    struct form *f = *state;
    struct store_intent change = an_intent(1, "mnist");
    struct epochs epochs = {0};
    assert_true(state_epoch(f->state) > 0);
    change.epoch = 4711; /* a caller cannot say otherwise */
    intend(f, &change, NULL);
    intend(f, &change, &(struct store_handled){"a", "u1", "m", "41", 1000});
    assert_int_equal(journal_read_changes(f->journal, NULL, add_epoch, &epochs, NULL), 0);
    assert_int_equal(epochs.count, 2);
    assert_int_equal(epochs.epoch[0], state_epoch(f->state));
    assert_int_equal(epochs.epoch[1], state_epoch(f->state));
}

struct order {
    int64_t calls;
    int64_t id;
};

static void in_order(void *data, int64_t id, const struct error *err)
{
    struct order *order = data;
    assert_null(err);
    assert_int_equal(id, order->id);
    order->calls++;
}

static void answers_come_in_order(void **state)
{
    struct form *f = *state;
    struct store_intent change = an_intent(1, "mnist");
    struct order intents[100] = {{0}};
    for (int i = 0; i < 100; i++) {
        intents[i].id = i + 1;
        state_intent(f->state, &change, &(struct store_handled){"a", "u1", "m", "41", 1000}, in_order, &intents[i]);
        state_set_handled(f->state, &(struct store_handled){.key = "a", .uid = "u1"}, NULL, NULL);
    }
    sync_form(f);
    for (int i = 0; i < 100; i++)
        assert_int_equal(intents[i].calls, 1);
    expect_rows(f, "a", "");
}

static void keys_name_the_cluster(void **state)
{
    char key[STATE_KEY_MAX];
    (void)state;
    assert_string_equal(state_key("p", NULL, key), "p");
    assert_string_equal(state_key("p", STORE_CLUSTER_DEFAULT, key), "p");
    assert_string_equal(state_key("p", "lab", key), "p@lab");
}

/* What only one transaction can give: an outcome that fails has not touched the row. */
static void an_outcome_of_nothing_leaves_the_row(void **state)
{
    struct form *f = *state;
    struct store_intent change = an_intent(1, "mnist");
    struct answer answer = {0};
    intend(f, &change, &(struct store_handled){"a", "u1", "m", "41", 1000});
    state_outcome(f->state, &(struct store_outcome){.id = 99, .outcome = "failed"},
                  &(struct store_handled){.key = "a", .uid = "u1"}, on_answer, &answer);
    await_answer(f->place, &answer);
    assert_int_equal(answer.err.code, ERR_NOT_FOUND);
    expect_rows(f, "a", "u1=m/41 ");
}

static void a_reader_has_no_epoch(void **state)
{
    struct form *f = *state;
    struct store *reader;
    int64_t at;
    bool found;
    state_set_mark(f->state, "a", 7, NULL, NULL);
    sync_form(f);
    assert_int_equal(store_open_reader(f->place->path, &reader, NULL), 0);
    assert_int_equal(state_epoch(store_state(reader)), 0);
    assert_int_equal(state_read_mark(store_state(reader), "a", &at, &found, NULL), 0);
    assert_true(found);
    assert_int_equal(at, 7);
    store_close(reader, NULL, NULL);
}

/* The use of it all: two replicas, a journal each, one state. */
static void replicas_share_it(void **state)
{
    struct form *f = *state;
    struct place *p = f->place;
    strcpy(p->path, place_file(p, "other.db"));
    struct form other = {.place = p, .store = open_store(p), .in_memory = true};
    other.journal = store_journal(other.store);
    other.state = memory_state_open(&p->loop, &f->tables, other.journal);
    assert_true(state_epoch(other.state) > state_epoch(f->state));

    struct store_intent change = an_intent(1, "mnist");
    struct store_run run = a_run("a", "schedule", 100);
    intend(f, &change, &(struct store_handled){"a", "u1", "m", "41", 1000});
    begin_run(f, &run);
    intend(&other, &change, &(struct store_handled){"a", "u2", "m", "51", 1000});
    expect_rows(f, "a", "u1=m/41 u2=m/51 ");
    expect_rows(&other, "a", "u1=m/41 u2=m/51 ");
    assert_int_equal(mark_of(&other, "a"), 100);

    struct epochs mine = {0}, theirs = {0};
    assert_int_equal(journal_read_changes(f->journal, NULL, add_epoch, &mine, NULL), 0);
    assert_int_equal(journal_read_changes(other.journal, NULL, add_epoch, &theirs, NULL), 0);
    assert_int_equal(mine.count, 1);
    assert_int_equal(theirs.count, 1);
    assert_int_equal(mine.epoch[0], state_epoch(f->state));
    assert_int_equal(theirs.epoch[0], state_epoch(other.state));
    assert_int_equal(count_runs(other.store, NULL, false), 0);
    memory_state_close(other.state);
    close_store(p, other.store);
}

#define SQLITE(f) cmocka_unit_test_setup_teardown(f, sqlite_setup, form_teardown)
#define MEMORY(f) cmocka_unit_test_setup_teardown(f, memory_setup, form_teardown)
#define SHARED(f) cmocka_unit_test_setup_teardown(f, shared_setup, form_teardown)
#define ALL(f) SQLITE(f), MEMORY(f), SHARED(f)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALL(a_row_a_policy_and_job),
        ALL(reading_may_stop),
        ALL(with_the_intent_and_the_outcome),
        ALL(marks_follow_the_scheduled_runs),
        ALL(a_mark_can_go),
        ALL(an_intent_carries_the_epoch),
        ALL(answers_come_in_order),
        SQLITE(an_outcome_of_nothing_leaves_the_row),
        SQLITE(a_reader_has_no_epoch),
        MEMORY(replicas_share_it),
        cmocka_unit_test(keys_name_the_cluster),
    };
    return cmocka_run_group_tests_name("store_state", tests, NULL, NULL);
}
