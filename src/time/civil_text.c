/* SPDX-License-Identifier: Apache-2.0 */
/* Tries the forms one after the other. */
#include "time/civil_text.h"

#include <stddef.h>
#include <time.h>

bool civil_parse(const char *text, struct civil *civil, bool *date)
{
    static const char *const forms[] = {"%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S",
                                        "%Y-%m-%dT%H:%M"};
    struct tm t = {0};
    const char *end = NULL;
    size_t form = 0;
    for (; form < sizeof forms / sizeof *forms && (!end || *end); form++) {
        t = (struct tm){0};
        end = strptime(text, forms[form], &t);
    }
    if (!end || *end || t.tm_sec > 59)
        return false;
    *civil = (struct civil){.year = t.tm_year + 1900,
                            .month = t.tm_mon + 1,
                            .day = t.tm_mday,
                            .hour = t.tm_hour,
                            .minute = t.tm_min,
                            .second = t.tm_sec};
    *date = form == 1;
    struct civil same = civil_from_seconds(civil_to_seconds(civil)); /* there is no 30 February */
    return same.month == civil->month && same.day == civil->day;
}
