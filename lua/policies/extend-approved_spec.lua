-- SPDX-License-Identifier: Apache-2.0
-- What the policy extend-approved does, and what it leaves alone.
describe("extend-approved", function()
    local HOUR <const> = 3600
    local changes <const> = { activeDeadlineSeconds = 22 * HOUR, labels = { extend = remove } }

    local function job(more)
        local spec = { labels = { extend = "12h" }, running_for = "9h", activeDeadlineSeconds = 10 * HOUR }
        for key, value in pairs(more) do
            spec[key] = value
        end
        return cluster.job(spec)
    end

    local function has_failed(key)
        for _, condition in ipairs(cluster.get(key).status.conditions) do
            if condition.type == "Failed" and condition.status == "True" then
                return true
            end
        end
        return false
    end

    for _, version in ipairs { "v1alpha2", "v2beta1" } do
        it("changes the launcher, too, in " .. version, function()
            local key = job { version = version }
            assert.replaced(key, changes)
            assert.effect(key, "effective")
            clock.advance "2h" -- past the first deadline
            assert.is_false(has_failed(key))
            clock.advance "12h" -- past the second one
            assert.is_true(has_failed(key))
        end)
    end

    it("is effective by itself under training-operator", function()
        local key = job { version = "v1", controller = "training-operator" }
        assert.replaced(key, changes)
        assert.effect(key, "effective")
    end)

    it("leaves mpi-operator's v1 alone", function()
        local key = job { version = "v1" }
        assert.untouched(key)
    end)

    it("extends once", function()
        local key = job {}
        clock.advance "1h"
        assert.ran("extend-approved", 1)
        assert.replaced(key, changes)
    end)

    it("leaves alone who has no deadline, and a wish that nobody offers", function()
        local free = cluster.job { labels = { extend = "12h" } }
        local much = job { labels = { extend = "1000h" } }
        assert.untouched(free)
        assert.untouched(much)
    end)
end)
