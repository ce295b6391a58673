/* Durations as people write them: "90s", "10m", "1h30m", "2h", "1d", "1w", "1d12h", "250ms"; and a plain number of seconds.
 * Units in falling order, each at most once; no sign, no spaces, no fraction. A week is 7 days, a day 24 hours. */
#ifndef MPIJOBD_TIME_DURATION_H
#define MPIJOBD_TIME_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Microseconds. text: NUL-terminated. Errors show the text and what is expected. Most: 100 years. */
int duration_parse(const char *text, int64_t *us, struct error *err);

/* "1d2h", "45s", "2h05m" is written "2h5m"; at most the two largest units when brief. out: at least 32 bytes. */
void duration_format(int64_t us, bool brief, char out[32]);

#endif
