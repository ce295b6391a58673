-- SPDX-License-Identifier: Apache-2.0
-- What a deadline on a running job cannot do under mpi-operator, suspending can: in v2beta1 (from
-- mpi-operator v0.4) suspend = true removes the pods at once and gives the GPUs back, and the job
-- can be resumed: kubectl patch, or
--     mpijobd replace -n NAMESPACE NAME suspend=false
-- It starts from its beginning then, or from its last checkpoint.
--
-- Older versions have no such field, and mpijobd would report each of their jobs as a failure;
-- `where` leaves them out.

policy {
    name = "stop-debug-overruns",
    about = "Debug runs of more than four hours are suspended, and their owner can resume them.",
    on = "match",
    match = {
        -- Never suspend what Kueue admits: it would resume the job, or lose count of its quota.
        labels = "purpose=debug, keep != true, !kueue.x-k8s.io/queue-name",
        phase = "Running",
        running_for = "4h",
        where = function(job)
            return job.version == "v2beta1" and not job.managedBy
        end,
    },
    replace = function()
        return {
            suspend = true,
            -- With Running, a worker that has ended would survive the suspension, and the job could
            -- never get back to Running.
            cleanPodPolicy = "None",
            annotations = { ["ops.example.com/suspended"] = "ran for more than 4h at " .. time.rfc3339() },
        }
    end,
    limits = { changes = 20 },
}

-- training-operator does act on a deadline, but only when it looks at the job: with each event of it,
-- and in a quiet job up to ten hours late. Any edit is an event. As this ends the job with all its
-- pods it is "destructive", and has to be allowed by name.
policy {
    name = "wake-passed-deadlines",
    about = "Under training-operator, jobs past their deadline are touched, so that it is noticed.",
    every = "10m",
    match = {
        labels = "purpose=debug, keep != true",
        phase = "Running",
        where = function(job)
            return job.controller == "training-operator" and job.activeDeadlineSeconds and job.started
                and time.now() > job.started + job.activeDeadlineSeconds
        end,
    },
    replace = function()
        return { annotations = { ["ops.example.com/touched"] = time.rfc3339() } }
    end,
    destructive = true,
    limits = { changes = 20 },
}
