/* SPDX-License-Identifier: Apache-2.0 */
/* Days as numbers in order. */
#include "time/days.h"

#include <stdlib.h>
#include <string.h>

#include "base/grown.h"

/* So many digits, and what follows them; -1: there are others. */
static int digits(const char **at, int count, char then)
{
    int number = 0;
    for (int i = 0; i < count; i++) {
        if ((*at)[i] < '0' || (*at)[i] > '9')
            return -1;
        number = number * 10 + (*at)[i] - '0';
    }
    if ((*at)[count] != then)
        return -1;
    *at += count + (then != '\0');
    return number;
}

/* year 0: in some year, so that 29 February is a day. */
static bool is_day(int year, int month, int day)
{
    struct civil c = {.year = year ? year : 2000, .month = month, .day = day};
    struct civil same = civil_from_seconds(civil_to_seconds(&c));
    return month >= 1 && day >= 1 && same.month == month && same.day == day;
}

static bool parse(const char *text, int32_t *number)
{
    const char *at = text;
    int year = strlen(text) > 5 ? digits(&at, 4, '-') : 0;
    int month = year < 0 ? -1 : digits(&at, 2, '-');
    int day = month < 0 ? -1 : digits(&at, 2, '\0');
    *number = year * 10000 + month * 100 + day;
    return day > 0 && (year > 0 || strlen(text) == 5) && is_day(year, month, day);
}

/* The place of the first one that is not below. */
static size_t place(const struct days *d, int32_t number)
{
    size_t low = 0, high = d->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (d->list[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has(const struct days *d, int32_t number)
{
    size_t at = place(d, number);
    return at < d->count && d->list[at] == number;
}

int days_add(struct days *d, const char *text, struct error *err)
{
    int32_t number;
    if (!parse(text, &number))
        return error_set(err, ERR_SYNTAX,
                         "\"%.40s\" is no day; a day is written \"2026-05-14\", or \"12-25\" for each year", text);
    if (has(d, number))
        return 0;
    if (d->count == DAYS_MAX)
        return error_set(err, ERR_LIMIT, "more than %d days", DAYS_MAX);
    int32_t *list = grown(d->list, d->count, &d->room, sizeof *list, 32);
    if (!list)
        return error_nomem(err);
    d->list = list;
    size_t at = place(d, number);
    memmove(d->list + at + 1, d->list + at, (d->count - at) * sizeof *d->list);
    d->list[at] = number;
    d->count++;
    return 0;
}

bool days_have(const struct days *d, const struct civil *day)
{
    int32_t each_year = day->month * 100 + day->day;
    return has(d, each_year) || (day->year > 0 && day->year < 10000 && has(d, day->year * 10000 + each_year));
}

bool days_same(const struct days *a, const struct days *b)
{
    return a->count == b->count && (!a->count || memcmp(a->list, b->list, a->count * sizeof *a->list) == 0);
}

void days_free(struct days *d)
{
    free(d->list);
    *d = (struct days){0};
}
