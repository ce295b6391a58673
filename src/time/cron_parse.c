/* SPDX-License-Identifier: Apache-2.0 */
/* A schedule's text to bit sets. Every error names the schedule, the field and what is allowed there. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "time/cron.h"
#include "time/cron_cure.h"

struct field {
    const char *name;
    int least, most;
    const char *names; /* three letters each, from `least` on */
    const char *allowed;
};

static const struct field fields[FIELDS] = {
    [SECOND] = {"second", 0, 59, "", "0-59"},
    [MINUTE] = {"minute", 0, 59, "", "0-59"},
    [HOUR] = {"hour", 0, 23, "", "0-23"},
    [DAY] = {"day-of-month", 1, 31, "", "1-31"},
    [MONTH] = {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec", "1-12 or jan-dec"},
    /* 7 is Sunday too, see take_value and add */
    [WEEKDAY] = {"day-of-week", 0, 6, "sunmontuewedthufrisat", "0-7 or sun-sat"},
};

static const struct {
    const char *name, *text;
} macros[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"}, {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},  {"@midnight", "0 0 * * *"}, {"@hourly", "0 * * * *"},
};
enum { MACROS = sizeof macros / sizeof *macros };

struct parser {
    const char *text; /* the whole schedule, for errors */
    struct error *err;
    const struct field *field;
    const char *at, *end; /* what is left of the field */
};

static int fail(const struct parser *p, int code, const char *what)
{
    return error_set(p->err, code, "schedule \"%.200s\": %s", p->text, what);
}

static size_t word_length(const struct parser *p)
{
    size_t n = 0;
    while (p->at + n < p->end && !strchr(",-/*", p->at[n]))
        n++;
    return n;
}

/* "L", "15W", "5#2", "L-3": another cron's, unlike "april" or "wednesday". */
static bool is_quartz(const struct parser *p)
{
    bool special = false;
    for (const char *c = p->at; c < p->end; c++) {
        special = special || strchr("LlWw#", *c);
        if (!strchr("LlWw#,-/0123456789", *c))
            return false;
    }
    return special;
}

static int unreadable(const struct parser *p)
{
    char what[200 + CRON_CURE_SIZE], cure[CRON_CURE_SIZE];
    int len = p->end - p->at > 30 ? 30 : (int)(p->end - p->at);
    const char *name = p->field->name;
    cron_cure_field((enum cron_field)(p->field - fields), str_n(p->at, (size_t)(p->end - p->at)), cure);
    if (len == 0)
        snprintf(what, sizeof what, "%s ends where a value is expected (%s)", name, p->field->allowed);
    else if (is_quartz(p))
        snprintf(what, sizeof what, "%s \"%.*s\": L, W and # are not supported; use numbers, lists and ranges%s", name,
                 len, p->at, cure);
    else
        snprintf(what, sizeof what, "%s \"%.*s\" is not understood; allowed are %s, *, lists, ranges and steps%s", name,
                 len, p->at, p->field->allowed, cure);
    return fail(p, ERR_SYNTAX, what);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits; a number too large for any field becomes a large one. False: no digits. */
static bool take_number(struct parser *p, int *value)
{
    const char *start = p->at;
    int n = 0;
    for (; p->at < p->end && is_digit(*p->at); p->at++)
        if (n < 100000)
            n = n * 10 + (*p->at - '0');
    *value = n;
    return p->at > start;
}

static bool take_name(struct parser *p, int *value)
{
    size_t len = word_length(p);
    if (len != 3)
        return false;
    for (size_t i = 0; p->field->names[i]; i += 3) {
        if (strncasecmp(p->at, p->field->names + i, 3) == 0) {
            *value = p->field->least + (int)(i / 3);
            p->at += 3;
            return true;
        }
    }
    return false;
}

static int take_value(struct parser *p, int *value)
{
    const struct field *f = p->field;
    const char *start = p->at;
    if (take_name(p, value))
        return 0;
    if (!take_number(p, value))
        return unreadable(p);
    if (p->at < p->end && !strchr(",-/", *p->at)) {
        p->at = start; /* "5x": show all of it */
        return unreadable(p);
    }
    int most = f == &fields[WEEKDAY] ? 7 : f->most;
    if (*value >= f->least && *value <= most)
        return 0;
    char what[120];
    int len = p->at - start > 20 ? 20 : (int)(p->at - start);
    snprintf(what, sizeof what, "%s %.*s is outside %s", f->name, len, start, f->allowed);
    return fail(p, ERR_INVALID, what);
}

static int take_step(struct parser *p, int *step)
{
    const struct field *f = p->field;
    const char *start = p->at;
    char what[120];
    int size = f->most - f->least + 1;
    if (!take_number(p, step) || (p->at < p->end && *p->at != ',')) {
        int len = p->end - start > 20 ? 20 : (int)(p->end - start);
        snprintf(what, sizeof what, "%s: the step \"%.*s\" is not a number", f->name, len, start);
        return fail(p, ERR_SYNTAX, what);
    }
    if (*step >= 1 && *step <= size)
        return 0;
    int len = p->at - start > 20 ? 20 : (int)(p->at - start);
    snprintf(what, sizeof what, "%s step %.*s is outside 1-%d", f->name, len, start, size);
    return fail(p, ERR_INVALID, what);
}

static int take_range_end(struct parser *p, int first, int *last)
{
    const char *start = p->at;
    int rc = take_value(p, last);
    if (rc)
        return rc;
    bool named = !is_digit(*start);
    if (p->field == &fields[WEEKDAY] && named && *last == 0 && first > 0)
        *last = 7; /* fri-sun */
    if (*last >= first)
        return 0;
    char what[160];
    snprintf(what, sizeof what, "%s range ends before it begins; write it as two, like %s", p->field->name,
             p->field == &fields[WEEKDAY] ? "fri-sat,sun-mon"
             : p->field == &fields[MONTH] ? "nov-dec,jan-feb"
                                          : "22-23,0-5");
    return fail(p, ERR_INVALID, what);
}

/* One member of a list: star, a, a-b, and each with a step. */
static int take_item(struct parser *p, uint64_t *set)
{
    int first = p->field->least, last = p->field->most, step = 1;
    bool star = p->at < p->end && *p->at == '*';
    bool range = star;
    int rc = 0;
    if (star) {
        p->at++;
    } else {
        rc = take_value(p, &first);
        if (!rc && p->at < p->end && *p->at == '-') {
            p->at++;
            range = true;
            rc = take_range_end(p, first, &last);
        }
    }
    if (rc)
        return rc;
    if (p->at < p->end && *p->at == '/') {
        p->at++;
        rc = take_step(p, &step);
        if (rc)
            return rc;
        if (first > last)
            last = first; /* 7/2 as a day of the week */
    } else if (!range) {
        last = first;
    }
    for (int i = first; i <= last; i += step)
        *set |= UINT64_C(1) << (p->field == &fields[WEEKDAY] ? i % 7 : i);
    return 0;
}

static int take_field(struct parser *p, uint64_t *set)
{
    *set = 0;
    bool days = p->field == &fields[DAY] || p->field == &fields[WEEKDAY];
    if (days && p->end - p->at == 1 && *p->at == '?') {
        for (int i = p->field->least; i <= p->field->most; i++)
            *set |= UINT64_C(1) << i;
        return 0;
    }
    for (;;) {
        int rc = take_item(p, set);
        if (rc)
            return rc;
        if (p->at == p->end)
            return 0;
        if (*p->at != ',')
            return unreadable(p);
        p->at++;
    }
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r'); /* a line's end too: it comes with a text that was read from a file */
}

/* The words of the schedule; returns how many there are, also beyond the room. */
static size_t split(const char *text, struct str words[FIELDS])
{
    size_t n = 0;
    for (const char *p = text; *p;) {
        const char *start = p;
        while (*p && !is_blank(*p))
            p++;
        if (p > start) {
            if (n < FIELDS)
                words[n] = str_n(start, (size_t)(p - start));
            n++;
        }
        while (is_blank(*p))
            p++;
    }
    return n;
}

/* The longest each month can be; a day of the week always comes, and a restricted one is ORed. */
static bool date_comes(const struct cron *cron)
{
    static const int longest[] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (!cron->days_restricted || cron->weekdays_restricted)
        return true;
    for (int month = 1; month <= 12; month++)
        if ((cron->months >> month & 1) && (cron->days & ((UINT64_C(2) << longest[month]) - 1)))
            return true;
    return false;
}

static int expand_macro(const struct parser *p, const char **text)
{
    const char *names[MACROS + 1] = {NULL};
    char what[160];
    struct str word = str_trim(str_of(p->text));
    for (size_t i = 0; i < MACROS; i++) {
        names[i] = macros[i].name;
        if (word.len == strlen(names[i]) && strncasecmp(word.ptr, names[i], word.len) == 0) {
            *text = macros[i].text;
            return 0;
        }
    }
    char name[32];
    snprintf(name, sizeof name, "%.*s", word.len < 31 ? (int)word.len : 31, word.ptr);
    const char *meant = str_nearest(name, names);
    if (meant)
        snprintf(what, sizeof what, "unknown name; did you mean %s?", meant);
    else
        snprintf(what, sizeof what,
                 "unknown name; there are @yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly");
    return fail(p, ERR_SYNTAX, what);
}

static bool starts_open(struct str word)
{
    return word.ptr[0] == '*' || word.ptr[0] == '?';
}

int cron_parse(const char *text, struct cron *cron, struct error *err)
{
    struct parser p = {.text = text, .err = err};
    struct str words[FIELDS] = {{0}};
    uint64_t sets[FIELDS] = {1}; /* second 0 where it is not given */
    char what[160], cure[CRON_CURE_SIZE];
    while (is_blank(*text))
        text++;
    if (cron_cure_schedule(str_of(text), cure))
        return fail(&p, ERR_SYNTAX, cure);
    if (*text == '@') {
        int rc = expand_macro(&p, &text);
        if (rc)
            return rc;
    }
    size_t count = split(text, words);
    if (count != FIELDS && count != FIELDS - 1) {
        snprintf(what, sizeof what,
                 "%zu field%s; there must be 5 (minute hour day-of-month month day-of-week) or 6 (second first)", count,
                 count == 1 ? "" : "s");
        return fail(&p, ERR_SYNTAX, what);
    }
    size_t skip = FIELDS - count;
    for (size_t i = 0; i < count; i++) {
        p.field = &fields[i + skip];
        p.at = words[i].ptr;
        p.end = p.at + words[i].len;
        int rc = take_field(&p, &sets[i + skip]);
        if (rc)
            return rc;
    }
    struct cron parsed = {
        .seconds = sets[SECOND],
        .minutes = sets[MINUTE],
        .hours = (uint32_t)sets[HOUR],
        .days = (uint32_t)sets[DAY],
        .months = (uint32_t)sets[MONTH],
        .weekdays = (uint32_t)sets[WEEKDAY],
        .days_restricted = !starts_open(words[DAY - skip]),
        .weekdays_restricted = !starts_open(words[WEEKDAY - skip]),
        .every_hour = sets[HOUR] == 0xFFFFFF,
    };
    if (!date_comes(&parsed))
        return fail(&p, ERR_INVALID, "the day-of-month never comes in that month; no run would ever be due");
    *cron = parsed;
    return 0;
}
