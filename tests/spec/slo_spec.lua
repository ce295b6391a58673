-- SPDX-License-Identifier: Apache-2.0
-- A policy's slo: which jobs count, in time or late, and how fast the error budget burns.
local support = require "support"
local cluster = require "support.cluster"
local http = require "socket.http"

local POLICY = [[policy { name = "free", on = "match", slo = { freed_within = "5m", objective = 90 }, breaker = false,
    match = { phase = { "Succeeded", "Failed" }, labels = "keep != true", cleanPodPolicy = { "unset", "None" } }, replace = { cleanPodPolicy = "All" } }]]

describe("slo", function()
    local server, namespace, folder, daemon, url

    local function at(time)
        daemon:write("set 2026-12-01T" .. time .. "Z\n")
        daemon:expect("clock ", "stdout")
    end

    local function promise()
        local code, out, err = support.mpijobd("status", "--state", folder .. "/s.db", "-o", "json")
        assert.are.equal(0, code, out .. err)
        return support.json.decode(out).policies[1].clusters[1].slo
    end

    local function until_counts(what, all, good, held)
        local seen
        for _ = 1, 200 do
            seen = promise()
            if seen.jobs == all and seen.good == good and seen.held == held then
                return seen
            end
        end
        assert.are.same({ what, all, good, held }, { what, seen.jobs, seen.good, seen.held })
    end

    lazy_setup(function()
        server, folder = cluster.start(cluster.versions[1]), support.folder()
        namespace = server:namespace()
        daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--clock", "2026-12-01T10:00:00Z",
            "--listen", "127.0.0.1:0", support.write(folder .. "/p.lua", POLICY))
        url = daemon:expect("metrics and health are served"):match("url=(%S+)")
        daemon:expect("in force")
    end)
    lazy_teardown(support.cleanup)

    it("counts jobs that are freed in time or late, each once, and none that do not match", function()
        server.sim:fault("forbidden:method=PUT,path=*/mpijobs/late")
        server.sim:fault("forbidden:method=PUT,path=*/mpijobs/deleted")
        until_counts("at first", 0, 0, 0)
        server:create(namespace, "late", { state = "Succeeded" })
        server:create(namespace, "kept", { state = "Succeeded", labels = '{"keep":"true"}' })
        server:create(namespace, "running", { state = "Running" })
        until_counts("it holds its GPUs", 0, 0, 1)
        at "10:04:59"
        until_counts("its time is not over", 0, 0, 1)
        at "10:06:00"
        until_counts("its time is over", 1, 0, 1)
        server:create(namespace, "deleted", { state = "Failed" })
        until_counts("another holds GPUs", 1, 0, 2)
        at "10:10:00"
        server:request("DELETE", server:path(namespace, "deleted"))
        local seen = until_counts("it is gone in time", 2, 1, 1)
        assert.are.equal(5, seen.burn_rate["1h"])
        assert.are.equal(90, seen.objective)
        assert.are.equal(300, seen.freed_within_seconds)
        -- A reload of the same text counts nothing twice.
        assert.are.equal(0, (support.mpijobd("reload", "--state", folder .. "/s.db")))
        until_counts("after a reload", 2, 1, 1)
        local _, out = support.mpijobd("status", "--state", folder .. "/s.db")
        support.contains(out, "1 of 2 jobs were freed within 5m, 90 % is promised; in the last hour 5 times as many were late as it allows")
        local text = http.request(url .. "/metrics")
        for _, line in ipairs { 'slo_jobs_total{policy="free",cluster="default"} 2', 'slo_jobs_good_total{policy="free",cluster="default"} 1', 'slo_objective_ratio{policy="free",cluster="default"} 0.9',
            'slo_burn_rate{policy="free",cluster="default",window="6h"} 5' } do
            support.contains(text, "mpijobd_" .. line .. "\n")
        end
    end)

    it("forgets after six hours, and its windows after theirs", function()
        at "11:30:00"
        assert.are.same({ 0, 5 }, { promise().burn_rate["1h"], promise().burn_rate["6h"] })
        at "16:30:00"
        assert.are.equal(0, promise().burn_rate["6h"])
    end)

    it("says what it can be, and what it goes with", function()
        for text, message in pairs {
            ['on = "match", slo = { objective = 99 }'] = "needs freed_within", ['on = "match", slo = { freed_within = "5m", objective = 100 }'] = "from 50 to 99.99",
            ['on = "match", slo = { freed_withn = "5m" }'] = 'has "freed_withn"', ['every = "10m", slo = { freed_within = "5m" }'] = "goes with on", ['on = "match", slo = 5'] = "a table such as",
            ['on = "match", slo = { freed_within = "5m" }, match = { where = function() return true end }'] = "does not go with where",
        } do
            local file = support.write(folder .. "/bad.lua", ('policy { name = "p", %s, replace = { cleanPodPolicy = "All" } }'):format(text))
            local code, out, err = support.mpijobd("check", file)
            assert.are.equal(1, code, text)
            support.contains(out .. err, message)
        end
    end)
end)
