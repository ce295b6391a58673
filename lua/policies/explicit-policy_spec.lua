-- SPDX-License-Identifier: Apache-2.0
-- What the policy explicit-policy does, and what it leaves alone.
describe("explicit-policy", function()
    it("says in the right place what stands in the wrong one", function()
        local job = cluster.job { version = "v1alpha2", spec = { runPolicy = { cleanPodPolicy = "All" } } }
        assert.replaced(job, { cleanPodPolicy = "All" })
        assert.are.equal("All", cluster.get(job).spec.cleanPodPolicy)
    end)

    it("sends nothing where all is right", function()
        local job = cluster.job { cleanPodPolicy = "Running" }
        assert.untouched(job)
    end)

    it("mends a job that was right before", function()
        local job = cluster.job { version = "v1", cleanPodPolicy = "Running" }
        assert.untouched(job)
        cluster.patch(job, { spec = { cleanPodPolicy = json.null, runPolicy = { cleanPodPolicy = "All" } } })
        assert.are.equal("All", cluster.get(job).spec.cleanPodPolicy)
    end)
end)
