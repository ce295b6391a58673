-- SPDX-License-Identifier: Apache-2.0
-- Debug runs are forgotten over night. Every working day at nine, in Berlin's time, those without a
-- deadline get one.
--
-- What happens depends on the controller, and this is worth knowing before you rely on it:
--   training-operator  The deadline is live, but "late": the controller sees that it has passed at the
--                      job's next event (stop-debug-overruns.lua brings one). One that has passed
--                      already fails the job at once, with all its pods; so an old run gets an hour
--                      from now, never a deadline in the past. (That would be "destructive", and
--                      refused unless the policy allows it.)
--   mpi-operator       On a running job it is "inert": stored, and nobody will ever act on it, because
--                      the controller reads it only when it creates the launcher (in v1: never). The
--                      journal says so for each job. With through_child = true the launcher is changed
--                      too, which works; stop-debug-overruns.lua does something else about it.
--
-- The annotation is for the people who find the deadline and wonder where it came from.

local CAP <const> = 4 * 3600
local HOUR <const> = 3600

policy {
    name = "cap-debug-runs",
    about = "On working days at nine, debug runs without a deadline get one of four hours.",
    schedule = "0 9 * * mon-fri",
    timezone = "Europe/Berlin",
    match = { labels = { purpose = "debug" }, phase = { "Pending", "Running" } },
    replace = function(job)
        if job.activeDeadlineSeconds then
            return nil -- leave this job alone
        end
        local deadline = CAP
        if job.started then -- a deadline counts from the start
            deadline = math.max(CAP, math.ceil(time.now() - job.started) + HOUR)
        end
        return {
            activeDeadlineSeconds = deadline,
            annotations = { ["ops.example.com/capped"] = time.rfc3339() },
        }
    end,
    limits = { changes = 100 },
}
