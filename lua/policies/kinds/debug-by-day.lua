-- SPDX-License-Identifier: Apache-2.0
-- Debug TrainJobs give their GPUs back for the night. `stop` takes the lever that works: the job's
-- suspend, or its Workload where Kueue manages it. What it has not saved is lost: in the morning it
-- begins again, from its last checkpoint where it writes any.
--
-- The label tells in the morning which were stopped by this policy: a job that a person has
-- suspended stays so.

local MARK <const> = "stopped-by"

policy {
    name = "debug-stops-at-night",
    about = "Debug TrainJobs are stopped at 20:00.",
    kind = "TrainJob",
    schedule = "0 20 * * *", timezone = "Europe/Berlin",
    match = { labels = "purpose=debug, keep != true", phase = { "Pending", "Running" } },
    limits = { changes = 200, timeout = "30m" },
    run = function(run)
        for job in trainjob.list { labels = "purpose=debug, keep != true", phase = { "Pending", "Running" } } do
            -- The mark comes first: a job that is stopped without it would not go on in the morning.
            local result, err = trainjob.replace(job, { labels = { [MARK] = run.policy } })
            if result then
                result, err = trainjob.stop(job.key, { wait = 0 }) -- the next one does not wait for its pods
            end
            if not result then
                log.warn("a debug job goes on", { job = job.key, reason = err.reason, message = err.message })
            end
        end
    end,
}

policy {
    name = "debug-goes-on-in-the-morning",
    about = "The TrainJobs that were stopped for the night go on at 7:00, Monday to Friday.",
    kind = "TrainJob",
    schedule = "0 7 * * mon-fri", timezone = "Europe/Berlin",
    match = { labels = MARK .. "=debug-stops-at-night" },
    limits = { changes = 200, timeout = "30m" },
    run = function()
        for job in trainjob.list { labels = MARK .. "=debug-stops-at-night" } do
            local result, err = trainjob.resume(job)
            if result then
                result, err = trainjob.replace(job.key, { labels = { [MARK] = remove } })
            end
            if not result then
                log.warn("a debug job does not go on", { job = job.key, reason = err.reason, message = err.message })
            end
        end
    end,
}
