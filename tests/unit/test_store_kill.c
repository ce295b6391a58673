/* SPDX-License-Identifier: Apache-2.0 */
/* The promise itself: what was confirmed is there after a SIGKILL, at whatever moment it comes. A child writes intents
 * and outcomes, eight at a time, and tells each confirmation through a pipe; it is killed after a random number of them
 * (none: while it opens). All rounds use one file. What is handled is there exactly where its intent is, and each life
 * has a higher epoch than those before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_help.h"

#define ROUNDS 40
#define IN_FLIGHT 8
#define ROWS 20000

enum { INTENDED = 1, ENDED = 2 };

struct news {
    int64_t id;
    int64_t what;
};

/* ---- the child ---- */

struct child {
    struct store *store;
    int pipe;
    unsigned intents;
};

static void tell(struct child *child, int64_t id, int64_t what)
{
    struct news news = {id, what};
    if (write(child->pipe, &news, sizeof news) != sizeof news)
        _exit(3);
}

static void intend(struct child *child);

static void on_end(void *data, int64_t id, const struct error *err)
{
    if (err)
        _exit(4);
    tell(data, id, ENDED);
    intend(data);
}

static void on_intent(void *data, int64_t id, const struct error *err)
{
    struct child *child = data;
    if (err)
        _exit(5);
    tell(child, id, INTENDED);
    struct store_outcome end = {.id = id, .outcome = "done", .ended_at = id};
    if (id % 3 == 0)
        intend(child); /* stays in flight */
    else
        state_outcome(store_state(child->store), &end, NULL, on_end, child);
}

static void intend(struct child *child)
{
    struct store_intent change = an_intent(1, "mnist");
    char uid[32];
    snprintf(uid, sizeof uid, "%ld-%u", (long)getpid(), child->intents++); /* another each time */
    change.uid = uid;
    struct store_handled handled = {"p", uid, "m", "4711", 1000};
    state_intent(store_state(child->store), &change, &handled, on_intent, child);
}

static void live_until_killed(const char *path, int out)
{
    uv_loop_t loop;
    struct child child = {.pipe = out};
    if (uv_loop_init(&loop) || store_open(&loop, path, NULL, &child.store, NULL))
        _exit(6);
    for (int i = 0; i < IN_FLIGHT; i++)
        intend(&child);
    uv_run(&loop, UV_RUN_DEFAULT);
    _exit(7);
}

/* ---- the parent ---- */

struct history {
    unsigned char known[ROWS]; /* by id: INTENDED, ENDED */
    unsigned char seen[ROWS];
    char uid[ROWS][32]; /* of the changes that were seen; emptied where it is handled */
    int64_t confirmed;
    int64_t epoch; /* of the row that was seen last */
};

static bool hear(int in, struct history *h)
{
    struct news news;
    ssize_t n = read(in, &news, sizeof news);
    if (n == 0)
        return false;
    assert_int_equal(n, sizeof news);
    assert_in_range(news.id, 1, ROWS - 1);
    assert_int_equal(h->known[news.id] & news.what, 0); /* no id is given twice, in no round */
    h->known[news.id] |= (unsigned char)news.what;
    h->confirmed++;
    return true;
}

static void spin(int turns)
{
    for (volatile int i = 0; i < turns;)
        i = i + 1;
}

static void one_life(const char *path, struct history *h)
{
    int ends[2], status;
    int listen_to = rand() % 5 ? rand() % 120 : 0;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        close(ends[0]);
        live_until_killed(path, ends[1]);
    }
    close(ends[1]);
    for (int i = 0; i < listen_to; i++)
        assert_true(hear(ends[0], h));
    spin(rand() % 3000000);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    while (hear(ends[0], h))
        ;
    close(ends[0]);
}

