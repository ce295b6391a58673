/* SPDX-License-Identifier: Apache-2.0 */
/* When jobs are due: a heap of slots by instant, in which a slot stands once at most. Slots are a cache's: small
 * numbers. Pure: its owner knows what time it is, and in which unit the instants are. Begins as zeros. */
#ifndef MPIJOBD_TRIGGER_STEPS_DUE_HEAP_H
#define MPIJOBD_TRIGGER_STEPS_DUE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct due_entry;
struct due {
    struct due_entry *heap; /* [0] is the earliest */
    size_t count, room;     /* entries */
    uint32_t *places;       /* by slot: its place in the heap + 1; 0: it is not in the heap */
    size_t slots;           /* that `places` has room for */
};

/* Puts the slot in, or moves it. 0, or ERR_NOMEM: then it is as before. */
int due_set(struct due *due, uint32_t slot, int64_t at);
void due_remove(struct due *due, uint32_t slot); /* nothing happens where it is not in the heap */
bool due_has(const struct due *due, uint32_t slot);
bool due_when(const struct due *due, uint32_t slot, int64_t *at); /* false: it is not in the heap */
/* The earliest; of several at one instant, any. False: the heap is empty. slot may be NULL. */
bool due_first(const struct due *due, uint32_t *slot, int64_t *at);
void due_clear(struct due *due); /* empties the heap, and frees its memory */

#endif
