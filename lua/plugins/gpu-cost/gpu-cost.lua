-- SPDX-License-Identifier: Apache-2.0
-- An example: finished jobs whose idle GPUs have cost more than ten give them back; a report each Monday.
local cost = require "gpu-cost"

policy {
    name = "free-dear-gpus", every = "10m",
    about = "Finished jobs give their GPUs back once these have cost more than ten.",
    match = { phase = { "Succeeded", "Failed" }, held_cost = ">10" },
    replace = function(job)
        local idle = cost.text(cost.held_cost(job))
        return { cleanPodPolicy = "All", annotations = { ["ops.example.com/idle-cost"] = idle } }
    end,
}

policy {
    name = "cost-report", schedule = "0 8 * * mon", timezone = "Europe/Berlin",
    about = "What each team's jobs have cost.",
    run = function(run)
        log.info("GPU cost by team", { report = cost.report(run.jobs) })
    end,
}
