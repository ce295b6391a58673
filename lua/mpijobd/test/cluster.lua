-- SPDX-License-Identifier: Apache-2.0
-- What a spec fills and moves: cluster, clock, policy. All of it is the running test's own.
local native = ...
local fields <const>, set <const>, seconds <const> = native.fields, native.set, native.seconds

-- ---- clock ----

clock = {}

-- The time of the test, seconds since 1970.
function clock.now()
    return native.now()
end

-- An instant "2026-03-29T00:59:00Z", or a local time "2026-03-29 01:59" in a zone.
function clock.set(when, zone)
    local at = native.instant(when, zone)
    if not native.opened() then
        native.begin(at)
        return
    end
    if at < native.now() then
        error("clock.set: time does not go back: it is " .. time.rfc3339(native.now()) .. " already", 2)
    end
    native.advance(at)
end

-- Lets so much time pass, and everything happen that falls due in it.
function clock.advance(duration)
    native.advance(native.now() + seconds(duration, "clock.advance"))
end

function sleep(duration)
    clock.advance(duration)
end

-- ---- policies ----

local load_policy = native.policies
policy = setmetatable({}, {
    __call = function()
        error("a spec defines no policy: it stands in a file of its own, which is found beside the spec or named by "
            .. "policy.load", 2)
    end,
})

-- Instead of the policy beside the spec: files or folders, from the spec's folder on.
function policy.load(...)
    load_policy(...)
end

-- A plugin by its folder, with options, as the configuration's `plugins` would have it.
function policy.plugin(path, config)
    local options = {}
    for key, value in pairs(config or {}) do
        local file = type(value) == "table" and next(value) == "file" and next(value, "file") == nil and value.file
        options[key] = file and { file = native.beside(file) } or value
    end
    native.plugin(path, json.encode(options))
end

-- Starts a run of a policy now, whatever its triggers say, and waits for it.
function policy.run(name)
    native.settle()
    native.run_policy(name)
    native.settle()
end

local function decide(what, run)
    native.settle()
    local runs = run and { run } or native.waiting()
    if #runs == 0 then
        error("policy." .. what .. ": no run waits for approval", 3)
    end
    for _, number in ipairs(runs) do
        native.decide(number, what)
        native.settle()
    end
end

-- As a person: the run of that number, or all that wait.
function policy.approve(run) decide("approve", run) end
function policy.reject(run) decide("reject", run) end

-- ---- the cluster ----

-- Which versions of MPIJobs there are, and who acts on them: before the first job.
function cluster.serve(options)
    fields("cluster.serve", options, set { "versions", "version", "controller" })
    local versions = options.versions or { options.version or "v2beta1" }
    native.open(versions, options.controller, 0, 0)
end

local function ensure(version)
    if not native.opened() then
        native.open({ version or "v2beta1" }, nil, 0, 0)
    end
end

-- Jobs as users have them, decided by the seed.
function cluster.seed(options)
    fields("cluster.seed", options, set { "jobs", "seed", "versions", "version", "controller" })
    local versions = options.versions or { options.version or "v2beta1" }
    native.open(versions, options.controller, options.jobs or 100, options.seed or 1)
end

