-- SPDX-License-Identifier: Apache-2.0
-- A write whose answer is lost, and whose outcome cannot be looked up before the daemon ends: its row stays open until the
-- server has been asked, and the job is handled again if the write was not made.
local support = require "support"
local sim = require "support.sim"

describe("a lost answer", function()
    local server, folder

    before_each(function()
        server = sim.start("--version", "v2beta1")
        server:make_namespace "train"
        folder = support.folder()
        support.write(folder .. "/p.lua", [[policy { name = "p", on = "match", match = { labels = { todo = "yes" } },
            replace = function(job) -- each time another change
                return { annotations = { handled = "yes", times = (job.annotations.times or "") .. "x" } }
            end }]])
        local template = { spec = { containers = { { name = "mpi", image = "registry.example.com/mpi:1" } } } }
        local status, answer = server:request("POST", server:path("v2beta1", "train"), { apiVersion = "kubeflow.org/v2beta1",
            kind = "MPIJob", metadata = { name = "a", namespace = "train", labels = { todo = "yes" } },
            spec = { mpiReplicaSpecs = { Launcher = { replicas = 1, template = template } } } })
        assert(status == 201, support.json.encode(answer))
    end)
    after_each(support.cleanup)

    local function start(...)
        return support.daemon({}, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--grace", "1s", "--listen", "none",
            folder .. "/p.lua", ...)
    end
    local function rows(...)
        local code, out, err = support.mpijobd("journal", "--state", folder .. "/s.db", "-o", "json", ...)
        assert.are.equal(0, code, err)
        return support.json.decode(out)
    end
    local function annotation()
        local _, job = server:request("GET", server:path("v2beta1", "train", "a"))
        return job.metadata.annotations and job.metadata.annotations.handled
    end

    -- fault: when the connection is reset, before the server has made the change or after. how: how the daemon ends.
    -- look: what becomes of the look.
    local function case(fault, how, look)
        server:fault { fault = fault, method = "PUT", count = 1 }
        server:fault { fault = look or "stall", method = "GET", path = "*/mpijobs/a" }
        local daemon = start()
        support.proc.await(function() -- the look hangs
            return #server:requests("method=GET&path=*/mpijobs/a") > 0
        end)
        how(daemon)
        local before = rows()
        assert.are.equal(1, #before)
        assert.are.equal(support.json.null, before[1].outcome) -- in flight: nothing is known yet
        assert.are.equal(1, #rows("--in-flight"))
        server:clear_faults()
        daemon = start()
        daemon:expect(" in force")
        if fault == "reset-before" then
            daemon:expect("run ended")
            assert.are.equal("yes", annotation())
            local after = rows()
            assert.are.equal(2, #after)
            assert.are.equal("done", after[1].outcome)
            assert.are.equal("not-done", after[2].outcome)
        else
            assert.are.equal("yes", annotation())
            support.proc.await(function() -- the row is written soon after it is known
                return rows()[1].outcome ~= support.json.null
            end)
            assert.are.equal("done-unseen", rows()[1].outcome)
        end
        assert.are.equal(0, daemon:stop())
        assert.are.equal(fault == "reset-before" and 2 or 1, #server:requests("method=PUT"))
    end

    local function term(daemon)
        assert.are.equal(0, daemon:stop())
    end
    local function kill(daemon)
        daemon:stop("sigkill")
    end

    for _, fault in ipairs { "reset-before", "reset-after" } do
        it("is looked up at the next start after " .. fault .. " and SIGTERM", function()
            case(fault, term)
        end)
        it("is looked up at the next start after " .. fault .. " and kill -9", function()
            case(fault, kill)
        end)
        it("is not made again in between where the look is refused, after " .. fault, function()
            case(fault, function(daemon)
                daemon:expect("could not be looked up")
                daemon:expect("run ended")
                term(daemon)
            end, "forbidden")
        end)
    end

    it("is not called a change that was not made where another writer came after it", function()
        server:fault { fault = "stall-after", method = "PUT", count = 1 }
        local daemon = start()
        support.proc.await(function()
            return annotation() -- the server has made the change
        end)
        daemon:stop("sigkill")
        server:clear_faults()
        local status = server:request("PATCH", server:path("v2beta1", "train", "a"), { metadata = { annotations = { handled = "no" } } },
            "application/merge-patch+json")
        assert.are.equal(200, status)
        daemon = start()
        support.contains(daemon:expect("a change was in flight"), "cannot be told whether by this write")
        daemon:expect(" in force")
        assert.are.equal(0, daemon:stop())
        assert.are.equal("lost", rows()[1].outcome)
        assert.are.equal("no", annotation()) -- what came later is not overwritten
        assert.are.equal(1, #server:requests("method=PUT"))
    end)

    -- The request lay in a queue on its way: the connection, a proxy, the server's own.
    it("is not made a second time where the server makes it after it was looked up", function()
        server:fault { fault = "stall", method = "PUT", count = 1 }
        local daemon = start()
        assert.is_truthy(support.proc.await(function()
            return #server:requests("method=PUT") > 0
        end))
        local request = server:requests("method=PUT")[1]
        daemon:stop("sigkill")
        server:fault { fault = "unavailable", path = "*/mpijobs" } -- nothing is listed meanwhile
        daemon = start()
        support.contains(daemon:expect("a change was in flight"), "outcome=not-done")
        local body = type(request.body) == "table" and support.json.encode(request.body) or request.body
        assert.are.equal(200, (server:request("PUT", server:path("v2beta1", "train", "a"), body)))
        server:clear_faults()
        support.contains(daemon:expect("was looked up as not made was made later"), "change=1")
        daemon:expect("run ended")
        assert.are.equal(0, daemon:stop())
        local _, job = server:request("GET", server:path("v2beta1", "train", "a"))
        assert.are.equal("x", job.metadata.annotations.times)
        assert.are.same({ "done-unseen", 1 }, { rows()[1].outcome, #rows() })

        -- And it is handled: nothing is done at the next start.
        daemon = start()
        daemon:expect(" in force")
        assert.are.equal(0, daemon:stop())
        assert.are.equal(2, #server:requests("method=PUT"))
    end)

    it("of the last try is looked up, too", function()
        server:fault { fault = "reset-before", method = "PUT", count = 5 }
        server:fault { fault = "reset-after", method = "PUT", after = 5, count = 1 }
        local code, out, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", folder .. "/p.lua")
        assert.are.equal(0, code, err)
        support.contains(out, "1 changed")
        assert.are.equal("yes", annotation())
        local outcomes = {}
        for i, row in ipairs(rows()) do
            outcomes[i] = row.outcome
        end
        assert.are.same({ "done", "not-done", "not-done", "not-done", "not-done", "not-done" }, outcomes)
    end)

    -- A machine that has no daemon, but `run --once` by cron, has nobody else to do it.
    it("of a run --once that was killed is looked up by the next one, before its runs; what a daemon has left is the next daemon's", function()
        local function once(...)
            return support.daemon({ env = { MPIJOBD_FAILPOINT = ... } }, "run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", folder .. "/p.lua",
                select(2, ...))
        end
        local elsewhere = sim.start("--version", "v2beta1")
        for _, row in ipairs { { "write-journalled:1", "not-done" }, { "write-answered:1", "done-unseen" } } do
            local at, found = table.unpack(row)
            once(at):wait()
            assert.are.same({ support.json.null, 1 }, { rows()[1].outcome, #rows "--in-flight" })
            once(false, "--dry-run"):wait() -- writes nothing down
            local code, _, told = support.mpijobd("run", "--once", "--kubeconfig", elsewhere.kubeconfig, "--state", folder .. "/s.db", folder .. "/p.lua")
            assert.are.equal(0, code)
            assert.are.equal(1, #rows "--in-flight") -- another server has no say
            support.contains(told, "changes of an earlier run stay in flight: they were sent to another server changes=1 server=" .. server.url)
            support.contains((select(2, support.mpijobd("journal", "--in-flight", "--state", folder .. "/s.db"))), "it was sent to " .. server.url)
            server:fault { fault = "stall", method = "GET", path = "*/mpijobs/a" }
            server:forget_requests()
            local run = once(false)
            assert.is_truthy(support.proc.await(function()
                return #server:requests "method=GET&path=*/mpijobs/a" > 0
            end))
            run:kill "sigterm"
            assert.are.equal(1, (run:wait())) -- nothing was run
            server:clear_faults()
            assert.are.equal(1, #rows "--in-flight")
            run = once(false)
            support.contains(run:expect "a change was in flight", "outcome=" .. found)
            run:expect "run starts"
            assert.are.equal(0, (run:wait()))
            assert.are.equal(0, #rows "--in-flight")
            local interrupted
            for _, line in ipairs(support.json.decode((select(2, support.mpijobd("runs", "--state", folder .. "/s.db", "-o", "json"))))) do
                assert.are_not.equal(support.json.null, line.outcome)
                interrupted = interrupted or (line.outcome == "interrupted" and line.changed)
            end
            assert.are.equal(found == "done-unseen" and 1 or 0, interrupted) -- what was found after its end counts
        end
        server:fault { fault = "stall", method = "PUT", count = 1 }
        server:request("PATCH", server:path("v2beta1", "train", "a"), { metadata = { annotations = { handled = "no" }, labels = { todo = "yes", again = "yes" } } },
            "application/merge-patch+json")
        support.write(folder .. "/p.lua", [[policy { name = "other", on = "match", match = { labels = { again = "yes" } },
            replace = function(job) return { annotations = { other = "yes" } } end }]])
        local daemon = start()
        assert.is_truthy(support.proc.await(function()
            return #rows "--in-flight" > 0
        end))
        daemon:stop("sigkill")
        server:clear_faults()
        assert.are.equal(0, (once(false):wait()))
        assert.are.equal(1, #rows "--in-flight")
        daemon = start()
        daemon:expect "a change was in flight"
        assert.are.equal(0, daemon:stop())
        assert.are.equal(0, #rows "--in-flight")
    end)
end)
