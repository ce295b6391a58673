/* SPDX-License-Identifier: Apache-2.0 */
/* One job: what is known about it, and what life.c calls when it is due. Times are simulated, since 1970. */
#ifndef SIM_LIFE_LIFE_JOB_H
#define SIM_LIFE_LIFE_JOB_H
#include "sim/life/life.h"

struct life_job {
    char *ns, *name;
    int64_t due_us; /* INT64_MAX: nothing is due */
    size_t heap;    /* its place in the heap of what is due */
    struct life_plan plan;
    uint64_t dice;    /* decides what becomes of the job */
    int64_t since_us; /* when it was created or resumed */
    int64_t end_us;   /* when the launcher will end; 0: that is not decided yet */
    bool touched;     /* it was written since the controller looked */
    bool poisonous;   /* the old controllers cannot decode it */
    bool complained;  /* the event about its bad value is there */
    bool reborn;      /* another job with that name was deleted before */
};

/* Does what is due now and sets due_us. False: the job is gone, and all that belonged to it. */
bool life_job_act(struct sim *sim, struct life_job *j);
/* Gives a job of the start the pods that it would have. */
void life_job_furnish(struct sim *sim, struct life_job *j);
/* A job is poisonous, so the old controllers cannot decode their list of jobs. */
bool life_poisoned(const struct sim *sim);
#endif
