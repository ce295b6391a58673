-- SPDX-License-Identifier: Apache-2.0
-- Whether Kueue manages a job, in which queue, and what its Workload says.
local states = require "lib.states"

local QUEUE <const> = "kueue.x-k8s.io/queue-name"
local PRIORITY <const> = "kueue.x-k8s.io/priority-class"

local function queue(job)
    return job.labels[QUEUE] or nil
end

local function managed(job)
    return queue(job) ~= nil
end

-- The Workload of a job; nil where it has not got one yet, or nil and an error.
local function workload(job)
    local options = { namespace = job.namespace, labels = "kueue.x-k8s.io/job-uid=" .. job.uid }
    local good, found = pcall(function()
        return kube.list("kueue.x-k8s.io/" .. plugin.config.version, "Workload", options)()
    end)
    if not good then
        return nil, found
    end
    return found
end

-- "pending", "admitted", "stopped", "evicted", "finished", and why; "none" where Kueue does not manage it.
local function state(job)
    if not managed(job) then
        return "none"
    end
    local object, err = workload(job)
    if err then
        error(("the Workload of %s/%s cannot be read: %s"):format(job.namespace, job.name, tostring(err)), 0)
    end
    return states.of(object)
end

-- A name, a glob, or a list of these, as a function of the name.
local function names(value, what)
    local patterns = {}
    for _, name in ipairs(type(value) == "table" and value or { value }) do
        if type(name) ~= "string" then
            return nil, ("has to have a name, or a list of names, as %s"):format(what)
        end
        local plain = name:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0")
        patterns[#patterns + 1] = "^" .. plain:gsub("%*", ".*"):gsub("%?", ".") .. "$"
    end
    return function(name)
        for _, pattern in ipairs(patterns) do
            if name and name:find(pattern) then
                return true
            end
        end
        return false
    end
end

local PARTS <const> = { managed = true, queue = true, priority = true, state = true }

-- true, false, or { managed, queue, priority, state }
local function check(value)
    if type(value) == "boolean" then
        return { managed = value }
    elseif type(value) ~= "table" then
        return nil, "has to be true, false, or a table of queue, priority, state"
    end
    local read, problem = { managed = value.managed }
    for key in pairs(value) do
        if not PARTS[key] then
            return nil, ("has no %s; there are managed, queue, priority, state"):format(tostring(key))
        end
    end
    for _, key in ipairs { "queue", "priority" } do
        if value[key] ~= nil then
            read[key], problem = names(value[key], key)
            if problem then
                return nil, problem
            end
        end
    end
    if value.state ~= nil then
        read.state, problem = states.set(value.state)
        if problem then
            return nil, problem
        end
    end
    return read
end

local function test(job, wanted)
    if wanted.managed ~= nil and managed(job) ~= wanted.managed then
        return false
    elseif wanted.queue and not wanted.queue(queue(job)) then
        return false
    elseif wanted.priority and not wanted.priority(job.labels[PRIORITY]) then
        return false
    end
    return wanted.state == nil or wanted.state[(state(job))] == true -- the server is asked last
end

plugin {
    name = "kueue-aware", version = "1.0.0", api = 1,
    about = "Matching by Kueue: is a job managed, in which queue, and what its Workload says.",
    needs = { api = { ["workloads.kueue.x-k8s.io"] = { "list" } } },
    config = {
        version = { type = "string", default = "v1beta2", values = { "v1beta1", "v1beta2" },
            about = "of kueue.x-k8s.io that the cluster serves" },
    },
    exports = {
        managed = managed, queue = queue, workload = workload, state = state, state_of = states.of, check = check,
    },
    conditions = {
        kueue = { about = "true, false, or { managed, queue, priority, state }", check = check, test = test },
    },
}
