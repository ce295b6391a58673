-- SPDX-License-Identifier: Apache-2.0
-- cluster.job: a job as it stands in a cluster, of any kind and version, from the few things that a test says of it.
local native = ...
cluster = {}

function native.fields(what, given, known)
    if type(given) ~= "table" then
        error(what .. " takes a table, and not a " .. type(given), 3)
    end
    for key in pairs(given) do
        if not known[key] then
            error(what .. ": unknown field \"" .. tostring(key) .. "\"" .. native.nearest(tostring(key), known), 3)
        end
    end
end

function native.set(list)
    local out = {}
    for _, name in ipairs(list) do
        out[name] = true
    end
    return out
end

-- "2h" or seconds: seconds.
function native.seconds(value, what)
    if type(value) == "number" then
        return value
    end
    local ok, n = pcall(time.duration, value)
    if type(value) ~= "string" or not ok then
        error(what .. " takes a duration such as \"2h\" or a number of seconds", 3)
    end
    return n
end

local fields <const>, set <const>, seconds <const> = native.fields, native.set, native.seconds

local job_fields <const> = set {
    "name", "namespace", "version", "kind", "controller", "labels", "annotations", "workers", "gpus", "phase", "reason",
    "evicted", "created", "started", "finished", "older_than", "pending_for", "running_for", "finished_for",
    "suspended_for",
    "cleanPodPolicy", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished", "suspend", "managedBy",
    "schedulingPolicy", "starts_in", "ends_in", "outcome", "spec", "metadata",
}
local phases <const> = set { "Pending", "Running", "Restarting", "Suspended", "Succeeded", "Failed" }
local replaceable <const> = {
    "cleanPodPolicy", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished", "suspend", "managedBy",
    "schedulingPolicy",
}
local outcomes <const> = { Succeeded = "succeed", Failed = "fail", Evicted = "evict" }

local function merge(into, from)
    for key, value in pairs(from or {}) do
        if type(value) == "table" and type(into[key]) == "table" then
            merge(into[key], value)
        else
            into[key] = value
        end
    end
    return into
end

-- An instant, "3h" ago, or nil.
local function past(value, now)
    if value == nil then
        return nil
    elseif type(value) == "string" and value:match("^%d%d%d%d%-") then
        return native.instant(value)
    end
    return now - seconds(value, "cluster.job")
end

