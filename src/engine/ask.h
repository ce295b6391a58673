/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of one policy that a person asks for and waits for. */
#ifndef MPIJOBD_ENGINE_ASK_H
#define MPIJOBD_ENGINE_ASK_H

#include "engine/engine.h"

struct ask_call {
    const char *policy; /* texts are copied */
    const char *job;    /* "namespace/name": the run is given that one alone, which has to match. NULL: all */
    const char *who;    /* for the journal: who asks */
    int64_t uid;
    const char *traceparent; /* of the request: the runs go on with its trace (base/trace.h). NULL or "": each with one
                                of its own */
    bool dry_run;            /* nothing is written, whatever the policy says */
    bool override; /* in spite of its window, freezes and changes_per_hour; the journal has "manual-override" where
                      there is one of these to override */
    void (*began)(void *data, const struct run *run);  /* for each run, may come within the call. NULL: nobody hears */
    void (*ended)(void *data, const struct run *run);  /* for each, when its end is in the journal */
    void (*done)(void *data, const struct error *err); /* once, later, when all have ended. err: none was begun */
    void *data;
};

/* Begins a run on each cluster that is connected and on which the policy is in force. ERR_NOT_FOUND: there is no such
 * policy (names the nearest); ERR_REFUSED: it is in quarantine, is paused, is outside its window, stands
 * aside, or is for no cluster of these; ERR_UNREACHABLE: none is connected; ERR_CANCELLED: the daemon is being stopped;
 * ERR_INVALID: not the name of a job; ERR_NOMEM. done is not called then. */
int engine_ask(struct engine *engine, const struct ask_call *call, struct error *err);

/* For the engine alone: a run has ended; the engine is being stopped. */
void ask_run_ended(struct engine *engine, const struct run *run);
void ask_cancel_all(struct engine *engine);

#endif
