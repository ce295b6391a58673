/* The pods of the jobs in scope, counted, for commands that tell what jobs hold. */
#ifndef MPIJOBD_CLI_SESSION_POD_COUNT_H
#define MPIJOBD_CLI_SESSION_POD_COUNT_H

#include "cli/session/session.h"
#include "mpijob/pods.h"

/* The pods (mpijob_pods_free), or NULL with *why set: they cannot be listed, which is no failure of the command. */
struct mpijob_pods *pods_count(struct session *s, struct error *why);

#endif
