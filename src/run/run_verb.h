/* A script's verbs (verb.h) as a part of its run: counted, bounded by its limits, dry when the run is, journalled under
 * it. */
#ifndef MPIJOBD_RUN_RUN_VERB_H
#define MPIJOBD_RUN_RUN_VERB_H

#include "change/verb.h"
#include "run/run.h"

struct run_verb;

/* call's dry_run, destructive, run, policy, gate are set here. */
int run_verb_start(struct run *run, struct verb_call *call, struct run_verb **verb, struct error *err);
/* The caller goes away: its done is not called any more, the verb ends on its own. */
void run_verb_detach(struct run_verb *verb);
/* All of the run: given up, also what is under way. */
void run_verbs_abandon(struct run *run);

/* May the run make one more change? granted: it was asked about this one before. look: the script wants only to see
 * what it would do. ERR_LIMIT ends the run. */
int run_grant(struct run *run, bool *granted, bool look, struct error *err);

#endif
