/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a watch, for those who carry its answer. */
#ifndef SIM_READ_WATCH_CARRY_H
#define SIM_READ_WATCH_CARRY_H
#include "base/buf.h"

struct sim_watch;

enum sim_watch_state { SIM_WATCH_QUIET, SIM_WATCH_DATA, SIM_WATCH_END, SIM_WATCH_CUT };
/* Adds whole events to out, about `most` bytes at most. QUIET: nothing for now; sim_options.wake tells when. END: the
 * stream is over. CUT: break the connection after what was added. */
enum sim_watch_state sim_watch_read(struct sim_watch *w, struct buf *out, size_t most);
void sim_watch_close(struct sim_watch *w);
void sim_watch_owner(struct sim_watch *w, void *owner); /* whom sim_options.wake is to name */
#endif
