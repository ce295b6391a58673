-- SPDX-License-Identifier: Apache-2.0
-- Jobs that their owners hold: policies with `hold` leave them alone until then.
local support = require "support"
local sim = require "support.sim"

describe("hold", function()
    local folder
    before_each(function()
        folder = support.folder()
    end)
    after_each(support.cleanup)

    local function write(text)
        return support.write(folder .. "/p.lua", text)
    end

    it("keeps policies with `on`, schedules and periods from a job until the instant, and at most so long", function()
        write [[
            policy { name = "free", on = "match", match = { finished_for = "2h" }, hold = { max = "3d" }, replace = { labels = { free = "yes" } } }
            policy { name = "seen", on = "match", match = { phase = "Running" }, hold = {}, replace = { labels = { seen = "yes" } } }
            policy { name = "hourly", every = "1h", match = { phase = "Running" }, hold = { annotation = "ops.example.com/keep", max = "1d" }, replace = { labels = { hourly = "yes" } } }
            policy { name = "plain", every = "1h", match = { phase = "Running" }, replace = { labels = { plain = "yes" } } }
        ]]
        support.write(folder .. "/p_spec.lua", [[
            local HOLD <const> = "mpijobd.io/hold-until"
            before_each(function() clock.set "2026-01-05T12:00:00Z" end)
            it("is exact, and each is handled once", function()
                local held = cluster.job { phase = "Succeeded", finished_for = "1h", annotations = { [HOLD] = "2026-01-06T09:30:15+01:00" } }
                local free = cluster.job { phase = "Succeeded", finished_for = "1h", annotations = { [HOLD] = "2026-01-05T12:30:00Z" } }
                local long = cluster.job { phase = "Succeeded", finished_for = "1h", annotations = { [HOLD] = "2026-01-08T13:00:01Z" } }
                local odd = cluster.job { phase = "Succeeded", finished_for = "1h", annotations = { [HOLD] = "tomorrow" } }
                local running = cluster.job { annotations = { [HOLD] = "2026-01-05T12:00:10Z", ["ops.example.com/keep"] = "2026-01-05T15:30:00Z" } }
                assert.untouched(held)
                clock.advance "9s"
                assert.untouched(running)
                clock.advance "1s"
                assert.replaced(running, { labels = { seen = "yes" } })
                clock.set "2026-01-05T13:00:00Z"
                assert.replaced(free)
                assert.replaced(long) -- more than three days away
                assert.replaced(odd)
                assert.untouched(held)
                assert.replaced(running, { labels = { plain = "yes" } })
                assert.is_nil(cluster.get(running).metadata.labels.hourly)
                clock.set "2026-01-05T16:00:00Z"
                assert.replaced(running, { labels = { hourly = "yes" } })
                clock.set "2026-01-06T08:30:14Z"
                assert.untouched(held)
                assert.matches("hold", why(held, "free"))
                clock.advance "1s"
                assert.replaced(held)
                clock.advance "2d"
                local of_free = 0
                for _, change in ipairs(cluster.changes()) do
                    of_free = of_free + (change.policy == "free" and 1 or 0)
                end
                assert.are.equal(4, of_free)
            end)
            it("begins and ends when its owner says so", function()
                local job = cluster.job { phase = "Succeeded", finished_for = "1h" }
                clock.advance "59m"
                cluster.patch(job, { metadata = { annotations = { [HOLD] = "2026-01-06T00:00:00Z" } } })
                clock.advance "5h"
                assert.untouched(job)
                cluster.patch(job, { metadata = { annotations = { [HOLD] = "2026-01-07T00:00:00Z" } } })
                clock.advance "20h"
                assert.untouched(job)
                cluster.patch(job, { metadata = { annotations = { [HOLD] = json.null } } })
                assert.replaced(job, { labels = { free = "yes" } })
            end)
        ]])
        local code, out, err = support.mpijobd("test", folder)
        assert.are.equal(0, code, out .. err)
    end)

    it("is set and ended by mpijobd hold, and told by why", function()
        local server = sim.start("--version", "v2beta1")
        server:make_namespace "train"
        server:request("POST", server:path("v2beta1", "train"), [[{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"one"},
            "spec":{"mpiReplicaSpecs":{"Launcher":{"template":{"spec":{"containers":[{"name":"a","image":"i"}]}}}}}}]])
        write 'policy { name = "p", every = "1h", match = { name = "one" }, hold = { max = "3d" }, replace = { labels = { p = "yes" } } }'
        local function run(clock, ...)
            local args = { ... }
            table.insert(args, "--kubeconfig")
            table.insert(args, server.kubeconfig)
            return support.mpijobd_with({ env = { MPIJOBD_CLOCK = clock } }, table.unpack(args))
        end
        local now = "2026-11-28T20:00:00Z"
        local code, out, err = run(now, "hold", "train/one", "2d", "--no-journal")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "policies with `hold` leave it alone until 2026-11-30T20:00:00")
        local function hold()
            local _, object = server:request("GET", server:path("v2beta1", "train") .. "/one")
            return (object.metadata.annotations or {})["mpijobd.io/hold-until"]
        end
        assert.matches("^2026%-11%-30T20:00:00", hold())
        code, out, err = run(now, "why", "p", "train/one", folder .. "/p.lua")
        assert.are.equal(0, code, err)
        support.contains(out, "matches in 2d, at 2026-11-30T20:00:00+00:00")
        assert.matches("later +hold +no mpijobd.io/hold%-until +held until 2026%-11%-30T20:00:00", out)
        code, out, err = run("2026-11-26T20:00:00Z", "why", "p", "train/one", folder .. "/p.lua")
        assert.are.equal(0, code, err)
        support.contains(out, "which is longer than hold.max")
        assert.are.equal(0, (run(now, "hold", "one", "off", "-n", "train", "--no-journal")))
        assert.is_nil(hold())
        code, out, err = run(now, "hold", "train/nowhere", "1d", "--no-journal")
        assert.are.same({ 1, "" }, { code, out })
        assert.matches("^mpijobd hold: ", err)
        for args, wanted in pairs { [{ "hold", "one" }] = "takes a job and for how long", [{ "hold", "one", "soon" }] = "soon",
            [{ "hold", "one", "0s" }] = "off ends a hold" } do
            code, out, err = support.mpijobd(table.unpack(args))
            assert.are.same({ 2, "" }, { code, out })
            support.contains(err, wanted)
        end
    end)

    it("is refused where it cannot be kept to", function()
        for text, wanted in pairs {
            ['on = "finished", hold = {}'] = 'hold goes with on = "match", schedule and every: a job that is held when it is finished would be let pass for good',
            ['every = "1h", hold = "2d"'] = 'hold is the string "2d"; it has to be a table such as { max = "7d" }',
            ['every = "1h", hold = { maxx = "2d" }'] = 'hold has "maxx"; there are annotation and max',
            ['every = "1h", hold = { annotation = "a b" }'] = 'hold.annotation: "a b" is no key of an annotation',
            ['every = "1h", hold = { max = "2" .. "x" }'] = "hold.max",
        } do
            write('policy { name = "p", ' .. text .. ", replace = { labels = { p = \"yes\" } } }")
            local code, _, err = support.mpijobd("check", folder .. "/p.lua")
            assert.are.equal(1, code, text)
            support.contains(err, wanted)
        end
    end)
end)
