/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings: kept and read back, byte for byte; no larger together than they may be; gone with their run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record/record.h"
#include "store/recorded.h"
#include "store_help.h"

#define MOST (INT64_C(256) * 1024)

static int read_back(struct store *store, int64_t run, struct buf *out, struct error *err)
{
    *out = BUF_INIT;
    return record_read(store_journal(store), run, out, err);
}

/* A run of the policy, whose recording has one job of so many bytes that cannot be packed. */
static int64_t record_one(struct place *p, struct store *store, const char *policy, size_t bytes)
{
    struct store_run run = a_run(policy, "every", 5);
    struct run_recorder *recorder;
    struct record_run about = {.id = add_run(p, store, &run), .policy = policy};
    char *job = malloc(bytes);
    uint64_t random = (uint64_t)about.id * UINT64_C(0x9e3779b97f4a7c15) + 1;
    assert_non_null(job);
    for (size_t i = 0; i < bytes; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407U;
        job[i] = (char)(random >> 56);
    }
    assert_int_equal(run_recorder_new(store_journal(store), NULL, MOST, &recorder, NULL), 0);
    struct recording *recording = recording_begin(recorder, &about);
    recording_job(recording, "train/a", str_n(job, bytes), 7, 8, false);
    recording_end(recording, "done", NULL, 0, 0, 0);
    run_recorder_close(recorder);
    free(job);
    run = a_run("other", "every", 6);
    add_run(p, store, &run); /* is answered after the recording is there */
    return about.id;
}

static void parts_come_back_as_they_were(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_run run = a_run("a", "every", 5);
    struct record_run about = {.id = add_run(p, store, &run), .policy = "a", .trigger = "every"};
    struct run_recorder *recorder;
    struct buf out;
    struct error err;
    char job[5000];
    assert_int_equal(run_recorder_new(store_journal(store), NULL, MOST, &recorder, NULL), 0);
    struct recording *recording = recording_begin(recorder, &about);
    for (int i = 0; i < 300; i++) { /* more than one part */
        memset(job, 'a' + i % 26, sizeof job);
        snprintf(job, sizeof job, "\n{\"job\":%d}\n", i);
        recording_job(recording, "train/a", str_n(job, sizeof job), i, i, false);
    }
    assert_int_equal(read_back(store, about.id, &out, &err), ERR_NOT_FOUND);
    recording_end(recording, "done", "why", 1, 2, 3);
    run_recorder_close(recorder);
    close_store(p, store);

    store = open_store(p);
    assert_int_equal(read_back(store, about.id, &out, &err), 0);
    struct record_entry e;
    size_t at = 0, jobs = 0;
    char kind[16];
    while (record_next(buf_str(&out), &at, &e)) {
        json_string_at(e.head, "/entry", kind, sizeof kind);
        if (strcmp(kind, "job") != 0)
            continue;
        memset(job, 'a' + (int)jobs % 26, sizeof job);
        snprintf(job, sizeof job, "\n{\"job\":%zu}\n", jobs++);
        assert_true(str_eq(e.bytes[0], str_n(job, sizeof job)));
    }
    assert_int_equal(at, out.len);
    assert_int_equal(jobs, 300);
    assert_string_equal(kind, "end");
    buf_free(&out);
    close_store(p, store);
}

static void the_oldest_leave_of_who_takes_most(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct buf out;
    struct error err;
    int64_t rare = record_one(p, store, "rare", 20000), often[20];
    for (int i = 0; i < 20; i++)
        often[i] = record_one(p, store, "often", 20000);
    assert_int_equal(read_back(store, rare, &out, &err), 0);
    buf_free(&out);
    assert_int_equal(read_back(store, often[19], &out, &err), 0);
    buf_free(&out);
    assert_int_equal(read_back(store, often[0], &out, &err), ERR_NOT_FOUND);
    int kept = 0;
    for (int i = 0; i < 20; i++) {
        kept += read_back(store, often[i], &out, &err) == 0;
        buf_free(&out);
    }
    assert_true(kept >= 8 && kept <= 12);
    close_store(p, store);
}

static void one_that_is_too_large_is_not_kept(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct buf out;
    struct error err;
    int64_t small = record_one(p, store, "a", 1000), large = record_one(p, store, "b", 400000);
    assert_int_equal(read_back(store, large, &out, &err), ERR_NOT_FOUND);
    assert_int_equal(read_back(store, small, &out, &err), 0);
    buf_free(&out);
    close_store(p, store);
}

static void it_goes_with_its_run(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct buf out;
    struct error err;
    struct answer answer = {0};
    int64_t run = record_one(p, store, "a", 1000);
    end_run(p, store, run, "done", 9);
    journal_prune(store_journal(store), 1000, 0, on_answer, &answer);
    await_answer(p, &answer);
    assert_int_equal(read_back(store, run, &out, &err), ERR_NOT_FOUND);
    close_store(p, store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(parts_come_back_as_they_were, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(the_oldest_leave_of_who_takes_most, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(one_that_is_too_large_is_not_kept, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(it_goes_with_its_run, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
