/* SPDX-License-Identifier: Apache-2.0 */
/* What is paused, for commands that are no daemon. Each waits, on the session's loop. */
#ifndef MPIJOBD_CLI_PAUSED_PAUSED_SHARED_H
#define MPIJOBD_CLI_PAUSED_PAUSED_SHARED_H

#include "cli/session/session.h"
#include "pause/paused.h"

/* Do the daemons of this configuration keep in the cluster what is paused? */
bool paused_is_shared(const struct session *s);
/* They do: what is paused there, which takes the place of what `paused` has; with shards, whose daemons bring what is
 * paused by their files, it is added. 0; else s->error says why it is not known, and `paused` stays as it is. */
int paused_read_shared(struct session *s, struct paused *paused);
/* For commands that write nothing: by the cluster, or by the state's file, where --state names one or nothing is
 * shared. 0; else s->error says what is not known, and, where that is of the cluster, the file's are in `paused`, which
 * standard error tells. */
int paused_read(struct session *s, struct paused *paused);

#endif
