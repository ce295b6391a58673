-- SPDX-License-Identifier: Apache-2.0
-- What the policy mark-left-launchers does, and what it leaves alone.
describe("mark-left-launchers", function()
    local marked <const> = { annotations = { ["ops.example.com/launcher"] = "left over" } }

    for _, job in ipairs {
        { version = "v1alpha2" }, { version = "v1" }, { version = "v2beta1" },
        { version = "v1", controller = "training-operator" },
    } do
        it("marks the job in " .. job.version .. " under " .. (job.controller or "mpi-operator"), function()
            local key = cluster.job {
                version = job.version, controller = job.controller, phase = "Failed", finished_for = "6d23h59m",
            }
            assert.untouched(key)
            clock.advance "1m"
            assert.replaced(key, marked)
            assert.effect(key, "stored")
        end)
    end

    it("comes to all of them, however many there are at its first start", function()
        for i = 1, 201 do
            cluster.job { name = "job-" .. i, phase = "Failed", finished_for = "8d" }
        end
        clock.advance "1m"
        assert.replaced("default/job-1", marked)
        assert.replaced("default/job-201", marked)
        assert.equal(201, #cluster.changes())
    end)

    it("leaves alone whose launcher has gone: All took it along", function()
        local job = cluster.job {
            version = "v1", controller = "training-operator", cleanPodPolicy = "All", ends_in = "1h",
        }
        clock.advance "8d"
        assert.untouched(job)
    end)

    it("leaves keep=true alone, and what has been marked", function()
        local kept = cluster.job { phase = "Failed", finished_for = "8d", labels = { keep = "true" } }
        local known = cluster.job { phase = "Failed", finished_for = "8d", annotations = marked.annotations }
        assert.untouched(kept)
        assert.untouched(known)
    end)
end)
