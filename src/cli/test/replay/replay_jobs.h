/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs of a recording, as a run is given them: in their order, byte for byte, each at its instant. */
#ifndef MPIJOBD_CLI_TEST_REPLAY_REPLAY_JOBS_H
#define MPIJOBD_CLI_TEST_REPLAY_REPLAY_JOBS_H

#include "jobs/listing.h"
#include "policy/kinds/policy_kinds.h"
#include "record/record.h"

struct replay_jobs {
    struct listing listing; /* first: for run_feed.jobs. Freeing that frees nothing: the owner has it */
    struct str recording;
    size_t at, clock_at; /* the next entry for the listing, and for readings of the clock */
    size_t workload_at;  /* likewise for Workloads */
    struct buf workload; /* texts of the last one */
    struct clock *clock; /* manual: set to the instant of each job */
    const struct cluster *cluster;
    const struct mpijob_match *match; /* of the policy that runs: jobs that do not match it are left out */
    const struct policy_kinds *kinds; /* of the same */
    int64_t as_of, scope;
    size_t given, left;
    bool over; /* all were given */
    struct error error;
};

/* The recording outlives it. */
void replay_jobs_init(struct replay_jobs *jobs, struct str recording, struct clock *clock);
/* What the script gets where it reads the clock: the recorded reading of this place in the run, where there is one. */
int64_t replay_reads_clock(void *jobs, int64_t now);
/* What the script gets where it asks for a job's Workload, as of record_again.workload: the next recorded one of that
 * job, else the last. */
int replay_gets_workload(void *jobs, struct str uid, struct record_workload *out, struct error *err);
void replay_jobs_free(struct replay_jobs *jobs);
/* The clock goes on to an instant; never back. */
void replay_clock(struct clock *clock, int64_t to);

#endif
