/* When jobs are due: a heap of slots by instant, in which a slot stands once at most. Slots are small numbers (a
 * cache's). Pure: what time it is, its owner knows. Begins as zeros. */
#ifndef MPIJOBD_TRIGGER_DUE_HEAP_H
#define MPIJOBD_TRIGGER_DUE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct due_entry;
struct due {
    struct due_entry *heap; /* [0] is the earliest */
    size_t count, room;
    uint32_t *places; /* by slot: its place in the heap + 1; 0: not in it */
    size_t slots;
};

/* Puts it in, or moves it. ERR_NOMEM: it is as before. */
int due_set(struct due *due, uint32_t slot, int64_t at);
void due_remove(struct due *due, uint32_t slot);
bool due_has(const struct due *due, uint32_t slot);
/* The earliest, of one instant any. False: there is none. slot may be NULL. */
bool due_first(const struct due *due, uint32_t *slot, int64_t *at);
void due_clear(struct due *due); /* empties it, and gives the memory back */

#endif
