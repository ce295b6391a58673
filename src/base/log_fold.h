/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the log that repeat are counted, and not written again and again.
 *
 * The first one comes at once. One that is the same as the line before it is counted; the count comes before the next
 * other line, or after a minute (the window). Of lines that are the same with others between them, and of warnings and
 * errors that are the same but for their job (base/log_same.h), ten a minute are written, and those beyond are counted;
 * while that goes on there is one count a minute, and no others. A count is the line once more, with `repeated`: it
 * stands for so many lines, the first of which came at `repeated_since` and the last at `repeated_until`. Where they
 * were about several jobs it names each (`repeated_jobs`), and comes as soon as it has so many names that the line
 * gets long. So nothing is lost. Lines of level debug are never counted.
 *
 * On any thread, as the log itself; its memory has a bound. */
#ifndef MPIJOBD_BASE_LOG_FOLD_H
#define MPIJOBD_BASE_LOG_FOLD_H

#include "base/log.h"

#define LOG_FOLD_WINDOW (60 * CLOCK_SECOND) /* by default */
#define LOG_FOLD_LEAST (1 * CLOCK_SECOND)
#define LOG_FOLD_MOST (3600 * CLOCK_SECOND)

struct log_fold;

/* For log->fold; window in microseconds, 0: nothing is counted, until log_fold_set. NULL: out of memory. */
struct log_fold *log_fold_new(int64_t window);
/* After log_fold_flush, and when log->fold is NULL again. NULL is allowed. */
void log_fold_free(struct log_fold *fold);

/* Another window. What was counted is written. */
void log_fold_set(const struct log *log, int64_t window);
int64_t log_fold_window(const struct log *log);

/* Called when counts begin to wait, on any thread; it may not log. The owner then has log_fold_tick called in time. */
void log_fold_on_wait(struct log_fold *fold, void (*waits)(void *data), void *data);
/* Writes the counts whose window has ended. Returns when the next one ends, in microseconds since 1970; INT64_MAX: none
 * waits. */
int64_t log_fold_tick(const struct log *log);
/* Writes all counts. Without log->fold nothing happens, as with the next. */
void log_fold_flush(const struct log *log);
/* Writes the counts of lines with that field of JSON: no more of them come. */
void log_fold_end(const struct log *log, const char *name, const char *json);

/* Lines of that level that were counted and not written, since the start. On any thread. */
uint64_t log_fold_counted(const struct log_fold *fold, enum log_level level);

/* A line that is wanted: it is written, or counted. For log.c. */
void log_fold_event(const struct log *log, enum log_level level, const char *message, const struct log_field *fields);

#endif
