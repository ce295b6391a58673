/* SPDX-License-Identifier: Apache-2.0 */
/* The wall clock, real or moved by hand, and RFC 3339 text. */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * CLOCK_SECOND + t.tv_nsec / 1000;
}

int64_t clock_now(const struct clock *clock)
{
    if (clock && clock->manual)
        return clock->manual_us;
    return read_clock(CLOCK_REALTIME) + (clock ? clock->ahead_us : 0);
}

bool clock_begin(struct clock *clock, const char *at)
{
    int64_t us = 0;
    *clock = (struct clock){0};
    if (!at || !*at)
        return true;
    if (!clock_parse(at, &us))
        return false;
    clock->ahead_us = us - clock_now(NULL);
    return true;
}

static int64_t floor_seconds(int64_t us)
{
    return us >= 0 ? us / CLOCK_SECOND : -((-us + CLOCK_SECOND - 1) / CLOCK_SECOND);
}

int64_t clock_seconds(const struct clock *clock)
{
    return floor_seconds(clock_now(clock));
}

int64_t clock_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_elapsed(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

void clock_format(int64_t us, bool fraction, char out[32])
{
    time_t seconds = (time_t)floor_seconds(us);
    struct tm tm;
    if (!gmtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900 || tm.tm_year < -1900) {
        snprintf(out, 32, "out of range");
        return;
    }
    size_t n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
    if (fraction)
        snprintf(out + n, 32 - n, ".%06dZ", (int)(us - (int64_t)seconds * CLOCK_SECOND));
    else
        snprintf(out + n, 32 - n, "Z");
}

/* Exactly `digits` decimal digits at *p, or -1. */
static int number(const char **p, int digits)
{
    int n = 0;
    for (int i = 0; i < digits; i++, (*p)++) {
        if (**p < '0' || **p > '9')
            return -1;
        n = n * 10 + (**p - '0');
    }
    return n;
}

static bool expect(const char **p, char c)
{
    if (**p != c)
        return false;
    (*p)++;
    return true;
}

static bool parse_offset(const char **p, int64_t *seconds)
{
    *seconds = 0;
    if (**p == 'Z' || **p == 'z') {
        (*p)++;
        return true;
    }
    int sign = **p == '+' ? 1 : **p == '-' ? -1 : 0;
    if (!sign)
        return false;
    (*p)++;
    int h = number(p, 2);
    if (h < 0 || h > 23 || !expect(p, ':'))
        return false;
    int m = number(p, 2);
    if (m < 0 || m > 59)
        return false;
    *seconds = sign * (h * 3600 + m * 60);
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool clock_parse(const char *text, int64_t *us)
{
    const char *p = text;
    struct tm tm = {0};
    int year = number(&p, 4);
    if (year < 0 || !expect(&p, '-'))
        return false;
    int month = number(&p, 2);
    if (month < 1 || month > 12 || !expect(&p, '-'))
        return false;
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    tm.tm_mday = number(&p, 2);
    if (tm.tm_mday < 1 || tm.tm_mday > days_in_month(year, month) || (*p != 'T' && *p != 't' && *p != ' '))
        return false;
    p++;
    tm.tm_hour = number(&p, 2);
    if (tm.tm_hour < 0 || tm.tm_hour > 23 || !expect(&p, ':'))
        return false;
    tm.tm_min = number(&p, 2);
    if (tm.tm_min < 0 || tm.tm_min > 59 || !expect(&p, ':'))
        return false;
    tm.tm_sec = number(&p, 2);
    if (tm.tm_sec < 0 || tm.tm_sec > 60)
        return false;
    int64_t fraction = 0, scale = CLOCK_SECOND / 10;
    if (*p == '.') {
        p++;
        if (*p < '0' || *p > '9')
            return false;
        for (; *p >= '0' && *p <= '9'; p++, scale /= 10)
            fraction += (*p - '0') * scale;
    }
    int64_t offset;
    if (!parse_offset(&p, &offset) || *p)
        return false;
    *us = ((int64_t)timegm(&tm) - offset) * CLOCK_SECOND + fraction;
    return true;
}
