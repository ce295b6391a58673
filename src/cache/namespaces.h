/* Namespaces by number, while somebody holds them. */
#ifndef MPIJOBD_CACHE_NAMESPACES_H
#define MPIJOBD_CACHE_NAMESPACES_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define NO_SPACE UINT32_MAX

struct spaces;

struct spaces *spaces_new(void); /* NULL: no memory */
void spaces_free(struct spaces *spaces);
uint32_t spaces_find(const struct spaces *spaces, struct str name); /* NO_SPACE: unknown */
uint32_t spaces_hold(struct spaces *spaces, struct str name);       /* NO_SPACE: no memory */
void spaces_release(struct spaces *spaces, uint32_t number);        /* the number is free with the last */
unsigned spaces_generation(const struct spaces *spaces); /* rises when a number is freed: it may mean another then */
struct str spaces_at(const struct spaces *spaces, uint32_t number);
size_t spaces_memory(const struct spaces *spaces);

#endif
