-- SPDX-License-Identifier: Apache-2.0
-- A job that has ended gives its quota back to Kueue at once, whatever pods it has left: the next
-- job of the queue is started, and waits for GPUs that the ended one still holds. So what Kueue
-- manages has to be cleaned up at its end, and not hours later.

policy {
    name = "free-kueue-gpus",
    about = "Finished jobs in Kueue's queues give their GPUs back at once: Kueue counts them as free already.",
    on = "match",
    match = {
        labels = "kueue.x-k8s.io/queue-name, keep != true",
        phase = { "Succeeded", "Failed" },
        cleanPodPolicy = { "None", "unset" },
    },
    replace = { cleanPodPolicy = "All" },
    limits = { changes = 200 },
}
