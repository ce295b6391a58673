-- SPDX-License-Identifier: Apache-2.0
-- What this plugin is for. All of it: docs/reference/plugins.md.
local sizes = require "lib.sizes"

plugin {
    name = "@NAME@", version = "0.1.0", api = 1,
    about = "Tells large jobs from small ones.",
    config = {
        large = { type = "integer", default = 8, least = 1, about = "GPUs from which on a job is large" },
    },
    exports = {
        size = function(job) return sizes.of(job.gpus, plugin.config.large) end,
    },
    conditions = {
        size = {
            about = "\"large\" or \"small\"",
            check = function(value)
                if value ~= "large" and value ~= "small" then
                    return nil, "has to be \"large\" or \"small\""
                end
                return value
            end,
            test = function(job, value) return sizes.of(job.gpus, plugin.config.large) == value end,
        },
    },
}
