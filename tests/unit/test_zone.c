/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones: files, footers, gaps and overlaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "time/atlas.h"
#include "time/zone_data.h"
#include "tzif_build.h"

#define ZONES TEST_SOURCE_DIR "/tests/unit/zoneinfo"

static struct zone *load(const char *name)
{
    struct zone *zone;
    struct error err;
    if (zone_load(name, ZONES, &zone, &err))
        fail_msg("%s", err.message);
    return zone;
}

/* RFC 3339 to seconds. */
static int64_t instant_of(const char *text)
{
    int64_t us;
    if (!clock_parse(text, &us))
        fail_msg("%s", text);
    return us / 1000000;
}

static struct civil civil_of(const char *text)
{
    struct civil c = {0};
    assert_int_equal(sscanf(text, "%d-%d-%d %d:%d:%d", &c.year, &c.month, &c.day, &c.hour, &c.minute, &c.second) >= 5,
                     1);
    return c;
}

static void offsets_at_instants(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *utc, *local, *abbreviation;
        bool dst;
    } table[] = {
        {"UTC", "2026-11-23T20:15:00Z", "2026-11-23T20:15:00+00:00", "UTC", false},
        {"Etc/UTC", "1969-12-31T23:59:59Z", "1969-12-31T23:59:59+00:00", "UTC", false},
        {"Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29T01:59:59+01:00", "CET", false},
        {"Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00+02:00", "CEST", true},
        {"Europe/Berlin", "2026-10-25T00:59:59Z", "2026-10-25T02:59:59+02:00", "CEST", true},
        {"Europe/Berlin", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00+01:00", "CET", false},
        {"Europe/Berlin", "2099-07-01T00:00:00Z", "2099-07-01T02:00:00+02:00", "CEST", true},
        {"Europe/Berlin", "1850-01-01T00:00:00Z", "1850-01-01T00:53:28+00:53:28", "LMT", false},
        {"America/New_York", "2026-07-01T00:00:00Z", "2026-06-30T20:00:00-04:00", "EDT", true},
        {"America/New_York", "1850-01-01T00:00:00Z", "1849-12-31T19:03:58-04:56:02", "LMT", false},
        {"Australia/Lord_Howe", "2026-04-04T14:59:59Z", "2026-04-05T01:59:59+11:00", "+11", true},
        {"Australia/Lord_Howe", "2026-04-04T15:00:00Z", "2026-04-05T01:30:00+10:30", "+1030", false},
        {"Asia/Shanghai", "1986-07-01T00:00:00Z", "1986-07-01T09:00:00+09:00", "CDT", true},
        {"Asia/Shanghai", "1991-09-14T16:59:59Z", "1991-09-15T01:59:59+09:00", "CDT", true},
        {"Asia/Shanghai", "1991-09-14T17:00:00Z", "1991-09-15T01:00:00+08:00", "CST", false},
        {"Asia/Shanghai", "2026-07-01T00:00:00Z", "2026-07-01T08:00:00+08:00", "CST", false},
        {"America/Sao_Paulo", "2017-10-15T02:59:59Z", "2017-10-14T23:59:59-03:00", "-03", false},
        {"America/Sao_Paulo", "2017-10-15T03:00:00Z", "2017-10-15T01:00:00-02:00", "-02", true},
        {"Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T23:59:59-10:00", "-10", true},
        {"Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31T00:00:00+14:00", "+14", true},
        {"Europe/Dublin", "2026-07-01T00:00:00Z", "2026-07-01T01:00:00+01:00", "IST", false},
        {"Europe/Dublin", "2026-12-01T00:00:00Z", "2026-12-01T00:00:00+00:00", "GMT", true},
        {"Europe/Dublin", "2077-12-01T00:00:00Z", "2077-12-01T00:00:00+00:00", "GMT", true},
        {"Asia/Kathmandu", "2026-01-01T00:00:00Z", "2026-01-01T05:45:00+05:45", "+0545", false},
        {"America/Nuuk", "2060-07-01T00:00:00Z", "2060-06-30T23:00:00-01:00", "-01", true},
        {"Antarctica/Troll", "2026-07-01T00:00:00Z", "2026-07-01T02:00:00+02:00", "+02", true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct zone *zone = load(table[i].zone);
        char out[40];
        int64_t instant = instant_of(table[i].utc);
        zone_format(zone, instant, out);
        assert_string_equal(out, table[i].local);
        struct zone_offset offset = zone_at(zone, instant);
        assert_string_equal(offset.abbreviation, table[i].abbreviation);
        assert_int_equal(offset.dst, table[i].dst);
        assert_string_equal(zone_name(zone), table[i].zone);
        zone_free(zone);
    }
}

static void changes_follow_each_other(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *after, *change; /* NULL: none */
    } table[] = {
        {"UTC", "2026-01-01T00:00:00Z", NULL},
        {"Asia/Shanghai", "2026-01-01T00:00:00Z", NULL},
        {"Asia/Shanghai", "1990-12-01T00:00:00Z", "1991-04-13T18:00:00Z"},
        {"Europe/Berlin", "2026-01-01T00:00:00Z", "2026-03-29T01:00:00Z"},
        {"Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"},
        {"Europe/Berlin", "2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"},
        {"Europe/Berlin", "2099-12-31T23:00:00Z", "2100-03-28T01:00:00Z"},
        {"America/Sao_Paulo", "2019-02-17T02:00:00Z", NULL},
        {"Pacific/Apia", "2011-12-01T00:00:00Z", "2011-12-30T10:00:00Z"},
        {"America/Nuuk", "2060-01-01T00:00:00Z", "2060-03-28T01:00:00Z"}, /* 27 March, 22:00 there: -1 of the rule */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct zone *zone = load(table[i].zone);
        int64_t change = 0;
        bool any = zone_next_change(zone, instant_of(table[i].after), &change);
        assert_int_equal(any, table[i].change != NULL);
        if (any)
            assert_int_equal(change, instant_of(table[i].change));
        zone_free(zone);
    }
}

