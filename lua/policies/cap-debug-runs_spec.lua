-- SPDX-License-Identifier: Apache-2.0
-- What the policy cap-debug-runs does, and what it leaves alone.
describe("cap-debug-runs", function()
    local debug <const> = { purpose = "debug" }

    it("acts at nine in Berlin, on working days, in winter", function()
        clock.set("2026-01-09 08:59", "Europe/Berlin") -- a Friday
        local job = cluster.job { labels = debug, running_for = "1h" }
        assert.untouched(job)
        clock.advance "1m"
        assert.replaced(job, { activeDeadlineSeconds = 4 * 3600 })
    end)

    it("and in summer, though UTC differs by an hour", function()
        clock.set("2026-03-30 08:59", "Europe/Berlin") -- the Monday after the clocks were changed
        local job = cluster.job { labels = debug, running_for = "1h" }
        clock.advance "1m"
        assert.replaced(job)
        assert.are.equal("2026-03-30T07:00:00Z", time.rfc3339(clock.now()))
    end)

    it("lets the weekend pass", function()
        clock.set("2026-01-10 08:00", "Europe/Berlin") -- a Saturday
        local job = cluster.job { labels = debug }
        clock.advance "47h"
        assert.untouched(job)
        clock.advance "2h"
        assert.replaced(job)
    end)

    it("gives an old run an hour from now, never a deadline that has passed", function()
        clock.set("2026-01-09 08:59", "Europe/Berlin")
        local job = cluster.job { labels = debug, running_for = "10h" }
        clock.advance "1m"
        assert.replaced(job, { activeDeadlineSeconds = 10 * 3600 + 60 + 3600 })
    end)

    it("is inert under mpi-operator on a run, effective under training-operator", function()
        clock.set("2026-01-09 08:59", "Europe/Berlin")
        local job = cluster.job { labels = debug, running_for = "1h" }
        clock.advance "1m"
        assert.effect(job, "inert")
    end)

    it("leaves a job alone that has a deadline, and other jobs", function()
        clock.set("2026-01-09 08:59", "Europe/Berlin")
        local capped = cluster.job { labels = debug, activeDeadlineSeconds = 7200 }
        local other = cluster.job { labels = { purpose = "train" } }
        clock.advance "2m"
        assert.untouched(capped)
        assert.untouched(other)
    end)
end)
