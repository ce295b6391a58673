-- SPDX-License-Identifier: Apache-2.0
-- What a daemon has to live through: being killed, being stopped, lost answers, others who write too, a throttling server.
local support = require "support"
local sim = require "support.sim"

local SWEEP = [[
policy {
  name = "sweep", schedule = "0 9 * * *", missed = "%s",
  match = { name = "s-*" },
  replace = { cleanPodPolicy = "All", labels = { swept = "yes" } },
  limits = { concurrency = 4 },
}
]]

local function job(name)
    return { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob", metadata = { name = name, namespace = "train" },
        spec = { mpiReplicaSpecs = { Launcher = { replicas = 1 } } } }
end

describe("a daemon", function()
    local server, folder

    before_each(function()
        server = sim.start("--version", "v2beta1")
        server:make_namespace "train"
        folder = support.folder()
    end)
    after_each(support.cleanup)

    local function create(...)
        for _, name in ipairs { ... } do
            local status, _, raw = server:request("POST", server:path("v2beta1", "train"), job(name))
            assert.are.equal(201, status, raw)
        end
    end

    local function jobs()
        local _, list = server:request("GET", server:path("v2beta1", "train"))
        return list.items
    end

    local function policies(text)
        return support.write(folder .. "/p.lua", text)
    end

    local function start(file, clock, ...)
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--clock",
            clock, file, ...)
        daemon:expect("in force")
        return daemon
    end

    local function journal(...)
        local code, out, err = support.mpijobd("journal", "--state", folder .. "/s.db", "-o", "json", "--limit", "0", ...)
        assert.are.equal(0, code, err)
        return support.json.decode(out)
    end

    local function successful_puts()
        local by_path = {}
        for _, request in ipairs(server:requests("method=PUT&limit=2000&body=0")) do
            if (request.status == 200 or request.fault == "stall-after" or request.fault == "reset-after") and request.fault ~= "reset-before" and
                request.fault ~= "stall" then
                by_path[request.path] = (by_path[request.path] or 0) + 1
            end
        end
        return by_path
    end

    it("killed with -9 in the middle of a sweep of 500 jobs loses no change and makes none twice", function()
        local names = {}
        for i = 1, 500 do
            names[i] = ("s-%03d"):format(i)
        end
        create(table.unpack(names))
        local file = policies(SWEEP:format("once"))
        server:forget_requests()
        local daemon = start(file, "2026-11-23T08:59:00Z")
        -- Four are in flight at the end: two that the server has made, two that it has not.
        server:fault { fault = "stall-after", method = "PUT", after = 150, count = 2 }
        server:fault { fault = "stall", method = "PUT", after = 150 }
        daemon:write("advance 1m\n")
        support.proc.await(function()
            return #journal("--in-flight") == 4 and #server:requests("method=PUT&limit=2000&body=0") == 154 or nil
        end)
        daemon:stop("sigkill")
        server:clear_faults()
        local open = #journal("--in-flight")
        assert.are.equal(4, open)
        assert.are.equal(154, #journal())

        daemon = start(file, "2026-11-23T09:00:30Z")
        daemon:expect("run ended")
        assert.are.equal(0, (daemon:stop()))

        for _, object in ipairs(jobs()) do
            assert.are.equal("All", object.spec.runPolicy.cleanPodPolicy)
            assert.are.equal("yes", object.metadata.labels.swept)
        end
        local puts, n = successful_puts(), 0
        for path, times in pairs(puts) do
            assert.are.equal(1, times, path)
            n = n + 1
        end
        assert.are.equal(500, n)
        local outcomes = {}
        for _, row in ipairs(journal()) do
            assert.is_string(row.outcome)
            assert.are.equal(row.id <= 154 and 1 or 2, row.epoch)
            outcomes[row.outcome] = (outcomes[row.outcome] or 0) + 1
        end
        assert.are.same({ done = 498, ["done-unseen"] = 2, ["not-done"] = 2 }, outcomes)
        assert.are.equal(open, support.count(daemon.stderr, "a change was in flight when the daemon ended"))
    end)

    it("stopped by SIGTERM finishes what is in flight and exits with 0; the next start finishes the rest", function()
        for i = 1, 40 do
            create("s-" .. i)
        end
        local file = policies(SWEEP:format("once"))
        local daemon = start(file, "2026-11-23T08:59:00Z")
        server:fault { fault = "delay", ms = 20, method = "PUT" }
        daemon:write("advance 1m\n")
        daemon:expect("info  replaced ")
        local code, _, err = daemon:stop("sigterm")
        assert.are.equal(0, code)
        assert.are.equal(0, #journal("--in-flight"))
        local rows = journal()
        assert.is_true(#rows < 40)
        for _, row in ipairs(rows) do
            assert.are.equal("done", row.outcome, row.message)
        end
        support.contains(err, "run interrupted; the next start finishes it")
        server:clear_faults()
        daemon = start(file, "2026-11-23T09:00:30Z")
        daemon:expect("run ended")
        assert.are.equal(0, (daemon:stop()))
        for _, times in pairs(successful_puts()) do
            assert.are.equal(1, times)
        end
        for _, object in ipairs(jobs()) do
            assert.are.equal("yes", object.metadata.labels.swept)
        end
    end)

    it("stopped by SIGTERM waits for every run, not for the first only", function()
        create("s-1", "s-2")
        local file = policies [[
            policy { name = "quick", schedule = "0 9 * * *", match = { name = "s-1" }, replace = { labels = { swept = "yes" } } }
            policy { name = "slow", schedule = "0 9 * * *", match = { name = "s-2" }, replace = { labels = { swept = "yes" } } }
        ]]
        local daemon = start(file, "2026-11-23T08:59:00Z", "--grace", "60s")
        server:fault { fault = "delay", ms = 200, method = "PUT", path = "*/s-1" }
        server:fault { fault = "delay", ms = 700, method = "PUT", path = "*/s-2" }
        daemon:write("advance 1m\n")
        support.proc.await(function()
            return #server:requests("method=PUT") > 1 or nil
        end)
        local code, _, err = daemon:stop("sigterm")
        assert.are.equal(0, code)
        support.lacks(err, "the grace period is over")
        assert.are.equal(0, #journal("--in-flight"))
        for _, row in ipairs(journal()) do
            assert.are.equal("done", row.outcome)
        end
        assert.are.equal(2, #journal())
    end)

    it("gives up after the grace and looks into it at the next start", function()
        create("s-1")
        local file = policies(SWEEP:format("skip"))
        local daemon = start(file, "2026-11-23T08:59:00Z", "--grace", "200ms")
        server:fault { fault = "stall-after", method = "PUT", count = 1 }
        daemon:write("advance 1m\n")
        support.proc.await(function()
            return #server:requests("method=PUT") > 0 or nil
        end)
        assert.are.equal(0, (daemon:stop("sigterm")))
        assert.are.equal(1, #journal("--in-flight"))
        daemon = start(file, "2026-11-23T09:00:30Z")
        support.contains(daemon.stderr, "outcome=done-unseen")
        assert.are.equal(0, (daemon:stop()))
    end)

    it("looks whether a change was made when its answer is lost", function()
        create("s-1", "s-2")
        server:fault { fault = "reset-after", method = "PUT", path = "*/s-1", count = 1 }
        server:fault { fault = "reset-before", method = "PUT", path = "*/s-2", count = 1 }
        local code, out, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db",
            policies(SWEEP:format("skip")))
        assert.are.equal(0, code, err)
        support.contains(out, "2 changed")
        for path, times in pairs(successful_puts()) do
            assert.are.equal(1, times, path)
        end
    end)

    it("applies a change to the fresh object after a conflict, and computes it again where it was computed", function()
        create("s-1", "s-2")
        server:fault { fault = "conflict", method = "PUT", count = 4 }
        local code, out, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", policies [[
            policy { name = "a", every = "1h", match = { name = "s-1" }, replace = { labels = { a = "1" } } }
            policy { name = "b", every = "1h", match = { name = "s-2" }, replace = function(job)
                return { labels = { seen = job.resourceVersion } } end }
        ]])
        assert.are.equal(0, code, out .. err)
        support.contains(out, "2 changed")
    end)

    for name, text in pairs {
        ["a table"] = [[replace = { labels = { a = "1" } } ]],
        ["a function"] = [[replace = function(job) return { labels = { a = "1" } } end ]],
        ["a script"] = [[run = function(run)
            local done, err = mpijob.replace("train/s-1", function(job) return { labels = { a = "1" } } end)
            log.info("told", { reason = tostring(err and err.reason) })
        end ]],
    } do
        it("gives up a job that is in conflict again and again, for " .. name, function()
            create("s-1")
            server:fault { fault = "conflict", method = "PUT" }
            local code, out, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db",
                policies([[policy { name = "a", every = "1h", ]] .. text .. "}"))
            assert.are.equal(3, code, out .. err)
            support.contains(out, "0 changed, 0 as they should be, 1 failed")
            support.contains(err, "train/s-1: given up after 6 tries: ")
            assert.are.equal(6, #server:requests("method=PUT"))
            assert.are.equal(1, support.count(err, "not replaced"))
        end)
    end

    it("does not overwrite what another writer has done in between", function()
        create("s-1")
        local file = policies [[
            policy { name = "a", every = "1h", run = function(run)
                local job = assert(mpijob.get("train/s-1"))
                log.info("has read")
                sleep("1m")
                local result, err = mpijob.replace(job, { labels = { mine = "yes" } })
                log.info("has written", { effect = result and result.effect, reason = err and err.reason })
                local stale, why = mpijob.replace(job, { labels = { mine = "no" } }, { resourceVersion = job.resourceVersion })
                log.info("stale", { result = tostring(stale), reason = why.reason })
            end }
        ]]
        local daemon = start(file, "2026-11-23T08:59:00Z")
        daemon:write("advance 1m\n")
        daemon:expect("has read")
        local _, object = server:request("GET", server:path("v2beta1", "train", "s-1"))
        object.metadata.labels = { theirs = "yes" }
        object.metadata.managedFields = nil
        assert.are.equal(200, (server:request("PUT", server:path("v2beta1", "train", "s-1"), object)))
        daemon:write("advance 1m\n")
        support.contains(daemon:expect("has written"), "effect=stored")
        support.contains(daemon:expect("stale"), "reason=Conflict")
        daemon:expect("run ended")
        assert.are.equal(0, (daemon:stop()))
        _, object = server:request("GET", server:path("v2beta1", "train", "s-1"))
        assert.are.same({ theirs = "yes", mine = "yes" }, object.metadata.labels)
    end)

    it("obeys a throttling server", function()
        create("s-1", "s-2", "s-3")
        server:fault { fault = "too-many", ["retry-after"] = 1, count = 2, method = "PUT" }
        server:fault { fault = "unavailable", ["retry-after"] = 1, count = 1, method = "GET", path = "*/mpijobs" }
        local code, out, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db",
            policies(SWEEP:format("skip")))
        assert.are.equal(0, code, err)
        support.contains(out, "3 changed")
    end)

    it("makes up for what was missed, as the policy says", function()
        create("s-1")
        for _, case in ipairs { { "skip", 0 }, { "once", 1 }, { "all", 3 } } do
            local file = policies(([[policy { name = "%s", schedule = "0 * * * *", missed = "%s", run = function(run)
                log.info("due", { at = time.rfc3339(run.scheduled_at) }) end }]]):format("m-" .. case[1], case[1]))
            local daemon = start(file, "2026-11-23T08:30:00Z")
            daemon:write("advance 30m\n")
            daemon:expect("at=2026-11-23T09:00:00Z")
            daemon:expect("clock", "stdout")
            daemon:stop("sigkill")
            daemon = start(file, "2026-11-23T12:30:00Z")
            daemon:write("advance 1m\n") -- answered when all is quiet
            daemon:expect("clock", "stdout")
            assert.are.equal(case[2], support.count(daemon.stderr, "info  due"), daemon.stderr)
            if case[2] > 0 then
                support.contains(daemon.stderr, "at=2026-11-23T12:00:00Z")
            end
            assert.are.equal(0, (daemon:stop()))
        end
    end)

    it("loads its policies again on SIGHUP, and keeps those in force when the new ones are broken", function()
        local file = policies 'policy { name = "one", schedule = "0 * * * *", run = function() log.info("first text") end }'
        local daemon = start(file, "2026-11-23T08:59:00Z")
        support.write(file, 'policy { name = "one", shedule = "0 * * * *", run = function() end }')
        daemon:kill("sighup")
        support.contains(daemon:expect("p.lua:1:"), "schedule")
        daemon:expect("stay as they are")
        daemon:write("advance 1m\n")
        daemon:expect("first text")
        daemon:expect("clock", "stdout")
        daemon:expect("1 policy in force") -- the start's
        support.write(file, 'policy { name = "one", schedule = "0 * * * *", run = function() log.info("second text") end }')
        daemon:kill("sighup")
        daemon:expect("1 policy in force")
        daemon:write("advance 1h\n")
        daemon:expect("second text")
        daemon:expect("clock", "stdout")
        assert.are.equal(0, (daemon:stop()))
    end)

    it("goes on after an error in a run, with its traceback, and after a run that computes for ever", function()
        create("s-1", "s-2")
        local file = policies [[
            local function deep(job) error("cannot cope with " .. job.name) end
            policy { name = "broken", schedule = "0 * * * *", match = { name = "s-*" }, replace = function(job)
                if job.name == "s-1" then deep(job) end
                return { labels = { hour = time.rfc3339(run.scheduled_at):sub(12, 13) } }
            end }
            policy { name = "spins", schedule = "0 * * * *", limits = { cpu = "100ms" }, run = function()
                while true do pcall(string.rep, "x", 1000) end
            end }
        ]]
        local daemon = start(file, "2026-11-23T08:59:00Z")
        for hour = 9, 10 do
            daemon:write(hour == 9 and "advance 1m\n" or "advance 1h\n")
            daemon:expect("clock", "stdout")
            local _, object = server:request("GET", server:path("v2beta1", "train", "s-2"))
            assert.are.equal(("%02d"):format(hour), object.metadata.labels.hour)
        end
        assert.are.equal(2, support.count(daemon.stderr, "p.lua:1: cannot cope with s-1"))
        support.contains(daemon.stderr, "stack traceback")
        support.contains(daemon.stderr, "in upvalue 'deep'")
        assert.are.equal(2, support.count(daemon.stderr, "outcome=limited"))
        assert.are.equal(0, (daemon:stop()))
    end)

    it("writes nothing where a limit would be broken, and says so with its exit code", function()
        create("s-1", "s-2", "s-3", "other")
        for _, limit in ipairs { "changes = 2", "percent = 50, percent_floor = 0" } do
            local file = policies(([[policy { name = "a", every = "1h", match = { name = "s-*" }, replace = { labels = { x = "1" } }, limits = { %s } }]]):format(limit))
            local code, _, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", file)
            assert.are.equal(4, code, err)
            support.contains(err, "nothing was changed")
        end
        assert.are.same({}, successful_puts())
    end)

    it("plans without writing, and runs dry", function()
        create("s-1", "s-2")
        local file = policies(SWEEP:format("once"))
        local code, out, err = support.mpijobd("plan", "--kubeconfig", server.kubeconfig, "--exit-code", file)
        assert.are.equal(10, code, err)
        support.contains(out, "train/s-1  (sweep)")
        support.contains(out, "2 to change")
        code, out = support.mpijobd("run", "--once", "--dry-run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", file)
        assert.are.equal(0, code)
        support.contains(out, "2 would be changed")
        assert.are.same({}, successful_puts())
        assert.are.equal(0, #journal())
    end)
end)
