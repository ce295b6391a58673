/* SPDX-License-Identifier: Apache-2.0 */
/* The newest events, as server-sent events are written; older ones make room. Each has a number, from 1 on. */
#ifndef MPIJOBD_WEB_EVENT_RING_H
#define MPIJOBD_WEB_EVENT_RING_H

#include <stdint.h>

#include "base/str.h"

#define EVENT_RING_MOST 1024                  /* events that are kept */
#define EVENT_RING_BYTES ((size_t)512 * 1024) /* and bytes of them */

struct event_ring { /* begins as zeros */
    char *texts[EVENT_RING_MOST];
    uint64_t first, next; /* numbers: of the oldest that is kept, and of the next that comes; next 0: none came yet */
    size_t bytes;
};

/* Without memory the event is lost as an old one is: who has not seen it hears of a gap. */
void event_ring_add(struct event_ring *ring, struct str text);
/* The text of an event that is kept. */
const char *event_ring_at(const struct event_ring *ring, uint64_t number);
uint64_t event_ring_next(const struct event_ring *ring);
void event_ring_free(struct event_ring *ring);

#endif
