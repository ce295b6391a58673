/* SPDX-License-Identifier: Apache-2.0 */
/* The runs without an end of an earlier daemon. */
#ifndef MPIJOBD_RECOVERY_INTERRUPTED_H
#define MPIJOBD_RECOVERY_INTERRUPTED_H

#include "trigger/marks.h"

struct quarantine;
struct site;
struct state;
struct store_run;

struct interrupted { /* begins as {0} */
    struct interrupted_run *items;
    size_t count, cap;
};

/* False: no memory. */
bool interrupted_add(struct interrupted *runs, const struct store_run *run, struct state *state);
/* Gives each of them its end in the journal: by whom it came to none, if the quarantine (NULL: none) knows. */
void interrupted_close(const struct interrupted *runs, const struct site *site, const struct quarantine *quarantine);
/* Keeps the newest run of each policy, if it has to be finished at all. The newest were added first. */
void interrupted_choose(struct interrupted *runs);
void interrupted_free(struct interrupted *runs);

#endif
