/* SPDX-License-Identifier: Apache-2.0 */
/* From what was gathered of a policy and a job to its verdict, its text and its JSON; and the same without memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "alloc.h"
#include "base/clock.h"
#include "policy/definition/definition.h"
#include "why/why_parts.h"

#define NOW (INT64_C(1767225600) * CLOCK_SECOND) /* 2026-01-01T00:00:00Z */

static struct why fresh(void)
{
    struct why why = {.now = NOW, .line = 3, .asked_again = WHY_NEVER};
    why.policy = why_keep(&why, "free");
    why.file = why_keep(&why, "p.lua");
    why.job = why_keep(&why, "train/bert");
    why.trigger = why_keep(&why, "on match");
    return why;
}

static void add(struct why *why, const char *key, bool holds, int64_t due, const char *unless)
{
    why_add(why, &(struct why_condition){
                     .key = key, .wanted = "2h", .value = "1h", .unless = unless, .holds = holds, .due = due});
}

static void concludes(struct why *why, const struct policy *policy, enum why_verdict verdict, const char *sentence)
{
    why->by_event = policy->on != 0;
    why_conclude(why, policy, NULL, NULL);
    assert_string_equal(why->sentence, sentence);
    assert_int_equal(why->verdict, verdict);
    why_free(why);
}

static const struct policy on_match = {.on = ON_MATCH};
static const struct policy hourly = {.every = INT64_C(3600) * CLOCK_SECOND};

static void later_is_told_with_its_instant(void **state)
{
    (void)state;
    struct why why = fresh();
    int64_t due = NOW + INT64_C(2472) * CLOCK_SECOND - 1; /* rounded up: at 0:41:12 it holds for certain */
    add(&why, "phase", true, WHY_NEVER, NULL);
    add(&why, "finished_for", false, due, NULL);
    add(&why, "labels", true, WHY_NEVER, "its label keep is set");
    concludes(&why, &on_match, WHY_LATER, "matches in 41m12s, at 2026-01-01T00:41:12Z, unless its label keep is set");

    why = fresh();
    add(&why, "finished_for", false, due, NULL);
    concludes(&why, &hourly, WHY_LATER,
              "matches in 41m12s, at 2026-01-01T00:41:12Z, unless it changes until then; the policy's first run from "
              "then on is at 2026-01-01T01:00:00Z (in 1h)");

    why = fresh(); /* the later one counts, and a run at that very instant sees it */
    add(&why, "older_than", false, NOW + CLOCK_SECOND, NULL);
    add(&why, "finished_for", false, NOW + INT64_C(7200) * CLOCK_SECOND, NULL);
    concludes(&why, &hourly, WHY_LATER,
              "matches in 2h, at 2026-01-01T02:00:00Z, unless it changes until then; the policy's first run from then "
              "on is at 2026-01-01T02:00:00Z (in 2h)");
}

static void what_keeps_a_job_out_is_named(void **state)
{
    (void)state;
    struct why why = fresh();
    add(&why, "phase", false, WHY_NEVER, NULL);
    add(&why, "finished_for", false, NOW + CLOCK_SECOND, NULL);
    concludes(&why, &on_match, WHY_NO_MATCH, "does not match: phase, finished_for");

    why = fresh(); /* a function that is never asked cannot be to blame */
    add(&why, "phase", false, WHY_NEVER, NULL);
    why_add(&why, &(struct why_condition){.key = "where", .failed = true, .asked = true, .due = WHY_NEVER});
    concludes(&why, &on_match, WHY_NO_MATCH, "does not match: phase, where has failed");

    why = fresh();
    why_add(&why, &(struct why_condition){.key = "where", .failed = true, .asked = true, .due = WHY_NEVER});
    concludes(&why, &hourly, WHY_FAILS, "does not match: where has failed");

    why = fresh();
    why_add(&why, &(struct why_condition){.key = "where", .wanted = "p.lua:5", .asked = true, .due = WHY_NEVER});
    why.recheck = INT64_C(600) * CLOCK_SECOND;
    concludes(
        &why, &on_match, WHY_NO_MATCH,
        "does not match: where says no (p.lua:5); it is asked again when the job changes, and every 10m (recheck)");
}

static void what_matches_is_judged(void **state)
{
    (void)state;
    struct why why = fresh();
    why.change = WHY_CHANGES;
    concludes(&why, &on_match, WHY_ACTS, "matches, and is to be changed as soon as the daemon sees it");

    why = fresh();
    why.change = WHY_CHANGES;
    concludes(&why, &hourly, WHY_ACTS,
              "matches, and is to be changed; the policy's next run is at 2026-01-01T01:00:00Z (in 1h)");

    why = fresh();
    why.change = WHY_CHANGES;
    why_hold(&why, "loop", WHY_NEVER, "policies %s", "quarrel");
    concludes(&why, &hourly, WHY_HELD, "matches, but is held back: policies quarrel");

    why = fresh(); /* there is nothing to hold back */
    why.change = WHY_UNCHANGED;
    why_hold(&why, "handled", WHY_NEVER, "it was handled");
    concludes(&why, &on_match, WHY_NOTHING, "matches, and has these values already");

    why = fresh();
    why.change = WHY_CHANGE_FAILS;
    why.change_error = why_keep(&why, "refused");
    concludes(&why, &hourly, WHY_FAILS, "matches, but cannot be changed: refused");
}

