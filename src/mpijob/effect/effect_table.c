/* SPDX-License-Identifier: Apache-2.0 */
/* What changes really do, of a job and of its launcher: a condensation of the project's own measurements
 * (tests/fixtures/effects.tsv, 485 experiments on the real controllers; tests/unit/test_mpijob_effect.c holds every row
 * of them against this table). The first row that fits a release counts. What no row covers is unknown. */
#include "mpijob/effect/effect_table.h"

#include <string.h>

const char *release_name(int bit)
{
    static const char *const names[RELEASES] = {
        "mpi-operator v0.2.3", "mpi-operator v0.3.0", "mpi-operator v0.2.3",
        "mpi-operator v0.3.0", "mpi-operator v0.3.0", "mpi-operator v0.4.0",
        "mpi-operator v0.6.0", "mpi-operator v0.8.0", "training-operator v1.9.0"};
    return names[bit];
}

#define MPI_ALL (V1ALPHA2_ALL | V1_MPI_ALL | V2BETA1_ALL)
#define ALL (MPI_ALL | TRAINING_190)

#define AT_END "kept until the job ends; then the controller cleans up by it"
#define THROUGH "; through_child = true changes the launcher Job, which works"
#define THROUGH_POD "; through_child = true changes the launcher Pod, which works (lowering only)"
#define THROUGH_PERHAPS "; if it does, through_child = true changes that too"

/* clang-format off */
#define POLICY(releases, states, meanings, effect, why) {releases, states, FIELD_CLEAN_POD_POLICY, meanings, effect, why}
#define DEADLINE(releases, states, meanings, effect, why) \
    {releases, states, FIELD_ACTIVE_DEADLINE_SECONDS, meanings, effect, why}
#define BACKOFF(releases, states, meanings, effect, why) {releases, states, FIELD_BACKOFF_LIMIT, meanings, effect, why}
#define TTL(releases, states, meanings, effect, why) \
    {releases, states, FIELD_TTL_SECONDS_AFTER_FINISHED, meanings, effect, why}
#define SUSPEND(releases, states, meanings, effect, why) {releases, states, FIELD_SUSPEND, meanings, effect, why}
#define MANAGER(releases, states, meanings, effect, why) {releases, states, FIELD_MANAGED_BY, meanings, effect, why}
#define GANG(releases, states, meanings, effect, why) {releases, states, FIELD_SCHEDULING_POLICY, meanings, effect, why}

