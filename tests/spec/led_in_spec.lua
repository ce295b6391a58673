-- SPDX-License-Identifier: Apache-2.0
-- How a new or changed policy is led in (canary): step by step, over restarts, and what ends it.
local support = require "support"
local sims = require "support.sim"

local JOB = [[{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"%s","labels":{"team":"%s"}},"spec":{"mpiReplicaSpecs":{
    "Worker":{"replicas":1,"template":{"spec":{"containers":[{"name":"w","image":"i"}]}}},
    "Launcher":{"replicas":1,"template":{"spec":{"containers":[{"name":"l","image":"i"}]}}}}}}]]

local POLICIES = [[
policy { name = "swept", schedule = "0 0 1 1 *", match = { labels = "team=a" }, replace = { labels = { swept = "%s" } },
    canary = { 1, "50%%", "100%%", pause = "10m" } }
policy { name = "seen", on = "match", match = { labels = "team=b, !seen" }, replace = { labels = { seen = "yes" } },
    canary = { 1, "100%%", pause = "10m" } }
policy { name = "effects", schedule = "0 0 1 1 *", match = { phase = "Succeeded", labels = "team=c" }, replace = { cleanPodPolicy = "All" }, wait_effect = "50ms",
    canary = { 1, "100%%" }, breaker = false }
policy { name = "kept", schedule = "0 0 1 1 *", match = { phase = "Succeeded", labels = "team=d" }, replace = { cleanPodPolicy = "All" }, canary = { 1, "100%%" } }
]]

