/* SPDX-License-Identifier: Apache-2.0 */
/* Local times as people write them: "2026-03-29 01:59", with or without seconds, with a T between too; and dates. */
#ifndef MPIJOBD_TIME_CIVIL_TEXT_H
#define MPIJOBD_TIME_CIVIL_TEXT_H

#include "time/zone.h"

/* *date: it is a date alone, and the time is 00:00. False: it is neither, or no such day or time exists. */
bool civil_parse(const char *text, struct civil *civil, bool *date);

#endif
