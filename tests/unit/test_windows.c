/* SPDX-License-Identifier: Apache-2.0 */
/* Timetables of windows: their edges against brute force, minute by minute, also where clocks change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "time/windows.h"

#define ZONES TEST_SOURCE_DIR "/tests/unit/zoneinfo"
#define DAY INT64_C(86400)

static int64_t instant(const char *text)
{
    int64_t us;
    if (!clock_parse(text, &us))
        fail_msg("%s", text);
    return us / CLOCK_SECOND;
}

static struct zone *load(const char *name)
{
    struct zone *zone;
    struct error err;
    if (zone_load(name, ZONES, &zone, &err))
        fail_msg("%s", err.message);
    return zone;
}

static size_t parse(const char *const *texts, struct window *list)
{
    struct error err;
    size_t n = 0;
    for (; n < 4 && texts[n]; n++) {
        if (window_parse(texts[n], &list[n], &err))
            fail_msg("%s", err.message);
    }
    return n;
}

/* Every minute of the span: what comes next, and since when it is closed, are what a walk over the minutes says. */
static void walk(const struct timetable *t, int64_t from, int64_t until, const char *what)
{
    int64_t opening = INT64_MAX, closing = INT64_MAX, at;
    for (int64_t i = until + 8 * DAY; i >= from; i -= 60) {
        bool open = timetable_open(t, i);
        if (open)
            opening = i;
        else
            closing = i;
        if (i > until)
            continue;
        if (timetable_next(t, i, true, WINDOWS_AHEAD, &at) != (opening != INT64_MAX) ||
            (opening != INT64_MAX && at != opening))
            fail_msg("%s: from %" PRId64 " it opens at %" PRId64 ", not at %" PRId64, what, i, opening, at);
        if (closing != INT64_MAX && (!timetable_next(t, i, false, WINDOWS_AHEAD, &at) || at != closing))
            fail_msg("%s: from %" PRId64 " it closes at %" PRId64 ", not at %" PRId64, what, i, closing, at);
    }
    int64_t since = INT64_MAX;
    for (int64_t i = from - 8 * DAY; i <= until; i += 60) {
        bool open = timetable_open(t, i), was = timetable_open(t, i - 60);
        since = open ? INT64_MAX : was ? i : since;
        if (i >= from && since != INT64_MAX && timetable_closed_since(t, i) != since)
            fail_msg("%s: at %" PRId64 " it is closed since %" PRId64 ", not %" PRId64, what, i, since,
                     timetable_closed_since(t, i));
    }
}

static void edges_are_those_of_a_walk(void **state)
{
    static const struct {
        const char *zone, *from, *until;
    } spans[] = {
        {"Europe/Berlin", "2026-03-27T00:00:00Z", "2026-03-31T00:00:00Z"},       /* an hour is left out */
        {"Europe/Berlin", "2026-10-23T00:00:00Z", "2026-10-27T00:00:00Z"},       /* an hour comes twice */
        {"Australia/Lord_Howe", "2026-04-03T00:00:00Z", "2026-04-06T00:00:00Z"}, /* half an hour comes twice */
        {"Pacific/Apia", "2011-12-28T00:00:00Z", "2012-01-02T00:00:00Z"},        /* there is no 30 December */
    };
    static const char *const lists[][4] = {
        {"mon-fri 09:00-18:00"},
        {"22:00-06:00"},
        {"sat,sun 00:00-24:00"},
        {"02:15-02:45"},
        {"sun 01:30-02:30"},
        {"fri 22:00-02:30"},
        {"00:00-24:00"},
        {"mon 00:00-12:00", "thu 12:00-00:30"},
        {"sat 00:00-03:00", "sun 02:00-03:00"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        struct zone *zone = load(spans[i].zone);
        for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
            struct window list[4];
            struct windows w = {.list = list, .count = parse(lists[k], list), .zone = zone};
            struct timetable t = {.allow = &w};
            walk(&t, instant(spans[i].from), instant(spans[i].until), lists[k][0]);
        }
        zone_free(zone);
    }
}

