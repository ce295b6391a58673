-- SPDX-License-Identifier: Apache-2.0
-- Policies with `holds_for`: they act on a job when the whole match has held for so long, without a break.
local support = require "support"
local sim = require "support.sim"

describe("holds_for", function()
    local folder
    before_each(function()
        folder = support.folder()
    end)
    after_each(support.cleanup)

    local function passes(policies, spec)
        support.write(folder .. "/p.lua", policies)
        support.write(folder .. "/p_spec.lua", spec)
        local code, out, err = support.mpijobd("test", folder)
        assert.are.equal(0, code, out .. err)
    end

    it("acts at the instant, and any look at which the match does not hold starts the clock again", function()
        passes(
            [[
            policy { name = "idle", on = "match", match = { phase = "Running", labels = "idle" }, holds_for = "15m", replace = { labels = { told = "yes" } } }
            policy { name = "asked", on = "match", match = { name = "asked-*", where = function(job) return job.annotations.load == "0" end },
                holds_for = "15m", recheck = "1m", replace = { labels = { told = "yes" } } }
            policy { name = "ended", on = "match", match = { name = "end-*", finished_for = "1h" }, hold = {}, holds_for = "15m", replace = { labels = { told = "yes" } } }
            policy { name = "func", on = "match", match = { name = "func-*", where = function(job) return job.annotations.load == "0" end },
                holds_for = "15m", run = function(run)
                    local n = 0
                    for job in run.jobs do
                        n = n + 1
                        mpijob.replace(job, { labels = { told = "yes" } })
                    end
                    log.info("jobs", { n = n })
                end }
        ]],
            [[
            before_each(function() clock.set "2026-01-05T12:00:00Z" end)
            it("without where", function()
                local one = cluster.job { phase = "Running", labels = { idle = "1" } }
                local two = cluster.job { phase = "Running" }
                clock.advance "10m"
                cluster.patch(two, { metadata = { labels = { idle = "1" } } })
                clock.advance "4m59s"
                assert.untouched(one)
                assert.are.equal("later", why(one, "idle").verdict)
                assert.are.equal(time.parse "2026-01-05T12:15:00Z", why(one, "idle").matches_at)
                clock.advance "1s"
                assert.replaced(one, { labels = { told = "yes" } })
                assert.untouched(two)
                clock.advance "9m"
                cluster.patch(two, { metadata = { labels = { idle = json.null } } })
                cluster.patch(two, { metadata = { labels = { idle = "2" } } })
                clock.advance "14m59s"
                cluster.patch(two, { metadata = { labels = { other = "2" } } })
                assert.untouched(two)
                clock.advance "1s"
                assert.replaced(two)
                clock.advance "3d"
                assert.ran("idle", 2)
            end)
            it("once each time that it comes to match", function()
                local one = cluster.job { phase = "Running", labels = { idle = "1" } }
                clock.advance "20m"
                cluster.patch(one, { metadata = { labels = { idle = json.null, told = json.null } } })
                clock.advance "1m"
                cluster.patch(one, { metadata = { labels = { idle = "1" } } })
                clock.advance "14m59s"
                assert.ran("idle", 1)
                clock.advance "1s"
                assert.ran("idle", 2)
                assert.are.equal("yes", cluster.get(one).metadata.labels.told)
            end)
            it("with where, which recheck and changes ask", function()
                local one = cluster.job { name = "asked-one", phase = "Running", annotations = { load = "0" } }
                local two = cluster.job { name = "asked-two", phase = "Running", annotations = { load = "1" } }
                clock.advance "5m"
                cluster.patch(two, { metadata = { annotations = { load = "0" } } })
                clock.advance "9m59s"
                assert.untouched(one)
                clock.advance "1s"
                assert.replaced(one)
                cluster.patch(two, { metadata = { annotations = { load = "1" } } })
                cluster.patch(two, { metadata = { annotations = { load = "0" } } })
                clock.advance "14m59s"
                assert.untouched(two)
                assert.matches("holds_for", tostring(why(two, "asked")))
                clock.advance "1s"
                assert.replaced(two)
                clock.advance "1d"
                assert.are.equal(2, #cluster.changes())
            end)
            it("after time has made it match, and its owner has held it", function()
                local one = cluster.job { name = "end-one", phase = "Succeeded", finished_for = "30m" }
                local two = cluster.job { name = "end-two", phase = "Succeeded", finished_for = "30m" }
                clock.advance "35m"
                cluster.patch(two, { metadata = { annotations = { ["mpijobd.io/hold-until"] = "2026-01-06T12:00:00Z" } } })
                clock.advance "9m59s"
                assert.untouched(one)
                clock.advance "1s"
                assert.replaced(one)
                clock.set "2026-01-06T12:14:59Z"
                assert.untouched(two)
                clock.advance "1s"
                assert.replaced(two)
            end)
            it("with a run function, which is not called before", function()
                local one = cluster.job { name = "func-one", phase = "Running", annotations = { load = "0" } }
                clock.advance "14m59s"
                assert.has_no.logged("jobs")
                clock.advance "1s"
                assert.logged("jobs", { n = 1 })
                assert.replaced(one)
            end)
        ]]
        )
    end)

    it("goes with windows, freezes of the clock, limits and dry runs", function()
        passes(
            [[
            policy { name = "work", on = "match", match = { name = "w-*" }, timezone = "Europe/Berlin", window = "mon-fri 09:00-18:00", holds_for = "2h", replace = { labels = { told = "yes" } } }
            policy { name = "ask", on = "match", match = { name = "a-*", where = function(job) return job.labels.no == nil end },
                timezone = "Europe/Berlin", window = "mon-fri 09:00-18:00", holds_for = "2h", limits = { changes = 2 }, replace = { labels = { told = "yes" } } }
            policy { name = "dry", on = "match", match = { name = "d-*" }, holds_for = "2h", dry_run = true, replace = { labels = { told = "yes" } } }
        ]],
            [[
            it("acts at the opening, on what has held until then", function()
                clock.set("2026-03-28 12:00", "Europe/Berlin") -- a Saturday; on Sunday the clock goes forward
                local w, a, b, d = cluster.job { name = "w-1" }, cluster.job { name = "a-1" }, cluster.job { name = "a-2" }, cluster.job { name = "d-1" }
                clock.advance "3h"
                assert.logged("would replace", { policy = "dry" })
                assert.untouched(w)
                clock.set("2026-03-30 08:00", "Europe/Berlin")
                cluster.patch(b, { metadata = { labels = { no = "1" } } })
                cluster.patch(b, { metadata = { labels = { no = json.null } } })
                clock.set("2026-03-30 08:59:59", "Europe/Berlin")
                assert.untouched(w)
                assert.untouched(a)
                clock.advance "1s"
                assert.replaced(w)
                assert.replaced(a)
                assert.untouched(b)
                clock.set("2026-03-30 09:59:59", "Europe/Berlin")
                assert.untouched(b)
                clock.advance "1s"
                assert.replaced(b)
            end)
        ]]
        )
    end)

    it("is kept over restarts and lost watches, by why and plan too", function()
        local server = sim.start("--version", "v2beta1")
        server:make_namespace "train"
        for _, name in ipairs { "one", "two", "asked" } do
            server:request("POST", server:path("v2beta1", "train"), ([[{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"%s"},
                "spec":{"mpiReplicaSpecs":{"Launcher":{"template":{"spec":{"containers":[{"name":"a","image":"i"}]}}}}}}]]):format(name))
        end
        local function patch(name, labels)
            server:request("PATCH", server:path("v2beta1", "train") .. "/" .. name, { metadata = { labels = labels } }, "application/merge-patch+json")
        end
        local function seen(name)
            local _, object = server:request("GET", server:path("v2beta1", "train") .. "/" .. name)
            return (object.metadata.labels or {}).seen
        end
        local text = [[
            policy { name = "p", on = "match", match = { name = { "one", "two" }, labels = "!no" }, holds_for = "2h", replace = { labels = { seen = "yes" } } }
            policy { name = "q", on = "match", match = { name = "asked", where = function(job) return job.labels.no == nil end }, holds_for = "2h", replace = { labels = { seen = "yes" } } }
            policy { name = "saw", on = "match", match = { labels = "no" }, replace = { labels = { saw = "yes" } } }
        ]]
        support.write(folder .. "/p.lua", text)
        local daemon
        local function start(clock)
            daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--grace", "1s",
                "--clock", clock, folder .. "/p.lua")
            daemon:expect(" in force")
            daemon:write "advance 0s\n" -- answered when all is looked at
            daemon:expect("clock " .. clock, "stdout")
        end
        local function move(to)
            daemon:write("set " .. to .. "\n")
            daemon:expect("clock " .. to, "stdout")
        end
        local function ask(clock, ...)
            local args = { ... }
            for _, arg in ipairs { "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--control", "none" } do
                table.insert(args, arg)
            end
            local _, out, err = support.mpijobd_with({ env = { MPIJOBD_CLOCK = clock } }, table.unpack(args))
            return out .. err
        end
        start "2026-01-01T10:00:00Z"
        move "2026-01-01T11:00:00Z"
        assert.are.equal(0, (daemon:stop()))
        local told = ask("2026-01-01T11:30:00Z", "why", "p", "train/one", folder .. "/p.lua")
        support.contains(told, "matches in 30m, at 2026-01-01T12:00:00")
        support.contains(told, "since 2026-01-01T10:00:00+00:00")
        support.contains(ask("2026-01-01T11:30:00Z", "plan", folder .. "/p.lua", "-A"), "p: 2 jobs that match have not matched for as long as holds_for wants")
        start "2026-01-01T11:30:00Z"
        patch("two", { no = "1" })
        daemon:expect "run ended policy=saw" -- its intent is on the disk, and with it what was found of the job for p
        patch("two", { no = support.json.null })
        daemon:kill "sigkill"
        daemon:wait()
        start "2026-01-01T11:45:00Z"
        server:request("POST", "/_sim/faults", "watch-gone:count=1")
        move "2026-01-01T11:59:59Z"
        assert.is_nil(seen "one")
        assert.is_nil(seen "asked")
        move "2026-01-01T12:00:00Z"
        assert.are.equal("yes", seen "one")
        assert.are.equal("yes", seen "asked")
        move "2026-01-01T13:29:00Z"
        assert.is_nil(seen "two")
        assert.are.equal(0, (daemon:stop()))
        -- Another text is another match, of which nobody knows since when it holds.
        support.write(folder .. "/p.lua", (text:gsub("!no", "!no, !never")))
        start "2026-01-01T13:29:30Z"
        move "2026-01-01T15:29:29Z"
        assert.is_nil(seen "two")
        move "2026-01-01T15:29:30Z"
        assert.are.equal("yes", seen "two")
        assert.are.equal(0, (daemon:stop()))
    end)

    it("is refused where nobody sees since when a job matches", function()
        for text, wanted in pairs {
            ['every = "1h", holds_for = "15m"'] = 'holds_for goes with on = "match": between the runs of a schedule or period nobody sees',
            ['on = { "match", "finished" }, holds_for = "15m"'] = 'holds_for goes with on = "match" alone: that a job is finished is a moment',
            ['on = "match", holds_for = "0s"'] = "holds_for has to be at least 1s",
            ['on = "match", holds_for = "soon"'] = "holds_for",
        } do
            support.write(folder .. "/p.lua", 'policy { name = "p", ' .. text .. ", replace = { labels = { p = \"yes\" } } }")
            local code, _, err = support.mpijobd("check", folder .. "/p.lua")
            assert.are.equal(1, code, text)
            support.contains(err, wanted)
        end
        support.write(folder .. "/p.lua", 'policy { name = "p", on = "match", holds_for = "15m", replace = { labels = { p = "yes" } } }')
        support.contains(select(2, support.mpijobd("check", folder .. "/p.lua")), "acts on a job when the whole match has held for 15m")
    end)
end)
