-- SPDX-License-Identifier: Apache-2.0
-- A deadline of a TrainJob deletes its JobSet, with all Jobs, pods and logs. With through_child it is
-- set on the Job whose end counts: the TrainJob fails by it too (FailedJobs), and the JobSet and the
-- failed Job stay to be looked at. Its clock is the Job's startTime.
--
-- It ends what runs, so it is destructive, and acts only on jobs that ask for it: cap=12h. A label
-- that is no duration is an error of that job, and of no other.

policy {
    name = "cap-trainjobs",
    about = "TrainJobs with a label cap=12h end after that time, and their JobSet stays to be looked at.",
    kind = "TrainJob",
    every = "10m",
    match = { labels = "cap", phase = "Running" },
    destructive = true,
    limits = { changes = 50 },
    through_child = true,
    replace = function(job)
        return { activeDeadlineSeconds = job.labels.cap }
    end,
}
