/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules: what is read, what is refused, and when the next time is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "time/cron.h"

#define ZONES TEST_SOURCE_DIR "/tests/unit/zoneinfo"

static struct cron parse(const char *text)
{
    struct cron cron;
    struct error err;
    if (cron_parse(text, &cron, &err))
        fail_msg("%s", err.message);
    return cron;
}

/* Bits a, a+step ... up to b. */
static uint64_t bits(int a, int b, int step)
{
    uint64_t set = 0;
    for (int i = a; i <= b; i += step)
        set |= UINT64_C(1) << i;
    return set;
}

static void fields_to_sets(void **state)
{
    (void)state;
    const uint64_t all = bits(0, 59, 1);
    const uint32_t hours = 0xFFFFFF, days = 0xFFFFFFFE, months = 0x1FFE, weekdays = 0x7F;
    const struct {
        const char *text;
        struct cron cron;
    } table[] = {
        {"* * * * *", {1, all, hours, days, months, weekdays, false, false, true}},
        {"* * * * * *", {all, all, hours, days, months, weekdays, false, false, true}},
        {"*/5 * * * *", {1, bits(0, 59, 5), hours, days, months, weekdays, false, false, true}},
        {"0 0-23 * * *", {1, 1, hours, days, months, weekdays, false, false, true}},
        {"0 */1 * * *", {1, 1, hours, days, months, weekdays, false, false, true}},
        {"0 */2 * * *", {1, 1, (uint32_t)bits(0, 23, 2), days, months, weekdays, false, false, false}},
        {"0 5/6 * * *", {1, 1, (uint32_t)bits(5, 23, 6), days, months, weekdays, false, false, false}},
        {"0 1-22 * * *", {1, 1, (uint32_t)bits(1, 22, 1), days, months, weekdays, false, false, false}},
        {"010 08 * * *", {1, 1 << 10, 1 << 8, days, months, weekdays, false, false, false}},
        {"1,2,10-20/5,50/4 0 * * *",
         {1, bits(1, 2, 1) | bits(10, 20, 5) | bits(50, 59, 4), 1, days, months, weekdays, false, false, false}},
        {"30 59 23 31 12 6",
         {1 << 30, UINT64_C(1) << 59, 1 << 23, UINT32_C(1) << 31, 1 << 12, 1 << 6, true, true, false}},
        {"0 9 * * mon-fri", {1, 1, 1 << 9, days, months, 0x3E, false, true, false}},
        {"0 9 * JAN,Mar-May,12 Sun", {1, 1, 1 << 9, days, 2 | 8 | 16 | 32 | 4096, 1, false, true, false}},
        {"0 9 ? * 7", {1, 1, 1 << 9, days, months, 1, false, true, false}},
        {"0 9 1 * ?", {1, 1, 1 << 9, 2, months, weekdays, true, false, false}},
        {"0 9 * * fri-sun", {1, 1, 1 << 9, days, months, 0x61, false, true, false}},
        {"0 9 * * 5-7", {1, 1, 1 << 9, days, months, 0x61, false, true, false}},
        {"0 9 * * 0-7", {1, 1, 1 << 9, days, months, weekdays, false, true, false}},
        {"0 9 * * 1/2", {1, 1, 1 << 9, days, months, 0x2A, false, true, false}},
        {"0 9 * * 7/2", {1, 1, 1 << 9, days, months, 1, false, true, false}},
        {"0 9 * * */2", {1, 1, 1 << 9, days, months, 0x55, false, false, false}},
        {"0 9 */10 * 1", {1, 1, 1 << 9, (uint32_t)bits(1, 31, 10), months, 2, false, true, false}},
        {"0 9 * * *,1", {1, 1, 1 << 9, days, months, weekdays, false, false, false}},
        {" \t0  9\t* * * ", {1, 1, 1 << 9, days, months, weekdays, false, false, false}},
        {"0 9 * * *\n", {1, 1, 1 << 9, days, months, weekdays, false, false, false}},
        {"0 9 * *\r\n*\v\f", {1, 1, 1 << 9, days, months, weekdays, false, false, false}},
        {"@yearly", {1, 1, 1, 2, 2, weekdays, true, false, false}},
        {"@annually", {1, 1, 1, 2, 2, weekdays, true, false, false}},
        {"@monthly", {1, 1, 1, 2, months, weekdays, true, false, false}},
        {"@weekly", {1, 1, 1, days, months, 1, false, true, false}},
        {"@daily", {1, 1, 1, days, months, weekdays, false, false, false}},
        {" @Midnight ", {1, 1, 1, days, months, weekdays, false, false, false}},
        {"@hourly\n", {1, 1, hours, days, months, weekdays, false, false, true}},
        {"@hourly", {1, 1, hours, days, months, weekdays, false, false, true}},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct cron cron = parse(table[i].text);
        const struct cron *want = &table[i].cron;
        if (cron.seconds != want->seconds || cron.minutes != want->minutes || cron.hours != want->hours ||
            cron.days != want->days || cron.months != want->months || cron.weekdays != want->weekdays ||
            cron.days_restricted != want->days_restricted || cron.weekdays_restricted != want->weekdays_restricted ||
            cron.every_hour != want->every_hour)
            fail_msg("%s", table[i].text);
    }
}