static const struct effect_row rows[] = {
    /* cleanPodPolicy: read when the job ends, and again whenever a finished job is looked at */
    POLICY(ALL, STATE_ANY, MEANS_SAME, EFFECT_INERT, "an absent cleanPodPolicy counts as None, so nothing is different"),
    POLICY(V1ALPHA2_ALL, STATE_ANY, MEANS_ALL_TO_RUNNING | MEANS_RUNNING_TO_ALL, EFFECT_INERT,
           "v1alpha2's controllers remove all workers with either value, so nothing is different"),
    POLICY(V1_023, STATE_RUNNING | STATE_BEFORE, MEANS_ALL_TO_RUNNING | MEANS_RUNNING_TO_ALL, EFFECT_INERT,
           "Running acts as All there"),
    POLICY(ALL, STATE_RUNNING | STATE_BEFORE,
           MEANS_NONE | MEANS_RUNNING | MEANS_ALL | MEANS_ALL_TO_RUNNING | MEANS_RUNNING_TO_ALL, EFFECT_AT_FINISH, AT_END),
    POLICY(V1ALPHA2_ALL, STATE_FINISHED, MEANS_RUNNING | MEANS_ALL, EFFECT_EFFECTIVE,
           "the controller removes all workers of the finished job now (with either value), the launcher stays"),
    POLICY(V1_MPI_ALL, STATE_FINISHED, MEANS_RUNNING, EFFECT_EFFECTIVE,
           "the controller removes the workers now, the launcher stays (v0.2.3 treats Running as All; v0.3.0 keeps ended workers)"),
    POLICY(V2BETA1_ALL | TRAINING_190, STATE_FINISHED, MEANS_RUNNING, EFFECT_EFFECTIVE,
           "the controller removes the workers that still run now; ended pods stay"),
    POLICY(V1_MPI_ALL | V2BETA1_ALL, STATE_FINISHED, MEANS_ALL, EFFECT_EFFECTIVE,
           "the controller removes all workers now; the launcher stays"),
    POLICY(TRAINING_190, STATE_FINISHED | STATE_EVICTED, MEANS_ALL, EFFECT_EFFECTIVE,
           "the controller removes all pods now, the launcher and its log too"),
    POLICY(ALL, STATE_FINISHED, MEANS_NONE, EFFECT_INERT, "the job has ended: what was cleaned up does not come back"),
    POLICY(V2BETA1_030, STATE_ANY, MEANS_HEALED, EFFECT_DROPPED, ""), /* a bad value cannot be there: 422 */
    POLICY(V1ALPHA2_ALL | V1_MPI_ALL, STATE_RUNNING, MEANS_HEALED, EFFECT_AT_FINISH, AT_END),
    POLICY(V2BETA1_SUSPEND, STATE_RUNNING, MEANS_HEALED, EFFECT_EFFECTIVE,
           "with the bad value the controller had stopped looking at this job; it goes on now"),
    POLICY(V1ALPHA2_ALL | V1_MPI_ALL | V2BETA1_SUSPEND, STATE_FINISHED, MEANS_HEALED, EFFECT_EFFECTIVE,
           "the policy can be read again, and the controller cleans up by it now"),
    POLICY(TRAINING_190, STATE_FINISHED, MEANS_HEALED, EFFECT_INERT,
           "training-operator took the bad value for All when the job ended: the pods are gone already"),
    POLICY(V1_MPI_ALL, STATE_EVICTED, MEANS_ALL, EFFECT_INERT,
           "v1's mpi-operator never cleans up after an evicted job; delete the pods, or label the job for deletion"),
    POLICY(V2BETA1_ALL, STATE_EVICTED, MEANS_ALL, EFFECT_AT_FINISH,
           "cleanup of an evicted job waits until the launcher Job {launcher} ends for good; `suspend = true` removes its pods "
           "at once"),

    /* activeDeadlineSeconds: copied into the launcher Job when that is created; training-operator looks on events */
    DEADLINE(ALL, STATE_FINISHED, MEANS_ELAPSED | MEANS_DUE | MEANS_UNDATED | MEANS_REMOVED, EFFECT_INERT,
             "the job has ended: nobody reads its deadline any more"),
    DEADLINE(V1_MPI_ALL, STATE_ANY, MEANS_ANY & ~(unsigned)MEANS_BAD, EFFECT_INERT,
             "mpi-operator never reads the deadline of a v1 job" THROUGH_POD),
    DEADLINE(V1ALPHA2_ALL, STATE_RUNNING, MEANS_ELAPSED | MEANS_DUE | MEANS_UNDATED | MEANS_REMOVED, EFFECT_INERT,
             "v1alpha2 reads the deadline only when it creates the launcher Job {launcher}" THROUGH),
    DEADLINE(V2BETA1_ALL, STATE_RUNNING, MEANS_ELAPSED | MEANS_DUE | MEANS_UNDATED | MEANS_REMOVED, EFFECT_INERT,
             "v2beta1 reads the deadline only when it creates the launcher Job {launcher}" THROUGH),
    DEADLINE(V2BETA1_SUSPEND, STATE_SUSPENDED, MEANS_ELAPSED | MEANS_DUE | MEANS_UNDATED | MEANS_REMOVED, EFFECT_INERT,
             "the launcher Job {launcher} exists while the job is suspended, and v2beta1 reads the deadline only when it creates "
             "that" THROUGH),
    DEADLINE(V2BETA1_030, STATE_SUSPENDED | STATE_NO_LAUNCHER, MEANS_ANY, EFFECT_DROPPED, ""), /* has no such state */
    DEADLINE(V2BETA1_040, STATE_NO_LAUNCHER, MEANS_ANY, EFFECT_DROPPED, ""),                   /* has no such state */
    DEADLINE(V2BETA1_MANAGED, STATE_NO_LAUNCHER, MEANS_UNDATED | MEANS_DUE | MEANS_ELAPSED, EFFECT_EFFECTIVE,
             "the launcher is created when the workers are ready, and gets this deadline then"),
    DEADLINE(V1ALPHA2_ALL | V2BETA1_ALL, STATE_UNSEEN, MEANS_UNDATED, EFFECT_EFFECTIVE,
             "the controller has not created the launcher yet; it gets this deadline"),
    DEADLINE(V1ALPHA2_ALL | V2BETA1_ALL, STATE_PENDING, MEANS_ELAPSED | MEANS_DUE | MEANS_UNDATED, EFFECT_UNKNOWN,
             "the controller acts on it only if the launcher Job {launcher} does not exist yet" THROUGH_PERHAPS),
    DEADLINE(TRAINING_190, STATE_UNSEEN, MEANS_UNDATED, EFFECT_LATE,
             "training-operator looks at the deadline only with an event of the job, in a quiet one up to 10 hours late: touch the "
             "job (a label) when it has passed to bring that forward"),
    DEADLINE(TRAINING_190, STATE_RUNNING | STATE_BEFORE, MEANS_ELAPSED, EFFECT_DESTRUCTIVE,
             "the deadline passed at {at}: training-operator fails the job now and removes all its pods, the launcher's too, "
             "whatever the policy"),
    DEADLINE(TRAINING_190, STATE_RUNNING, MEANS_LATER, EFFECT_EFFECTIVE,
             "the earlier deadline counts no more; the new one training-operator looks at only with an event of the job, in a quiet "
             "one up to 10 hours late: touch the job (a label) after {at} to bring that forward"),
    DEADLINE(TRAINING_190, STATE_RUNNING, MEANS_AHEAD, EFFECT_LATE,
             "training-operator looks at the deadline only with an event of the job, in a quiet one up to 10 hours late: touch the "
             "job (a label) after {at} to bring that forward"),

    /* backoffLimit */
    BACKOFF(V1_MPI_ALL, STATE_ANY, MEANS_ZERO | MEANS_OTHER | MEANS_REMOVED, EFFECT_INERT,
            "mpi-operator never reads the backoffLimit of a v1 job"),
    BACKOFF(V1ALPHA2_ALL | V2BETA1_ALL, STATE_RUNNING, MEANS_ZERO | MEANS_OTHER | MEANS_REMOVED, EFFECT_INERT,
            "the controller reads backoffLimit only when it creates the launcher Job {launcher}" THROUGH),
    BACKOFF(V1ALPHA2_ALL | V2BETA1_ALL, STATE_UNSEEN, MEANS_ZERO | MEANS_OTHER, EFFECT_EFFECTIVE,
            "the controller has not created the launcher yet; it gets this backoffLimit"),
    BACKOFF(TRAINING_190, STATE_RUNNING | STATE_UNSEEN, MEANS_ZERO, EFFECT_AT_FINISH,
            "with the next failure training-operator removes all pods, whatever the policy"),

    /* ttlSecondsAfterFinished */
    TTL(V1ALPHA2_ALL | V1_MPI_ALL, STATE_ANY, MEANS_ELAPSED | MEANS_DUE | MEANS_UNDATED | MEANS_REMOVED, EFFECT_INERT,
        "this controller never reads ttlSecondsAfterFinished; delete the job by a policy instead"),
    TTL(V2BETA1_ALL, STATE_RUNNING | STATE_FINISHED, MEANS_ELAPSED | MEANS_DUE | MEANS_UNDATED | MEANS_REMOVED, EFFECT_INERT,
        "v2beta1 reads the TTL only when it creates the launcher Job, and it deletes that Job, never the MPIJob; delete the job by "
        "a policy instead"),
    TTL(V2BETA1_ALL, STATE_BEFORE, MEANS_ELAPSED | MEANS_DUE | MEANS_UNDATED, EFFECT_UNKNOWN,
        "the launcher Job would get this TTL, and up to v0.6.0 a Job that is deleted before the controller has seen its end is "
        "started again: the job could run twice"),
    TTL(TRAINING_190, STATE_FINISHED | STATE_EVICTED, MEANS_ELAPSED, EFFECT_DESTRUCTIVE,
        "the TTL passed at {at}: training-operator deletes the MPIJob itself now, with all its pods"),
    TTL(TRAINING_190, STATE_FINISHED, MEANS_DUE, EFFECT_EFFECTIVE,
        "training-operator deletes the MPIJob itself at {at}, with all its pods"),
    TTL(TRAINING_190, STATE_RUNNING | STATE_UNSEEN, MEANS_UNDATED, EFFECT_AT_FINISH,
        "training-operator deletes the MPIJob itself {to} s after its end, with all its pods"),

    /* suspend */
    SUSPEND(V2BETA1_030, STATE_ANY, MEANS_ANY, EFFECT_DROPPED, ""),
    SUSPEND(V2BETA1_SUSPEND | TRAINING_190, STATE_ANY, MEANS_SAME, EFFECT_INERT,
            "an absent suspend counts as false, so nothing is different"),
    SUSPEND(V2BETA1_SUSPEND, STATE_RUNNING | STATE_BEFORE, MEANS_SUSPEND, EFFECT_EFFECTIVE,
            "the controller suspends the launcher Job and removes all pods now; resuming starts the job again"),
    SUSPEND(V2BETA1_SUSPEND, STATE_RUNNING, MEANS_SUSPEND_RUNNING, EFFECT_EFFECTIVE,
            "the controller removes all pods now, as no worker had ended; resuming starts the job again"),
    SUSPEND(V2BETA1_SUSPEND, STATE_RUNNING | STATE_BEFORE, MEANS_SUSPEND_ENDED, EFFECT_DESTRUCTIVE,
            "the controller removes the running pods, but with policy Running a worker that has ended stays and is not made again: "
            "the job never gets back to Running; set cleanPodPolicy None in the same change, and it does"),
    SUSPEND(V2BETA1_SUSPEND, STATE_RUNNING, MEANS_SUSPEND_OPEN, EFFECT_UNKNOWN,
            "the controller removes the running pods; with policy Running a worker that has ended is not made again, and the job "
            "would never get back to Running; the status does not tell of the workers: set cleanPodPolicy None in the same change"),
    SUSPEND(TRAINING_190, STATE_RUNNING | STATE_BEFORE, MEANS_SUSPENDS, EFFECT_EFFECTIVE,
            "the controller removes all pods now; resuming starts the job again, with a new startTime"),
    SUSPEND(V2BETA1_SUSPEND, STATE_EVICTED, MEANS_SUSPEND, EFFECT_EFFECTIVE,
            "the controller removes all pods of the evicted job now, the launcher's too"),
    SUSPEND(V2BETA1_SUSPEND | TRAINING_190, STATE_FINISHED, MEANS_SUSPENDS, EFFECT_INERT,
            "the job has ended: suspending it removes no pods; cleanPodPolicy does"),
    SUSPEND(V2BETA1_SUSPEND | TRAINING_190, STATE_SUSPENDED, MEANS_RESUME, EFFECT_EFFECTIVE,
            "the controller creates the pods again now, and sets a new startTime"),
    SUSPEND(TRAINING_190, STATE_SUSPENDED, MEANS_RESUME_RUNNING, EFFECT_EFFECTIVE,
            "the controller creates the pods again now, and sets a new startTime"),
    SUSPEND(V2BETA1_SUSPEND, STATE_SUSPENDED, MEANS_RESUME_RUNNING, EFFECT_UNKNOWN,
            "with policy Running, a worker that had ended before the suspend is not made again, and the job never gets back to "
            "Running; without one it resumes: set cleanPodPolicy None or All first"),

    /* managedBy */
    MANAGER(V2BETA1_030 | V2BETA1_040, STATE_ANY, MEANS_ANY, EFFECT_DROPPED, ""),
    MANAGER(V2BETA1_MANAGED | TRAINING_190, STATE_RUNNING | STATE_FINISHED, MEANS_AWAY, EFFECT_DESTRUCTIVE,
            "the controller lets go of the job: its end is never recorded, and nothing is cleaned up"),

    /* schedulingPolicy */
    GANG(V1ALPHA2_ALL | V1_MPI_ALL, STATE_ANY, MEANS_ANY & ~(unsigned)MEANS_BAD, EFFECT_INERT,
         "this controller never reads schedulingPolicy"),
    GANG(V2BETA1_030, STATE_ANY, MEANS_ANY, EFFECT_DROPPED, ""),
    GANG(V2BETA1_SUSPEND, STATE_RUNNING, MEANS_ANY & ~(unsigned)MEANS_BAD, EFFECT_UNKNOWN,
         "with a gang scheduler the PodGroup gets it at the next sync, without one nothing happens; the job does not tell which"),
    GANG(TRAINING_190, STATE_ANY, MEANS_QUEUE, EFFECT_UNKNOWN,
         "training-operator's definition makes schedulingPolicy.queue immutable: the server will answer 422"),
    GANG(TRAINING_190, STATE_RUNNING, MEANS_OTHER, EFFECT_UNKNOWN,
         "with a gang scheduler the PodGroup gets it at the next sync; without one no experiment tells, and the job does not say which"),
};
/* clang-format on */