static void local_times_to_instants(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *local;
        enum zone_local kind;
        const char *first, *second;
    } table[] = {
        {"UTC", "2026-02-28 12:00:00", ZONE_ONCE, "2026-02-28T12:00:00Z", NULL},
        {"Europe/Berlin", "2026-03-29 01:59:59", ZONE_ONCE, "2026-03-29T00:59:59Z", NULL},
        {"Europe/Berlin", "2026-03-29 02:00:00", ZONE_GAP, "2026-03-29T01:00:00Z", NULL},
        {"Europe/Berlin", "2026-03-29 02:59:59", ZONE_GAP, "2026-03-29T01:00:00Z", NULL},
        {"Europe/Berlin", "2026-03-29 03:00:00", ZONE_ONCE, "2026-03-29T01:00:00Z", NULL},
        {"Europe/Berlin", "2026-10-25 01:59:59", ZONE_ONCE, "2026-10-24T23:59:59Z", NULL},
        {"Europe/Berlin", "2026-10-25 02:00:00", ZONE_TWICE, "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"},
        {"Europe/Berlin", "2026-10-25 02:59:59", ZONE_TWICE, "2026-10-25T00:59:59Z", "2026-10-25T01:59:59Z"},
        {"Europe/Berlin", "2026-10-25 03:00:00", ZONE_ONCE, "2026-10-25T02:00:00Z", NULL},
        {"Europe/Berlin", "2055-03-28 02:30:00", ZONE_GAP, "2055-03-28T01:00:00Z", NULL},
        {"Australia/Lord_Howe", "2026-10-04 02:15:00", ZONE_GAP, "2026-10-03T15:30:00Z", NULL},
        {"Australia/Lord_Howe", "2026-10-04 02:30:00", ZONE_ONCE, "2026-10-03T15:30:00Z", NULL},
        {"Australia/Lord_Howe", "2026-04-05 01:45:00", ZONE_TWICE, "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z"},
        {"Pacific/Apia", "2011-12-30 12:00:00", ZONE_GAP, "2011-12-30T10:00:00Z", NULL},
        {"Pacific/Apia", "2011-12-31 00:00:00", ZONE_ONCE, "2011-12-30T10:00:00Z", NULL},
        {"America/Sao_Paulo", "2018-02-17 23:30:00", ZONE_TWICE, "2018-02-18T01:30:00Z", "2018-02-18T02:30:00Z"},
        {"America/Sao_Paulo", "2018-11-04 00:00:00", ZONE_GAP, "2018-11-04T03:00:00Z", NULL},
        {"Europe/Berlin", "2026-02-31 25:61:00", ZONE_ONCE, "2026-03-04T01:01:00Z", NULL},
        {"Europe/Berlin", "2026-13-01 00:00:00", ZONE_ONCE, "2026-12-31T23:00:00Z", NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct zone *zone = load(table[i].zone);
        int64_t first, second;
        struct civil local = civil_of(table[i].local);
        assert_int_equal(zone_instants(zone, &local, &first, &second), table[i].kind);
        assert_int_equal(first, instant_of(table[i].first));
        assert_int_equal(second, instant_of(table[i].second ? table[i].second : table[i].first));
        zone_free(zone);
    }
}

