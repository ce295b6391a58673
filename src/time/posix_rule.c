/* SPDX-License-Identifier: Apache-2.0 */
/* The TZ string in a TZif file's footer, which rules from the last change of the table on:
 * "CET-1CEST,M3.5.0,M10.5.0/3". POSIX's grammar with RFC 8536's extension: hours of a rule from -167 to 167 (Nuuk
 * changes at -1, Gaza at 50). */
#include <string.h>

#include "time/zone_data.h"

struct cursor {
    const char *at, *end;
};

static bool take(struct cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static bool take_number(struct cursor *c, int least, int most, int *value)
{
    const char *start = c->at;
    int n = 0;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        n = n * 10 + (*c->at - '0');
        if (n > most)
            return false;
    }
    *value = n;
    return c->at > start && n >= least;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "CET" or "<+0545>": at least three characters. */
static bool take_name(struct cursor *c, char name[8])
{
    bool quoted = take(c, '<');
    const char *start = c->at;
    while (c->at < c->end &&
           (is_letter(*c->at) || (quoted && ((*c->at >= '0' && *c->at <= '9') || *c->at == '+' || *c->at == '-'))))
        c->at++;
    size_t len = (size_t)(c->at - start);
    if (len < 3 || (quoted && !take(c, '>')))
        return false;
    if (len > 7)
        len = 7;
    memcpy(name, start, len);
    name[len] = '\0';
    return true;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(struct cursor *c, int most_hours, int32_t *seconds)
{
    bool negative = take(c, '-');
    int hour, minute = 0, second = 0;
    if (!negative)
        take(c, '+');
    if (!take_number(c, 0, most_hours, &hour))
        return false;
    if (take(c, ':')) {
        if (!take_number(c, 0, 59, &minute))
            return false;
        if (take(c, ':') && !take_number(c, 0, 59, &second))
            return false;
    }
    int32_t total = hour * 3600 + minute * 60 + second;
    *seconds = negative ? -total : total;
    return true;
}

static bool take_day(struct cursor *c, struct rule_day *day)
{
    if (take(c, 'J')) {
        day->kind = RULE_JULIAN;
        if (!take_number(c, 1, 365, &day->day))
            return false;
    } else if (take(c, 'M')) {
        day->kind = RULE_WEEKDAY;
        if (!take_number(c, 1, 12, &day->month) || !take(c, '.') || !take_number(c, 1, 5, &day->week) ||
            !take(c, '.') || !take_number(c, 0, 6, &day->day))
            return false;
    } else {
        day->kind = RULE_ORDINAL;
        if (!take_number(c, 0, 365, &day->day))
            return false;
    }
    day->time = 7200;
    return !take(c, '/') || take_time(c, 167, &day->time);
}

bool posix_rule_parse(const char *text, size_t len, struct posix_rule *rule)
{
    struct cursor c = {text, text + len};
    int32_t west;
    memset(rule, 0, sizeof *rule);
    if (!take_name(&c, rule->standard.abbreviation) || !take_time(&c, 24, &west))
        return false;
    rule->standard.seconds = -west; /* POSIX counts to the west */
    if (c.at == c.end)
        return true;
    rule->has_dst = true;
    rule->dst.dst = true;
    rule->dst.seconds = rule->standard.seconds + 3600;
    if (!take_name(&c, rule->dst.abbreviation))
        return false;
    if (c.at < c.end && *c.at != ',') {
        if (!take_time(&c, 24, &west))
            return false;
        rule->dst.seconds = -west;
    }
    /* A DST name without its days leaves them to the system that reads it: that cannot be answered. */
    return take(&c, ',') && take_day(&c, &rule->start) && take(&c, ',') && take_day(&c, &rule->end) && c.at == c.end;
}

/* Seconds since 1970, as if UTC, of the rule's local time in a year. */
static int64_t day_seconds(const struct rule_day *day, int64_t year)
{
    int64_t days = 0;
    switch (day->kind) {
    case RULE_JULIAN: {
        int64_t leap = civil_days(year, 3, 1) - civil_days(year, 2, 29);
        days = civil_days(year, 1, 1) + day->day - 1 + (day->day >= 60 ? leap : 0);
        break;
    }
    case RULE_ORDINAL:
        days = civil_days(year, 1, 1) + day->day;
        break;
    case RULE_WEEKDAY: {
        int64_t first = civil_days(year, day->month, 1);
        int64_t weekday = first + 4 - floor_div(first + 4, 7) * 7;
        days = first + (day->day - weekday + 7) % 7 + (day->week - 1) * 7;
        int64_t next_month = day->month == 12 ? civil_days(year + 1, 1, 1) : civil_days(year, day->month + 1, 1);
        if (days >= next_month)
            days -= 7;
        break;
    }
    }
    return days * 86400 + day->time;
}

static int64_t dst_start(const struct posix_rule *rule, int64_t year)
{
    return day_seconds(&rule->start, year) - rule->standard.seconds;
}

static int64_t dst_end(const struct posix_rule *rule, int64_t year)
{
    return day_seconds(&rule->end, year) - rule->dst.seconds;
}

/* The last start or end at or before the instant decides. A rule's time can lie a week outside its year, so the
 * neighbouring years count too. Of two at the same instant the later year's wins: that is how a footer says "DST all
 * year" ("XXX3EDT4,0/0,J365/23", where each end is the next year's start); within a year the end wins: never DST. */
const struct zone_offset *posix_rule_at(const struct posix_rule *rule, int64_t instant)
{
    const struct zone_offset *found = &rule->standard;
    if (!rule->has_dst)
        return found;
    int64_t year = civil_year(instant);
    int64_t newest = INT64_MIN;
    for (int64_t y = year - 2; y <= year + 1; y++) {
        int64_t start = dst_start(rule, y), end = dst_end(rule, y);
        if (start <= instant && start >= newest) {
            newest = start;
            found = &rule->dst;
        }
        if (end <= instant && end >= newest) {
            newest = end;
            found = &rule->standard;
        }
    }
    return found;
}

bool posix_rule_next(const struct posix_rule *rule, int64_t instant, int64_t *change)
{
    if (!rule->has_dst || rule->dst.seconds == rule->standard.seconds)
        return false;
    int64_t year = civil_year(instant);
    bool found = false;
    for (int64_t y = year - 1; y <= year + 2; y++) {
        int64_t at[2] = {dst_start(rule, y), dst_end(rule, y)};
        for (int i = 0; i < 2; i++) {
            if (at[i] <= instant || (found && at[i] >= *change))
                continue;
            if (posix_rule_at(rule, at[i] - 1)->seconds != posix_rule_at(rule, at[i])->seconds) {
                *change = at[i];
                found = true;
            }
        }
    }
    return found;
}
