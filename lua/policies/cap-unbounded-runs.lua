-- SPDX-License-Identifier: Apache-2.0
-- A cap is worth what the controller makes of it, and a 200 does not tell. So this one looks at the
-- effect of each change, and warns where nobody will act on it: in v1alpha2 and v2beta1 the launcher
-- exists already when a job runs, and mpi-operator's v1 never reads the deadline. There a person has to
-- look after the job, or through_child = true (extend-approved.lua), or suspend
-- (stop-debug-overruns.lua).
--
-- Under training-operator the cap counts, and ends the job with all its pods. So only jobs that ask
-- for it, with the label cap=24h.

local DAY <const>, HOUR <const> = 24 * 3600, 3600
local ACTS <const> = { effective = true, late = true }

policy {
    name = "cap-unbounded-runs",
    about = "Running jobs with cap=24h and no deadline get one of a day; where that does nothing, the log says so.",
    on = "match",
    match = {
        phase = "Running",
        labels = { cap = "24h" },
        where = function(job)
            return not job.activeDeadlineSeconds
        end,
    },
    limits = { changes = 100 },
    run = function(run)
        for job in run.jobs do
            -- A deadline counts from the start: never one that has passed, which would end the job at once.
            local hours = job.started and math.ceil((time.now() - job.started) / HOUR) or 0
            local deadline = math.max(DAY, (hours + 1) * HOUR)
            local done, err = mpijob.replace(job, { activeDeadlineSeconds = deadline })
            if not done and err.reason == "Limit" then
                error(err) -- the rest is not handled: a person raises the limit, or narrows match
            elseif not done then
                log.warn("no cap", { job = job.key, reason = err.reason, message = err.message })
            elseif not ACTS[done.effect] then
                log.warn("the cap does nothing", { job = job.key, effect = done.effect, why = done.message })
            else
                log.info("capped", { job = job.key, seconds = deadline, effect = done.effect })
            end
        end
    end,
}
