/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a job's states: each cell against what is written down here by hand, and what has to hold in every
 * state that can be reached. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/definition/definition.h"
#include "trigger/steps/job_state.h"

#define ALL_KINDS (ON_MATCH | ON_ADDED | ON_FINISHED | ON_CHANGED)

static const char *const handling_names[HANDLING_STATES] = {"none", "pending", "done", "passed"};
static const char *const place_names[JOB_PLACES] = {"idle", "queued",   "running", "changed",
                                                    "left", "declined", "waiting"};

/* ---- one kind of event ---- */

/* "+": the row is written. */
struct wanted_found {
    enum job_found found;
    const char *none, *pending, *done, *passed;
};

/* clang-format off */
static const struct wanted_found wanted_found[JOB_FOUNDS] = {
    /* from:                  none       pending    done       passed */
    { FOUND_NOT,              "none",    "none+",   "none+",   "none+"   },
    { FOUND_LATER,            "none",    "none+",   "none+",   "none+"   },
    { FOUND_LATER_SAME,       "none",    "none+",   "done",    "passed"  },
    { FOUND_WANTED,           "pending", "pending", "done",    "passed"  },
    { FOUND_UNWANTED,         "done+",   "done+",   "done",    "passed"  },
    { FOUND_EARLIER,          "done+",   "pending", "done",    "passed"  },
    { FOUND_AGAIN,            "pending", "pending", "pending", "pending" },
    { FOUND_AGAIN_UNWANTED,   "done+",   "done+",   "done+",   "passed+" },
    { FOUND_SAME,             "done",    "pending", "done",    "passed"  },
    { FOUND_ROW,              "done",    "pending", "done",    "passed"  },
};
/* clang-format on */

static struct job_state job_with(unsigned place, unsigned handling, unsigned flags, unsigned tries)
{
    return (struct job_state){(uint8_t)place, (uint8_t)handling, (uint8_t)flags, (uint8_t)tries};
}

static void each_thing_found_in_each_state(void **state)
{
    (void)state;
    for (unsigned f = 0; f < JOB_FOUNDS; f++) {
        const struct wanted_found *w = &wanted_found[f];
        const char *const wanted[HANDLING_STATES] = {w->none, w->pending, w->done, w->passed};
        assert_int_equal(w->found, f);
        for (unsigned handling = 0; handling < 256; handling++) {
            for (unsigned kind = 1; kind & ALL_KINDS; kind <<= 1) {
                struct job_state job = job_with(PLACE_QUEUED, handling, 5, 3), before = job;
                char got[16];
                const char *cell = wanted[job_handling(&before, kind)];
                bool row = job_find(&job, kind, (enum job_found)f);
                snprintf(got, sizeof got, "%s%s", handling_names[job_handling(&job, kind)], row ? "+" : "");
                assert_string_equal(got, cell);
                for (unsigned other = 1; other & ALL_KINDS; other <<= 1) {
                    if (other != kind)
                        assert_int_equal(job_handling(&job, other), job_handling(&before, other));
                }
                job.handling = before.handling;
                assert_memory_equal(&job, &before, sizeof job);
            }
        }
    }
}

/* ---- a job ---- */

/* Words: the next place, then what becomes of the kinds of events (hand-in, pass, decline, unpass, forget), of the row
 * (written, removed), whether it is looked at (look, look-changed), and what else (try, afresh, wet, dry, row, unmatch,
 * clear). ".": it does nothing there. */
struct wanted_step {
    enum job_event event;
    const char *places[JOB_PLACES];
};

#define NEVER "."
#define ON_A_RUN_ONLY(running, changed, left) NEVER, NEVER, running, changed, left, NEVER, NEVER

