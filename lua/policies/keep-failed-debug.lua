-- SPDX-License-Identifier: Apache-2.0
-- Who debugs wants the pods of a failed run, and its colleagues want the GPUs. So: while a run is
-- marked debug=true its pods are kept at its end (None), and after three days they go.
--
-- On a running job cleanPodPolicy is "at-finish": stored now, used when the job ends. None on a job
-- that has ended brings nothing back ("inert"), so it has to be set in time.

local KEPT <const> = "ops.example.com/kept"
local WHY <const> = "for debugging, three days after the end"

policy {
    name = "keep-failed-debug",
    about = "Running jobs with debug=true keep their pods when they end.",
    on = "match",
    match = {
        phase = "Running",
        labels = { debug = "true" },
        cleanPodPolicy = { "Running", "All" }, -- unset means None: nothing to do
    },
    replace = {
        cleanPodPolicy = "None",
        labels = { keep = "true" }, -- free-gpus.lua leaves them alone
        annotations = { [KEPT] = WHY },
    },
}

policy {
    name = "end-of-keeping",
    about = "Three days after its end a kept debug job is cleaned up.",
    on = "match",
    match = {
        phase = { "Succeeded", "Failed" },
        finished_for = "3d",
        labels = { debug = "true", keep = "true" },
        annotations = { [KEPT] = WHY }, -- only those that we kept
    },
    replace = {
        cleanPodPolicy = "All",
        labels = { keep = remove },
        annotations = { [KEPT] = remove },
    },
    limits = { changes = 200 },
}
