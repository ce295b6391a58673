-- SPDX-License-Identifier: Apache-2.0
-- What the policies of expire-finished do, and what they leave alone.
describe("expire-finished", function()
    local expire <const> = { expire = "true" }
    local WEEK <const> = 7 * 24 * 3600

    for _, version in ipairs { "v1alpha2", "v1", "v2beta1" } do
        it("deletes the job seven days after its end in mpi-operator's " .. version, function()
            local job = cluster.job { version = version, labels = expire, phase = "Failed", finished_for = "6d23h" }
            clock.advance "59m59s"
            assert.untouched(job)
            assert.is_table(cluster.get(job))
            clock.advance "1s"
            assert.ran("expire-by-deletion", 1)
            assert.is_nil(cluster.get(job))
        end)
    end

    it("sets a TTL under training-operator, which deletes the job by itself", function()
        local job = cluster.job {
            version = "v1", controller = "training-operator", labels = expire, phase = "Failed", finished_for = "1h",
        }
        assert.replaced(job, { ttlSecondsAfterFinished = WEEK })
        assert.effect(job, "effective")
        clock.advance "6d22h"
        assert.is_table(cluster.get(job))
        clock.advance "1h1m"
        assert.is_nil(cluster.get(job))
    end)

    it("gives an old job an hour, there", function()
        local job = cluster.job {
            version = "v1", controller = "training-operator", labels = expire, phase = "Failed", finished_for = "30d",
        }
        assert.replaced(job, { ttlSecondsAfterFinished = 30 * 24 * 3600 + 3600 })
        assert.effect(job, "effective")
    end)

    it("leaves alone who did not ask, who keeps, and who set a TTL", function()
        local other = cluster.job { phase = "Failed", finished_for = "8d" }
        local kept = cluster.job { labels = { expire = "true", keep = "true" }, phase = "Failed", finished_for = "8d" }
        clock.advance "1h"
        assert.is_table(cluster.get(other))
        assert.is_table(cluster.get(kept))
        assert.has_no.ran "expire-by-deletion"
    end)

    it("stops at its limit, and leaves the rest", function()
        for i = 1, 201 do
            cluster.job { name = "job-" .. i, labels = expire, phase = "Failed", finished_for = "8d" }
        end
        assert.logged("run ended", { policy = "expire-by-deletion", outcome = "limited" })
        local left = 0
        for i = 1, 201 do
            left = left + (cluster.get("default/job-" .. i) and 1 or 0)
        end
        assert.are.equal(1, left)
    end)

    it("says so when it may not delete", function()
        cluster.forbid { verb = "delete" }
        local job = cluster.job { labels = expire, phase = "Failed", finished_for = "8d" }
        assert.logged("not deleted", { job = job, reason = "Forbidden" })
        assert.is_table(cluster.get(job))
    end)
end)
