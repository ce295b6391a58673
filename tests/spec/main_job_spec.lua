-- SPDX-License-Identifier: Apache-2.0
-- The main job: a policy on a schedule replaces MPIJobs, over every version, on the simulator and on a real kube-apiserver.
local support = require "support"
local cluster = require "support.cluster"

local POLICY = [[
policy {
  name     = "free-gpus",
  schedule = "0 9 * * *", timezone = "Europe/Berlin",
  match    = { namespace = "%s", phase = { "Succeeded", "Failed" }, labels = "keep != true", finished_for = "1h", cleanPodPolicy = { "unset", "None" } },
  replace  = { cleanPodPolicy = "All" },
}

policy {
  name     = "cap-debug-runs",
  schedule = "0 9 * * *", timezone = "Europe/Berlin",
  match    = { namespace = "%s", labels = { purpose = "debug" }, phase = "Running" },
  replace  = function(job)
    if job.activeDeadlineSeconds then return nil end
    return { activeDeadlineSeconds = 48 * 3600, annotations = { ["ops.example.com/capped"] = "by mpijobd" } }
  end,
}
]]

-- The next 09:00 in Berlin lies within the coming two days, whatever the date: the clock is put just before it and moved over it.
local function next_nine(file)
    local _, out = support.mpijobd("next", file, "-c", "1", "-o", "json")
    return support.json.decode(out)[1].next[1]
end

