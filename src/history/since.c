/* SPDX-License-Identifier: Apache-2.0 */
/* An instant by itself, by its day, or by how long ago it is. */
#include "history/since.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "time/duration.h"

int since_parse(const char *text, int64_t now, int64_t *since, struct error *err)
{
    char day[32];
    int64_t ago;
    snprintf(day, sizeof day, "%.10sT00:00:00Z", text);
    if (duration_parse(text, &ago, NULL) == 0) {
        *since = now - ago;
        return 0;
    }
    if (clock_parse(text, since) || (strlen(text) == 10 && clock_parse(day, since)))
        return 0;
    return error_set(err, ERR_INVALID,
                     "since takes a duration (2h, 7d), a day (2026-11-23) or a time (2026-11-23T20:15:00Z), not "
                     "\"%.100s\"",
                     text);
}
