-- SPDX-License-Identifier: Apache-2.0
-- match.kueue: by what job.kueue tells. The plugin kueue-aware has a condition of that name too, which counts where a
-- file requires it.
local ipairs, pairs, type, tostring, concat = ipairs, pairs, type, tostring, table.concat
local gsub, find = string.gsub, string.find

local STATES <const> = { "waiting", "admitted", "stopped", "finished" }
local PARTS <const> = { managed = true, queue = true, state = true }

local function list(value)
    return type(value) == "table" and value or { value }
end

-- A glob as a pattern.
local function pattern(glob)
    local plain = gsub(glob, "[%^%$%(%)%%%.%[%]%+%-]", "%%%0")
    return "^" .. gsub(gsub(plain, "%*", ".*"), "%?", ".") .. "$"
end

local function queues(value)
    local patterns = {}
    for _, name in ipairs(list(value)) do
        if type(name) ~= "string" then
            return nil, "queue has to be a name, a glob, or a list of these"
        end
        patterns[#patterns + 1] = pattern(name)
    end
    return patterns
end

local function states(value)
    local set = {}
    for _, name in ipairs(list(value)) do
        local known = false
        for _, state in ipairs(STATES) do
            known = known or state == name
        end
        if not known then
            return nil, ("state has \"%s\"; the states are %s"):format(tostring(name), concat(STATES, ", "))
        end
        set[name] = true
    end
    return set
end

local function check(value)
    if type(value) == "boolean" then
        return { managed = value }
    elseif type(value) ~= "table" then
        return nil, "has to be true, false, or a table of managed, queue, state"
    end
    for key in pairs(value) do
        if not PARTS[key] then
            return nil, ("has no %s; there are managed, queue, state"):format(tostring(key))
        end
    end
    local read, problem = { managed = value.managed }
    if value.managed ~= nil and type(value.managed) ~= "boolean" then
        return nil, "managed has to be true or false"
    end
    if value.queue ~= nil then
        read.queue, problem = queues(value.queue)
    end
    if value.state ~= nil and not problem then
        read.state, problem = states(value.state)
    end
    if problem then
        return nil, problem
    end
    return read
end

local function in_queue(name, patterns)
    for _, one in ipairs(patterns) do
        if name and find(name, one) then
            return true
        end
    end
    return false
end

-- What its Workload tells is asked last: that lists all Workloads, once a run.
local function test(job, wanted)
    local kueue = job.kueue
    if wanted.managed ~= nil and kueue.managed ~= wanted.managed then
        return false
    elseif wanted.queue and not in_queue(kueue.queue, wanted.queue) then
        return false
    end
    return wanted.state == nil or (kueue.managed and wanted.state[kueue.state] == true)
end

return { plugin = "mpijobd", check = check, test = test }
