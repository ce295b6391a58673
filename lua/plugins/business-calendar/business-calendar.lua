-- SPDX-License-Identifier: Apache-2.0
-- An example: finished jobs give their GPUs back soon while people wait for them, and by night after eight hours.
require "business-calendar"

policy {
    name = "free-gpus-in-working-hours", every = "10m",
    about = "In working hours finished jobs give their GPUs back after ten minutes.",
    match = { phase = { "Succeeded", "Failed" }, finished_for = "10m", calendar = "working-hours" },
    replace = { cleanPodPolicy = "All" },
}

policy {
    name = "free-gpus-by-night", every = "1h",
    about = "At all other times after eight hours.",
    match = { phase = { "Succeeded", "Failed" }, finished_for = "8h", calendar = "off-hours" },
    replace = { cleanPodPolicy = "All" },
}
