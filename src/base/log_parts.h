/* SPDX-License-Identifier: Apache-2.0 */
/* What the sources of the log share among themselves. */
#ifndef MPIJOBD_BASE_LOG_PARTS_H
#define MPIJOBD_BASE_LOG_PARTS_H

#include "base/buf.h"
#include "base/log.h"

/* As a name: the field behind it is for journald alone, where a name may stand several times in a line. */
extern const char log_journal_next[];

/* Writes the line as it is, and has it heard. */
void log_write(const struct log *log, enum log_level level, const char *message, const struct log_field *fields);
/* Appends the text as a string of JSON, quotes included. */
void log_quote(struct buf *out, const char *text);

#endif
