/* SPDX-License-Identifier: Apache-2.0 */
/* What `mpijobd inspect --fix` does: the safe edits of each job's findings, as one replacement a job. */
#ifndef MPIJOBD_CLI_HEAL_H
#define MPIJOBD_CLI_HEAL_H

#include "change/change.h"
#include "cli/session/named_jobs.h"
#include "mpijob/inspect/inspect.h"
#include "json/edit.h"
#include "json/write.h"

struct heal {
    struct patient *items;
    size_t count, cap, at;
    struct session *s;
    struct site site;
    struct json_writer *w; /* NULL: for people */
    unsigned active;
    int64_t healed, done, failed; /* findings, jobs, jobs */
    bool short_of_memory;
};

/* The findings of one job have to come one after the other. job is kept by the caller. */
void heal_add(struct heal *heal, const struct found_job *job, const struct mpijob_finding *finding);
/* Prints the plan and carries it out (options.dry_run: asks the server only). With w: writes the member "changes" of
 * its object instead. 0, or the exit code; failed replacements are printed and counted. */
int heal_run(struct heal *heal, struct session *s, struct json_writer *w);
void heal_free(struct heal *heal);

#endif
