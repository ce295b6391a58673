/* SPDX-License-Identifier: Apache-2.0 */
/* From when on rows of the journal are asked for. */
#ifndef MPIJOBD_HISTORY_SINCE_H
#define MPIJOBD_HISTORY_SINCE_H

#include <stdint.h>

#include "base/error.h"

/* "2h": so long before now. "2026-11-23": its beginning in UTC, as times are printed. "2026-11-23T20:15:00Z". now and
 * *since in microseconds since 1970. 0, or ERR_INVALID: "since takes a duration...". */
int since_parse(const char *text, int64_t now, int64_t *since, struct error *err);

#endif