static struct zone *parse(const void *bytes, size_t len, struct error *err)
{
    struct zone *zone = NULL;
    unsigned char *copy = malloc(len ? len : 1); /* exactly as long, so that a read beyond it is seen */
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    zone_parse("Test/Zone", "test.tzif", copy, len, &zone, err);
    free(copy);
    return zone;
}

/* The changes of a year by a footer. */
static void footers_of_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *changes[3]; /* of 2027 */
    } table[] = {
        {"CET-1CEST,M3.5.0,M10.5.0/3", {"2027-03-28T01:00:00Z", "2027-10-31T01:00:00Z"}},
        {"EST5EDT,M3.2.0,M11.1.0", {"2027-03-14T07:00:00Z", "2027-11-07T06:00:00Z"}},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", {"2027-04-03T16:00:00Z", "2027-10-02T16:00:00Z"}},
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", {"2027-04-03T15:00:00Z", "2027-10-02T15:30:00Z"}},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", {"2027-03-28T01:00:00Z", "2027-10-31T01:00:00Z"}},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", {"2027-03-28T01:00:00Z", "2027-10-31T01:00:00Z"}},
        {"EET-2EEST,M3.4.4/50,M10.4.4/50", {"2027-03-27T00:00:00Z", "2027-10-29T23:00:00Z"}},
        {"AAA0BBB,J60,J300", {"2027-03-01T02:00:00Z", "2027-10-27T01:00:00Z"}},
        {"AAA0BBB,59,300/0:30:15", {"2027-03-01T02:00:00Z", "2027-10-27T23:30:15Z"}},
        {"AAA0BBB,J1/-167,J365/167", {"2027-01-06T22:00:00Z", "2027-12-25T01:00:00Z"}}, /* 2026's end, 2028's start */
        {"XXX3EDT4,0/0,J365/23", {NULL}},    /* DST all year (RFC 8536, 3.3.1) */
        {"AAA0BBB-1,J100/0,J100/1", {NULL}}, /* ends as it begins: never */
        {"AAA0BBB0,M3.5.0,M10.5.0", {NULL}}, /* only the name changes */
        {"UTC0", {NULL}},
        {"<+0545>-5:45", {NULL}},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct tzif t = tzif_of_rule(table[i].rule);
        struct error err = {0};
        struct zone *zone = parse(t.bytes, t.len, &err);
        if (!zone)
            fail_msg("%s: %s", table[i].rule, err.message);
        int64_t at = instant_of("2027-01-01T00:00:00Z"), end = instant_of("2028-01-01T00:00:00Z");
        for (size_t j = 0; j < 3; j++) {
            bool more = zone_next_change(zone, at, &at) && at < end;
            char out[32] = "none";
            if (more)
                clock_format(at * 1000000, false, out);
            if (table[i].changes[j])
                assert_string_equal(out, table[i].changes[j]);
            else
                assert_string_equal(out, "none");
            if (!more)
                break;
        }
        zone_free(zone);
    }
    struct tzif t = tzif_of_rule("XXX3EDT4,0/0,J365/23");
    struct zone *zone = parse(t.bytes, t.len, NULL);
    for (int64_t at = instant_of("2026-12-30T00:00:00Z"); at < instant_of("2027-01-03T00:00:00Z"); at += 3600)
        assert_string_equal(zone_at(zone, at).abbreviation, "EDT");
    zone_free(zone);
    t = tzif_of_rule("AAA0BBB-1,J100/0,J100/1");
    zone = parse(t.bytes, t.len, NULL);
    for (int month = 1; month <= 12; month++)
        assert_string_equal(zone_at(zone, civil_days(2027, month, 10) * 86400).abbreviation, "AAA");
    zone_free(zone);
    t = tzif_of_rule("AAA0BBB,J60/0,J300/0"); /* J60 is 1 March in leap years too */
    zone = parse(t.bytes, t.len, NULL);
    int64_t change;
    assert_true(zone_next_change(zone, instant_of("2028-01-01T00:00:00Z"), &change));
    assert_int_equal(change, instant_of("2028-03-01T00:00:00Z"));
    zone_free(zone);
}

