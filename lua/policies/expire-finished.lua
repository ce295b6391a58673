-- SPDX-License-Identifier: Apache-2.0
-- Finished jobs stay for ever unless something deletes them. ttlSecondsAfterFinished does so under
-- training-operator, and only there: mpi-operator's v2beta1 gives it to the launcher Job at its
-- creation, and the older ones never read it. So under training-operator a job gets a TTL, which the
-- controller sees to, with or without this daemon; elsewhere the job is deleted here.
--
-- What is deleted is gone, with its pods and their logs: only jobs that ask for it, with the label
-- expire=true. The journal keeps the whole object.

local KEPT <const>, HOUR <const> = 7 * 24 * 3600, 3600

local function deletes_itself(job)
    return job.controller == "training-operator"
end

policy {
    name = "expire-by-ttl",
    about = "Under training-operator a finished job with expire=true gets a TTL of seven days.",
    on = "match",
    match = {
        phase = { "Succeeded", "Failed" },
        labels = "expire=true, keep!=true",
        where = function(job)
            return deletes_itself(job) and not job.ttlSecondsAfterFinished
        end,
    },
    replace = function(job)
        -- One that has passed would delete the job at once ("destructive"): its owner has an hour to see it.
        local hours = math.ceil(job.finished_for / HOUR)
        return { ttlSecondsAfterFinished = math.max(KEPT, (hours + 1) * HOUR) }
    end,
    limits = { changes = 200 },
}

policy {
    name = "expire-by-deletion",
    about = "Elsewhere a job with expire=true is deleted seven days after its end.",
    on = "match",
    match = {
        phase = { "Succeeded", "Failed" },
        finished_for = "7d",
        labels = "expire=true, keep!=true",
        where = function(job)
            return not deletes_itself(job)
        end,
    },
    limits = { changes = 200, timeout = "10m" },
    run = function(run)
        for job in run.jobs do
            local done, err = mpijob.delete(job)
            if not done and err.reason == "Limit" then
                error(err) -- the rest is not handled: a person raises the limit, or narrows match
            elseif not done and err.code ~= 404 then
                log.warn("not deleted", { job = job.key, reason = err.reason })
            end
        end
    end,
}