/* clang-format off */
static const struct wanted_step wanted_steps[JOB_EVENTS] = {
    /*                   idle      queued    running  changed  left     declined    waiting */
    { JOB_LOOKED_AT,   { "queued", "queued", NEVER,   NEVER,   NEVER,   "declined", "waiting" } },
    { JOB_NEWS,        { "queued", "queued", NEVER,   NEVER,   NEVER,   "queued",   "waiting" } },
    { JOB_NOT_QUEUED,  { NEVER,    "idle",   NEVER,   NEVER,   NEVER,   NEVER,      NEVER } },
    { JOB_TAKEN,       { NEVER,    "running", NEVER,  NEVER,   NEVER,   NEVER,      NEVER } },
    { JOB_NOT_STARTED,   { ON_A_RUN_ONLY("queued", "queued", "queued") } },
    { JOB_SEEN_MATCHING, { ON_A_RUN_ONLY("changed", "changed", "left") } },
    { JOB_SEEN_LEAVING,  { ON_A_RUN_ONLY("left", "left", "left") } },
    { JOB_SETTLED_DONE,  { ON_A_RUN_ONLY(
        "idle hand-in look wet row",
        "idle hand-in look-changed wet row",
        "idle hand-in look-changed wet row written unmatch") } },
    { JOB_SETTLED_HANDLED, { ON_A_RUN_ONLY(
        "idle hand-in look wet written",
        "idle hand-in look-changed wet written",
        "idle hand-in look-changed wet written unmatch") } },
    { JOB_SETTLED_DRY, { ON_A_RUN_ONLY(
        "idle pass look dry",
        "idle pass look-changed dry",
        "idle pass look-changed dry written unmatch") } },
    { JOB_SETTLED_DECLINED, { ON_A_RUN_ONLY(
        "declined decline look written",
        "declined decline look-changed written",
        "declined decline look-changed written") } },
    { JOB_SETTLED_FAILED, { ON_A_RUN_ONLY(
        "idle pass look wet row written",
        "idle pass look-changed wet row written",
        "idle pass look-changed wet row written unmatch") } },
    { JOB_SETTLED_RETRY, { ON_A_RUN_ONLY(
        "waiting look try row written",
        "waiting look-changed try row written",
        "waiting look-changed try row written") } },
    { JOB_SETTLED_BROKE, { ON_A_RUN_ONLY(
        "idle pass look wet",
        "idle pass look-changed wet",
        "idle pass look-changed wet written unmatch") } },
    { JOB_TAKEN_BACK, { ON_A_RUN_ONLY("idle look", "idle look-changed", "idle look-changed") } },
    { JOB_TRY_DUE,  { NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, "queued" } },
    { JOB_RELOADED, { "idle unpass wet", "queued unpass wet", NEVER, NEVER, NEVER,
                      "idle unpass wet afresh", "idle unpass wet afresh" } },
    { JOB_GONE,     { "idle forget removed clear", "idle forget removed clear", "idle forget removed clear",
                      "idle forget removed clear", "idle forget removed clear", "idle forget removed clear",
                      "idle forget removed clear" } },
};
/* clang-format on */

