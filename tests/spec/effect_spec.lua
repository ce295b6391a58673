-- SPDX-License-Identifier: Apache-2.0
-- A 200 is not an effect: whether it came is waited for (wait_effect), or noted afterwards.
local support = require "support"
local cluster = require "support.cluster"

local function start(version, ...)
    local sim = { table.unpack(version.sim) }
    for _, word in ipairs { ... } do
        sim[#sim + 1] = word
    end
    local server = cluster.start { api = version.api, policy = version.policy, deadline = version.deadline, sim = sim, sim_flags = version.sim_flags }
    server:make_namespace "train"
    return server
end

local function pods(server, selector)
    local _, raw = server:request("GET", "/api/v1/namespaces/train/pods" .. (selector and "?labelSelector=" .. selector or ""))
    return #support.json.decode(raw).items
end

local ENDS = '{"mpijob-sim/start-seconds":"1","mpijob-sim/run-seconds":"1","mpijob-sim/outcome":"succeed"}'
local HANGS = '{"mpijob-sim/start-seconds":"1","mpijob-sim/outcome":"hang"}'

local function phase(server, name, wanted)
    support.proc.await(function()
        for _, condition in ipairs((server:get("train", name).status or {}).conditions or {}) do
            if condition.type == wanted and condition.status == "True" then
                return true
            end
        end
    end)
end

describe("an effect with a controller that acts", function()
    after_each(support.cleanup)

    for _, version in ipairs(cluster.versions) do
        it("is seen over " .. version.name, function()
            local server = start(version, "--life", "--speed", "60")
            server:create("train", "a", { annotations = ENDS })
            phase(server, "a", "Succeeded")
            assert.are.equal(3, pods(server))
            local code, out, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", "train", "a", "cleanPodPolicy=All", "--wait-effect", "20s", "-o", "json",
                table.unpack(version.sim_flags or (version.api == "v1" and { "--controller", "mpi-operator" } or {})))
            assert.are.equal(0, code, err)
            local one = support.json.decode(out)[1]
            assert.is_true(one.effect_seen, out)
            assert.is_true(one.effect_after < 20)
            support.contains(one.effect_message, version.sim_flags and "its pods are gone" or "its workers are gone")
            assert.are.equal(version.sim_flags and 0 or 1, pods(server))
        end)
    end

    it("of a suspension, a resumption, a deadline and a deletion is seen", function()
        local server = start(cluster.versions[4], "--life", "--speed", "60")
        server:create("train", "a", { annotations = HANGS })
        phase(server, "a", "Running")
        for _, case in ipairs { { "suspend=true", "it is suspended" }, { "suspend=false", "it is resumed" } } do
            local code, out, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", "train", "a", case[1], "--destructive", "--wait-effect", "20s")
            assert.are.equal(0, code, err)
            support.contains(out, "seen: after ")
            support.contains(out, case[2])
        end
        phase(server, "a", "Running")
        local code, out, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", "train", "a", "activeDeadlineSeconds=1", "--through-launcher",
            "--destructive", "--wait-effect", "20s")
        assert.are.equal(0, code, err)
        support.contains(out, "it has failed")
        support.cleanup()

        server = start(cluster.versions[3], "--life", "--speed", "60")
        server:create("train", "a", { annotations = ENDS })
        phase(server, "a", "Succeeded")
        code, out, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", "train", "a", "ttlSecondsAfterFinished=1", "--controller",
            "training-operator", "--destructive", "--wait-effect", "20s")
        assert.are.equal(0, code, err)
        support.contains(out, "it is deleted")
    end)

    it("is noted in the journal, and the run does not wait for it", function()
        local server = start(cluster.versions[4], "--life", "--speed", "60")
        local folder = support.folder()
        for i = 1, 12 do
            server:create("train", "a" .. i, { annotations = ENDS })
        end
        for i = 1, 12 do
            phase(server, "a" .. i, "Succeeded")
        end
        local file = support.write(folder .. "/p.lua", [[
            policy { name = "free", every = "1h", match = { phase = "Succeeded" }, replace = { cleanPodPolicy = "All" } }
        ]])
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--clock", "2030-01-01T08:00:00Z", file)
        daemon:expect("1 policy in force")
        daemon:write("advance 1h\n")
        daemon:expect("run ended")
        support.proc.await(function()
            return support.count(daemon.stderr, "effect seen policy=free") == 12 or nil
        end)
        assert.are.equal(0, (daemon:stop()))
        local code, out = support.mpijobd("journal", "--state", folder .. "/s.db", "-o", "json")
        assert.are.equal(0, code)
        for _, row in ipairs(support.json.decode(out)) do
            assert.are.equal("seen", row.observed)
            assert.is_string(row.observed_at)
        end
        code, out = support.mpijobd("journal", "--state", folder .. "/s.db")
        assert.are.equal(0, code)
        support.contains(out, "effective, seen after 0.0 s") -- the clock stands still
    end)
