-- SPDX-License-Identifier: Apache-2.0
-- The oldest wish of all: a finished job goes on holding its GPUs, because nobody set
-- cleanPodPolicy and its default is None. The workers' processes are over or hang in a sleep, the
-- pods stay, and the GPUs count as taken.
--
-- What happens: on a finished job, cleanPodPolicy All is "effective": the controller removes the
-- workers within seconds. Under mpi-operator the launcher's pod stays, and its log with it. Under
-- training-operator All takes the launcher along, so there the policy says Running: it removes what
-- still runs and leaves ended pods for reading.

policy {
    name = "free-gpus",
    about = "Finished jobs give their GPUs back after two hours.",
    on = "match", -- at the very instant at which the two hours have passed
    match = {
        phase = { "Succeeded", "Failed" },
        cleanPodPolicy = { "unset", "None" }, -- who chose Running or All has been cleaned up already
        finished_for = "2h",                  -- time to look at the pods
        gpus = ">0",
        labels = "keep != true",              -- the way out: kubectl label mpijob NAME keep=true
    },
    replace = function(job)
        if job.controller == "mpi-operator" then
            return { cleanPodPolicy = "All" }
        end
        return { cleanPodPolicy = "Running" } -- also where it is not known which controller it is
    end,
    -- A guard against a match that is wider than meant: above it nothing at all is changed. In a cluster
    -- that was never cleaned up, look at `mpijobd plan` first and raise it for the first start.
    limits = { changes = 500 },
}