static void errors_name_the_field(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
        int code;
    } table[] = {
        {"61 * * * *", "schedule \"61 * * * *\": minute 61 is outside 0-59", ERR_INVALID},
        {"60 0 0 1 1 *", "schedule \"60 0 0 1 1 *\": second 60 is outside 0-59", ERR_INVALID},
        {"0 24 * * *", "schedule \"0 24 * * *\": hour 24 is outside 0-23", ERR_INVALID},
        {"0 0 0 * *", "day-of-month 0 is outside 1-31", ERR_INVALID},
        {"0 0 32 * *", "day-of-month 32 is outside 1-31", ERR_INVALID},
        {"0 0 * 13 *", "month 13 is outside 1-12 or jan-dec", ERR_INVALID},
        {"0 0 * 0 *", "month 0 is outside 1-12 or jan-dec", ERR_INVALID},
        {"0 0 * * 8", "day-of-week 8 is outside 0-7 or sun-sat", ERR_INVALID},
        {"5-99 * * * *", "minute 99 is outside 0-59", ERR_INVALID},
        {"99999999999999999999 * * * *", "minute 99999999999999999999 is outside 0-59", ERR_INVALID},
        {"4294967296 * * * *", "minute 4294967296 is outside 0-59", ERR_INVALID},
        {"*/0 * * * *", "minute step 0 is outside 1-60", ERR_INVALID},
        {"*/90 * * * *", "minute step 90 is outside 1-60", ERR_INVALID},
        {"0 0/25 * * *", "hour step 25 is outside 1-24", ERR_INVALID},
        {"0 0 * * fri-mon", "day-of-week range ends before it begins; write it as two, like fri-sat,sun-mon",
         ERR_INVALID},
        {"0 22-5 * * *", "hour range ends before it begins; write it as two, like 22-23,0-5", ERR_INVALID},
        {"0 0 * nov-feb *", "month range ends before it begins; write it as two, like nov-dec,jan-feb", ERR_INVALID},
        {"0 0 * * 5-0", "day-of-week range ends before it begins", ERR_INVALID},
        {"0 0 30 2 *", "the day-of-month never comes in that month; no run would ever be due", ERR_INVALID},
        {"0 0 30,31 feb *", "the day-of-month never comes", ERR_INVALID},
        {"0 0 31 4,6,9,11 ?", "the day-of-month never comes", ERR_INVALID},
        {"",
         "schedule \"\": 0 fields; there must be 5 (minute hour day-of-month month day-of-week) or 6 (second first)",
         ERR_SYNTAX},
        {"*", "1 field; there must be 5", ERR_SYNTAX},
        {"0 9 * *", "4 fields; there must be 5", ERR_SYNTAX},
        {"0 0 9 * * * 2027", "7 fields; there must be 5", ERR_SYNTAX},
        {"x * * * *", "minute \"x\" is not understood; allowed are 0-59, *, lists, ranges and steps", ERR_SYNTAX},
        {"5x * * * *", "minute \"5x\" is not understood", ERR_SYNTAX},
        {"-5 * * * *", "minute \"-5\" is not understood", ERR_SYNTAX},
        {"1.5 * * * *", "minute \"1.5\" is not understood", ERR_SYNTAX},
        {"** * * * *", "minute \"*\" is not understood", ERR_SYNTAX},
        {"*-5 * * * *", "minute \"-5\" is not understood", ERR_SYNTAX},
        {"1-2-3 * * * *", "minute \"-3\" is not understood", ERR_SYNTAX},
        {"1,,2 * * * *", "minute \",2\" is not understood", ERR_SYNTAX},
        {"1, * * * *", "minute ends where a value is expected (0-59)", ERR_SYNTAX},
        {"1- * * * *", "minute ends where a value is expected", ERR_SYNTAX},
        {"*/ * * * *", "minute: the step \"\" is not a number", ERR_SYNTAX},
        {"*/x * * * *", "minute: the step \"x\" is not a number", ERR_SYNTAX},
        {"*/2/3 * * * *", "minute: the step \"2/3\" is not a number", ERR_SYNTAX},
        {"*/5-6 * * * *", "minute: the step \"5-6\" is not a number", ERR_SYNTAX},
        {"? * * * *", "minute \"?\" is not understood", ERR_SYNTAX},
        {"0 0 ?,1 * *", "day-of-month \"?,1\" is not understood", ERR_SYNTAX},
        {"0 0 L * *", "day-of-month \"L\": L, W and # are not supported", ERR_SYNTAX},
        {"0 0 15W * *", "day-of-month \"15W\": L, W and # are not supported", ERR_SYNTAX},
        {"0 0 * * 5L", "day-of-week \"5L\": L, W and # are not supported", ERR_SYNTAX},
        {"0 0 * * 5#2", "day-of-week \"5#2\": L, W and # are not supported", ERR_SYNTAX},
        {"0 0 * * monday", "day-of-week \"monday\" is not understood; allowed are 0-7 or sun-sat", ERR_SYNTAX},
        {"0 0 * april *", "month \"april\" is not understood; allowed are 1-12 or jan-dec", ERR_SYNTAX},
        {"0 0 * wed *", "month \"wed\" is not understood", ERR_SYNTAX},
        {"0 0 L-3 * *", "day-of-month \"L-3\": L, W and # are not supported; use numbers", ERR_SYNTAX},
        {"0 mon * * *", "hour \"mon\" is not understood", ERR_SYNTAX},
        {"0 0 * mon *", "month \"mon\" is not understood; allowed are 1-12 or jan-dec", ERR_SYNTAX},
        {"@dayly", "schedule \"@dayly\": unknown name; did you mean @daily?", ERR_SYNTAX},
        {"@reboot", "unknown name; there are @yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly",
         ERR_SYNTAX},
        {"@daily 5", "unknown name", ERR_SYNTAX},
        /* of other crons: what to write instead */
        {"CRON_TZ=Europe/Berlin 0 9 * * *", "write timezone = \"Europe/Berlin\" beside schedule = \"0 9 * * *\"",
         ERR_SYNTAX},
        {" TZ=Asia/Tokyo\t@daily\n", "write timezone = \"Asia/Tokyo\" beside schedule = \"@daily\"", ERR_SYNTAX},
        {"@every 5m", "write every = \"5m\" instead of schedule", ERR_SYNTAX},
        {"@EVERY  1h30m", "write every = \"1h30m\" instead of schedule", ERR_SYNTAX},
        {"@every", "write every = \"5m\" instead of schedule", ERR_SYNTAX},
        {"@everyday", "unknown name", ERR_SYNTAX},
        {"0 0 * * monday", "names have three letters: write mon", ERR_SYNTAX},
        {"0 0 * * Monday-Friday", "names have three letters: write mon", ERR_SYNTAX},
        {"0 0 * * mon,THURS", "names have three letters: write thu", ERR_SYNTAX},
        {"0 0 * sept *", "names have three letters: write sep", ERR_SYNTAX},
        {"? * * * *", "? stands for any day, alone in its field: write * here", ERR_SYNTAX},
        {"0 0 * ? *", "? stands for any day, alone in its field: write * here", ERR_SYNTAX},
        {"0 0 L * *", "28-31 here, and let the policy's where look whether tomorrow is the 1st", ERR_SYNTAX},
        {"0 0 * * 5#2", "look at the day of the month (8 to 14 is the second week)", ERR_SYNTAX},
        {"0 0 * * 5L", "look whether a week later is another month", ERR_SYNTAX},
        {"0 0 15W * *", "look which day of the week it is", ERR_SYNTAX},
        {"H * * * *", "for H write a number, and jitter = \"10m\" spreads the runs", ERR_SYNTAX},
        {"H/15 * * * *", "for H write a number", ERR_SYNTAX},
        {"0 H(0-7) * * *", "for H write a number", ERR_SYNTAX},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct cron cron = {.seconds = 77};
        struct error err = {0};
        int rc = cron_parse(table[i].text, &cron, &err);
        if (rc != table[i].code || !strstr(err.message, table[i].message))
            fail_msg("\"%s\": %d %s", table[i].text, rc, err.message);
        assert_int_equal(cron.seconds, 77);
        assert_int_equal(cron_parse(table[i].text, &cron, NULL), rc);
    }
}

