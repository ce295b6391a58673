/* SPDX-License-Identifier: Apache-2.0 */
/* Durations as people write them: "90s", "10m", "1h30m", "2h", "1d", "1w", "1d12h", "250ms", "40us", and "90" for
 * seconds. The units w d h m s ms us stand in falling order, each at most once; there is no sign, no space and no
 * fraction. A week is 7 days, a day 24 hours. */
#ifndef MPIJOBD_TIME_DURATION_H
#define MPIJOBD_TIME_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define DURATION_MOST (INT64_C(36525) * 86400 * 1000000) /* microseconds: 100 years */

/* *us: microseconds, 0 to DURATION_MOST. text: NUL-terminated. 0, ERR_SYNTAX, or ERR_LIMIT: more than DURATION_MOST.
 * The error shows the text and what is expected. */
int duration_parse(const char *text, int64_t *us, struct error *err);

/* The same, or "false", which is 0; within these bounds else. ERR_INVALID: out of bounds; the message names them, as it
 * names the two forms. */
int duration_parse_or_off(const char *text, int64_t least, int64_t most, int64_t *us, struct error *err);

/* "1d2h", "45s", "2h5m", "0s"; a negative duration has a minus sign in front. Days are the largest unit. In full it is
 * exact, and duration_parse reads it back to the same number; brief gives the largest unit and the one below it, and
 * cuts off the rest. out: at least 32 bytes. */
void duration_format(int64_t us, bool brief, char out[32]);

#endif
