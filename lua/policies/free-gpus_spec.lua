-- SPDX-License-Identifier: Apache-2.0
-- What the policy free-gpus does, and what it leaves alone.
describe("free-gpus", function()
    it("frees the GPUs two hours after the end, and not a second before", function()
        local job = cluster.job { namespace = "train", phase = "Succeeded", finished_for = "1h", workers = 4, gpus = 8 }
        clock.advance "59m59s"
        assert.untouched(job)
        clock.advance "1s"
        assert.replaced(job, { cleanPodPolicy = "All" })
        assert.effect(job, "effective")
    end)

    it("has the workers' pods removed, and leaves the launcher's log", function()
        local job = cluster.job { phase = "Failed", finished_for = "1h", workers = 4 }
        assert.are.equal(5, #cluster.pods(job))
        clock.advance "1h"
        local pods = cluster.pods(job)
        assert.are.equal(1, #pods)
        assert.matches("launcher", pods[1].name)
    end)

    it("says Running under training-operator, where All would take the launcher along", function()
        local job = cluster.job {
            version = "v1", controller = "training-operator", phase = "Succeeded", finished_for = "3h",
        }
        assert.replaced(job, { cleanPodPolicy = "Running" })
    end)

    it("leaves keep=true alone, and jobs that hold no GPU", function()
        local kept = cluster.job { labels = { keep = "true" }, phase = "Failed", finished_for = "1d" }
        local cpu = cluster.job { gpus = 0, phase = "Failed", finished_for = "1d" }
        assert.untouched(kept)
        assert.untouched(cpu)
    end)

    it("acts when keep is taken back", function()
        local job = cluster.job { labels = { keep = "true" }, phase = "Failed", finished_for = "1d" }
        assert.untouched(job)
        cluster.patch(job, { metadata = { labels = { keep = json.null } } })
        assert.replaced(job, { cleanPodPolicy = "All" })
    end)

    it("is done with a job that has been cleaned up", function()
        local job = cluster.job { phase = "Succeeded", finished_for = "1d", cleanPodPolicy = "Running" }
        clock.advance "1d"
        assert.untouched(job)
    end)
end)
