/* SPDX-License-Identifier: Apache-2.0 */
/* The state that replicas share, in the ConfigMaps of mpijob-sim: taken over, fenced, folded, and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/shared_peek.h"
#include "shared_help.h"
#include "store/kept.h"
#include "store/written.h"

struct world {
    struct place *place;
    struct shared_world server;
    struct replica a, b;
};

#define PATIENCE_NS UINT64_C(60000000000)
#define MAPS "/api/v1/namespaces/" SHARED_SPACE "/configmaps"

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    void *place;
    assert_non_null(w);
    assert_int_equal(place_setup(&place), 0);
    w->place = place;
    shared_world_open(&w->server, &w->place->loop);
    replica_open(&w->a, &w->server, w->place, place_file(w->place, "a.db"));
    replica_open(&w->b, &w->server, w->place, place_file(w->place, "b.db"));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    void *place = w->place;
    if (w->a.shared)
        replica_close(&w->a);
    replica_close(&w->b);
    shared_world_close(&w->server);
    int rc = place_teardown(&place);
    free(w);
    return rc;
}

static void handled(struct replica *r, const char *key, const char *uid, const char *value)
{
    state_set_handled(shared_state(r->shared), &(struct store_handled){key, uid, value, "1", 5}, NULL, NULL);
}

static int sync_code(struct replica *r)
{
    struct answer answer = {0};
    state_sync(shared_state(r->shared), on_answer, &answer);
    await_answer(r->place, &answer);
    return answer.err.code;
}

static bool count(void *data, const struct store_handled *row)
{
    (void)row;
    ++*(int *)data;
    return true;
}

static int rows_of(struct replica *r, const char *key)
{
    int n = 0;
    assert_int_equal(state_read_handled(shared_state(r->shared), key, count, &n, NULL), 0);
    return n;
}

static void kill_a(struct world *w)
{
    replica_kill(&w->a);
    w->a.shared = NULL;
}

/* ---- taking over ---- */

static bool one_text(void *data, const struct store_kept *row)
{
    snprintf(data, 64, "%s=%s", row->key, row->value);
    return true;
}

static void see_kept(void *data, const struct store_written *what)
{
    char *told = data;
    if (what->kept)
        snprintf(told + strlen(told), 128 - strlen(told), "%s/%s=%s ", what->kept->space, what->kept->key,
                 what->kept->value);
}

static void another_has_what_one_has_written(void **state)
{
    struct world *w = *state;
    char text[64] = "", told[128] = "";
    bool found;
    int64_t at;
    assert_int_equal(state_read_mark(shared_state(w->a.shared), "p", &at, &found, NULL), ERR_IO);
    assert_int_equal(replica_take(&w->a), 0);
    assert_int_equal(state_epoch(shared_state(w->a.shared)), 1);
    handled(&w->a, "p", "u1", "m");
    handled(&w->a, "p", "u2", "m\n\"\xc3\xa4");
    state_set_mark(shared_state(w->a.shared), "p", 7, NULL, NULL);
    store_keep(w->a.store, &(struct store_kept){"paused", "p", "{\"user\":\"ann\"}", 0}, NULL, NULL);
    store_keep(w->a.store, &(struct store_kept){"outbox", "p", "its own", 0}, NULL, NULL);
    store_watch(w->a.store, see_kept, told);
    assert_int_equal(sync_code(&w->a), 0);
    store_watch(w->a.store, NULL, NULL);
    assert_non_null(strstr(told, "paused/p={\"user\":\"ann\"} "));
    kill_a(w);
    assert_int_equal(replica_take(&w->b), 0);
    assert_int_equal(state_epoch(shared_state(w->b.shared)), 2);
    assert_int_equal(rows_of(&w->b, "p"), 2);
    assert_int_equal(state_read_mark(shared_state(w->b.shared), "p", &at, &found, NULL), 0);
    assert_true(found);
    assert_int_equal(at, 7);
    assert_int_equal(store_read_kept(w->b.store, "paused", one_text, text, NULL), 0);
    assert_string_equal(text, "p={\"user\":\"ann\"}");
    *text = '\0';
    assert_int_equal(store_read_kept(w->b.store, "outbox", one_text, text, NULL), 0);
    assert_string_equal(text, "");
}

