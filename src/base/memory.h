/* SPDX-License-Identifier: Apache-2.0 */
/* How the C library's allocator is to behave in a program that runs for months. */
#ifndef MPIJOBD_BASE_MEMORY_H
#define MPIJOBD_BASE_MEMORY_H

/* What was needed once (a long list, a dictionary trained on another thread) goes back to the system when it is freed,
 * instead of staying in the heap for good. At the start of a program. */
void memory_give_back(void);

/* After much was freed in small pieces, which lie between others: whole pages of them go back, too. Takes some
 * milliseconds. */
void memory_trim(void);

#endif
