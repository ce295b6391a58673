-- SPDX-License-Identifier: Apache-2.0
-- Scenarios of docs/reference/cli.md: what a running daemon is asked and told.
local teams = require "outputs.teams"

local PAGE <const> = "docs/reference/cli.md: "
local scenarios = {}

local function on(command, run)
    scenarios[PAGE .. command] = run
end

local FREED <const> = [[
policy {
    name = "free-gpus", schedule = "0 11 * * *",
    match = { phase = { "Succeeded", "Failed" }, finished_for = "2h", cleanPodPolicy = { "unset", "None" }, gpus = ">0" },
    replace = { cleanPodPolicy = "All", labels = { freed = "yes" } },
}
]]

-- A run has been made that cleans up and sets a label.
local function freed(world, config)
    world:configure(config)
    teams.make(world)
    world:file("policies/free-gpus.lua", FREED)
    world:daemon(teams.NOW, "policies/")
    world:sh "mpijobd trigger free-gpus >trigger.log 2>&1"
end

on("mpijobd replace -n team-vision vit-b16-tensorflow-b9b8p00058 labels.freed=no", function(world, key)
    freed(world, "approvers: { users: [ alice ] }\n")
    world:run(key, { exits = { ["mpijobd undo 1"] = 4 } })
end)

on("mpijobd undo 1", function(world, key)
    freed(world, "")
    world:sh "mpijobd replace -n team-vision vit-b16-tensorflow-b9b8p00058 labels.freed=no"
    world:run(key)
end)

-- A daemon with these policies, where the package has them.
local function start(world, ...)
    world:configure "policies: [ policies ]\n"
    teams.make(world, { ... }, "etc/mpijobd/policies")
    world:daemon(teams.NOW)
end

on("mpijobd status label-stale-pending", function(world, key)
    start(world, "label-stale-pending")
    world.running:expect "run ended"
    world:run(key)
end)

on("sed -i 's/\"2h\"/\"1h\"/' /etc/mpijobd/policies/free-gpus.lua", function(world, key)
    world:make_folder "etc/mpijobd/policies"
    world:sh "command mpijobd new policy etc/mpijobd/policies/free-gpus"
    start(world, "label-stale-pending")
    world.running:expect "policy=free-gpus outcome=done"
    world:run(key)
end)

on("mpijobd log-level http=debug", function(world, key)
    start(world, "free-gpus")
    world:run(key)
end)

on("mpijobd attach", function(world, key)
    teams.make(world, { "free-gpus" })
    world:daemon(teams.NOW, "policies/"):expect "run ended"
    world:run(key, { typed = true })
end)

on([[mpijobd eval '#jobs{ phase = "Failed" }']], function(world, key)
    world:needs "jq"
    teams.make(world, { "free-gpus" })
    world:file("policies/noon.lua", 'policy { name = "noon", schedule = "0 12 * * *", replace = { labels = { seen = "yes" } } }\n')
    world:daemon(teams.NOW, "policies/"):expect "run ended"
    world:run(key)
end)

return scenarios
