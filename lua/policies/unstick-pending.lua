-- SPDX-License-Identifier: Apache-2.0
-- With a gang scheduler a job starts when all of its pods fit at once (schedulingPolicy.minAvailable).
-- In a full cluster that may be never, while the job could begin with fewer. After an hour an elastic
-- job asks for one pod at least; if that does not help, after six hours it makes room in the queue:
-- it is suspended, and its owner can resume it (mpijobd replace -n NAMESPACE NAME suspend=false).
--
-- The gang scheduler's PodGroup gets the number at the controller's next sync, so it is "unknown"
-- whether it helps: the job does not tell whether there is a gang scheduler. The older versions never
-- read schedulingPolicy and have no suspend; `where` leaves them out, and Kueue's jobs.
--
-- Only for jobs that can begin with fewer, by the label elastic=true.

local function ours(job)
    return (job.version == "v2beta1" or job.controller == "training-operator") and not job.managedBy
end

policy {
    name = "unstick-pending",
    about = "Elastic jobs that wait for an hour ask for one pod at least.",
    on = "match",
    match = {
        phase = "Pending",
        pending_for = "1h",
        labels = "elastic=true, !kueue.x-k8s.io/queue-name",
        where = function(job)
            local gang = job.schedulingPolicy
            return ours(job) and gang and (gang.minAvailable or 0) > 1
        end,
    },
    replace = { schedulingPolicy = { minAvailable = 1 } },
    limits = { changes = 20 },
}

policy {
    name = "suspend-stuck",
    about = "Elastic jobs that wait for six hours are suspended.",
    on = "match",
    match = {
        phase = "Pending",
        pending_for = "6h",
        labels = "elastic=true, !kueue.x-k8s.io/queue-name",
        where = ours,
    },
    replace = function(job)
        local hours = math.floor(job.pending_for / 3600)
        return {
            suspend = true,
            annotations = { ["ops.example.com/suspended"] = ("pending for %d hours"):format(hours) },
        }
    end,
    limits = { changes = 20 },
}
