-- SPDX-License-Identifier: Apache-2.0
-- Lines of the log that repeat: the first comes at once, the others as a count, and nothing is lost.
local support = require "support"
local sim = require "support.sim"
local train = require "support.train"
local http = require "socket.http"

local MANY <const> = 400

describe("a line of the log that repeats", function()
    local server, folder, url
    lazy_setup(function()
        server = sim.start("--version", "v2beta1", "--jobs", tostring(MANY), "--seed", "1")
        folder = support.folder()
        support.write(folder .. "/says.lua", [[policy { name = "says", every = "1h", run = function()
    for _ = 1, 1000 do log.warn("the cache is cold", { cache = "a" }) end
    log.info("done")
end }]])
        support.write(folder .. "/mark.lua", [[policy { name = "mark", every = "1h", replace = { labels = { marked = "yes" } } }]])
        support.write(folder .. "/fails.lua", [[policy { name = "fails", every = "1h", replace = { labels = { marked = "yes" } },
    match = { where = function(job) error("no owner is known of " .. job.key) end } }]])
    end)
    lazy_teardown(support.cleanup)
    before_each(function()
        server:clear_faults()
    end)

    local function once(policy, ...)
        return support.mpijobd("run", folder .. "/" .. policy .. ".lua", "--once", "--kubeconfig", server.kubeconfig, "--state", ":memory:", ...)
    end
    local function lines(text)
        local all = {}
        for line in text:gmatch "[^\n]+" do
            all[#all + 1] = support.json.decode(line)
        end
        return all
    end
    local function daemon()
        local started = support.daemon({ stdin = true }, "run", "--no-supervisor", "--kubeconfig", server.kubeconfig, "--state", folder .. "/d.db",
            "--listen", "127.0.0.1:0", "--clock", "2026-12-01T00:00:00Z", folder .. "/mark.lua")
        url = started:expect("metrics and health are served"):match "url=(%S+)"
        started:expect "in force"
        return started
    end
    local function log_level(...)
        return support.mpijobd("log-level", "--state", folder .. "/d.db", ...)
    end
    local function metric(level)
        return tonumber(http.request(url .. "/metrics"):match('mpijobd_log_lines_folded_total{level="' .. level .. '"} (%S+)'))
    end

    it("is written once, and once more with the count before what comes next", function()
        local code, _, err = once("says", "--log-format", "json")
        assert.are.equal(0, code, err)
        local said = {}
        for _, line in ipairs(lines(err)) do
            if line.policy == "says" and line.message ~= "run starts" and line.message ~= "run ended" then
                said[#said + 1] = line
            end
        end
        assert.are.equal(3, #said, err)
        local first, count = said[1], said[2]
        assert.are.equal("done", said[3].message)
        assert.are.equal(999, count.repeated)
        assert.is_truthy(count.repeated_since <= count.repeated_until)
        assert.is_nil(first.repeated)
        for _, name in ipairs { "level", "message", "cache", "policy", "run" } do
            assert.are.equal(first[name], count[name], name)
        end
        _, _, err = once("says")
        assert.are.equal(2, support.count(err, "the cache is cold"))
        assert.is_truthy(err:find("warn  the cache is cold policy=says cache=a run=1 repeated=999 repeated_since=20%S+ repeated_until=20%S+\n"))
    end)

    it("is a thousand jobs that fail for one reason: ten lines, and then counts that name the others", function()
        local code, _, err = once("fails", "--log-format", "json")
        assert.are.equal(3, code, err:sub(-1000))
        local of, whole, counts, total, ended = {}, 0, 0, 0, false
        for _, line in ipairs(lines(err)) do
            if line.message:find "no owner" then
                assert.is_false(ended)
                assert.are.same({ "fails", 1, "error" }, { line.policy, line.run, line.level })
                whole, counts = whole + (line.job and not line.repeated and 1 or 0), counts + (line.repeated and 1 or 0)
                total = total + (line.repeated or 1)
                for _, job in ipairs(line.repeated_jobs or { line.job }) do
                    assert.is_nil(of[job])
                    of[job] = true
                end
            end
            ended = ended or line.message == "run ended"
        end
        local jobs = 0
        for _ in pairs(of) do
            jobs = jobs + 1
        end
        -- The first has a traceback besides, and so is not the same. The counts come before the run's end.
        assert.are.same({ MANY, MANY, 1 + 10, true }, { jobs, total, whole, ended })
        assert.is_true(counts >= 1 and counts <= 1 + MANY // 50, err)
        _, _, err = once("fails")
        assert.is_truthy(err:find("no owner is known of %* policy=fails run=1 repeated=%d+ [^\n]+\n    %S+/%S+ %S+/%S+"))
    end)

    it("is a server that does not take them, in whatever namespace they are", function()
        local small = sim.start("--version", "v2beta1", "--jobs", "25", "--seed", "1")
        small:fault "status:code=503,method=PUT,path=*/mpijobs/*"
        local code, _, err = support.mpijobd("run", folder .. "/mark.lua", "--once", "--kubeconfig", small.kubeconfig, "--state", ":memory:", "--log-format", "json")
        assert.are.equal(3, code, err)
        local whole, total, namespaces = 0, 0, {}
        for _, line in ipairs(lines(err)) do
            if line.message == "not replaced" then
                whole, total = whole + (line.repeated and 0 or 1), total + (line.repeated or 1)
                support.contains(line.error, (line.job or "*") .. ": given up after ")
                for _, job in ipairs(line.repeated_jobs or {}) do
                    namespaces[job:match "^[^/]+"] = true
                end
            end
        end
        assert.are.same({ 10, 25 }, { whole, total }, err)
        assert.is_truthy(next(namespaces, next(namespaces)), err)
    end)

    it("is written each time where that is asked for", function()
        local _, _, err = once("says", "--log-fold", "false")
        assert.are.equal(1000, support.count(err, "the cache is cold"))
        support.write(folder .. "/c.yaml", "log:\n  fold: false\n")
        _, _, err = once("says", "--config", folder .. "/c.yaml")
        assert.are.equal(1000, support.count(err, "the cache is cold"))
        _, _, err = once("says", "--config", folder .. "/c.yaml", "--log-fold", "30s")
        assert.are.equal(2, support.count(err, "the cache is cold"))
        for value, told in pairs { ["2h"] = '"2h"', ["true"] = '"a boolean"', ["500ms"] = '"500ms"', ["60"] = '"a number"' } do
            support.write(folder .. "/c.yaml", "log:\n  fold: " .. value .. "\n")
            local code
            code, _, err = once("says", "--config", folder .. "/c.yaml")
            assert.are.equal(1, code, value)
            support.contains(err, "c.yaml:2: log.fold has to be a duration from 1s to 1h, or false, not " .. told)
        end
        local code
        code, _, err = once("says", "--log-fold", "soon")
        assert.are.equal(2, code)
        support.contains(err, '--log-fold: has to be a duration from 1s to 1h, or false, not "soon"')
    end)

    -- What a person sets twice is a line that repeats, and of no run.
    it("is told of after a minute of the daemon's clock, at a reload and at the end; a person can turn it off meanwhile", function()
        local it_is = daemon()
        for _ = 1, 4 do
            assert.are.equal(0, (log_level "info"))
        end
        assert.are.equal(3, metric "warn")
        assert.are.equal(0, metric "error")
        assert.are.equal(1, support.count(it_is.stderr, "the level of the log is set"))
        train.move(it_is, "advance 59s")
        assert.are.equal(1, support.count(it_is.stderr, "the level of the log is set"))
        train.move(it_is, "advance 1s")
        assert.is_truthy(it_is.stderr:find("warn  the level of the log is set levels=info by=%S+ repeated=3 repeated_since=2026%-12%-01T00:00:00Z "
            .. "repeated_until=2026%-12%-01T00:00:00Z\n"))
        local items = support.json.decode((http.request(url .. "/api/v1/log"))).items
        assert.are.same({ 3, "warn" }, { items[#items].repeated, items[#items].level })
        assert.is_nil(items[#items - 1].repeated)
        log_level "info"
        it_is:kill "sighup"
        it_is:expect "the policies are loaded again"
        assert.is_truthy(it_is.stderr:find("levels=info by=%S+ repeated=1 repeated_since=2026%-12%-01T00:01:00Z[^\n]+\n[^\n]+ loading the policies again"))
        assert.are.same({ 0, "info\n", "" }, { log_level() })
        assert.are.same({ 0, "info\nlines that repeat are counted for 10s\n", "" }, { log_level("--log-fold", "10s") })
        it_is:expect "lines of the log that repeat are counted seconds=10 by="
        assert.are.same({ 0, "info\nlines that repeat are all written\n", "" }, { log_level("--log-fold", "false") })
        it_is:expect "lines of the log that repeat are all written by="
        local before = support.count(it_is.stderr, "the level of the log is set")
        log_level "info"
        log_level "info"
        assert.are.equal(before + 2, support.count(it_is.stderr, "the level of the log is set"))
        local code, _, err = log_level("--log-fold", "2h")
        assert.are.equal(2, code)
        support.contains(err, '--log-fold has to be a duration from 1s to 1h, or false, not "2h"')
        local _, told = log_level("--log-fold", "60s", "-o", "json")
        assert.are.equal(60, support.json.decode(told).fold_seconds)
        log_level "warn"
        log_level "warn"
        it_is:kill "sigterm"
        it_is:wait()
        assert.is_truthy(it_is.stderr:find("levels=warn by=%S+ repeated=1 "))
    end)
end)
