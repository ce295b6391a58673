/* SPDX-License-Identifier: Apache-2.0 */
/* The service level of reclaim on one cluster: of the jobs that have ended, hold GPUs and match a policy with `slo`,
 * how many were freed within the time that it names. A job counts once it holds none any more, by its status and
 * cleanPodPolicy, or is gone; or when its time is over. It does not count where it stops to match while it holds them.
 * The time begins when the job comes to match, and not before the policy is in force. */
#ifndef MPIJOBD_SLO_SLO_H
#define MPIJOBD_SLO_SLO_H

#include "jobs/watches.h"
#include "policy/load.h"

#define SLO_WINDOWS 3
extern const char *const slo_window_names[SLO_WINDOWS]; /* "5m", "1h", "6h" */

struct slo;
void slo_free(struct slo *slo); /* NULL is ignored */
/* The policies of the set are in force there: after the watches follow it, which *slo hears from then on. A policy that
 * was before, with the same slo, goes on counting. *slo NULL: it is made; where memory is out nothing is followed. The
 * site and the watches outlive it.
 *
 * counts_from: the instant from which this daemon counts, in place of another that did before: whose time was over by
 * then has counted there, and does not again. SLO_ALONE: no other did. SLO_ELSEWHERE: another counts now. Jobs are
 * followed all the same, so that the time of each goes on when this daemon takes over. */
#define SLO_ALONE INT64_C(0)
#define SLO_ELSEWHERE INT64_MAX
void slo_follow(struct slo **slo, struct site *site, struct watches *watches, struct policy_set *set,
                int64_t counts_from);
/* No policy is any more; the counts stay. */
void slo_stop(struct slo *slo);

struct slo_state {
    const char *policy;
    double objective;     /* percent */
    int64_t freed_within; /* microseconds */
    int64_t good, all;    /* jobs, since the daemon has begun */
    int64_t held;         /* jobs whose time runs or is over, and that hold GPUs */
    double burn[SLO_WINDOWS];
};
/* Of each policy in force there for which this daemon counts, or has counted. */
void slo_each(struct slo *slo, void (*visit)(void *data, const struct slo_state *state), void *data);
/* Of that policy. False: it is not in force there, or has no slo, or this daemon has not counted for it. */
bool slo_of(struct slo *slo, const char *policy, struct slo_state *state);

#endif
