/* SPDX-License-Identifier: Apache-2.0 */
/* An array that takes one item more: it is doubled where it is full. */
#ifndef MPIJOBD_BASE_GROWN_H
#define MPIJOBD_BASE_GROWN_H

#include <stddef.h>

/* The array `list`, with room for at least one item more than `count`. `*room`: for how many items there is room;
 * `one`: the bytes of an item; `first`: the room of the first time. NULL where there is no memory: all is as it was.
 * The caller keeps what is given back in the place of `list`, and frees it. */
void *grown(void *list, size_t count, size_t *room, size_t one, size_t first);

#endif
