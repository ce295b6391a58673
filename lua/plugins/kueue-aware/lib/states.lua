-- SPDX-License-Identifier: Apache-2.0
-- What the conditions of a Workload say, in one word: the first that fits.
local states = {}

local ALL <const> = { "pending", "admitted", "evicted", "stopped", "finished", "none" }

local function condition(workload, name)
    for _, c in ipairs(workload.status and workload.status.conditions or {}) do
        if c.type == name and c.status == "True" then
            return c
        end
    end
    return nil
end

local function message_of(workload, name)
    for _, c in ipairs(workload.status and workload.status.conditions or {}) do
        if c.type == name then
            return c.message
        end
    end
    return nil
end

-- The word, and a reason where Kueue gives one. nil: the job has no Workload yet.
function states.of(workload)
    if not workload then
        return "pending", "it has no Workload yet"
    end
    local finished, evicted = condition(workload, "Finished"), condition(workload, "Evicted")
    if finished then
        return "finished", finished.reason
    elseif workload.spec and workload.spec.active == false then
        return "stopped", evicted and evicted.reason
    elseif condition(workload, "Admitted") then
        return "admitted"
    elseif evicted then
        return "evicted", evicted.reason
    end
    return "pending", message_of(workload, "QuotaReserved")
end

-- From a state or a list of them to a set.
function states.set(value)
    local set = {}
    for _, name in ipairs(type(value) == "table" and value or { value }) do
        local known = false
        for _, state in ipairs(ALL) do
            known = known or state == name
        end
        if not known then
            return nil, ("has the state \"%s\"; the states are %s"):format(tostring(name), table.concat(ALL, ", "))
        end
        set[name] = true
    end
    return set
end

return states