static struct why whole(void)
{
    struct why why = fresh();
    add(&why, "labels", true, WHY_NEVER, "its label keep is set");
    add(&why, "annotations", false, NOW + CLOCK_SECOND / 2, NULL);
    why_add(&why, &(struct why_condition){.key = "where", .wanted = "a\x1b[31m\nb", .failed = true, .due = WHY_NEVER});
    why.change = WHY_CHANGES;
    why.effect = "effective";
    why.effect_why = "at once";
    why.diff = why_keep(&why, "[{\"path\":\"/spec/cleanPodPolicy\",\"before\":null,\"after\":\"All\"}]");
    why_hold(&why, "loop", NOW + INT64_C(60) * CLOCK_SECOND, "one\ntwo");
    why_note(&why, "what was handled");
    why.last_change =
        (struct why_past){.id = 7, .at = NOW - CLOCK_SECOND / 2, .outcome = "done", .effect = "effective"};
    why_conclude(&why, &on_match, NULL, NULL);
    return why;
}

static void the_text_is_aligned_and_shows_no_control_characters(void **state)
{
    (void)state;
    struct why why = whole();
    struct buf out = BUF_INIT;
    why_text(&why, false, &out);
    assert_null(strchr(out.ptr, '\x1b'));
    assert_non_null(strstr(out.ptr, "  HOLDS  CONDITION    WANTED    IT IS\n"
                                    "  yes    labels       2h        1h\n"
                                    "  later  annotations  2h        1h     in 1s, at 2026-01-01T00:00:01Z\n"
                                    "  error  where        a [31m b  \n"));
    assert_non_null(strstr(out.ptr, "+ spec.cleanPodPolicy: All\n  effective: at once\n"));
    assert_non_null(strstr(out.ptr, "  loop: one two\n    until 2026-01-01T00:01:00Z (in 1m)\n"));
    assert_non_null(strstr(out.ptr, "not known: what was handled\n"));
    assert_non_null(strstr(out.ptr, "last change: 2025-12-31T23:59:59Z: done, effective\n"));
    buf_reset(&out);
    why_text(&why, true, &out);
    assert_non_null(strstr(out.ptr, "\x1b[32myes\x1b[0m    labels"));
    buf_free(&out);
    why_free(&why);
}

static void json_has_both_kinds_of_instants(void **state)
{
    (void)state;
    struct why why = whole();
    struct buf out = BUF_INIT;
    struct json_writer w;
    struct json root;
    double at;
    json_writer_init(&w, &out);
    why_json(&why, false, &w);
    assert_int_equal(json_parse(buf_str(&out), "", &root, NULL), 0);
    assert_true(json_string_is(json_at(root, "/conditions/1/holds_at"), str_of("2026-01-01T00:00:00.500000Z")));
    assert_true(json_string_is(json_at(root, "/change/diff/0/after"), str_of("All")));
    assert_false(json_exists(json_at(root, "/last_run")));
    buf_reset(&out);
    json_writer_init(&w, &out);
    why_json(&why, true, &w);
    assert_int_equal(json_parse(buf_str(&out), "", &root, NULL), 0);
    assert_true(json_double(json_at(root, "/conditions/1/holds_at"), &at));
    assert_true(at == 1767225600.5);
    buf_free(&out);
    why_free(&why);
}

/* Each allocation fails in turn: what is missing is said, and nothing breaks. */
static void without_memory_it_is_said(void **state)
{
    (void)state;
    struct why good = whole();
    struct buf expected = BUF_INIT;
    bool complete = false;
    why_text(&good, false, &expected);
    for (long n = 1; !complete; n++) {
        struct buf out = BUF_INIT;
        alloc_fail_at(n);
        struct why why = whole();
        why_text(&why, false, &out);
        complete = !alloc_failed();
        alloc_fail_at(0);
        if (!why.full && !out.failed)
            assert_string_equal(out.ptr, expected.ptr);
        buf_free(&out);
        why_free(&why);
        assert_true(n < 1000);
    }
    why_free(&good);
    buf_free(&expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_is_told_with_its_instant),
        cmocka_unit_test(what_keeps_a_job_out_is_named),
        cmocka_unit_test(what_matches_is_judged),
        cmocka_unit_test(the_text_is_aligned_and_shows_no_control_characters),
        cmocka_unit_test(json_has_both_kinds_of_instants),
        cmocka_unit_test(without_memory_it_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
