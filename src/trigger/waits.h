/* SPDX-License-Identifier: Apache-2.0 */
/* A policy that does not act on a job at once (holds_for, warn): since when the whole match holds, which warnings were
 * given, and when the next thing is due. Pure; instants are microseconds since 1970.
 *
 * The first warning is due when the match has held for holds_for, and the policy acts the longest `at` after it; each
 * further one is due its `at` before that. A warning that is given late moves the instant, so that nobody has less time
 * than its `at`. */
#ifndef MPIJOBD_TRIGGER_WAITS_H
#define MPIJOBD_TRIGGER_WAITS_H

#include "base/buf.h"
#include "mpijob/view.h"
#include "policy/definition/definition.h"

struct job_wait {
    int64_t holds_us; /* the whole match holds since then; 0: it does not; WAIT_FORGOTTEN */
    int64_t acts_us;  /* warned: the instant that was told; else 0 */
    uint64_t look;    /* warned: how the job looked (wait_look); else 0 */
    unsigned warned;  /* warnings that were given, in the order of policy->warn.at */
};
/* In place of holds_us: the job's row has something that does not count any more, and is to be written again. */
#define WAIT_FORGOTTEN (-1)

/* When the next warning is due, or the policy acts (*acts); holds_us is an instant. */
int64_t wait_next(const struct policy *policy, const struct job_wait *wait, bool *acts);
/* When it acts, if all further warnings are given in time. */
int64_t wait_acts(const struct policy *policy, const struct job_wait *wait);
/* The same if the warning that is due is given at `now`. A delay of a minute or a sixtieth of its `at`, whichever is
 * less, does not count. */
int64_t wait_acts_after(const struct policy *policy, const struct job_wait *wait, int64_t now);

/* What is told from another by: spec, labels, phase, and annotations but those under mpijobd.io. Never 0. */
uint64_t wait_look(const struct mpijob_view *view);
/* The job matches now, by its times since at_us (MPIJOB_NO_TIME: they do not count). Where that is not the match that
 * the wait is about, or the job looks otherwise than its owner was told, the wait begins again: it is zeros. */
void wait_check(struct job_wait *wait, const struct mpijob_view *view, int64_t at_us);

/* As a part of the job's row: "h1790000000000000", and with warnings "w1t1790086400000000k123": one was given, the
 * instant that was told, how the job looked. Nothing where the match does not hold. */
void wait_write(const struct job_wait *wait, struct buf *out);
void wait_read(const char *row, struct job_wait *wait);

#endif
