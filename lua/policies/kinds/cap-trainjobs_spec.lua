-- SPDX-License-Identifier: Apache-2.0
-- What the policy cap-trainjobs does, and what it leaves alone.
describe("cap-trainjobs", function()
    it("gives the Job whose end counts the deadline, and no other", function()
        cluster.load "cap-trainjobs_jobs.yaml"
        policy.run "cap-trainjobs"
        assert.replaced("train/capped", { activeDeadlineSeconds = 43200 })
        assert.are.equal(43200, cluster.get("train/capped-node-0", "jobs.batch").spec.activeDeadlineSeconds)
        assert.is_nil(cluster.get("train/capped-initializer-0", "jobs.batch").spec.activeDeadlineSeconds)
        assert.is_nil(cluster.get("train/capped", "trainjobs.trainer.kubeflow.org").spec.activeDeadlineSeconds)
        assert.is_nil(cluster.get("train/mislabelled", "trainjobs.trainer.kubeflow.org").spec.activeDeadlineSeconds)
    end)
end)
