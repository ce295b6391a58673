-- SPDX-License-Identifier: Apache-2.0
-- A trace goes from who asked for something to the write, and the API server's audit log can be joined by it.
local support = require "support"
local cluster = require "support.cluster"

describe("a trace #cluster", function()
    local server, namespace

    lazy_setup(function()
        server = cluster.start(cluster.versions[4])
        namespace = server:namespace()
    end)
    lazy_teardown(support.cleanup)

    -- Of each write to a job: its traceparent (which the audit log does not keep) and the id in the audit log.
    local function writes(name)
        if server.sim then
            local found = {}
            for _, r in ipairs(server.sim:requests("method=PUT")) do
                found[#found + 1] = r.path:match("/" .. name .. "$") and { trace = r.traceparent, audit = r.auditId } or nil
            end
            return found
        end
        local found = {}
        cluster.ask_until("the audit log has the write", function()
            server:request("GET", "/version") -- a round trip
            found = {}
            for line in support.read(server.dir .. "/audit.log"):gmatch("[^\n]+") do
                local e = support.json.decode(line)
                if e.verb == "update" and not e.objectRef.subresource and e.objectRef.name == name and e.objectRef.namespace == namespace then
                    found[#found + 1] = { audit = e.auditID }
                end
            end
            return found[1]
        end)
        return found
    end

    local function replace(name)
        server:create(namespace, name, { state = "Succeeded" })
        local args = { "replace", namespace .. "/" .. name, "cleanPodPolicy=All", "--no-journal" }
        for _, flag in ipairs(server.reach) do
            args[#args + 1] = flag
        end
        local code, out, err = support.mpijobd(table.unpack(args))
        assert.are.equal(0, code, out .. err)
        return writes(name)
    end

    it("names each write in the API server's audit log, and is its own where nobody began one", function()
        local first, second = replace("one"), replace("two")
        assert.are.equal(1, #first)
        local trace, step = first[1].audit:match("^(%x+)%-(%x+)$")
        assert.are.same({ 32, 16 }, { #trace, #step })
        assert.are_not.equal(trace, second[1].audit:match("^%x+"))
        if server.sim then
            assert.are.equal(("00-%s-%s-01"):format(trace, step), first[1].trace)
        end
    end)
end)
