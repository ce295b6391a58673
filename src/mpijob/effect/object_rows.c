/* SPDX-License-Identifier: Apache-2.0 */
/* What changes and deletions of other kinds do: TrainJobs (Trainer v2.1.0 to v2.3.0), JobSets (v0.10.1, v0.12.0), Jobs
 * (Kubernetes 1.34) and Kueue's own kinds (v0.16.9, v0.19.2) by experiment (tests/fixtures/effects-kinds.tsv,
 * tests/unit/test_mpijob_effect_kinds.c), the rest by what Kubernetes says of its own kinds. */
#include "mpijob/effect/object_rows.h"
#include "mpijob/effect/effect_parts.h"

#define JOB "batch", "jobs"
#define JOBSET "jobset.x-k8s.io", "jobsets"
#define TRAINJOB "trainer.kubeflow.org", "trainjobs"
#define WORKLOAD "kueue.x-k8s.io", "workloads"
#define CLUSTERQUEUE "kueue.x-k8s.io", "clusterqueues"
#define LOCALQUEUE "kueue.x-k8s.io", "localqueues"

bool object_was_tried(const char *group, const char *plural)
{
    static const char *const tried[][2] = {{JOB}, {JOBSET}, {TRAINJOB}, {WORKLOAD}, {CLUSTERQUEUE}, {LOCALQUEUE}};
    for (size_t i = 0; i < sizeof tried / sizeof *tried; i++) {
        if (strcmp(group, tried[i][0]) == 0 && strcmp(plural, tried[i][1]) == 0)
            return true;
    }
    return false;
}

#define LIVE (STATE_RUNNING | STATE_SUSPENDED | STATE_PENDING)
#define WAITING (STATE_SUSPENDED | STATE_PENDING)
#define FINISHED STATE_FINISHED
#define OWN (UNDER_KUEUE | UNDER_NOBODY)
#define ANY UNDER_ANY

#define KILLED "its pods are killed, and what they ran begins again when it goes on"
#define KUEUE_UNDOES                                                                                                   \
    "Kueue undoes it within a second, and all its pods are killed all the same, or started and killed; " KUEUE_STOPS
#define NO_SUSPEND "an absent suspend counts as false, so nothing is different"
#define ENDED "it has ended: nothing becomes of it"
#define NO_SECONDS "the API server takes whole numbers up to 2147483647 only"
#define SET_RUNS_AGAIN                                                                                                 \
    "if its TrainJob has failed, Trainer makes the JobSet again when it is gone, and the job runs again"
#define SET_ENDS "all its pods are killed; the set and the failed Job stay"
#define TRAIN_ENDS SET_ENDS ", and so does the TrainJob"
#define CHILD_AGAIN "while its JobSet runs, a Job that has ended is made again and runs again when it is deleted"

