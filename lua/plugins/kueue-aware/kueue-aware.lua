-- SPDX-License-Identifier: Apache-2.0
-- An example: what Kueue manages is left to its queues; all other jobs that wait for long are marked for people.
require "kueue-aware"

policy {
    name = "mark-unmanaged", every = "1h",
    about = "Jobs that wait for two hours outside of Kueue's queues are marked.",
    match = { phase = "Pending", pending_for = "2h", kueue = false },
    replace = { labels = { triage = "outside-of-kueue" } },
}

policy {
    name = "free-night-queue", on = "match",
    about = "Finished jobs of the night queues give their GPUs back at once: Kueue counts them as free already.",
    match = { phase = { "Succeeded", "Failed" }, kueue = { queue = "night-*" } },
    replace = { cleanPodPolicy = "All" },
}