static void footers_that_are_none(void **state)
{
    (void)state;
    static const char *const rules[] = {
        "C",
        "CE-1",
        "CET",
        "CET-25",
        "CET-1:60",
        "CET-1:30:60",
        "CET-1CEST",
        "CET-1CEST,",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M3.5.0,",
        "CET-1CEST,M3.5.0,M10.5.0/",
        "CET-1CEST,M3.5.0,M10.5.0/168",
        "CET-1CEST,M3.5.0,M10.5.0/3x",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M0.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.0.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,J0,J365",
        "CET-1CEST,J1,J366",
        "CET-1CEST,366,1",
        "CET-1CEST,99999999999999999999,1",
        "<+01-1",
        "<>-1",
        "<+01>",
        ":Europe/Berlin",
        "CET-1 ",
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct tzif t = tzif_of_rule(rules[i]);
        struct error err = {0};
        if (parse(t.bytes, t.len, &err))
            fail_msg("accepted: %s", rules[i]);
        assert_string_equal(err.message, "test.tzif: broken time zone file: its footer is not a POSIX TZ rule; install "
                                         "tzdata again");
    }
    struct tzif t = tzif_of_rule("");
    struct zone *zone = parse(t.bytes, t.len, NULL);
    assert_non_null(zone);
    zone_free(zone);
}

static void broken_files(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        size_t at;
        const char *bytes;
        size_t len;
    } table[] = {
        {"not a time zone file", 0, "TZIF", 4},
        {"version 1", 4, "\0", 1},
        {"it is cut short", 20, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16},
        {"not a time zone file", 54, "TZ", 3},
        {"counts contradict", 54 + 20, "\0\0\0\2", 4},
        {"counts contradict", 54 + 24, "\0\0\0\2", 4},
        {"counts leap seconds", 54 + 28, "\0\0\0\1", 4},
        {"it is cut short", 54 + 32, "\xff\xff\xff\xff", 4},
        {"it is cut short", 54 + 32, "\0\0\0\6", 4},
        {"1 to 256 local time types", 54 + 36, "\0\0\0\0", 4},
        {"1 to 256 local time types", 54 + 36, "\0\0\1\1", 4},
        {"no abbreviations", 54 + 40, "\0\0\0\0", 4},
        {"a local time type that it does not have", 98 + 8, "\1", 1},
        {"more than 26 hours", 98 + 9, "\0\1\x6d\xa0", 4},
        {"more than 26 hours", 98 + 9, "\x80\0\0\0", 4},
        {"neither 0 nor 1", 98 + 13, "\2", 1},
        {"outside its table", 98 + 14, "\4", 1},
        {"does not end", 98 + 18, "X", 1},
        {"ends before its footer", 98 + 19, "X", 1},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct tzif t = tzif_of_rule("UTC0");
        struct error err = {0};
        memcpy(t.bytes + table[i].at, table[i].bytes, table[i].len);
        if (parse(t.bytes, t.len, &err))
            fail_msg("accepted: %s", table[i].why);
        if (!strstr(err.message, table[i].why) || !strstr(err.message, "test.tzif: "))
            fail_msg("%s, not: %s", err.message, table[i].why);
    }
    struct tzif t = {.len = 0};
    tzif_header(&t, '2', (const uint32_t[6]){0});
    tzif_header(&t, '2', (const uint32_t[6]){0, 0, 0, 2, 1, 4});
    tzif_put(&t, 5, 8);
    tzif_put(&t, 5, 8);
    tzif_text(&t, "\0\0\0\0\0\0\0\0UTC\0\n\n", 14);
    struct error err = {0};
    assert_null(parse(t.bytes, t.len, &err));
    assert_non_null(strstr(err.message, "its changes are not in order"));
}

