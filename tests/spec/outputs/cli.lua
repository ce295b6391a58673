-- SPDX-License-Identifier: Apache-2.0
-- Scenarios of docs/reference/cli.md: what is typed without a daemon.
local teams = require "outputs.teams"

local PAGE <const> = "docs/reference/cli.md: "
local scenarios = {}

local function on(command, run)
    scenarios[PAGE .. command] = run
end

-- A run of these policies has been made.
local function was_here(world, ...)
    teams.make(world, { ... })
    world:sh "mpijobd run --once policies/ >once.log 2>&1"
end

on("mpijobd plan policies/", function(world, key)
    teams.make(world, { "free-gpus", "label-stale-pending" })
    world:run(key)
end)

on("sed -i 's/\"2h\"/\"1h\"/' policies/free-gpus.lua", function(world, key)
    teams.make(world)
    world:make_folder "policies"
    world:sh "command mpijobd new policy policies/free-gpus"
    world:daemon(teams.NOW, "policies/"):expect "run ended"
    world.running:stop()
    world:run(key)
end)

on("mpijobd plan policies/ --out plan.json", function(world, key)
    teams.make(world, { "free-gpus", "label-stale-pending" })
    world:run(key, { exits = { ["mpijobd apply plan.json"] = 1, ["mpijobd apply plan.json --partial"] = 3 } })
end)

on("mpijobd why free-gpus team-nlp/dlrm-mxnet-rhtml00025", function(world, key)
    teams.make(world, { "free-gpus" })
    world:daemon(teams.NOW, "policies/"):expect "run ended"
    world:run(key)
end)

for _, command in ipairs {
    "mpijobd get -n team-nlp --sort-by held", "mpijobd report -A",
    "mpijobd hold team-speech/conformer-tensorflow-lsjf800017 2d", "mpijobd job stop team-nlp/vit-b16-horovod-cn4df00054",
    "mpijobd replace -n team-speech t5-base-horovod-ftmvf00004 cleanPodPolicy=All",
} do
    on(command, function(world, key)
        teams.make(world)
        world:run(key)
    end)
end

on("mpijobd report --saved --since 30d --by label:team", function(world, key)
    world:configure "report: { currency: EUR, gpu_hour: 2.50 }\n"
    was_here(world, "free-gpus")
    world:clock "2026-11-25T12:00:00Z"
    world:run(key)
end)

on("mpijobd journal --state node-a.db --state node-b.db --limit 2", function(world, key)
    teams.make(world, { "free-gpus" })
    world:sh "command mpijobd run --once --state node-a.db -n team-nlp policies/ >once.log 2>&1"
    world:clock "2026-11-24T10:15:00Z"
    world:sh "command mpijobd run --once --state node-b.db -n sandbox policies/ >once.log 2>&1"
    world:run(key)
end)

on("mpijobd journal --verify", function(world, key)
    was_here(world, "free-gpus")
    world:run(key)
end)

on("mpijobd journal --verify --head 12:5be16d1f3c9d2c4e6ab8f1a9d2b7c30e5be16d1f3c9d2c4e6ab8f1a9d2b7c30e", function(world, key)
    was_here(world, "free-gpus")
    world:run(key, { exits = { ["mpijobd journal --verify --head 12:5be16d1f3c9d2c4e6ab8f1a9d2b7c30e5be16d1f3c9d2c4e6ab8f1a9d2b7c30e"] = 1 } })
end)

return scenarios
