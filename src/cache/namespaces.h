/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces by number: a job then needs four bytes for its namespace. A namespace has its number as long as jobs hold
 * it. */
#ifndef MPIJOBD_CACHE_NAMESPACES_H
#define MPIJOBD_CACHE_NAMESPACES_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define NO_SPACE UINT32_MAX

struct namespaces;

struct namespaces *namespaces_new(void); /* NULL: out of memory */
void namespaces_free(struct namespaces *spaces);
uint32_t namespaces_find(const struct namespaces *spaces, struct str name); /* NO_SPACE: it has no number */
uint32_t namespaces_hold(struct namespaces *spaces, struct str name);       /* NO_SPACE: out of memory */
void namespaces_release(struct namespaces *spaces, uint32_t number); /* once for each hold; the last frees the number */
/* Rises when a number is freed, as the number may mean another namespace after that. */
unsigned namespaces_generation(const struct namespaces *spaces);
struct str namespaces_at(const struct namespaces *spaces, uint32_t number); /* valid while it is held */
size_t namespaces_memory(const struct namespaces *spaces);                  /* bytes */

#endif