local targets = { table.unpack(cluster.versions) }
for _, version in ipairs(cluster.real and {} or cluster.cci) do
    targets[#targets + 1] = version
end

for _, version in ipairs(targets) do
    describe("the main job over " .. version.name .. " #cluster" .. (version.api == "v2beta1" and " #valgrind" or ""), function()
        local server, namespace

        lazy_setup(function()
            server = cluster.start(version)
            namespace = server:namespace()
            server:create(namespace, "done", { state = "Succeeded" })
            server:create(namespace, "failed-none", { state = "Failed", policy = "None", labels = '{"team":"vision"}' })
            server:create(namespace, "kept", { state = "Succeeded", labels = '{"keep":"true"}' })
            server:create(namespace, "debug", { state = "Running", labels = '{"purpose":"debug"}' })
            server:create(namespace, "debug-capped", { state = "Running", labels = '{"purpose":"debug"}', deadline = "600" })
            server:create(namespace, "running", { state = "Running" })
        end)

        lazy_teardown(function()
            support.cleanup()
        end)

        it("replaces on schedule what matches, and nothing else", function()
            local folder = support.folder()
            local file = support.write(folder .. "/policies.lua", POLICY:format(namespace, namespace))
            local before = {}
            for _, name in ipairs { "done", "failed-none", "kept", "debug", "debug-capped", "running" } do
                before[name] = select(2, server:get(namespace, name))
            end
            local daemon = support.daemon({ stdin = true }, "run", server.reach[1], server.reach[2], "--state", folder .. "/state.db",
                "--clock", (next_nine(file):gsub("T09:00:00", "T08:59:59")), file, table.unpack(server.flags))
            daemon:expect("2 policies in force")
            assert.are.equal(0, support.count(daemon.stderr, "run starts"))
            daemon:write("advance 1s\n")
            daemon:expect("clock ", "stdout")
            assert.are.equal(2, support.count(daemon.stderr, "outcome=done"))
            assert.are.equal(0, (daemon:stop("sigterm")))

            local differences = {}
            for name, text in pairs(before) do
                differences[name] = cluster.differences(text, (select(2, server:get(namespace, name))))
            end
            local policy = "/" .. table.concat(version.policy, "/")
            local function reduced(text) -- a parent object that had to be made
                return (text:gsub("/spec/runPolicy\n", policy:match("runPolicy") and policy .. "\n" or "/spec/runPolicy\n"))
            end
            assert.are.equal(policy .. "\n", reduced(differences.done))
            assert.are.equal(policy .. "\n", differences["failed-none"])
            assert.are.equal("\n", differences.kept)
            assert.are.equal("\n", differences["debug-capped"])
            assert.are.equal("\n", differences.running)
            support.contains(differences.debug, "/metadata/annotations/ops.example.com/capped")
            local done, debug = server:get(namespace, "done"), server:get(namespace, "debug")
            assert.are.equal("All", cluster.at(done, version.policy))
            assert.are.equal(172800, cluster.at(debug, version.deadline))
            assert.are.equal("by mpijobd", debug.metadata.annotations["ops.example.com/capped"])

            local code, journal = support.mpijobd("journal", "--state", folder .. "/state.db", "-o", "json")
            assert.are.equal(0, code)
            local rows = support.json.decode(journal)
            assert.are.equal(3, #rows)
            for _, row in ipairs(rows) do
                assert.are.equal("done", row.outcome)
                assert.are.equal(namespace, row.namespace)
            end
        end)

        it("does a replacement by hand in one GET and one PUT and shows it", function()
            local before = select(2, server:get(namespace, "running"))
            if server.sim then
                server.sim:forget_requests()
            end
            local code, out, err = support.mpijobd("replace", server.reach[1], server.reach[2], "-n", namespace, "running",
                "cleanPodPolicy=Running", table.unpack(server.flags))
            assert.are.equal("", err)
            assert.are.equal(0, code)
            support.contains(out, namespace .. "/running replaced")
            support.contains(out, "cleanPodPolicy")
            support.contains(out, version.at_finish or "at-finish")
            local after, raw = server:get(namespace, "running")
            assert.are.equal("Running", cluster.at(after, version.policy))
            if server.sim then
                local requests = server.sim:requests("path=*/mpijobs/running&limit=10")
                assert.are.equal("GET", requests[1].method)
                assert.are.equal("PUT", requests[2].method)
                assert.are.equal(3, #requests) -- the third is this spec's own
            end
            assert.is_truthy(#cluster.differences(before, raw) > 1)
            code, out = support.mpijobd("replace", server.reach[1], server.reach[2], "-n", namespace, "running", "cleanPodPolicy=Running",
                table.unpack(server.flags))
            assert.are.equal(0, code)
            support.contains(out, "unchanged")
        end)

        it("refuses a bad value before anything is sent", function()
            local before = select(2, server:get(namespace, "running"))
            for _, change in ipairs { "cleanPodPolicy=running", "activeDeadlineSeconds=soon", "activeDeadlineSeconds=-1", "activeDeadlineSecond=5",
                "labels.team=two words" } do
                local code, _, err = support.mpijobd("replace", server.reach[1], server.reach[2], "-n", namespace, "running", change, table.unpack(server.flags))
                assert.are.equal(2, code, change .. ": " .. err)
            end
            assert.are.equal(before, (select(2, server:get(namespace, "running"))))
        end)
    end)
end

describe("a definition that stores another version #cluster", function()
    lazy_teardown(function()
        support.cleanup()
    end)

    -- mpi-operator v0.3.0's definition serves v1alpha2 and v1 and stores v2beta1, which has no spec.cleanPodPolicy.
    it("throws v1alpha2's fields away with a 200, and the replacement says so", function()
        local server = cluster.start { api = "v1alpha2", crd = "multi", sim = { "--version", "all", "--store-as", "v2beta1" }, policy = { "spec", "cleanPodPolicy" },
            deadline = { "spec", "activeDeadlineSeconds" } }
        local namespace = server:namespace()
        server:create(namespace, "legacy")
        local code, out, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "--api-version", "v1alpha2", "-n", namespace,
            "legacy", "cleanPodPolicy=All")
        assert.are.equal(1, code, out)
        support.contains(err, "cleanPodPolicy")
        support.contains(err, "dropped")
        support.contains(err, "v2beta1")

        -- What was kept all the same is told, too.
        code, out, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "--api-version", "v1alpha2", "-n", namespace,
            "legacy", "cleanPodPolicy=All", "labels.part=yes")
        assert.are.equal(1, code, out)
        support.contains(err, "The rest was stored: labels.part")
        assert.are.equal("yes", server:get(namespace, "legacy").metadata.labels.part)

        -- Without a word about the version the stored one is used, where the definition can be read.
        if server.sim then
            return
        end
        code, out, err = support.mpijobd("replace", server.reach[1], server.reach[2], "-n", namespace, "legacy", "cleanPodPolicy=All")
        assert.are.equal(0, code, err)
        support.contains(out, "cleanPodPolicy")
    end)
end)
