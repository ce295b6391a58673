/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes an event: what was written to the journal and the state, and what of the daemon is otherwise than it
 * was. */
#ifndef MPIJOBD_WEB_EVENTS_TOLD_H
#define MPIJOBD_WEB_EVENTS_TOLD_H

#include "base/buf.h"
#include "store/written.h"

struct engine;

/* "event: run\ndata: {...}\n\n", without its id; nothing: it is no event. */
void event_of_written(const struct store_written *what, struct buf *out);

/* Sums over the policies in force, and over the parts of the daemon, as /readyz?verbose has them. */
struct event_sums {
    uint64_t policies, parts;
};
struct event_sums event_sums_now(const struct engine *engine);
/* The events that say so, one after the other. */
void event_of_policies(const struct engine *engine, struct buf *out);
void event_of_parts(const struct engine *engine, struct buf *out);

#endif