struct runs {
    const char *zone, *schedule, *from;
    const char *due[8]; /* the next ones, as local times with their offset; ends at a NULL */
};

static void check_runs(const struct runs *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct runs *r = &table[i];
        struct zone *zone;
        struct error err;
        int64_t us, at;
        assert_int_equal(zone_load(r->zone, ZONES, &zone, &err), 0);
        struct cron cron = parse(r->schedule);
        assert_true(clock_parse(r->from, &us));
        at = us / 1000000;
        for (size_t j = 0; j < 8 && r->due[j]; j++) {
            char out[40];
            assert_int_equal(cron_next(&cron, zone, at, &at, &err), 0);
            zone_format(zone, at, out);
            if (strcmp(out, r->due[j]) != 0)
                fail_msg("%s in %s from %s: run %zu is at %s, not %s", r->schedule, r->zone, r->from, j, out,
                         r->due[j]);
        }
        zone_free(zone);
    }
}

static void ordinary_days(void **state)
{
    (void)state;
    static const struct runs table[] = {
        {"UTC", "* * * * *", "2026-11-23T20:15:00Z", {"2026-11-23T20:16:00+00:00", "2026-11-23T20:17:00+00:00"}},
        {"UTC", "* * * * *", "2026-12-31T23:59:59Z", {"2027-01-01T00:00:00+00:00"}},
        {"UTC",
         "*/20 9-17/4 * * *",
         "2026-11-23T09:30:00Z",
         {"2026-11-23T09:40:00+00:00", "2026-11-23T13:00:00+00:00", "2026-11-23T13:20:00+00:00",
          "2026-11-23T13:40:00+00:00", "2026-11-23T17:00:00+00:00"}},
        {"UTC",
         "*/25 30 * * * *",
         "2026-11-23T20:30:25Z",
         {"2026-11-23T20:30:50+00:00", "2026-11-23T21:30:00+00:00", "2026-11-23T21:30:25+00:00"}},
        {"UTC", "30 59 23 * * *", "2026-11-23T23:59:30Z", {"2026-11-24T23:59:30+00:00"}},
        {"UTC", "10 * 5 * * *", "2026-11-23T05:59:10Z", {"2026-11-24T05:00:10+00:00"}},
        {"UTC",
         "0 0 29 2 *",
         "2026-01-01T00:00:00Z",
         {"2028-02-29T00:00:00+00:00", "2032-02-29T00:00:00+00:00", "2036-02-29T00:00:00+00:00"}},
        {"UTC", "0 0 29 2 *", "2096-02-29T00:00:00Z", {"2104-02-29T00:00:00+00:00"}}, /* 2100 is no leap year */
        {"UTC",
         "0 0 31 * *",
         "2026-01-31T00:00:00Z",
         {"2026-03-31T00:00:00+00:00", "2026-05-31T00:00:00+00:00", "2026-07-31T00:00:00+00:00",
          "2026-08-31T00:00:00+00:00"}},
        {"UTC", "0 0 31 1,4,12 *", "2026-02-01T00:00:00Z", {"2026-12-31T00:00:00+00:00", "2027-01-31T00:00:00+00:00"}},
        /* the 13th or a Friday */
        {"UTC",
         "0 0 13 * fri",
         "2026-11-07T00:00:00Z",
         {"2026-11-13T00:00:00+00:00", "2026-11-20T00:00:00+00:00", "2026-11-27T00:00:00+00:00",
          "2026-12-04T00:00:00+00:00", "2026-12-11T00:00:00+00:00", "2026-12-13T00:00:00+00:00"}},
        /* a field that starts with a star restricts by AND: odd days that are Mondays */
        {"UTC", "0 0 */2 * mon", "2026-11-23T00:00:00Z", {"2026-12-07T00:00:00+00:00", "2026-12-21T00:00:00+00:00"}},
        {"UTC", "0 0 29 2 */7", "2060-02-29T00:00:00Z", {"2088-02-29T00:00:00+00:00", "2128-02-29T00:00:00+00:00"}},
        {"UTC", "0 0 * * sun", "2026-11-23T00:00:00Z", {"2026-11-29T00:00:00+00:00", "2026-12-06T00:00:00+00:00"}},
        {"UTC", "0 0 1 1 *", "1969-06-01T00:00:00Z", {"1970-01-01T00:00:00+00:00"}},
        {"Asia/Kathmandu", "0 9 * * mon-fri", "2026-11-27T04:00:00Z", {"2026-11-30T09:00:00+05:45"}},
        {"Europe/Berlin",
         "0 9 * * *",
         "2026-03-27T12:00:00Z",
         {"2026-03-28T09:00:00+01:00", "2026-03-29T09:00:00+02:00", "2026-03-30T09:00:00+02:00"}},
    };
    check_runs(table, sizeof table / sizeof *table);
}

