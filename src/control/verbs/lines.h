/* SPDX-License-Identifier: Apache-2.0 */
/* The last lines of the log: of each policy, for `mpijobd status`, and of all. The log gives them, on any thread. */
#ifndef MPIJOBD_CONTROL_VERBS_LINES_H
#define MPIJOBD_CONTROL_VERBS_LINES_H

#include "base/log.h"

#define LINES_A_POLICY 10
#define LINES_POLICIES 4096 /* of more, those that spoke first are forgotten */

#define LINES_LAST 500 /* of all */

struct line {
    enum log_level level;
    const char *text;
    int64_t repeated; /* it stands for so many lines that were not written (base/log_fold.h); 0: for itself */
};

struct lines;
/* From now on the log's lines are kept as well. NULL: out of memory. */
struct lines *lines_open(struct log *log);
void lines_close(struct lines *lines, struct log *log); /* NULL is allowed */

/* Calls visit for each line, the oldest first; text is valid during the call. */
void lines_each(struct lines *lines, const char *policy, void (*visit)(void *data, const char *text), void *data);

/* The same of the last lines of all that have a number above `after`; they are numbered from 1. */
void lines_each_last(struct lines *lines, int64_t after,
                     void (*visit)(void *data, int64_t number, const struct line *line), void *data);

#endif
