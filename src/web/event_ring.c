/* SPDX-License-Identifier: Apache-2.0 */
/* Slots by the number's remainder. */
#include "web/event_ring.h"

#include <stdlib.h>
#include <string.h>

static char **slot(struct event_ring *ring, uint64_t number)
{
    return &ring->texts[number % EVENT_RING_MOST];
}

static void drop_first(struct event_ring *ring)
{
    char **at = slot(ring, ring->first++);
    ring->bytes -= *at ? strlen(*at) : 0;
    free(*at);
    *at = NULL;
}

static void start(struct event_ring *ring)
{
    if (!ring->next)
        ring->first = ring->next = 1;
}

void event_ring_add(struct event_ring *ring, struct str text)
{
    char *copy = str_dup(text);
    start(ring);
    while (ring->first < ring->next &&
           (!copy || ring->next - ring->first == EVENT_RING_MOST || ring->bytes + text.len > EVENT_RING_BYTES))
        drop_first(ring);
    *slot(ring, ring->next++) = copy;
    ring->bytes += copy ? text.len : 0;
    if (!copy)
        ring->first = ring->next;
}

const char *event_ring_at(const struct event_ring *ring, uint64_t number)
{
    return ring->texts[number % EVENT_RING_MOST];
}

uint64_t event_ring_next(const struct event_ring *ring)
{
    return ring->next ? ring->next : 1;
}

void event_ring_free(struct event_ring *ring)
{
    while (ring->first < ring->next)
        drop_first(ring);
}
