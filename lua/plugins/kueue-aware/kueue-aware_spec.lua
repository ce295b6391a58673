-- SPDX-License-Identifier: Apache-2.0
-- What the plugin kueue-aware does, and what it leaves alone.
local kueue = require "kueue-aware"

describe("kueue-aware", function()
    local function in_queue(name)
        return { ["kueue.x-k8s.io/queue-name"] = name }
    end

    it("tells jobs that Kueue manages from others", function()
        local theirs = cluster.job { phase = "Pending", pending_for = "1h30m", labels = in_queue "day" }
        local ours = cluster.job { phase = "Pending", pending_for = "1h30m" }
        clock.advance "1h"
        assert.replaced(ours, { labels = { triage = "outside-of-kueue" } })
        assert.untouched(theirs)
    end)

    it("matches queues by their names", function()
        local night = cluster.job { phase = "Succeeded", labels = in_queue "night-gpu" }
        local day = cluster.job { phase = "Succeeded", labels = in_queue "day" }
        assert.replaced(night, { cleanPodPolicy = "All" })
        assert.untouched(day)
    end)

    describe("the state of a Workload", function()
        local function conditions(list, active)
            return { spec = { active = active ~= false }, status = { conditions = list } }
        end

        it("is the first that fits", function()
            local admitted = { type = "Admitted", status = "True" }
            local evicted = { type = "Evicted", status = "True", reason = "Preempted" }
            local waits = { type = "QuotaReserved", status = "False", message = "no quota" }
            local function is(expected, reason, workload)
                assert.are.same({ expected, reason }, { kueue.state_of(workload) })
            end
            is("pending", "it has no Workload yet", nil)
            is("pending", "no quota", conditions { waits })
            is("admitted", nil, conditions { admitted })
            is("evicted", "Preempted", conditions { evicted })
            is("stopped", "Preempted", conditions({ evicted }, false))
            local finished = { type = "Finished", status = "True", reason = "Succeeded" }
            is("finished", "Succeeded", conditions { admitted, finished })
        end)

        it("is found by the job's uid", function()
            local job = { namespace = "train", name = "a", uid = "u-1", labels = in_queue "day" }
            stub(kube, "list", function()
                local given = false
                return function()
                    given = not given
                    return given and conditions { { type = "Admitted", status = "True" } } or nil
                end
            end)
            assert.are.equal("admitted", (kueue.state(job)))
            assert.stub(kube.list).was.called_with("kueue.x-k8s.io/v1beta2", "Workload",
                { namespace = "train", labels = "kueue.x-k8s.io/job-uid=u-1" })
            assert.are.equal("none", (kueue.state { labels = {} }))
            kube.list:revert()
        end)

        it("that cannot be read fails, and is not taken for another", function()
            stub(kube, "list", function() error("Forbidden", 0) end)
            local job = { namespace = "train", name = "a", uid = "u", labels = in_queue "day" }
            assert.has_error(function() kueue.state(job) end,
                "the Workload of train/a cannot be read: Forbidden")
            kube.list:revert()
        end)
    end)

    it("refuses in match.kueue what it does not know", function()
        local function refused(value, message)
            local read, problem = kueue.check(value)
            assert.is_nil(read)
            assert.are.equal(message, problem)
        end
        refused(3, "has to be true, false, or a table of queue, priority, state")
        refused({ queues = "x" }, "has no queues; there are managed, queue, priority, state")
        refused({ queue = 3 }, "has to have a name, or a list of names, as queue")
        refused({ state = "admited" },
            "has the state \"admited\"; the states are pending, admitted, evicted, stopped, finished, none")
        assert.is_true(kueue.check({ queue = { "a", "night-*" } }).queue "night-1")
        assert.is_false(kueue.check({ queue = "a.b" }).queue "aXb")
    end)
end)