static void who_wakes_up_writes_nothing(void **state)
{
    struct world *w = *state;
    struct answer answer = {0};
    struct store_intent change = an_intent(0, "mnist");
    assert_int_equal(replica_take(&w->a), 0);
    handled(&w->a, "p", "u1", "m");
    assert_int_equal(sync_code(&w->a), 0);
    assert_int_equal(replica_take(&w->b), 0);
    assert_true(shared_is_here(w->a.shared)); /* it does not know yet */
    state_intent(shared_state(w->a.shared), &change, &(struct store_handled){"p", "u2", "m", "1", 5}, on_answer,
                 &answer);
    await_answer(w->place, &answer);
    assert_int_equal(answer.err.code, ERR_CONFLICT);
    assert_non_null(strstr(answer.err.message, "another replica (b.db, epoch 2) has taken over the state"));
    assert_int_equal(w->a.lost, 1);
    assert_false(shared_is_here(w->a.shared));
    add_change(w->place, w->a.store, &change); /* behind its outcome in the journal */
    assert_int_equal(count_changes(w->a.store, &(struct store_filter){.in_flight = true}), 1);
    handled(&w->a, "p", "u3", "m");
    assert_int_equal(sync_code(&w->a), ERR_CONFLICT);
    assert_int_equal(rows_of(&w->b, "p"), 1);
    handled(&w->b, "p", "u4", "m");
    assert_int_equal(sync_code(&w->b), 0);
    assert_int_equal(replica_take(&w->a), 0); /* and it may come back */
    assert_int_equal(rows_of(&w->a, "p"), 2);
}

struct seen {
    int count;
    char job[64];
    int64_t id, epoch, run;
};

static bool see_change(void *data, const struct store_change *c)
{
    struct seen *s = data;
    s->count++;
    s->id = c->id;
    s->epoch = c->epoch;
    s->run = c->run;
    snprintf(s->job, sizeof s->job, "%s/%s", c->name_space, c->name);
    return true;
}

static bool see_uid(void *data, const char *uid)
{
    strcat(data, uid);
    strcat(data, " ");
    return true;
}

/* A run by a schedule dies with one change done, and one under way. */
static void what_a_dead_one_left_open(void **state)
{
    struct world *w = *state;
    struct state *a = shared_state(w->a.shared), *b = shared_state(w->b.shared);
    struct store_run run = a_run("p", "schedule", 100);
    struct answer begun = {0}, first = {0}, second = {0};
    struct seen seen = {0};
    char uids[64] = "";
    for (int i = 0; i < 3; i++) /* so that numbers of changes differ */
        add_change(w->place, w->b.store, &(struct store_intent){.policy = "other", .verb = "patch"});
    assert_int_equal(replica_take(&w->a), 0);
    state_run_begin(a, &run, on_answer, &begun);
    await_answer(w->place, &begun);
    struct store_intent one = an_intent(begun.id, "one"), two = an_intent(begun.id, "two");
    one.uid = "uid-1";
    two.uid = "uid-2";
    state_intent(a, &one, &(struct store_handled){"p", "uid-1", "m", "1", 5}, on_answer, &first);
    state_intent(a, &two, &(struct store_handled){"p", "uid-2", "m", "1", 5}, on_answer, &second);
    await_answer(w->place, &second);
    state_outcome(a, &(struct store_outcome){.id = first.id, .outcome = "done", .ended_at = 9}, NULL, NULL, NULL);
    assert_int_equal(sync_code(&w->a), 0);
    kill_a(w);

    assert_int_equal(replica_take(&w->b), 0);
    assert_int_equal(count_runs(w->b.store, NULL, true), 1);
    assert_true(state_run_is_open(b, begun.id));
    assert_int_equal(journal_read_changes(store_journal(w->b.store),
                                          &(struct store_filter){.run = begun.id, .in_flight = true}, see_change, &seen,
                                          NULL),
                     0);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.epoch, 1);
    assert_non_null(strstr(seen.job, "two"));
    assert_int_equal(state_read_changed(b, "p", 100, see_uid, uids, NULL), 0);
    assert_string_equal(uids, "uid-1 ");
    assert_int_equal(rows_of(&w->b, "p"), 2);
    /* the recovery finds that the second was not done */
    state_outcome(b, &(struct store_outcome){.id = seen.id, .outcome = "not-done", .ended_at = 10},
                  &(struct store_handled){.key = "p", .uid = "uid-2"}, NULL, NULL);
    run.id = begun.id;
    run.outcome = "interrupted";
    run.changed = -1;
    state_run_end(b, &run, false, NULL, NULL);
    assert_int_equal(sync_code(&w->b), 0);
    assert_int_equal(rows_of(&w->b, "p"), 1);
    assert_true(state_run_is_open(b, begun.id)); /* until another has finished it */
    struct answer again = {0}, end = {0};
    state_run_begin(b, &run, on_answer, &again);
    await_answer(w->place, &again);
    assert_true(again.id > begun.id);
    run.id = again.id;
    run.outcome = "done";
    run.changed = 1;
    state_run_end(b, &run, false, on_answer, &end);
    await_answer(w->place, &end);
    assert_false(state_run_is_open(b, begun.id));
    assert_false(state_run_is_open(b, again.id));
    *uids = '\0';
    assert_int_equal(state_read_changed(b, "p", 100, see_uid, uids, NULL), 0);
    assert_string_equal(uids, "");
}

