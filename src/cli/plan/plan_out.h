/* SPDX-License-Identifier: Apache-2.0 */
/* plan --out: what the policies would change, kept in a file that mpijobd apply takes. */
#ifndef MPIJOBD_CLI_PLAN_PLAN_OUT_H
#define MPIJOBD_CLI_PLAN_PLAN_OUT_H

#include "cli/session/session.h"
#include "plan/plan.h"

/* Before anything is asked: may the file be written there? 0, or the exit code after the error was printed. */
int plan_out_check(struct session *s, const char *path);
/* A change has come to its gate. paused: its policy is. */
void plan_out_add(struct plan *plan, struct session *s, const struct run *run, const char *job, bool paused,
                  const struct change *change);
/* Asks which cluster it is, and writes the file. 0, or the exit code after the error was printed. */
int plan_out_write(struct plan *plan, struct session *s, const char *path);
/* Below the summary. */
void plan_out_tell(const struct plan *plan, const char *path, FILE *out);

#endif
