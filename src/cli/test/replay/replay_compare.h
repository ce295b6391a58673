/* SPDX-License-Identifier: Apache-2.0 */
/* Two recordings of one run: what was written then, and what is written now. */
#ifndef MPIJOBD_CLI_TEST_REPLAY_REPLAY_COMPARE_H
#define MPIJOBD_CLI_TEST_REPLAY_REPLAY_COMPARE_H

#include "base/buf.h"

struct replay_told {     /* of one object that was written then or is now, or of the run's end. Valid during the call */
    const char *name;    /* of the test: "train/a is written as in run 12" */
    const char *message; /* what differs; "": nothing */
};
/* Calls told for the end of the run, and then for each object, in the order of the first recording. How many objects
 * were written then is returned; -1: out of memory. */
int replay_compare(struct str then, struct str now, long long run,
                   void (*told)(void *data, const struct replay_told *what), void *data);

#endif
