/* What changes of the launcher itself really do: the rows launcher:... of the experiments (tests/fixtures/effects.tsv).
 * What no row covers is unknown. */
#include "mpijob/effect/effect_table.h"

#define BY_JOB (V1ALPHA2_ALL | V2BETA1_ALL) /* the launcher is a Job */
#define BY_POD (V1_MPI_ALL | TRAINING_190)  /* a Pod */

/* clang-format off */
#define DEADLINE(releases, meanings, effect, why) \
    {releases, STATE_RUNNING, FIELD_ACTIVE_DEADLINE_SECONDS, meanings, effect, why}

static const struct effect_row rows[] = {
    DEADLINE(BY_JOB, MEANS_ELAPSED, EFFECT_DESTRUCTIVE,
             "the deadline of the launcher Job {launcher} passed at {at}: it fails now with its pod and its log, and the MPIJob "
             "with it; the workers stay unless cleanPodPolicy removes them"),
    DEADLINE(BY_JOB, MEANS_AHEAD, EFFECT_EFFECTIVE,
             "the launcher Job {launcher} has this deadline now and fails at {at} unless it ends before, and the MPIJob with it"),
    DEADLINE(BY_POD, MEANS_ELAPSED, EFFECT_DESTRUCTIVE,
             "the deadline of the launcher Pod {launcher} passed at {at}: the kubelet ends it now, and the MPIJob fails; its pods "
             "stay unless cleanPodPolicy removes them"),
    DEADLINE(BY_POD, MEANS_AHEAD, EFFECT_UNKNOWN,
             "the kubelet ends the launcher Pod {launcher} at {at}; of Pods only a deadline that had passed was tried"),
    {BY_JOB, STATE_RUNNING, FIELD_BACKOFF_LIMIT, MEANS_ZERO, EFFECT_EFFECTIVE,
     "the launcher Job {launcher} fails with the next failure of its pod, and the MPIJob with it"},
    {BY_JOB, STATE_RUNNING, FIELD_BACKOFF_LIMIT, MEANS_OTHER, EFFECT_UNKNOWN,
     "the launcher Job {launcher} has this backoffLimit now; only 0 was tried"},
    {BY_JOB, STATE_SUCCEEDED, FIELD_TTL_SECONDS_AFTER_FINISHED, MEANS_ELAPSED, EFFECT_EFFECTIVE,
     "the launcher Job {launcher} is deleted now with its pod and its log; the MPIJob and its workers stay"},
    {BY_JOB, STATE_FINISHED, FIELD_TTL_SECONDS_AFTER_FINISHED, MEANS_ELAPSED | MEANS_AHEAD, EFFECT_UNKNOWN,
     "the launcher Job {launcher} is to be deleted at {at} with its pod and its log; only an elapsed TTL of a job that had "
     "succeeded was tried"},
};
/* clang-format on */

const struct effect_rows effect_of_launcher = {rows, sizeof rows / sizeof *rows};