static void ask_everything(const struct zone *zone, uint64_t seed)
{
    const int64_t bounds[] = {INT64_MIN, INT64_MAX, -ZONE_INSTANT_MOST, ZONE_INSTANT_MOST, 0, (int64_t)seed};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        char out[40];
        int64_t change, first, second;
        zone_format(zone, bounds[i], out);
        struct civil local = zone_civil(zone, bounds[i]);
        if (zone_next_change(zone, bounds[i], &change)) {
            assert_true(change > bounds[i] || bounds[i] > ZONE_INSTANT_MOST);
            assert_int_not_equal(zone_at(zone, change).seconds, zone_at(zone, change - 1).seconds);
        }
        zone_instants(zone, &local, &first, &second);
        assert_true(first <= second);
    }
}

static void every_cut_and_every_flipped_byte(void **state)
{
    (void)state;
    static const char *const names[] = {"Europe/Berlin", "America/Nuuk", "Asia/Kathmandu"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[300];
        struct buf bytes = BUF_INIT;
        struct error err;
        snprintf(path, sizeof path, "%s/%s", ZONES, names[i]);
        assert_int_equal(buf_read_file(&bytes, path, 1 << 20, &err), 0);
        for (size_t len = 0; len < bytes.len; len++)
            assert_null(parse(bytes.ptr, len, &err));
        for (size_t at = 0; at < bytes.len; at++) {
            for (int bit = 0; bit < 8; bit += 7) {
                bytes.ptr[at] = (char)(bytes.ptr[at] ^ (1 << bit));
                struct zone *zone = parse(bytes.ptr, bytes.len, &err);
                if (zone)
                    ask_everything(zone, at * 1000003);
                else
                    assert_non_null(strstr(err.message, "test.tzif"));
                zone_free(zone);
                bytes.ptr[at] = (char)(bytes.ptr[at] ^ (1 << bit));
            }
        }
        buf_free(&bytes);
    }
}

static void names_that_do_not_exist(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int code;
        const char *message;
    } table[] = {
        {"Europe/Berln", ERR_NOT_FOUND, "unknown time zone \"Europe/Berln\": did you mean \"Europe/Berlin\"?"},
        {"europe/berlin", ERR_NOT_FOUND, "did you mean \"Europe/Berlin\"?"},
        {"Berlin", ERR_NOT_FOUND, "did you mean \"Europe/Berlin\"?"},
        {"US/New_York", ERR_NOT_FOUND, "did you mean \"America/New_York\"?"},
        {"Asia/Shangai", ERR_NOT_FOUND, "did you mean \"Asia/Shanghai\"?"},
        {"Sao_Paulo", ERR_NOT_FOUND, "did you mean \"America/Sao_Paulo\"?"},
        {"Mars/Olympus_Mons", ERR_NOT_FOUND, "has no such file; write it like \"Europe/Berlin\" or \"UTC\""},
        {"Europe", ERR_NOT_FOUND, "unknown time zone \"Europe\""},
        {"Europe/Berlin/Mitte", ERR_NOT_FOUND, "unknown time zone"},
        {"US/Eastern", ERR_NOT_FOUND, "\"US/Eastern\" is an old name of \"America/New_York\": write that (or install"},
        {"utc", ERR_NOT_FOUND, "unknown time zone \"utc\": did you mean \"UTC\"?"},
        {"", ERR_INVALID, "time zone \"\" is not a name of the IANA database"},
        {"/etc/localtime", ERR_INVALID, "is not a name"},
        {"../zoneinfo/Europe/Berlin", ERR_INVALID, "is not a name"},
        {"Europe/../Europe/Berlin", ERR_INVALID, "is not a name"},
        {"Europe//Berlin", ERR_INVALID, "is not a name"},
        {"Europe/Berlin/", ERR_INVALID, "is not a name"},
        {"./Europe/Berlin", ERR_INVALID, "is not a name"},
        {":Europe/Berlin", ERR_INVALID, "is not a name"},
        {"Europe/Berlin\n", ERR_INVALID, "is not a name"},
        {"CET-1CEST,M3.5.0,M10.5.0/3", ERR_INVALID, "is not a name"},
        {"tzdata.zi", ERR_SYNTAX, "zoneinfo/tzdata.zi: not a time zone file (it does not begin with TZif)"},
        {"localtime", ERR_INVALID, "time zone \"localtime\" names no place"},
        {"posixrules", ERR_INVALID, "time zone \"posixrules\" names no place"},
        {"Factory", ERR_INVALID, "time zone \"Factory\" names no place"},
        {"right/Europe/Berlin", ERR_INVALID, "counts leap seconds"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct zone *zone;
        struct error err = {0};
        assert_int_equal(zone_load(table[i].name, ZONES, &zone, &err), table[i].code);
        assert_null(zone);
        if (!strstr(err.message, table[i].message))
            fail_msg("%s, not: %s", err.message, table[i].message);
        assert_int_equal(zone_load(table[i].name, ZONES, &zone, NULL), table[i].code);
    }
    char longest[300];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    struct zone *zone;
    assert_int_equal(zone_load(longest, ZONES, &zone, NULL), ERR_INVALID);
}

