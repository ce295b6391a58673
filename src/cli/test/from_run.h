/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd test --from-run N: a recorded run is done again, offline, and what it writes is compared. */
#ifndef MPIJOBD_CLI_TEST_FROM_RUN_H
#define MPIJOBD_CLI_TEST_FROM_RUN_H

#include "cli/session/options.h"

/* Does it all. Returns the exit code, after what was wrong was printed. */
int from_run(const struct options *options);

#endif
