-- SPDX-License-Identifier: Apache-2.0
-- What the policy stop-debug-overruns does, and what it leaves alone.
describe("stop-debug-overruns", function()
    local debug <const> = { purpose = "debug" }

    it("suspends after four hours", function()
        local job = cluster.job { labels = debug, running_for = "3h" }
        clock.advance "59m"
        assert.untouched(job)
        clock.advance "1m"
        assert.replaced(job, { suspend = true, cleanPodPolicy = "None" })
        assert.effect(job, "effective")
        assert.are.equal(0, #cluster.pods(job))
    end)

    it("leaves versions alone that cannot be suspended, Kueue's jobs, and keep=true", function()
        local old = cluster.job { version = "v1", labels = debug, running_for = "9h" }
        assert.untouched(old)
    end)

    it("leaves Kueue's jobs and keep=true alone", function()
        local kueue = cluster.job {
            labels = { purpose = "debug", ["kueue.x-k8s.io/queue-name"] = "q" }, running_for = "9h",
        }
        local kept = cluster.job { labels = { purpose = "debug", keep = "true" }, running_for = "9h" }
        assert.untouched(kueue)
        assert.untouched(kept)
    end)
end)

describe("wake-passed-deadlines", function()
    it("touches a job past its deadline, so that training-operator ends it", function()
        local job = cluster.job {
            version = "v1", controller = "training-operator", labels = { purpose = "debug" },
            running_for = "2h", activeDeadlineSeconds = 3600,
        }
        clock.advance "10m"
        assert.replaced(job)
        assert.effect(job, "destructive")
    end)

    it("leaves one alone whose deadline has not passed", function()
        local job = cluster.job {
            version = "v1", controller = "training-operator", labels = { purpose = "debug" },
            running_for = "10m", activeDeadlineSeconds = 36000,
        }
        clock.advance "30m"
        assert.untouched(job)
    end)
end)
