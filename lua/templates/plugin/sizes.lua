-- SPDX-License-Identifier: Apache-2.0
-- A file of the plugin: require "lib.sizes" finds it in plugin.lua and in other files here.
local sizes = {}

function sizes.of(gpus, large)
    return gpus >= large and "large" or "small"
end

return sizes
