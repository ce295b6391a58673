-- SPDX-License-Identifier: Apache-2.0
-- What this policy is for, and who asked for it.
policy {
    name = "@NAME@",
    about = "Finished jobs give their GPUs back after two hours.",
    on = "match",
    match = { phase = { "Succeeded", "Failed" }, finished_for = "2h", labels = "keep != true" },
    replace = { cleanPodPolicy = "All" },
}
