/* Namespaces by number, while somebody holds them. */
#ifndef MPIJOBD_CACHE_NAMESPACES_H
#define MPIJOBD_CACHE_NAMESPACES_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define NO_SPACE UINT32_MAX

struct namespaces;

struct namespaces *namespaces_new(void); /* NULL: no memory */
void namespaces_free(struct namespaces *spaces);
uint32_t namespaces_find(const struct namespaces *spaces, struct str name); /* NO_SPACE: unknown */
uint32_t namespaces_hold(struct namespaces *spaces, struct str name);       /* NO_SPACE: no memory */
void namespaces_release(struct namespaces *spaces, uint32_t number);        /* the number is free with the last */
unsigned
namespaces_generation(const struct namespaces *spaces); /* rises when a number is freed: it may mean another then */
struct str namespaces_at(const struct namespaces *spaces, uint32_t number);
size_t namespaces_memory(const struct namespaces *spaces);

#endif
