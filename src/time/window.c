/* SPDX-License-Identifier: Apache-2.0 */
/* Reads windows, and tells whether one is open: by what the clocks on the wall show. */
#include "time/window.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

#define DAY 1440

static int wrong(const char *text, struct error *err)
{
    return error_set(err, ERR_SYNTAX,
                     "\"%.100s\" is no window: days and times are written as in \"mon-fri 09:00-18:00\", "
                     "\"sat,sun 00:00-24:00\" or \"22:00-06:00\"",
                     text);
}

static bool read_day(const char **at, int *day)
{
    static const char *const names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
    for (int i = 0; i < 7; i++) {
        if (strncasecmp(*at, names[i], 3) == 0) {
            *at += 3;
            *day = i;
            return true;
        }
    }
    return false;
}

/* "mon-fri,sun "; where no days are named, each day. */
static bool read_days(const char **at, unsigned *days)
{
    int first, last;
    *days = 0x7f;
    if (**at >= '0' && **at <= '9')
        return true;
    *days = 0;
    do {
        *at += **at == ',';
        if (!read_day(at, &first))
            return false;
        last = first;
        if (**at == '-') {
            ++*at;
            if (!read_day(at, &last))
                return false;
        }
        for (int day = first;; day = (day + 1) % 7) {
            *days |= 1U << day;
            if (day == last)
                break;
        }
    } while (**at == ',');
    if (**at != ' ')
        return false;
    *at += strspn(*at, " ");
    return true;
}

static bool read_number(const char **at, int *number)
{
    if ((*at)[0] < '0' || (*at)[0] > '9' || (*at)[1] < '0' || (*at)[1] > '9')
        return false;
    *number = ((*at)[0] - '0') * 10 + (*at)[1] - '0';
    *at += 2;
    return true;
}

static bool read_time(const char **at, int *minutes)
{
    int hour, minute;
    if (!read_number(at, &hour) || **at != ':')
        return false;
    ++*at;
    if (!read_number(at, &minute))
        return false;
    *minutes = hour * 60 + minute;
    return minute < 60 && *minutes <= DAY;
}

int window_parse(const char *text, struct window *w, struct error *err)
{
    const char *at = text + strspn(text, " ");
    if (!read_days(&at, &w->days) || !read_time(&at, &w->begin) || *at != '-')
        return wrong(text, err);
    at++;
    if (!read_time(&at, &w->end) || at[strspn(at, " ")] || w->begin == DAY || w->begin == w->end)
        return wrong(text, err);
    if (w->end < w->begin)
        w->end += DAY;
    return 0;
}

bool window_open(const struct window *w, const struct zone *zone, int64_t instant)
{
    struct civil c = zone_civil(zone, instant);
    int day = civil_weekday(c.year, c.month, c.day), before = (day + 6) % 7, now = c.hour * 60 + c.minute;
    return ((w->days >> day & 1) && now >= w->begin && now < w->end) ||
           ((w->days >> before & 1) && now + DAY >= w->begin && now + DAY < w->end);
}
