/* SPDX-License-Identifier: Apache-2.0 */
/* What is written down when the daemon ends itself, by functions that a signal handler may call: a line for people on
 * standard error, and a mark that the next daemon finds (guard/quarantine.h). */
#ifndef MPIJOBD_GUARD_MARK_H
#define MPIJOBD_GUARD_MARK_H

#include "base/outlet.h"
#include "guard/shared.h"
#include "guard/who.h"

/* Where marks go. path: a file that is made when there is a mark, and appended to; NULL: shared->marks is all there is.
 * Neither changes afterwards. shared and outlet outlive everything.
 * outlet: what is before standard error, so that the log up to here comes first; NULL: nothing. False: the path is too
 * long. */
bool mark_to(const char *path, struct guard_shared *shared, const struct outlet *outlet);

/* Writes the mark of `who`, once in the life of the process, and the line for people. reason: "stall", "SIGSEGV"...
 * who NULL: no policy is to blame, and there is only the line. line 0: unknown. */
void mark_write(const struct guard_who *who, const char *reason, int line);

/* A sentence on standard error, as plain text or as JSON, without waiting for whoever reads it. */
void mark_tell(const char *sentence);

#endif
