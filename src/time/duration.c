/* SPDX-License-Identifier: Apache-2.0 */
/* Durations: text to microseconds, and back. */
#include "time/duration.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

struct unit {
    const char *name;
    uint64_t us;
};

/* In falling order, which is the order they are written in. */
static const struct unit units[] = {
    {"w", UINT64_C(604800000000)},
    {"d", UINT64_C(86400000000)},
    {"h", UINT64_C(3600000000)},
    {"m", UINT64_C(60000000)},
    {"s", UINT64_C(1000000)},
    {"ms", UINT64_C(1000)},
    {"us", 1},
};
enum { UNITS = sizeof units / sizeof *units, SECONDS = 4 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int bad(struct error *err, const char *text, const char *what)
{
    return error_set(err, ERR_SYNTAX, "duration \"%.100s\": %s; write it like 90s, 10m, 1h30m, 1d or 250ms", text,
                     what);
}

static int too_long(struct error *err, const char *text)
{
    return error_set(err, ERR_LIMIT, "duration \"%.100s\" is longer than the most, 100 years (36525d)", text);
}

static size_t unit_find(const char *name, size_t len)
{
    size_t i = 0;
    while (i < UNITS && !str_is(str_n(name, len), units[i].name))
        i++;
    return i;
}

static int bad_unit(struct error *err, const char *text, const char *unit, size_t len)
{
    char what[160];
    if (*unit == '.' || *unit == ',')
        return bad(err, text, "a fraction is not allowed, use a smaller unit (1h30m, not 1.5h)");
    if (*unit == ' ')
        return bad(err, text, "a space is not allowed");
    if (len == 0) {
        snprintf(what, sizeof what, "\"%.1s\" is not expected here", unit);
        return bad(err, text, what);
    }
    snprintf(what, sizeof what, "\"%.*s\" is no unit, the units are w, d, h, m, s, ms and us", len < 20 ? (int)len : 20,
             unit);
    return bad(err, text, what);
}

int duration_parse(const char *text, int64_t *us, struct error *err)
{
    uint64_t total = 0;
    size_t last = UNITS; /* the unit before; UNITS: none yet */
    if (!*text)
        return bad(err, text, "it is empty");
    for (const char *at = text; *at;) {
        if (!is_digit(*at)) {
            if (at == text && (*at == '-' || *at == '+'))
                return bad(err, text, "a sign is not allowed");
            return bad(err, text, *at == ' ' ? "a space is not allowed" : "a number is expected before each unit");
        }
        uint64_t number = 0;
        for (; is_digit(*at); at++) {
            number = number * 10 + (uint64_t)(*at - '0');
            if (number > (uint64_t)DURATION_MOST)
                return too_long(err, text);
        }
        size_t len = 0;
        while ((at[len] >= 'a' && at[len] <= 'z') || (at[len] >= 'A' && at[len] <= 'Z'))
            len++;
        size_t unit = unit_find(at, len);
        if (len == 0 && !*at && last == UNITS)
            unit = SECONDS; /* a plain number */
        else if (len == 0 && !*at)
            return bad(err, text, "the last number has no unit");
        else if (unit == UNITS)
            return bad_unit(err, text, at, len);
        if (last != UNITS && unit == last)
            return bad(err, text, "a unit stands in it twice");
        if (last != UNITS && unit < last)
            return bad(err, text, "the larger unit comes first");
        if (number > (uint64_t)DURATION_MOST / units[unit].us)
            return too_long(err, text);
        total += number * units[unit].us; /* both below 2^52: no overflow */
        if (total > (uint64_t)DURATION_MOST)
            return too_long(err, text);
        last = unit;
        at += len;
    }
    *us = (int64_t)total;
    return 0;
}

int duration_parse_or_off(const char *text, int64_t least, int64_t most, int64_t *us, struct error *err)
{
    char from[32], to[32];
    *us = 0;
    if (strcmp(text, "false") == 0 || (duration_parse(text, us, NULL) == 0 && *us >= least && *us <= most))
        return 0;
    duration_format(least, false, from);
    duration_format(most, false, to);
    return error_set(err, ERR_INVALID, "has to be a duration from %s to %s, or false, not \"%.100s\"", from, to, text);
}

void duration_format(int64_t us, bool brief, char out[32])
{
    uint64_t rest = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
    size_t len = 0;
    size_t largest = UNITS;
    if (us < 0)
        out[len++] = '-';
    for (size_t i = 1; i < UNITS; i++) { /* from days: "10d" says more than "1w3d" */
        uint64_t count = rest / units[i].us;
        rest %= units[i].us;
        if (count == 0)
            continue;
        if (largest == UNITS)
            largest = i;
        if (brief && i > largest + 1)
            break;
        len += (size_t)snprintf(out + len, 32 - len, "%" PRIu64 "%s", count, units[i].name);
    }
    if (largest == UNITS)
        memcpy(out, "0s", 3);
}
