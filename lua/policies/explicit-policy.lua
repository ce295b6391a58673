-- SPDX-License-Identifier: Apache-2.0
-- cleanPodPolicy lives in spec in v1alpha2 and in mpi-operator's v1, and in spec.runPolicy in
-- v2beta1 and training-operator. Written at the wrong place it is stored and ignored, and nobody
-- tells the author; with training-operator both places count, and runPolicy wins.
--
-- Worse is a misspelt value such as "running": servers store it, and mpi-operator (v2beta1) stops
-- looking at the job until it is right again.
--
-- A policy here says "cleanPodPolicy" and never where: the daemon knows the place. job:get reads
-- any place by its JSON pointer.

local places <const> = { "/spec/runPolicy/cleanPodPolicy", "/spec/cleanPodPolicy" }
local spelled <const> = { none = "None", running = "Running", all = "All" }

policy {
    name = "explicit-policy",
    about = "A cleanPodPolicy at the wrong place goes to the right one; two that differ are made equal.",
    on = { "match", "changed" }, -- also when someone edits a job that was right before
    match = { phase = { "Pending", "Running", "Suspended" } }, -- in time: at its end it will count
    replace = function(job)
        local meant = job.cleanPodPolicy -- in force, from whichever place the controller reads
        for _, place in ipairs(places) do
            meant = meant or job:get(place) -- the author's wish, where nobody would have read it
        end
        local policy = spelled[tostring(meant):lower()]
        -- The value in force, said once more: a second place that differs is made equal, and where
        -- everything is right already nothing is sent.
        return policy and { cleanPodPolicy = policy } or nil
    end,
}
