-- SPDX-License-Identifier: Apache-2.0
-- Windows of policies: what falls due outside waits for the opening; what is told of it; what people may do by hand.
local support = require "support"
local sim = require "support.sim"
local http = require "socket.http"
local ltn12 = require "ltn12"

describe("a window", function()
    local folder
    before_each(function()
        folder = support.folder()
    end)
    after_each(support.cleanup)

    local function write(text)
        return support.write(folder .. "/p.lua", text)
    end

    it("lets what falls due outside wait for the opening: schedules, periods, events, in the policy's zone", function()
        write [[
            local function here(name) return function() log.info(name .. " at " .. time.rfc3339(time.now(), "Europe/Berlin")) end end
            local hours = { "mon-fri 09:00-18:00" }
            policy { name = "evening", schedule = "0 20 * * *", timezone = "Europe/Berlin", window = hours, run = here "evening" }
            policy { name = "noon", schedule = "0 12 * * *", timezone = "Europe/Berlin", window = hours, run = here "noon" }
            policy { name = "often", every = "1h", timezone = "Europe/Berlin", window = hours, run = here "often" }
            policy { name = "ended", on = "match", match = { finished_for = "2h" }, timezone = "Europe/Berlin", window = hours, replace = { labels = { seen = "yes" } } }
            policy { name = "changed", on = "changed", match = { phase = "Running" }, timezone = "Europe/Berlin", window = hours, replace = { annotations = { seen = "yes" } } }
            policy { name = "night", every = "1h", window = "fri 22:00-06:00", run = here "night" }
        ]]
        support.write(folder .. "/p_spec.lua", [[
            local function times(pattern)
                local n = 0
                for _, line in ipairs(cluster.log()) do
                    if line.message:find(pattern, 1, true) then n = n + 1 end
                end
                return n
            end
            it("waits over a weekend", function()
                clock.set("2026-03-27 17:30", "Europe/Berlin") -- a Friday; on Sunday an hour is left out
                local ended = cluster.job { phase = "Succeeded", finished_for = "1h" } -- two hours at 18:30
                local running = cluster.job { phase = "Running" }
                local unmatched = cluster.job { phase = "Succeeded", finished_for = "1h" }
                clock.advance "20m"
                cluster.patch(running, { metadata = { labels = { touched = "yes" } } })
                assert.replaced(running, { annotations = { seen = "yes" } })
                clock.set("2026-03-28 12:00", "Europe/Berlin")
                cluster.patch(running, { metadata = { annotations = { seen = "no" } } })
                cluster.patch(unmatched, { status = { completionTime = "2026-03-30T06:30:00Z" } })
                cluster.delete(unmatched)
                clock.set("2026-03-30 08:59", "Europe/Berlin")
                assert.untouched(ended)
                assert.are.equal(0, times "evening at")
                assert.are.equal(0, times "noon at")
                assert.are.equal(0, times "often at")
                clock.advance "1m"
                assert.replaced(ended, { labels = { seen = "yes" } })
                assert.are.equal("yes", cluster.get(running).metadata.annotations.seen)
                assert.are.equal(1, times "evening at 2026-03-30T09:00:00+02:00")
                assert.are.equal(1, times "noon at 2026-03-30T09:00:00+02:00")
                assert.are.equal(1, times "often at 2026-03-30T09:00:00+02:00")
                assert.logged "^3 runs fell due while the policy was closed; this one is for all of them"
                clock.advance "3h"
                assert.are.equal(1, times "noon at 2026-03-30T12:00:00+02:00")
                assert.are.equal(4, times "often at")
                assert.are.equal(1, times "evening at")
            end)
            it("is open over midnight, and is closed at its end", function()
                clock.set "2026-03-27T20:30:00Z"
                cluster.job {}
                clock.set "2026-03-28T07:00:00Z"
                assert.are.equal(8, times "night at") -- 22:00 to 05:00
                clock.set "2026-04-03T22:00:00Z"
                assert.are.equal(9, times "night at")
            end)
        ]])
        local code, out, err = support.mpijobd("test", folder)
        assert.are.equal(0, code, out .. err)
    end)

    describe("of a daemon", function()
        local server, daemon
        before_each(function()
            server = sim.start("--version", "v2beta1")
            server:make_namespace "train"
            server:request("POST", server:path("v2beta1", "train"), [[{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"one"},
                "spec":{"mpiReplicaSpecs":{"Launcher":{"template":{"spec":{"containers":[{"name":"a","image":"i"}]}}}}}}]])
        end)
        after_each(function()
            if daemon and not daemon.code then
                daemon:stop("sigkill")
            end
        end)

        local function start(clock, ...)
            daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--grace", "1s",
                "--clock", clock, folder .. "/p.lua", ...)
            daemon:expect(" in force")
        end
        local function move(to)
            daemon:write("set " .. to .. "\n")
            daemon:expect("clock " .. to, "stdout")
        end
        local function ask(...)
            local args = { ... }
            table.insert(args, "--state")
            table.insert(args, folder .. "/s.db")
            return support.mpijobd(table.unpack(args))
        end
        local function good(...)
            local code, out, err = ask(...)
            assert.are.equal(0, code, out .. err)
            return out
        end
        local function runs(policy)
            local list = {}
            for _, run in ipairs(support.json.decode((good("runs", "-o", "json", "--limit", "0", "--policy", policy)))) do
                table.insert(list, 1, run.trigger .. " " .. run.scheduled_at:sub(6, 16))
            end
            return table.concat(list, ", ")
        end

        it("is kept to over restarts: what waits goes on waiting, and is no missed run", function()
            write [[policy { name = "p", schedule = "0 20 * * *", missed = "skip", window = "09:00-18:00", run = function() end }
                policy { name = "seen", on = "match", match = { name = "one" }, window = "09:00-18:00", replace = { labels = { seen = "yes" } } }]]
            start "2026-01-01T19:00:00Z"
            move "2026-01-01T20:30:00Z"
            assert.are.equal(0, (daemon:stop()))
            start "2026-01-02T08:00:00Z" -- the run of 20:00 waits; so does the job
            support.lacks(daemon.stderr, "missed")
            move "2026-01-02T08:59:59Z"
            assert.are.equal("", runs "p")
            assert.are.equal("", runs "seen")
            move "2026-01-02T09:00:00Z"
            assert.are.equal("schedule 01-02T09:00", runs "p")
            assert.matches("^match", runs "seen")
            move "2026-01-02T21:00:00Z"
            assert.are.equal(0, (daemon:stop()))
            start "2026-01-03T09:30:00Z" -- the opening itself was missed
            support.contains(daemon.stderr, "1 run was missed; it is left out")
            move "2026-01-03T12:00:00Z"
            assert.are.equal("schedule 01-02T09:00", runs "p")
            assert.are.equal(0, (daemon:stop()))
        end)

        it("lets a run end that began before the close, and has what is due meanwhile wait", function()
            write [[policy { name = "p", schedule = "30 17 * * *", overlap = "queue", window = "09:00-18:00", limits = { timeout = "2d" },
                run = function(run) log.info "sleeps" sleep "1h" log.info "woke" end }]]
            start "2026-01-01T17:00:00Z"
            daemon:write "set 2026-01-01T17:30:00Z\n"
            daemon:expect "sleeps"
            daemon:write "set 2026-01-01T18:30:00Z\n"
            daemon:expect "woke"
            daemon:expect "run ended"
            move "2026-01-02T09:00:00Z"
            assert.are.equal("schedule 01-01T17:30", runs "p")
            assert.are.equal(0, (daemon:stop()))
        end)

        it("goes on over a reload, also where another window is written", function()
            write [[policy { name = "p", schedule = "0 20 * * *", window = "09:00-18:00", run = function() end }]]
            start "2026-01-01T19:00:00Z"
            move "2026-01-01T21:00:00Z"
            good "reload"
            write [[policy { name = "p", schedule = "0 20 * * *", window = "22:00-23:00", run = function() end }]]
            good "reload"
            assert.are.equal("", runs "p")
            move "2026-01-01T22:00:00Z"
            assert.matches("^schedule 01%-01T2", runs "p")
            assert.are.equal(1, support.count(daemon.stderr, "run starts"))
            assert.are.equal(0, (daemon:stop()))
        end)

        it("is told of by status and why, and is overridden by hand only by a flag, as the journal says", function()
            write [[policy { name = "p", schedule = "0 20 * * *", timezone = "Europe/Berlin", window = "mon-fri 09:00-18:00", match = { name = "one" }, replace = { labels = { p = "yes" } } }
                policy { name = "seen", on = "match", match = { name = "one" }, timezone = "Europe/Berlin", window = "mon-fri 09:00-18:00", replace = { labels = { seen = "yes" } } }
                policy { name = "later", on = "match", match = { name = "one", older_than = "2h" }, timezone = "Europe/Berlin", window = "mon-fri 09:00-18:00", replace = { labels = { later = "yes" } } }]]
            start("2026-11-28T20:00:00Z", "--listen", "127.0.0.1:0") -- a Saturday
            local chunks = {}
            http.request { url = daemon:expect("metrics and health are served"):match("url=(%S+)") .. "/metrics", sink = ltn12.sink.table(chunks) }
            support.contains(table.concat(chunks), 'mpijobd_policy_open{policy="seen"} 0\n')
            local out = good "status"
            assert.matches("\nseen +in force: outside its window until 2026%-11%-30T09:00:00%+01:00 .* 2026%-11%-30T08:00:00Z", out)
            assert.matches("\np +in force: outside its window until 2026%-11%-30T09:00:00%+01:00 .* 2026%-11%-30T08:00:00Z", out)
            out = good("why", "seen", "train/one")
            support.contains(out, "matches, but is held back: the policy is outside its window until 2026-11-30T09:00:00+01:00")
            support.contains(out, "  window: the policy is outside its window")
            out = good("why", "p", "train/one")
            support.contains(out, "held back: the policy is outside its window until 2026-11-30T09:00:00+01:00")
            local code, _, err = ask("trigger", "p")
            assert.are.equal(1, code)
            support.contains(err, 'policy "p" is outside its window until 2026-11-30T09:00:00+01:00; mpijobd trigger --override p runs it all the same, and the journal says so')
            code, _, err = ask("trigger", "p", "train/one")
            assert.are.equal(1, code)
            support.contains(err, "mpijobd trigger --override p train/one runs it all the same")
            support.contains(good("trigger", "p", "--override"), "done: 1 changed")
            assert.matches("^manual%-override", runs "p")
            move "2026-11-30T08:00:00Z"
            assert.matches("^manual%-override [^,]*, schedule 11%-30T08:00$", runs "p")
            support.contains(good("trigger", "p"), "done: 0 changed")
            assert.matches("manual 11%-30T08:00$", runs "p")
            assert.are.equal(0, (daemon:stop()))
        end)

        it("holds for run --once, unless that is told otherwise", function()
            write [[policy { name = "p", every = "1h", window = "09:00-18:00", match = { name = "one" }, replace = { labels = { p = "yes" } } }]]
            local function once(...)
                return support.mpijobd_with({ env = { MPIJOBD_CLOCK = "2026-11-28T20:00:00Z" } }, "run", "--once", "--kubeconfig", server.kubeconfig,
                    "--state", folder .. "/s.db", folder .. "/p.lua", ...)
            end
            local code, out, err = once()
            assert.are.equal(0, code, out .. err)
            support.contains(err, "the policy is left out, because it is closed; --override runs it")
            assert.are.equal("", runs "p")
            code, out, err = once "--override"
            assert.are.equal(0, code, out .. err)
            assert.matches("^once%-override", runs "p")
            code, out, err = support.mpijobd("run", "--override", folder .. "/p.lua")
            assert.are.equal("", out)
            assert.are.equal(2, code)
            support.contains(err, "--override goes with --once")
        end)
    end)

    it("is closed on the days of a calendar", function()
        local plugin = support.source .. "/lua/plugins/business-calendar"
        local options = [[{ zone: Europe/Berlin, holidays: [ "12-25 Christmas", "12-26", "2026-12-24" ] }]]
        support.write(folder .. "/mpijobd.yaml", "plugins:\n  business-calendar: { path: " .. plugin .. ", config: " .. options .. " }\n")
        local function next(policy, count)
            write('require "business-calendar"\npolicy { name = "p", timezone = "Europe/Berlin", run = function() end, ' .. policy .. " }")
            local code, out, err = support.mpijobd_with({ env = { MPIJOBD_CLOCK = "2026-12-23T22:30:00Z" } }, "next", "--config", folder .. "/mpijobd.yaml",
                folder .. "/p.lua", "-c", count)
            return code, out .. err
        end
        local code, out = next('schedule = "0 12 * * *", window = "mon-fri 09:00-18:00", except = "holidays"', "3")
        assert.are.equal(0, code, out)
        support.contains(out, "  window mon-fri 09:00-18:00 except holidays (Europe/Berlin): closed, and opens at 2026-12-28T09:00:00+01:00\n"
            .. "  2026-12-28T09:00:00+01:00\n  2026-12-28T12:00:00+01:00\n  2026-12-29T12:00:00+01:00\n")
        code, out = next('schedule = "0 12 * * *", window = "22:00-06:00", except = { "holidays" }', "2")
        assert.are.equal(0, code, out)
        support.contains(out, "open, and closes at 2026-12-24T00:00:00+01:00\n  2026-12-27T00:00:00+01:00\n  2026-12-27T22:00:00+01:00\n")
        code, out = next('every = "12h", except = "holidays"', "2")
        assert.are.equal(0, code, out)
        support.contains(out, "  window except holidays (Europe/Berlin): open, and closes at 2026-12-24T00:00:00+01:00\n"
            .. "  2026-12-27T00:00:00+01:00\n  2026-12-27T01:00:00+01:00\n")
        for text, wanted in pairs {
            ['except = "holiday"'] = 'except: there is no calendar "holiday" (did you mean "holidays"?); the plugins that the file requires have holidays',
            ["except = 5"] = 'except is the number 5; it has to be the name of a calendar such as "holidays", or a list of names',
        } do
            code, out = next('every = "12h", ' .. text, "1")
            assert.are.equal(1, code)
            support.contains(out, 'p.lua:2: policy "p": ' .. wanted)
        end
        write 'policy { name = "p", every = "1h", except = "holidays", run = function() end }'
        for args, wanted in pairs {
            [folder .. "/mpijobd.yaml"] = '"holidays" is a calendar of the plugin business-calendar; write require "business-calendar" above the policy',
            [support.write(folder .. "/none.yaml", "state: s.db\n")] =
                'there is no calendar "holidays"; calendars come from plugins that the file requires, as business-calendar',
        } do
            local failed, _, err = support.mpijobd("check", "--config", args, folder .. "/p.lua")
            assert.are.equal(1, failed)
            support.contains(err, "except: " .. wanted)
        end
        local _, list = support.mpijobd("plugins", "--config", folder .. "/mpijobd.yaml")
        support.contains(list, "  calendars  holidays\n")
    end)

    it("takes a plugin's calendar only where it has days", function()
        local function check(days)
            support.write(folder .. "/rest/plugin.lua", 'plugin { name = "rest", version = "1.0.0", api = 1, calendars = { off = ' .. days .. " } }")
            write 'require "rest"\npolicy { name = "p", every = "1h", except = "off", run = function() end }'
            local _, out, err = support.mpijobd("check", "--config", support.write(folder .. "/mpijobd.yaml", "plugins: { rest: rest }\n"), folder .. "/p.lua")
            return out .. err
        end
        support.uv.fs_mkdir(folder .. "/rest", 448)
        for days, wanted in pairs {
            ['function() return { "2028-02-29", ["12-31"] = true } end'] = "window except off (UTC): open",
            ['function() return { "2027-02-29" } end'] = 'except: the calendar "off" cannot be read: "2027-02-29" is no day; a day is written "2026-05-14", or "12-25" for each year',
            ['function() return { ["1-1"] = true } end'] = '"1-1" is no day',
            ["function() return { 5 } end"] = 'the calendar "off" cannot be read: it has number as a day',
            ["function() return 5 end"] = 'the calendar "off" gives number; it has to give a table of days',
            ['function() error "lost" end'] = 'the calendar "off" has failed: ',
            ["function() while true do end end"] = "p.lua",
            ["5"] = "calendars.off has to be a function that gives a table of days, or { days = that, about = ... }",
        } do
            support.contains(check(days), wanted)
        end
    end)

    local function tell(command, clock, ...)
        return support.mpijobd_with({ env = { MPIJOBD_CLOCK = clock } }, command, folder .. "/p.lua", ...)
    end

    it("is told of by next", function()
        write [[policy { name = "p", schedule = "0 20 * * *", timezone = "Europe/Berlin", window = { "mon-fri 09:00-18:00", "sat 10:00-12:00" }, run = function() end }
            policy { name = "seen", on = "match", window = "09:00-24:00", replace = { labels = { seen = "yes" } } }]]
        local code, out, err = tell("next", "2026-03-27T20:00:00Z", "-c", "3") -- the run of Friday evening waits; on Sunday the clocks are changed
        assert.are.equal(0, code, err)
        support.contains(out, "  window mon-fri 09:00-18:00, sat 10:00-12:00 (Europe/Berlin): closed, and opens at 2026-03-28T10:00:00+01:00\n"
            .. "  2026-03-28T10:00:00+01:00\n  2026-03-30T09:00:00+02:00")
        support.contains(out, "  window 09:00-24:00 (UTC): open, and closes at 2026-03-28T00:00:00+00:00\n")
        code, out = tell("next", "2026-03-27T20:00:00Z", "-c", "2", "-o", "json")
        assert.are.equal(0, code)
        local list = support.json.decode(out)
        assert.are.equal("mon-fri 09:00-18:00, sat 10:00-12:00", list[1].window)
        assert.is_false(list[1].open)
        assert.are.equal("2026-03-28T10:00:00+01:00", list[1].opens)
        assert.are.same({ "2026-03-28T10:00:00+01:00", "2026-03-30T09:00:00+02:00" }, list[1].next)
        assert.is_true(list[2].open)
    end)

    it("is refused where it cannot be read, with its line and what is meant", function()
        for text, wanted in pairs {
            ['"9-18"'] = 'window: "9-18" is no window: days and times are written as in "mon-fri 09:00-18:00"',
            ['{ "mon 09:00-18:00", "mon" }'] = 'window: "mon" is no window',
            ["{}"] = "window is an empty list, by which it would never be open; leave it out",
            ["5"] = 'window is the number 5; it has to be a window such as "mon-fri 09:00-18:00", or a list of them',
            ['{ "09:00-18:00", 5 }'] = "window is the number 5; it has to be a window",
        } do
            write("policy {\n  name = \"p\", every = \"1h\",\n  window = " .. text .. ",\n  run = function() end,\n}\n")
            local code, _, err = support.mpijobd("check", folder .. "/p.lua")
            assert.are.equal(1, code)
            support.contains(err, "p.lua:3: policy \"p\": " .. wanted)
        end
    end)
end)
