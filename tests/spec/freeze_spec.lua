-- SPDX-License-Identifier: Apache-2.0
-- Freezes of the configuration: nothing is changed meanwhile, by no policy, and by hand only where a person says so.
local support = require "support"
local sim = require "support.sim"

describe("a freeze", function()
    local folder
    before_each(function()
        folder = support.folder()
    end)
    after_each(support.cleanup)

    local function config(freezes)
        return support.write(folder .. "/mpijobd.yaml", "state: s.db\nlisten: none\nfreeze:\n" .. freezes)
    end
    local END_OF_YEAR <const> = [[
  - from: 2026-12-20 18:00
    until: 2027-01-03
    timezone: Europe/Berlin
    reason: the end of the year
]]
    local WEEKENDS <const> = [[
  - { window: [ "fri 16:00-24:00", "sat,sun 00:00-24:00" ], timezone: Europe/Berlin, reason: people are away }
]]
    local JOB <const> = [[{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"one"},
        "spec":{"mpiReplicaSpecs":{"Launcher":{"template":{"spec":{"containers":[{"name":"a","image":"i"}]}}}}}}]]

    describe("of a daemon", function()
        local server, daemon
        local function start(clock, more)
            server = sim.start("--version", "v2beta1")
            server:make_namespace "train"
            server:request("POST", server:path("v2beta1", "train"), JOB)
            support.write(folder .. "/p.lua", [[
                policy { name = "nightly", schedule = "0 20 * * *", timezone = "Europe/Berlin", match = { name = "one" }, replace = { labels = { nightly = "yes" } } }
                policy { name = "seen", on = "match", match = { name = "one" }, replace = { labels = { seen = "yes" } } }
                policy { name = "office", every = "1h", timezone = "Europe/Berlin", window = "mon-fri 09:00-17:00", match = { name = "one" }, replace = { labels = { office = "yes" } } }
            ]] .. (more or ""))
            daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--config", folder .. "/mpijobd.yaml", "--grace", "1s",
                "--clock", clock, folder .. "/p.lua")
            daemon:expect(" in force")
        end
        after_each(function()
            if daemon and not daemon.code then
                daemon:stop("sigkill")
            end
        end)
        local function move(to)
            daemon:write("set " .. to .. "\n")
            daemon:expect("clock " .. to, "stdout")
        end
        local clock
        local function ask(...)
            local args = { ... }
            table.insert(args, "--config")
            table.insert(args, folder .. "/mpijobd.yaml")
            return support.mpijobd_with({ env = { MPIJOBD_CLOCK = clock } }, table.unpack(args))
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

        it("lets everything wait for its end, beside windows too", function()
            config(END_OF_YEAR .. WEEKENDS)
            start "2026-12-20T16:30:00Z" -- a Sunday, and half an hour before the other one begins
            move "2027-01-03T22:59:59Z"
            assert.are.equal("", runs "nightly")
            assert.are.equal("", runs "seen")
            assert.are.equal("", runs "office")
            move "2027-01-03T23:00:00Z" -- the Monday in Berlin
            assert.are.equal("schedule 01-03T23:00", runs "nightly")
            assert.matches("^match", runs "seen")
            assert.are.equal("", runs "office")
            move "2027-01-04T08:00:00Z"
            assert.are.equal("every 01-04T08:00", runs "office")
            assert.are.equal(0, (daemon:stop()))
        end)

        it("holds for a plan that is approved meanwhile, unless a person overrides it", function()
            config(END_OF_YEAR)
            start("2026-12-20T16:30:00Z", 'policy { name = "asks", schedule = "0 0 1 1 *", match = { name = "one" }, approval = "always", replace = { labels = { asked = "yes" } } }')
            daemon:expect "run ended policy=seen" -- else that moves the job behind the plan
            clock = "2026-12-20T16:30:00Z"
            local code, out, err = ask("trigger", "asks")
            assert.are.equal(4, code, out .. err)
            local waiting = out:match "run (%d+) of asks"
            move "2026-12-20T17:30:00Z"
            code, out, err = ask("approve", waiting)
            assert.are.equal(1, code, out)
            support.contains(err, "changes are frozen until 2027-01-04T00:00:00+01:00: the end of the year; --override makes them all the same, and the journal says so")
            assert.matches("^manual", runs "asks")
            good("approve", waiting, "--override")
            assert.matches(", approved%-override", runs "asks")
            assert.are.equal(0, (daemon:stop()))
        end)

        it("is told of, and overridden by hand only by a flag, as the journal says", function()
            config(END_OF_YEAR)
            clock = "2026-12-24T12:00:00Z"
            start(clock)
            local frozen = "frozen until 2027-01-04T00:00:00+01:00: the end of the year"
            local out = good "status"
            support.contains(out, "freeze: " .. frozen)
            assert.matches("\nseen +in force: frozen until 2027%-01%-0", out)
            support.contains(good("why", "seen", "train/one"), "  freeze: the policy is frozen until 2027-01-03T23:00:00+00:00: the end of the year")
            local code, _, err = ask("trigger", "seen")
            assert.are.equal(1, code)
            support.contains(err, 'policy "seen" is frozen until 2027-01-03T23:00:00+00:00: the end of the year; mpijobd trigger --override seen runs it all the same')
            support.contains(good("trigger", "seen", "--override"), "done: 1 changed")
            assert.matches("^manual%-override", runs "seen")
            local asked = support.json.decode((good("runs", "-o", "json", "--policy", "seen")))[1]
            local run = asked.id
            assert.are.equal(support.uv.getuid(), asked.who.uid)
            assert.are.same(asked.who, support.json.decode((good("journal", "-o", "json", "--policy", "seen")))[1].who) -- a run's change has who asked for the run
            assert.matches(" seen +" .. asked.who.user .. " %(%d+%) ", (good("journal", "--policy", "seen")))
            -- an undo, and a change by hand
            for _, args in ipairs { { "undo", ("%d"):format(run), "--kubeconfig", server.kubeconfig },
                { "replace", "one", "-n", "train", "labels.hand=yes", "--kubeconfig", server.kubeconfig } } do
                code, out, err = ask(table.unpack(args))
                assert.are.equal(1, code, out)
                support.contains(err, "changes are " .. frozen .. "; --override makes them all the same, and the journal says so")
                table.insert(args, "--dry-run")
                good(table.unpack(args))
                args[#args] = "--override"
                good(table.unpack(args))
            end
            assert.matches("^undo%-override", runs "by hand")
            local rows = good("journal", "-o", "json", "--policy", "by hand")
            assert.matches("%-%-override, while changes were frozen until 2027%-01%-04T00:00:00%+01:00: the end of the year", rows)
            -- Lua in the daemon
            assert.are.equal(0, (ask("eval", "1 + 1")))
            code, out, err = ask("eval", "--write", "1 + 1")
            assert.are.equal(1, code, out)
            support.contains(err, "changes are " .. frozen)
            good("eval", "--write", "--override", "1 + 1")
            -- a command whose configuration does not know of it: the daemon does
            local other = support.write(folder .. "/other.yaml", "state: s.db\n")
            code, out, err = support.mpijobd("replace", "one", "-n", "train", "labels.hand=again", "--kubeconfig", server.kubeconfig, "--config", other)
            assert.are.equal(1, code, out)
            support.contains(err, "changes are " .. frozen)
            assert.are.equal(0, (daemon:stop()))
        end)

        it("holds for changes by hand without a daemon, and for run --once", function()
            config(WEEKENDS)
            clock = "2026-11-28T20:00:00Z"
            start(clock)
            assert.are.equal(0, (daemon:stop()))
            local code, out, err = ask("replace", "one", "-n", "train", "labels.hand=yes", "--kubeconfig", server.kubeconfig)
            assert.are.equal(1, code, out)
            support.contains(err, "nothing was changed: changes are frozen until 2026-11-30T00:00:00+01:00: people are away; --override")
            good("replace", "one", "-n", "train", "labels.hand=yes", "--kubeconfig", server.kubeconfig, "--override")
            support.contains(good("journal", "-o", "json"), "--override, while changes were frozen until 2026-11-30T00:00:00+01:00: people are away")
            code, out, err = ask("run", "--once", "--kubeconfig", server.kubeconfig, folder .. "/p.lua")
            assert.are.equal(0, code, out)
            support.contains(err, "the policy is left out, because it is closed; --override runs it")
            assert.are.equal("", runs "seen")
            good("run", "--once", "--override", "--kubeconfig", server.kubeconfig, folder .. "/p.lua")
            assert.matches("^once%-override", runs "seen")
        end)
    end)

    it("is told of by check, next and doctor", function()
        config(END_OF_YEAR .. WEEKENDS .. "  - { from: 2025-01-01, until: 2025-01-02, reason: long ago }\n")
        support.write(folder .. "/p.lua", [[policy { name = "p", schedule = "0 20 * * *", timezone = "Europe/Berlin", run = function() end }]])
        local function tell(clock, ...)
            local _, out, err = support.mpijobd_with({ env = { MPIJOBD_CLOCK = clock } }, ...)
            return out .. err
        end
        local out = tell("2026-12-17T20:00:00Z", "next", "--config", folder .. "/mpijobd.yaml", folder .. "/p.lua", "-c", "2")
        support.contains(out, "freeze 2026-12-20 18:00 until 2027-01-03 (Europe/Berlin): the end of the year; next at 2026-12-20T18:00:00+01:00\n")
        support.contains(out, "freeze fri 16:00-24:00, sat,sun 00:00-24:00 (Europe/Berlin): people are away; next at 2026-12-18T16:00:00+01:00\n")
        support.contains(out, "freeze 2025-01-01 until 2025-01-02 (UTC): long ago; over\n")
        support.contains(out, "  2027-01-04T00:00:00+01:00\n  2027-01-04T20:00:00+01:00\n")
        support.lacks(out, "frozen")
        out = tell("2026-12-21T20:00:00Z", "next", "--config", folder .. "/mpijobd.yaml", folder .. "/p.lua", "-c", "1")
        support.contains(out, "the end of the year; on until 2027-01-04T00:00:00+01:00\n")
        support.contains(out, "  frozen (the end of the year), and opens at 2027-01-04T00:00:00+01:00\n  2027-01-04T00:00:00+01:00\n")
        local list = support.json.decode(tell("2026-12-21T20:00:00Z", "next", "--config", folder .. "/mpijobd.yaml", folder .. "/p.lua", "-o", "json"))
        assert.are.equal("the end of the year", list[1].frozen)
        out = tell("2026-12-21T20:00:00Z", "doctor", "--config", folder .. "/mpijobd.yaml", "--kubeconfig", "/none")
        support.contains(out, "changes are frozen until 2027-01-04T00:00:00+01:00: the end of the year")
        support.contains(tell("2026-12-09T20:00:00Z", "doctor", "--config", folder .. "/mpijobd.yaml", "--kubeconfig", "/none"), "3 freezes, none of them on now")
    end)

    it("is refused where it is not whole, with its line", function()
        for text, wanted in pairs {
            ["  - { window: \"9-18\", reason: x }\n"] = '4: freeze.0.window "9-18" is no window',
            ["  - { window: [], reason: x }\n"] = "freeze.0.window has to be a window such as \"fri 16:00-24:00\"",
            ["  - { window: 5, reason: x }\n"] = "freeze.0.window has to be a window such as \"fri 16:00-24:00\"",
            ["  - { window: \"09:00-18:00\" }\n"] = "4: freeze.0 needs a reason",
            ["  - { reason: x }\n"] = "4: freeze.0 needs a window, or from and until",
            ["  - { from: 2026-12-20, reason: x }\n"] = "4: freeze.0 needs a window, or from and until",
            ["  - { from: 2026-12-20, until: 2026-12-19, reason: x }\n"] = "freeze.0.until is not behind from",
            ["  - { from: 2026-02-30, until: 2026-12-19, reason: x }\n"] = 'freeze.0.from has to be a local time such as "2026-12-20 18:00", or a date',
            ["  - { from: 2026-12-20 25:00, until: 2026-12-29, reason: x }\n"] = "freeze.0.from has to be a local time",
            ["  - { window: \"09:00-18:00\", from: 2026-12-20, until: 2026-12-29, reason: x }\n"] = "freeze.0 has a window beside from and until; write two freezes",
            ["  - { windw: \"09:00-18:00\", reason: x }\n"] = 'freeze.0.windw is not a key of a freeze (did you mean "window"?); there are window, from, until, timezone, reason',
            ["  - { window: \"09:00-18:00\", timezone: Europe/Berln, reason: x }\n"] = 'freeze.0.timezone unknown time zone "Europe/Berln"',
            ["  window: \"09:00-18:00\"\n"] = "freeze has to be a list of at most 100 freezes",
        } do
            local code, _, err = support.mpijobd("check", "--config", config(text), support.write(folder .. "/p.lua", 'policy { name = "p", every = "1h", run = function() end }'))
            assert.are.equal(1, code, text)
            support.contains(err, wanted)
        end
    end)
end)
