/* SPDX-License-Identifier: Apache-2.0 */
/* How pauses outlive the daemon (pause/paused.h): as rows of the state. */
#ifndef MPIJOBD_PAUSE_PAUSES_H
#define MPIJOBD_PAUSE_PAUSES_H

#include "base/buf.h"
#include "pause/paused.h"
#include "store/done.h"

struct store;

#define PAUSES_SPACE "paused" /* of the rows that are kept (store/kept.h), whose keys are the policies */

/* The value of such a row, and what it says. What is no such value is a pause of unknown origin. */
void pauses_mark_write(const struct paused_mark *mark, struct buf *out);
void pauses_mark_read(const char *policy, const char *value, struct paused_mark *mark);

/* Blocks: at the start, and in commands. Errors as of store_read_kept. */
int pauses_read(struct store *store, struct paused *paused, struct error *err);
/* The policy is paused (by that mark) as soon as done comes without an error. */
void pauses_keep(struct store *store, const struct paused_mark *mark, store_done done, void *data);
void pauses_forget(struct store *store, const char *policy, store_done done, void *data);

#endif