-- All objects of a YAML or JSON file beside the spec.
function cluster.load(path)
    local objects = native.read(path)
    if not native.opened() then
        local versions, seen = {}, {}
        for _, object in ipairs(objects) do
            local version = tostring(object.apiVersion or ""):match("^kubeflow%.org/(.+)$")
            if version and object.kind == "MPIJob" and not seen[version] then
                seen[version] = true
                versions[#versions + 1] = version
            end
        end
        native.open(#versions > 0 and versions or { "v2beta1" }, nil, 0, 0)
    end
    local keys = {}
    for _, object in ipairs(objects) do
        local meta = object.metadata or {}
        native.place(json.encode(object), 5, -2, "hang")
        keys[#keys + 1] = (meta.namespace or "default") .. "/" .. tostring(meta.name)
    end
    return keys
end

local function path_of(key, plural)
    local namespace, name = key:match("^([^/]+)/([^/]+)$")
    if not name then
        namespace, name = "default", key
    end
    ensure()
    plural = plural or "mpijobs"
    local resource, group = plural:match "^(%w+)%.([%w.-]+)$" -- "jobs.batch"; "pods.core": of no group
    if group then
        local api = group == "core" and "/api/v1" or "/apis/" .. group .. "/" .. native.version_of(plural)
        return api .. "/namespaces/" .. namespace .. "/" .. resource .. "/" .. name
    end
    local version = plural == "mpijobs" and native.version() or "v1"
    return "/apis/kubeflow.org/" .. version .. "/namespaces/" .. namespace .. "/" .. plural .. "/" .. name
end

native.path_of = path_of

-- The path of "ns/name", of the first of the policy's kinds (of all policies', where none is named) that has such a
-- job; "kind/ns/name" is of that kind.
function native.path_of_job(job, policy)
    ensure()
    local kind, key = job:match "^([^/]+)/([^/]+/[^/]+)$"
    local first
    for _, resource in ipairs(kind and { native.resource(kind) } or native.resources(policy)) do
        local path = path_of(key or job, (resource:gsub("^(%w+)%.kubeflow%.org$", "%1")))
        if native.ask("GET", path) == 200 then
            return path
        end
        first = first or path
    end
    return first or path_of(key or job)
end

local function ask(method, path, body)
    local status, text = native.ask(method, path, body)
    local ok, answer = pcall(json.decode, text)
    if status >= 400 then
        error("the cluster answered " .. status .. ": " .. (ok and answer.message or text), 3)
    end
    return answer
end

-- The object as it is now, as a table; nil: it does not exist.
function cluster.get(key, plural)
    native.settle()
    local status, text = native.ask("GET", path_of(key, plural))
    return status == 200 and json.decode(text) or nil
end

-- A user edits a job: a merge patch.
function cluster.patch(key, changes, plural)
    ask("PATCH", path_of(key, plural), json.encode(changes))
    native.settle()
end

-- A user deletes a job.
function cluster.delete(key, plural)
    ask("DELETE", path_of(key, plural))
    native.settle()
end

-- The pods of a job that there are: a list of { name, phase }.
function cluster.pods(key)
    native.settle()
    local namespace, name = key:match("^([^/]+)/([^/]+)$")
    local list = ask("GET", "/api/v1/namespaces/" .. (namespace or "default") .. "/pods")
    local out = {}
    for _, pod in ipairs(list.items or {}) do
        local owner = pod.metadata.labels or {}
        local of = owner["training.kubeflow.org/job-name"] or owner["mpi-job-name"] or owner["mpi_job_name"]
        if of == (name or key) then
            out[#out + 1] = { name = pod.metadata.name, phase = pod.status and pod.status.phase }
        end
    end
    return out
end

-- ---- faults ----

local methods <const> = {
    create = "POST", update = "PUT", patch = "PATCH", delete = "DELETE", get = "GET", list = "GET", watch = "GET",
}

-- The next requests of the policies that fit are answered with an error. code: 409, 403, 429, 500, 503...; "lost": the
-- work is done and its answer is lost; "unreachable": the connection breaks before the work is done. verb: of writes
-- where it is not said. count: how many (1).
function cluster.fail_next(o)
    fields("cluster.fail_next", o, set { "code", "verb", "count", "message", "reason" })
    ensure()
    local verb = o.verb or "update"
    if not methods[verb] then
        error("cluster.fail_next: unknown verb \"" .. tostring(verb) .. "\""
            .. native.nearest(tostring(verb), methods), 2)
    end
    local fault = { method = methods[verb], count = o.count or 1, watch = verb == "watch" and 1 or 0 }
    if o.code == "lost" then
        fault.fault = "reset-after"
    elseif o.code == "unreachable" then
        fault.fault = "reset-before"
    elseif o.code == 409 and verb == "update" then
        fault.fault = "conflict"
    elseif math.type(o.code) == "integer" and o.code >= 400 and o.code <= 599 then
        fault.fault, fault.code, fault.message, fault.reason = "status", o.code, o.message, o.reason
    else
        error("cluster.fail_next: code is an HTTP status from 400 to 599, \"lost\" or \"unreachable\"", 2)
    end
    native.faults(json.encode(fault))
end

-- As a role that lacks the verb ("update", or "*"), on a resource ("mpijobs"), in a namespace.
function cluster.forbid(o)
    fields("cluster.forbid", o, set { "verb", "resource", "namespace" })
    ensure()
    native.forbid(o.verb, o.resource, o.namespace)
end

-- What was forbidden is allowed again.
function cluster.allow()
    ensure()
    native.allow()
end

-- ---- what happened ----

-- Of this type, in their order.
local function records(kind)
    native.settle()
    local out = {}
    for _, record in ipairs(native.records()) do
        if record.type == kind then
            out[#out + 1] = record
        end
    end
    return out
end

function cluster.changes() return records("change") end
function cluster.runs() return records("run") end
function cluster.log() return records("log") end

native.cluster, native.records_of = cluster, records
