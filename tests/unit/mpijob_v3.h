/* SPDX-License-Identifier: Apache-2.0 */
/* A version and a kind that are only rows: a made-up v3 of MPIJob and a made-up kind ThingJob, put behind the real rows
 * of the table of dialects (the linker's --wrap=mpijob_tables). */
#ifndef MPIJOBD_TESTS_MPIJOB_V3_H
#define MPIJOBD_TESTS_MPIJOB_V3_H

#include "mpijob/dialect_rows.h"

#define MPIJOB_V3 ((enum mpijob_version)MPIJOB_VERSIONS)
extern const struct mpijob_kind kind_thing;
#define KIND_THING (&kind_thing)

/* v3 has a row, v3 under CCI has none; of things the row says nothing but their name. */
#define V3 ((struct mpijob_target){.version = MPIJOB_V3, .controller = CONTROLLER_MPI_OPERATOR})
#define V3_CCI ((struct mpijob_target){.version = MPIJOB_V3, .controller = CONTROLLER_CCI})
#define THING ((struct mpijob_target){.version = MPIJOB_V3, .kind = KIND_THING})

extern const char *const v3_labels[];
extern const struct mpijob_reader reader_v3;

/* What mpijob_tables() answers; a group's setup. */
extern struct mpijob_tables v3_tables;
int v3_add_rows(void **state);

#endif
