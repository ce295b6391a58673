-- SPDX-License-Identifier: Apache-2.0
-- What the policy maintenance-window does, and what it leaves alone.
describe("maintenance-window", function()
    local low <const> = { priority = "low" }

    before_each(function()
        clock.set("2026-01-10 01:59", "Europe/Berlin") -- a Saturday
    end)

    it("suspends at two, and resumes at six", function()
        local job = cluster.job { labels = low }
        assert.untouched(job)
        clock.advance "1m"
        assert.replaced(job, { suspend = true })
        assert.effect(job, "effective")
        assert.are.equal(0, #cluster.pods(job))
        clock.advance "4h"
        assert.replaced(job, { suspend = false, annotations = { ["ops.example.com/maintenance"] = remove } })
        clock.advance "1m"
        assert.is_true(#cluster.pods(job) > 0)
    end)

    it("does not resume what someone else suspended", function()
        local job = cluster.job { labels = low, phase = "Suspended" }
        clock.advance "5h"
        assert.untouched(job)
    end)

    it("leaves Kueue's jobs, those of another manager, and others alone", function()
        local kueue = cluster.job { labels = { priority = "low", ["kueue.x-k8s.io/queue-name"] = "q" } }
        local managed = cluster.job { labels = low, managedBy = "kueue.x-k8s.io/multikueue" }
        local high = cluster.job { labels = { priority = "high" } }
        clock.advance "1m"
        assert.untouched(kueue)
        assert.untouched(managed)
        assert.untouched(high)
    end)

    it("suspends at two of local time on the night on which the clocks are changed, too", function()
        policy.load "maintenance-window.lua"
        clock.set("2026-03-28 01:59", "Europe/Berlin")
        local job = cluster.job { labels = low }
        clock.advance "2m"
        assert.replaced(job, { suspend = true })
    end)
end)