const struct effect_rows effect_of_job = {rows, sizeof rows / sizeof *rows};

/* ---- changes of the launcher itself: the rows launcher:... of the experiments ---- */

#define BY_JOB (V1ALPHA2_ALL | V2BETA1_ALL) /* the launcher is a Job */
#define BY_POD (V1_MPI_ALL | TRAINING_190)  /* a Pod */

/* clang-format off */
#define LAUNCHER_DEADLINE(releases, meanings, effect, why) \
    {releases, STATE_RUNNING, FIELD_ACTIVE_DEADLINE_SECONDS, meanings, effect, why}

static const struct effect_row launcher_rows[] = {
    LAUNCHER_DEADLINE(BY_JOB, MEANS_ELAPSED, EFFECT_DESTRUCTIVE,
             "the deadline of the launcher Job {launcher} passed at {at}: it fails now with its pod and its log, and the MPIJob "
             "with it; the workers stay unless cleanPodPolicy removes them"),
    LAUNCHER_DEADLINE(BY_JOB, MEANS_DUE, EFFECT_EFFECTIVE,
             "the launcher Job {launcher} has this deadline now and fails at {at} unless it ends before, and the MPIJob with it"),
    LAUNCHER_DEADLINE(BY_POD, MEANS_ELAPSED, EFFECT_DESTRUCTIVE,
             "the deadline of the launcher Pod {launcher} passed at {at}: the kubelet ends it now, and the MPIJob fails; its pods "
             "stay unless cleanPodPolicy removes them"),
    LAUNCHER_DEADLINE(BY_POD, MEANS_DUE, EFFECT_UNKNOWN,
             "the kubelet ends the launcher Pod {launcher} at {at}; of Pods only a deadline that had passed was tried"),
    {BY_JOB, STATE_RUNNING, FIELD_BACKOFF_LIMIT, MEANS_ZERO, EFFECT_EFFECTIVE,
     "the launcher Job {launcher} fails with the next failure of its pod, and the MPIJob with it"},
    {BY_JOB, STATE_RUNNING, FIELD_BACKOFF_LIMIT, MEANS_OTHER, EFFECT_UNKNOWN,
     "the launcher Job {launcher} has this backoffLimit now; only 0 was tried"},
    {BY_JOB, STATE_SUCCEEDED, FIELD_TTL_SECONDS_AFTER_FINISHED, MEANS_ELAPSED, EFFECT_EFFECTIVE,
     "the launcher Job {launcher} is deleted now with its pod and its log; the MPIJob and its workers stay"},
    {BY_JOB, STATE_FINISHED, FIELD_TTL_SECONDS_AFTER_FINISHED, MEANS_ELAPSED | MEANS_DUE, EFFECT_UNKNOWN,
     "the launcher Job {launcher} is to be deleted at {at} with its pod and its log; only an elapsed TTL of a job that had "
     "succeeded was tried"},
};
/* clang-format on */

const struct effect_rows effect_of_launcher = {launcher_rows, sizeof launcher_rows / sizeof *launcher_rows};

void mpijob_advise_no_child(struct mpijob_verdict *verdict)
{
    static const char *const advices[] = {THROUGH, THROUGH_POD, THROUGH_PERHAPS};
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++) {
        char *at = strstr(verdict->why, advices[i]);
        size_t len = strlen(advices[i]);
        if (at)
            memmove(at, at + len, strlen(at + len) + 1);
    }
}
