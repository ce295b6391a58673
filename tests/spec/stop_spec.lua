-- SPDX-License-Identifier: Apache-2.0
-- Jobs are stopped and resumed, by the lever that works for who manages them.
local support = require "support"
local cluster = require "support.cluster"

local V2BETA1 <const>, TRAINING <const>, V1ALPHA2 <const> = cluster.versions[4], cluster.versions[3], cluster.versions[1]
local KEPT <const> = "mpijobd.io/clean-pod-policy-before-stop"

local function start(version, ...)
    local sim = { table.unpack(version.sim) }
    for _, word in ipairs { ... } do
        sim[#sim + 1] = word
    end
    local server = cluster.start { name = version.name, api = version.api, policy = version.policy, deadline = version.deadline, sim = sim, sim_flags = version.sim_flags }
    assert.are.equal(201, (server:request("POST", "/api/v1/namespaces", { apiVersion = "v1", kind = "Namespace", metadata = { name = "train" } })))
    return server
end

local function pods(server)
    local _, raw = server:request("GET", "/api/v1/namespaces/train/pods")
    return #support.json.decode(raw).items
end

local HANGS <const> = '{"mpijob-sim/start-seconds":"1","mpijob-sim/outcome":"hang"}'

local function phase(server, name, wanted)
    support.proc.await(function()
        for _, condition in ipairs((server:get("train", name).status or {}).conditions or {}) do
            if condition.type == wanted and condition.status == "True" then
                return true
            end
        end
    end)
end

describe("a job", function()
    local server, folder
    before_each(function() folder = support.folder() end)
    after_each(support.cleanup)

    it("is stopped with all its workers, goes on with all of them, and keeps its cleanPodPolicy", function()
        server = start(V2BETA1, "--life", "--speed", "60")
        server:create("train", "a", { annotations = HANGS, policy = "Running" })
        phase(server, "a", "Running")
        -- A worker that has ended would stay, and not be made again.
        local path = "/api/v1/namespaces/train/pods/a-worker-1"
        local _, raw = server:request("GET", path)
        raw = raw:gsub('"phase":"Running"', '"phase":"Succeeded"')
        assert.are.equal(200, (server:request("PUT", path .. "/status", raw)))

        local code, out, err = support.mpijobd("job", "stop", "train/a", "--dry-run", "--kubeconfig", server.kubeconfig)
        assert.are.equal(0, code, err)
        support.contains(out, "train/a would be stopped")
        support.contains(out, "spec.runPolicy.suspend: false -> true")
        assert.are.equal(3, pods(server))

        code, out, err = support.mpijobd("job", "stop", "train/a", "--kubeconfig", server.kubeconfig, "--state", folder .. "/state.db")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "train/a stopped")
        support.contains(out, "cleanPodPolicy is All until it is resumed")
        support.contains(out, "no pod of it runs any more")
        support.contains(out, "mpijobd undo 1 takes it back")
        assert.are.equal(0, pods(server))
        local object = server:get("train", "a")
        assert.are.equal("All", object.spec.runPolicy.cleanPodPolicy)
        assert.are.equal("Running", object.metadata.annotations[KEPT])

        code, out, err = support.mpijobd("job", "stop", "train/a", "--kubeconfig", server.kubeconfig)
        assert.are.equal(0, code, out .. err)
        support.contains(out, "train/a unchanged: it is suspended already")

        code, out, err = support.mpijobd("job", "resume", "train/a", "--kubeconfig", server.kubeconfig, "--state", folder .. "/state.db", "-o", "json")
        assert.are.equal(0, code, out .. err)
        local one = support.json.decode(out)[1]
        assert.are.equal("effective", one.effect)
        assert.are.equal("suspend", one.lever)
        assert.are.equal(2, #one.steps, out)
        phase(server, "a", "Running")
        assert.are.equal(3, pods(server))
        object = server:get("train", "a")
        assert.are.equal("Running", object.spec.runPolicy.cleanPodPolicy)
        assert.is_nil(object.metadata.annotations[KEPT])

        code, out, err = support.mpijobd("runs", "--state", folder .. "/state.db")
        assert.are.equal(0, code, err)
        support.contains(out, "stop")
        support.contains(out, "resume")
    end)

    it("that was suspended with its ended workers left is resumed with all of them", function()
        server = start(V2BETA1, "--life", "--speed", "60")
        server:create("train", "a", { annotations = HANGS, policy = "Running" })
        phase(server, "a", "Running")
        local path = "/api/v1/namespaces/train/pods/a-worker-1"
        local _, raw = server:request("GET", path)
        raw = raw:gsub('"phase":"Running"', '"phase":"Succeeded"')
        assert.are.equal(200, (server:request("PUT", path .. "/status", raw)))
        assert.are.equal(200, (server:request("PATCH", server:path("train", "a"), '{"spec":{"runPolicy":{"suspend":true}}}', "application/merge-patch+json")))
        phase(server, "a", "Suspended")
        assert.are.equal(1, pods(server))
        local code, out, err = support.mpijobd("job", "resume", "train/a", "--kubeconfig", server.kubeconfig)
        assert.are.equal(0, code, out .. err)
        phase(server, "a", "Running")
        assert.are.equal(3, pods(server))
        assert.are.equal("Running", server:get("train", "a").spec.runPolicy.cleanPodPolicy)
    end)

    it("is stopped by a policy, whose undo lets it go on", function()
        server = start(TRAINING, "--life", "--speed", "60")
        server:create("train", "a", { annotations = HANGS })
        phase(server, "a", "Running")
        local file = support.write(folder .. "/p.lua", [[
            policy { name = "night", every = "1h", match = { phase = "Running" }, run = function(run)
                for job in mpijob.list { phase = "Running" } do
                    local would = assert(mpijob.stop(job, { dry_run = true }))
                    assert(would.dry_run and would.changed and would.pods_gone == nil)
                    local result = assert(mpijob.stop(job, { wait = "30s" }))
                    if not result.dry_run then
                        assert(result.changed and result.pods_gone and result.lever == "suspend" and #result.steps == 1, result.message)
                        assert(not mpijob.stop(job).changed)
                    end
                end
            end }
        ]])
        local flags = { "--kubeconfig", server.kubeconfig, table.unpack(server.flags) }
        local code, out, err = support.mpijobd("plan", file, table.unpack(flags))
        assert.are.equal(0, code, out .. err)
        support.contains(out, "spec.runPolicy.suspend: true")
        assert.are.equal(3, pods(server))
        code, out, err = support.mpijobd("run", "--once", file, "--state", folder .. "/state.db", table.unpack(flags))
        assert.are.equal(0, code, out .. err)
        assert.are.equal(0, pods(server))
        code, out, err = support.mpijobd("undo", "1", "--state", folder .. "/state.db", table.unpack(flags))
        assert.are.equal(0, code, out .. err)
        phase(server, "a", "Running")
    end)

    it("that cannot be stopped is told why", function()
        server = start(V1ALPHA2)
        server:create("train", "a", { state = "Running" })
        local code, out, err = support.mpijobd("job", "stop", "train/a", "--kubeconfig", server.kubeconfig)
        assert.are.equal(1, code, out .. err)
        support.contains(err, "suspend")
        code, out, err = support.mpijobd("job", "stop", "train/none", "--kubeconfig", server.kubeconfig)
        assert.are.equal(1, code, out .. err)
        support.contains(err, "NAMESPACE/NAME")
        server:create("train", "done", { state = "Succeeded" })
        code, out, err = support.mpijobd("job", "stop", "train/done", "--kubeconfig", server.kubeconfig)
        assert.are.equal(0, code, out .. err)
        support.contains(out, "unchanged: the job has ended")
        for _, words in ipairs { { "job" }, { "job", "halt", "a" }, { "job", "stop" } } do
            code, out, err = support.mpijobd(table.unpack(words))
            assert.are.equal(2, code, out .. err)
        end
    end)

    it("whose pods stay longer than it is waited for is told so", function()
        server = start(V2BETA1)
        server:create("train", "a", { state = "Running" })
        server:create_pod("train", "a", "a-worker-0")
        local code, out, err = support.mpijobd("job", "stop", "train/a", "--wait", "300ms", "--kubeconfig", server.kubeconfig)
        assert.are.equal(1, code, out .. err)
        support.contains(out, "pods of it are still there after")
        code, out, err = support.mpijobd("job", "stop", "train/a", "--wait", "0s", "--kubeconfig", server.kubeconfig)
        assert.are.equal(0, code, out .. err)
    end)
end)
