-- SPDX-License-Identifier: Apache-2.0
-- A worker that ran out of memory is the one that tells why the run failed, and with cleanPodPolicy
-- All it is removed with the others. With Running, what still runs is removed at the end, and what
-- has ended stays for reading; it holds no GPU.
--
-- "at-finish": it has to be set while the job runs. Under mpi-operator's v1 it is "unknown": v0.3.0
-- does so, v0.2.3 takes Running for All. v1alpha2 removes all workers with either value, so there the
-- policy leaves jobs alone.
--
-- Only for jobs that ask for it, with the label diagnose=true: a job with policy Running cannot be
-- suspended once a worker has ended (maintenance-window.lua leaves it alone for that).

policy {
    name = "keep-failed-workers",
    about = "Running jobs with diagnose=true keep the workers that have ended, instead of losing all.",
    on = "match",
    match = {
        phase = "Running",
        cleanPodPolicy = "All",
        labels = "diagnose=true, debug!=true",
        where = function(job)
            return job.version ~= "v1alpha2"
        end,
    },
    replace = { cleanPodPolicy = "Running" },
}
