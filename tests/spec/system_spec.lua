-- SPDX-License-Identifier: Apache-2.0
-- A system that gives little: descriptors that are closed, few descriptors, no threads.
local support = require "support"
local sim = require "support.sim"
local http = require "socket.http"

describe("a process that is given little", function()
    local server, folder

    lazy_setup(function()
        server = sim.start("--version", "v2beta1", "--jobs", "3", "--seed", "1")
    end)
    lazy_teardown(support.cleanup)
    before_each(function()
        folder = support.folder()
        support.write(folder .. "/p.lua", [[policy { name = "p", every = "10m", replace = { labels = { swept = "yes" } } }]])
    end)

    -- A shell first does what `before` says.
    local function shell(before, ...)
        return { args = { "-c", before:gsub("%%", '"$0" "$@"'), support.binary, ... }, env = { KUBECONFIG = false, NO_COLOR = "1" } }
    end

    local function run(...)
        return "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--listen", "127.0.0.1:0", ..., folder .. "/p.lua"
    end

    local function daemon(before, ...)
        return support.keep(support.proc.start("/bin/bash", shell(before, ...)))
    end

    it("starts with its standard descriptors closed, and ends", function()
        for _, closed in ipairs { "<&-", ">&-", "<&- >&-" } do
            local started = daemon("exec % " .. closed, run("--dry-run"))
            local url = started:expect("metrics and health are served"):match("url=(%S+)")
            started:expect("1 policy in force")
            assert.are.equal("ok\n", (http.request(url .. "/livez")))
            assert.are.equal(0, (started:stop("sigterm")))
        end
        -- All three: the log is nowhere, and so is seen by nobody.
        local started = daemon("exec % <&- >&- 2>&-", run("--once"))
        assert.are.equal(0, (started:wait()))
        for _, closed in ipairs { "<&-", ">&-", "2>&-", "<&- >&- 2>&-" } do
            local code = support.proc.run("/bin/bash", shell("exec % " .. closed, "get", "--kubeconfig", server.kubeconfig))
            assert.are.equal(0, code, closed)
        end
    end)

    it("says how many descriptors it needs", function()
        local _, _, err = support.proc.run("/bin/bash", shell("ulimit -n 64; exec %", run("--once")))
        support.contains(err, "mpijobd run: only 64 descriptors may be open, and ")
        support.contains(err, "may be needed: raise the limit (ulimit -Hn, or LimitNOFILE= of the service)")
        local code
        code, _, err = support.proc.run("/bin/bash", shell("ulimit -n 350; exec %", run("--once")))
        assert.are.equal(0, code, err)
        support.contains(err, "watches open at once on a cluster, not 128: only 350 descriptors may be open")
        -- What is allowed is taken.
        code, _, err = support.proc.run("/bin/bash", shell("ulimit -Sn 64; exec %", run("--once")))
        assert.are.equal(0, code, err)
        support.lacks(err, "descriptors")
    end)

    -- Stacks of 1 GB, and memory for less than four of them.
    it("says that no thread can be started #measured", function()
        for _, words in ipairs { { "run", "--once", "--state", folder .. "/s.db" }, { "check" } } do
            words[#words + 1] = folder .. "/p.lua"
            local code, _, err, signal = support.proc.run("/bin/bash", shell("ulimit -s 1000000; ulimit -v 3000000; exec %", table.unpack(words)))
            assert.are.equal("1 0", code .. " " .. signal, err)
            support.contains(err, "threads can be started: ")
            support.contains(err, "raise the limit of processes and threads")
        end
    end)

    it("bounds the watches of a policy, and of all", function()
        local function policy(name, count, body)
            return ([[policy { name = "%s", every = "10m", run = function()
                local open = {}
                for i = 1, %d do
                    local next, a, b, state = mpijob.watch()
                    open[i] = state
                    %s
                end
            end }
            ]]):format(name, count, body)
        end
        support.write(folder .. "/p.lua", policy("many", 600, "next(a, b)"))
        local code, _, err = support.mpijobd(run("--once"))
        assert.are.equal(1, code)
        support.contains(err, "mpijob.watch: this policy has 16 watches open already; leave the loop of one first, or watch more with one call")
        local all = {}
        for i = 1, 9 do
            all[i] = policy("p" .. i, 16, "if i == 16 then next(a, b) sleep(2) end")
        end
        support.write(folder .. "/p.lua", table.concat(all))
        code, _, err = support.mpijobd(run("--once"))
        assert.are.equal(1, code)
        support.contains(err, "mpijob.watch: all policies together have 128 watches open already; watch more with one call, or use `on`")
    end)

    it("bounds what waits for a script by its bytes, and counts it to the script's memory", function()
        local own = sim.start("--version", "v2beta1")
        local job = [[{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"job-%d"},"spec":{"mpiReplicaSpecs":{"Launcher":{"replicas":1,]]
            .. [["template":{"spec":{"containers":[{"name":"l","image":"i","args":["%s"]}]}}}}}}]]
        for i = 1, 40 do
            assert.are.equal(201, (own:request("POST", own:path("v2beta1", "default"), job:format(i, ("x"):rep(1000000)))))
        end
        support.write(folder .. "/p.lua", [[policy { name = "slow", every = "10m", limits = { cpu = "1m" }, run = function()
            local first = true
            for _ in mpijob.watch { namespace = "default" } do
                if first then sleep(3600) end
                first = false
            end
        end }]])
        local started = support.daemon({ stdin = true }, "run", "--kubeconfig", own.kubeconfig, "--state", folder .. "/s.db", "--listen", "127.0.0.1:0",
            "--clock", "2026-12-01T00:00:00Z", folder .. "/p.lua")
        local url = started:expect("metrics and health are served"):match("url=(%S+)")
        local function memory()
            return tonumber((http.request(url .. "/metrics")):match('mpijobd_script_memory_bytes{policy="slow"} (%d+)'))
        end
        started:expect("1 policy in force")
        started:write("advance 10m\n")
        assert(support.proc.await(function()
            return memory() > 32 * 2 ^ 20
        end))
        started:write("advance 1h\n")
        support.contains(started:expect("events of 32 MiB behind"), "do less for each, or watch less")
        started:expect("run ended")
        assert.is_true(memory() < 8 * 2 ^ 20)
        assert.are.equal(0, (started:stop("sigterm")))
    end)
end)
