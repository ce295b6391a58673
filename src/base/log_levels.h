/* SPDX-License-Identifier: Apache-2.0 */
/* Which lines of the log are written, part by part, changed while the program runs. A part is a folder of src, and a
 * line belongs to that of its source: "http" are the requests, "run" what runs and their scripts say. */
#ifndef MPIJOBD_BASE_LOG_LEVELS_H
#define MPIJOBD_BASE_LOG_LEVELS_H

#include <stdatomic.h>

#include "base/error.h"
#include "base/log.h"

#define LOG_PARTS_MAX 32

/* Zeroed: nothing is set. Set on one thread, read on any. */
struct log_levels {
    _Atomic signed char all;                 /* level + 1 of all parts without one of their own; 0: the log's own */
    _Atomic signed char part[LOG_PARTS_MAX]; /* level + 1; 0: as all */
};

/* The names of the parts, NULL-terminated. */
extern const char *const log_parts[];

/* "debug", "http=debug", "info,http=debug", "http=default" (as the others again). ERR_INVALID, with nothing changed: an
 * unknown part or level; the message names what there is. */
int log_levels_set(struct log_levels *levels, const char *text, struct error *err);
/* The level below which the lines of a source (__FILE__) are left out. */
enum log_level log_level_at(const struct log *log, const char *file);

#endif
