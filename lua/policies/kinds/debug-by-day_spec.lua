-- SPDX-License-Identifier: Apache-2.0
-- What the policies of debug-by-day do, and what they leave alone.
describe("debug-by-day", function()
    local function job(name)
        return cluster.get("train/" .. name, "trainjobs.trainer.kubeflow.org")
    end

    it("stops debug TrainJobs for the night, and lets them go on in the morning", function()
        cluster.load "debug-by-day_jobs.yaml"
        policy.run "debug-stops-at-night"
        assert.is_true(job "debug".spec.suspend)
        assert.are.equal("debug-stops-at-night", job "debug".metadata.labels["stopped-by"])
        assert.is_false(job "capped".spec.suspend)
        assert.is_nil(job "suspended".metadata.labels["stopped-by"])
        policy.run "debug-goes-on-in-the-morning"
        assert.is_false(job "debug".spec.suspend)
        assert.is_nil((job "debug".metadata.labels or {})["stopped-by"])
        assert.is_true(job "suspended".spec.suspend)
    end)
end)
