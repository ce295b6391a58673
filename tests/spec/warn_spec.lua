-- SPDX-License-Identifier: Apache-2.0
-- Policies with `warn`: the owner of a job hears before the policy acts, and may keep it off.
local support = require "support"
local sim = require "support.sim"
local cluster = require "support.cluster"

describe("warn", function()
    local folder
    before_each(function()
        folder = support.folder()
    end)
    after_each(support.cleanup)

    local function passes(policies, spec)
        support.write(folder .. "/p.lua", policies)
        support.write(folder .. "/p_spec.lua", [[
            before_each(function() clock.set "2026-01-05T12:00:00Z" end)
            local function warned(job, policy) return (cluster.get(job).metadata.annotations or {})["warned.mpijobd.io/" .. policy] end
        ]] .. spec)
        local code, out, err = support.mpijobd("test", folder)
        assert.are.equal(0, code, out .. err)
    end

    it("tells the owner at the instants, and acts when all was told", function()
        passes(
            [[
            policy { name = "p", on = "match", match = { phase = "Running" }, timezone = "Europe/Berlin", warn = { at = { "24h", "1h" }, by = { "annotation", "event" } },
                replace = { labels = { told = "yes" } } }
        ]],
            [[
            it("once each", function()
                local one = cluster.job { name = "one", phase = "Running" }
                clock.advance "0s"
                assert.are.equal("policy p changes this job at 2026-01-06T13:00:00+01:00: labels.told: unset -> yes. To keep it off: mpijobd hold default/one 2d, "
                    .. "or the annotation mpijobd.io/hold-until with an instant (warning 1 of 2)", warned(one, "p"))
                assert.event(one, "policy p changes this job at 2026%-01%-06T13:00:00%+01:00", { reason = "WillChange", count = 1 })
                local w = why(one, "p")
                assert.are.equal("later", w.verdict)
                assert.are.equal(time.parse "2026-01-06T12:00:00Z", w.matches_at)
                assert.matches("1 of 2 given, the next at 2026%-01%-06T12:00:00%+01:00 .*in 1d, at 2026%-01%-06T13:00:00%+01:00", tostring(w))
                clock.set "2026-01-06T10:59:59Z"
                assert.are.equal(1, #cluster.changes())
                clock.advance "1s"
                assert.are.equal(2, #cluster.changes())
                assert.matches("2026%-01%-06T13:00:00%+01:00.*warning 2 of 2", warned(one, "p"))
                clock.advance "59m59s"
                assert.is_nil((cluster.get(one).metadata.labels or {}).told)
                clock.advance "1s"
                assert.are.equal("yes", cluster.get(one).metadata.labels.told)
                clock.advance "5d"
                assert.are.equal(3, #cluster.changes())
                assert.are.equal(2, #cluster.events(one) - 1) -- and one of the change itself
            end)
            it("again where the job has changed", function()
                local one = cluster.job { name = "one", phase = "Running" }
                clock.advance "23h30m"
                cluster.patch(one, { metadata = { annotations = { ["ops.example.com/seen"] = "1" } } })
                clock.advance "1h"
                assert.are.equal(3, #cluster.changes())
                assert.matches("2026%-01%-07T12:30:00%+01:00.*warning 1 of 2", warned(one, "p"))
                clock.set "2026-01-07T11:29:59Z"
                assert.is_nil((cluster.get(one).metadata.labels or {}).told)
                clock.advance "1s"
                assert.are.equal("yes", cluster.get(one).metadata.labels.told)
            end)
            it("again after its owner has held it", function()
                local one = cluster.job { name = "one", phase = "Running" }
                clock.advance "23h30m"
                cluster.patch(one, { metadata = { annotations = { ["mpijobd.io/hold-until"] = "2026-01-08T00:00:00Z" } } })
                clock.set "2026-01-07T23:59:59Z"
                assert.are.equal(2, #cluster.changes())
                clock.advance "1s"
                assert.matches("2026%-01%-09T01:00:00%+01:00.*warning 1 of 2", warned(one, "p"))
                clock.set "2026-01-09T00:00:00Z"
                assert.are.equal("yes", cluster.get(one).metadata.labels.told)
            end)
            it("not where it has left the match", function()
                local one = cluster.job { name = "one", phase = "Running", ends_in = "3h" }
                clock.advance "5d"
                assert.are.equal(1, #cluster.changes())
            end)
        ]]
        )
    end)

    it("tells by functions and sinks, with `where`, windows and the change of the clocks", function()
        passes(
            [[
            policy { name = "s", on = "match", match = { name = "s-*" }, warn = { at = "2h", by = { notify.slack { sink = "ops" }, notify.webhook { sink = "hook" },
                function(w, job) log.info("told", { job = w.job, same = job.key, number = w.number, of = w.of, change = w.change, acts_at = w.acts_at }) end } }, replace = { labels = { told = "yes" } } }
            policy { name = "half", on = "match", match = { name = "half-*" }, warn = { at = "2h", by = { function() error "no" end, function() return nil, "away" end,
                function(w) return true end } }, replace = { labels = { told = "yes" } } }
            local away = true
            policy { name = "away", on = "match", match = { name = "away-*" }, warn = { at = "2h", by = { function(w) return nil, "away" end } }, replace = { labels = { told = "yes" } } }
            policy { name = "w", on = "match", match = { name = "w-*", where = function(job) return job.labels.busy == nil end }, recheck = "1m", holds_for = "30m",
                warn = { at = { "2h", "1h" } }, replace = function(job) if job.labels.skip then return nil end return { labels = { told = job.name } } end }
            policy { name = "zone", on = "match", match = { name = "z-*" }, timezone = "Europe/Berlin", warn = { at = { "24h", "1h" } }, window = "mon-fri 09:00-18:00",
                replace = { labels = { told = "yes" } } }
        ]],
            [[
            local function told(job) return (cluster.get(job).metadata.labels or {}).told end
            it("by sinks", function()
                local job = cluster.job { name = "s-1" }
                clock.advance "1s"
                assert.notified("policy s changes this job at 2026%-01%-05T14:00:00.*labels.told: unset %-> yes.*mpijobd hold default/s%-1 2d.*warning 1 of 1", { sink = "ops", policy = "s" })
                assert.notified("acts_at", { sink = "hook", policy = "s" })
                assert.logged("told", { job = "default/s-1", same = "default/s-1", number = 1, of = 1, change = "labels.told: unset -> yes", acts_at = clock.now() + 7199 })
                assert.are.equal(0, #cluster.changes())
                clock.set "2026-01-05T14:00:00Z"
                assert.are.equal("yes", told(job))
                assert.are.equal(2, #cluster.notifications())
            end)
            it("by one that works beside others that do not", function()
                local job = cluster.job { name = "half-1" }
                clock.advance "2h"
                assert.are.equal("yes", told(job))
                assert.logged("has not warned", { reason = "away" })
            end)
            it("never acts where nobody was told", function()
                local job = cluster.job { name = "away-1" }
                clock.advance "3h"
                assert.is_nil(told(job))
                assert.logged("could not be warned", { job = "default/away-1" })
            end)
            it("with where, which starts it again", function()
                local one, two, three = cluster.job { name = "w-1" }, cluster.job { name = "w-2", labels = { busy = "1" } }, cluster.job { name = "w-3", labels = { skip = "1" } }
                clock.advance "29m59s"
                assert.are.equal(0, #cluster.changes())
                clock.advance "1s"
                assert.matches("at 2026%-01%-05T14:30:00.*labels.told: unset %-> w%-1.*1 of 2", warned(one, "w"))
                clock.advance "1h"
                assert.matches("2 of 2", warned(one, "w"))
                cluster.patch(one, { metadata = { labels = { busy = "1" } } })
                cluster.patch(two, { metadata = { labels = { busy = json.null } } })
                clock.advance "30m"
                cluster.patch(one, { metadata = { labels = { busy = json.null } } })
                assert.matches("at 2026%-01%-05T16:00:00.*1 of 2", warned(two, "w"))
                clock.advance "30m"
                assert.matches("at 2026%-01%-05T16:30:00.*1 of 2", warned(one, "w"))
                clock.set "2026-01-05T16:29:59Z"
                assert.is_nil(told(one))
                assert.are.equal("w-2", told(two))
                clock.advance "1s"
                assert.are.equal("w-1", told(one))
                assert.is_nil(warned(three, "w"))
                assert.ran("w")
            end)
            it("over the change of the clocks, and for the opening at which it acts", function()
                clock.set "2026-03-28T12:00:00Z" -- a Saturday: on Sunday an hour is left out
                local job = cluster.job { name = "z-1" }
                clock.advance "1s"
                assert.matches("at 2026%-03%-30T09:00:00%+02:00.*1 of 2", warned(job, "zone"))
                clock.set "2026-03-29T10:59:59Z"
                assert.matches("1 of 2", warned(job, "zone"))
                clock.advance "1s"
                assert.matches("2 of 2", warned(job, "zone"))
                clock.set "2026-03-30T06:59:59Z"
                assert.is_nil(told(job))
                clock.advance "1s"
                assert.are.equal("yes", told(job))
            end)
        ]]
        )
    end)

    it("never acts unwarned, is bounded as any change is, and writes nothing in a dry run", function()
        passes(
            [[
            policy { name = "p", on = "match", match = { name = "p-*" }, warn = { at = { "2h", "1h" } }, replace = { labels = { told = "yes" } } }
            policy { name = "e", on = "match", match = { name = "e-*" }, warn = { at = "2h", by = "event" }, replace = { labels = { told = "yes" } } }
            policy { name = "dry", on = "match", match = { name = "d-*" }, dry_run = true, warn = { at = "2h", by = { "annotation", "event" } }, replace = { labels = { told = "yes" } } }
            policy { name = "few", on = "match", match = { name = "f-*" }, limits = { changes = 2 }, warn = { at = "2h" }, replace = { labels = { told = "yes" } } }
            policy { name = "same", on = "match", match = { name = "same-*" }, warn = { at = "2h" }, replace = { labels = { told = "yes" } } }
        ]],
            [[
            local function told(job) return (cluster.get(job).metadata.labels or {}).told end
            it("a warning that comes late moves the instant", function()
                cluster.forbid { verb = "update" }
                local job = cluster.job { name = "p-1" }
                clock.advance "3h"
                assert.is_nil(warned(job, "p"))
                assert.matches("next is due", tostring(why(job, "p")))
                assert.logged("could not be warned")
                cluster.allow()
                clock.advance "10m"
                local at = time.parse(warned(job, "p"):match "at (%S+): ")
                assert.is_true(at > time.parse "2026-01-05T17:00:00Z" and at <= time.parse "2026-01-05T17:10:00Z")
                clock.set(time.rfc3339(at - 3600))
                assert.matches("2 of 2", warned(job, "p"))
                clock.set(time.rfc3339(at - 1))
                assert.is_nil(told(job))
                clock.advance "1s"
                assert.are.equal("yes", told(job))
            end)
            it("by an Event that cannot be written", function()
                cluster.forbid { verb = "create", resource = "events" }
                local job = cluster.job { name = "e-1" }
                clock.advance "3h"
                assert.is_nil(told(job))
                cluster.allow()
                clock.advance "3h"
                assert.are.equal("yes", told(job))
                assert.event(job, "policy e changes this job", { reason = "WillChange", count = 1 })
            end)
            it("by an Event", function()
                local job = cluster.job { name = "e-1" }
                clock.advance "1h59m59s"
                assert.event(job, "policy e changes this job", { reason = "WillChange", count = 1 })
                assert.is_nil(told(job))
                clock.advance "1s"
                assert.are.equal("yes", told(job))
            end)
            it("dry", function()
                local job = cluster.job { name = "d-1" }
                clock.advance "3h"
                assert.is_nil(cluster.get(job).metadata.annotations)
                assert.is_nil(told(job))
                assert.are.equal(0, #cluster.events(job))
                assert.logged("would replace")
            end)
            it("over a limit", function()
                local jobs = { cluster.job { name = "f-1" }, cluster.job { name = "f-2" }, cluster.job { name = "f-3" } }
                clock.advance "1d"
                assert.are.equal(0, #cluster.changes())
                assert.logged("run ended", { outcome = "limited" })
            end)
            it("where there is nothing to change", function()
                local job = cluster.job { name = "same-1", labels = { told = "yes" } }
                clock.advance "1d"
                assert.untouched(job)
            end)
        ]]
        )
    end)

    describe("of a daemon", function()
        local server, daemon, ids
        before_each(function()
            server = sim.start("--version", "v2beta1")
            server:make_namespace "train"
            ids = 0
        end)
        after_each(function()
            if daemon and not daemon.code then
                daemon:stop("sigkill")
            end
        end)
        local function job(name)
            server:request("POST", server:path("v2beta1", "train"), ([[{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"%s"},
                "spec":{"mpiReplicaSpecs":{"Launcher":{"template":{"spec":{"containers":[{"name":"a","image":"i"}]}}}}}}]]):format(name))
        end
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
        local function killed()
            daemon:kill "sigkill"
            daemon:wait()
        end
        local function object(name)
            return (select(2, server:request("GET", server:path("v2beta1", "train") .. "/" .. name)))
        end
        local function warned(name)
            return ((object(name).metadata.annotations or {})["warned.mpijobd.io/p"] or "-"):match "%((warning .-)%)"
        end
        local function told(name)
            return (object(name).metadata.labels or {}).told
        end
        local function writes()
            local _, list = server:request("GET", "/_sim/requests?method=PUT&path=*/mpijobs/*&since=" .. ids)
            ids = list.last or ids
            return #list.requests
        end

        it("gives each warning once over restarts, kills and lost watches, and sees what has changed meanwhile", function()
            support.write(folder .. "/p.lua", [[policy { name = "p", on = "match", match = { name = { "one", "two", "three" } }, warn = { at = { "24h", "1h" } }, replace = { labels = { told = "yes" } } }]])
            job "one"
            job "two"
            start "2026-01-01T10:00:00Z"
            assert.are.same({ "warning 1 of 2", "warning 1 of 2" }, { warned "one", warned "two" })
            assert.are.equal(2, writes())
            killed()
            server:request("PATCH", server:path("v2beta1", "train") .. "/two", { spec = { runPolicy = { backoffLimit = 3 } } }, "application/merge-patch+json")
            start "2026-01-01T20:00:00Z" -- of the second one the owner is told again
            assert.are.equal(1, writes())
            assert.matches("at 2026%-01%-02T10:00:00", object("one").metadata.annotations["warned.mpijobd.io/p"])
            assert.matches("at 2026%-01%-02T20:00:00", object("two").metadata.annotations["warned.mpijobd.io/p"])
            server:request("POST", "/_sim/faults", "watch-gone:count=1")
            move "2026-01-02T08:59:59Z"
            support.contains(select(2, support.mpijobd("status", "--control", folder .. "/s.db.control")), "it warns first, and acts on 2 jobs later; 2 warned")
            killed()
            start "2026-01-02T08:59:59Z"
            assert.are.equal(0, writes())
            move "2026-01-02T09:00:00Z"
            assert.are.equal("warning 2 of 2", warned "one")
            killed()
            start "2026-01-02T09:59:59Z"
            assert.are.equal(1, writes())
            assert.is_nil(told "one")
            move "2026-01-02T10:00:00Z"
            assert.are.equal("yes", told "one")
            assert.is_nil(told "two")
            assert.are.equal(0, (daemon:stop()))
            -- The daemon was away at the second warning of the other: it comes late, and the hour after it is kept.
            start "2026-01-02T19:45:00Z"
            assert.are.equal("warning 2 of 2", warned "two")
            move "2026-01-02T20:44:59Z"
            assert.is_nil(told "two")
            move "2026-01-02T20:45:00Z"
            assert.are.equal("yes", told "two")
            -- By hand it would act unwarned.
            local code, out, err = support.mpijobd("trigger", "p", "--control", folder .. "/s.db.control")
            assert.are.equal(1, code, out)
            support.contains(err, 'policy "p" warns before it acts, and a run by hand acts at once; mpijobd trigger --override p runs it')
            code, out, err = support.mpijobd("trigger", "p", "one", "-n", "train", "--control", folder .. "/s.db.control")
            assert.are.equal(1, code, out)
            support.contains(err, "mpijobd trigger --override p train/one runs it") -- and not all that match
            assert.are.equal(0, (daemon:stop()))
            -- Another text is another change to be told of.
            job "three"
            start "2026-01-03T10:00:00Z"
            assert.are.equal("warning 1 of 2", warned "three")
            assert.are.equal(0, (daemon:stop()))
            support.write(folder .. "/p.lua", [[policy { name = "p", on = "match", match = { name = { "one", "two", "three" } }, warn = { at = { "24h", "1h" } }, replace = { labels = { told = "no" } } }]])
            start "2026-01-03T12:00:00Z"
            support.contains(object("three").metadata.annotations["warned.mpijobd.io/p"], "at 2026-01-04T12:00:00+00:00: labels.told: unset -> no")
            assert.are.equal(0, (daemon:stop()))
            code, out, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", folder .. "/p.lua")
            support.contains(out .. err, "the policy is left out, because one run acts at once; --override runs it")
            assert.are.equal(0, code)
        end)

        it("counts as given when its notification has arrived, says so where it has not, and names kind and cluster", function()
            local web = require("support.web").start()
            server = sim.start("--version", "v2beta1", "--kinds")
            server:make_namespace "train"
            support.write(folder .. "/mpijobd.yaml", ([[
clusters: { lab: { kubeconfig: %s }, far: { kubeconfig: %s } }
state: %s/s.db
notify:
  gone: { type: slack, url: "http://127.0.0.1:%d/status/404" }
  ops: { type: webhook, url: "http://127.0.0.1:%d/ops" }
]]):format(server.kubeconfig, server.kubeconfig, folder, web.port, web.port))
            support.write(folder .. "/p.lua", [[
policy { name = "lost", clusters = "lab", on = "match", match = { name = "one" }, warn = { at = "1h", by = notify.slack { sink = "gone" } }, replace = { labels = { told = "yes" } } }
policy { name = "heard", clusters = "lab", on = "match", kind = "JobSet", match = { name = "two" }, warn = { at = "1h", by = { notify.slack { sink = "gone" }, notify.webhook { sink = "ops" } } }, replace = { labels = { told = "yes" } } }
]])
            job "one"
            server:request("POST", "/apis/jobset.x-k8s.io/v1alpha2/namespaces/train/jobsets",
                { apiVersion = "jobset.x-k8s.io/v1alpha2", kind = "JobSet", metadata = { name = "two" }, spec = { suspend = true } })
            daemon = support.daemon({ stdin = true }, "run", "--config", folder .. "/mpijobd.yaml", "--grace", "1s", "--clock", "2026-01-01T10:00:00Z", folder .. "/p.lua")
            daemon:expect " in force"
            local line = daemon:expect "run ended policy=lost"
            support.contains(line, "outcome=failed changed=0 unchanged=0 failed=1")
            support.contains(line, "the owner of 1 job could not be warned: ")
            support.contains(line, "slack: the server ans")
            daemon:expect "run ended policy=heard cluster=lab outcome=done"
            local arrived = web:await "/ops"
            support.contains(arrived, "mpijobd hold jobset train/two 2d --cluster lab, or the annotation mpijobd.io/hold-until")
            daemon:write "set 2026-01-01T12:00:00Z\n"
            daemon:expect("clock 2026-01-01T12:00:00Z", "stdout")
            daemon:expect "run ended policy=heard cluster=lab outcome=done changed=1"
            assert.is_nil((object("one").metadata.labels or {}).told)
            local _, status = support.mpijobd("status", "--config", folder .. "/mpijobd.yaml")
            support.contains(status, "notifications by sink gone: not delivered since 2026-01-01T10:00:00Z: slack: the server answered 404; 0 wait")
            local _, runs = support.mpijobd("runs", "--policy", "lost", "--config", folder .. "/mpijobd.yaml", "-o", "json")
            for _, run in ipairs(support.json.decode(runs)) do
                assert.are.equal("failed", run.outcome)
            end
            assert.are.equal(0, (daemon:stop()))
        end)

        it("goes on where it was after a death within a write that was not made", function()
            support.write(folder .. "/p.lua", [[policy { name = "p", on = "match", match = { name = "one" }, warn = { at = { "24h", "1h" } }, replace = { labels = { told = "yes" } } }]])
            job "one"
            local function dies(clock, to)
                daemon = support.daemon({ stdin = true, env = { MPIJOBD_FAILPOINT = "write-journalled:1" } }, "run", "--no-supervisor", "--kubeconfig", server.kubeconfig,
                    "--state", folder .. "/s.db", "--clock", clock, folder .. "/p.lua")
                if to then
                    daemon:expect(" in force")
                    daemon:write("set " .. to .. "\n")
                end
                daemon:wait()
                assert.is_nil(daemon.stderr:match "stopped")
            end
            dies "2026-01-01T10:00:00Z"
            assert.is_nil(warned "one")
            start "2026-01-01T10:00:30Z" -- not later than a minute: the instant stays
            assert.matches("at 2026%-01%-02T10:00:00.*1 of 2", object("one").metadata.annotations["warned.mpijobd.io/p"])
            assert.are.equal(0, (daemon:stop()))
            dies("2026-01-02T08:59:00Z", "2026-01-02T09:00:00Z")
            assert.are.equal("warning 1 of 2", warned "one")
            start "2026-01-02T09:00:10Z"
            assert.matches("at 2026%-01%-02T10:00:00.*2 of 2", object("one").metadata.annotations["warned.mpijobd.io/p"])
            assert.are.equal(0, (daemon:stop()))
            dies("2026-01-02T09:59:00Z", "2026-01-02T10:00:00Z")
            assert.is_nil(told "one")
            start "2026-01-02T10:00:20Z"
            assert.are.equal("yes", told "one")
            assert.are.equal("warning 2 of 2", warned "one")
            assert.are.equal(0, (daemon:stop()))
            start "2026-01-05T10:00:20Z" -- and that is that
            move "2026-01-08T10:00:20Z"
            assert.are.equal(3, writes())
            assert.are.equal(0, (daemon:stop()))
        end)

        it("does not act on a job that has changed behind a watch that is silent", function()
            support.write(folder .. "/p.lua", [[policy { name = "p", on = "match", match = { name = "one" }, warn = { at = "1h" }, replace = { labels = { told = "yes" } } }]])
            job "one"
            start "2026-01-01T10:00:00Z"
            assert.are.equal("warning 1 of 1", warned "one")
            server:request("POST", "/_sim/faults", "watch-silent")
            server:request("PATCH", server:path("v2beta1", "train") .. "/one", { metadata = { labels = { mine = "yes" } } }, "application/merge-patch+json")
            daemon:write "set 2026-01-01T11:00:00Z\n"
            daemon:expect "the job has changed since its owner was warned"
            assert.is_nil(told "one")
            killed()
            server:request("DELETE", "/_sim/faults")
            start "2026-01-01T11:00:00Z"
            assert.matches("at 2026%-01%-01T12:00:00", object("one").metadata.annotations["warned.mpijobd.io/p"])
            move "2026-01-01T12:00:00Z"
            assert.are.equal("yes", told "one")
            assert.are.equal(0, (daemon:stop()))
        end)

        it("is held up by a freeze and a pause, and gives the time that it promised all the same", function()
            support.write(folder .. "/p.lua", [[policy { name = "p", on = "match", match = { name = "one" }, canary = { 1, "100%", pause = "10m" }, warn = { at = { "24h", "1h" } }, replace = { labels = { told = "yes" } } }]])
            support.write(folder .. "/mpijobd.yaml", ([[
cluster: { kubeconfig: %s }
state: %s/s.db
freeze: [ { from: "2026-01-01 09:00", until: "2026-01-01 12:00", reason: "new year" } ]
journal: { record: 1MiB }
]]):format(server.kubeconfig, folder))
            job "one"
            daemon = support.daemon({ stdin = true }, "run", "--config", folder .. "/mpijobd.yaml", "--grace", "1s", "--clock", "2026-01-01T10:00:00Z", folder .. "/p.lua")
            daemon:expect(" in force")
            move "2026-01-01T10:00:00Z"
            move "2026-01-01T11:59:59Z"
            assert.is_nil(warned "one")
            move "2026-01-01T12:00:00Z"
            assert.matches("at 2026%-01%-02T12:00:00", object("one").metadata.annotations["warned.mpijobd.io/p"])
            local socket = folder .. "/s.db.control"
            assert.are.equal(0, (support.mpijobd("pause", "p", "--control", socket)))
            move "2026-01-02T11:30:00Z"
            assert.are.equal("warning 1 of 2", warned "one")
            assert.are.equal(0, (support.mpijobd("resume", "p", "--control", socket)))
            move "2026-01-02T11:30:01Z"
            assert.are.equal("warning 2 of 2", warned "one")
            local at = object("one").metadata.annotations["warned.mpijobd.io/p"]:match "at (%S+): "
            assert.matches("^2026%-01%-02T12:30:0[01]", at)
            move "2026-01-02T12:29:59Z"
            assert.is_nil(told "one")
            move "2026-01-02T12:30:02Z"
            assert.are.equal("yes", told "one")
            local _, out = support.mpijobd("runs", "--state", folder .. "/s.db", "-o", "json")
            assert.are.equal(2, support.count(out, "it warned of what is to come"))
            assert.are.equal(0, (daemon:stop()))
        end)

        it("waits with its plan for approval after the warnings", function()
            support.write(folder .. "/p.lua", [[policy { name = "p", on = "match", approval = "always", match = { name = "one" }, warn = { at = "1h" }, replace = { labels = { told = "yes" } } }]])
            job "one"
            start "2026-01-01T10:00:00Z"
            assert.are.equal("warning 1 of 1", warned "one")
            daemon:write "set 2026-01-01T11:00:00Z\n"
            daemon:expect "waits for approval"
            assert.is_nil(told "one")
            assert.are.equal(0, (daemon:stop()))
        end)

        it("tells of a thousand jobs at once #measured", function()
            support.write(folder .. "/p.lua", [[policy { name = "p", on = "match", match = { name = "many-*" }, warn = { at = "1h", by = { "annotation", "event" } }, replace = { labels = { told = "yes" } } }]])
            for i = 1, 1000 do
                job("many-" .. i)
            end
            local began = support.now and support.now() or os.time()
            start "2026-01-01T10:00:00Z"
            local took = (support.now and support.now() or os.time()) - began
            assert.are.equal("warning 1 of 1", warned "many-1000")
            assert.is_true(took < 30, took .. " s")
            move "2026-01-01T11:00:00Z"
            assert.are.equal("yes", told "many-1")
            assert.are.equal("yes", told "many-1000")
            assert.are.equal(0, (daemon:stop()))
        end)
    end)

    for _, version in ipairs { cluster.versions[1], cluster.versions[4] } do
        it("is kept to on " .. version.name .. " #cluster", function()
            local c = cluster.start(version)
            local space = c:namespace()
            local now = os.time()
            local function clock(seconds)
                return os.date("!%Y-%m-%dT%H:%M:%SZ", now + seconds)
            end
            c:create(space, "one", { state = "Running" })
            c:create(space, "two", { state = "Running" })
            support.write(folder .. "/p.lua", [[
policy { name = "p", on = "match", match = { phase = "Running" }, holds_for = "10m", warn = { at = { "2h", "1h" }, by = { "annotation", "event" } }, replace = { labels = { told = "yes" } } }]])
            local daemon
            local function start(seconds)
                daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", c.kubeconfig, "-n", space, "--state", folder .. "/s.db", "--grace", "1s",
                    "--clock", clock(seconds), folder .. "/p.lua")
                daemon:expect(" in force")
                daemon:write "advance 0s\n"
                daemon:expect("clock " .. clock(seconds), "stdout")
            end
            local function move(seconds)
                daemon:write("set " .. clock(seconds) .. "\n")
                daemon:expect("clock " .. clock(seconds), "stdout")
            end
            local function warned(name)
                return ((c:get(space, name).metadata.annotations or {})["warned.mpijobd.io/p"] or "-"):match "%((warning .-)%)"
            end
            local function told(name)
                return (c:get(space, name).metadata.labels or {}).told
            end
            start(0)
            move(599)
            assert.is_nil(warned "one")
            move(600)
            assert.are.equal("warning 1 of 2", warned "one")
            local first = c:get(space, "one").metadata.resourceVersion
            daemon:kill "sigkill"
            daemon:wait()
            c:request("PATCH", c:path(space, "two"), { metadata = { labels = { mine = "yes" } } }, "application/merge-patch+json")
            c:set_state(space, "one", "Running", 60) -- a controller's heartbeat is no activity
            start(1200)
            move(1200 + 600)
            move(600 + 3600 - 1)
            assert.are.equal("warning 1 of 2", warned "one")
            assert.are_not.equal(first, c:get(space, "one").metadata.resourceVersion)
            move(600 + 3600)
            assert.are.equal("warning 2 of 2", warned "one")
            move(1200 + 600 + 3600)
            move(600 + 7200)
            assert.are.same({ "yes", "warning 2 of 2" }, { told "one", warned "two" })
            assert.is_nil(told "two")
            move(1200 + 600 + 7200 - 1)
            assert.is_nil(told "two")
            move(1200 + 600 + 7200)
            assert.are.equal("yes", told "two")
            assert.are.equal(0, (daemon:stop()))
            local _, events = c:request("GET", ("/api/v1/namespaces/%s/events"):format(space))
            assert.are.equal(5, support.count(events, '"WillChange"'))
        end)
    end

    it("is what the guide shows", function()
        local part = support.read(os.getenv "MPIJOBD_SOURCE" .. "/docs/guide.md"):match "\n## Ask first: hold, warn\n(.-)\n## "
        local policy, spec = part:match "```lua\n(.-)```.*```lua\n(.-)```"
        support.write(folder .. "/p.lua", policy)
        support.write(folder .. "/p_spec.lua", spec)
        local code, out, err = support.mpijobd("test", folder)
        assert.are.equal(0, code, out .. err)
        support.contains(out, "1 success")
    end)

    it("is refused where it cannot be kept to", function()
        for text, wanted in pairs {
            ['every = "1h", warn = { at = "1h" }, replace = {}'] = 'warn goes with on = "match": between the runs of a schedule or period nobody sees',
            ['on = { "match", "added" }, warn = { at = "1h" }, replace = {}'] = 'warn goes with on = "match" alone: that a job is added is a moment',
            ['on = "match", warn = { at = "1h" }, run = function() end'] = "warn goes with replace: what a run function will do is not known before",
            ['on = "match", warn = "1h", replace = {}'] = "it has to be a table such as",
            ['on = "match", warn = {}, replace = {}'] = "warn: does not say when",
            ['on = "match", warn = { at = { "1h", "60m" } }, replace = {}'] = "names the same time twice",
            ['on = "match", warn = { at = "10s" }, replace = {}'] = "has to be from 1m to 90d",
            ['on = "match", warn = { at = {} }, replace = {}'] = "has 0 entries",
            ['on = "match", warn = { at = "1h", by = "mail" }, replace = {}'] = 'has the string "mail"',
            ['on = "match", warn = { at = "1h", by = {} }, replace = {}'] = "has 0 entries",
            ['on = "match", warn = { at = "1h", to = {} }, replace = {}'] = 'has "to"; there are at and by',
            ['on = "match", warn = { at = "1h", by = notify.slack { sink = "ops", text = "x" } }, replace = {}'] = "it has no text: that is the warning's",
        } do
            support.write(folder .. "/p.lua", 'policy { name = "p", ' .. text:gsub("replace = {}", 'replace = { labels = { p = "yes" } }') .. " }")
            local code, _, err = support.mpijobd("check", folder .. "/p.lua")
            assert.are.equal(1, code, text)
            support.contains(err, wanted)
        end
        support.write(folder .. "/p.lua", 'policy { name = "p", on = "match", warn = { at = { "1h", "1d" }, by = { "annotation", "event", notify.slack { sink = "ops" } } }, replace = { labels = { p = "yes" } } }')
        support.contains(select(2, support.mpijobd("check", folder .. "/p.lua")), "warns 1d, 1h before it acts, by annotation, event, 1 function")
    end)
end)
