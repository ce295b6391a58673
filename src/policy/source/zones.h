/* SPDX-License-Identifier: Apache-2.0 */
/* The time zones that a policy file names, read together with its text on a worker thread: when its code runs, on the
 * loop, they are there. A file that uses `time`, or a `timezone` that is not written out, may put names together: for
 * it there are all zones (time/atlas.h). */
#ifndef MPIJOBD_POLICY_SOURCE_ZONES_H
#define MPIJOBD_POLICY_SOURCE_ZONES_H

#include "base/str.h"
#include "time/atlas.h"

#define POLICY_ZONES_MAX 64 /* of a file and what it requires; where there are more, there is the atlas */

struct policy_zones {
    struct zone **list;
    unsigned count;
    struct atlas *atlas; /* NULL: no file needs it */
};

/* Adds those that stand in the text between quotation marks, and the atlas where the text needs it. Blocks. */
void policy_zones_read(struct policy_zones *zones, struct str text);
/* Adds the others' zones, which has none afterwards. */
void policy_zones_take(struct policy_zones *zones, struct policy_zones *others);
/* NULL: it was not read. To be kept by zone_share. */
struct zone *policy_zones_find(const struct policy_zones *zones, const char *name);
/* Is there such a zone? */
bool policy_zones_know(const struct policy_zones *zones, const char *name);
/* From what was read; from the disk only where a text hides what it uses (`_ENV["ti" .. "me"]`). The zone is the
 * caller's, to be freed with zone_free. Errors as zone_load. */
int policy_zones_get(const struct policy_zones *zones, const char *name, struct zone **zone, struct error *err);
void policy_zones_free(struct policy_zones *zones);

#endif
