/* SPDX-License-Identifier: Apache-2.0 */
/* The proleptic Gregorian calendar, in 64 bits throughout. Eras of 400 years (146097 days) begin on 1 March, so that
 * the leap day is a year's last. */
#include "time/zone_data.h"

enum { ERA_DAYS = 146097, EPOCH_DAYS = 719468 /* from 1 March of year 0 to 1970-01-01 */ };

int64_t civil_days(int64_t year, int month, int64_t day)
{
    year -= month <= 2;
    int64_t era = floor_div(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - EPOCH_DAYS + day - 1;
}

struct date {
    int64_t year;
    int month, day;
};

static struct date date_of(int64_t days)
{
    days += EPOCH_DAYS;
    int64_t era = floor_div(days, ERA_DAYS);
    int64_t day_of_era = days - era * ERA_DAYS;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month = (int)((5 * day_of_year + 2) / 153);
    int day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    month += month < 10 ? 3 : -9;
    return (struct date){era * 400 + year_of_era + (month <= 2), month, day};
}

int64_t civil_year(int64_t seconds)
{
    return date_of(floor_div(seconds, 86400)).year;
}

static int64_t bounded(int64_t seconds)
{
    if (seconds > ZONE_INSTANT_MOST)
        return ZONE_INSTANT_MOST;
    return seconds < -ZONE_INSTANT_MOST ? -ZONE_INSTANT_MOST : seconds;
}

struct civil civil_from_seconds(int64_t seconds)
{
    seconds = bounded(seconds);
    int64_t days = floor_div(seconds, 86400);
    int rest = (int)(seconds - days * 86400);
    struct date date = date_of(days);
    return (struct civil){(int)date.year, date.month, date.day, rest / 3600, rest / 60 % 60, rest % 60};
}

int64_t civil_to_seconds(const struct civil *c)
{
    int64_t months = (int64_t)c->month - 1;
    int64_t years = floor_div(months, 12);
    int64_t days = civil_days(c->year + years, (int)(months - years * 12) + 1, c->day);
    return bounded(days * 86400 + (int64_t)c->hour * 3600 + (int64_t)c->minute * 60 + c->second);
}

int civil_weekday(int year, int month, int day)
{
    int64_t days = civil_days(year, month, day) + 4; /* 1970-01-01 was a Thursday */
    return (int)(days - floor_div(days, 7) * 7);
}
