-- SPDX-License-Identifier: Apache-2.0
-- A deadline of a TrainJob deletes its JobSet, with all Jobs, pods and logs. The deadline of the Job
-- whose end counts ends the TrainJob too (Failed, FailedJobs), and the JobSet and the failed Job
-- stay to be looked at. Its clock is the Job's startTime.
--
-- It ends what runs, so it is destructive, and acts only on jobs that ask for it: cap=12h.

local STEP <const> = "trainer.kubeflow.org/trainjob-ancestor-step=trainer" -- the Job whose end counts
local duration <const> = { m = 60, h = 3600, d = 86400 }

policy {
    name = "cap-trainjobs",
    about = "TrainJobs with a label cap=12h end after that time, and their JobSet stays to be looked at.",
    kind = "TrainJob",
    every = "10m",
    match = { labels = "cap", phase = "Running" },
    destructive = true,
    limits = { changes = 50 },
    run = function()
        for job in trainjob.list { labels = "cap", phase = "Running" } do
            local number, unit = job.labels.cap:match "^(%d+)([mhd])$"
            local parts = {
                namespace = job.namespace,
                labels = STEP .. ", jobset.sigs.k8s.io/jobset-name=" .. job.name,
            }
            for part in batchjob.list(parts) do
                local result, err
                if number then
                    result, err = batchjob.replace(part, { activeDeadlineSeconds = tonumber(number) * duration[unit] })
                end
                if not result then
                    local why = err and err.message or "its label is no duration: " .. job.labels.cap
                    log.warn("a TrainJob has no cap", { job = job.key, message = why })
                end
            end
        end
    end,
}
