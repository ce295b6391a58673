/* SPDX-License-Identifier: Apache-2.0 */
/* The circuit breaker: a policy that keeps failing is paused, as a person would pause it (pause/pauses.h). It trips
 * - when BREAKER_RUNS runs in a row have failed, or made not one change because each of BREAKER_JOBS or more failed (of
 *   fewer, the jobs may be to blame, which are their owners'); over restarts, too, and of those in one shard of the
 *   jobs also at several daemons (breaker_shards.h);
 * - when a run has failed at half of what it wrote (run/bounds.h);
 * - when a step of its canary has failed (run/run_canary.h), whatever the policy says of the breaker;
 * - when the effects of BREAKER_EFFECTS changes in a row did not come.
 *
 * That it has tripped is told in the log, by a metric, to people (breaker_call.pause), and by an Event on the job
 * at which the policy has failed last, where there is one.
 *
 * What a server does not answer is no fault of the policy. `resume` lets it run again, and the counts stay until
 * something goes well: the next failing run pauses it at once. Dry runs count neither way, and neither does a policy
 * with breaker = false. */
#ifndef MPIJOBD_PAUSE_BREAKER_H
#define MPIJOBD_PAUSE_BREAKER_H

#include "loop/defer.h"
#include "pause/paused.h"
#include "run/blamed.h"

#define BREAKER_RUNS 3
#define BREAKER_EFFECTS 5
#define BREAKER_JOBS 5

struct counters;
struct journal;
struct policy;
struct run;
struct site;

struct breaker_call {
    const struct log *log;
    const struct clock *clock;
    struct defer_queue *soon;
    struct counters *counters;   /* NULL: nothing is counted */
    const struct paused *paused; /* NULL: nothing can be paused, and nothing is counted */
    struct journal *journal;     /* NULL: no journal is kept */
    /* Pauses it, keeps that and tells people. An error of paused_add. */
    int (*pause)(void *data, const struct paused_mark *mark, struct error *err);
    /* The policy of that name in force; NULL: no policy has it. */
    const struct policy *(*policy)(void *data, const char *name);
    void *data;
};

struct breaker_policy;
struct breaker_shard;
struct breaker {
    struct breaker_call call;
    bool stopped;
    struct breaker_policy *policies; /* list, of those with something to count */
    struct breaker_shard *shards;    /* list, of runs that have failed in the shards that are here */
    struct defer turn;               /* pauses what has tripped, outside of the call that told it */
};

/* Counts in the journal how the newest runs have ended; blocks. Errors as of journal_read_runs. */
int breaker_open(struct breaker *breaker, const struct breaker_call *call, struct error *err);
void breaker_stop(struct breaker *breaker); /* it pauses nothing any more */
void breaker_close(struct breaker *breaker);

void breaker_run_ended(struct breaker *breaker, const struct run *run);
/* Was the effect of a change of that policy on a job seen? step: with that a step of its canary has failed. */
void breaker_effect(struct breaker *breaker, const char *policy, const struct blamed *job, struct site *site, bool seen,
                    bool step);

#endif
