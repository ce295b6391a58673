/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the mpijob floor only: the tables behind dialect.h, kind.h and version.h, in one place so that a test can put
 * its own before them (the linker's --wrap=mpijob_tables). */
#ifndef MPIJOBD_MPIJOB_DIALECT_ROWS_H
#define MPIJOBD_MPIJOB_DIALECT_ROWS_H

#include "mpijob/dialect.h"
#include "mpijob/kind.h"

/* How a controller labels its pods. */
struct mpijob_labelling {
    const char *job;      /* the label that holds the job's name */
    const char *roles[3]; /* those that hold the pod's role, NULL-terminated; the first that is there counts */
};

struct mpijob_tables {
    const struct mpijob_dialect *dialects; /* of one kind: from the oldest version to the newest */
    size_t dialect_count;
    const struct mpijob_kind *const *kinds; /* that are built in, by their index */
    size_t kind_count;
    const char *const *versions; /* names by enum mpijob_version */
    size_t version_count;
    const struct mpijob_labelling *labellings; /* a pod's first that is there counts; ends at a NULL job */
};
const struct mpijob_tables *mpijob_tables(void);

/* kinds_described.c */
extern const struct mpijob_dialect dialect_trainjob, dialect_jobset, dialect_job;
#define TRAINJOB_FIELDS 7
#define JOBSET_FIELDS 6
#define JOB_FIELDS 8
extern const struct mpijob_field_row fields_trainjob[TRAINJOB_FIELDS], fields_jobset[JOBSET_FIELDS],
    fields_job[JOB_FIELDS];
extern const struct mpijob_phase_row phases_trainjob[], phases_jobset[], phases_job[];
extern const struct mpijob_template_place templates_trainjob[], templates_jobset[], templates_job[];
extern const char *const versions_trainjob[], *const versions_jobset[], *const versions_job[];

/* child_rows.c */
extern const struct mpijob_child launcher_job, launcher_pod, child_of_trainjob, child_of_jobset;

/* dialect_readers.c */
extern const struct mpijob_reader reader_cci, reader_v1alpha2, reader_v1_mpi_operator, reader_v1_training_operator,
    reader_v1_either, reader_v2beta1, reader_sibling_cci, reader_sibling;

#endif