/* What its own journal has open, and another has seen to since, touches no row. */
static void an_old_row_touches_nothing(void **state)
{
    struct world *w = *state;
    struct state *a = shared_state(w->a.shared), *b = shared_state(w->b.shared);
    struct answer mine = {0};
    struct seen seen = {0};
    assert_int_equal(replica_take(&w->a), 0);
    struct store_intent change = an_intent(0, "one");
    change.uid = "uid-1";
    state_intent(a, &change, &(struct store_handled){"p", "uid-1", "m", "1", 5}, on_answer, &mine);
    await_answer(w->place, &mine);
    shared_leave(w->a.shared);
    assert_int_equal(replica_take(&w->b), 0);
    assert_int_equal(journal_read_changes(store_journal(w->b.store), &(struct store_filter){.in_flight = true},
                                          see_change, &seen, NULL),
                     0);
    state_outcome(b, &(struct store_outcome){.id = seen.id, .outcome = "done-unseen", .ended_at = 10}, NULL, NULL,
                  NULL);
    assert_int_equal(sync_code(&w->b), 0);
    assert_int_equal(replica_take(&w->a), 0);
    state_outcome(a, &(struct store_outcome){.id = mine.id, .outcome = "not-done", .ended_at = 11},
                  &(struct store_handled){.key = "p", .uid = "uid-1"}, NULL, NULL);
    assert_int_equal(sync_code(&w->a), 0);
    assert_int_equal(rows_of(&w->a, "p"), 1);
}

/* ---- the ConfigMaps ---- */

static void fill(struct replica *r, int from, int count_of)
{
    char uid[64];
    for (int i = from; i < from + count_of; i++) {
        snprintf(uid, sizeof uid, "%08x-%04x-4000-8000-%012x", (unsigned)i * 2654435761U, i & 0xffff,
                 (unsigned)i * 40503U);
        handled(r, "stop-idle-jobs", uid, "m1790000000000000");
    }
    assert_int_equal(sync_code(r), 0);
}

static void many_rows_are_folded(void **state)
{
    struct world *w = *state;
    assert_int_equal(replica_take(&w->a), 0);
    for (int i = 0; i < 20; i++) /* the same rows again and again: the log grows, the base does not */
        fill(&w->a, (i % 4) * 2000, 2000);
    assert_int_equal(rows_of(&w->a, "stop-idle-jobs"), 8000);
    uint64_t until = uv_hrtime() + PATIENCE_NS;
    while (shared_size(w->a.shared).objects > 12 && uv_hrtime() < until)
        fill(&w->a, 0, 1);
    assert_in_range(shared_size(w->a.shared).objects, 2, 12);
    kill_a(w);
    assert_int_equal(replica_take(&w->b), 0);
    assert_int_equal(rows_of(&w->b, "stop-idle-jobs"), 8000);
    struct shared_size size = shared_size(w->b.shared);
    assert_int_equal(size.rows, 8000);
    until = uv_hrtime() + PATIENCE_NS;
    size_t there, known;
    do { /* what is not needed any more goes; a log that is being folded has two forms for a moment */
        fill(&w->b, 0, 1);
        there = shared_count(&w->server);
        known = shared_size(w->b.shared).objects;
    } while (there != known && uv_hrtime() < until);
    assert_int_equal(there, known);
}

