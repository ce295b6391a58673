/* One job's life: what life.c calls when something is due, and the objects around the job. */
#ifndef SIM_LIFE_LIFE_JOB_H
#define SIM_LIFE_LIFE_JOB_H
#include "sim/server/server.h"

struct life_job {
    char *ns, *name;
    int64_t due_us;   /* INT64_MAX: nothing is due */
    size_t heap;      /* its place in the heap of what is due */
    uint64_t dice;    /* decides what becomes of it */
    int64_t since_us; /* when it was created or resumed */
    int64_t end_us;   /* when the launcher will end; 0: not decided */
    bool touched;     /* somebody wrote it since the controller last looked */
    bool poisonous, complained, reborn;
};

/* Does what is due now and sets due_us. False: the job is gone, with all that belonged to it. */
bool life_job_act(struct sim *sim, struct life_job *j);
/* For a job that was there from the start: the pods that it would have. */
void life_job_furnish(struct sim *sim, struct life_job *j);
bool life_poisoned(const struct sim *sim); /* the old controllers cannot decode their list */
#endif
