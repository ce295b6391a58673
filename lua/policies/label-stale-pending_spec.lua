-- SPDX-License-Identifier: Apache-2.0
-- What the policy label-stale-pending does, and what it leaves alone.
describe("label-stale-pending", function()
    it("labels a job that has waited for a day", function()
        local job = cluster.job { phase = "Pending", pending_for = "23h" }
        assert.untouched(job)
        clock.advance "1h"
        assert.replaced(job, { labels = { triage = "stale-pending" } })
        assert.effect(job, "stored")
    end)

    it("takes the label back when the job starts", function()
        local job = cluster.job { phase = "Pending", pending_for = "2d", starts_in = "2d2h" }
        assert.replaced(job, { labels = { triage = "stale-pending" } })
        clock.advance "3h"
        assert.replaced(job, { labels = { triage = remove } })
    end)

    it("leaves a label alone that someone else has set", function()
        local job = cluster.job { phase = "Pending", pending_for = "2d", labels = { triage = "mine" } }
        assert.untouched(job)
    end)
end)