static void named_times_through_a_gap(void **state)
{
    (void)state;
    static const struct runs table[] = {
        {"Europe/Berlin",
         "30 2 * * *",
         "2026-03-28T00:00:00Z",
         {"2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"}},
        {"Europe/Berlin",
         "0 2 * * *",
         "2026-03-29T00:00:00Z",
         {"2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"}},
        /* what lies in the gap and what is due at its end are one run */
        {"Europe/Berlin",
         "0,30 2,3 * * *",
         "2026-03-28T12:00:00Z",
         {"2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00", "2026-03-30T02:00:00+02:00"}},
        {"Europe/Berlin",
         "*/5 2 * * *",
         "2026-03-28T12:00:00Z",
         {"2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00", "2026-03-30T02:05:00+02:00"}},
        {"Europe/Berlin",
         "0 */2 * * *",
         "2026-03-28T22:00:00Z",
         {"2026-03-29T00:00:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"}},
        {"Europe/Berlin",
         "59 59 2 * * *",
         "2026-03-28T12:00:00Z",
         {"2026-03-29T03:00:00+02:00", "2026-03-30T02:59:59+02:00"}},
        /* only where the date matches too */
        {"Europe/Berlin", "30 2 * * mon", "2026-03-28T12:00:00Z", {"2026-03-30T02:30:00+02:00"}},
        {"Europe/Berlin",
         "30 2 29 3 *",
         "2026-01-01T00:00:00Z",
         {"2026-03-29T03:00:00+02:00", "2027-03-29T02:30:00+02:00"}},
        /* beyond the file's table, by its footer */
        {"Europe/Berlin",
         "30 2 * * sun",
         "2060-03-27T12:00:00Z",
         {"2060-03-28T03:00:00+02:00", "2060-04-04T02:30:00+02:00"}},
        {"America/New_York",
         "30 2 * * *",
         "2026-03-08T00:00:00Z",
         {"2026-03-08T03:00:00-04:00", "2026-03-09T02:30:00-04:00"}},
        {"Australia/Lord_Howe",
         "15 2 * * *",
         "2026-10-03T12:00:00Z",
         {"2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"}},
        {"Australia/Lord_Howe",
         "15,30,45 2 * * *",
         "2026-10-03T12:00:00Z",
         {"2026-10-04T02:30:00+11:00", "2026-10-04T02:45:00+11:00", "2026-10-05T02:15:00+11:00"}},
        /* 00:00 did not exist */
        {"America/Sao_Paulo",
         "@daily",
         "2017-10-14T12:00:00Z",
         {"2017-10-15T01:00:00-02:00", "2017-10-16T00:00:00-02:00"}},
        {"America/Sao_Paulo",
         "0 */12 * * *",
         "2018-11-03T12:00:00Z",
         {"2018-11-03T12:00:00-03:00", "2018-11-04T01:00:00-02:00", "2018-11-04T12:00:00-02:00"}},
        {"Asia/Shanghai",
         "30 2 * * *",
         "1986-05-03T12:00:00Z",
         {"1986-05-04T03:00:00+09:00", "1986-05-05T02:30:00+09:00"}},
        {"Europe/Dublin",
         "30 1 * * *",
         "2026-03-28T12:00:00Z",
         {"2026-03-29T02:00:00+01:00", "2026-03-30T01:30:00+01:00"}},
        /* a day that did not exist */
        {"Pacific/Apia",
         "0 9 * * *",
         "2011-12-29T00:00:00Z",
         {"2011-12-29T09:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T09:00:00+14:00",
          "2012-01-01T09:00:00+14:00"}},
        {"Pacific/Apia",
         "0 12 30 12 *",
         "2011-01-01T00:00:00Z",
         {"2011-12-31T00:00:00+14:00", "2012-12-30T12:00:00+14:00"}},
        {"Pacific/Apia", "0 12 31 12 *", "2011-01-01T00:00:00Z", {"2011-12-31T12:00:00+14:00"}},
        /* two hours at once */
        {"Antarctica/Troll",
         "30 1,2 * * *",
         "2026-03-29T00:00:00Z",
         {"2026-03-29T03:00:00+02:00", "2026-03-30T01:30:00+02:00"}},
    };
    check_runs(table, sizeof table / sizeof *table);
}

