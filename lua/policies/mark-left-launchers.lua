-- SPDX-License-Identifier: Apache-2.0
-- cleanPodPolicy is about workers. mpi-operator never removes the launcher, so thousands of ended
-- launcher pods pile up, and `kubectl get pods` shows little else. Under training-operator All takes
-- the launcher along.
--
-- A mark is all that this does ("stored": no controller acts on an annotation). Who deletes launchers
-- finds them by it. It looks whether there is a launcher, which takes the permission to get jobs.batch
-- (v1alpha2, v2beta1) or pods (v1); `mpijobd rbac` prints both.

local MARK <const> = "ops.example.com/launcher"

policy {
    name = "mark-left-launchers",
    about = "A launcher that is still there a week after the end is marked for who deletes them.",
    on = "match",
    match = { phase = { "Succeeded", "Failed" }, finished_for = "7d", labels = "keep != true" },
    limits = { timeout = "10m" }, -- none on changes: a mark does no harm, and at the first start there are many
    run = function(run)
        for job in run.jobs do
            if not job.annotations[MARK] and mpijob.launcher(job) then
                local done, err = mpijob.replace(job, { annotations = { [MARK] = "left over" } })
                if not done then
                    log.warn("a launcher could not be marked", { job = job.key, reason = err.reason })
                end
            end
        end
    end,
}