static void what_forbids_beats_what_allows(void **state)
{
    (void)state;
    struct zone *berlin = load("Europe/Berlin"), *utc = load("UTC");
    struct window day[1], evening[1];
    parse((const char *const[]){"08:00-20:00", NULL}, day);
    parse((const char *const[]){"fri 12:00-24:00", NULL}, evening);
    struct windows allow = {.list = day, .count = 1, .zone = berlin};
    struct windows deny[] = {
        {.span = true, .from = instant("2026-11-28T10:30:00Z"), .until = instant("2026-11-30T07:30:00Z")},
        {.list = evening, .count = 1, .zone = utc},
    };
    struct timetable t = {&allow, deny, 2};
    walk(&t, instant("2026-11-26T00:00:00Z"), instant("2026-12-02T00:00:00Z"), "both");
    int64_t at;
    assert_true(timetable_next(&t, instant("2026-11-28T12:00:00Z"), true, WINDOWS_AHEAD, &at));
    assert_int_equal(at, instant("2026-11-30T07:30:00Z"));
    t = (struct timetable){NULL, deny, 1};
    walk(&t, instant("2026-11-26T00:00:00Z"), instant("2026-12-02T00:00:00Z"), "a span alone");
    zone_free(berlin);
    zone_free(utc);
}

static void days_off_are_closed_from_midnight_to_midnight(void **state)
{
    static const char *const off[] = {"2026-10-25", "2026-10-25", "10-26", "2026-03-29", "2011-12-29", "12-31"};
    static const char *const lists[][4] = {{"mon-fri 09:00-18:00"}, {"22:00-06:00"}, {NULL}};
    static const struct {
        const char *zone, *from, *until;
    } spans[] = {
        {"Europe/Berlin", "2026-10-23T00:00:00Z", "2026-10-29T00:00:00Z"},
        {"Europe/Berlin", "2026-03-27T00:00:00Z", "2026-04-01T00:00:00Z"},
        {"Pacific/Apia", "2011-12-27T00:00:00Z", "2012-01-03T00:00:00Z"},
    };
    (void)state;
    struct days days = {0};
    struct error err;
    for (size_t i = 0; i < sizeof off / sizeof *off; i++)
        assert_int_equal(days_add(&days, off[i], &err), 0);
    assert_int_equal(days.count, 5);
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        struct zone *zone = load(spans[i].zone);
        for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
            struct window list[4];
            struct windows w = {.list = list, .count = parse(lists[k], list), .zone = zone, .off = &days};
            struct timetable t = {.allow = &w};
            walk(&t, instant(spans[i].from), instant(spans[i].until), lists[k][0] ? lists[k][0] : "all but days off");
        }
        zone_free(zone);
    }
    days_free(&days);
}

static void days_are_read_or_refused(void **state)
{
    static const char *const bad[] = {
        "",      "1-1",        "2026-5-14", "2026-13-01", "2026-00-01", "2026-02-30", "2027-02-29", "2026-05-14 ",
        "02-30", "0000-01-01", "26-05-14",  "x",          "2026/05/14", "-5-14",      "2026-05-1",  "12025-05-14"};
    (void)state;
    struct days days = {0};
    struct error err;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(days_add(&days, bad[i], &err), ERR_SYNTAX);
    assert_int_equal(days_add(&days, "02-29", &err), 0);
    assert_true(days_have(&days, &(struct civil){.year = 2028, .month = 2, .day = 29}));
    assert_false(days_have(&days, &(struct civil){.year = 2028, .month = 2, .day = 28}));
    days_free(&days);
}

