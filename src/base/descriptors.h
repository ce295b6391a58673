/* SPDX-License-Identifier: Apache-2.0 */
/* The process's descriptors: the three that every program has, and how many it may have. */
#ifndef MPIJOBD_BASE_DESCRIPTORS_H
#define MPIJOBD_BASE_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Opens /dev/null for each of 0, 1 and 2 that is closed: else a socket or the loop's own pipe would
 * stand there, be read as input and be printed into. The first thing that a program does. False: it cannot be had. */
bool descriptors_standard(void);

/* Raises the soft limit of descriptors (RLIMIT_NOFILE) to the hard one, at most DESCRIPTORS_MOST. ERR_LIMIT: even that
 * is less than `needed`; it is raised all the same. */
#define DESCRIPTORS_MOST 65536
int descriptors_raise(size_t needed, struct error *err);
size_t descriptors_limit(void); /* the soft limit */

#endif
