/* SPDX-License-Identifier: Apache-2.0 */
/* What /readyz says of the daemon: a line for each part. */
#ifndef MPIJOBD_CLI_RUN_RUN_HEALTH_H
#define MPIJOBD_CLI_RUN_RUN_HEALTH_H

#include "cli/session/session.h"

/* What is missing, a line each; nothing: it is ready. */
void run_health_missing(const struct session *s, struct buf *out);
/* Every part with its state. */
void run_health_parts(const struct session *s, struct buf *out);

#endif
