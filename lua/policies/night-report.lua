-- SPDX-License-Identifier: Apache-2.0
-- A report for the morning, in the daemon's log (one line a namespace; with log.format json a log
-- collector can count on the fields). It changes nothing: a `run` function may as well only look.
--
-- Six fields: seconds first. Jitter keeps it off the full hour, when everybody else's reports run.

policy {
    name = "night-report",
    about = "Every night: what finished in the last day, and the GPUs that finished jobs could still hold.",
    schedule = "0 0 22 * * *",
    timezone = "Europe/Berlin",
    jitter = "10m",
    limits = { timeout = "10m" },
    run = function(run)
        local spaces, names = {}, {}
        for job in mpijob.list { phase = { "Succeeded", "Failed" } } do
            local s = spaces[job.namespace]
            if not s then
                s = { succeeded = 0, failed = 0, evicted = 0, gpus = 0 }
                spaces[job.namespace] = s
                names[#names + 1] = job.namespace
            end
            if job.finished_for and job.finished_for < 24 * 3600 then
                local kind = job.evicted and "evicted" or job.phase:lower()
                s[kind] = s[kind] + 1
            end
            if not job.cleanPodPolicy or job.cleanPodPolicy == "None" then
                s.gpus = s.gpus + job.gpus -- asked for; whether the pods still run, the MPIJob does not tell
            end
        end
        table.sort(names)
        local day = time.rfc3339(run.scheduled_at, "Europe/Berlin"):sub(1, 10)
        for _, name in ipairs(names) do
            local s = spaces[name]
            log.info("jobs of the day", {
                day = day, namespace = name, gpus_held = s.gpus,
                succeeded = s.succeeded, failed = s.failed, evicted = s.evicted,
            })
        end
    end,
}