static bool see(void *data, const struct store_change *change)
{
    struct history *h = data;
    assert_in_range(change->id, 1, ROWS - 1);
    h->seen[change->id] = change->outcome ? INTENDED | ENDED : INTENDED;
    assert_string_equal(change->name, "mnist");
    assert_true(change->epoch > 0 && change->epoch >= h->epoch); /* oldest first: those of one life have one */
    h->epoch = change->epoch;
    snprintf(h->uid[change->id], sizeof h->uid[0], "%s", change->uid);
    return true;
}

/* The row of one change; rows are few enough to look for it. */
static bool see_handled(void *data, const struct store_handled *row)
{
    struct history *h = data;
    int id = 1;
    while (id < ROWS && strcmp(h->uid[id], row->uid) != 0)
        id++;
    assert_in_range(id, 1, ROWS - 1);
    h->uid[id][0] = '\0';
    return true;
}

static bool see_in_flight(void *data, const struct store_change *change)
{
    struct history *h = data;
    assert_int_equal(h->seen[change->id], INTENDED);
    h->seen[change->id] = 0;
    return true;
}

static void compare(struct store *store, struct history *h)
{
    memset(h->seen, 0, sizeof h->seen);
    memset(h->uid, 0, sizeof h->uid);
    h->epoch = 0;
    struct store_filter all = {.oldest_first = true};
    assert_int_equal(journal_read_changes(store_journal(store), &all, see, h, NULL), 0);
    if (state_epoch(store_state(store))) /* not beside: this opening's is new */
        assert_true(state_epoch(store_state(store)) > h->epoch);
    assert_int_equal(state_read_handled(store_state(store), "p", see_handled, h, NULL), 0);
    for (int id = 1; id < ROWS; id++)
        assert_string_equal(h->uid[id], "");
    for (int id = 1; id < ROWS; id++)
        if ((h->known[id] & h->seen[id]) != h->known[id])
            fail_msg("row %d: confirmed %d, found %d", id, h->known[id], h->seen[id]);
    struct store_filter in_flight = {.in_flight = true};
    assert_int_equal(journal_read_changes(store_journal(store), &in_flight, see_in_flight, h, NULL), 0);
    for (int id = 1; id < ROWS; id++)
        assert_int_not_equal(h->seen[id], INTENDED);
}

static void nothing_confirmed_is_lost(void **state)
{
    struct place *p = *state;
    static struct history h;
    unsigned seed = (unsigned)getpid();
    print_message("seed %u\n", seed);
    srand(seed);
    close_store(p, open_store(p));
    for (int round = 0; round < ROUNDS; round++) {
        one_life(p->path, &h);
        struct store *store;
        struct error err;
        if (round % 2) { /* a reader finds the dead daemon's WAL before the next daemon does */
            if (store_open_reader(p->path, &store, &err))
                fail_msg("%s", err.message);
            compare(store, &h);
            close_store(p, store);
        }
        if (round % 4 == 3)
            continue; /* several deaths in a row: the WAL is not put back in between */
        store = open_store(p);
        compare(store, &h);
        close_store(p, store);
    }
    print_message("%d confirmations over %d lives\n", (int)h.confirmed, ROUNDS);
    assert_true(h.confirmed > ROUNDS);
}

/* The very first start dies at any moment, too: the file is then new or whole. */
static void a_birth_cut_short(void **state)
{
    struct place *p = *state;
    for (int round = 0; round < 25; round++) {
        static struct history h;
        char name[32];
        snprintf(name, sizeof name, "birth%d.db", round);
        strcpy(p->path, place_file(p, name));
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t pid = fork();
        assert_int_not_equal(pid, -1);
        if (pid == 0) {
            close(ends[0]);
            live_until_killed(p->path, ends[1]);
        }
        close(ends[1]);
        spin(rand() % 6000000);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        memset(&h, 0, sizeof h);
        while (hear(ends[0], &h))
            ;
        close(ends[0]);
        struct store *store = open_store(p);
        compare(store, &h);
        close_store(p, store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_confirmed_is_lost, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_birth_cut_short, place_setup, place_teardown),
    };
    return cmocka_run_group_tests_name("store_kill", tests, NULL, NULL);
}
