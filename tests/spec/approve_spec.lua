-- SPDX-License-Identifier: Apache-2.0
-- Policies that ask before they write: their runs wait with a plan, a person decides, and exactly that plan is made.
local support = require "support"
local cluster = require "support.cluster"
local uv = support.uv

local FREE = [[
policy {
  name = "free", schedule = "0 0 1 1 *", match = { namespace = "%s", phase = "Succeeded" }, approval = "%s", %s
  replace = { cleanPodPolicy = "All", labels = { freed = "yes" } },
}
]]

local function daemon_on(server, folder, state, ...)
    local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", state, folder .. "/p.lua", ...)
    daemon:expect("in force")
    return daemon
end

describe("approval", function()
    local version = cluster.versions[4]
    local server, namespace, folder, state, daemon

    lazy_setup(function()
        server = cluster.start(version)
    end)
    lazy_teardown(support.cleanup)

    before_each(function()
        namespace = server:namespace()
        folder = support.folder()
        state = folder .. "/s.db"
    end)
    after_each(function()
        if daemon then
            daemon:stop()
            daemon = nil
        end
    end)

    local function start(text, ...)
        support.write(folder .. "/p.lua", text)
        daemon = daemon_on(server, folder, state, ...)
    end

    local function ask(...)
        local args = { ... }
        args[#args + 1] = "--state"
        args[#args + 1] = state
        return support.mpijobd(table.unpack(args))
    end

    local function freed(name)
        return (server:get(namespace, name).metadata.labels or {}).freed
    end

    local function runs()
        local code, out, err = ask("runs", "-o", "json")
        assert.are.equal(0, code, err)
        local by_id = {}
        for _, row in ipairs(support.json.decode(out)) do
            by_id[math.tointeger(row.id or row.run)] = row
        end
        return by_id
    end

    it("has a run wait, shows its plan, and makes it when a person approves: three rows #cluster", function()
        server:create(namespace, "one", { state = "Succeeded" })
        server:create(namespace, "two", { state = "Succeeded" })
        start(FREE:format(namespace, "always", ""))
        local code, out, err = ask("trigger", "free")
        assert.are.equal(4, code, out .. err)
        support.contains(out, "run 1 of free: waiting: 0 changed")
        support.contains(out, "waits for approval: 2 changes, 0 destructive, ")
        assert.is_nil(freed "one")
        local _, why = ask("why", "free", namespace .. "/one")
        assert.is_truthy(why:find("run 1 waits for approval of its change %(0 of 1%) since [%dT:+-]+, until [%dT:+-]+; `mpijobd approve 1 %-%-dry%-run` shows its plan"), why)
        code, out, err = ask("approve")
        assert.are.equal(0, code, err)
        support.contains(out, "RUN  POLICY")
        code, out, err = ask("approve", "1", "--dry-run")
        assert.are.equal(0, code, err)
        support.contains(out, namespace .. "/one\n+ labels.freed: yes\n")
        support.contains(out, "mpijobd approve 1 makes exactly these")
        assert.is_nil(freed "one")

        code, out, err = ask("trigger", "free") -- what waits does not wait twice
        assert.are.equal(0, code, out .. err)
        code, out, err = ask("approve", "1")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "run 1 is approved: 2 changed, 0 already as planned, 0 left, 0 failed\nthis is run 4; mpijobd undo 4 takes it back\n")
        assert.are.equal("yes", freed "one")
        local rows = runs()
        assert.are.same({ "approved", "approve", "approved" }, { rows[1].outcome, rows[3].trigger, rows[4].trigger })
        assert.are.same({ "approves run 1", uv.getuid(), 2 }, { rows[3].message, rows[3].who.uid, rows[4].changed })
        local _, journal = ask("journal", "4", "-o", "json")
        journal = support.json.decode(journal)
        assert.are.same({ 2, "free", "done" }, { #journal, journal[1].policy, journal[1].outcome })
        code, _, err = ask("approve", "1")
        assert.are.equal(1, code)
        support.contains(err, "no run 1 waits for approval; mpijobd approve lists those that do")
        assert.are.equal(0, (ask("journal", "--verify")))
    end)

    it("leaves what has moved since, and names it", function()
        server:create(namespace, "kept", { state = "Succeeded" })
        server:create(namespace, "moved", { state = "Succeeded" })
        start(FREE:format(namespace, "always", ""))
        assert.are.equal(4, (ask("trigger", "free")))
        assert.are.equal(0, (support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", namespace, "moved", "labels.team=speech", "--no-journal")))
        local _, moved = server:get(namespace, "moved")
        local code, out, err = ask("approve", "1")
        assert.are.equal(3, code, out .. err)
        support.contains(out, "1 changed, 0 already as planned, 1 left, 0 failed")
        daemon:expect("a change of an approved plan is left out policy=free run=1 job=" .. namespace .. "/moved")
        assert.are.equal(moved, (select(2, server:get(namespace, "moved"))))
        assert.are.equal("yes", freed "kept")
        support.contains(runs()[3].message, "makes the plan of run 1; 1 left: " .. namespace .. "/moved")
    end)

    it("over limits only: what is below is written at once", function()
        server:create(namespace, "one", { state = "Succeeded" })
        start(FREE:format(namespace, "over-limits", "limits = { changes = 1 },"))
        assert.are.equal(0, (ask("trigger", "free")))
        assert.are.equal("yes", freed "one")
        server:create(namespace, "two", { state = "Succeeded" })
        server:create(namespace, "three", { state = "Succeeded" })
        assert.are.equal(4, (ask("trigger", "free")))
        assert.is_nil(freed "two")
        local code, out = ask("reject", "2", "--reason", "not this week")
        assert.are.equal(0, code)
        support.contains(out, "run 2 is rejected: nothing of its plan is made")
        assert.is_nil(freed "two")
        local row = runs()[2]
        assert.are.same({ "rejected", "not this week" }, { row.outcome, row.message:match("rejected by .*: (.*)") })
        assert.are.equal(4, (ask("trigger", "free"))) -- the next run asks again
        assert.are.equal(0, (ask("approve", "4")))
        assert.are.equal("yes", freed "three")
    end)

    it("of a policy with on: each job waits once, over a kill -9 too", function()
        start(([[policy { name = "mark", on = "match", match = { namespace = "%s", phase = "Succeeded" }, approval = "always",
            replace = { labels = { freed = "yes" } } }]]):format(namespace))
        server:create(namespace, "one", { state = "Succeeded" })
        daemon:expect("run ended policy=mark outcome=waiting")
        daemon:stop("sigkill")
        daemon = daemon_on(server, folder, state)
        local code, out = ask("approve", "-o", "json")
        assert.are.equal(0, code)
        local waiting = support.json.decode(out)
        assert.are.same({ 1, "mark", 1, 1 }, { #waiting, waiting[1].policy, math.tointeger(waiting[1].run), math.tointeger(waiting[1].changes) })
        server:create(namespace, "two", { state = "Succeeded" })
        daemon:expect("run ended policy=mark outcome=waiting")
        local _, listed = ask("approve", "-o", "json")
        assert.are.equal(2, #support.json.decode(listed))
        code, out = ask("approve", "1")
        assert.are.equal(0, code, out)
        assert.are.equal("yes", freed "one")
        assert.is_nil(freed "two")
    end)

    it("that was given is carried out to its end, over a kill -9 amid it", function()
        local slow = cluster.start(version, "--latency", "40")
        local place = slow:namespace()
        for i = 1, 24 do
            slow:create(place, "job-" .. i, { state = "Succeeded" })
        end
        support.write(folder .. "/p.lua", FREE:format(place, "always", ""))
        daemon = daemon_on(slow, folder, state)
        assert.are.equal(4, (ask("trigger", "free")))
        local asker = support.proc.start(support.binary, { args = { "approve", "1", "--state", state } })
        daemon:expect("replaced policy=free")
        daemon:stop("sigkill")
        asker:wait()
        daemon = daemon_on(slow, folder, state)
        daemon:expect("run ended policy=free outcome=done")
        for i = 1, 24 do
            assert.are.equal("yes", slow:get(place, "job-" .. i).metadata.labels.freed)
        end
        local _, rows = ask("journal", "-o", "json", "--limit", "0")
        local times = {}
        for _, row in ipairs(support.json.decode(rows)) do
            assert.is_truthy(row.outcome == "done" or row.outcome == "done-unseen" or row.outcome == "not-done", row.outcome)
            times[row.name] = (times[row.name] or 0) + (row.outcome == "not-done" and 0 or 1)
        end
        for i = 1, 24 do
            assert.are.equal(1, times["job-" .. i])
        end
        assert.are.equal(0, (daemon:stop())) -- then all is written
        daemon = nil
        assert.are.equal("approved", runs()[1].outcome)
    end)

    it("expires, and warns before", function()
        server:create(namespace, "one", { state = "Succeeded" })
        start(FREE:format(namespace, "always", 'approval_expires = "4h",'), "--clock", "2026-01-01T01:00:00Z")
        assert.are.equal(4, (ask("trigger", "free")))
        daemon:write("advance 3h\n")
        daemon:expect("a run still waits for approval, and its plan expires soon policy=free run=1")
        assert.are.equal(0, (ask("approve", "1", "--dry-run")))
        for _, words in ipairs { { "extend", "1" }, { "extend", "1", "soon" }, { "extend", "1", "0s" }, { "extend", "1", "500ms" } } do
            assert.are.equal(2, (ask(table.unpack(words))))
        end
        local refused, _, why = ask("extend", "1", "31d")
        assert.are.equal(1, refused)
        support.contains(why, "30 days at most")
        refused, _, why = ask("extend", "1", "30d")
        assert.are.equal(1, refused)
        support.contains(why, "may wait until 2026-01-31T04:00:00")
        local done, told, wrong = ask("extend", "1", "2h")
        assert.are.equal(0, done, wrong)
        assert.are.equal("run 1 waits until 2026-01-01T07:00:00Z\n", told)
        -- A decision is no run of the policy, and what waits is told.
        local _, table_of, one
        _, table_of = ask "status"
        assert.is_truthy(table_of:find "\nfree +in force; 1 run waits for approval +%S+ +waiting, 0 changed", table_of)
        _, one = ask("status", "free")
        support.contains(one, "  Last run: 1, 2026-01-01T01:00:00Z (manual by ", "Approval: 1 run waits for approval; mpijobd approve lists what waits")
        _, one = ask("status", "free", "-o", "json")
        one = support.json.decode(one).policies[1]
        assert.are.same({ 1, "waiting", 1 }, { one.last.id, one.last.outcome, one.waits })
        _, one = ask("why", "free", namespace .. "/one", "-o", "json")
        assert.are.same({ 1, "waiting" }, { support.json.decode(one).last_run.id, support.json.decode(one).last_run.outcome })
        daemon:write("advance 1h\n") -- when it would have expired
        assert.are.equal(0, (ask("approve", "1", "--dry-run")))
        daemon:stop("sigkill")
        daemon = daemon_on(server, folder, state, "--clock", "2026-01-01T05:00:00Z")
        daemon:write("advance 1h\n")
        daemon:expect('its plan expires soon policy=free run=1 expires_at=2026-01-01T07:00:00')
        daemon:write("advance 1h\n")
        daemon:expect("nobody has approved the plan of a run, and it has expired policy=free run=1")
        local code, _, err = ask("approve", "1")
        assert.are.equal(1, code)
        support.contains(err, "no run 1 waits")
        assert.are.equal(0, (daemon:stop()))
        daemon = nil
        assert.are.same({ "expired", "nobody has approved it in time" }, { runs()[1].outcome, runs()[1].message })
        assert.are.same({ "extend", "done", uv.getuid() }, { runs()[2].trigger, runs()[2].outcome, runs()[2].who.uid })
        support.contains(runs()[2].message, "extends run 1 until 2026-01-01T07:00:00")
        assert.is_nil(freed "one")
    end)

    it("is not given while the policy is paused, and has no plan without a state", function()
        server:create(namespace, "one", { state = "Succeeded" })
        start(FREE:format(namespace, "always", ""), "--listen", "127.0.0.1:0")
        assert.are.equal(4, (ask("trigger", "free")))
        local url = daemon.stderr:match("metrics and health are served[^\n]*url=(%S+)")
        local _, metrics = support.proc.run("/usr/bin/curl", { args = { "-sS", url .. "/metrics" } })
        support.contains(metrics, 'mpijobd_runs_waiting{policy="free"} 1\n')
        assert.are.equal(0, (ask("pause", "free")))
        local code, _, err = ask("approve", "1")
        assert.are.equal(1, code)
        support.contains(err, "paused")
        assert.are.equal(0, (ask("resume", "free")))
        assert.are.equal(0, (ask("approve", "1")))
        for _, words in ipairs { { "approve", "x" }, { "approve", "1", "2" }, { "reject" }, { "reject", "0" } } do
            code, _, err = ask(table.unpack(words))
            assert.are.equal(2, code, err)
        end
    end)

    it("has a bound: what does not fit beside the others does not wait", function()
        local long = ("x"):rep(900000)
        for i = 1, 14 do
            local status = server:request("POST", server:path(namespace), { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob", metadata = { name = "long-" .. i, labels = { team = "long" } },
                spec = { mpiReplicaSpecs = { Launcher = { replicas = 1, template = { spec = { containers = { { name = "x", image = "x", args = { long } } } } } } } } })
            assert.are.equal(201, status)
        end
        start(([[policy { name = "free", schedule = "0 0 1 1 *", match = { namespace = "%s", labels = "team=long" }, approval = "always", replace = { labels = { freed = "yes" } } }
            policy { name = "one", schedule = "0 0 1 1 *", match = { namespace = "%s", name = "long-1" }, approval = "always", replace = { labels = { freed = "yes" } } }]]):format(namespace, namespace))
        local code, out = ask("trigger", "free")
        assert.are.equal(4, code)
        support.contains(out, "run 1 of free: limited: ")
        support.contains(out, "0 runs wait for approval already, with plans of 0 MiB; all together may be 2000, of 32 MiB, and this one has ")
        assert.are.equal(4, (ask("trigger", "one")))
        local _, listed = ask("approve", "-o", "json")
        assert.are.equal(1, #support.json.decode(listed))
        assert.are.equal(0, (ask("approve", "2")))
        assert.are.equal("yes", freed "long-1")
    end)

    it("of run --once ends with 4, and the daemon has it later", function()
        server:create(namespace, "one", { state = "Succeeded" })
        support.write(folder .. "/p.lua", FREE:format(namespace, "always", ""))
        local code, out, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", state, folder .. "/p.lua")
        assert.are.equal(4, code, out .. err)
        support.contains(out, "1 run: 0 changed, 0 as they should be, 0 failed; 1 run waits for approval: mpijobd approve asks the daemon that has this state\n")
        assert.is_nil(freed "one")
        daemon = daemon_on(server, folder, state)
        code, out, err = ask("approve", "1")
        assert.are.equal(0, code, out .. err)
        assert.are.equal("yes", freed "one")
    end)
end)
