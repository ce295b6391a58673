/* SPDX-License-Identifier: Apache-2.0 */
/* A line of the log that repeats, with the count of those that were left out: a part of base/log_fold.h. */
#ifndef MPIJOBD_BASE_LOG_REPEAT_H
#define MPIJOBD_BASE_LOG_REPEAT_H

#include "base/buf.h"
#include "base/log.h"

struct log_repeat {
    struct str bytes; /* its own, of the first line; as base/log_same.h has them */
    size_t alike;
    enum log_level level;
    uint64_t count; /* lines that were left out, and not told of yet */
    int64_t since, until;
    struct buf names; /* of their jobs, each once, ended by a NUL */
    unsigned name_count;
};

/* Copies the bytes. False: no memory, and it is as before. */
struct log_same;
bool log_repeat_begin(struct log_repeat *repeat, const struct log_same *same, enum log_level level);
void log_repeat_free(struct log_repeat *repeat); /* zeroed is allowed */
/* One more. job: whose line it is, or NULL. Tells first what it has, where there is no room for one more name. False:
 * the line has to be written. */
bool log_repeat_count(struct log_repeat *repeat, const struct log *log, const char *job, int64_t now);
/* Writes the line with the count, which begins again. */
void log_repeat_tell(struct log_repeat *repeat, const struct log *log);

#endif
