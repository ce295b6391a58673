/* SPDX-License-Identifier: Apache-2.0 */
/* The conditions of a policy told one by one for one job: what is asked for, what is there, whether it holds, and when
 * time alone will make it hold. The same verdicts as mpijob_match_eval's, for people. Instants are
 * microseconds since 1970. */
#ifndef MPIJOBD_MPIJOB_MATCH_MATCH_TELL_H
#define MPIJOBD_MPIJOB_MATCH_MATCH_TELL_H

#include "mpijob/match/match.h"

struct mpijob_told {    /* texts are valid during the call */
    const char *key;    /* of `match`: "phase", "labels", "finished_for" */
    const char *wanted; /* as people write it: "Succeeded or Failed", "keep!=true", "2h" */
    const char *value;  /* of the job: "Running", "true", "1h30m"; "unset" where the job has no value */
    bool holds;
    const char
        *unless; /* of labels that must not be there: what keeps the job out, "its label keep is set"; else NULL */
    int64_t due; /* where it does not hold and time alone is missing: the instant at which it will; else INT64_MAX */
};

/* told is called for each condition that was given, and for `deleting` where that keeps the job out. True: all of them
 * hold. now: microseconds since 1970. */
bool mpijob_match_tell(const struct mpijob_match *match, const struct mpijob_view *view, int64_t now,
                       void (*told)(void *data, const struct mpijob_told *condition), void *data);

#endif
