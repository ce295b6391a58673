-- SPDX-License-Identifier: Apache-2.0
-- How much and how fast policies may write: their own limits, and the ceilings over all of them.
local support = require "support"
local sims = require "support.sim"
local http = require "socket.http"

local JOB = [[{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"%s","labels":%s},"spec":{"mpiReplicaSpecs":{
    "Worker":{"replicas":1,"template":{"spec":{"containers":[{"name":"w","image":"i"}]}}},
    "Launcher":{"replicas":1,"template":{"spec":{"containers":[{"name":"l","image":"i"}]}}}}}}]]

describe("limits", function()
    local server, folder, config, daemon, port

    local function configure(limits)
        support.write(config, ("cluster:\n  kubeconfig: %s\nstate: %s/s.db\nlisten: 127.0.0.1:0\n%s"):format(server.kubeconfig, folder, limits))
    end

    local function start(at, policies)
        support.write(folder .. "/p.lua", policies)
        daemon = support.daemon({ stdin = true }, "run", "--no-supervisor", "--config", config, "--clock", at, folder .. "/p.lua")
        port = daemon:expect("metrics and health are served"):match("127%.0%.0%.1:(%d+)")
        daemon:expect("in force")
    end

    local function stop()
        daemon:kill("sigkill")
        daemon:wait()
    end

    local function advance(by)
        daemon:write("advance " .. by .. "\n")
        daemon:expect("clock 20", "stdout")
    end

    local function ask(command, ...)
        return support.mpijobd(command, "--config", config, ...)
    end

    local function journal(policy)
        local code, out, err = ask("journal", "-o", "json", "--policy", policy)
        assert.are.equal(0, code, err)
        local rows = support.json.decode(out)
        table.sort(rows, function(a, b)
            return a.id < b.id
        end)
        return rows
    end

    local function create(name, labels)
        assert.are.equal(201, (server:request("POST", server:path("v2beta1", "train"), JOB:format(name, labels))))
    end

    lazy_setup(function()
        server = sims.start("--version", "v2beta1")
        server:make_namespace "train"
        for i = 1, 5 do
            create("job-" .. i, '{"team":"a"}')
        end
        create("other", '{"team":"b"}')
    end)
    before_each(function()
        folder = support.folder()
        config = folder .. "/mpijobd.yaml"
        configure("")
    end)
    lazy_teardown(support.cleanup)

    local PACED = [[
policy { name = "slow", every = "1h", match = { labels = "team=a" }, replace = { labels = { slow = "%s" } }, limits = { per_second = 0.5 } }
policy { name = "quick", every = "1h", match = { labels = "team=b" }, replace = { labels = { quick = "%s" } } }
]]

    it("space a policy's writes by per_second, and hold up nobody else", function()
        start("2026-03-01T11:59:59Z", PACED:format("one", "one"))
        daemon:write "advance 1s\n" -- answered when nothing is under way any more
        daemon:expect "run ended policy=quick"
        daemon:expect "replaced policy=slow" -- the first one waits for nothing
        for i = 2, 5 do
            daemon:write "advance 1s\n"
            ask("status") -- the daemon has come so far
            assert.are.equal(i - 1, #journal "slow")
            daemon:write "advance 1s\n"
            daemon:expect "replaced policy=slow"
        end
        daemon:expect "run ended policy=slow outcome=done changed=5"
        local rows = journal "slow"
        assert.are.equal(5, #rows)
        for i, row in ipairs(rows) do
            assert.are.equal(("2026-03-01T12:00:0%d.000000Z"):format(2 * (i - 1)), row.intended_at)
        end
        stop()
    end)

    it("keep their pace by the clock of a test", function()
        local place = support.folder()
        support.write(place .. "/p.lua", [[policy { name = "slow", on = "match", match = { phase = "Succeeded", labels = "!freed" }, replace = { labels = { freed = "yes" } },
    limits = { per_second = 0.5 } }]])
        support.write(place .. "/p_spec.lua", [[
            it("spaces its writes", function()
                for i = 1, 3 do cluster.job { name = "job-" .. i, phase = "Succeeded", finished_for = "3h" } end
                clock.advance "1s"
                assert.replaced("default/job-1", { labels = { freed = "yes" } })
                assert.untouched "default/job-2"
                clock.advance "1s"
                assert.replaced "default/job-2"
                assert.untouched "default/job-3"
                clock.advance "2s"
                assert.replaced "default/job-3"
            end)]])
        local code, out, err = support.mpijobd("test", place)
        assert.are.equal(0, code, out .. err)
    end)

    it("leave a run the time that its pace takes, beside its timeout", function()
        support.write(folder .. "/p.lua", [[
policy { name = "sweep", every = "1h", match = { labels = "team=a" }, replace = { labels = { time = "one" } }, limits = { per_second = 2, timeout = "1500ms" } }
policy { name = "function", every = "1h", run = function()
    for job in mpijob.list { namespace = "train" } do
        assert(mpijob.patch(job, { metadata = { labels = { step = "one" } } }))
    end
end, limits = { per_second = 2, timeout = "1500ms" } }]])
        local code, _, err = ask("run", "--once", folder .. "/p.lua")
        assert.are.equal(0, code, err)
        assert.is_true(#journal "sweep" >= 5)
        assert.is_true(#journal "function" >= 6) -- and more where both were at the same job
    end)

    it("do not count percent up to its floor", function()
        local text = [[policy { name = "p", schedule = "0 0 1 1 *", match = { labels = "team=a" }, replace = { labels = { floor = "%s" } }, limits = { %s } }]]
        start("2026-03-01T12:00:00Z", text:format("a", "percent = 10"))
        local code, out = ask("trigger", "p")
        assert.are.equal(0, code)
        support.contains(out, "done: 5 changed")
        stop()
        start("2026-03-01T12:00:00Z", text:format("b", "percent = 10, percent_floor = 4"))
        code, out = ask("trigger", "p")
        assert.are.equal(4, code)
        support.contains(out, "5 of 5 jobs would be changed, and limits.percent allows 10 % (it counts above 4 jobs): nothing was changed")
        stop()
    end)

    it("count all policies together under changes_per_hour, also over a restart", function()
        local text = [[
policy { name = "first", schedule = "0 0 1 1 *", match = { labels = "team=a" }, replace = { labels = { hour = "first" } } }
policy { name = "second", schedule = "0 0 1 1 *", match = { name = { "job-1", "job-2" } }, replace = { labels = { hour = "second" } } }
policy { name = "seen", on = "match", match = { labels = "!seen", name = "late-*" }, replace = { labels = { seen = "yes" } } }
policy { name = "function", schedule = "0 0 1 1 *", run = function()
    for job in mpijob.list { namespace = "train" } do
        local done, err = mpijob.patch(job, { metadata = { labels = { written = "yes" } } })
        if not done then log.warn("refused " .. err.reason) return end
    end
end }
]]
        configure "limits:\n  changes_per_hour: 6\n"
        start("2026-03-01T12:00:00Z", text)
        local code, out = ask("trigger", "first")
        assert.are.equal(0, code, out)
        advance "10m"
        code, out = ask("trigger", "second")
        assert.are.equal(4, code, out)
        local err
        local why = "2 changes would be made, and limits.changes_per_hour of the configuration leaves 1 of 6 for all policies until 2026-03-01T13:00:00Z: nothing was changed"
        support.contains(out, why)
        assert.are.equal(0, #journal "second")
        support.contains(select(2, ask "status"), "[+] changes in the last hour: 5 of 6 (limits.changes_per_hour)\n")
        code, out, err = support.mpijobd_with({ env = { MPIJOBD_CLOCK = "2026-03-01T12:10:00Z" } }, "plan", "--config", config, folder .. "/p.lua")
        assert.are.equal(4, code, err)
        support.contains(out .. err, "leaves 1 of 6")
        stop()

        start("2026-03-01T12:30:00Z", text)
        code, out = ask("trigger", "second")
        assert.are.equal(4, code, out)
        support.contains(out, "leaves 1 of 6")
        code, out = ask("trigger", "function") -- one fits, and the next one ends the run
        assert.are.equal(4, code, out)
        daemon:expect "refused Limit"
        assert.are.equal(1, #journal "function")
        support.contains(select(2, ask "status"), "changes in the last hour: 6 of 6 (limits.changes_per_hour): nothing is written until 2026-03-01T13:00:00Z\n")
        support.contains(http.request("http://127.0.0.1:" .. port .. "/metrics"), "\nmpijobd_changes_last_hour 6\n")
        create("late-1", "{}") -- a policy with `on` goes on by itself
        local line = daemon:expect "run ended policy=seen outcome=limited"
        support.contains(line, "leaves 0 of 6 for all policies until 2026-03-01T13:00:00Z")
        assert.are.equal(0, #journal "seen")
        advance "30m"
        daemon:expect "run ended policy=seen outcome=done changed=1"
        code, out = ask("trigger", "second")
        assert.are.equal(0, code, out)

        local run = support.json.decode((select(2, ask("runs", "--policy", "first", "-o", "json"))))[1].id -- an undo is a run, too
        local function undo(...)
            return support.mpijobd_with({ env = { MPIJOBD_CLOCK = "2026-03-01T13:00:00Z" } }, "undo", ("%d"):format(run), "--config", config, ...)
        end
        code, out, err = undo()
        assert.are.equal(4, code, out .. err)
        support.contains(err, "3 objects would be changed, and limits.changes_per_hour of the configuration leaves 2 of 6 until 2026-03-01T13:30:00Z: nothing was changed")
        code, out, err = undo "--dry-run"
        assert.are.equal(4, code, out .. err)
        code, out, err = undo "--override"
        assert.are.equal(0, code, out .. err)
        support.contains(select(2, ask("runs", "-o", "json")), ("takes back run %d, over limits.changes_per_hour"):format(run))
        stop()
    end)

    it("give way to a person's --override, whose changes count all the same", function()
        configure "limits:\n  changes_per_hour: 3\n"
        local text = [[
policy { name = "wide", schedule = "0 0 1 1 *", match = { labels = "team=a" }, replace = { labels = { over = "wide" } } }
policy { name = "one", schedule = "0 0 1 1 *", match = { labels = "team=b" }, replace = { labels = { over = "one" } } }
policy { name = "function", schedule = "0 0 1 1 *", run = function()
    assert(mpijob.patch("train/other", { metadata = { labels = { written = "twice" } } }))
end }
]]
        start("2026-03-02T12:00:00Z", text)
        local code, out = ask("trigger", "wide")
        local err
        assert.are.equal(4, code, out)
        support.contains(out, "5 changes are more than all policies together may make in an hour")
        code, out = ask("trigger", "wide", "--override")
        assert.are.equal(0, code, out)
        support.contains(out, "done: 5 changed")
        support.contains(select(2, ask("runs", "--policy", "wide")), "manual-override")
        support.contains(select(2, ask "status"), "changes in the last hour: 5 of 3 (limits.changes_per_hour)")
        for _, name in ipairs { "one", "function" } do
            code, out = ask("trigger", name)
            assert.are.equal(4, code, out)
            support.contains(out, "leaves 0 of 3 for all policies until 2026-03-02T13:00:00Z")
            support.contains(out, "Run it again then, or now with --override, or raise the ceiling")
        end
        code, out = ask("trigger", "function", "--override")
        assert.are.equal(0, code, out)
        stop()

        local function at_ten_past(...)
            return support.mpijobd_with({ env = { MPIJOBD_CLOCK = "2026-03-02T12:10:00Z" } }, ...)
        end
        local path = support.write(folder .. "/one.lua", text:match("policy { name = \"one\"[^\n]*"))
        code, out, err = at_ten_past("plan", "--config", config, path)
        assert.are.equal(4, code, out .. err)
        support.contains(err, "A daemon tries again at the policy's next time, or raise the ceiling")
        code, out, err = at_ten_past("run", "--once", "--config", config, path)
        assert.are.equal(4, code, out .. err)
        support.contains(out .. err, "Run it again then, or now with --override")
        code, out, err = at_ten_past("run", "--once", "--override", "--config", config, path)
        assert.are.equal(0, code, out .. err)
        support.contains(select(2, ask("runs", "--policy", "one")), "once-override")
        assert.are.equal(1, #journal "one")
    end)

    it("are told by plan where the policies together come to more than changes_per_hour leaves", function()
        configure "limits:\n  changes_per_hour: 6\n"
        local text = [[
policy { name = "most", schedule = "0 0 1 1 *", match = { labels = "team=a" }, replace = { labels = { together = "yes" } } }
policy { name = "rest", schedule = "0 0 1 1 *", match = { name = { "job-1", "other" } }, replace = { annotations = { together = "yes" } } }
]]
        local path = support.write(folder .. "/p.lua", text)
        local function plan(words, ...)
            local code, out, err = support.mpijobd_with({ env = { MPIJOBD_CLOCK = "2026-03-07T12:00:00Z" } }, "plan", "--config", config, path, ...)
            for _, word in ipairs(words) do
                support.contains(err, word)
            end
            return code, out, err
        end
        local code, out, err = plan({ "7 changes of all policies together, and limits.changes_per_hour of the configuration leaves 6 of 6: " }, "--out", folder .. "/plan.json")
        assert.are.equal(4, code, err)
        support.contains(out, "7 to change")
        assert.is_nil(support.uv.fs_stat(folder .. "/plan.json"))

        support.write(path, (text:gsub('name = "rest"', '%0, dry_run = true')))
        code, out, err = plan({}, "--out", folder .. "/plan.json")
        assert.are.equal(0, code, out .. err)

        support.write(path, (text:gsub('name = "most"', '%0, window = "mon-fri 09:00-18:00", timezone = "UTC"'):gsub("\n.*", "\n")))
        code = plan { 'mpijobd plan: policy "most" is outside its window until 2026-03-09T09:00:00+00:00; it does what is shown after that\n' }
        assert.are.equal(0, code)
        configure "freeze: [ { from: 2026-03-06, until: 2026-03-08, reason: people are away } ]\n"
        code, out, err = plan { "mpijobd plan: changes are frozen until ", ": people are away; policies do what is shown after that\n" }
        assert.are.equal(0, code, out)
        support.lacks(err, "outside its window")
    end)

    it("count the changes of the last hour also where the clock was wrong for a while", function()
        local text = [[
policy { name = "right", schedule = "0 0 1 1 *", match = { labels = "team=a" }, replace = { labels = { clock = "right" } } }
policy { name = "slow", schedule = "0 0 1 1 *", match = { labels = "team=b" }, replace = { labels = { clock = "slow" } } }
policy { name = "fast", schedule = "0 0 1 1 *", match = { labels = "team=b" }, replace = { labels = { clock = "fast" } } }
]]
        configure "limits:\n  changes_per_hour: 20\n"
        local function at(clock, policy, used)
            start(clock, text)
            support.contains(select(2, ask "status"), ("changes in the last hour: %d of 20 "):format(used))
            local code, out = ask("trigger", policy)
            assert.are.equal(0, code, out)
            stop()
        end
        at("2026-04-02T18:00:00Z", "fast", 0) -- hours ahead
        at("2026-04-02T12:00:00Z", "right", 1) -- that one counts as of now
        at("2026-04-02T10:00:00Z", "slow", 6)
        at("2026-04-02T12:10:00Z", "right", 5) -- the slow clock's is no longer one of the last hour
    end)
end)
