/* SPDX-License-Identifier: Apache-2.0 */
/* The runs on one cluster, and what they share: the caches of jobs that they read, the detection of loops of policies,
 * and the journal of the effects of their changes. */
#ifndef MPIJOBD_RUN_RUNS_H
#define MPIJOBD_RUN_RUNS_H

#include "change/change.h"
#include "change/effect_journal.h"
#include "change/loops.h"
#include "jobs/watches.h"
#include "site/site.h"

struct run;

struct runs {
    struct site *site;
    struct watches *watches;
    struct loops loops;
    struct effect_journal *effects; /* made with the first change whose effect can be seen; NULL before */
    struct run *list;               /* those under way */
    /* Called for each change of a run when the change has ended; may be NULL. job: the key of its object. */
    void (*observe)(void *data, const struct run *run, const char *job, const struct change_result *result,
                    const struct error *err);
    /* Called when a run has ended, and is not on the list any more; may be NULL. */
    void (*ended)(void *data, const struct run *run);
    void *data;
};

/* site and watches outlive it. */
void runs_init(struct runs *runs, struct site *site, struct watches *watches);
/* Is a run of this policy under way? Runs that began before a reload count as well; a run that only waits for its end
 * to be written down does not. */
bool runs_busy(const struct runs *runs, const char *policy);
/* run_stop and run_abandon, for all of them. */
void runs_stop(struct runs *runs, const char *why, bool leave_open);
void runs_abandon(struct runs *runs);
/* Stops watching for effects. */
void runs_forget_effects(struct runs *runs);
/* Frees what the runs share. No run may be under way any more. */
void runs_close(struct runs *runs);

#endif