end)

describe("an effect that nobody brings about", function()
    local server, folder
    before_each(function()
        server = start(cluster.versions[4])
        folder = support.folder()
        server:create("train", "a", { state = "Succeeded" })
        local uid = server:get("train", "a").metadata.uid
        for _, pod in ipairs { { "a-worker-0", "worker", uid }, { "a-launcher", "launcher", uid }, { "b", "worker", "6a1b0f6e-0000-4000-8000-000000000000" } } do
            assert.are.equal(201, (server:request("POST", "/api/v1/namespaces/train/pods", { apiVersion = "v1", kind = "Pod",
                metadata = { name = pod[1], labels = { ["training.kubeflow.org/job-name"] = "a", ["training.kubeflow.org/job-role"] = pod[2] },
                    ownerReferences = { { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob", name = "a", uid = pod[3], controller = true } } },
                spec = { containers = { { name = "x", image = "registry.example.com/x" } } } })))
        end
    end)
    after_each(support.cleanup)

    local function once(body, more)
        local file = support.write(folder .. "/p.lua", ("policy { name = 'p', every = '1h', %s %s }"):format(more or "", body))
        return support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", file)
    end

    it("is not seen when the time is up, and the change counts all the same", function()
        local code, out, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", "train", "a", "cleanPodPolicy=All", "--wait-effect", "300ms")
        assert.are.equal(0, code, err)
        support.contains(out, "seen: not within 0.3 s")
    end)

    it("is told to scripts, and comes when the pod goes", function()
        local code, _, err = once [=[ run = function()
            local done = assert(mpijob.replace("train/a", { cleanPodPolicy = "All" }, { wait_effect = 0.5 and "200ms" }))
            assert(done.effect_seen == false and done.effect_after >= 0.2 and done.effect_message:find("not seen"))
            assert(mpijob.replace("train/a", { cleanPodPolicy = remove }))
            assert(kube.delete("v1", "Pod", "train/a-worker-0", { destructive = true }))
            done = assert(mpijob.replace("train/a", { cleanPodPolicy = "All" }, { wait_effect = 20 }))
            assert(done.effect_seen == true and done.effect_message == "its workers are gone", done.effect_message)
            done = assert(mpijob.replace("train/a", { labels = { x = "y" } }, { wait_effect = "20s" }))
            assert(done.effect_seen == nil and done.effect_message == "it has no effect that could be seen now")
            assert(not pcall(mpijob.replace, "train/a", { labels = { x = "y" } }, { wait_effect = "soon" }))
        end ]=]
        assert.are.equal(0, code, err)
        support.contains(err, "effect_seen=\"not within")
        support.contains(err, "effect_seen=\"after")
        local rows = support.json.decode((select(2, support.mpijobd("journal", "--state", folder .. "/s.db", "-o", "json", "--policy", "p"))))
        assert.are.equal("not-seen", rows[#rows].observed)
    end)

    it("cannot be told where pods may not be listed", function()
        server.sim:fault { fault = "forbidden", path = "*/pods" }
        local code, out, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", "train", "a", "cleanPodPolicy=All", "--wait-effect", "20s")
        assert.are.equal(0, code, err)
        support.contains(out, "seen: cannot tell: whether its workers are gone cannot be seen")
    end)

    it("is given up with the run, and nothing is undone", function()
        local before = os.time()
        local code, _, err = once("replace = { cleanPodPolicy = 'All' }", "wait_effect = '1h', limits = { timeout = '1s' },")
        assert.are.equal(1, code, err)
        assert.is_true(os.time() - before < 10)
        support.contains(err, "the wait for it was given up")
        assert.are.equal("All", server:get("train", "a").spec.runPolicy.cleanPodPolicy)
        local rows = support.json.decode((select(2, support.mpijobd("journal", "--state", folder .. "/s.db", "-o", "json"))))
        assert.are.equal("done", rows[1].outcome)
    end)

    it("is waited for by a policy with `on` without its own write triggering it", function()
        for _, wait in ipairs { "", "wait_effect = '400ms'," } do
            local file = support.write(folder .. "/p.lua", ([[policy { name = "p", on = "changed", match = { phase = "Succeeded" }, %s replace = function(job)
                return { cleanPodPolicy = "All", annotations = { n = tostring(1 + tonumber(job.annotations.n or 0)) } } end }]]):format(wait))
            local now = os.date("!%Y-%m-%dT%H:%M:%SZ")
            local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s" .. #wait .. ".db", "--clock", now, file)
            daemon:expect("1 policy in force")
            daemon:write("set " .. now .. "\n") -- answered when it has seen all jobs
            daemon:expect("clock ", "stdout")
            local n = tonumber(server:get("train", "a").metadata.annotations.n or 0)
            assert.are.equal(200, (server:request("PATCH", server:path("train", "a"), { metadata = { labels = { touched = "by-" .. #wait } } }, "application/merge-patch+json")))
            daemon:expect("run ended")
            for _ = 1, 3 do
                daemon:write("advance 1s\n")
                daemon:expect("clock ", "stdout")
            end
            assert.are.equal(0, (daemon:stop()))
            assert.are.equal(n + 1, tonumber(server:get("train", "a").metadata.annotations.n), daemon.stderr)
        end
    end)

    it("of a patch is no news for the policy that made it", function()
        local file = support.write(folder .. "/p.lua", [[policy { name = "p", on = "changed", match = { phase = "Succeeded" }, run = function(run)
            for job in run.jobs do
                assert(mpijob.patch(job, { metadata = { annotations = { n = tostring(1 + tonumber(job.annotations.n or 0)) } } }))
            end
        end }]])
        local now = os.date("!%Y-%m-%dT%H:%M:%SZ")
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--clock", now, file)
        daemon:expect("1 policy in force")
        daemon:write("set " .. now .. "\n")
        daemon:expect("clock ", "stdout")
        assert.are.equal(200, (server:request("PATCH", server:path("train", "a"), { metadata = { labels = { touched = "yes" } } }, "application/merge-patch+json")))
        daemon:expect("run ended")
        for _ = 1, 3 do
            daemon:write("advance 1s\n")
            daemon:expect("clock ", "stdout")
        end
        assert.are.equal(0, (daemon:stop()))
        assert.are.equal("1", server:get("train", "a").metadata.annotations.n, daemon.stderr)
    end)
end)

describe("an effect that another brings about #cluster", function()
    lazy_teardown(support.cleanup)

    it("is seen in the job, and in its pods", function()
        local server = cluster.start(cluster.versions[4])
        local namespace = server:namespace()
        server:create(namespace, "a", { state = "Running", since = 60 })
        local waiting = support.daemon({}, "replace", "--kubeconfig", server.kubeconfig, "-n", namespace, "a", "suspend=true", "--destructive", "--wait-effect", "20s")
        support.proc.await(function()
            return (server:get(namespace, "a").spec.runPolicy or {}).suspend or nil
        end)
        server:set_state(namespace, "a", "Suspended", 0)
        waiting:expect("seen: after", "stdout")
        assert.are.equal(0, (waiting:wait()))

        server:create(namespace, "b", { state = "Succeeded" })
        local path = ("/api/v1/namespaces/%s/pods"):format(namespace)
        local status, raw = server:request("POST", path, { apiVersion = "v1", kind = "Pod", spec = { containers = { { name = "x", image = "registry.example.com/x" } } },
            metadata = { name = "b-worker-0", labels = { ["training.kubeflow.org/job-name"] = "b", ["training.kubeflow.org/job-role"] = "worker" } } })
        assert(status == 201, raw)
        waiting = support.daemon({}, "replace", "--kubeconfig", server.kubeconfig, "-n", namespace, "b", "cleanPodPolicy=All", "--wait-effect", "20s")
        support.proc.await(function()
            return (server:get(namespace, "b").spec.runPolicy or {}).cleanPodPolicy
        end)
        status, raw = server:request("DELETE", path .. "/b-worker-0?gracePeriodSeconds=0")
        assert(status == 200, raw)
        waiting:expect("its workers are gone", "stdout")
        assert.are.equal(0, (waiting:wait()))
    end)
end)

describe("an effect that is not what it seems", function()
    local server, namespace
    local function begin(version)
        server = cluster.start(version)
        namespace = server:namespace()
    end
    after_each(support.cleanup)

    -- The exit code, and the effect with its sentence, or the refusal.
    local function replace(...)
        local args = { "replace", "--kubeconfig", server.kubeconfig, "-n", namespace, "-o", "json", ... }
        local code, out, err = support.mpijobd(table.unpack(table.move(server.flags, 1, #server.flags, #args + 1, args)))
        local one = support.json.decode(out)[1]
        return code, one.effect, (one.why or one.error) .. err
    end

    local function plan(changes)
        local args = { "plan", "--kubeconfig", server.kubeconfig, "-n", namespace, support.write(support.folder() .. "/p.lua",
            'policy { name = "p", every = "1h", ' .. changes .. " }") }
        return support.mpijobd(table.unpack(table.move(server.flags, 1, #server.flags, #args + 1, args)))
    end

    it("comes late: a deadline ahead under training-operator", function()
        begin(cluster.versions[3])
        server:create(namespace, "a", { state = "Running", since = 600 })
        local code, out, err = plan "replace = { activeDeadlineSeconds = 7200 }"
        assert.are.equal(0, code, err)
        support.contains(out, "late: training-operator looks at the deadline only with an event of the job", "touch the job (a label) after 2", "1 to change (1 late)")
        local why, effect
        code, effect, why = replace("a", "activeDeadlineSeconds=7200")
        assert.are.equal(0, code, why)
        assert.are.equal("late", effect)
        code, effect = replace("a", "activeDeadlineSeconds=9000")
        assert.are.equal(0, code)
        assert.are.equal("effective", effect) -- the earlier one counts no more
    end)

    it("is put back by Kueue, and costs the job's pods", function()
        begin(cluster.versions[4])
        server:create(namespace, "a", { state = "Running", since = 600, labels = '{"kueue.x-k8s.io/queue-name":"q"}' })
        local code, _, why = replace("a", "suspend=true")
        assert.are.equal(1, code)
        support.contains(why, "refused, because it is destructive: Kueue undoes it within 10 ms")
        support.contains(why, "stop it with mpijobd job stop (in Lua: stop), which sets spec.active = false of its Workload")
        local out, err, effect
        code, out, err = plan "replace = { suspend = true }"
        assert.are.equal(3, code, err)
        support.contains(out, "not possible", "Kueue undoes it")
        code, out, err = plan "replace = { suspend = true }, destructive = true"
        assert.are.equal(0, code, err)
        support.contains(out, "reverted: Kueue undoes it", "1 to change (1 reverted)")
        code, effect, why = replace("a", "suspend=true", "--destructive")
        assert.are.equal(0, code, why)
        assert.are.equal("reverted", effect)
    end)

    it("keeps the job from running again: suspend with policy Running, when a worker has ended", function()
        begin(cluster.versions[4])
        server:create(namespace, "a", { state = "Running", since = 600, policy = "Running" })
        local path = server:path(namespace, "a")
        local object = server:get(namespace, "a")
        object.status.replicaStatuses = { Worker = { active = 1, succeeded = 1 } }
        local status, raw = server:request("PUT", path .. "/status", (support.json.encode(object):gsub('"args":{}', '"args":[]')))
        assert.are.equal(200, status, raw)
        local code, effect, why, _
        code, _, why = replace("a", "suspend=true")
        assert.are.equal(1, code)
        support.contains(why, "is destructive", "never gets back to Running", "set cleanPodPolicy None in the same change")
        code, effect, why = replace("a", "suspend=true", "cleanPodPolicy=None", "--destructive")
        assert.are.equal(0, code, why)
        assert.are.equal("effective", effect)
    end)
end)
