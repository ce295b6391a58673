/* SPDX-License-Identifier: Apache-2.0 */
/* The time zones that a policy file names, read together with its text on a worker thread: when its code runs, on the
 * loop, they are there. A name that is put together by the code is read where it is used (time/zone.h: a regular file
 * of at most 1 MiB). */
#ifndef MPIJOBD_POLICY_ZONES_H
#define MPIJOBD_POLICY_ZONES_H

#include "base/str.h"
#include "time/zone.h"

#define POLICY_ZONES_MAX 64 /* of a file and what it requires; further ones are read where they are used */

struct policy_zones {
    struct zone **list;
    unsigned count;
};

/* Adds those that stand in the text between quotation marks. Blocks. */
void policy_zones_read(struct policy_zones *zones, struct str text);
/* Adds the others' zones, which has none afterwards. */
void policy_zones_take(struct policy_zones *zones, struct policy_zones *others);
/* NULL: it was not read. To be kept by zone_share. */
struct zone *policy_zones_find(const struct policy_zones *zones, const char *name);
void policy_zones_free(struct policy_zones *zones);

#endif