static void directories(void **state)
{
    (void)state;
    struct zone *zone;
    struct error err;
    char empty[] = "/tmp/test_zone.XXXXXX", pipe[64];
    assert_non_null(mkdtemp(empty));
    assert_int_equal(zone_load("Europe/Berlin", empty, &zone, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "install tzdata, or set TZDIR"));
    assert_int_equal(zone_load("UTC", empty, &zone, &err), 0);
    zone_free(zone);
    snprintf(pipe, sizeof pipe, "%s/Pipe", empty);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_int_equal(zone_load("Pipe", empty, &zone, &err), ERR_SYNTAX); /* and does not wait for a writer */
    assert_non_null(strstr(err.message, "is not a regular file"));
    setenv("TZDIR", ZONES, 1);
    assert_int_equal(zone_load("Europe/Berlin", NULL, &zone, &err), 0);
    zone_free(zone);
    setenv("TZDIR", empty, 1);
    assert_int_equal(zone_load("Europe/Berlin", NULL, &zone, &err), ERR_NOT_FOUND);
    unsetenv("TZDIR");
    unlink(pipe);
    rmdir(empty);
    char longest[5000];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(zone_load("Europe/Berlin", longest, &zone, &err), ERR_INVALID);
    zone_free(NULL);
}

/* Each name means the same as where its file is read. */
static void an_atlas_knows_what_the_files_say(void **state)
{
    (void)state;
    static const char *const names[] = {"UTC",          "Etc/UTC",   "Europe/Berlin", "America/New_York",
                                        "Pacific/Apia", "Europe",    "Europe/Berlim", "Berlin",
                                        "US/Eastern",   "../Europe", "localtime",     "nowhere/at/all"};
    struct atlas *atlas = atlas_read(ZONES), *again = atlas_read(ZONES);
    assert_non_null(atlas);
    assert_ptr_equal(again, atlas);
    atlas_free(again);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct zone *from_file = NULL, *zone = NULL;
        struct error expected = {0}, err = {0};
        int rc = zone_load(names[i], ZONES, &from_file, &expected);
        assert_int_equal(atlas_zone(atlas, names[i], &zone, &err), rc);
        assert_string_equal(err.message, expected.message);
        assert_int_equal(atlas_knows(atlas, names[i]), rc == 0);
        for (int64_t t = 0; zone && t < INT64_C(4000000000); t += 20000000)
            assert_int_equal(zone_at(zone, t).seconds, zone_at(from_file, t).seconds);
        zone_free(from_file);
        zone_free(zone);
    }
    struct zone *zone;
    assert_int_equal(atlas_zone(atlas, "posix/Europe/Berlin", &zone, NULL), 0);
    zone_free(zone);
    assert_int_equal(atlas_zone(atlas, "right/Europe/Berlin", &zone, NULL), ERR_INVALID);
    atlas_free(atlas);
}

