-- SPDX-License-Identifier: Apache-2.0
-- The namespace "train" of a simulator of v2beta1, its MPIJobs, what a controller would write of them, and a daemon whose clock is moved.
local support = require "support"
local sim = require "support.sim"

local train = { NOW = 1767225600 } -- 2026-01-01T00:00:00Z

function train.rfc(at)
    return os.date("!%Y-%m-%dT%H:%M:%SZ", at)
end

local Train = {}
Train.__index = Train

-- The same of a simulator that was started otherwise.
function train.of(server)
    return setmetatable({ server = server }, Train)
end

-- { server = ... }: a simulator with the namespace; `versions` are those that it serves.
function train.start(versions)
    local server = sim.start("--version", versions or "v2beta1")
    server:make_namespace "train"
    return train.of(server)
end

function Train:path(name, subresource)
    return self.server:path("v2beta1", "train", name) .. (subresource and "/" .. subresource or "")
end

function Train:get(name)
    local status, job = self.server:request("GET", self:path(name))
    assert(status == 200, status)
    return job
end

-- As a controller would; `at` is when it came to be so. It begins again where a policy has changed the job meanwhile.
function Train:set_state(name, state, at)
    local when = train.rfc(at or train.NOW)
    local function condition(kind)
        return { type = kind, status = "True", reason = "x", message = "x", lastTransitionTime = when, lastUpdateTime = when }
    end
    local finished = state == "Succeeded" or state == "Failed"
    local status, answer
    for _ = 1, 20 do
        local job = self:get(name)
        job.status = { conditions = { condition "Created", state and condition(state) or nil }, startTime = when, completionTime = finished and when or nil }
        status, answer = self.server:request("PUT", self:path(name, "status"), job)
        if status ~= 409 then
            break
        end
    end
    assert(status == 200, support.json.encode(answer))
end

-- A job with a launcher; `state` and `at` as set_state takes them, nil: it has no status; `more`: { labels = ... }
function Train:create(name, state, at, more)
    local template = { spec = { containers = { { name = "mpi", image = "registry.example.com/mpi:1" } } } }
    local status, answer = self.server:request("POST", self:path(), { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob",
        metadata = { name = name, namespace = "train", labels = more and more.labels },
        spec = { mpiReplicaSpecs = { Launcher = { replicas = 1, template = template } } } })
    assert(status == 201, support.json.encode(answer))
    if state then
        self:set_state(name, state, at)
    end
end

function Train:label(name, key, value)
    local status, answer = self.server:request("PATCH", self:path(name), { metadata = { labels = { [key] = value or support.json.null } } },
        "application/merge-patch+json")
    assert(status == 200, support.json.encode(answer))
end

-- Moves the daemon's clock: "set INSTANT" or "advance DURATION".
function train.move(daemon, how)
    daemon:write(how .. "\n")
    daemon:expect("clock ", "stdout")
end

-- All rows of the journal in the state's file, the newest first.
function train.journal(state)
    local code, out, err = support.mpijobd("journal", "--state", state, "-o", "json", "--limit", "0")
    assert(code == 0, err)
    return support.json.decode(out)
end

return train
