/* SPDX-License-Identifier: Apache-2.0 */
/* The last lines of the log of each policy, for `mpijobd status`. The log hands them over, on any thread. */
#ifndef MPIJOBD_CONTROL_VERBS_LINES_H
#define MPIJOBD_CONTROL_VERBS_LINES_H

#include "base/log.h"

#define LINES_A_POLICY 10
#define LINES_POLICIES 4096 /* of more, those that spoke first are forgotten */

struct lines;
/* From now on the log's lines that have a field `policy` are kept as well. NULL: out of memory. */
struct lines *lines_open(struct log *log);
void lines_close(struct lines *lines, struct log *log); /* NULL is allowed */

/* Calls visit for each line, the oldest first; text is valid during the call. */
void lines_each(struct lines *lines, const char *policy, void (*visit)(void *data, const char *text), void *data);

#endif