/* clang-format off */
const struct object_row object_rows[] = {
    /* ---- JobSet ---- */
    {JOBSET, "/spec/suspend", LIVE, UNDER_TRAINJOB, NULL, EFFECT_REVERTED,
     "Trainer puts it back within a second, and all its pods are killed all the same, or started and killed; suspend the TrainJob", true},
    {JOBSET, "/spec/suspend", FINISHED, ANY, NULL, EFFECT_INERT, ENDED, 0},
    {JOBSET, "/spec/suspend", LIVE, UNDER_KUEUE, test_true, EFFECT_REVERTED, KUEUE_UNDOES, true},
    {JOBSET, "/spec/suspend", LIVE, UNDER_KUEUE, test_false, EFFECT_REVERTED, KUEUE_UNDOES, true},
    {JOBSET, "/spec/suspend", LIVE, UNDER_NOBODY, test_true, EFFECT_DESTRUCTIVE, KILLED "; Jobs of it that have ended are kept", 0},
    {JOBSET, "/spec/suspend", LIVE, UNDER_NOBODY, test_false, EFFECT_EFFECTIVE, "its pods are made now", 0},
    {JOBSET, "/spec/suspend", LIVE, ANY, NULL, EFFECT_INERT, NO_SUSPEND, 0},
    {JOBSET, "/spec/ttlSecondsAfterFinished", STATE_ANY, ANY, test_no_number, EFFECT_REJECTED, NO_SECONDS, 0},
    {JOBSET, "/spec/ttlSecondsAfterFinished", LIVE | STATE_FAILED, UNDER_TRAINJOB, test_set, EFFECT_DESTRUCTIVE, SET_RUNS_AGAIN, 0},
    {JOBSET, "/spec/ttlSecondsAfterFinished", STATE_SUCCEEDED, UNDER_TRAINJOB, test_set, EFFECT_UNKNOWN,
     "the JobSet is deleted with its Jobs and their logs; Trainer below v2.2 then makes it again, and pods run while the TrainJob says Complete", true},
    {JOBSET, "/spec/ttlSecondsAfterFinished", FINISHED, ANY, test_ttl_passed, EFFECT_DESTRUCTIVE,
     "the TTL has passed: the JobSet is deleted now, with its Jobs and pods", 0},
    {JOBSET, "/spec/ttlSecondsAfterFinished", FINISHED, OWN, test_ttl_ahead, EFFECT_EFFECTIVE,
     "the JobSet is deleted at {at}, with its Jobs and pods", 0},
    {JOBSET, "/spec/ttlSecondsAfterFinished", FINISHED, OWN, test_removed, EFFECT_EFFECTIVE, "the JobSet is kept", 0},
    {JOBSET, "/spec/ttlSecondsAfterFinished", LIVE, OWN, NULL, EFFECT_AT_FINISH,
     "kept until the set ends; with it, its Jobs and pods are deleted by it", 0},
    {JOBSET, "/spec/activeDeadlineSeconds", STATE_ANY, ANY, test_set, EFFECT_DROPPED,
     "JobSets have no deadline, and the API server throws it away; through_child = true sets it on one of its Jobs, which ends the whole set", 0},
    {JOBSET, "/spec/failurePolicy", LIVE, ANY, test_added, EFFECT_EFFECTIVE, "it counts from the next failure on", 0},
    {JOBSET, "/spec/failurePolicy", LIVE, ANY, test_removed, EFFECT_EFFECTIVE, "with the next failure the set fails, and is not tried again", 0},
    {JOBSET, "/spec/failurePolicy", STATE_ANY, ANY, test_changed, EFFECT_REJECTED,
     "the API server lets it be added and removed, and not changed: remove it first", 0},
    {JOBSET, "/spec/successPolicy", LIVE, ANY, test_removed, EFFECT_DESTRUCTIVE,
     "without it the controller fails at each look at this JobSet: its end is never recorded; put it back, and it goes on", 0},
    {JOBSET, "/spec/successPolicy", LIVE, ANY, test_added, EFFECT_EFFECTIVE, "the controller looks at the set again", 0},
    {JOBSET, "/spec/successPolicy", STATE_ANY, ANY, test_changed, EFFECT_REJECTED, "it is immutable", 0},
    {JOBSET, "/spec/startupPolicy", STATE_ANY, ANY, NULL, EFFECT_REJECTED, "it is immutable", 0},
    {JOBSET, "/spec/network", STATE_ANY, ANY, test_changed, EFFECT_REJECTED, "it is immutable", 0},
    {JOBSET, "/spec/managedBy", STATE_ANY, ANY, NULL, EFFECT_REJECTED, "it is immutable, also where it has no value", 0},
    {JOBSET, "/spec/replicatedJobs", STATE_SUSPENDED, UNDER_NOBODY, test_placement, EFFECT_EFFECTIVE, "the pods of the next start are made so", 0},
    {JOBSET, "/spec/replicatedJobs", STATE_ANY, ANY, NULL, EFFECT_REJECTED,
     "they are immutable; in a suspended set labels, annotations, nodeSelector, tolerations and schedulingGates of the pods' templates can be changed", 0},
    {JOBSET, "", LIVE, UNDER_TRAINJOB, NULL, EFFECT_REVERTED, "Trainer makes the JobSet again, and its pods are killed and begin again", true},
    {JOBSET, "", STATE_FAILED, UNDER_TRAINJOB, NULL, EFFECT_DESTRUCTIVE, SET_RUNS_AGAIN, 0},
    {JOBSET, "", STATE_SUCCEEDED, UNDER_TRAINJOB, NULL, EFFECT_UNKNOWN,
     "Trainer below v2.2 makes it again, and pods run while the TrainJob says Complete", true},

    /* ---- TrainJob ---- */
    {TRAINJOB, "/spec/suspend", FINISHED, ANY, test_true, EFFECT_INERT,
     "it has ended, and no pod is touched; but it says Suspended from then on, beside its end", 0},
    {TRAINJOB, "/spec/suspend", FINISHED, ANY, NULL, EFFECT_INERT, ENDED, 0},
    {TRAINJOB, "/spec/suspend", LIVE, UNDER_KUEUE, test_true, EFFECT_REVERTED, KUEUE_UNDOES, true},
    {TRAINJOB, "/spec/suspend", LIVE, UNDER_KUEUE, test_false, EFFECT_REVERTED, KUEUE_UNDOES, true},
    {TRAINJOB, "/spec/suspend", LIVE, ANY, test_true, EFFECT_DESTRUCTIVE, KILLED, 0},
    {TRAINJOB, "/spec/suspend", LIVE, ANY, test_false, EFFECT_EFFECTIVE, "its pods are made now, and its deadline counts from now", 0},
    {TRAINJOB, "/spec/suspend", LIVE, ANY, NULL, EFFECT_INERT, NO_SUSPEND, 0},
    {TRAINJOB, "/spec/activeDeadlineSeconds", STATE_ANY, ANY, test_no_positive, EFFECT_REJECTED, NO_SECONDS " from 1", 0},
    {TRAINJOB, "/spec/activeDeadlineSeconds", STATE_ANY, ANY, test_changed, EFFECT_IN_STEPS,
     "it can be removed and added, and not changed: remove it first", 0},
    {TRAINJOB, "/spec/activeDeadlineSeconds", FINISHED, ANY, NULL, EFFECT_INERT, "it has ended: nobody reads its deadline any more", 0},
    {TRAINJOB, "/spec/activeDeadlineSeconds", LIVE, ANY, test_removed, EFFECT_EFFECTIVE, "the deadline counts no more", 0},
    {TRAINJOB, "/spec/activeDeadlineSeconds", STATE_SUSPENDED, ANY, test_train_deadline, EFFECT_DESTRUCTIVE,
     "it counts from the resume on, and at the deadline the JobSet is deleted with all Jobs, pods and logs; through_child = true sets it on one of its Jobs, which keeps the JobSet", 0},
    {TRAINJOB, "/spec/activeDeadlineSeconds", LIVE, ANY, test_train_deadline, EFFECT_DESTRUCTIVE,
     "at its deadline ({at}) the JobSet is deleted with all Jobs, pods and logs; through_child = true sets it on one of its Jobs, which keeps the JobSet", 0},
    {TRAINJOB, "/spec/ttlSecondsAfterFinished", STATE_ANY, ANY, test_set, EFFECT_DROPPED,
     "TrainJobs have no TTL, and the API server throws it away; delete the job; where Trainer is v2.2 or later, a TTL on its JobSet does that when the job is Complete, with destructive = true", 0},
    {TRAINJOB, "/spec/runPolicy", STATE_ANY, ANY, test_set, EFFECT_DROPPED, "TrainJobs have no runPolicy, and the API server throws it away", 0},
    {TRAINJOB, "/spec/backoffLimit", STATE_ANY, ANY, test_set, EFFECT_DROPPED,
     "TrainJobs have no backoffLimit, and the API server throws it away; through_child = true sets that of one of its Jobs", 0},
    {TRAINJOB, "/spec/managedBy", STATE_ANY, ANY, NULL, EFFECT_REJECTED, "it is immutable: the controller has filled it in", 0},
    {TRAINJOB, "/spec/trainer", LIVE, ANY, test_removed, EFFECT_DESTRUCTIVE,
     "without it the job cannot be suspended any more: its pods run on while it says Suspended", 0},
    {TRAINJOB, "/spec/trainer", STATE_ANY, ANY, test_changed, EFFECT_REJECTED, "it is immutable, also while the job is suspended", 0},
    {TRAINJOB, "/spec/initializer", STATE_ANY, ANY, test_changed, EFFECT_REJECTED, "it is immutable, also while the job is suspended", 0},
    {TRAINJOB, "/spec/runtimeRef", STATE_ANY, ANY, test_changed, EFFECT_REJECTED, "it is immutable, also while the job is suspended", 0},
    {TRAINJOB, "/spec/runtimePatches", STATE_ANY, ANY, test_goes_on, EFFECT_REJECTED, "they can be changed only while the job is suspended", 0},
    {TRAINJOB, "/spec/runtimePatches", STATE_SUSPENDED, UNDER_NOBODY, NULL, EFFECT_EFFECTIVE, "the pods of the next start are made so", 0},

    /* ---- Job: one of a JobSet, one that Kueue manages, any ---- */
    {JOB, "/spec/activeDeadlineSeconds", STATE_ANY, ANY, test_no_number, EFFECT_REJECTED, NO_SECONDS, 0},
    {JOB, "/spec/activeDeadlineSeconds", FINISHED, ANY, NULL, EFFECT_INERT, "it has ended: nobody reads its deadline any more", 0},
    {JOB, "/spec/activeDeadlineSeconds", LIVE, ANY, test_removed, EFFECT_EFFECTIVE, "the deadline counts no more", 0},
    {JOB, "/spec/activeDeadlineSeconds", LIVE, UNDER_JOBSET, test_set_begins_again, EFFECT_DESTRUCTIVE,
     "its JobSet's failurePolicy has restarts left, or rules of its own: at the deadline the whole set begins again from the beginning, and its new Jobs have no deadline", 0},
    {JOB, "/spec/activeDeadlineSeconds", LIVE, UNDER_JOBSET, test_train_ends_now, EFFECT_DESTRUCTIVE,
     "the deadline has passed: the whole set fails now (FailedJobs), and " TRAIN_ENDS, 0},
    {JOB, "/spec/activeDeadlineSeconds", STATE_SUSPENDED, UNDER_JOBSET, test_train_ends, EFFECT_DESTRUCTIVE,
     "it counts from the resume on; at the deadline the whole set fails (FailedJobs), and " TRAIN_ENDS, 0},
    {JOB, "/spec/activeDeadlineSeconds", LIVE, UNDER_JOBSET, test_train_ends, EFFECT_DESTRUCTIVE,
     "at the deadline ({at}) the whole set fails (FailedJobs), and " TRAIN_ENDS, 0},
    {JOB, "/spec/activeDeadlineSeconds", LIVE, UNDER_JOBSET, test_set_ends_now, EFFECT_DESTRUCTIVE,
     "the deadline has passed: the whole set fails now (FailedJobs), and " SET_ENDS, 0},
    {JOB, "/spec/activeDeadlineSeconds", STATE_SUSPENDED, UNDER_JOBSET, test_set_ends, EFFECT_DESTRUCTIVE,
     "it counts from the resume on; at the deadline the whole set fails (FailedJobs), and " SET_ENDS, 0},
    {JOB, "/spec/activeDeadlineSeconds", LIVE, UNDER_JOBSET, test_set_ends, EFFECT_DESTRUCTIVE,
     "at the deadline ({at}) the whole set fails (FailedJobs), and " SET_ENDS, 0},
    {JOB, "/spec/activeDeadlineSeconds", LIVE, UNDER_JOBSET, test_set, EFFECT_DESTRUCTIVE,
     "at the deadline the whole set fails, and all its pods are killed; if its failurePolicy has restarts left, it begins again", 0},
    {JOB, "/spec/activeDeadlineSeconds", STATE_SUSPENDED, ANY, test_deadline_ahead, EFFECT_EFFECTIVE, "it counts from the resume on", 0},
    {JOB, "/spec/activeDeadlineSeconds", LIVE, ANY, test_deadline_passed, EFFECT_DESTRUCTIVE,
     "the deadline has passed: the Job fails now, and its pods are killed", 0},
    {JOB, "/spec/activeDeadlineSeconds", LIVE, ANY, test_deadline_ahead, EFFECT_EFFECTIVE,
     "the Job fails at {at} unless it ends before, and its pods are killed", 0},
    {JOB, "/spec/backoffLimit", STATE_ANY, ANY, test_no_number, EFFECT_REJECTED, NO_SECONDS, 0},
    {JOB, "/spec/backoffLimit", FINISHED, ANY, NULL, EFFECT_INERT, "it has ended, and is not tried again", 0},
    {JOB, "/spec/backoffLimit", LIVE, ANY, test_below_failures, EFFECT_DESTRUCTIVE, "it has failed more often already: the Job fails now", 0},
    {JOB, "/spec/backoffLimit", LIVE, ANY, NULL, EFFECT_EFFECTIVE, "it counts from the next failure on", 0},
    {JOB, "/spec/ttlSecondsAfterFinished", STATE_ANY, ANY, test_no_number, EFFECT_REJECTED, NO_SECONDS, 0},
    {JOB, "/spec/ttlSecondsAfterFinished", LIVE, UNDER_JOBSET, test_set, EFFECT_DESTRUCTIVE, CHILD_AGAIN, 0},
    {JOB, "/spec/ttlSecondsAfterFinished", FINISHED, UNDER_JOBSET, test_set, EFFECT_UNKNOWN, CHILD_AGAIN ", and the Job does not show whether its JobSet runs", true},
    {JOB, "/spec/ttlSecondsAfterFinished", FINISHED, ANY, test_ttl_passed, EFFECT_DESTRUCTIVE,
     "the TTL has passed: the Job is deleted now, with its pods and their logs", 0},
    {JOB, "/spec/ttlSecondsAfterFinished", FINISHED, ANY, test_ttl_ahead, EFFECT_EFFECTIVE,
     "the Job is deleted at {at}, with its pods and their logs", 0},
    {JOB, "/spec/ttlSecondsAfterFinished", FINISHED, ANY, test_removed, EFFECT_EFFECTIVE, "the Job is kept", 0},
    {JOB, "/spec/ttlSecondsAfterFinished", LIVE, ANY, NULL, EFFECT_AT_FINISH, "kept until the Job ends; then it and its pods are deleted by it", 0},
    {JOB, "/spec/suspend", FINISHED, ANY, NULL, EFFECT_INERT, ENDED, 0},
    {JOB, "/spec/suspend", LIVE, UNDER_JOBSET, NULL, EFFECT_REVERTED,
     "the JobSet's controller puts it back within a second, and its pods are killed all the same, or started and killed; suspend the JobSet, or its TrainJob", true},
    {JOB, "/spec/suspend", LIVE, UNDER_KUEUE, test_true, EFFECT_REVERTED, KUEUE_UNDOES, true},
    {JOB, "/spec/suspend", LIVE, UNDER_KUEUE, test_false, EFFECT_REVERTED, KUEUE_UNDOES, true},
    {JOB, "/spec/suspend", LIVE, ANY, test_true, EFFECT_DESTRUCTIVE, KILLED, 0},
    {JOB, "/spec/suspend", LIVE, ANY, test_false, EFFECT_EFFECTIVE, "its pods are made now, and its deadline counts from now", 0},
    {JOB, "/spec/suspend", LIVE, ANY, NULL, EFFECT_INERT, NO_SUSPEND, 0},
    {JOB, "/spec/parallelism", STATE_RUNNING, UNDER_KUEUE, NULL, EFFECT_DESTRUCTIVE, "Kueue kills all its pods, and queues it again", 0},
    {JOB, "/spec/parallelism", LIVE, ANY, test_less, EFFECT_DESTRUCTIVE, "the pods that are too many are killed", 0},
    {JOB, "/spec/parallelism", STATE_RUNNING, UNDER_NOBODY, test_more, EFFECT_EFFECTIVE, "more pods are made now", 0},
    {JOB, "/spec/completions", LIVE, UNDER_NOBODY, test_with_parallelism, EFFECT_EFFECTIVE, "with parallelism, as it is Indexed", 0},
    {JOB, "/spec/completions", STATE_ANY, ANY, NULL, EFFECT_REJECTED, "they are immutable, but for an Indexed Job whose parallelism is changed to the same", 0},
    {JOB, "/spec/template", STATE_SUSPENDED, UNDER_NOBODY, test_placement, EFFECT_EFFECTIVE, "the pods of the next start are made so", 0},
    {JOB, "/spec/template", STATE_ANY, ANY, test_goes_on, EFFECT_REJECTED, "it is immutable; of a suspended Job labels, annotations, nodeSelector, tolerations and schedulingGates can be changed", 0},
    {JOB, "/spec/template/spec/activeDeadlineSeconds", STATE_ANY, ANY, NULL, EFFECT_REJECTED, "it is immutable", 0},
    {JOB, "/spec/managedBy", STATE_ANY, ANY, NULL, EFFECT_REJECTED, "it is immutable", 0},
    {JOB, "/spec/completionMode", STATE_ANY, ANY, NULL, EFFECT_REJECTED, "it is immutable", 0},
    {JOB, "/spec/podFailurePolicy", STATE_ANY, ANY, NULL, EFFECT_REJECTED, "it is immutable, also where it has no value", 0},
    {JOB, "/spec/podReplacementPolicy", LIVE, UNDER_NOBODY, NULL, EFFECT_INERT, "no pod is touched by it", 0},
    {JOB, "", LIVE, UNDER_JOBSET, NULL, EFFECT_REVERTED, "the JobSet's controller makes the Job again: its pods are killed and begin again", true},
    {JOB, "", FINISHED, UNDER_JOBSET, NULL, EFFECT_DESTRUCTIVE, CHILD_AGAIN, 0},

    /* ---- Kueue ---- */
    {WORKLOAD, "/spec/active", FINISHED, ANY, NULL, EFFECT_INERT, "its job has ended: nothing becomes of it", 0},
    {WORKLOAD, "/spec/active", STATE_RUNNING, ANY, test_off, EFFECT_DESTRUCTIVE, "Kueue stops its job: " KILLED, 0},
    {WORKLOAD, "/spec/active", STATE_PENDING, ANY, test_off, EFFECT_EFFECTIVE, "its job waits until active is true again, also if its queue gets room", 0},
    {WORKLOAD, "/spec/active", STATE_ANY, ANY, test_time_ran_out, EFFECT_REVERTED,
     "its job has had all the time that max-exec-time-seconds allows: Kueue sets active to false again at once; delete the Workload, and the job runs again from a new one", 0},
    {WORKLOAD, "/spec/active", STATE_SUSPENDED, ANY, NULL, EFFECT_EFFECTIVE, "its job runs again from the beginning as soon as its queue has room", 0},
    {WORKLOAD, "/spec/maximumExecutionTimeSeconds", STATE_RUNNING, ANY, NULL, EFFECT_REJECTED, "it is immutable while the Workload has its quota", 0},
    {WORKLOAD, "/spec/maximumExecutionTimeSeconds", WAITING, ANY, NULL, EFFECT_REVERTED,
     "Kueue puts it back from the job's label kueue.x-k8s.io/max-exec-time-seconds; set that while the job waits", 0},
    {WORKLOAD, "/spec/queueName", STATE_RUNNING, ANY, NULL, EFFECT_REJECTED, "it is immutable while the Workload has its quota", 0},
    {WORKLOAD, "/spec/queueName", WAITING, ANY, NULL, EFFECT_REVERTED,
     "Kueue may put it back, and start the job in that queue all the same; change the job's label kueue.x-k8s.io/queue-name", 0},
    {WORKLOAD, "/spec/priority", STATE_RUNNING | STATE_PENDING, ANY, NULL, EFFECT_EFFECTIVE,
     "the Workload keeps this priority; in a queue that preempts, a lower one can get its job's pods killed, and a higher one another's", true},
    {WORKLOAD, "/spec/priorityClassRef", STATE_RUNNING, ANY, NULL, EFFECT_REVERTED,
     "Kueue puts it back from the job's label kueue.x-k8s.io/priority-class; change that", 0},
    {WORKLOAD, "", STATE_RUNNING, ANY, NULL, EFFECT_DESTRUCTIVE, "Kueue kills the pods of its job, and the job begins again from a new Workload", 0},
    {WORKLOAD, "", STATE_PENDING, ANY, NULL, EFFECT_REVERTED, "Kueue makes a new one for its job, which waits on", 0},
    {WORKLOAD, "", STATE_SUSPENDED, ANY, NULL, EFFECT_EFFECTIVE, "Kueue makes a new, active one for its job, which runs again from the beginning", 0},
    {CLUSTERQUEUE, "/spec/stopPolicy", STATE_ANY, ANY, test_drain, EFFECT_DESTRUCTIVE,
     "Kueue stops every job of the queue, and their pods are killed", 0},
    {CLUSTERQUEUE, "/spec/stopPolicy", STATE_ANY, ANY, test_hold, EFFECT_INERT, "what runs is not touched; what waits is not started", 0},
    {LOCALQUEUE, "/spec/stopPolicy", STATE_ANY, ANY, test_drain, EFFECT_DESTRUCTIVE,
     "Kueue stops every job of the queue, and their pods are killed", 0},
    {LOCALQUEUE, "/spec/stopPolicy", STATE_ANY, ANY, test_hold, EFFECT_INERT, "what runs is not touched; what waits is not started", 0},

    /* ---- Kubernetes' own, which nobody has tried here ---- */
    {"", "pods", "/spec/activeDeadlineSeconds", LIVE, ANY, test_deadline_passed, EFFECT_DESTRUCTIVE,
     "the deadline has passed: the kubelet kills the pod now", 0},
    {"", "replicationcontrollers", "/spec/replicas", LIVE, ANY, test_less, EFFECT_DESTRUCTIVE, "the pods that are too many are killed", 0},
    {"apps", "deployments", "/spec/replicas", LIVE, ANY, test_less, EFFECT_DESTRUCTIVE, "the pods that are too many are killed", 0},
    {"apps", "replicasets", "/spec/replicas", LIVE, ANY, test_less, EFFECT_DESTRUCTIVE, "the pods that are too many are killed", 0},
    {"apps", "statefulsets", "/spec/replicas", LIVE, ANY, test_less, EFFECT_DESTRUCTIVE, "the pods that are too many are killed", 0},
    {NULL, NULL, "/spec/suspend", LIVE, ANY, test_true, EFFECT_DESTRUCTIVE, KILLED, 0},
    {NULL, NULL, "/spec/runPolicy/suspend", LIVE, ANY, test_true, EFFECT_DESTRUCTIVE, KILLED, 0},
    {NULL, NULL, NULL, 0, 0, NULL, 0, NULL, 0},
};
/* clang-format on */
