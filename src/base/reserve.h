/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for libraries that end the program, or crash, where malloc has nothing for them: these functions are malloc's,
 * but where it fails, they take from a reserve, which is enough to come to an end in order. What our own code allocates
 * does not come from here, because there out of memory is an error like any other; but the line that says so does. Any
 * thread. */
#ifndef MPIJOBD_BASE_RESERVE_H
#define MPIJOBD_BASE_RESERVE_H

#include <stddef.h>

#define RESERVE_SIZE (256 << 10)

/* NULL: malloc and the reserve are both at an end. Given back by reserve_free alone. */
void *reserve_malloc(size_t size);
void *reserve_calloc(size_t count, size_t size);
/* Where the block moves, the old one is given back as it is. */
void *reserve_realloc(void *old, size_t size);
void reserve_free(void *memory);
/* How many bytes the block has room for. */
size_t reserve_usable_size(void *memory);

#endif
