-- SPDX-License-Identifier: Apache-2.0
-- Jobs that wait for a day usually wait for ever: a queue that does not exist, more GPUs than any
-- node has, a claim that is not bound. A label makes them findable (kubectl get mpijobs -l
-- triage=stale-pending) and does no harm: labels are "stored", no controller acts on them, and they
-- are not copied to the pods.
--
-- The second policy takes the label back. `remove` deletes a key; what is not there is left alone
-- without a request.

policy {
    name = "label-stale-pending",
    about = "Jobs that have been pending for a day get the label triage=stale-pending.",
    on = "match",
    match = { phase = "Pending", pending_for = "1d", labels = "!triage" },
    replace = { labels = { triage = "stale-pending" } },
}

policy {
    name = "unlabel-started",
    about = "Jobs that are no longer pending lose the label triage=stale-pending.",
    on = "match",
    match = {
        labels = { triage = "stale-pending" },
        phase = { "Running", "Restarting", "Suspended", "Succeeded", "Failed" },
    },
    replace = { labels = { triage = remove } },
}
