/* SPDX-License-Identifier: Apache-2.0 */
/* A set of days of the calendar, some of them of one year, some of each year: days off. Pure. Begins as zeros. */
#ifndef MPIJOBD_TIME_DAYS_H
#define MPIJOBD_TIME_DAYS_H

#include <stddef.h>

#include "time/zone.h"

#define DAYS_MAX 10000

struct days {
    int32_t *list; /* year * 10000 + month * 100 + day in rising order; year 0: of each year */
    size_t count, room;
};

/* text: "2026-05-14", or "12-25" for each year. 0; ERR_SYNTAX: it is no day; ERR_LIMIT: more than DAYS_MAX; ERR_NOMEM.
 */
int days_add(struct days *days, const char *text, struct error *err);
bool days_have(const struct days *days, const struct civil *day);
bool days_same(const struct days *a, const struct days *b);
void days_free(struct days *days);

#endif
