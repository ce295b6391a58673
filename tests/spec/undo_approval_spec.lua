-- SPDX-License-Identifier: Apache-2.0
-- An undo is a run: where the run's policy or the daemon asks for approval it waits as a run of a policy does, and limits hold for it.
local support = require "support"
local cluster = require "support.cluster"
local control = require "support.control"
local uv = support.uv

local FREE = [[
policy { name = "free", schedule = "0 0 1 1 *", match = { namespace = "%s", phase = "Succeeded" }, %s
  replace = { cleanPodPolicy = "All", labels = { freed = "yes" } } }
]]

describe("an undo under approval", function()
    local server, namespace, folder, state, daemon, config
    local BY_USER <const> = 12001

    lazy_setup(function()
        server = cluster.start(cluster.versions[4])
    end)
    lazy_teardown(support.cleanup)

    before_each(function()
        namespace = server:namespace()
        folder = support.folder()
        state = folder .. "/s.db"
        config = folder .. "/mpijobd.yaml"
    end)
    after_each(function()
        if daemon then
            daemon:stop()
            daemon = nil
        end
    end)

    local function write(keys)
        support.write(folder .. "/p.lua", FREE:format(namespace, keys))
    end

    local function start(keys, more)
        write(keys)
        support.write(config, ("cluster: { kubeconfig: %s }\nstate: %s\npolicies: [ %s/p.lua ]\n%s"):format(server.kubeconfig, state, folder, more or ""))
        daemon = support.daemon({}, "run", "--config", config)
        daemon:expect("in force")
    end

    local function ask(...)
        local args = { ... }
        args[#args + 1] = "--config"
        args[#args + 1] = config
        return support.mpijobd(table.unpack(args))
    end

    local function freed(name)
        return (server:get(namespace, name).metadata.labels or {}).freed
    end

    local function told(run)
        local code, out, err = ask("runs", tostring(run), "-o", "json")
        assert.are.equal(0, code, err)
        local row = support.json.decode(out)[1]
        return { row.policy, row.trigger, row.outcome }
    end

    -- A run of the policy that has changed these jobs; its number.
    local function changed(...)
        for _, name in ipairs { ... } do
            server:create(namespace, name, { state = "Succeeded" })
        end
        local code, out, err = ask("trigger", "free")
        if code == 4 then
            code, out, err = ask("approve", out:match "run (%d+) of free")
        end
        assert.are.equal(0, code, out .. err)
        return out:match "this is run (%d+)" or out:match "run (%d+) of free"
    end

    it("waits with its plan where the policy asks for approval, outlives a kill -9, and is made as it was approved", function()
        start 'approval = "always",'
        local run = changed("one", "two", "mine")
        assert.are.equal(200, (server:request("PATCH", server:path(namespace, "mine"), '{"metadata":{"labels":{"freed":"later"}}}', "application/merge-patch+json")))
        local code, out, err = ask("undo", run)
        assert.are.equal(4, code, out .. err)
        local waiting = out:match "run (%d+) waits for approval, as the policy of the run says approval: 3 changes, 0 destructive, %d inert; mpijobd approve %d+ %-%-dry%-run shows it"
        assert.is_truthy(waiting, out)
        support.contains(out, ('left: %s/mine /metadata/labels/freed: it is "later" now, and the run had written "yes"\n'):format(namespace))
        assert.are.equal(1, support.count(out, "does not come back: "), out)
        support.contains(out, " and 2 others (the controller removes all workers now; the launcher stays)\n")
        assert.are.equal("yes", freed "one")
        assert.are.same({ "by hand", "undo", "waiting" }, told(waiting))
        daemon:stop("sigkill")
        daemon = support.daemon({}, "run", "--config", config)
        daemon:expect("in force")
        support.contains(select(2, ask "approve"), "undo of run " .. run)
        support.contains(select(2, ask("approve", waiting, "--dry-run")), namespace .. "/one\n- labels.freed: yes\n")
        assert.are.equal(200, (server:request("PATCH", server:path(namespace, "two"), '{"metadata":{"labels":{"x":"y"}}}', "application/merge-patch+json")))
        code, out, err = ask("approve", waiting)
        assert.are.equal(3, code, out .. err)
        support.contains(out, ("run %s is approved: 2 changed, 0 already as planned, 1 left, 0 failed"):format(waiting))
        local made = out:match "this is run (%d+)"
        assert.are.same({ nil, "yes", "later" }, { freed "one", freed "two", freed "mine" })
        assert.are.same({ "by hand", "approved", "partial" }, told(made))
        assert.are.same({ "by hand", "undo", "approved" }, told(waiting))

        -- What takes the undo back makes the policy's changes once more.
        code, out, err = ask("undo", made)
        assert.are.equal(4, code, out .. err)
        waiting = out:match "run (%d+) waits for approval"
        assert.are.equal(0, (ask("reject", waiting, "--reason", "no")))
        assert.are.same({ "by hand", "undo", "rejected" }, told(waiting))
        assert.is_nil(freed "one")
        assert.are.equal(0, (ask("journal", "--verify")))
    end)

    it("waits also where the policy of the run is not in force any more, as long as another has approval", function()
        start 'approval = "always",'
        local run = changed("one", "two")
        local function another(approval)
            local other = FREE:gsub('"free"', '"other"'):format(namespace, approval)
            support.write(folder .. "/p.lua", other)
            assert.are.equal(0, (ask "reload"))
        end
        another 'approval = "always",'
        local code, out, err = ask("undo", run, "--job", namespace .. "/one")
        assert.are.equal(4, code, out .. err)
        local waiting = out:match "run (%d+) waits for approval, as the policy that first made these changes is not known or not in force, and policies here have approval: 1 change, 0 destructive"
        assert.is_truthy(waiting, out)
        assert.are.equal("yes", freed "one")
        code, out, err = ask("approve", waiting)
        assert.are.equal(0, code, out .. err)
        assert.is_nil(freed "one")
        code, out, err = ask("undo", out:match "this is run (%d+)")
        assert.are.equal(4, code, out .. err)
        assert.is_nil(freed "one")
        another 'limits = { changes = 9 }, approval = "over-limits",'
        assert.are.equal(4, (ask("undo", run)))
        another ""
        assert.are.equal(0, (ask("undo", run)))
        assert.is_nil(freed "two")
    end)

    it("does not go past a running daemon by another socket", function()
        start 'approval = "always",'
        local run = changed "one"
        local code, out, err = ask("undo", run, "--no-journal", "--control", folder .. "/nowhere")
        assert.are.equal(1, code, out)
        support.contains(err, "is held by the process ")
        support.contains(err, "Ask it at its own socket (--control), or stop it first")
        assert.are.equal(1, (ask("undo", run, "--no-journal", "--control", "none")))
        assert.are.equal("yes", freed "one")
        daemon:stop()
        daemon = nil
        code, out, err = ask("undo", run, "--no-journal", "--control", folder .. "/nowhere")
        assert.are.equal(0, code, out .. err)
        assert.is_nil(freed "one")
    end)

    it("is for those whom the configuration names, and not for who wants it", function()
        if uv.getuid() ~= 0 then
            return pending "only root can ask as another user"
        end
        local place = assert(uv.fs_mkdtemp "/tmp/mpijobd-undo-XXXXXX") -- folders of specs are closed to other users
        assert(uv.fs_chmod(place, tonumber("755", 8)))
        finally(function()
            daemon:stop()
            daemon = nil
            os.remove(place .. "/control.lock")
            uv.fs_rmdir(place)
        end)
        start("", ('control: %s/control\napprovers: { users: [ "%d", root ], not_the_trigger: true }\n'):format(place, BY_USER))
        local run = changed "one"
        local code, out, err = ask("undo", run, "--no-journal")
        assert.are.equal(4, code, out .. err)
        local waiting = out:match "run (%d+) waits for approval, as the configuration names approvers: 1 change, 0 destructive"
        assert.is_truthy(waiting, out)
        code, out, err = ask("approve", waiting)
        assert.are.equal(1, code, out)
        support.contains(err, "root may not approve what root triggered")
        local user = tostring(BY_USER)
        local as = { "--reuid=" .. user, "--regid=" .. user, "--clear-groups", support.binary, "approve", waiting, "--control", place .. "/control" }
        code, out, err = support.proc.run("/usr/bin/setpriv", { args = as, env = { HOME = "/", PATH = os.getenv "PATH" } })
        assert.are.equal(0, code, out .. err)
        assert.is_nil(freed "one")
    end)

    it("is held to the limits of the policy and to the ceiling of an hour, which counts it", function()
        start("", "limits:\n  changes_per_hour: 5\n")
        local run = changed("one", "two")
        write "limits = { changes = 1 },"
        assert.are.equal(0, (ask "reload"))
        local code, out, err = ask("undo", run)
        assert.are.equal(4, code, out .. err)
        support.contains(err, "2 objects would be changed, and limits.changes of policy free allows 1: nothing was changed")
        assert.are.equal("yes", freed "one")
        write 'limits = { changes = 1 }, approval = "over-limits",'
        assert.are.equal(0, (ask "reload"))
        code, out, err = ask("undo", run)
        assert.are.equal(4, code, out .. err)
        support.contains(out, "waits for approval, as it exceeds limits.changes: 2 changes")
        code, out, err = ask("undo", run, "--job", namespace .. "/one")
        assert.are.equal(0, code, out .. err)
        support.contains(select(2, ask "status"), "changes in the last hour: 3 of 5 (limits.changes_per_hour)")
        local waiting = select(2, ask "approve"):match "\n(%d+)"
        code, out, err = ask("approve", waiting)
        assert.are.equal(0, code, out .. err)
        support.contains(out, "1 changed, 1 already as planned, 0 left")
        support.contains(select(2, ask "status"), "changes in the last hour: 4 of 5 (limits.changes_per_hour)")
        daemon:stop()
        daemon = support.daemon({}, "run", "--config", config)
        daemon:expect("in force")
        support.contains(select(2, ask "status"), "changes in the last hour: 4 of 5 (limits.changes_per_hour)")
    end)

    it("is held to a share of the policy's jobs, and to the daemon's ceiling where the command does not know it", function()
        start("", "limits:\n  changes_per_hour: 6\n")
        for _, name in ipairs { "four", "five" } do
            server:create(namespace, name, { state = "Failed" })
        end
        local run = changed("one", "two", "three")
        write "limits = { percent = 50, percent_floor = 1 },"
        assert.are.equal(0, (ask "reload"))
        local code, out, err = ask("undo", run)
        assert.are.equal(4, code, out .. err)
        support.contains(err, "3 objects would be changed, and limits.percent of policy free allows 50 % of its 5 jobs: nothing was changed")
        local c = assert(control.connect(state .. ".control"))
        support.contains(c:ask({ verb = "undo", args = { run = math.tointeger(run) } }).error.message, '3 objects would be changed, and limits.percent of policy "free" allows 50 % of its 5 jobs')
        c:close()
        write 'limits = { percent = 50, percent_floor = 1 }, approval = "over-limits",'
        assert.are.equal(0, (ask "reload"))
        code, out, err = ask("undo", run)
        assert.are.equal(4, code, out .. err)
        local waiting = out:match "run (%d+) waits for approval, as it exceeds limits.percent: 3 changes"
        assert.is_truthy(waiting, out)
        assert.are.equal("yes", freed "one")
        code, out, err = ask("undo", run, "--job", namespace .. "/one") -- one is no crowd
        assert.are.equal(0, code, out .. err)
        code, out, err = ask("undo", out:match "this is run (%d+)")
        assert.are.equal(0, code, out .. err)
        -- Five of six: the ceiling holds for what was approved, too, and where the command does not have the configuration.
        code, out, err = ask("approve", waiting)
        assert.are.equal(1, code, out)
        support.contains(err, "is approved, and was not made: 2 changes would be made, and limits.changes_per_hour of the configuration leaves 1 of 6")
        assert.are.same({ "yes", "yes", "yes" }, { freed "one", freed "two", freed "three" })
        assert.are.same({ "by hand", "undo", "waiting" }, told(waiting))
        assert.are.equal(0, (ask("reject", waiting)))
        write ""
        assert.are.equal(0, (ask "reload"))
        code, out, err = support.mpijobd("undo", run, "--state", state, "--kubeconfig", server.kubeconfig)
        assert.are.equal(4, code, out .. err)
        support.contains(err, "3 objects would be changed, and limits.changes_per_hour of the configuration leaves 1 of 6 now: nothing was changed")
    end)

    it("writes as slowly as the policy does, by whoever it is made", function()
        start "limits = { per_second = 5, concurrency = 1 },"
        local run = changed("one", "two", "three")
        local function spaced(number)
            local code, out, err = ask("journal", tostring(number), "-o", "json")
            assert.are.equal(0, code, err)
            local rows = support.json.decode(out)
            assert.are.equal(3, #rows)
            for i = 2, #rows do -- the newest first; a fifth of a second between the turns of two
                local function second(at)
                    local hours, minutes, seconds = at:match "T(%d+):(%d+):([%d.]+)Z"
                    return hours * 3600 + minutes * 60 + tonumber(seconds)
                end
                local apart = (second(rows[i - 1].intended_at) - second(rows[i].intended_at)) % 86400
                assert.is_true(apart > 0.1, rows[i - 1].intended_at .. " " .. rows[i].intended_at)
            end
        end
        local code, out, err = ask("undo", run)
        assert.are.equal(0, code, out .. err)
        local made = out:match "this is run (%d+)"
        spaced(made)
        local c = assert(control.connect(state .. ".control"))
        made = math.tointeger(c:ask({ verb = "undo", args = { run = math.tointeger(made) } }).result.undo_run)
        spaced(made)
        c:close()
        write 'limits = { per_second = 5 }, approval = "always",'
        assert.are.equal(0, (ask "reload"))
        code, out, err = ask("undo", run)
        assert.are.equal(4, code, out .. err)
        code, out, err = ask("approve", out:match "run (%d+) waits")
        assert.are.equal(0, code, out .. err)
        spaced(out:match "this is run (%d+)")
    end)

    it("takes turns with the policy's runs and with other undos, at the daemon, whoever makes it", function()
        write 'limits = { per_second = 0.5, concurrency = 4 },'
        support.write(config, ("cluster: { kubeconfig: %s }\nstate: %s\npolicies: [ %s/p.lua ]\n"):format(server.kubeconfig, state, folder))
        daemon = support.daemon({ stdin = true }, "run", "--config", config, "--clock", "2026-12-01T00:00:00Z", "--log-level", "debug")
        daemon:expect "in force"
        local function puts()
            return #server.sim:requests("method=PUT&path=*/" .. namespace .. "/mpijobs/*&status=200")
        end
        local function begin(...) return support.daemon(nil, ...) end
        for _, name in ipairs { "one", "two", "three" } do
            server:create(namespace, name, { state = "Succeeded" })
        end
        server.sim:forget_requests()
        local trigger = begin("trigger", "free", "--config", config)
        for _, n in ipairs { 1, 2 } do
            support.proc.await(function() return puts() == n end)
            daemon:write "advance 2s\n"
        end
        assert.are.equal(0, (trigger:wait()))
        local run = trigger.stdout:match "run (%d+) of free"
        assert.are.equal(3, puts())

        -- The last write of the run was just now: three of two commands wait, and each has its turn two seconds after another.
        local of_one = begin("undo", run, "--job", namespace .. "/one", "--config", config)
        daemon:expect "the write of an undo waits for its turn"
        local of_two = begin("undo", run, "--job", namespace .. "/two", "--config", config)
        daemon:expect "the write of an undo waits for its turn"
        assert.are.equal(3, puts())
        daemon:write "advance 1s\n"
        assert.are.equal(0, (ask "status")) -- the daemon has come to that instant
        assert.are.equal(3, puts())
        daemon:write "advance 1s\n"
        assert.are.equal(0, (of_one:wait()))
        assert.are.same({ 4, nil, "yes" }, { puts(), freed "one", freed "two" })
        -- One that is made by the daemon waits behind the command.
        local c = assert(control.connect(state .. ".control"))
        c:send(support.json.encode { verb = "undo", args = { run = math.tointeger(run), job = namespace .. "/three" } } .. "\n")
        support.proc.await(function() return support.count(select(2, ask("runs")), "undo") == 3 end)
        assert.are.equal(4, puts())
        daemon:write "advance 2s\n"
        assert.are.equal(0, (of_two:wait()))
        assert.are.same({ 5, nil, "yes" }, { puts(), freed "two", freed "three" })
        daemon:write "advance 2s\n"
        support.proc.await(function() return puts() == 6 end)
        assert.is_nil(freed "three")
        c:close()
    end)

    it("waits no longer where the daemon ends, and is told where two others are being worked out", function()
        start "limits = { per_second = 0.001 },"
        server:create(namespace, "one", { state = "Succeeded" })
        local run = changed()
        local undo = support.daemon(nil, "undo", run, "--config", config)
        support.proc.await(function() return support.count(select(2, ask("runs")), "undo") == 1 end)
        assert.are.equal("yes", freed "one")
        local code = daemon:stop()
        assert(code == 0, daemon.stderr)
        daemon = nil
        assert.are.equal(1, (undo:wait())) -- it waits no longer, and has no journal any more
        support.contains(undo.stderr, "nothing was sent, because the journal cannot be written")
        assert.are.equal("yes", freed "one")

        start "limits = { changes = 10 },"
        server.sim:fault { fault = "stall", method = "GET", path = "*/mpijobs/one" }
        local c = assert(control.connect(state .. ".control"))
        for _ = 1, 2 do
            c:send(support.json.encode { verb = "undo", args = { run = math.tointeger(run) } } .. "\n")
        end
        support.proc.await(function() return #server.sim:requests("method=GET&path=*/mpijobs/one&status=0") >= 2 end)
        local out, err
        code, out, err = ask("undo", run)
        assert.are.equal(4, code, out .. err)
        support.contains(err, "2 others are being worked out now; ask again in a moment")
        server.sim:clear_faults()
        c:close()
    end)

    it("puts back the labels of a Secret by the daemon and after approval, too, and holds nothing that is in it", function()
        local secrets = "/api/v1/namespaces/" .. namespace .. "/secrets"
        assert.are.equal(201, (server:request("POST", secrets, { apiVersion = "v1", kind = "Secret", metadata = { name = "s", labels = { kept = "1" } }, data = { pw = "b25lb25l" } })))
        local other = ([[
policy { name = "marks", schedule = "0 0 1 1 *", run = function()
    assert(kube.patch("v1", "Secret", "%s/s", { metadata = { labels = { freed = "yes", kept = "2" } } }))
    kube.create { apiVersion = "v1", kind = "Secret", metadata = { name = "made", namespace = "%s" }, data = { pw = ("b25l"):rep(2) } }
end }
]]):format(namespace, namespace)
        start ""
        local function secret(name)
            local status, raw = server:request("GET", secrets .. "/" .. name)
            return status == 200 and support.json.decode(raw) or nil
        end
        local function marked(keys)
            support.write(folder .. "/p.lua", (other:gsub("run = function", keys .. " run = function", 1)))
            assert.are.equal(0, (ask "reload"))
            local code, out, err = ask("trigger", "marks")
            assert.are.equal(0, code, out .. err)
            assert.are.same({ freed = "yes", kept = "2" }, secret "s".metadata.labels)
            return out:match "run (%d+) of marks"
        end
        local run = marked ""
        local c = assert(control.connect(state .. ".control"))
        local made = c:ask({ verb = "undo", args = { run = math.tointeger(run) } }).result
        assert.are.same({ 2, 0, 0 }, { made.back, made.left, made.failed })
        assert.are.same({ kept = "1" }, secret "s".metadata.labels)
        assert.are.equal("b25lb25l", secret "s".data.pw)
        assert.is_nil(secret "made")

        run = marked ""
        support.write(folder .. "/p.lua", (other:gsub("run = function", 'approval = "always", run = function', 1)))
        assert.are.equal(0, (ask "reload"))
        local code, out, err = ask("undo", run)
        assert.are.equal(4, code, out .. err)
        local waiting = out:match "run (%d+) waits for approval, as the policy of the run says approval: 2 changes"
        assert.is_truthy(waiting, out)
        local shown = c:ask({ verb = "waiting", args = { run = math.tointeger(waiting) } })
        support.lacks(support.json.encode(shown), "b25lb25l")
        c:close()
        assert.are.equal(0, (daemon:stop()))
        local file = assert(io.open(state, "rb"))
        support.lacks(file:read "a", "b25lb25l")
        file:close()
        daemon = support.daemon({}, "run", "--config", config)
        daemon:expect "in force"
        code, out, err = ask("approve", waiting)
        assert.are.equal(0, code, out .. err)
        support.contains(out, "2 changed, 0 already as planned, 0 left, 0 failed")
        assert.are.same({ kept = "1" }, secret "s".metadata.labels)
        assert.is_nil(secret "made")
    end)

    it("is worked out, or made, by the daemon over its control socket", function()
        start ""
        local run = math.tointeger(changed("one", "two"))
        local c = assert(control.connect(state .. ".control"))
        local would = c:ask({ verb = "undo", args = { run = run, dry_run = true } }).result
        assert.are.same({ run, false, 2, 0, 2 }, { would.run, would.waits, would.changes, would.back, #would.objects })
        for _, object in ipairs(would.objects) do
            assert.are.equal("back", object.outcome)
            support.contains(object.object, namespace .. "/")
        end
        assert.are.equal("yes", freed "one")
        local one = c:ask({ verb = "undo", args = { run = run, job = namespace .. "/one" } }).result
        assert.are.same({ false, 1, 1, 0 }, { one.waits, one.back, one.changes, one.failed })
        assert.is_nil(freed "one")
        assert.are.same({ "by hand", "undo", "done" }, told(math.tointeger(one.undo_run)))
        local again = c:ask({ verb = "undo", args = { run = run, job = namespace .. "/one" } }).result
        assert.are.same({ 0, 0, 1 }, { again.back, again.changes, again.unchanged })
        assert.are.equal(support.json.null or nil, again.undo_run)
        support.contains(c:ask({ verb = "undo", args = { run = 99 } }).error.message, "there is no run 99")
        support.contains(c:ask({ verb = "undo", args = {} }).error.message, "the args name the run")
        c:close()
    end)
end)