local function put(object, pointer, value)
    local at, parts = object, {}
    for part in pointer:gmatch("[^/]+") do
        parts[#parts + 1] = part
    end
    for i = 1, #parts - 1 do
        at[parts[i]] = at[parts[i]] or {}
        at = at[parts[i]]
    end
    at[parts[#parts]] = value
end

-- created, started, ended: seconds since 1970, as far as the phase has them.
local function times_of(o, phase, now)
    local finished = phase == "Succeeded" or phase == "Failed"
    local ended = finished and (past(o.finished_for or o.finished, now) or now) or nil
    local started = past(o.running_for or o.started, now)
    local created = past(o.older_than or o.created or o.pending_for, now)
    if phase == "Pending" then
        return created or now
    end
    started = started or (ended or now) - 600
    return created or started - 12, started, ended
end

local function status_of(o, phase, now, workers)
    local created, started, ended = times_of(o, phase, now)
    local full = (o.namespace or "default") .. "/" .. o.name
    local list = {}
    local bare = o.controller == "training-operator" -- it names the job without its namespace
    local function condition(kind, on, reason, at, text)
        list[#list + 1] = {
            type = kind, status = on and "True" or "False", reason = reason,
            message = "MPIJob " .. (bare and o.name or full) .. " " .. text,
            lastTransitionTime = time.rfc3339(at), lastUpdateTime = time.rfc3339(at),
        }
    end
    condition("Created", true, "MPIJobCreated", created, "is created.")
    local status = { conditions = list }
    if phase == "Suspended" then
        condition("Suspended", true, "MPIJobSuspended", past(o.suspended_for, now) or started, "is suspended.")
    elseif phase ~= "Pending" then
        condition("Running", phase == "Running", "MPIJobRunning", started, "is running.")
        status.startTime = time.rfc3339(started)
    end
    if phase == "Restarting" then
        condition("Restarting", true, o.reason or "MPIJobRestarting", started, "is restarting.")
    elseif phase == "Running" then
        status.replicaStatuses = { Launcher = { active = 1 }, Worker = { active = workers } }
    elseif phase == "Succeeded" then
        condition("Succeeded", true, o.reason or "MPIJobSucceeded", ended,
            (bare and "is " or "") .. "successfully completed.")
        status.replicaStatuses = { Launcher = { succeeded = 1 }, Worker = {} }
    elseif phase == "Failed" then
        condition("Failed", true, o.reason or (o.evicted and "MPIJobEvicted" or "MPIJobFailed"), ended, "has failed")
        status.replicaStatuses = { Launcher = { failed = 1 }, Worker = {} }
    end
    if ended and not o.evicted then
        status.completionTime = time.rfc3339(ended)
    end
    return status, created
end

local function replica(count, gpus)
    local resources = gpus > 0 and { limits = { ["nvidia.com/gpu"] = gpus } } or nil
    return {
        replicas = count,
        restartPolicy = "Never",
        template = { spec = { containers = {
            { name = "main", image = "images.example.com/train", resources = resources },
        } } },
    }
end

local function spec_of(o, kind)
    local workers = o.workers or 2
    local gpus = o.gpus or workers
    if workers > 0 and gpus % workers ~= 0 then
        error("cluster.job: " .. gpus .. " GPUs cannot be shared equally by " .. workers .. " workers", 3)
    end
    local replicas = { Worker = workers > 0 and replica(workers, gpus // workers) or nil }
    local first = native.first_role(kind)
    replicas[first] = replica(1, 0)
    return { [native.specs(kind)] = replicas, slotsPerWorker = kind == "MPIJob" and 1 or nil }
end

-- A job as it stands in the cluster. What is not said is usual: a running MPIJob of v2beta1 with two workers of one GPU
-- each, which stays as it is until ends_in or the policies change that. Returns "namespace/name".
function cluster.job(o)
    if type(o) ~= "table" then
        error("cluster.job takes a table", 2)
    end
    fields("cluster.job", o, job_fields)
    local phase, kind = o.phase or "Running", o.kind or "MPIJob"
    if not phases[phase] then
        error("cluster.job: unknown phase \"" .. tostring(phase) .. "\"" .. native.nearest(tostring(phase), phases), 2)
    end
    local version = o.version or (native.opened() and native.version()) or (kind == "MPIJob" and "v2beta1" or "v1")
    if not native.opened() then
        native.open({ version }, o.controller, 0, 0)
    end
    o = merge({}, o)
    o.name = o.name or native.fresh_name()
    local now, workers = native.now(), o.workers or 2
    local status, created = status_of(o, phase, now, workers)
    local object = {
        apiVersion = "kubeflow.org/" .. version,
        kind = kind,
        metadata = merge({
            name = o.name, namespace = o.namespace or "default",
            labels = o.labels, annotations = o.annotations,
            creationTimestamp = time.rfc3339(created),
            managedFields = { {
                apiVersion = "kubeflow.org/" .. version, manager = "kubectl-create", operation = "Update",
                fieldsType = "FieldsV1", fieldsV1 = { ["f:spec"] = { ["."] = {} } }, time = time.rfc3339(created),
            } },
        }, o.metadata),
        spec = spec_of(o, kind),
        status = status,
    }
    if phase == "Suspended" and o.suspend == nil then
        o.suspend = true
    end
    for _, name in ipairs(replaceable) do
        if o[name] ~= nil then
            local place = native.place_of(name, version, kind)
            if not place then
                error("cluster.job: " .. kind .. " of " .. version .. " has no " .. name, 2)
            end
            put(object, place, o[name])
        end
    end
    merge(object.spec, o.spec)
    local starts = o.starts_in and seconds(o.starts_in, "starts_in")
        or (phase == "Pending" and -2 or 5)
    local ends, outcome = o.ends_in and seconds(o.ends_in, "ends_in"), o.outcome or "Succeeded"
    if not outcomes[outcome] then
        error("cluster.job: outcome is one of Succeeded, Failed and Evicted", 2)
    end
    if ends and phase == "Running" then
        local _, started = times_of(o, phase, now)
        ends = ends + now - started -- the cluster counts from the start
    end
    native.place(json.encode(object), starts, ends or -2, ends and outcomes[outcome] or "hang")
    return object.metadata.namespace .. "/" .. object.metadata.name
end
