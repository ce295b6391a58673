-- SPDX-License-Identifier: Apache-2.0
-- The cluster that most pages speak of: 60 jobs of several teams, as at nine o'clock on 24 November 2026; it is ten. Its controller acts as the real
-- ones do, and its clock stands. The policies are the cookbook's.
local support = require "support"

local teams = { NOW = "2026-11-24T10:00:00Z" }

-- In this world: the cluster, and the cookbook's policies of these names, in its folder policies or where `folder` says.
function teams.make(world, policies, folder)
    local server = world:sim("--version", "v2beta1", "--jobs", "60", "--seed", "7", "--life", "--clock", "stepped", "--now", "2026-11-24T09:00:00Z")
    world:clock(teams.NOW)
    for _, name in ipairs(policies or {}) do
        world:file(("%s/%s.lua"):format(folder or "policies", name), support.read(("%s/lua/policies/%s.lua"):format(support.source, name)))
    end
    return server
end

return teams
