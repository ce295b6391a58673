-- SPDX-License-Identifier: Apache-2.0
-- What the policy free-kueue-gpus does, and what it leaves alone.
describe("free-kueue-gpus", function()
    local queued <const> = { ["kueue.x-k8s.io/queue-name"] = "gpus" }

    it("takes the workers of an ended job away at once", function()
        local job = cluster.job { labels = queued, cleanPodPolicy = "None", phase = "Succeeded", finished_for = "1m" }
        assert.replaced(job, { cleanPodPolicy = "All" })
        assert.effect(job, "effective")
    end)

    it("leaves alone what runs, what is not Kueue's, and what is kept", function()
        local runs = cluster.job { labels = queued, cleanPodPolicy = "None", running_for = "1h" }
        local ours = cluster.job { cleanPodPolicy = "None", phase = "Succeeded", finished_for = "1m" }
        local kept = cluster.job {
            labels = { ["kueue.x-k8s.io/queue-name"] = "gpus", keep = "true" }, phase = "Failed", finished_for = "1m",
        }
        clock.advance "1h"
        assert.untouched(runs)
        assert.untouched(ours)
        assert.untouched(kept)
    end)
end)
