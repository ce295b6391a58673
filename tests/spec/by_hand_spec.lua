-- SPDX-License-Identifier: Apache-2.0
-- Rows of the journal for what people change by hand, with a running daemon and without one.
local support = require "support"
local sims = require "support.sim"
local control = require "support.control"
local uv = support.uv

local QUIET = 'policy { name = "quiet", schedule = "0 0 1 1 *", run = function() end }\n'

describe("a change by hand", function()
    local server, folder, me, path

    lazy_setup(function()
        server = sims.start("--version", "v2beta1")
        server:make_namespace "train"
        me = ("%s (%d)"):format(uv.os_get_passwd().username, uv.getuid())
        path = server:path("v2beta1", "train")
    end)
    lazy_teardown(support.cleanup)

    local job = 0
    before_each(function()
        folder = support.folder()
        support.write(folder .. "/p.lua", QUIET)
        job = job + 1
        local status = server:request("POST", path, { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob", metadata = { name = "job" .. job },
            spec = { runPolicy = { cleanPodPolicy = "None" }, mpiReplicaSpecs = { Worker = { replicas = 1,
                template = { spec = { containers = { { name = "w", image = "i" } } } } }, Launcher = { replicas = 1,
                template = { spec = { containers = { { name = "l", image = "i" } } } } } } } })
        assert.are.equal(201, status)
    end)
    after_each(function()
        server:clear_faults()
    end)

    local function start(...)
        local daemon = support.daemon({}, "run", "--no-supervisor", "--kubeconfig", server.kubeconfig, "--listen", "none", "--state", folder .. "/s.db",
            folder .. "/p.lua", ...)
        daemon:expect("in force")
        return daemon
    end

    local function replace(...)
        return support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", "train", "job" .. job, ...)
    end

    local function journal()
        local code, out, err = support.mpijobd("journal", "--state", folder .. "/s.db", "-o", "json")
        assert.are.equal(0, code, err)
        return support.json.decode(out)
    end

    local function is_mine(row)
        assert.are.equal("by hand", row.policy)
        assert.are.same({ user = uv.os_get_passwd().username, uid = uv.getuid() }, row.who)
        assert.are.equal("job" .. job, row.name)
        assert.are.equal(0, row.run)
        assert.are.equal(server.url, row.server)
    end

    it("has a row that the daemon writes", function()
        local daemon = start()
        local code, out, err = replace("--state", folder .. "/s.db", "cleanPodPolicy=All", "labels.a=b")
        assert.are.equal(0, code, out .. err)
        local rows = journal()
        assert.are.equal(1, #rows)
        is_mine(rows[1])
        assert.are.equal("done", rows[1].outcome)
        assert.are.equal("replace", rows[1].verb)
        assert.are.equal(200, rows[1].status)
        assert.are.equal(2, #rows[1].diff)
        assert.is_truthy(rows[1].ended_at)
        -- Refused by the server, and unchanged; and with the right command's words.
        server:fault { fault = "forbidden", method = "PUT", count = 1 }
        assert.are.equal(1, (replace("--state", folder .. "/s.db", "labels.a=c")))
        assert.are.equal(0, (replace("--state", folder .. "/s.db", "labels.a=b")))
        assert.are.equal(0, (replace("--state", folder .. "/s.db", "labels.a=c", "--dry-run")))
        rows = journal()
        assert.are.equal(2, #rows)
        assert.are.equal("failed", rows[1].outcome)
        out = select(2, support.mpijobd("journal", "--state", folder .. "/s.db"))
        support.contains(out, "by hand  " .. me)
        support.contains(out, 'labels.a: unset -> "b"') -- as `replace` takes it
        -- Without a row at all.
        assert.are.equal(0, (replace("--state", folder .. "/s.db", "labels.a=d", "--no-journal")))
        assert.are.equal(2, #journal())
        assert.are.equal(0, (daemon:stop()))
    end)

    it("has a row without a daemon, also where several come at once", function()
        support.write(folder .. "/c.yaml", "state: s.db\n")
        local all = {}
        for i = 1, 4 do
            all[i] = support.daemon({}, "replace", "--config", folder .. "/c.yaml", "--kubeconfig", server.kubeconfig, "-n", "train", "job" .. job, "labels.l" .. i .. "=x")
        end
        for i = 1, 4 do
            assert.are.equal(0, (all[i]:wait()), all[i].stderr)
        end
        local rows = journal()
        local done = 0
        for _, row in ipairs(rows) do
            is_mine(row)
            done = done + (row.outcome == "done" and 1 or 0)
        end
        assert.are.equal(4, done)
    end)

    it("says nothing where there is no journal", function()
        local environment = { XDG_STATE_HOME = folder .. "/state" }
        if uv.getuid() ~= 0 or not uv.fs_stat("/var/lib/mpijobd") then
            local code, _, err = support.mpijobd_with({ env = environment }, "replace", "--kubeconfig", server.kubeconfig, "-n", "train", "job" .. job, "labels.a=b")
            assert.are.equal(0, code, err)
            assert.are.equal("", err)
        end
        assert.is_nil(uv.fs_stat(folder .. "/state"))
        assert.are.equal(0, (replace("--state", ":memory:", "labels.a=c")))
    end)

    it("is not made where its row cannot be written", function()
        local daemon = start("--control", "none")
        local before = server:count("PUT")
        local code, _, err = replace("--state", folder .. "/s.db", "labels.a=b")
        assert.are.equal(1, code)
        support.contains(err, ("nothing was changed, as it could not be written down: the journal %s/s.db is held by the process %d"):format(folder, daemon.pid))
        support.contains(err, "--no-journal changes it without a row in the journal")
        assert.are.equal(before, server:count("PUT"))
        assert.are.equal(0, (replace("--state", folder .. "/s.db", "--control", "none", "--no-journal", "labels.a=b")))
        assert.are.equal(0, (daemon:stop()))
        code, _, err = replace("--state", folder, "labels.a=c")
        assert.are.equal(1, code)
        support.contains(err, "is a folder")
        code, _, err = support.mpijobd("inspect", "--kubeconfig", server.kubeconfig, "-n", "train", "--fix", "--state", support.write(folder .. "/text", "no database"))
        assert.are.equal(1, code)
        support.contains(err, "nothing was changed")
        assert.are.equal(before + 1, server:count("PUT"))
    end)

    it("that is healed has a row too", function()
        local daemon = start()
        local status = server:request("POST", path, { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob", metadata = { name = "ill" .. job },
            spec = { runPolicy = { cleanPodPolicy = "all" }, mpiReplicaSpecs = { Worker = { replicas = 1,
                template = { spec = { containers = { { name = "w", image = "i" } } } } }, Launcher = { replicas = 1,
                template = { spec = { containers = { { name = "l", image = "i" } } } } } } } })
        assert.are.equal(201, status)
        local _, out, err = support.mpijobd("inspect", "--kubeconfig", server.kubeconfig, "-n", "train", "--fix", "--state", folder .. "/s.db", "ill" .. job)
        support.contains(out, "1 of 1 jobs changed, 0 failed")
        assert.are.equal("", err)
        local rows = journal()
        assert.are.equal(1, #rows)
        assert.are.equal("ill" .. job, rows[1].name)
        assert.are.equal("by hand", rows[1].policy)
        assert.are.equal("done", rows[1].outcome)
        assert.are.equal(0, (daemon:stop()))
    end)

    it("whose command is killed is looked up by the next start", function()
        local daemon = start()
        server:fault "stall:method=PUT"
        local hand = support.daemon({}, "replace", "--kubeconfig", server.kubeconfig, "-n", "train", "job" .. job, "labels.a=b", "--state", folder .. "/s.db")
        assert.is_truthy(support.proc.await(function()
            return #journal() > 0
        end))
        hand:stop("sigkill")
        assert.are.equal(0, (daemon:stop()))
        local row = journal()[1]
        is_mine(row)
        server:clear_faults()
        daemon = start()
        if row.outcome ~= "not-done" then -- it was told that it may send
            assert.is_true(row.outcome == nil or row.outcome == support.json.null)
            daemon:expect("a change was in flight when the daemon ended")
        end
        assert.are.equal(0, (daemon:stop()))
        assert.is_truthy(journal()[1].outcome:find("^not%-done") or journal()[1].outcome:find("^done%-unseen"))
    end)

    it("keeps a daemon that starts waiting, and no longer", function()
        server:fault "delay:method=PUT,ms=700,count=1"
        local hand = support.daemon({}, "replace", "--kubeconfig", server.kubeconfig, "-n", "train", "job" .. job, "labels.a=b", "--state", folder .. "/s.db")
        assert.is_truthy(support.proc.await(function()
            return uv.fs_stat(folder .. "/s.db") and support.read(folder .. "/s.db.lock"):find("for a moment", 1, true)
        end))
        local daemon = start()
        assert.are.equal(0, (hand:wait()), hand.stderr)
        is_mine(journal()[1])
        assert.are.equal("done", journal()[1].outcome)
        local code, _, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", folder .. "/p.lua")
        assert.are.equal(1, code) -- a daemon does not go away
        support.contains(err, ("is used by another mpijobd (process %d): stop that one"):format(daemon.pid))
        assert.are.equal(0, (daemon:stop()))
    end)

    it("outlives the daemon that writes its row", function()
        local daemon = start()
        server:fault "stall-after:method=PUT"
        local hand = support.daemon({}, "replace", "--kubeconfig", server.kubeconfig, "-n", "train", "job" .. job, "labels.a=b", "--state", folder .. "/s.db")
        assert.is_truthy(support.proc.await(function()
            local _, found = server:request("GET", path .. "/job" .. job)
            return found.metadata.labels and found.metadata.labels.a == "b"
        end))
        daemon:stop("sigkill")
        server:clear_faults()
        server:fault "restart" -- the answer is lost, and the job looked up
        assert.are.equal(1, (hand:wait()))
        support.contains(hand.stdout, "job" .. job .. " replaced")
        support.contains(hand.stderr, "what became of a change could not be written down (its row in the journal stays in flight)")
        daemon = start()
        daemon:expect("a change was in flight when the daemon ended")
        assert.are.equal(0, (daemon:stop()))
        assert.are.equal("done-unseen", journal()[1].outcome)
    end)

    it("is told by whoever connects, and ended by the same only", function()
        local daemon = start()
        local socket = folder .. "/s.db.control"
        local c = assert(control.connect(socket))
        local intent = { verb = "intent", args = { server = "https://x", name = "n", verb = "replace", who = "root", policy = "other", epoch = 99,
            diff = "no json", intended_at = 1 } }
        local row = c:ask(intent).result.row
        local read = journal()[1]
        assert.are.equal("by hand", read.policy)
        assert.are.equal(uv.getuid(), read.who.uid)
        assert.are_not.equal(99, read.epoch)
        assert.are.equal("Invalid", c:ask({ verb = "outcome", args = { row = row, outcome = "fine" } }).error.reason)
        assert.are.equal("Invalid", c:ask({ verb = "outcome", args = { row = row, outcome = "done", status = -1 } }).error.reason)
        assert.are.equal("NotFound", c:ask({ verb = "observed", args = { row = row, observed = "seen" } }).error.reason)
        assert.are.equal("NotFound", c:ask({ verb = "outcome", args = { row = row + 1, outcome = "done" } }).error.reason)
        assert.is_nil(c:ask({ verb = "outcome", args = { row = row, outcome = "done", status = 200 } }).error)
        assert.are.equal("NotFound", c:ask({ verb = "outcome", args = { row = row, outcome = "lost" } }).error.reason)
        assert.is_nil(c:ask({ verb = "observed", args = { row = row, observed = "not-seen" } }).error)
        assert.are.equal("NotFound", c:ask({ verb = "observed", args = { row = row, observed = "seen" } }).error.reason)
        read = journal()[1]
        assert.are.equal("done", read.outcome)
        assert.are.equal("not-seen", read.observed)
        -- Who has gone away before the answer has done nothing, and nobody can say otherwise.
        daemon:kill "sigstop"
        local gone = control.connect(folder .. "/s.db.control")
        local small = { verb = "intent", args = { server = server.url, name = "gone", verb = "replace" } }
        gone:send(support.json.encode(small) .. "\n")
        gone:close()
        daemon:kill "sigcont"
        support.proc.await(function()
            read = journal()[1]
            return read.name == "gone" and read.outcome == "not-done"
        end)
        assert.are.equal("not-done", read.outcome)
        assert.are.equal("NotFound", c:ask({ verb = "outcome", args = { row = read.id, outcome = "done" } }).error.reason)
        local _, out = support.mpijobd("journal", "--state", folder .. "/s.db")
        assert.is_nil(out:find("(null)", 1, true))
        -- Several at once, who then goes away.
        for _ = 1, 20 do
            c:send(support.json.encode(intent) .. "\n")
        end
        c:close()
        assert.are.equal(0, (daemon:stop()))
        for _, one in ipairs(journal()) do
            if one.id ~= row then
                assert.is_true(one.outcome == "not-done" or one.outcome == nil or one.outcome == support.json.null)
            end
        end
    end)
end)
