-- SPDX-License-Identifier: Apache-2.0
-- Scenarios of pages that need no more than policies and the cluster of the teams: README.md, check.md, policy.md, state.md, stop.md, test.md.
local support = require "support"
local teams = require "outputs.teams"

local scenarios = {}

local function on(page, command, run)
    scenarios[page .. ": " .. command] = run
end

on("README.md", "./scripts/demo --once", function(world, key)
    world:unconfigured()
    world:sh("cd " .. support.source) -- its programs are those of MPIJOBD_BUILD
    world:run(key)
end)

on("README.md", "mpijobd test", function(world, key)
    local spec = support.read(support.source .. "/README.md"):match "```lua\n(describe.-)```"
    world:file("free-gpus.lua", support.read(support.source .. "/lua/policies/free-gpus.lua"))
    world:file("free-gpus_spec.lua", spec)
    world:unconfigured()
    world:run(key)
end)

local CHECK <const> = "docs/reference/check.md"
on(CHECK, "mpijobd check policies/", function(world, key)
    world:file("policies/free-gpus.lua", [[
policy {
    name = "free-gpus", on = "match", replace = { cleanPodPolicy = "All" },
    match = { phase = "Running", finished_for = "2h" },
}
]])
    world:file("policies/nightly.lua", 'policy { name = "nightly", schedule = "0 0 29 2 *", replace = { cleanPodPolicy = "All" } }\n')
    world:clock(teams.NOW)
    world:run(key, { exits = { ["mpijobd check policies/"] = 1 } })
end)

local POLICY <const> = "docs/reference/policy.md"
on(POLICY, "mpijobd next policies/free-gpus.lua", function(world, key)
    world:clock "2026-11-28T20:00:00Z"
    world:run(key, { file = "policies/free-gpus.lua" })
end)

on(POLICY, "mpijobd hold team-speech/conformer-tensorflow-lsjf800017 2d", function(world, key)
    teams.make(world)
    world:run(key)
end)

-- The policy's function is not on the page.
on(POLICY, "mpijobd why idle-gpus team-nlp/vit-b16-horovod-cn4df00054", function(world, key)
    teams.make(world)
    world:run(key, { file = "policies/idle-gpus.lua", ready = function()
        local path = world.folder .. "/policies/idle-gpus.lua"
        support.write(path, "local function gpu_load() return 0 end " .. support.read(path))
        world:daemon(teams.NOW, "policies/"):expect "run ended"
        world:advance "5m"
    end })
end)

on(POLICY, "kubectl get mpijob -n team-nlp vit-b16-horovod-cn4df00054 -o jsonpath='{.metadata.annotations.warned\\.mpijobd\\.io/free-idle}'", function(world, key)
    world:needs "kubectl"
    world:configure "notify: { ops: { type: slack, url: 'http://127.0.0.1:1/' } }\n"
    teams.make(world)
    world:sh "mpijobd replace -n team-nlp vit-b16-horovod-cn4df00054 labels.idle=yes activeDeadlineSeconds-"
    world:run(key, { file = "policies/free-idle.lua", ready = function()
        world:daemon(teams.NOW, "policies/"):expect "run ended"
    end })
end)

on(POLICY, "mpijobd approve", function(world, key)
    teams.make(world)
    world:run(key, {
        file = "policies/free-gpus.lua",
        ready = function()
            world:daemon(teams.NOW, "policies/"):expect "run ended"
            world:sh "mpijobd replace -n team-speech conformer-tensorflow-lsjf800017 labels.seen=yes"
        end,
        exits = { ["mpijobd approve 1"] = 3 },
    })
end)

on("docs/reference/plugins.md", "mpijobd plugins lock", function(world, key)
    world:sh(("cp -r '%s/lua/plugins/gpu-cost' etc/mpijobd/"):format(support.source))
    world:configure "plugins: { gpu-cost: { path: gpu-cost } }\n"
    world:run(key)
end)

local STATE <const> = "docs/reference/state.md"
for _, command in ipairs { "mpijobd state check", "mpijobd state backup --out /backup/mpijobd-2026-11-24.db", "mpijobd state export | head -2" } do
    on(STATE, command, function(world, key)
        teams.make(world, { "label-stale-pending" })
        world:daemon(teams.NOW, "policies/"):expect "run ended"
        world:run(key)
    end)
end

on("docs/reference/stop.md", "mpijobd job stop team-nlp/vit-b16-horovod-cn4df00054", function(world, key)
    teams.make(world)
    world:run(key)
end)

local TEST <const> = "docs/reference/test.md"
on(TEST, "mpijobd test", function(world, key)
    world:unconfigured()
    world:sh "mpijobd new policy --from free-gpus free-gpus && mpijobd new policy --from explicit-policy explicit-policy"
    world:run(key)
end)

on(TEST, "mpijobd test free-gpus_spec.lua", function(world, key)
    world:unconfigured()
    world:sh "mpijobd new policy --from free-gpus free-gpus"
    world:file("free-gpus_spec.lua", [[
describe("free-gpus", function()
    it("leaves keep=true alone", function()
        local job = cluster.job { labels = { keep = "true" }, phase = "Failed", finished_for = "1d" }
        assert.untouched(job)
    end)

    it("leaves alone what runs", function()
        local job = cluster.job { phase = "Running" }
        assert.untouched(job)
    end)

    it("frees the GPUs of small jobs", function()
        cluster.job { name = "a", phase = "Succeeded", finished_for = "1h30m", gpus = 0 }
        assert.replaced("default/a", { cleanPodPolicy = "All" })
    end)
end)
]])
    world:run(key, { exits = { ["mpijobd test free-gpus_spec.lua"] = 1 } })
end)

-- A run that is recorded.
local function recorded(world)
    teams.make(world, { "free-gpus" })
    world:sh "mpijobd run --once --record policies/ >once.log 2>&1"
end

on(TEST, "mpijobd test --from-run 1", function(world, key)
    recorded(world)
    world:run(key)
end)

on(TEST, [[sed -i 's/gpus = ">0"/gpus = ">5"/' policies/free-gpus.lua]], function(world, key)
    recorded(world)
    world:run(key, { exits = { ["mpijobd test --from-run 1 policies/free-gpus.lua"] = 1 } })
end)

return scenarios