/* Two years of days off, and many windows in each: what a policy may say must not stop the daemon. */
static void many_windows_on_days_off_cost_little(void **state)
{
    (void)state;
    struct zone *zone = load("Europe/Berlin");
    struct days days = {0};
    struct window list[WINDOWS_MOST];
    struct error err;
    char text[32];
    int64_t now = instant("2026-11-26T00:00:00Z"), at;
    for (int i = 0; i < 12 * 31; i++) {
        snprintf(text, sizeof text, "%02d-%02d", i / 31 + 1, i % 31 + 1);
        days_add(&days, text, &err); /* each day of each year; there is no 31 February */
    }
    for (int i = 0; i < WINDOWS_MOST; i++) {
        snprintf(text, sizeof text, "23:%02d-%02d:30", i + 10, i);
        assert_int_equal(window_parse(text, &list[i], &err), 0);
    }
    struct windows w = {.list = list, .count = WINDOWS_MOST, .zone = zone, .off = &days};
    struct timetable t = {.allow = &w};
    assert_int_equal(days.count, 366);
    int64_t began = clock_monotonic();
    for (int i = 0; i < 10; i++)
        assert_false(timetable_next(&t, now, true, WINDOWS_AHEAD, &at));
    int64_t took = clock_monotonic() - began;
    if (took > 5 * CLOCK_SECOND) /* some ten milliseconds each; each edge of each window was tens of seconds */
        fail_msg("ten looks took %" PRId64 " us", took);
    days_free(&days);
    zone_free(zone);
}

static void a_freeze_without_an_end_costs_little(void **state)
{
    (void)state;
    struct zone *zone = load("Europe/Berlin");
    struct window list[WINDOWS_MOST], whole;
    struct error err;
    char text[32];
    int64_t now = instant("2026-11-26T10:00:00Z"), at;
    for (int i = 0; i < WINDOWS_MOST; i++) {
        snprintf(text, sizeof text, "%02d:00-%02d:05", i, i);
        assert_int_equal(window_parse(text, &list[i], &err), 0);
    }
    assert_int_equal(window_parse("00:00-24:00", &whole, &err), 0);
    struct windows w = {.list = list, .count = WINDOWS_MOST, .zone = zone};
    struct windows freeze = {.list = &whole, .count = 1, .zone = zone};
    struct timetable t = {.allow = &w, .deny = &freeze, .deny_count = 1};
    int64_t began = clock_monotonic();
    for (int i = 0; i < 100; i++) {
        assert_false(timetable_next(&t, now + i, true, WINDOWS_AHEAD, &at));
        assert_int_equal(timetable_closed_since(&t, now + i), now + i - WINDOWS_AHEAD);
    }
    int64_t took = clock_monotonic() - began;
    if (took > 10 * CLOCK_SECOND) /* a few milliseconds each; by each window's edges a hundred looks were 60 s */
        fail_msg("two hundred looks took %" PRId64 " us", took);
    print_message("a look: %" PRId64 " us\n", took / 200);
    zone_free(zone);
}

static void what_never_opens_is_found_out(void **state)
{
    (void)state;
    struct zone *utc = load("UTC");
    struct window list[1];
    parse((const char *const[]){"00:00-24:00", NULL}, list);
    struct windows all = {.list = list, .count = 1, .zone = utc};
    struct timetable never = {NULL, &all, 1}, always = {&all, NULL, 0};
    int64_t at, now = instant("2026-11-26T00:00:00Z");
    assert_false(timetable_next(&never, now, true, WINDOWS_AHEAD, &at));
    assert_false(timetable_next(&always, now, false, WINDOWS_AHEAD, &at));
    assert_true(timetable_next(&always, now, true, WINDOWS_AHEAD, &at));
    assert_int_equal(at, now);
    assert_int_equal(timetable_closed_since(&never, now), now - WINDOWS_AHEAD);
    struct windows past = {.span = true, .from = now - 100, .until = now - 50};
    struct timetable over = {NULL, &past, 1};
    assert_true(timetable_open(&over, now));
    assert_false(timetable_next(&over, now, false, WINDOWS_AHEAD, &at));
    zone_free(utc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges_are_those_of_a_walk),
        cmocka_unit_test(what_forbids_beats_what_allows),
        cmocka_unit_test(days_off_are_closed_from_midnight_to_midnight),
        cmocka_unit_test(days_are_read_or_refused),
        cmocka_unit_test(many_windows_on_days_off_cost_little),
        cmocka_unit_test(a_freeze_without_an_end_costs_little),
        cmocka_unit_test(what_never_opens_is_found_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
