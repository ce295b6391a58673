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

    it("goes on from who has a policy run, over HTTP or by TRACEPARENT, to the write and the journal", function()
        if not server.sim then
            return
        end
        local http, ltn12 = require "socket.http", require "ltn12"
        local folder = support.folder()
        support.write(folder .. "/write", "s3cr3t\n")
        support.uv.fs_chmod(folder .. "/write", 384)
        support.write(folder .. "/p.lua", ([[policy { name = "free", schedule = "0 0 1 1 *",
            match = { namespace = "%s", phase = "Succeeded", cleanPodPolicy = { "unset", "None" } }, replace = { cleanPodPolicy = "All" } }]]):format(namespace))
        local config = support.write(folder .. "/mpijobd.yaml", ("cluster: { kubeconfig: %s }\nstate: s.db\npolicies: [p.lua]\nlisten: 127.0.0.1:0\ntokens: { write: write }\n"):format(server.kubeconfig))
        local daemon = support.daemon({}, "run", "--config", config)
        local url = daemon:expect("metrics and health are served"):match("url=(%S+)")
        daemon:expect("in force")
        local function run(header)
            local chunks = {}
            local _, status = http.request { url = url .. "/api/v1/policies/free/run", method = "POST", sink = ltn12.sink.table(chunks),
                headers = { Authorization = "Bearer s3cr3t", traceparent = header, ["Content-Length"] = "0" } }
            assert.are.equal(200, status, table.concat(chunks))
        end
        local function traced(name)
            local _, out = support.mpijobd("journal", "--config", config, "-o", "json", "--job", namespace .. "/" .. name)
            local change = support.json.decode(out)[1]
            assert.are.equal(change.traceparent, writes(name)[1].trace)
            local _, runs = support.mpijobd("runs", ("%d"):format(change.run), "--config", config, "-o", "json")
            local trace, step = change.traceparent:match("^00%-(%x+)%-(%x+)%-01$")
            local own, other = support.json.decode(runs)[1].traceparent:match("^00%-(%x+)%-(%x+)%-01$")
            assert.are.equal(trace, own)
            assert.are_not.equal(step, other)
            return trace
        end
        local asked = "0af7651916cd43dd8448eb211c80319c"
        server:create(namespace, "posted", { state = "Succeeded" })
        run("00-" .. asked .. "-b7ad6b7169203331-01")
        assert.are.equal(asked, traced("posted"))
        server:create(namespace, "wrong", { state = "Succeeded" })
        run("00-" .. asked .. "-b7ad6b7169203331")
        assert.are_not.equal(asked, traced("wrong"))
        server:create(namespace, "triggered", { state = "Succeeded" })
        local code, out, err = support.mpijobd_with({ env = { TRACEPARENT = "00-" .. asked .. "-b7ad6b7169203331-01" } }, "trigger", "free", "--config", config)
        assert.are.equal(0, code, out .. err)
        assert.are.equal(asked, traced("triggered"))

        -- Also over a person's approval, and a daemon that starts again before it.
        support.write(folder .. "/p.lua", support.read(folder .. "/p.lua"):gsub('schedule =', 'approval = "always", schedule ='))
        daemon:kill "sighup"
        daemon:expect "the policies are loaded again"
        server:create(namespace, "approved", { state = "Succeeded" })
        code, out, err = support.mpijobd_with({ env = { TRACEPARENT = "00-" .. asked .. "-b7ad6b7169203331-01" } }, "trigger", "free", "--config", config)
        assert.are.equal(4, code, out .. err)
        local waiting = out:match "run (%d+) of free: waiting"
        assert.are.equal(0, daemon:stop("sigterm"))
        daemon = support.daemon({}, "run", "--config", config)
        daemon:expect("in force")
        daemon:expect("commands may ask this daemon")
        code, out, err = support.mpijobd("approve", waiting, "--config", config)
        assert.are.equal(0, code, out .. err)
        assert.are.equal(asked, traced("approved"))
        assert.are.equal(0, daemon:stop("sigterm"))
    end)

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
