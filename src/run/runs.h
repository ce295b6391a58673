/* The runs on one cluster, and what they share: the jobs they look at, the loops of policies that they have been caught
 * in, and the journal of what their changes really did. */
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
    struct effect_journal *effects; /* made with the first change whose effect is to be seen */
    struct run *list;               /* under way */
    /* Told of each change of a run when it has ended; NULL: nobody asks. job: its key. */
    void (*observe)(void *data, const struct run *run, const char *job, const struct change_result *result,
                    const struct error *err);
    /* Told when a run has ended, and is on the list no more. NULL: nobody asks. */
    void (*ended)(void *data, const struct run *run);
    void *data;
};

void runs_init(struct runs *runs, struct site *site, struct watches *watches);
/* Is a run of this policy under way? Those that began before a reload count, too; one that only waits for its end to be
 * written down does not. */
bool runs_busy(const struct runs *runs, const char *policy);
/* All of them: run_stop, run_abandon. */
void runs_stop(struct runs *runs, const char *why, bool leave_open);
void runs_abandon(struct runs *runs);
/* Effects are looked for no longer. */
void runs_forget_effects(struct runs *runs);
/* No run is under way any more. */
void runs_close(struct runs *runs);

#endif
