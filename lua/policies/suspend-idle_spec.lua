-- SPDX-License-Identifier: Apache-2.0
-- What the policy suspend-idle does, and what it leaves alone.
describe("suspend-idle", function()
    local idle <const>, policy <const> = { idle = "true" }, "suspend-idle"

    local function warned(job)
        return (cluster.get(job).metadata.annotations or {})["warned.mpijobd.io/" .. policy]
    end

    it("warns at once and an hour before, and suspends after a day", function()
        local job = cluster.job { labels = idle, running_for = "3h" }
        assert.matches("suspend: .*To keep it off: mpijobd hold .*warning 1 of 2", warned(job))
        clock.advance "22h59m"
        assert.matches("warning 1 of 2", warned(job))
        clock.advance "1m"
        assert.matches("warning 2 of 2", warned(job))
        clock.advance "59m"
        assert.is_not_true(cluster.get(job).spec.runPolicy and cluster.get(job).spec.runPolicy.suspend)
        clock.advance "1m"
        assert.replaced(job, { suspend = true, cleanPodPolicy = "None" })
        assert.effect(job, "effective")
    end)

    it("begins the day again where its owner has held it or has worked on it", function()
        local job = cluster.job { labels = idle, running_for = "3h" }
        clock.advance "23h"
        cluster.patch(job, { metadata = { labels = { step = "2" } } })
        clock.advance "2h"
        assert.is_not_true(cluster.get(job).spec.runPolicy and cluster.get(job).spec.runPolicy.suspend)
        assert.matches("warning 1 of 2", warned(job))
        clock.advance "22h"
        assert.replaced(job, { suspend = true })
    end)

    it("leaves versions alone that cannot be suspended, Kueue's jobs, and who is not idle", function()
        local queued = { idle = "true", ["kueue.x-k8s.io/queue-name"] = "q" }
        for _, job in ipairs {
            cluster.job { version = "v1", labels = idle, running_for = "9h" },
            cluster.job { labels = queued, running_for = "9h" },
            cluster.job { running_for = "9h" },
            cluster.job { labels = idle, phase = "Succeeded" },
        } do
            clock.advance "25h"
            assert.untouched(job)
        end
    end)
end)
