/* SPDX-License-Identifier: Apache-2.0 */
/* What `mpijobd run --once` says at its end. */
#ifndef MPIJOBD_CLI_RUN_ONCE_TELL_H
#define MPIJOBD_CLI_RUN_ONCE_TELL_H

#include "cli/session/session.h"

struct once_counts {
    int64_t runs, changed, unchanged, failed;
    int64_t waiting; /* runs that wait for approval */
    int64_t broken;  /* runs that have failed as a whole */
};
/* On standard output: the counts of all runs, and the policies that had none, as a cluster's version cannot do them. */
void once_tell(const struct session *s, const struct once_counts *counts);

#endif