static void a_long_text_is_cut(void **state)
{
    struct world *w = *state;
    struct answer answer = {0};
    size_t n = 3 * 1024 * 1024;
    char *text = malloc(n + 1), *got = calloc(1, n + 64);
    unsigned seed = 7;
    assert_non_null(text);
    assert_non_null(got);
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1103515245U + 12345U;
        text[i] = (char)('a' + (seed >> 16) % 26);
    }
    text[n] = '\0';
    assert_int_equal(replica_take(&w->a), 0);
    store_keep(w->a.store, &(struct store_kept){"approval", "5", text, 0}, on_answer, &answer);
    await_answer(w->place, &answer);
    assert_int_equal(answer.err.code, 0);
    assert_in_range(shared_size(w->a.shared).objects, 6, 10);
    kill_a(w);
    assert_int_equal(replica_take(&w->b), 0);
    assert_int_equal(shared_size(w->b.shared).rows, 1);
    assert_in_range(shared_size(w->b.shared).bytes, n, n + 100);
    free(text);
    free(got);
}

/* ---- a look at it by another program ---- */

struct peeked {
    struct answer answer;
    char keys[64];
};

static bool peek_row(void *data, const struct store_kept *row)
{
    struct peeked *seen = data;
    strcat(strcat(seen->keys, row->key), "=");
    strcat(strcat(seen->keys, row->value), " ");
    return true;
}

static void looked(void *data, const struct error *err)
{
    on_answer(&((struct peeked *)data)->answer, 0, err);
}

static int peek(struct world *w, struct peeked *seen)
{
    struct shared_peek call = {.kube = w->server.kube,
                               .name_space = SHARED_SPACE,
                               .name = SHARED_NAME,
                               .space = "paused",
                               .row = peek_row,
                               .done = looked,
                               .data = seen};
    *seen = (struct peeked){0};
    assert_int_equal(shared_peek_start(&call, NULL), 0);
    await_answer(w->place, &seen->answer);
    return seen->answer.err.code;
}

static void keep(struct world *w, const char *key, const char *value)
{
    struct answer answer = {0};
    store_keep(w->a.store, &(struct store_kept){"paused", key, value, 0}, on_answer, &answer);
    await_answer(w->place, &answer);
    assert_int_equal(answer.err.code, 0);
}

/* Rows of the base, of the log and of the head; the state stays whose it is. */
static void a_look_takes_nothing_over(void **state)
{
    struct world *w = *state;
    struct peeked seen;
    assert_int_equal(peek(w, &seen), 0);
    assert_string_equal(seen.keys, "");
    assert_int_equal(replica_take(&w->a), 0);
    keep(w, "first", "1");
    keep(w, "gone", "1");
    for (int i = 0; i < 8; i++) {
        fill(&w->a, (i % 4) * 2000, 2000);
        if (i == 4)
            keep(w, "amid", "2");
    }
    keep(w, "gone", NULL);
    assert_in_range(shared_size(w->a.shared).objects, 3, 100);
    assert_int_equal(peek(w, &seen), 0);
    assert_string_equal(seen.keys, "amid=2 first=1 ");
    keep(w, "last", "3");
    assert_int_equal(peek(w, &seen), 0);
    assert_string_equal(seen.keys, "amid=2 first=1 last=3 ");
    assert_int_equal(w->a.lost, 0);

    free(shared_ask(&w->server, "POST", "/_sim/faults", "status:code=403,method=GET,path=*/configmaps*,count=1").body);
    assert_int_equal(peek(w, &seen), ERR_HTTP);
    assert_non_null(
        strstr(seen.answer.err.message, "the state in ConfigMap " SHARED_SPACE "/" SHARED_NAME " cannot be read"));
    assert_string_equal(seen.keys, "");
}

static void a_look_tells_of_damage(void **state)
{
    struct world *w = *state;
    struct peeked seen;
    assert_int_equal(replica_take(&w->a), 0);
    keep(w, "first", "1");
    for (int i = 0; i < 3; i++)
        fill(&w->a, i * 2000, 2000);
    kill_a(w);
    struct shared_answer list = shared_ask(&w->server, "GET", MAPS, NULL);
    char path[256], *name = strstr(list.body, "\"" SHARED_NAME "-");
    assert_non_null(name);
    name[1 + strcspn(name + 1, "\"")] = '\0';
    snprintf(path, sizeof path, MAPS "/%s", name + 1);
    free(shared_ask(&w->server, "DELETE", path, NULL).body);
    free(list.body);
    assert_int_equal(peek(w, &seen), ERR_INVALID);
    assert_non_null(strstr(seen.answer.err.message, "which belongs to it, is missing"));
    assert_string_equal(seen.keys, "");
}

