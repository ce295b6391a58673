-- SPDX-License-Identifier: Apache-2.0
-- A run needs another night, and its deadline is in the evening. Who may decide that sets a label,
--     kubectl label mpijob NAME extend=12h
-- and this policy does what has to be done. On a running job the deadline in the MPIJob is not enough
-- under mpi-operator: its launcher Job has had a copy since the start, which is what ends the job. With
-- through_launcher both are changed, which is "effective". Under training-operator the MPIJob's own
-- deadline counts, and raising it is "effective", too.
--
-- mpi-operator's v1 is left out: its launcher is a Pod, whose deadline can only be lowered.
--
-- It takes the permissions get and patch on jobs.batch (`mpijobd rbac` prints them).

local MARK <const> = "ops.example.com/extended"

policy {
    name = "extend-approved",
    about = "A running job with the label extend=12h, 24h or 48h gets so much more time, once.",
    on = "match",
    match = {
        phase = "Running",
        labels = "extend in (12h, 24h, 48h)",
        where = function(job)
            return job.activeDeadlineSeconds and (job.version ~= "v1" or job.controller == "training-operator")
        end,
    },
    replace = function(job)
        local more = math.tointeger(time.duration(job.labels.extend))
        return {
            activeDeadlineSeconds = job.activeDeadlineSeconds + more,
            labels = { extend = remove }, -- or it would be extended again
            annotations = { [MARK] = "by " .. job.labels.extend },
        }
    end,
    through_launcher = true,
    limits = { changes = 20 },
}
