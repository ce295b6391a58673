-- SPDX-License-Identifier: Apache-2.0
-- What the policy keep-failed-workers does, and what it leaves alone.
describe("keep-failed-workers", function()
    local diagnose <const> = { diagnose = "true" }

    for _, job in ipairs {
        { name = "v1 of mpi-operator", version = "v1", effect = "unknown" },
        { name = "v1 of training-operator", version = "v1", controller = "training-operator", effect = "at-finish" },
        { name = "v2beta1", version = "v2beta1", effect = "at-finish" },
    } do
        it("is " .. job.effect .. " in " .. job.name, function()
            local key = cluster.job {
                version = job.version, controller = job.controller, labels = diagnose, cleanPodPolicy = "All",
            }
            assert.replaced(key, { cleanPodPolicy = "Running" })
            assert.effect(key, job.effect)
        end)
    end

    it("leaves v1alpha2 alone, which removes all workers with either value", function()
        local job = cluster.job { version = "v1alpha2", labels = diagnose, cleanPodPolicy = "All" }
        assert.untouched(job)
    end)

    it("leaves alone who did not ask, who debugs, and who set no policy", function()
        local other = cluster.job { cleanPodPolicy = "All" }
        local debug = cluster.job { labels = { diagnose = "true", debug = "true" }, cleanPodPolicy = "All" }
        local unset = cluster.job { labels = diagnose }
        assert.untouched(other)
        assert.untouched(debug)
        assert.untouched(unset)
    end)

    it("comes too late for a job that has ended", function()
        local job = cluster.job { labels = diagnose, cleanPodPolicy = "All", phase = "Failed", finished_for = "1h" }
        assert.untouched(job)
    end)
end)