static bool says(const char *cell, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = cell; (at = strstr(at, word)); at++) {
        if ((at == cell || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
            return true;
    }
    return false;
}

static unsigned handling_after(const char *cell, unsigned kind, unsigned was)
{
    if (says(cell, "forget") || (says(cell, "unmatch") && kind == ON_MATCH))
        return HANDLING_NONE;
    if (was == HANDLING_PENDING && says(cell, "hand-in"))
        return HANDLING_DONE;
    if (was == HANDLING_PENDING && says(cell, "pass"))
        return HANDLING_PASSED;
    if (was == HANDLING_PENDING && says(cell, "decline") && kind != ON_MATCH)
        return HANDLING_DONE;
    if (was == HANDLING_PASSED && says(cell, "unpass"))
        return HANDLING_NONE;
    return was;
}

static struct job_state state_after(const char *cell, const struct job_state *was)
{
    struct job_state job = {.flags = was->flags, .tries = was->tries};
    while (strncmp(cell, place_names[job.place], strcspn(cell, " ")) != 0)
        job.place++;
    bool pending = false;
    for (unsigned i = 0; i < ON_EVENTS; i++) {
        unsigned handling = handling_after(cell, 1U << i, was->handling >> 2 * i & 3);
        job.handling = (uint8_t)(job.handling | handling << 2 * i);
        pending = pending || handling == HANDLING_PENDING;
    }
    if (says(cell, "clear"))
        job.flags = 0;
    if (says(cell, "wet"))
        job.flags &= (uint8_t)~JOB_WAS_DRY;
    if (says(cell, "dry"))
        job.flags |= JOB_WAS_DRY;
    if (says(cell, "row"))
        job.flags |= JOB_HAS_ROW;
    if (says(cell, "try") && job.tries < JOB_TRIES_MOST)
        job.tries++;
    if (says(cell, "afresh"))
        job.tries = 0;
    if (!pending) { /* whatever the cell says */
        job.place = PLACE_IDLE;
        job.tries = 0;
    }
    return job;
}

static void one_step(const char *cell, enum job_event event, const struct job_state *was)
{
    struct job_state job = *was, wanted = *was;
    struct job_step step = job_step(&job, event);
    bool happens = strcmp(cell, NEVER) != 0;
    bool removed = says(cell, "removed") && (was->flags & JOB_HAS_ROW);
    if (happens)
        wanted = state_after(cell, was);
    assert_memory_equal(&job, &wanted, sizeof job);
    assert_int_equal(step.row, says(cell, "written") ? ROW_WRITTEN : removed ? ROW_REMOVED : ROW_STAYS);
    assert_int_equal(step.look, says(cell, "look")           ? LOOK_AS_BEFORE
                                : says(cell, "look-changed") ? LOOK_AS_CHANGED
                                                             : LOOK_NOT);
}

static void each_event_at_each_place(void **state)
{
    (void)state;
    static const unsigned tries[] = {0, 1, JOB_TRIES_MOST - 1, JOB_TRIES_MOST};
    for (unsigned e = 0; e < JOB_EVENTS; e++) {
        assert_int_equal(wanted_steps[e].event, e);
        for (unsigned n = 0; n < JOB_PLACES * 256 * 8 * 4; n++) {
            unsigned place = n % JOB_PLACES, rest = n / JOB_PLACES;
            struct job_state job = job_with(place, rest % 256, rest / 256 % 8, tries[rest / 256 / 8]);
            one_step(wanted_steps[e].places[place], (enum job_event)e, &job);
        }
    }
}

/* ---- what holds in every state that can be reached ---- */

/* As event_look drives it: what is found of each kind, then the job's step. */
struct look {
    enum job_found match, added, finished, changed;
    bool news;
};

static const enum job_found of_match[] = {FOUND_NOT, FOUND_LATER, FOUND_LATER_SAME, FOUND_WANTED, FOUND_AGAIN};
static const enum job_found of_added[] = {FOUND_WANTED, FOUND_UNWANTED, FOUND_EARLIER};
static const enum job_found of_finished[] = {FOUND_NOT, FOUND_WANTED, FOUND_UNWANTED, FOUND_EARLIER};
static const enum job_found of_changed[] = {FOUND_SAME, FOUND_AGAIN, FOUND_AGAIN_UNWANTED};
#define LOOKS (5 * 3 * 4 * 3 * 2)

static struct look look_number(unsigned n)
{
    return (struct look){of_match[n % 5], of_added[n / 5 % 3], of_finished[n / 15 % 4], of_changed[n / 60 % 3],
                         n / 180 != 0};
}

#define KEYS (1U << 16)
static uint8_t reached[KEYS];
static struct job_state waiting[KEYS];
static size_t waiting_count;

static unsigned key_of(const struct job_state *j)
{
    return j->place | (unsigned)j->handling << 3 | (unsigned)j->flags << 11 | (unsigned)j->tries << 14;
}

/* Between the steps, when all that follows a step is done. */
static void check_rest(const struct job_state *j)
{
    bool pending = job_kinds(j, HANDLING_PENDING);
    assert_true(j->place < JOB_PLACES);
    assert_int_equal(pending, j->place != PLACE_IDLE); /* what is pending is queued, or a run has it, or it waits */
    assert_true(j->tries <= JOB_TRIES_MOST);
    if (j->place == PLACE_WAITING)
        assert_true(j->tries > 0);
    if (!pending)
        assert_int_equal(j->tries, 0);
    if (j->place == PLACE_DECLINED) /* only what matches waits for `where` */
        assert_true(job_handling(j, ON_MATCH) == HANDLING_PENDING);
}

static void reach(struct job_state j)
{
    check_rest(&j);
    j.tries = j.tries < 2 ? j.tries : 2; /* more tries are no other states */
    unsigned key = key_of(&j);
    if (reached[key])
        return;
    reached[key] = 1;
    waiting[waiting_count++] = j;
}

/* What is handled is handled once, and what is pending is not lost, but for what was found. */
static void check_found(enum handling was, enum handling is, enum job_found found, bool row)
{
    bool over = found == FOUND_NOT || found == FOUND_LATER || found == FOUND_LATER_SAME;
    bool unwanted = found == FOUND_UNWANTED || found == FOUND_AGAIN_UNWANTED;
    if ((was == HANDLING_DONE || was == HANDLING_PASSED) && is == HANDLING_PENDING)
        assert_int_equal(found, FOUND_AGAIN);
    if (was == HANDLING_PENDING && is != HANDLING_PENDING)
        assert_true(over || unwanted);
    if ((was == HANDLING_DONE) != (is == HANDLING_DONE) && is != HANDLING_PENDING) /* what the row says changes */
        assert_true(row || found == FOUND_SAME);
}

static void look_at(struct job_state *j, struct look look, bool changed)
{
    const enum job_found found[] = {look.match, look.added, look.finished, look.changed};
    unsigned before = job_kinds(j, HANDLING_PENDING);
    for (unsigned i = 0; i < ON_EVENTS; i++) {
        enum handling was = job_handling(j, 1U << i);
        bool row = job_find(j, 1U << i, found[i]);
        check_found(was, job_handling(j, 1U << i), found[i], row);
    }
    bool news = changed || look.news || (job_kinds(j, HANDLING_PENDING) & ~before);
    job_step(j, news ? JOB_NEWS : JOB_LOOKED_AT);
}

static bool ends_pending(enum job_event event)
{
    return event == JOB_SETTLED_DONE || event == JOB_SETTLED_HANDLED || event == JOB_SETTLED_DRY ||
           event == JOB_SETTLED_DECLINED || event == JOB_SETTLED_FAILED || event == JOB_SETTLED_BROKE ||
           event == JOB_GONE;
}

static void check_step(const struct job_state *was, const struct job_state *is, enum job_event event,
                       struct job_step step)
{
    unsigned had = job_kinds(was, HANDLING_PENDING), has = job_kinds(is, HANDLING_PENDING);
    unsigned row_said = job_kinds(was, HANDLING_DONE), row_says = job_kinds(is, HANDLING_DONE);
    assert_false(has & ~had); /* only a look makes something pending */
    if (!ends_pending(event))
        assert_int_equal(has, had);
    if (event == JOB_SETTLED_DONE && was->place != PLACE_LEFT) { /* the row that was written with the intent is true */
        assert_int_equal(step.row, ROW_STAYS);
        assert_int_equal(job_kinds_of_row(was), row_says);
    } else if (event == JOB_GONE) {
        assert_int_equal(step.row == ROW_REMOVED, (was->flags & JOB_HAS_ROW) != 0);
        assert_int_equal(key_of(is), 0);
    } else if (row_said != row_says) {
        assert_int_equal(step.row, ROW_WRITTEN);
    }
    if (job_on_run(was) && job_on_run(is)) /* what a run has stays as it was given */
        assert_int_equal(was->handling, is->handling);
    if (step.look == LOOK_AS_CHANGED)
        assert_true(was->place == PLACE_CHANGED || was->place == PLACE_LEFT);
    if (was->place == PLACE_LEFT && ends_pending(event) && event != JOB_SETTLED_DECLINED)
        assert_int_equal(job_handling(is, ON_MATCH), HANDLING_NONE);
}

static void go_on_from(const struct job_state *from)
{
    for (unsigned e = JOB_NOT_QUEUED; e < JOB_EVENTS; e++) {
        struct job_state job = *from;
        enum job_event event = (enum job_event)e;
        struct job_step step = job_step(&job, event);
        check_step(from, &job, event, step);
        if (event == JOB_NOT_QUEUED || (key_of(&job) == key_of(from) && step.look == LOOK_NOT))
            continue;
        /* A look follows what a run has told, and a reload. */
        bool looks = step.look != LOOK_NOT || event == JOB_RELOADED;
        if (!looks)
            reach(job);
        for (unsigned n = 0; looks && n < LOOKS; n++) {
            struct job_state looked = job;
            look_at(&looked, look_number(n), step.look == LOOK_AS_CHANGED);
            reach(looked);
        }
    }
    for (unsigned n = 0; !job_on_run(from) && n < LOOKS; n++) {
        struct job_state looked = *from;
        look_at(&looked, look_number(n), false);
        reach(looked);
    }
}

static void what_always_holds(void **state)
{
    (void)state;
    for (unsigned kinds = 0; kinds <= ALL_KINDS; kinds++) { /* by the rows that it may have at the start */
        struct job_state job = {.flags = kinds ? JOB_IS_SEEN | JOB_HAS_ROW : JOB_IS_SEEN};
        for (unsigned kind = 1; kind & ALL_KINDS; kind <<= 1) {
            if (kinds & kind)
                assert_false(job_find(&job, kind, FOUND_ROW));
        }
        reach(job);
    }
    for (size_t i = 0; i < waiting_count; i++)
        go_on_from(&waiting[i]);
    assert_true(waiting_count > 1000);
    for (unsigned place = 0; place < JOB_PLACES; place++) {
        size_t count = 0;
        for (size_t i = 0; i < waiting_count; i++)
            count += waiting[i].place == place;
        assert_true(count > 0);
    }
}

/* ---- a few lives ---- */

static void a_job_is_small(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct job_state), 4);
}

