-- SPDX-License-Identifier: Apache-2.0
-- The log: what each line of a run has, levels that are set while the daemon runs, and times.
local support = require "support"
local sim = require "support.sim"

describe("the log", function()
    local server, folder
    lazy_setup(function()
        server = sim.start("--version", "v2beta1", "--jobs", "6", "--seed", "1")
        folder = support.folder()
        support.write(folder .. "/p.lua", [[policy { name = "mark", every = "1h", replace = { labels = { marked = "yes" } } }
policy { name = "says", every = "1h", run = function() log.debug("a detail") log.info("said", { n = 1 }) end }
policy { name = "breaks", every = "1h", run = function() error("broken") end }]])
    end)
    lazy_teardown(support.cleanup)

    it("has the run, its policy and the job in each line of a run", function()
        local _, _, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--log-format", "json", folder .. "/p.lua")
        local runs, lines = {}, 0
        for text in err:gmatch "[^\n]+" do
            local line = support.json.decode(text)
            if line.policy then
                lines = lines + 1
                assert.are.equal("number", type(line.run), text)
                assert.are.equal(line.policy, runs[line.run] or line.policy)
                runs[line.run] = line.policy
                if line.message == "replaced" then
                    assert.is_truthy(line.job)
                end
            end
        end
        local named = {}
        for _, policy in pairs(runs) do
            named[policy] = true
        end
        assert.are.same({ mark = true, says = true, breaks = true }, named)
        assert.is_true(lines >= 6 + 2 * 3 + 2, err)
    end)

    it("writes more or less, part by part, as the running daemon is told", function()
        local daemon = support.daemon({}, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/d.db", folder .. "/p.lua")
        daemon:expect "commands may ask this daemon"
        local function level(...)
            local code, out, err = support.mpijobd("log-level", "--state", folder .. "/d.db", ...)
            return code, out, err
        end
        assert.are.same({ 0, "info\n", "" }, { level() })
        support.mpijobd("trigger", "says", "--state", folder .. "/d.db")
        assert.is_nil(daemon.stderr:find(" a detail ", 1, true))
        assert.are.same({ 0, "info\nrun=debug\n", "" }, { level("run=debug") })
        daemon:expect "the level of the log is set levels=\"run=debug\" by="
        support.mpijobd("trigger", "says", "--state", folder .. "/d.db")
        daemon:expect "debug a detail policy=says"
        assert.is_nil(daemon.stderr:find("debug http", 1, true))
        assert.are.same({ 0, '{"level":"error","parts":{"run":"debug","http":"warn"}}', "" }, { (function(code, out, err)
            local told = support.json.decode(out)
            assert.are.same({ level = "error", parts = { run = "debug", http = "warn" }, fold_seconds = 60 }, told)
            return code, '{"level":"error","parts":{"run":"debug","http":"warn"}}', err
        end)(level("error", "http=warn", "-o", "json")) })
        assert.are.same({ 0, "info\n", "" }, { level("run=default,http=default", "default") })
        local code, _, err = level("rum=debug")
        assert.are.equal(2, code)
        support.contains(err, 'the log has no part "rum"; did you mean "run"?')
        code, _, err = level("run=loud")
        assert.are.equal(2, code)
        support.contains(err, '"loud" is no level of the log')
        daemon:kill "sigterm"
        daemon:wait()
    end)

    it("takes levels of parts from its start, too, and times that count from there", function()
        local code, _, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/o.db", "--log-level", "http=debug,warn", "--log-time", "relative",
            folder .. "/p.lua")
        assert.are.equal(1, code)
        assert.is_truthy(err:find "^ *%+%d+%.%d%d%ds debug http method=GET")
        assert.is_nil(err:find(" info ", 1, true))
        code, _, err = support.mpijobd_with({ env = { TZ = "CET-1" } }, "run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/o.db", "--log-time", "local", folder .. "/p.lua")
        assert.are.equal(1, code)
        assert.is_truthy(err:find "^%d+%-%d+%-%d+T%d+:%d+:%d+%+0100 info ")
        code, _, err = support.mpijobd("run", "--log-time", "moon", folder .. "/p.lua")
        assert.are.equal(2, code)
        support.contains(err, "--log-time takes utc, local or relative")
    end)

    it("has a part for each folder of src that writes lines", function()
        local text, there = support.read(support.source .. "/src/base/log_levels.c"), {}
        for name in text:match "log_parts%[%] = {(.-)NULL":gmatch '"(%l+)"' do
            there[name] = true
        end
        local _, files = support.proc.run("/bin/grep", { args = { "-rlE", "log_(event|line)\\(", "--include=*.c", support.source .. "/src" } })
        local wanted = {}
        for name in files:gmatch "/src/(%l+)/[^\n]+%.c\n" do
            wanted[name] = true
        end
        assert.are.same(wanted, there)
    end)
end)
