-- SPDX-License-Identifier: Apache-2.0
-- A job that holds GPUs and does nothing with them is suspended, but not behind its owner's back. Whoever watches the
-- GPUs (an alert, a script, a person) labels it
--     kubectl label mpijob -n NAMESPACE NAME idle=true
-- and the owner hears of it at once, and again an hour before: by an annotation and an Event, which kubectl describe
-- shows, with what will be done, when, and how to keep it off:
--     mpijobd hold NAMESPACE/NAME 2d
-- Who works on, takes the label away, or changes the job starts the day again. No job is suspended unwarned: where the
-- warning cannot be given, the policy waits and tries again.
--
-- To tell a channel too, add a sink of the configuration to `by`: notify.slack { sink = "ops" }.

policy {
    name = "suspend-idle",
    about = "Jobs that are labelled idle are suspended a day later, and their owners hear of it before.",
    on = "match",
    timezone = "Europe/Berlin", -- in which the warnings tell the time
    match = {
        -- What Kueue admits it would resume, or lose count of its quota; other versions cannot be suspended.
        labels = "idle=true, !kueue.x-k8s.io/queue-name",
        phase = "Running",
        where = function(job)
            return job.version == "v2beta1" and not job.managedBy
        end,
    },
    warn = { at = { "24h", "1h" }, by = { "annotation", "event" } },
    replace = function()
        return {
            suspend = true,
            -- With Running, a worker that has ended would survive the suspension, and the job could
            -- never get back to Running.
            cleanPodPolicy = "None",
            annotations = { ["ops.example.com/suspended"] = "was idle at " .. time.rfc3339() },
        }
    end,
    limits = { changes = 20 },
}
