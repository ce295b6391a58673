/* SPDX-License-Identifier: Apache-2.0 */
/* What people bring along from Go's cron, Quartz and Jenkins, and the key or the number that does it here. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "time/cron_cure.h"

static const char *const months[] = {"january", "february",  "march",   "april",    "may",      "june", "july",
                                     "august",  "september", "october", "november", "december", NULL};
static const char *const weekdays[] = {"sunday",   "monday", "tuesday",  "wednesday",
                                       "thursday", "friday", "saturday", NULL};

/* Up to the next blank, and what stands behind it. */
static struct str first_word(struct str text, struct str *rest)
{
    size_t n = 0;
    while (n < text.len && !isspace((unsigned char)text.ptr[n]))
        n++;
    *rest = str_trim(str_n(text.ptr + n, text.len - n));
    return str_n(text.ptr, n);
}

static bool is_prefix(struct str word, const char *name)
{
    return word.len <= strlen(name) && strncasecmp(word.ptr, name, word.len) == 0;
}

bool cron_cure_schedule(struct str text, char cure[CRON_CURE_SIZE])
{
    struct str rest, word = first_word(str_trim(text), &rest);
    size_t prefix = str_starts(word, "CRON_TZ=") ? 8 : str_starts(word, "TZ=") ? 3 : 0;
    if (prefix) {
        struct str zone = str_n(word.ptr + prefix, word.len - prefix);
        snprintf(cure, CRON_CURE_SIZE,
                 "a time zone has a key of its own; write timezone = \"%.*s\" beside schedule = \"%.*s\"",
                 zone.len < 60 ? (int)zone.len : 60, zone.ptr, rest.len < 60 ? (int)rest.len : 60, rest.ptr);
        return true;
    }
    if (word.len == 6 && is_prefix(word, "@every")) {
        struct str period = rest.len ? rest : str_of("5m");
        snprintf(cure, CRON_CURE_SIZE, "a period has a key of its own; write every = \"%.*s\" instead of schedule",
                 period.len < 60 ? (int)period.len : 60, period.ptr);
        return true;
    }
    return false;
}

/* "monday", "tues", "sept": a name that has more than its three letters. */
static bool long_name(enum cron_field field, struct str rest, char cure[CRON_CURE_SIZE])
{
    const char *const *names = field == MONTH ? months : field == WEEKDAY ? weekdays : NULL;
    size_t n = 0;
    while (n < rest.len && isalpha((unsigned char)rest.ptr[n]))
        n++;
    for (; names && *names && n > 3; names++) {
        if (!is_prefix(str_n(rest.ptr, n), *names))
            continue;
        snprintf(cure, CRON_CURE_SIZE, "; names have three letters: write %.3s", *names);
        return true;
    }
    return false;
}

static const char *quartz(enum cron_field field, struct str rest)
{
    if (field == WEEKDAY)
        return memchr(rest.ptr, '#', rest.len)
                   ? ": name the day of the week here, and let the policy's where look at the day of the month (8 to "
                     "14 is the second week)"
                   : ": name the day of the week here, and let the policy's where look whether a week later is another "
                     "month";
    if (field == DAY && memchr(rest.ptr, 'W', rest.len))
        return ": name the days around it here, and let the policy's where look which day of the week it is";
    return field == DAY ? ": 28-31 here, and let the policy's where look whether tomorrow is the 1st" : "";
}

void cron_cure_field(enum cron_field field, struct str rest, char cure[CRON_CURE_SIZE])
{
    bool jenkins = rest.len && rest.ptr[0] == 'H' && (rest.len == 1 || !isalpha((unsigned char)rest.ptr[1]));
    cure[0] = '\0';
    if (long_name(field, rest, cure) || !rest.len)
        return;
    if (jenkins)
        snprintf(cure, CRON_CURE_SIZE, "; for H write a number, and jitter = \"10m\" spreads the runs");
    else if (rest.ptr[0] == '?')
        snprintf(cure, CRON_CURE_SIZE, "; ? stands for any day, alone in its field: write * here");
    else if (memchr(rest.ptr, 'L', rest.len) || memchr(rest.ptr, 'l', rest.len) || memchr(rest.ptr, 'W', rest.len) ||
             memchr(rest.ptr, '#', rest.len))
        snprintf(cure, CRON_CURE_SIZE, "%s", quartz(field, rest));
}
