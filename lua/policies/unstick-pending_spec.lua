-- SPDX-License-Identifier: Apache-2.0
-- What the policies of unstick-pending do, and what they leave alone.
describe("unstick-pending", function()
    local function waiting(more)
        local spec = {
            labels = { elastic = "true" }, phase = "Pending", pending_for = "59m",
            schedulingPolicy = { minAvailable = 4, queue = "a" },
        }
        for key, value in pairs(more) do
            spec[key] = value
        end
        return cluster.job(spec)
    end

    for _, job in ipairs { { version = "v2beta1" }, { version = "v1", controller = "training-operator" } } do
        it("asks for one pod after an hour, suspends after six, in " .. job.version, function()
            local key = waiting(job)
            assert.untouched(key)
            clock.advance "1m"
            assert.replaced(key, { schedulingPolicy = { minAvailable = 1 } })
            assert.effect(key, "unknown")
            assert.are.equal("a", cluster.get(key).spec.runPolicy.schedulingPolicy.queue)
            assert.is_not.replaced(key, { suspend = true })
            clock.advance "5h"
            assert.replaced(key, { suspend = true })
            assert.effect(key, "effective")
        end)
    end

    it("leaves alone versions that could do neither", function()
        local key = waiting { version = "v1", pending_for = "7h" }
        assert.untouched(key)
    end)

    it("leaves alone who does not say elastic, whose queue is Kueue's, and who starts in time", function()
        local rigid = waiting { labels = {} }
        local kueue = waiting { labels = { elastic = "true", ["kueue.x-k8s.io/queue-name"] = "q" }, pending_for = "7h" }
        local started = waiting { starts_in = "30s" }
        clock.advance "8h"
        assert.untouched(rigid)
        assert.untouched(kueue)
        assert.untouched(started)
    end)
end)
