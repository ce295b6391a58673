/* SPDX-License-Identifier: Apache-2.0 */
/* Watches: how one begins, what the core tells them, and how they are read. */
#ifndef SIM_READ_WATCH_H
#define SIM_READ_WATCH_H
#include "sim/server/exchange.h"

void verb_watch(struct exchange *x);                      /* fills the response, with a new watch or a refusal */
void watch_notify(struct sim *sim, struct revision *rev); /* something was written */
int64_t watch_tick(struct sim *sim); /* returns the monotonic ms at which it wants to be called again */
/* What a fault does to the open watches whose path fits: how is "silent", "cut", "gone", "error" or "end". path: a
 * glob; NULL: all of them. */
void watch_strike(struct sim *sim, const char *how, const char *path);

/* ---- for those who carry the answer */
enum sim_watch_state { SIM_WATCH_QUIET, SIM_WATCH_DATA, SIM_WATCH_END, SIM_WATCH_CUT };
/* Adds whole events to out, about `most` bytes at most. QUIET: nothing for now; sim_options.wake tells when. END: the
 * stream is over. CUT: break the connection after what was added. */
enum sim_watch_state sim_watch_read(struct sim_watch *w, struct buf *out, size_t most);
void sim_watch_close(struct sim_watch *w);
void sim_watch_owner(struct sim_watch *w, void *owner); /* whom sim_options.wake is to name */
#endif