static void named_times_through_an_overlap(void **state)
{
    (void)state;
    static const struct runs table[] = {
        {"Europe/Berlin",
         "30 2 * * *",
         "2026-10-24T12:00:00Z",
         {"2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"}},
        /* also when asked between the passes, or in the second */
        {"Europe/Berlin", "30 2 * * *", "2026-10-25T00:45:00Z", {"2026-10-26T02:30:00+01:00"}},
        {"Europe/Berlin", "30 2 * * *", "2026-10-25T01:10:00Z", {"2026-10-26T02:30:00+01:00"}},
        {"Europe/Berlin", "0 3 * * *", "2026-10-24T12:00:00Z", {"2026-10-25T03:00:00+01:00"}},
        {"Europe/Berlin",
         "*/30 2 * * *",
         "2026-10-24T12:00:00Z",
         {"2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-26T02:00:00+01:00"}},
        {"Europe/Berlin", "* * 2 * * *", "2026-10-25T00:59:59Z", {"2026-10-26T02:00:00+01:00"}},
        {"Europe/Berlin",
         "0 */2 * * *",
         "2026-10-24T22:00:00Z",
         {"2026-10-25T02:00:00+02:00", "2026-10-25T04:00:00+01:00", "2026-10-25T06:00:00+01:00"}},
        {"Australia/Lord_Howe",
         "45 1 * * *",
         "2026-04-04T12:00:00Z",
         {"2026-04-05T01:45:00+11:00", "2026-04-06T01:45:00+10:30"}},
        {"Australia/Lord_Howe", "0 2 * * *", "2026-04-04T12:00:00Z", {"2026-04-05T02:00:00+10:30"}},
        {"America/Sao_Paulo",
         "30 23 * * *",
         "2018-02-17T12:00:00Z",
         {"2018-02-17T23:30:00-02:00", "2018-02-18T23:30:00-03:00"}},
        {"America/Sao_Paulo",
         "@daily",
         "2018-02-17T12:00:00Z",
         {"2018-02-18T00:00:00-03:00", "2018-02-19T00:00:00-03:00"}},
        {"Asia/Shanghai",
         "30 1 * * *",
         "1991-09-14T12:00:00Z",
         {"1991-09-15T01:30:00+09:00", "1991-09-16T01:30:00+08:00"}},
        {"Europe/Dublin",
         "30 1 * * *",
         "2026-10-24T12:00:00Z",
         {"2026-10-25T01:30:00+01:00", "2026-10-26T01:30:00+00:00"}},
    };
    check_runs(table, sizeof table / sizeof *table);
}