static void an_atlas_follows_its_directory(void **state)
{
    (void)state;
    char folder[] = "/tmp/test_zone.XXXXXX", from[4096], to[4096];
    struct zone *zone;
    struct error err;
    assert_non_null(mkdtemp(folder));
    struct atlas *empty = atlas_read(folder);
    assert_non_null(empty);
    assert_int_equal(atlas_zone(empty, "Home", &zone, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "install tzdata, or set TZDIR"));
    snprintf(from, sizeof from, "%s/Europe/Berlin", ZONES);
    snprintf(to, sizeof to, "%s/Home", folder);
    assert_int_equal(symlink(from, to), 0);
    struct atlas *one = atlas_read(folder);
    assert_ptr_not_equal(one, empty);
    unlink(to);
    assert_int_equal(atlas_zone(one, "Home", &zone, &err), 0); /* from memory */
    assert_int_equal(zone_at(zone, 0).seconds, 3600);
    zone_free(zone);
    atlas_free(empty);
    atlas_free(one);
    atlas_free(NULL);
    assert_int_equal(mkfifo(to, 0600), 0);
    struct atlas *piped = atlas_read(folder);
    assert_int_equal(atlas_zone(piped, "Home", &zone, &err), ERR_SYNTAX);
    assert_non_null(strstr(err.message, "is not a regular file"));
    atlas_free(piped);
    unlink(to);
    rmdir(folder);
}

static void an_atlas_without_memory(void **state)
{
    (void)state;
    for (long n = 1;; n++) {
        alloc_fail_at(n);
        struct atlas *atlas = atlas_read(ZONES);
        bool reached = alloc_failed();
        alloc_fail_at(0);
        assert_true(atlas || reached);
        atlas_free(atlas);
        if (!reached)
            break;
    }
}

static void memory_runs_out(void **state)
{
    (void)state;
    static const char *const names[] = {"UTC", "Europe/Berlin", "Europe/Berln", "US/Eastern"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (long n = 1;; n++) {
            struct zone *zone;
            struct error err = {0};
            alloc_fail_at(n);
            int rc = zone_load(names[i], ZONES, &zone, &err);
            bool reached = alloc_failed();
            alloc_fail_at(0);
            zone_free(zone);
            if (!reached)
                break;
            /* An index that cannot be read only makes the advice poorer. */
            assert_true(rc == ERR_NOMEM || (i >= 2 && rc == ERR_NOT_FOUND));
            assert_int_equal(err.code, rc);
        }
    }
}

static void the_calendar(void **state)
{
    (void)state;
    static const int months[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct civil c = {.year = 1599, .month = 1, .day = 1};
    int64_t day = civil_days(1599, 1, 1);
    int weekday = civil_weekday(1599, 1, 1);
    for (; c.year < 2402; day++, weekday = (weekday + 1) % 7) {
        struct civil found = civil_from_seconds(day * 86400 + 86399);
        assert_int_equal(found.year, c.year);
        assert_int_equal(found.month, c.month);
        assert_int_equal(found.day, c.day);
        assert_int_equal(found.hour * 10000 + found.minute * 100 + found.second, 235959);
        assert_int_equal(civil_to_seconds(&c), day * 86400);
        assert_int_equal(civil_weekday(c.year, c.month, c.day), weekday);
        bool leap = c.year % 4 == 0 && (c.year % 100 || c.year % 400 == 0);
        int last = months[c.month] + (leap && c.month == 2);
        if (++c.day > last) {
            c.day = 1;
            c.year += c.month == 12;
            c.month = c.month % 12 + 1;
        }
    }
    assert_int_equal(civil_days(1970, 1, 1), 0);
    assert_int_equal(civil_weekday(2026, 11, 23), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_at_instants),
        cmocka_unit_test(changes_follow_each_other),
        cmocka_unit_test(local_times_to_instants),
        cmocka_unit_test(footers_of_every_form),
        cmocka_unit_test(footers_that_are_none),
        cmocka_unit_test(broken_files),
        cmocka_unit_test(every_cut_and_every_flipped_byte),
        cmocka_unit_test(names_that_do_not_exist),
        cmocka_unit_test(directories),
        cmocka_unit_test(an_atlas_knows_what_the_files_say),
        cmocka_unit_test(an_atlas_follows_its_directory),
        cmocka_unit_test(an_atlas_without_memory),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(the_calendar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
