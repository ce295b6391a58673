-- SPDX-License-Identifier: Apache-2.0
-- When runs begin: overlap, jitter, what was missed, periods, the changes of the clocks, reloads. The daemon's clock is moved by hand.
local support = require "support"
local sim = require "support.sim"

describe("a schedule", function()
    local server, folder

    lazy_setup(function()
        server = sim.start("--version", "v2beta1")
    end)
    lazy_teardown(support.cleanup)

    local daemons
    before_each(function()
        folder = support.folder()
        daemons = {}
    end)
    after_each(function()
        for _, daemon in ipairs(daemons) do
            if not daemon.code then
                daemon:stop("sigkill")
            end
        end
    end)

    local function write(text)
        return support.write(folder .. "/p.lua", text)
    end

    local function start(clock, ...)
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--grace", "1s",
            "--clock", clock, folder .. "/p.lua", ...)
        daemons[#daemons + 1] = daemon
        daemon:expect(" in force")
        return daemon
    end

    -- Moves the clock and waits until all is quiet again.
    local function move(daemon, how)
        daemon:write(how .. "\n")
        daemon:expect("clock " .. (how:match("^set (.*)") or ""), "stdout")
    end

    -- The instants of the runs that have begun, as the journal has them, oldest first.
    local function instants(policy)
        local code, out, err = support.mpijobd("runs", "--state", folder .. "/s.db", "-o", "json", "--limit", "0", "--policy", policy or "p")
        assert.are.equal(0, code, err)
        local list = {}
        for _, run in ipairs(support.json.decode(out)) do
            table.insert(list, 1, (run.scheduled_at:gsub("%.0+Z", "Z"):sub(6, 16)))
        end
        return table.concat(list, " ")
    end

    it("forgets the journal's rows when they are old enough, day by day, and not what is kept for ever", function()
        for keep, wanted in pairs { ["2d"] = "01-03T12:00 01-04T12:00", ["0s"] = "01-01T12:00 01-02T12:00 01-03T12:00 01-04T12:00" } do
            folder = support.folder()
            support.write(folder .. "/mpijobd.yaml", "journal: { keep: " .. keep .. " }\n")
            write [[policy { name = "p", schedule = "0 12 * * *", run = function() end }]]
            local daemon = start("2026-01-01T00:00:00Z", "--config", folder .. "/mpijobd.yaml")
            for day = 1, 4 do
                move(daemon, ("set 2026-01-0%dT12:00:00Z"):format(day))
            end
            daemon:write("set 2026-01-05T00:00:00Z\n")
            if keep == "2d" then -- on the 4th the first one's, on the 5th the second one's
                daemon:expect("old rows of the journal were removed")
                daemon:expect("old rows of the journal were removed")
            end
            move(daemon, "set 2026-01-05T00:00:01Z")
            assert.are.equal(0, daemon:stop("sigterm"))
            assert.are.equal(wanted, instants())
        end
    end)

    it("skips, queues or allows a run while the one before has not ended", function()
        local all = "01-01T00:10 01-01T00:20 01-01T00:30 01-01T01:00 01-01T01:10"
        for overlap, wanted in pairs { skip = "01-01T00:10 01-01T01:10", queue = all, allow = all } do
            folder = support.folder()
            write(([[policy { name = "p", every = "10m", overlap = %q, limits = { timeout = "1d" }, run = function(run)
                if run.scheduled_at < %d then log.info("sleeps") while time.now() < %d do sleep("1m") end end end }]])
                :format(overlap, 1767225600 + 1500, 1767225600 + 3600))
            local daemon = start("2026-01-01T00:00:00Z")
            daemon:write("set 2026-01-01T00:10:00Z\n")
            daemon:expect("sleeps")
            for _, at in ipairs { "20", "30" } do
                daemon:write("set 2026-01-01T00:" .. at .. ":00Z\n")
                if overlap == "skip" then
                    daemon:expect("run skipped")
                elseif overlap == "allow" then
                    daemon:expect("scheduled_at=2026-01-01T00:" .. at)
                end
            end
            move(daemon, "set 2026-01-01T01:00:00Z") -- the sleep is over
            move(daemon, "set 2026-01-01T01:10:00Z")
            assert.are.equal(wanted, instants(), overlap)
            assert.are.equal(0, (daemon:stop()))
        end
    end)

    it("delays by a jitter within its bounds, and keeps the nominal times", function()
        local lines = {}
        for i = 1, 20 do
            lines[i] = ('policy { name = "j%d", schedule = "0 * * * *", jitter = "10m", missed = "skip", run = function(run) log.info("began", { late = time.now() - run.scheduled_at }) end }'):format(i)
        end
        write(table.concat(lines, "\n"))
        local daemon = start("2026-01-01T00:59:00Z")
        move(daemon, "set 2026-01-01T00:59:59Z")
        assert.are.equal(0, support.count(daemon.stderr, "run starts"))
        for minute = 0, 10 do
            move(daemon, ("set 2026-01-01T01:%02d:00Z"):format(minute))
        end
        assert.are.equal(20, support.count(daemon.stderr, "began"))
        local seen = {}
        for late in daemon.stderr:gmatch("late=([%d.]+)") do
            seen[late] = true
            assert.is_truthy(tonumber(late) <= 600)
        end
        local distinct = 0
        for _ in pairs(seen) do
            distinct = distinct + 1
        end
        assert.is_truthy(distinct >= 4, distinct) -- 20 draws of 10 minutes
        assert.are.equal("01-01T01:00", instants("j1"))
        assert.are.equal(0, (daemon:stop()))
    end)

    it("makes up for what was missed while the daemon was down", function()
        for missed, wanted in pairs { skip = "", once = "01-01T04:00", all = "01-01T01:00 01-01T02:00 01-01T03:00 01-01T04:00" } do
            folder = support.folder()
            write(('policy { name = "p", schedule = "0 * * * *", missed = %q, run = function() end }'):format(missed))
            local daemon = start("2026-01-01T00:30:00Z")
            assert.are.equal(0, (daemon:stop()))
            daemon = start("2026-01-01T04:30:00Z")
            move(daemon, "advance 1s")
            assert.are.equal(wanted, instants(), missed)
            move(daemon, "set 2026-01-01T05:00:00Z")
            assert.are.equal((wanted .. " 01-01T05:00"):match("^ ?(.*)"), instants())
            assert.are.equal(0, (daemon:stop()))
            daemon = start("2026-01-01T05:10:00Z") -- nothing twice
            move(daemon, "advance 1s")
            assert.are.equal((wanted .. " 01-01T05:00"):match("^ ?(.*)"), instants())
            assert.are.equal(0, (daemon:stop()))
        end
    end)

    it("makes up for what a suspended machine slept through", function()
        write [[policy { name = "p", every = "10m", missed = "all", run = function() end }
            policy { name = "q", every = "10m", missed = "once", run = function() end }
            policy { name = "r", every = "10m", missed = "skip", run = function() end }]]
        local daemon = start("2026-01-01T00:00:00Z")
        move(daemon, "set 2026-01-01T00:45:00Z")
        move(daemon, "set 2026-01-01T01:30:00Z")
        assert.are.equal("01-01T00:10 01-01T00:20 01-01T00:30 01-01T00:40 01-01T00:50 01-01T01:00 01-01T01:10 01-01T01:20 01-01T01:30", instants())
        assert.are.equal("01-01T00:40 01-01T01:30", instants("q"))
        assert.are.equal("01-01T01:30", instants("r"))
        move(daemon, "set 2026-01-01T01:00:00Z") -- the clock is set back: nothing is run twice
        move(daemon, "set 2026-01-01T01:39:00Z")
        assert.are.equal("01-01T01:30", instants("r"))
        move(daemon, "set 2026-01-01T01:40:00Z")
        assert.are.equal("01-01T01:30 01-01T01:40", instants("r"))
        assert.are.equal(0, (daemon:stop()))
    end)

    it("counts periods from 1970, whenever the daemon starts", function()
        write [[policy { name = "p", every = "7m", run = function() end }]]
        local daemon = start("2026-01-01T00:03:21Z")
        for minute = 4, 20 do
            move(daemon, ("set 2026-01-01T00:%02d:00Z"):format(minute))
        end
        local first = (7 - 1767225600 // 60 % 7) % 7
        local wanted = {}
        for minute = first, 20, 7 do
            if minute >= 4 then
                wanted[#wanted + 1] = ("01-01T00:%02d"):format(minute)
            end
        end
        assert.are.equal(table.concat(wanted, " "), instants())
        assert.are.equal(0, (daemon:stop()))
    end)

    it("runs once in the gap and once in the overlap of Berlin's clocks", function()
        write [[policy { name = "gap", schedule = "30 2 * * *", timezone = "Europe/Berlin", run = function() log.info(time.rfc3339(time.now(), "Europe/Berlin")) end }
            policy { name = "grid", schedule = "*/30 * * * *", timezone = "Europe/Berlin", run = function() end }]]
        local daemon = start("2026-03-29T00:59:00Z") -- 01:59 in Berlin; at 02:00 it is 03:00
        move(daemon, "set 2026-03-29T00:59:59Z")
        assert.are.equal(0, support.count(daemon.stderr, "run starts"))
        move(daemon, "set 2026-03-29T01:00:00Z")
        assert.are.equal("03-29T01:00", instants("gap"))
        support.contains(daemon.stderr, "2026-03-29T03:00:00+02:00")
        move(daemon, "set 2026-03-29T01:30:00Z")
        move(daemon, "set 2026-03-29T02:00:00Z")
        assert.are.equal("03-29T01:00", instants("gap"))
        assert.are.equal("03-29T01:00 03-29T01:30 03-29T02:00", instants("grid"))
        move(daemon, "set 2026-03-30T00:30:00Z")
        assert.are.equal("03-29T01:00 03-30T00:30", instants("gap"))
        assert.are.equal(0, (daemon:stop()))

        folder = support.folder()
        write [[policy { name = "twice", schedule = "30 2 * * *", timezone = "Europe/Berlin", run = function() end }
            policy { name = "grid", schedule = "*/30 * * * *", timezone = "Europe/Berlin", run = function() end }]]
        daemon = start("2026-10-25T00:00:00Z") -- 02:00+02:00; 02:30 comes at 00:30Z and at 01:30Z
        for _, at in ipairs { "00:30", "01:00", "01:30", "02:00" } do
            move(daemon, "set 2026-10-25T" .. at .. ":00Z")
        end
        assert.are.equal("10-25T00:30", instants("twice"))
        assert.are.equal("10-25T00:30 10-25T01:00 10-25T01:30 10-25T02:00", instants("grid"))
        assert.are.equal(0, (daemon:stop()))
    end)

    local function sighup(daemon)
        daemon.seen["stderr in force"] = #daemon.stderr + 1
        daemon:kill("sighup")
        daemon:expect(" in force")
    end

    it("goes on over a reload: no run twice, none lost, none beside its own predecessor", function()
        write [[policy { name = "p", schedule = "0 * * * *", limits = { timeout = "1d" }, run = function() log.info("sleeps") while time.now() < 1767232800 do sleep("1m") end end }]]
        local daemon = start("2026-01-01T00:30:00Z")
        daemon:write("set 2026-01-01T01:00:00Z\n")
        daemon:expect("sleeps")
        sighup(daemon)
        sighup(daemon)
        daemon:write("set 2026-01-01T02:00:00Z\n") -- it still runs when this falls due; its own sleep ends now
        daemon:expect("run skipped")
        while support.count(daemon.stderr, "outcome=done") < 1 do
            daemon:write("advance 1m\n")
            daemon:expect("clock", "stdout")
        end
        sighup(daemon)
        support.lacks(daemon.stderr, "missed")
        move(daemon, "set 2026-01-01T02:30:00Z") -- until the run's end is written down
        move(daemon, "set 2026-01-01T03:00:00Z")
        assert.are.equal("01-01T01:00 01-01T03:00", instants())
        assert.are.equal(0, (daemon:stop()))
    end)

    it("keeps over a reload what waits behind a run, also when the file is a new one", function()
        local text = [[policy { name = "p", schedule = "0 * * * *", overlap = "queue", limits = { timeout = "1d" }, run = function(run) log.info("%s") while time.now() < 1767236400 do sleep("1m") end end }]]
        write(text:format("old"))
        local daemon = start("2026-01-01T00:30:00Z")
        daemon:write("set 2026-01-01T01:00:00Z\n")
        daemon:expect("old")
        daemon:write("set 2026-01-01T02:00:00Z\n")
        write(text:format("new"))
        sighup(daemon)
        assert.are.equal(1, support.count(daemon.stderr, "run starts"))
        while support.count(daemon.stderr, "outcome=done") < 2 do
            daemon:write("set 2026-01-01T03:00:00Z\n")
            daemon:expect("clock", "stdout")
        end
        daemon:expect("new")
        support.contains(instants(), "01-01T01:00 01-01T02:00")
        assert.are.equal(0, (daemon:stop()))
    end)

    it("keeps the delay of a run over a reload, and drops it with its policy", function()
        write [[policy { name = "p", schedule = "0 * * * *", jitter = "30m", missed = "skip", run = function() end }
            policy { name = "gone", schedule = "0 * * * *", jitter = "30m", missed = "skip", run = function() end }
            policy { name = "moved", schedule = "0 * * * *", run = function() end }]]
        local daemon = start("2026-01-01T00:59:59Z")
        move(daemon, "set 2026-01-01T01:00:00Z")
        local gone = support.count(instants("gone"), "T")
        write [[policy { name = "p", schedule = "0 * * * *", jitter = "30m", missed = "skip", run = function() end }
            policy { name = "moved", schedule = "15 * * * *", run = function() end }
            policy { name = "fresh", schedule = "0 * * * *", missed = "all", run = function() end }]]
        sighup(daemon)
        move(daemon, "set 2026-01-01T01:30:00Z")
        assert.are.equal("01-01T01:00", instants())
        assert.are.equal(gone, support.count(instants("gone"), "T"))
        assert.are.equal("01-01T01:00 01-01T01:15", instants("moved"))
        assert.are.equal("", instants("fresh"))
        assert.are.equal(0, (daemon:stop()))
    end)

    it("finishes an interrupted run once", function()
        write [[policy { name = "r", schedule = "0 * * * *", limits = { timeout = "1d" }, run = function(run) if run.trigger == "schedule" then log.info("sleeps") while time.now() < 1767231000 do sleep("1m") end end end }]]
        local daemon = start("2026-01-01T00:59:59Z")
        daemon:write("set 2026-01-01T01:00:00Z\n")
        daemon:expect("sleeps")
        daemon:stop("sigkill")
        daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--clock", "2026-01-01T01:40:00Z", folder .. "/p.lua")
        daemons[#daemons + 1] = daemon
        daemon:expect(" in force")
        move(daemon, "advance 1s")
        assert.are.equal("01-01T01:00 01-01T01:00", instants("r"))
        assert.are.equal(0, (daemon:stop()))
    end)

    it("ends at SIGTERM in whatever state it is", function()
        for _, fault in ipairs { { fault = "stall", path = "/apis*", early = true }, { fault = "stall", path = "*/mpijobs*", method = "GET" }, { fault = "stall", method = "PUT" },
            { fault = "status", code = 403, path = "/apis*", early = true } } do
            folder = support.folder()
            write [[policy { name = "p", every = "1m", match = { name = "*" }, replace = function() return { labels = { x = "y" .. time.now() } } end }]]
            server:make_namespace "t"
            server:request("POST", server:path("v2beta1", "t"), { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob", metadata = { name = "j", namespace = "t" },
                spec = { mpiReplicaSpecs = { Launcher = { replicas = 1 } } } })
            server:fault { fault = fault.fault, path = fault.path, method = fault.method, code = fault.code }
            local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--grace", "300ms",
                "--clock", "2026-01-01T00:00:30Z", folder .. "/p.lua")
            daemons[#daemons + 1] = daemon
            if not fault.early then
                daemon:expect(" in force")
                daemon:write("advance 1m\n")
            end
            if fault.code then
                daemon:expect("not connected; trying again")
            else
                assert.is_truthy(support.proc.await(function()
                    local _, _, raw = server:request("GET", "/_sim/faults")
                    return raw:find('"hits":%s*[1-9]')
                end), fault.path)
            end
            assert.are.equal(0, (daemon:stop()))
            support.lacks(daemon.stderr, "internal error")
            server:clear_faults()
        end
    end)
end)