static void a_lost_answer_is_looked_up(void **state)
{
    struct world *w = *state;
    struct answer answer = {0};
    assert_int_equal(replica_take(&w->a), 0);
    free(shared_ask(&w->server, "POST", "/_sim/faults", "reset-after:method=PUT,path=*/configmaps/*,count=1").body);
    state_set_mark(shared_state(w->a.shared), "p", 7, on_answer, &answer);
    await_answer(w->place, &answer);
    assert_int_equal(answer.err.code, 0); /* a run that is to begin need not fail for a connection */
    handled(&w->a, "p", "u1", "m");
    assert_int_equal(sync_code(&w->a), 0);
    assert_int_equal(w->a.lost, 0);
    kill_a(w);
    bool found = false;
    int64_t at;
    assert_int_equal(replica_take(&w->b), 0);
    assert_int_equal(state_read_mark(shared_state(w->b.shared), "p", &at, &found, NULL), 0);
    assert_true(found);
    assert_int_equal(rows_of(&w->b, "p"), 1);
}

static void what_cannot_be_written_is_answered(void **state)
{
    struct world *w = *state;
    struct answer answer = {0};
    assert_int_equal(replica_take(&w->a), 0);
    free(shared_ask(&w->server, "POST", "/_sim/faults", "status:code=500,method=PUT,path=*/configmaps/*").body);
    state_set_mark(shared_state(w->a.shared), "p", 7, on_answer, &answer);
    await_answer(w->place, &answer);
    assert_int_equal(answer.err.code, ERR_IO); /* as of a journal: no policy is to blame */
    assert_non_null(strstr(answer.err.message, "the state in ConfigMap shared-test/mpijobd-state cannot be written"));
    free(shared_ask(&w->server, "DELETE", "/_sim/faults", "").body);
    handled(&w->a, "p", "u1", "m");
    while (sync_code(&w->a) != 0) { /* the next write comes after a pause */
    }
    kill_a(w);
    bool found = true;
    int64_t at;
    assert_int_equal(replica_take(&w->b), 0);
    assert_int_equal(state_read_mark(shared_state(w->b.shared), "p", &at, &found, NULL), 0);
    assert_false(found); /* as it was answered */
    assert_int_equal(rows_of(&w->b, "p"), 1);
}

static void a_head_that_was_edited_is_put_right(void **state)
{
    struct world *w = *state;
    assert_int_equal(replica_take(&w->a), 0);
    handled(&w->a, "p", "u1", "m");
    assert_int_equal(sync_code(&w->a), 0);
    struct shared_answer a =
        shared_ask(&w->server, "PATCH", MAPS "/mpijobd-state", "{\"metadata\":{\"labels\":{\"by\":\"hand\"}}}");
    assert_int_equal(a.status, 200);
    free(a.body);
    handled(&w->a, "p", "u2", "m");
    assert_int_equal(sync_code(&w->a), 0);
    a = shared_ask(&w->server, "PATCH", MAPS "/mpijobd-state", "{\"data\":{\"head\":\"rubbish\"}}");
    free(a.body);
    handled(&w->a, "p", "u3", "m");
    assert_int_equal(sync_code(&w->a), 0);
    free(shared_ask(&w->server, "DELETE", MAPS "/mpijobd-state", "").body);
    handled(&w->a, "p", "u4", "m");
    assert_int_equal(sync_code(&w->a), 0);
    assert_int_equal(w->a.lost, 0);
    kill_a(w);
    assert_int_equal(replica_take(&w->b), 0);
    assert_int_equal(rows_of(&w->b, "p"), 4);
}

static void expect_refusal(struct replica *r, const char *text)
{
    assert_int_equal(replica_take(r), ERR_INVALID);
    if (!strstr(r->why.message, text))
        fail_msg("\"%s\" lacks \"%s\"", r->why.message, text);
    assert_non_null(strstr(r->why.message, "kubectl delete configmap -n shared-test -l"));
}

