/* SPDX-License-Identifier: Apache-2.0 */
/* Within this folder: a report of what finished jobs hold, while it is made. */
#ifndef MPIJOBD_CLI_REPORT_REPORT_PARTS_H
#define MPIJOBD_CLI_REPORT_REPORT_PARTS_H

#include "cli/report/report_columns.h"
#include "cli/report/report_kinds.h"
#include "cli/session/named_jobs.h"
#include "inventory/released.h"

#define REPORT_NOTES (8 + PLUGIN_COLUMNS_MAX + MPIJOB_KINDS_BUILT_IN)

struct report {
    struct session s;
    int64_t now;
    struct report_key key;
    struct mpijob_pods *pods;   /* of the kind that is being read; NULL: they cannot be listed */
    const char *const *pods_by; /* the labels by which `pods` were found */
    bool unpodded;              /* of one kind at least */
    struct released *released;
    struct report_groups groups;
    struct report_columns columns;
    struct report_seen seen;
    char journal[4096]; /* "": no journal is read */
    char *notes[REPORT_NOTES];
    size_t note_count;
    struct kind_list kinds; /* that were asked for */
    bool every;             /* none was named */
    struct kind_list read;  /* that the server has, and lets be listed */
    struct report_owners owners;
    int64_t owned; /* jobs that were passed over, as their owners are counted */
    bool any;      /* finished jobs were found */
};

/* A sentence below the table. */
void report_note(struct report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- report_read.c ---- */

/* Counts the jobs of all kinds. Of several kinds, those that the server does not have, or does not let be listed, are
 * left out and told, as long as there is one. 0, or the exit code after the error was printed. why: filled where the
 * pods cannot be listed. */
int report_read(struct report *r, struct error *why);

#endif
