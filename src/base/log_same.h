/* SPDX-License-Identifier: Apache-2.0 */
/* What has to be equal in two lines of the log for the second to be the first one again: all but the time, and, of
 * warnings and errors, the job, and for how long and how often something was tried ("after 11 tries in 24.3 s"). That a
 * thousand jobs fail for one reason is one thing to know; what has happened to
 * each of a thousand jobs (level info) is not. */
#ifndef MPIJOBD_BASE_LOG_SAME_H
#define MPIJOBD_BASE_LOG_SAME_H

#include "base/buf.h"
#include "base/log.h"

struct log_same {
    struct buf bytes;
    size_t alike;       /* so many of them are equal for lines that are the same; what may differ stands behind them */
    uint64_t hash;      /* of these; never 0 */
    const char *job;    /* of the line that was read, and valid as long as it; NULL: none, or it is among the bytes */
    struct buf numbers; /* its own */
};

/* Zeroed, or used before; log_same_free in the end. False: nothing is the same as this line: it is too long, or there
 * is no memory. */
bool log_same_read(struct log_same *same, enum log_level level, const char *message, const struct log_field *fields);
void log_same_free(struct log_same *same);

/* The line again. job: its job, which stands in it where that of the line that was read did; NULL: it has no job, or
 * there are several, and `*` stands for it. texts: holds what the fields point at. of: "job" or "object", as the
 * field is called, or NULL. Returns how many fields were written (at most `most`, and no end); 0 as well: there is no
 * memory, and message is "". */
size_t log_same_write(struct str bytes, size_t alike, const char *job, struct buf *texts, const char **message,
                      struct log_field *fields, size_t most, const char **of);

/* Have the lines that field of JSON, with that value? */
bool log_same_has(struct str bytes, const char *name, const char *json);

#endif
