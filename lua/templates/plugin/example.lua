-- SPDX-License-Identifier: Apache-2.0
-- An example of how policies use the plugin. The spec beside it runs it.
require "@NAME@"

policy {
    name = "@NAME@",
    about = "Large jobs give their GPUs back an hour after their end.",
    on = "match",
    match = { phase = { "Succeeded", "Failed" }, finished_for = "1h", size = "large" },
    replace = { cleanPodPolicy = "All" },
}
