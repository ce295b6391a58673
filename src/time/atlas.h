/* SPDX-License-Identifier: Apache-2.0 */
/* All zones of a directory in memory. A name that a policy puts together while it runs is found there, without a look
 * at the disk on the loop. Debian's tzdata takes 0.6 MB. */
#ifndef MPIJOBD_TIME_ATLAS_H
#define MPIJOBD_TIME_ATLAS_H

#include "time/zone.h"

struct atlas;

/* directory: as for zone_load. Reads each zone's file, unless another owner has the same directory's atlas and nothing
 * in the directory has changed since; blocks, and any thread may call it. Freed with atlas_free. NULL: no memory, or
 * more than 16 MiB of zones. A directory without zones gives an atlas that knows UTC only. */
struct atlas *atlas_read(const char *directory);
void atlas_free(struct atlas *atlas); /* NULL is allowed; on any thread */

bool atlas_knows(const struct atlas *atlas, const char *name);
/* As zone_load, and with its errors. */
int atlas_zone(const struct atlas *atlas, const char *name, struct zone **zone, struct error *err);

#endif