static void comes_to_match_and_is_handled(void **state)
{
    (void)state;
    struct job_state job = {0};
    assert_false(job_find(&job, ON_MATCH, FOUND_WANTED));
    job_step(&job, JOB_NEWS);
    assert_int_equal(job.place, PLACE_QUEUED);
    assert_int_equal(job_kinds_of_row(&job), 0);
    job_step(&job, JOB_TAKEN);
    assert_int_equal(job_kinds_of_row(&job), ON_MATCH); /* with the intent */
    job_step(&job, JOB_SEEN_MATCHING);                  /* its own write, as the watch tells it */
    struct job_step step = job_step(&job, JOB_SETTLED_DONE);
    assert_int_equal(step.look, LOOK_AS_CHANGED);
    assert_false(job_find(&job, ON_MATCH, FOUND_WANTED));
    job_step(&job, JOB_NEWS);
    assert_int_equal(job.place, PLACE_IDLE);
    assert_int_equal(job_kinds_of_row(&job), ON_MATCH);
    assert_true(job_find(&job, ON_MATCH, FOUND_NOT));
    assert_false(job_find(&job, ON_MATCH, FOUND_WANTED));
    job_step(&job, JOB_NEWS);
    assert_int_equal(job.place, PLACE_QUEUED);
}

static void leaves_and_comes_back_during_a_run(void **state)
{
    (void)state;
    struct job_state job = {0};
    job_find(&job, ON_MATCH, FOUND_WANTED);
    job_step(&job, JOB_NEWS);
    job_step(&job, JOB_TAKEN);
    job_step(&job, JOB_SEEN_LEAVING);
    job_step(&job, JOB_SEEN_MATCHING);
    assert_int_equal(job_step(&job, JOB_SETTLED_DONE).row, ROW_WRITTEN);
    assert_int_equal(job_kinds_of_row(&job), 0);
    job_find(&job, ON_MATCH, FOUND_WANTED);
    job_step(&job, JOB_NEWS);
    assert_int_equal(job.place, PLACE_QUEUED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_thing_found_in_each_state),
        cmocka_unit_test(each_event_at_each_place),
        cmocka_unit_test(what_always_holds),
        cmocka_unit_test(a_job_is_small),
        cmocka_unit_test(comes_to_match_and_is_handled),
        cmocka_unit_test(leaves_and_comes_back_during_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
