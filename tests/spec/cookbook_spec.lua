-- SPDX-License-Identifier: Apache-2.0
-- The shipped cookbook, lua/policies: each file alone and all of them together, on every version and controller, through two days. Each
-- policy does what its text says, or leaves the jobs of that version alone.
local support = require "support"
local sim = require "support.sim"
local cluster = require "support.cluster"

local COOKBOOK <const> = support.source .. "/lua/policies"
local START <const> = 1767265200 -- Thursday, 2026-01-01T11:00:00Z, noon in Berlin
local HOUR <const>, DAY <const> = 3600, 86400

local function rfc(at)
    return os.date("!%Y-%m-%dT%H:%M:%SZ", at)
end

-- ---- the jobs: one a policy, with what keeps the others away from it ----

-- name: state, its age at the start, labels, annotations, cleanPodPolicy, activeDeadlineSeconds, schedulingPolicy; launcher: it has one
local JOBS <const> = {
    capped = { state = "Running", age = 0, labels = { purpose = "debug", keep = "true" } },
    misplaced = { state = "Running", age = 0, misplaced = "All" },
    done = { state = "Succeeded", age = HOUR },
    debug = { state = "Running", age = 0, labels = { debug = "true" }, policy = "Running" },
    kept = { state = "Failed", age = 2 * DAY, labels = { debug = "true", keep = "true" },
        annotations = { ["ops.example.com/kept"] = "for debugging, three days after the end" }, policy = "None" },
    waiting = { age = 0 },
    started = { state = "Running", age = 0, labels = { triage = "stale-pending" } },
    low = { state = "Running", age = 0, labels = { priority = "low" } },
    overrun = { state = "Running", age = 0, labels = { purpose = "debug" } },
    passed = { state = "Running", age = 2 * HOUR, labels = { purpose = "debug" }, deadline = HOUR },
    evicted = { state = "Evicted", age = HOUR, labels = { debug = "false" } },
    diagnosed = { state = "Running", age = 0, labels = { diagnose = "true" }, policy = "All" },
    left = { state = "Failed", age = 7 * DAY - HOUR, policy = "All", launcher = true },
    unbounded = { state = "Running", age = 0, labels = { cap = "24h" } },
    longer = { state = "Running", age = 0, labels = { extend = "48h" }, deadline = 10 * HOUR },
    expired = { state = "Succeeded", age = 7 * DAY - HOUR, labels = { expire = "true" }, policy = "All" },
    idle = { state = "Running", age = 0, labels = { idle = "true" } },
    stuck = { age = 0, labels = { elastic = "true" }, gang = { minAvailable = 3, queue = "q" } },
}

