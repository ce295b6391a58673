/* SPDX-License-Identifier: Apache-2.0 */
/* Times at which nothing is to be changed, whatever policies say: windows of a week, or spans between two instants,
 * each with its reason. Pure. */
#ifndef MPIJOBD_TIME_FREEZE_H
#define MPIJOBD_TIME_FREEZE_H

#include "time/windows.h"

#define FREEZES_MAX 100

/* All of it is owned. */
struct freeze {
    char *text; /* "fri 16:00-24:00", "2026-12-20 18:00 until 2027-01-04 06:00" */
    char *reason;
    struct zone *zone; /* of these */
};

struct freezes {             /* begins as zeros */
    struct windows *windows; /* one for each: open while it holds. Their lists and zones are owned, too */
    struct freeze *list;
    size_t count;
};

/* Takes over what both own, also where it fails. 0 or ERR_NOMEM. */
int freezes_add(struct freezes *freezes, const struct freeze *freeze, const struct windows *windows, struct error *err);
/* The first that holds at that instant (seconds since 1970); NULL: none does, or freezes is NULL. */
const struct freeze *freezes_at(const struct freezes *freezes, int64_t instant);
/* When none holds any more, from an instant on at which one does. False: that does not come within two years. */
bool freezes_end(const struct freezes *freezes, int64_t from, int64_t *end);
/* "frozen until 2027-01-04T06:00:00+01:00: the end of the year", for an instant at which one holds. Returns out. */
#define FREEZE_TEXT 320
const char *freezes_text(const struct freezes *freezes, int64_t instant, char out[FREEZE_TEXT]);
void freezes_free(struct freezes *freezes);

#endif
