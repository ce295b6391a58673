-- SPDX-License-Identifier: Apache-2.0
-- An evicted job counts as Failed, but it has no completionTime, and mpi-operator does not clean up
-- after it, whatever cleanPodPolicy says, until its launcher ends for good. So setting the policy
-- is not enough. In v2beta1 (mpi-operator from v0.4) suspend = true removes its pods at once;
-- elsewhere the label is for whoever deletes such jobs.
--
-- A `run` function decides everything itself: run.jobs gives it the jobs that came to match, and it
-- looks and replaces, one after the other. It is for what `replace` cannot say, here a total at the end.

policy {
    name = "triage-evicted",
    about = "Evicted jobs are labelled; in v2beta1 they are suspended, so that their pods go.",
    on = "match",
    match = {
        phase = "Failed",
        labels = "triage notin (evicted), keep != true",
        where = function(job)
            return job.evicted
        end,
    },
    limits = { changes = 50, cpu = "2s", timeout = "3m" },
    run = function(run)
        local freed, seen = 0, 0
        for job in run.jobs do
            seen = seen + 1
            local suspends = job.version == "v2beta1" and not job.managedBy
            -- A function is called again with the fresh job if someone else changed it in between.
            local result, err = mpijob.replace(job, function(fresh)
                return fresh.evicted and {
                    labels = { triage = "evicted" },
                    suspend = suspends and true or nil,
                } or nil
            end)
            if not result and err.reason == "Limit" then
                error(err) -- the rest is not handled: a person raises the limit, or narrows match
            elseif not result then
                log.warn("an evicted job could not be changed", { job = job.key, reason = err.reason })
            elseif suspends and result.effect == "effective" then
                freed = freed + job.gpus
            end
        end
        log.info("evicted jobs", { seen = seen, changed = run.changed, gpus = freed })
    end,
}
