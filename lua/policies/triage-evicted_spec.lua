-- SPDX-License-Identifier: Apache-2.0
-- What the policy triage-evicted does, and what it leaves alone.
describe("triage-evicted", function()
    it("labels and suspends an evicted job, so that its pods go", function()
        local job = cluster.job { phase = "Failed", evicted = true, finished_for = "1h", gpus = 4 }
        assert.replaced(job, { labels = { triage = "evicted" }, suspend = true })
        assert.effect(job, "effective")
        assert.are.equal(0, #cluster.pods(job))
        assert.logged("evicted jobs", { seen = 1, changed = 1, gpus = 4 })
    end)

    it("only labels in versions that cannot be suspended", function()
        local job = cluster.job { version = "v1", phase = "Failed", evicted = true, finished_for = "1h" }
        assert.replaced(job, { labels = { triage = "evicted" } })
        assert.is_not.replaced(job, { suspend = true })
    end)

    it("leaves other failures alone", function()
        local job = cluster.job { phase = "Failed", finished_for = "1h" }
        assert.untouched(job)
    end)

    it("stops at its limit, and tells it", function()
        for i = 1, 51 do
            cluster.job { name = "job-" .. i, phase = "Failed", evicted = true, finished_for = "1h" }
        end
        assert.logged("run ended", { policy = "triage-evicted", outcome = "limited", changed = 50 })
    end)

    it("says so when a job cannot be changed", function()
        cluster.forbid { verb = "update" }
        local job = cluster.job { phase = "Failed", evicted = true, finished_for = "1h" }
        assert.untouched(job)
        assert.logged("could not be changed", { job = job, reason = "Forbidden" })
    end)
end)