describe("a policy with a canary", function()
    local server, folder, daemon

    local function start(at)
        daemon = support.daemon({ stdin = true }, "run", "--no-supervisor", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--clock", at, folder .. "/p.lua")
        daemon:expect("in force")
    end

    local function advance(by)
        daemon:write("advance " .. by .. "\n")
        daemon:expect("clock 20", "stdout")
    end

    local function ask(command, ...)
        return support.mpijobd(command, "--state", folder .. "/s.db", ...)
    end

    local function trigger(policy, changed)
        local code, out, err = ask("trigger", policy)
        assert.are.equal(0, code, out .. err)
        support.contains(out, ("done: %d changed"):format(changed))
    end

    local function status(policy)
        return (select(2, ask("status", policy)))
    end

    local function create(name, team)
        assert.are.equal(201, (server:request("POST", server:path("v2beta1", "train"), JOB:format(name, team))))
    end

    -- Jobs that have ended, each with a worker pod that nobody removes.
    local function finished(team, count)
        for i = 1, count do
            local name = team .. "-" .. i
            create(name, team)
            local _, job = server:request("GET", server:path("v2beta1", "train", name))
            job.status = { completionTime = "2026-03-01T11:00:00Z", conditions = { { type = "Succeeded", status = "True", lastTransitionTime = "2026-03-01T11:00:00Z" } } }
            assert.are.equal(200, (server:request("PUT", server:path("v2beta1", "train", name) .. "/status", job)))
            assert.are.equal(201, (server:request("POST", "/api/v1/namespaces/train/pods", { apiVersion = "v1", kind = "Pod",
                metadata = { name = name .. "-worker-0", labels = { ["training.kubeflow.org/job-name"] = name, ["training.kubeflow.org/job-role"] = "worker" },
                    ownerReferences = { { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob", name = name, uid = job.metadata.uid, controller = true } } },
                spec = { containers = { { name = "x", image = "registry.example.com/x" } } } })))
        end
    end

    lazy_setup(function()
        server = sims.start("--version", "v2beta1")
        folder = support.folder()
        server:make_namespace "train"
        for i = 1, 5 do
            create("a-" .. i, "a")
        end
        support.write(folder .. "/p.lua", POLICIES:format "one")
        start "2026-03-01T12:00:00Z"
    end)
    lazy_teardown(support.cleanup)

    it("changes what its step allows, and waits before the next, also over a restart", function()
        support.contains(status "swept", "State: in force: canary step 1 of 3 comes with the next run")
        trigger("swept", 1)
        daemon:expect 'run ended policy=swept outcome=done changed=1 unchanged=0 failed=0 reason="canary step 1 of 3: 1 of 5 jobs"'
        support.contains(status "swept", "canary step 1 of 3 is watched until 2026-03-01T12:10:00Z")
        support.contains(select(2, ask("why", "swept", "train/a-5")), "the policy is being led in: canary step 1 of 3 is watched until 2026-03-01T12:10:00Z")
        local file = folder .. "/plan.json"
        -- The jobs that the plan shows are those that the next step changes.
        local function plan(at, words, ...)
            local _, out, err = support.mpijobd_with({ env = { MPIJOBD_CLOCK = at, PATH = os.getenv "PATH" } }, "plan", folder .. "/p.lua", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--out", file)
            support.contains(err, 'mpijobd plan: policy "swept" is being led in: ' .. words)
            local kept = support.read(file)
            for i = 1, 5 do
                local shown = false
                for _, name in ipairs { ... } do
                    shown = shown or name == "a-" .. i
                end
                local job = ("train/a-%d"):format(i)
                assert.are.equal(shown, out:find(job .. "  (swept)", 1, true) ~= nil, job .. "\n" .. out)
                assert.are.equal(shown, kept:find(('"name":"a-%d"'):format(i), 1, true) ~= nil, job .. "\n" .. kept)
            end
        end
        plan("2026-03-01T12:01:00Z", "step 1 of 3 is watched, and nothing is changed before 2026-03-01T12:10:00Z; 4 jobs wait for later steps")
        plan("2026-03-01T12:11:00Z", "step 2 of 3, its next run, is what is shown; 2 jobs wait for later steps", "a-2", "a-3")
        trigger("swept", 0)
        daemon:kill "sigkill"
        daemon:wait()
        start "2026-03-01T12:09:59Z"
        trigger("swept", 0)
        advance "1s"
        trigger("swept", 2)
        local _, second = ask("journal", "--policy", "swept", "-o", "json")
        local names = {}
        for _, row in ipairs(support.json.decode(second)) do
            names[#names + 1] = row.name
        end
        table.sort(names)
        assert.are.same({ "a-1", "a-2", "a-3" }, names)
        advance "10m"
        trigger("swept", 2)
        create("a-6", "a")
        trigger("swept", 0) -- the last step is watched, too
        advance "10m"
        trigger("swept", 1)
        support.contains(status "swept", "State: in force\n")
        support.write(folder .. "/p.lua", POLICIES:format "two")
        ask "reload"
        create("a-0", "a")
        trigger("swept", 1) -- another text begins again, by names
        local _, row = ask("journal", "--policy", "swept", "--job", "train/a-0", "-o", "json")
        assert.are.equal(1, #support.json.decode(row))
        server:request("DELETE", "/apis/kubeflow.org/v2beta1/namespaces/train/mpijobs/a-0")
    end)

    it("keeps its jobs where it has `on`, and goes on by itself", function()
        for i = 1, 4 do
            create("b-" .. i, "b")
        end
        daemon:expect "run ended policy=seen outcome=done changed=1"
        advance "9m"
        local _, rows = ask("journal", "--policy", "seen", "-o", "json")
        assert.are.equal(1, #support.json.decode(rows))
        advance "2m"
        local line = daemon:expect "run ended policy=seen outcome=done changed="
        while not line:find "canary step 2 of 2" do -- the others may have come in two batches
            line = daemon:expect "run ended policy=seen outcome=done changed="
        end
        _, rows = ask("journal", "--policy", "seen", "-o", "json")
        assert.are.equal(4, #support.json.decode(rows))
    end)

    it("is paused when a step fails, and makes it once more when it is resumed", function()
        support.write(folder .. "/p.lua", POLICIES:format "three")
        ask "reload"
        server:fault "status:method=PUT,code=422,path=*/mpijobs/a-*"
        local code = ask("trigger", "swept")
        assert.are_not.equal(0, code)
        server:clear_faults()
        daemon:expect 'a policy is paused, and takes no runs until it is resumed policy=swept by="the breaker" reason="canary step 1 of 3: 1 of 6 jobs, and 1 of them failed"'
        assert.are.equal(0, (ask("resume", "swept")))
        trigger("swept", 1)
        support.contains(status "swept", "canary step 1 of 3 is watched until")
    end)

    it("is paused when the effect of a step does not come", function()
        finished("c", 2)
        trigger("effects", 1)
        daemon:expect 'policy=effects by="the breaker" reason="a step of the canary has failed: its effect on train/c-'
    end)

    it("looks for the effects of its step again after a restart, and waits for them", function()
        finished("d", 3)
        trigger("kept", 1)
        support.contains(status "kept", "canary step 1 of 2 is watched until")
        local now = status("kept"):match("watched until (%S+)Z")
        daemon:kill "sigkill"
        daemon:wait()
        start(now .. "Z") -- the pause is over then
        support.contains(status "kept", "canary step 1 of 2 waits for 1 effect\n")
        trigger("kept", 0)
        for i = 1, 3 do
            server:request("DELETE", "/api/v1/namespaces/train/pods/d-" .. i .. "-worker-0")
        end
        daemon:expect "effect seen policy=kept"
        trigger("kept", 2)
        assert.are.equal(0, (daemon:stop()))
        start(now .. "Z") -- what was seen is not looked for again
        assert.is_nil(status("kept"):find("effect", 1, true))
    end)

    it("is led in by the clock of a test", function()
        local place = support.folder()
        support.write(place .. "/p.lua", [[policy { name = "led", on = "match", match = { phase = "Succeeded", labels = "!freed" }, replace = { labels = { freed = "yes" } },
    canary = { 1, "100%", pause = "10m" } }]])
        support.write(place .. "/p_spec.lua", [[
            it("is led in", function()
                for i = 1, 3 do cluster.job { name = "job-" .. i, phase = "Succeeded", finished_for = "3h" } end
                clock.advance "9m59s"
                assert.replaced("default/job-1", { labels = { freed = "yes" } })
                assert.untouched "default/job-2"
                clock.advance "1s"
                assert.replaced "default/job-2"
                assert.replaced "default/job-3"
            end)]])
        local code, out, err = support.mpijobd("test", place)
        assert.are.equal(0, code, out .. err)
    end)

    it("says what is wrong with it", function()
        for text, wrong in pairs {
            ["{}"] = "canary has 0 steps; it takes 1 to 10, and a pause, as { 1, \"10%\", \"100%\", pause = \"10m\" }",
            ["true"] = "canary is true; it has to be steps and a pause such as { 1, \"10%\", \"100%\", pause = \"10m\" }",
            ["{ 0 }"] = "canary has a step that is neither a number of jobs, from 1, nor a share as \"10%\"",
            ["{ \"0%\" }"] = "has a step that is neither",
            ["{ \"101%\" }"] = "has a step that is neither",
            ["{ \"x\" }"] = "has a step that is neither",
            ["{ 1, pause = \"soon\" }"] = "canary.pause",
            ["{ 1, wait = \"1m\" }"] = "canary has other keys than its steps and pause",
        } do
            local file = support.write(folder .. "/wrong.lua", ("policy { name = 'p', every = '1h', replace = { suspend = true }, canary = %s }"):format(text))
            local code, _, err = support.mpijobd("check", file)
            assert.are.equal(1, code)
            support.contains(err, wrong)
        end
        local file = support.write(folder .. "/wrong.lua", "policy { name = 'p', every = '1h', run = function() end, canary = { 1 } }")
        support.contains(select(3, support.mpijobd("check", file)), "canary goes with replace")
    end)
end)
