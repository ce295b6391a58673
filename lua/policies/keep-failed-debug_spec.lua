-- SPDX-License-Identifier: Apache-2.0
-- What the policy keep-failed-debug does, and what it leaves alone.
describe("keep-failed-debug", function()
    it("keeps the pods of a debug run, for three days", function()
        local job = cluster.job {
            labels = { debug = "true" }, cleanPodPolicy = "Running", ends_in = "1h", outcome = "Failed",
        }
        assert.replaced(job, { cleanPodPolicy = "None", labels = { keep = "true" } })
        assert.effect(job, "at-finish")
        clock.advance "1h"
        local pods = #cluster.pods(job)
        clock.advance "2d23h59m"
        assert.are.equal(pods, #cluster.pods(job))
        clock.advance "1m"
        assert.replaced(job, { cleanPodPolicy = "All", labels = { keep = remove } })
        assert.is_true(#cluster.pods(job) < pods)
    end)

    it("leaves jobs alone whose owner set keep", function()
        local job = cluster.job { labels = { debug = "true", keep = "true" }, phase = "Failed", finished_for = "4d" }
        assert.untouched(job)
    end)

    it("has nothing to do where the policy is unset", function()
        local job = cluster.job { labels = { debug = "true" } }
        assert.untouched(job)
    end)
end)
