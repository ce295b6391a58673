-- SPDX-License-Identifier: Apache-2.0
-- What the policy cap-unbounded-runs does, and what it leaves alone.
describe("cap-unbounded-runs", function()
    local cap <const> = { cap = "24h" }

    for _, version in ipairs { "v1alpha2", "v1", "v2beta1" } do
        it("warns under mpi-operator's " .. version .. " that nobody acts on it", function()
            local job = cluster.job { version = version, labels = cap, running_for = "1h" }
            assert.replaced(job, { activeDeadlineSeconds = 24 * 3600 })
            assert.effect(job, "inert")
            assert.logged("the cap does nothing", { job = job, effect = "inert" })
        end)
    end

    it("counts under training-operator", function()
        local job = cluster.job { version = "v1", controller = "training-operator", labels = cap, running_for = "1h" }
        assert.replaced(job, { activeDeadlineSeconds = 24 * 3600 })
        assert.effect(job, "late")
        assert.logged("capped", { job = job, seconds = 24 * 3600 })
        assert.has_no.logged "the cap does nothing"
    end)

    it("gives an old run an hour from now, never a deadline that has passed", function()
        local job = cluster.job { version = "v1", controller = "training-operator", labels = cap, running_for = "30h" }
        assert.replaced(job, { activeDeadlineSeconds = 31 * 3600 })
        assert.effect(job, "late")
    end)

    it("leaves alone who has a deadline, who did not ask, and who has ended", function()
        local capped = cluster.job { labels = cap, activeDeadlineSeconds = 7200 }
        local other = cluster.job {}
        local ended = cluster.job { labels = cap, phase = "Succeeded", finished_for = "1h" }
        assert.untouched(capped)
        assert.untouched(other)
        assert.untouched(ended)
    end)

    it("says so when it cannot be stored", function()
        cluster.forbid { verb = "update" }
        local job = cluster.job { labels = cap }
        assert.untouched(job)
        assert.logged("no cap", { job = job, reason = "Forbidden" })
    end)
end)
