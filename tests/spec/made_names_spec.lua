-- SPDX-License-Identifier: Apache-2.0
-- Names that a script leaves to the server are chosen before anything is sent: what a killed run has created is not created twice.
local support = require "support"
local cluster = require "support.cluster"

local MAKES <const> = [[
policy { name = "makes", every = "10m", run = function()
    for _, word in ipairs { "a", "a", "b" } do
        local made, err = kube.create { apiVersion = "v1", kind = "ConfigMap", metadata = { generateName = "made-", namespace = "%s" },
            data = { word = word, one = "1", two = "2", three = "3" } }
        log.info(word .. " " .. (made and "is created" or err.reason))
    end
    kube.get("v1", "ConfigMap", "%s/last")
    log.info "over"
end }
]]

describe("an object whose name is left to the server", function()
    lazy_teardown(support.cleanup)

    it("is not created twice by the run that finishes a killed one, and again by the next", function()
        local server = cluster.start(cluster.versions[4])
        local namespace, folder = server:namespace(), support.folder()
        local path = "/api/v1/namespaces/" .. namespace .. "/configmaps"
        local file = support.write(folder .. "/p.lua", MAKES:format(namespace, namespace))
        local daemon
        local function start(clock)
            daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--listen", "none", "--state", folder .. "/s.db", "--clock", clock, file)
            daemon:expect "in force"
        end
        local function count()
            local _, raw = server:request("GET", path)
            local n = 0
            for _, one in ipairs(support.json.decode(raw).items) do
                n = n + (one.metadata.name:match "^made%-[a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9]$" and 1 or 0)
            end
            return n
        end
        start "2026-12-01T00:00:01Z"
        server.sim:fault { fault = "delay", ms = 60000, method = "GET", path = "*configmaps/last" }
        daemon:write "advance 10m\n"
        daemon:expect "b is created"
        assert.are.equal(3, count())
        daemon:stop("sigkill")
        server.sim:clear_faults()
        start "2026-12-01T00:11:00Z"
        daemon:expect "b AlreadyExists"
        daemon:expect "over"
        assert.are.equal(3, count())
        daemon:write "advance 10m\n"
        daemon:expect "b is created"
        daemon:expect "over"
        assert.are.equal(6, count())
        assert.are.equal(0, (daemon:stop()))
    end)

    it("is created for each job, also for those that a killed run has left to the one that finishes it", function()
        local server = cluster.start(cluster.versions[4])
        local namespace, folder = server:namespace(), support.folder()
        for i = 1, 4 do
            server:create(namespace, "job-" .. i)
        end
        local file = support.write(folder .. "/p.lua", ([[
            policy { name = "asks", every = "10m", match = { labels = "!asked" }, run = function(run)
                for job in run.jobs do
                    local made, err = kube.create { apiVersion = "v1", kind = "ConfigMap", metadata = { generateName = "made-", namespace = "%s" }, data = { same = "yes" } }
                    assert(made or err.reason == "AlreadyExists", err)
                    mpijob.replace(job, { labels = { asked = "yes" } })
                end
                log.info "over"
            end }]]):format(namespace))
        local function start(clock)
            local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--listen", "none", "--state", folder .. "/s.db", "--clock", clock, file)
            daemon:expect "in force"
            return daemon
        end
        local daemon = start "2026-12-01T00:00:01Z"
        server.sim:fault { fault = "stall", method = "PUT", path = "*/mpijobs/job-3" }
        daemon:write "advance 10m\n"
        support.proc.await(function() return #server.sim:requests "method=PUT&path=*/mpijobs/job-3&body=0" > 0 end)
        daemon:stop("sigkill")
        server.sim:clear_faults()
        daemon = start "2026-12-01T00:11:00Z"
        daemon:expect "over"
        assert.are.equal(0, (daemon:stop()))
        local _, raw = server:request("GET", "/api/v1/namespaces/" .. namespace .. "/configmaps")
        local count = 0
        for _, one in ipairs(support.json.decode(raw).items) do
            count = count + (one.metadata.name:find "^made%-" and 1 or 0)
        end
        assert.are.equal(4, count)
    end)
end)