static void a_head_without_its_rows_is_no_state(void **state)
{
    struct world *w = *state;
    assert_int_equal(replica_take(&w->a), 0);
    handled(&w->a, "p", "u1", "m");
    assert_int_equal(sync_code(&w->a), 0);
    kill_a(w);
    struct shared_answer a = shared_ask(&w->server, "PATCH", MAPS "/mpijobd-state", "{\"binaryData\":{\"rows\":null}}");
    assert_int_equal(a.status, 200);
    free(a.body);
    expect_refusal(&w->b, "its rows are missing");
}

static void a_head_that_went_while_nothing_was_written_is_there_at_the_end(void **state)
{
    struct world *w = *state;
    assert_int_equal(replica_take(&w->a), 0);
    handled(&w->a, "p", "u1", "m");
    assert_int_equal(sync_code(&w->a), 0);
    free(shared_ask(&w->server, "DELETE", MAPS "/mpijobd-state", "").body);
    replica_close(&w->a);
    w->a.shared = NULL;
    assert_int_equal(replica_take(&w->b), 0);
    assert_int_equal(rows_of(&w->b, "p"), 1);
}

static void what_is_damaged_is_told(void **state)
{
    struct world *w = *state;
    assert_int_equal(replica_take(&w->a), 0);
    fill(&w->a, 0, 4000);
    assert_in_range(shared_size(w->a.shared).objects, 2, 20);
    kill_a(w);
    struct shared_answer head = shared_ask(&w->server, "GET", MAPS "/mpijobd-state", "");
    free(shared_ask(&w->server, "PATCH", MAPS "/mpijobd-state", "{\"binaryData\":{\"rows\":\"bm9uc2Vuc2U=\"}}").body);
    expect_refusal(&w->b, "its rows are not packed as mpijobd packs them");
    free(shared_ask(&w->server, "DELETE", MAPS "/mpijobd-state", "").body);
    expect_refusal(&w->b, "ConfigMap shared-test/mpijobd-state, which belongs to it, is missing");
    /* put back from a copy, which the server takes without its version */
    char *version = strstr(head.body, "\"resourceVersion\"");
    memcpy(version, "\"resourceVersioX\"", 17);
    struct shared_answer back = shared_ask(&w->server, "POST", MAPS, head.body);
    assert_int_equal(back.status, 201);
    free(back.body);
    free(head.body);
    assert_int_equal(replica_take(&w->b), 0);
    assert_int_equal(rows_of(&w->b, "stop-idle-jobs"), 4000);
    shared_leave(w->b.shared);
    free(shared_ask(&w->server, "DELETE", MAPS "/mpijobd-state-1-1", "").body);
    expect_refusal(&w->b, "ConfigMap shared-test/mpijobd-state-1-1, which belongs to it, is missing");
}

static void errors_name_the_cure(void **state)
{
    struct world *w = *state;
    free(shared_ask(&w->server, "DELETE", "/api/v1/namespaces/" SHARED_SPACE, "").body);
    assert_int_equal(replica_take(&w->b), ERR_NOT_FOUND);
    if (!strstr(w->b.why.message, "create the namespace"))
        fail_msg("%s", w->b.why.message);
    free(shared_ask(&w->server, "POST", "/_sim/faults",
                    "forbidden:method=GET,path=*/configmaps/*,count=1,message=configmaps is forbidden")
             .body);
    assert_int_not_equal(replica_take(&w->b), 0);
    if (!strstr(w->b.why.message, "mpijobd rbac"))
        fail_msg("%s", w->b.why.message);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(another_has_what_one_has_written),
        TEST(who_wakes_up_writes_nothing),
        TEST(what_a_dead_one_left_open),
        TEST(an_old_row_touches_nothing),
        TEST(many_rows_are_folded),
        TEST(a_long_text_is_cut),
        TEST(a_look_takes_nothing_over),
        TEST(a_look_tells_of_damage),
        TEST(a_lost_answer_is_looked_up),
        TEST(what_cannot_be_written_is_answered),
        TEST(a_head_without_its_rows_is_no_state),
        TEST(a_head_that_went_while_nothing_was_written_is_there_at_the_end),
        TEST(a_head_that_was_edited_is_put_right),
        TEST(what_is_damaged_is_told),
        TEST(errors_name_the_cure),
    };
    return cmocka_run_group_tests_name("shared", tests, NULL, NULL);
}