static void elapsed_time_runs_through_both(void **state)
{
    (void)state;
    static const struct runs table[] = {
        {"Europe/Berlin",
         "*/30 * * * *",
         "2026-03-29T00:00:00Z",
         {"2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00"}},
        {"Europe/Berlin",
         "*/30 * * * *",
         "2026-10-24T23:30:00Z",
         {"2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00",
          "2026-10-25T02:30:00+01:00", "2026-10-25T03:00:00+01:00"}},
        {"Europe/Berlin",
         "30 * * * *",
         "2026-03-29T00:00:00Z",
         {"2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00"}},
        {"Europe/Berlin",
         "30 * * * *",
         "2026-10-24T23:30:00Z",
         {"2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00"}},
        {"Europe/Berlin",
         "0 0-23 * * *",
         "2026-10-24T23:30:00Z",
         {"2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"}},
        {"Australia/Lord_Howe",
         "*/15 * * * *",
         "2026-10-03T15:00:00Z",
         {"2026-10-04T01:45:00+10:30", "2026-10-04T02:30:00+11:00", "2026-10-04T02:45:00+11:00"}},
        {"Australia/Lord_Howe",
         "15 * * * *",
         "2026-10-03T14:00:00Z",
         {"2026-10-04T01:15:00+10:30", "2026-10-04T03:15:00+11:00"}},
        {"Australia/Lord_Howe",
         "45 * * * *",
         "2026-04-04T14:30:00Z",
         {"2026-04-05T01:45:00+11:00", "2026-04-05T01:45:00+10:30", "2026-04-05T02:45:00+10:30"}},
        {"Pacific/Apia",
         "0 * * * *",
         "2011-12-30T08:30:00Z",
         {"2011-12-29T23:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T01:00:00+14:00"}},
        {"Pacific/Apia", "0 * * * fri", "2011-12-29T12:00:00Z", {"2012-01-06T00:00:00+14:00"}},
        {"America/Sao_Paulo",
         "@hourly",
         "2017-10-15T02:00:00Z",
         {"2017-10-15T01:00:00-02:00", "2017-10-15T02:00:00-02:00"}},
        {"America/Sao_Paulo",
         "0 * * * sat",
         "2018-02-18T00:30:00Z", /* Saturday's 23:00 comes twice */
         {"2018-02-17T23:00:00-02:00", "2018-02-17T23:00:00-03:00", "2018-02-24T00:00:00-03:00"}},
    };
    check_runs(table, sizeof table / sizeof *table);
}