-- Where the version has it, and the other place: one of spec and spec.runPolicy.
local function put(spec, place, value, elsewhere)
    local in_policy = #place == 3
    if elsewhere then
        in_policy = not in_policy
    end
    if in_policy then
        spec.runPolicy = spec.runPolicy or {}
        spec.runPolicy[place[#place]] = value
    else
        spec[place[#place]] = value
    end
end

local function object(version, name, job)
    local function role(replicas, gpus)
        return { replicas = replicas, template = { spec = { containers = { { name = "mpi", image = "registry.example.com/x:1",
            resources = gpus and { limits = { ["nvidia.com/gpu"] = gpus } } } } } } }
    end
    local spec = { mpiReplicaSpecs = { Launcher = role(1), Worker = role(2, 4) } }
    put(spec, version.policy, job.policy)
    put(spec, version.policy, job.misplaced, true)
    if job.misplaced and version.training then -- it reads both places, and this one first
        put(spec, version.policy, "Running")
    end
    put(spec, version.deadline, job.deadline)
    put(spec, { "spec", "runPolicy", "schedulingPolicy" }, job.gang)
    return { apiVersion = "kubeflow.org/" .. version.api, kind = "MPIJob", spec = spec,
        metadata = { name = name, labels = job.labels, annotations = job.annotations } }
end

local function status(job)
    local at = rfc(START - job.age)
    local function condition(kind, reason, is)
        return { type = kind, status = is or "True", reason = reason, message = "x", lastTransitionTime = at, lastUpdateTime = at }
    end
    local ends = job.state ~= "Running"
    local list = { condition("Created", "MPIJobCreated"), condition("Running", "MPIJobRunning", ends and "False" or nil) }
    if job.state == "Evicted" then
        list[3] = condition("Failed", "MPIJobEvicted")
    elseif ends then
        list[3] = condition(job.state, "MPIJob" .. job.state)
    end
    return { conditions = list, startTime = at, completionTime = ends and job.state ~= "Evicted" and at or nil }
end

-- ---- what the files promise ----

local function is(expected, seen, what)
    if expected ~= seen then
        error(("%s: expected %s, not %s"):format(what, tostring(expected), tostring(seen)), 2)
    end
end

local function meta(job, kind, key)
    return job.metadata[kind] and job.metadata[kind][key]
end

-- v: what this version is called and has; at(job, place); log: all that the daemon said. `seen`: name to job as it is at the end.
local CHECKS <const> = {
    ["cap-debug-runs"] = function(v, seen, log)
        -- It was started 21 hours before nine on Friday in Berlin, and has an hour left.
        is(22 * HOUR, cluster.at(seen.capped, v.deadline), "deadline")
        is(rfc(START + 21 * HOUR), meta(seen.capped, "annotations", "ops.example.com/capped"), "capped")
        local line = log:match("replaced policy=cap%-debug%-runs job=%S+/capped effect=(%S+)")
        is(({ v1alpha2 = "inert", ["v1 (mpi-operator)"] = "inert", v2beta1 = "inert", ["v1 (training-operator)"] = "late" })[v.name], line, "effect")
    end,
    ["explicit-policy"] = function(v, seen)
        if v.training then
            is("Running", cluster.at(seen.misplaced, v.policy), "cleanPodPolicy")
            is("Running", seen.misplaced.spec.cleanPodPolicy or "Running", "cleanPodPolicy of the place that counts less")
        elseif not v.drops_misplaced then
            is("All", cluster.at(seen.misplaced, v.policy), "cleanPodPolicy")
        end
    end,
    ["free-gpus"] = function(v, seen, log)
        is(v.training and "Running" or "All", cluster.at(seen.done, v.policy), "cleanPodPolicy")
        support.lacks(log, "policy=free-gpus job=" .. seen.kept.metadata.namespace .. "/kept")
    end,
    ["keep-failed-debug"] = function(v, seen)
        is("None", cluster.at(seen.debug, v.policy), "cleanPodPolicy of what runs")
        is("true", meta(seen.debug, "labels", "keep"), "keep")
        is("All", cluster.at(seen.kept, v.policy), "cleanPodPolicy three days later")
        is(nil, meta(seen.kept, "labels", "keep"), "keep three days later")
        is(nil, meta(seen.kept, "annotations", "ops.example.com/kept"), "kept three days later")
    end,
    ["label-stale-pending"] = function(_, seen)
        is("stale-pending", meta(seen.waiting, "labels", "triage"), "triage of what waits")
        is(nil, meta(seen.started, "labels", "triage"), "triage of what has started")
    end,
    ["maintenance-window"] = function(v, seen, log)
        if v.suspends then
            support.contains(log, "replaced policy=maintenance-suspend job=")
            support.contains(log, "replaced policy=maintenance-resume job=")
            is(nil, cluster.at(seen.low, v.suspend), "suspend, after the window") -- cluster.at: false is nil
        end
        is(nil, meta(seen.low, "annotations", "ops.example.com/maintenance"), "the mark, after the window")
    end,
    ["night-report"] = function(_, _, log)
        local line = log:match('jobs of the day[^\n]*day=2026%-01%-01[^\n]*')
        assert(line, "no report")
        support.contains(line, "succeeded=1")
        support.contains(line, "evicted=1")
    end,
    ["stop-debug-overruns"] = function(v, seen, log)
        local stopped = meta(seen.overrun, "annotations", "ops.example.com/suspended")
        local touched = meta(seen.passed, "annotations", "ops.example.com/touched")
        if v.name == "v2beta1" then
            is("ran for more than 4h at " .. rfc(START + 4 * HOUR), stopped, "suspended")
            is(true, cluster.at(seen.overrun, v.suspend), "suspend")
            is("None", cluster.at(seen.overrun, v.policy), "cleanPodPolicy")
        else
            is(nil, stopped, "suspended")
            support.lacks(log, "policy=stop-debug-overruns job=")
        end
        assert((touched ~= nil) == (v.training == true), "touched: " .. tostring(touched))
    end,
    ["triage-evicted"] = function(v, seen, log)
        is("evicted", meta(seen.evicted, "labels", "triage"), "triage")
        is(v.name == "v2beta1" and true or nil, cluster.at(seen.evicted, v.suspend), "suspend")
        is(v.name == "v2beta1" and 8 or 0, tonumber(log:match "evicted jobs policy=triage%-evicted changed=1 gpus=(%d+) seen=1"), "GPUs")
    end,
}

CHECKS["keep-failed-workers"] = function(v, seen)
    is(v.name == "v1alpha2" and "All" or "Running", cluster.at(seen.diagnosed, v.policy), "cleanPodPolicy of what is diagnosed")
end

CHECKS["mark-left-launchers"] = function(_, seen)
    is("left over", meta(seen.left, "annotations", "ops.example.com/launcher"), "the mark of who has a launcher")
    is(nil, meta(seen.done, "annotations", "ops.example.com/launcher"), "the mark of who has none")
end

CHECKS["cap-unbounded-runs"] = function(v, seen, log)
    is(DAY, cluster.at(seen.unbounded, v.deadline), "deadline of what was unbounded")
    is(v.training and 0 or 1, support.count(log, "the cap does nothing"), "warnings")
end

CHECKS["extend-approved"] = function(v, seen)
    local extends = v.training or v.api ~= "v1"
    is((extends and 58 or 10) * HOUR, cluster.at(seen.longer, v.deadline), "deadline of what is extended")
    is(not extends and "48h" or nil, meta(seen.longer, "labels", "extend"), "extend")
end

CHECKS["expire-finished"] = function(v, seen)
    if v.training then
        is(7 * DAY, cluster.at(seen.expired, { "spec", "runPolicy", "ttlSecondsAfterFinished" }), "TTL")
    else
        is(nil, seen.expired, "the job that has expired")
    end
end

CHECKS["unstick-pending"] = function(v, seen)
    local gang = { "spec", "runPolicy", "schedulingPolicy", "minAvailable" }
    is(v.suspends and 1 or 3, cluster.at(seen.stuck, gang), "minAvailable")
    is(v.suspends or nil, cluster.at(seen.stuck, v.suspend), "suspend of what is stuck")
end

CHECKS["suspend-idle"] = function(v, seen, log)
    local warned = meta(seen.idle, "annotations", "warned.mpijobd.io/suspend-idle")
    if v.name == "v2beta1" then
        support.contains(warned, "warning 2 of 2")
        is(true, cluster.at(seen.idle, v.suspend), "suspend of what is idle")
        assert(meta(seen.idle, "annotations", "ops.example.com/suspended"), "suspended")
    else
        is(nil, warned, "the warning")
        support.lacks(log, "policy=suspend-idle job=")
    end
end

local NAMES <const> = {}
for name in pairs(CHECKS) do
    NAMES[#NAMES + 1] = name
end
table.sort(NAMES)

-- Versions without `suspend`: the window's policies stand aside there, alone.
local function in_force(v, name)
    return v.suspends or name ~= "maintenance-window"
end

-- ---- two days ----

local function two_days(server, version, namespace, folder, files)
    local args = { "run", "--kubeconfig", server.kubeconfig, "-n", namespace, "--state", folder .. "/" .. namespace .. ".db", "--clock", rfc(START), "--listen", "none" }
    for _, flag in ipairs(version.flags) do
        args[#args + 1] = flag
    end
    for _, name in ipairs(files) do
        args[#args + 1] = COOKBOOK .. "/" .. name .. ".lua"
    end
    local daemon = support.daemon({ stdin = true }, table.unpack(args))
    daemon:expect "in force"
    -- All instants at which something falls due: two hours after the end of `done`, four after the start of `overrun`, the report and its
    -- jitter, nine o'clock on Friday, a day of waiting and the third of keeping, and the window on Saturday.
    for _, hours in ipairs { 0, 1, 4, 10, 10.2, 21, 24, 38, 42, 43 } do
        daemon:write("set " .. rfc(START + math.floor(hours * HOUR)) .. "\n")
        daemon:expect("clock ", "stdout")
    end
    is(0, daemon:stop "sigterm", "the daemon's end")
    support.lacks(daemon.stderr, " error ")
    support.lacks(daemon.stderr, "outcome=failed")
    return daemon.stderr
end

-- As a controller would have made it.
local function make_launcher(server, version, namespace, name)
    local _, owner = server:request("GET", server:path(version.api, namespace, name))
    local is_pod = version.api == "v1"
    local pod = { restartPolicy = "Never", containers = { { name = "mpi", image = "registry.example.com/x:1" } } }
    local code, _, raw = server:request("POST", (is_pod and "/api/v1/namespaces/%s/pods" or "/apis/batch/v1/namespaces/%s/jobs"):format(namespace), {
        apiVersion = is_pod and "v1" or "batch/v1", kind = is_pod and "Pod" or "Job", spec = is_pod and pod or { template = { spec = pod } },
        metadata = { name = name .. "-launcher", ownerReferences = { { apiVersion = "kubeflow.org/" .. version.api, kind = "MPIJob", name = name,
            uid = owner.metadata.uid, controller = true } } },
    })
    is(201, code, raw)
end

local function fill(server, version, namespace)
    server:make_namespace(namespace)
    local bodies = {}
    for name, job in pairs(JOBS) do
        bodies[#bodies + 1] = support.json.encode(object(version, name, job))
    end
    server:create_all(server:path(version.api, namespace), bodies)
    for name, job in pairs(JOBS) do
        if job.state then
            local path = server:path(version.api, namespace, name)
            local _, stored = server:request("GET", path)
            stored.status = status(job)
            local code, _, raw = server:request("PUT", path .. "/status", stored)
            is(200, code, raw)
        end
        if job.launcher then
            make_launcher(server, version, namespace, name)
        end
    end
end

local function look(server, version, namespace)
    local seen = {}
    for name in pairs(JOBS) do
        local code, job = server:request("GET", server:path(version.api, namespace, name))
        assert(code == 200 or code == 404, name)
        seen[name] = code == 200 and job or nil
    end
    return seen
end

for _, version in ipairs(cluster.versions) do
    describe("the cookbook on " .. version.name, function()
        local server, folder
        local v = setmetatable({ training = version.name:find("training", 1, true) ~= nil }, { __index = version })
        v.flags = version.api == "v1" and { "--controller", v.training and "training-operator" or "mpi-operator" } or {}
        v.suspends = v.training or version.api == "v2beta1"
        v.suspend = { "spec", "runPolicy", "suspend" }
        v.drops_misplaced = version.api == "v2beta1" -- its definition knows one place only
        lazy_setup(function()
            local args = { "--clock", "stepped", "--now", rfc(START) }
            server = sim.start(table.unpack(table.move(version.sim, 1, #version.sim, #args + 1, args)))
            folder = support.folder()
        end)
        lazy_teardown(support.cleanup)

        for _, name in ipairs(NAMES) do
            it(name .. ", alone", function()
                if not in_force(v, name) then
                    local code, _, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/refused.db", "--listen",
                        "none", COOKBOOK .. "/" .. name .. ".lua", table.unpack(v.flags))
                    is(1, code, err)
                    support.contains(err, "not in force on cluster default: MPIJobs of " .. v.api)
                    support.contains(err, "no policy is in force on any cluster")
                    return
                end
                fill(server, v, name)
                local log = two_days(server, v, name, folder, { name })
                CHECKS[name](v, look(server, version, name), log)
            end)
        end

        it("all together", function()
            fill(server, v, "together")
            local log = two_days(server, v, "together", folder, NAMES)
            is(v.suspends and 0 or 2, support.count(log, "not in force on cluster default: MPIJobs of " .. v.api), "policies that stand aside")
            local seen = look(server, version, "together")
            for _, name in ipairs(NAMES) do
                CHECKS[name](v, seen, log)
            end
        end)
    end)
end

it("the cookbook is what is tried here", function()
    local files, policies = {}, 0
    for name in support.uv.fs_scandir_next, support.uv.fs_scandir(COOKBOOK) do
        if name:find "%.lua$" and not name:find("_spec.lua", 1, true) then
            files[#files + 1] = name:match("^(.*)%.lua$")
            for _ in support.read(COOKBOOK .. "/" .. name):gmatch("\npolicy {") do
                policies = policies + 1
            end
        end
    end
    table.sort(files)
    assert.are.same(NAMES, files)
    assert.are.equal(22, policies)
end)

-- The role of one that warns: the job is written, and the Event beside it.
it("suspend-idle needs no more than to write jobs and Events", function()
    local code, out, err = support.mpijobd("rbac", COOKBOOK .. "/suspend-idle.lua")
    assert.are.equal(0, code, err)
    local rules = out:match "\nrules:\n(.-)\n%-%-%-":gsub("\n#[^\n]*", "")
    assert.are.equal([[
- apiGroups:
  - kubeflow.org
  resources:
  - mpijobs
  verbs:
  - get
  - list
  - update
  - watch
- apiGroups:
  - ""
  resources:
  - events
  verbs:
  - create
  - patch]], rules)
end)
