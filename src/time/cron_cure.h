/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the time floor only: what other crons write, and what is written here instead. */
#ifndef MPIJOBD_TIME_CRON_CURE_H
#define MPIJOBD_TIME_CRON_CURE_H

#include <stdbool.h>

#include "base/str.h"

#define CRON_CURE_SIZE 256

enum cron_field { SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };

/* "CRON_TZ=Europe/Berlin 0 9 * * *", "@every 5m": the cure of a whole schedule. False: it has no such form. */
bool cron_cure_schedule(struct str text, char cure[CRON_CURE_SIZE]);

/* What is left of a field that cannot be read: "monday", "L", "5#2", "H/15", "?". The cure is a sentence's end that
 * begins with "; ", or empty. */
void cron_cure_field(enum cron_field field, struct str rest, char cure[CRON_CURE_SIZE]);

#endif
