-- SPDX-License-Identifier: Apache-2.0
-- Every Saturday the nodes are patched from two to six. Jobs of low priority make room and come
-- back by themselves.
--
-- suspend exists in v2beta1 (mpi-operator from v0.4) and with training-operator (from v1.7). It is
-- "effective": all pods go at once; resuming starts the job again, and its startTime counts from the start.
-- Jobs that Kueue or someone else manages are theirs to suspend.
--
-- missed: a daemon that was down at two must not suspend at eight, but one that was down at six has
-- to resume as soon as it can.

local MARK <const> = "ops.example.com/maintenance"

local function ours(job)
    return (job.version == "v2beta1" or job.controller == "training-operator") and not job.managedBy
end

policy {
    name = "maintenance-suspend",
    about = "Saturdays at two, running jobs of low priority are suspended.",
    schedule = "0 2 * * sat",
    timezone = "Europe/Berlin",
    missed = "skip",
    match = {
        phase = "Running",
        labels = "priority=low, !kueue.x-k8s.io/queue-name",
        cleanPodPolicy = { "unset", "None", "All" }, -- with Running an ended worker would keep the job from coming back
        where = ours,
    },
    replace = { suspend = true, annotations = { [MARK] = "suspended" } },
    limits = { changes = 200 },
}

policy {
    name = "maintenance-resume",
    about = "Saturdays at six they are resumed; only those that were suspended for it.",
    schedule = "0 6 * * sat",
    timezone = "Europe/Berlin",
    missed = "once", -- the default
    match = { annotations = { [MARK] = "suspended" }, where = ours },
    replace = { suspend = false, annotations = { [MARK] = remove } },
}
