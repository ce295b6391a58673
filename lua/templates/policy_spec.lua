-- SPDX-License-Identifier: Apache-2.0
-- Run by `mpijobd test`, offline; what there is: docs/reference/test.md.
describe("@NAME@", function()
    it("frees the GPUs two hours after the end, and not a second before", function()
        local job = cluster.job { phase = "Succeeded", finished_for = "1h", workers = 2, gpus = 4 }
        clock.advance "59m59s"
        assert.untouched(job)
        clock.advance "1s"
        assert.replaced(job, { cleanPodPolicy = "All" })
        assert.effect(job, "effective")
    end)

    it("leaves keep=true alone", function()
        local job = cluster.job { labels = { keep = "true" }, phase = "Failed", finished_for = "1d" }
        assert.untouched(job)
    end)
end)
