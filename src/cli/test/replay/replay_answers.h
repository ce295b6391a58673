/* SPDX-License-Identifier: Apache-2.0 */
/* The API server of a run that is done again: what it writes is answered as it was then, by the recording. Discovery is
 * the simulator's. What the recording cannot answer is refused, and told. */
#ifndef MPIJOBD_CLI_TEST_REPLAY_REPLAY_ANSWERS_H
#define MPIJOBD_CLI_TEST_REPLAY_REPLAY_ANSWERS_H

#include "http/carrier.h"
#include "record/record.h"

struct replay_jobs;
struct recorded_change;
struct replay_answers {
    struct recorded_change *changes; /* in their order */
    size_t count, cap;
    const struct replay_jobs *jobs;
    struct clock *clock;
    int64_t run;
    bool begun; /* the run; before it, all that is asked is about the cluster, and the simulator's to answer */
    char unanswered[256]; /* the first request that the recording does not answer; "": there was none */
};

/* Reads the changes of a recording, which outlives it. 0 or ERR_NOMEM. */
int replay_answers_open(struct replay_answers *answers, struct str recording, struct error *err);
void replay_answers_close(struct replay_answers *answers);
/* For wire.instead, with the answers as its data. */
bool replay_answer(void *answers, struct http_request *request);

#endif
