-- SPDX-License-Identifier: Apache-2.0
-- What the policy night-report does, and what it leaves alone.
describe("night-report", function()
    it("logs a line a namespace, and changes nothing", function()
        clock.set("2026-01-05 21:59", "Europe/Berlin")
        local job = cluster.job { namespace = "train", phase = "Succeeded", finished_for = "3h", gpus = 8, workers = 4 }
        cluster.job { namespace = "train", phase = "Failed", finished_for = "3d", gpus = 2 }
        cluster.job { namespace = "vision", phase = "Failed", finished_for = "1h", evicted = true, gpus = 2 }
        clock.advance "12m" -- it has a jitter of ten
        assert.ran("night-report", 1)
        assert.logged("jobs of the day", { namespace = "train", day = "2026-01-05", succeeded = 1, gpus_held = 10 })
        assert.logged("jobs of the day", { namespace = "vision", evicted = 1, gpus_held = 2 })
        assert.untouched(job)
    end)
end)