static void never_within_forty_years(void **state)
{
    (void)state;
    struct zone *zone;
    struct error err;
    int64_t next = 7;
    assert_int_equal(zone_load("Europe/Berlin", ZONES, &zone, &err), 0);
    struct cron cron = parse("* * * * *");
    const int64_t far[] = {INT64_MAX, INT64_MIN, INT64_C(1) << 55, INT64_MAX - 60};
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        assert_int_equal(cron_next(&cron, zone, far[i], &next, &err), ERR_NOT_FOUND);
        assert_int_equal(next, 7);
    }
    assert_string_equal(err.message, "the schedule is not due within 40 years");
    /* 2096 to 2104 is the longest wait of 29 February; as a Sunday it is 40 years. */
    cron = (struct cron){1, 1, 1, 2, 0, 1, true, false, false}; /* not of cron_parse: no month */
    cron.months = 1 << 2;
    cron.days = UINT32_C(1) << 30;
    assert_int_equal(cron_next(&cron, zone, 0, &next, &err), ERR_NOT_FOUND);
    zone_free(zone);
}

/* Generous: a second-by-second search would take hundreds of times as long. */
static void next_is_found_by_jumps(void **state)
{
    (void)state;
    static const char *const schedules[] = {"*/5 * * * *", "30 2 * * *", "0 0 29 2 *", "0 0 31 12 *",
                                            "59 59 23 29 2 */7"};
    struct zone *zone;
    struct error err;
    assert_int_equal(zone_load("Europe/Berlin", ZONES, &zone, &err), 0);
    for (size_t i = 0; i < sizeof schedules / sizeof *schedules; i++) {
        struct cron cron = parse(schedules[i]);
        int64_t begin = clock_monotonic();
        int64_t at = 0;
        const int rounds = 200;
        for (int n = 0; n < rounds; n++) {
            at = INT64_C(1790000000) + n * INT64_C(777777);
            assert_int_equal(cron_next(&cron, zone, at, &at, &err), 0);
        }
        double each = (double)(clock_monotonic() - begin) / rounds;
        print_message("%-20s %7.2f us\n", schedules[i], each);
        assert_true(each < 20000);
    }
    zone_free(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_to_sets),
        cmocka_unit_test(errors_name_the_field),
        cmocka_unit_test(ordinary_days),
        cmocka_unit_test(named_times_through_a_gap),
        cmocka_unit_test(named_times_through_an_overlap),
        cmocka_unit_test(elapsed_time_runs_through_both),
        cmocka_unit_test(never_within_forty_years),
        cmocka_unit_test(next_is_found_by_jumps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
