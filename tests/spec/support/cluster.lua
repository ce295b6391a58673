-- SPDX-License-Identifier: Apache-2.0
-- A cluster that a spec runs on: the simulator, or a real kube-apiserver (MPIJOBD_SPEC_CLUSTER=apiserver; its folder is in
-- MPIJOBD_SPEC_APISERVER, made by tests/apiserver/server up). The same specs run on both.
local support = require "support"
local proc = support.proc

local cluster = { real = os.getenv("MPIJOBD_SPEC_CLUSTER") == "apiserver" }

local Cluster = {}
Cluster.__index = Cluster

-- What the specs call it, what it serves, and what the two sides call that.
cluster.versions = {
    { name = "v1alpha2", api = "v1alpha2", crd = "v1alpha2", sim = { "--version", "v1alpha2" }, policy = { "spec", "cleanPodPolicy" },
        deadline = { "spec", "activeDeadlineSeconds" } },
    { name = "v1 (mpi-operator)", api = "v1", crd = "v1", sim = { "--version", "v1", "--controller", "mpi-operator" },
        policy = { "spec", "cleanPodPolicy" }, deadline = { "spec", "runPolicy", "activeDeadlineSeconds" } },
    { name = "v1 (training-operator)", api = "v1", crd = "v1-training-operator", sim = { "--version", "v1", "--controller", "training-operator" }, sim_flags = { "--controller", "training-operator" },
        policy = { "spec", "runPolicy", "cleanPodPolicy" }, deadline = { "spec", "runPolicy", "activeDeadlineSeconds" } },
    { name = "v2beta1", api = "v2beta1", crd = "v2beta1", sim = { "--version", "v2beta1" }, policy = { "spec", "runPolicy", "cleanPodPolicy" },
        deadline = { "spec", "runPolicy", "activeDeadlineSeconds" } },
}

-- Huawei Cloud's CCI as the simulator has it, by its two ways to come in: told in a configuration instead of a kubeconfig.
local function cci(name, sim, auth, files)
    return { name = "v1alpha2 on CCI by " .. name, api = "v1alpha2", sim = sim, policy = { "spec", "cleanPodPolicy" },
        deadline = { "spec", "activeDeadlineSeconds" }, at_finish = "unknown", auth = auth, files = files }
end

cluster.cci = {
    cci("IAM", { "--profile", "cci", "--token", "spec", "--iam", "domain:robot:project:pass word" },
        "{type: huawei-iam, endpoint: %s, domain: domain, user: robot, project: project, password_file: password}", { password = "pass word\n" }),
    cci("access key", { "--profile", "cci", "--token", "spec", "--access-key", "AK:SK" },
        "{type: huawei-aksk, access_key_file: access, secret_key_file: secret}", { access = "AK\n", secret = "SK\n" }),
    cci("temporary access key", { "--profile", "cci", "--token", "spec", "--access-key", "AK:SK:ST" },
        "{type: huawei-aksk, access_key_file: access, secret_key_file: secret, security_token_file: token}",
        { access = "AK", secret = "SK", token = "ST" }),
}

-- A folder with a configuration for the server, which is a CCI.
function cluster.configure(url, version, more)
    local folder = support.folder()
    for name, text in pairs(version.files) do
        support.write(folder .. "/" .. name, text)
    end
    return support.write(folder .. "/mpijobd.yaml", ("cluster:\n  server: %s\n  controller: cci\n  auth: %s\n%s"):format(url,
        version.auth:format(url), more or "")), folder
end

-- More flags are the simulator's.
function cluster.start(version, ...)
    -- The simulator has no definition to read, so there the controller is configured.
    local self = setmetatable({ version = version, api = version.api, flags = not cluster.real and version.sim_flags or {} }, Cluster)
    if not cluster.real then
        local args = { table.unpack(version.sim) }
        for _, flag in ipairs { ... } do
            args[#args + 1] = flag
        end
        self.sim = require("support.sim").start(table.unpack(args))
        self.kubeconfig = self.sim.kubeconfig
        self.reach = { "--kubeconfig", self.kubeconfig }
        if version.auth then
            self.reach = { "--config", (cluster.configure(self.sim.url, version)) }
        end
        return self
    end
    self.dir = assert(os.getenv("MPIJOBD_SPEC_APISERVER"))
    self.kubeconfig = self.dir .. "/kubeconfig"
    self.reach = { "--kubeconfig", self.kubeconfig }
    local code, out, err = proc.run(support.source .. "/tests/apiserver/server",
        { args = { "crd", "--dir", self.dir, version.crd }, seconds = 60 })
    assert(code == 0, out .. err)
    for name, value in support.read(self.dir .. "/env"):gmatch("([%w_]+)='?([^'\n]*)'?") do
        self[name] = value
    end
    return self
end

-- status, text
function Cluster:request(method, path, body, content_type)
    if self.sim then
        local status, _, raw = self.sim:request(method, path, body, content_type)
        return status, raw
    end
    local args = { "-sS", "--cacert", self.APISERVER_CA, "-X", method, "-w", "\n%{http_code}", "-H", "User-Agent: spec", "-H",
        "Authorization: Bearer " .. self.APISERVER_TOKEN, "-H", "Content-Type: " .. (content_type or "application/json") }
    local text = type(body) == "table" and support.json.encode(body) or body
    if text then
        args[#args + 1] = "--data-binary"
        args[#args + 1] = "@-"
    end
    args[#args + 1] = self.APISERVER_URL .. path
    local code, out, err = proc.run("/usr/bin/curl", { args = args, stdin = text or "" })
    assert(code == 0, err)
    local raw, status = out:match("^(.*)\n(%d+)$")
    return tonumber(status), raw
end

function Cluster:path(namespace, name, subresource)
    return ("/apis/kubeflow.org/%s/namespaces/%s/mpijobs%s%s"):format(self.api, namespace, name and "/" .. name or "",
        subresource and "/" .. subresource or "")
end

function Cluster:get(namespace, name)
    local status, raw = self:request("GET", self:path(namespace, name))
    assert(status == 200, raw)
    return support.json.decode(raw), raw
end

local made = 0

-- It may be there already.
function Cluster:make_namespace(name)
    local status, answer = self:request("POST", "/api/v1/namespaces", { apiVersion = "v1", kind = "Namespace", metadata = { name = name } })
    assert(status == 201 or status == 409, tostring(support.json.encode(answer)))
end

-- A namespace of its own: its name.
function Cluster:namespace()
    made = made + 1
    local name = ("spec-%d-%d"):format(os.time() % 1000000, made) .. "-" .. math.random(100000)
    self:make_namespace(name)
    return name
end

-- A job with launcher and workers; `state`: "Running", "Succeeded", "Failed", "Evicted" or nil. finished: seconds ago.
function Cluster:create(namespace, name, options)
    options = options or {}
    local function pod(container)
        return ([[{"spec":{"containers":[{"name":"mpi","image":"registry.example.com/%s:1.0","args":[],"env":[{"name":"SCALE","value":"1e3"}],"resources":{"limits":{"nvidia.com/gpu":%d}}}]}}]])
            :format(name, container == "Worker" and 4 or 0)
    end
    local spec = { '"slotsPerWorker":4' }
    local run_policy = {}
    local function put(place, value)
        if value and #place == 3 then
            run_policy[#run_policy + 1] = ('"%s":%s'):format(place[3], value)
        elseif value then
            spec[#spec + 1] = ('"%s":%s'):format(place[2], value)
        end
    end
    put(self.version.policy, options.policy and '"' .. options.policy .. '"')
    put(self.version.deadline, options.deadline)
    if #run_policy > 0 then
        spec[#spec + 1] = '"runPolicy":{' .. table.concat(run_policy, ",") .. "}"
    end
    spec[#spec + 1] = ('"mpiReplicaSpecs":{"Launcher":{"replicas":1,"template":%s},"Worker":{"replicas":2,"template":%s}}'):format(
        pod("Launcher"), pod("Worker"))
    local body = ('{"apiVersion":"kubeflow.org/%s","kind":"MPIJob","metadata":{"name":"%s","namespace":"%s","labels":%s,"annotations":%s},"spec":{%s}}')
        :format(self.api, name, namespace, options.labels or "{}", options.annotations or '{"note":"\\u003ckeep\\u003e"}', table.concat(spec, ","))
    local status, raw = self:request("POST", self:path(namespace), body)
    assert(status == 201, raw)
    if options.state then
        self:set_state(namespace, name, options.state, options.since or 7200)
    end
end

-- As a controller would write it.
function Cluster:set_state(namespace, name, state, ago)
    self:put_status(self:path(namespace, name), state, ago)
end

function Cluster:put_status(path, state, ago)
    local read, object = self:request("GET", path)
    assert(read == 200, object)
    local at = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - ago)
    local conditions = ([[{"type":"Created","status":"True","lastTransitionTime":"%s","lastUpdateTime":"%s","reason":"MPIJobCreated","message":"x"}]]):format(at, at)
    local holds = state == "Evicted" and "Failed" or state
    for _, kind in ipairs(state == "Running" and { "Running" } or { "Running", holds }) do
        conditions = conditions .. ([[,{"type":"%s","status":"%s","lastTransitionTime":"%s","lastUpdateTime":"%s","reason":"MPIJob%s","message":"x"}]])
            :format(kind, kind == holds and "True" or "False", at, at, kind == holds and state or kind)
    end
    local finished = state ~= "Running" and state ~= "Evicted" and (',"completionTime":"%s"'):format(at) or ""
    local status_text = ([["status":{"conditions":[%s],"replicaStatuses":{"Worker":{"active":2}},"startTime":"%s"%s}]]):format(conditions, at, finished)
    local body = object:gsub("}%s*$", "," .. status_text:gsub("%%", "%%%%") .. "}")
    local code, raw = self:request("PUT", path .. "/status", body)
    assert(code == 200, raw)
end

-- How each controller labels the pods of a job.
local pod_labels = {
    v1alpha2 = '"group_name":"kubeflow.org","mpi_job_name":"%s","mpi_role_type":"%s"',
    ["v1 (mpi-operator)"] = '"group-name":"kubeflow.org","mpi-job-name":"%s","mpi-job-role":"%s"',
    ["v1 (training-operator)"] = '"training.kubeflow.org/operator-name":"mpijob-controller","training.kubeflow.org/job-name":"%s","training.kubeflow.org/replica-type":"%s"',
    v2beta1 = '"training.kubeflow.org/operator-name":"mpi-operator","training.kubeflow.org/job-name":"%s","training.kubeflow.org/job-role":"%s"',
}

-- A pod of the job, as its controller would make it. options: role ("worker"), phase ("Running"), gpus (4), node (false: none), uid (of the
-- job that owns it; default: the job's).
function Cluster:create_pod(namespace, job, name, options)
    options = options or {}
    local uid = options.uid or self:get(namespace, job).metadata.uid
    local body = ('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","namespace":"%s","labels":{%s},"ownerReferences":[{"apiVersion":"kubeflow.org/%s","kind":"MPIJob","name":"%s","uid":"%s","controller":true}]},'
        .. '"spec":{%s"containers":[{"name":"mpi","image":"registry.example.com/x:1.0","resources":{"limits":{"nvidia.com/gpu":"%d"}}}]}}')
        :format(name, namespace, pod_labels[self.version.name]:format(job, options.role or "worker"), self.api, job, uid,
            options.node == false and "" or '"nodeName":"node-1",', options.gpus or 4)
    local path = ("/api/v1/namespaces/%s/pods"):format(namespace)
    local status, raw = self:request("POST", path, body)
    assert(status == 201, raw)
    raw = raw:gsub('"status":%b{}', '"status":{"phase":"' .. (options.phase or "Running") .. '"}')
    if not raw:find('"phase":"' .. (options.phase or "Running"), 1, true) then
        raw = raw:gsub("}%s*$", ',"status":{"phase":"' .. (options.phase or "Running") .. '"}}')
    end
    status, raw = self:request("PUT", path .. "/" .. name .. "/status", raw)
    assert(status == 200, raw)
end

-- ---- TFJob, PyTorchJob, MXJob: the simulator serves them with --siblings, a real server needs their definitions. These are
-- our own, as far as a definition of training-operator goes that a spec can tell from it: what is not named is dropped.

local SIBLINGS = { "TFJob", "PyTorchJob", "MXJob" }
local DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

local function definition(kind)
    local open = { type = "object", ["x-kubernetes-preserve-unknown-fields"] = true }
    local text, integer = { type = "string" }, { type = "integer" }
    local roles = { type = "object", additionalProperties = { type = "object", properties = { replicas = integer, restartPolicy = text, template = open } } }
    local policy = { type = "object", properties = { cleanPodPolicy = text, activeDeadlineSeconds = integer, backoffLimit = integer,
        ttlSecondsAfterFinished = integer, suspend = { type = "boolean" }, managedBy = text, schedulingPolicy = open } }
    local specs = { TFJob = "tfReplicaSpecs", PyTorchJob = "pytorchReplicaSpecs", MXJob = "mxReplicaSpecs" }
    local name = kind:lower()
    return {
        apiVersion = "apiextensions.k8s.io/v1", kind = "CustomResourceDefinition", metadata = { name = name .. "s.kubeflow.org" },
        spec = { group = "kubeflow.org", scope = "Namespaced",
            names = { kind = kind, listKind = kind .. "List", plural = name .. "s", singular = name },
            versions = { { name = "v1", served = true, storage = true, subresources = { status = support.json.decode "{}" },
                schema = { openAPIV3Schema = { type = "object", properties = {
                    spec = { type = "object", properties = { [specs[kind]] = roles, runPolicy = policy } }, status = open } } } } } },
    }
end

-- Asks until test() holds; each question is a round trip, and there are only so many of them.
function cluster.ask_until(what, test)
    for _ = 1, 600 do
        if test() then
            return
        end
    end
    error(what)
end

function Cluster:install_siblings()
    if self.sim then
        return
    end
    for _, kind in ipairs(SIBLINGS) do
        local path = "/apis/kubeflow.org/v1/" .. kind:lower() .. "s"
        local status, raw = self:request("POST", DEFINITIONS, definition(kind))
        assert(status == 201 or status == 409, raw)
        cluster.ask_until(kind .. " is not served", function()
            local _, resources = self:request("GET", "/apis/kubeflow.org/v1")
            return resources:find('"' .. kind:lower() .. 's"', 1, true) and self:request("GET", path) == 200
        end)
    end
end

function Cluster:remove_siblings()
    if self.sim then
        return
    end
    for _, kind in ipairs(SIBLINGS) do
        self:request("DELETE", DEFINITIONS .. "/" .. kind:lower() .. "s.kubeflow.org")
        cluster.ask_until(kind .. " is still served", function()
            local _, resources = self:request("GET", "/apis/kubeflow.org/v1")
            return not resources:find('"' .. kind:lower() .. 's"', 1, true)
        end)
    end
end

local function sibling_path(kind, namespace, name, subresource)
    return ("/apis/kubeflow.org/v1/namespaces/%s/%s%s%s"):format(namespace, kind.plural, name and "/" .. name or "",
        subresource and "/" .. subresource or "")
end

-- The object's text.
function Cluster:sibling(kind, namespace, name)
    local status, raw = self:request("GET", sibling_path(kind, namespace, name))
    assert(status == 200, raw)
    return raw
end

-- One of kind.role with 2 GPUs, two workers with 4 each.
function Cluster:create_sibling(kind, namespace, name, options)
    local function role(replicas, gpus)
        return ([[{%s"template":{"spec":{"containers":[{"name":"main","image":"registry.example.com/%s:1.0","args":[],"resources":{"limits":{"nvidia.com/gpu":%d}}}]}}}]])
            :format(replicas and '"replicas":' .. replicas .. "," or "", name, gpus)
    end
    local policy = options.policy and ('"runPolicy":{"cleanPodPolicy":"%s"},'):format(options.policy) or ""
    local body = ('{"apiVersion":"kubeflow.org/v1","kind":"%s","metadata":{"name":"%s","namespace":"%s","labels":{"made":"here"}},"spec":{%s"%s":{"%s":%s,"Worker":%s}}}')
        :format(kind.name, name, namespace, policy, kind.specs, kind.role, role(nil, 2), role(2, 4))
    local status, raw = self:request("POST", sibling_path(kind, namespace), body)
    assert(status == 201, raw)
    if options.state then
        self:put_status(sibling_path(kind, namespace, name), options.state, 7200)
    end
end

-- Another definition of MPIJobs is applied while everything runs: served versions, and which of them is stored. What exists is
-- to be stored again, as the API server asks of whoever takes a version away. keep: names of those that lose nothing.
function Cluster:serve(options)
    if self.sim then
        local status, answer = self.sim:request("POST", "/_sim/versions", options)
        assert(status == 200, answer)
        return
    end
    local path = DEFINITIONS .. "/mpijobs.kubeflow.org"
    local crd = support.json.decode(select(2, self:request("GET", path)))
    local by_name = {}
    for _, version in ipairs(crd.spec.versions) do
        by_name[version.name] = version
    end
    local versions = {}
    local function is_one_of(name, list)
        for _, one in ipairs(list or {}) do
            if one == name then
                return true
            end
        end
        return false
    end
    for _, name in ipairs { "v1alpha2", "v1", "v2beta1" } do
        local version = by_name[name]
            or { name = name, subresources = { status = support.json.decode "{}" }, schema = { openAPIV3Schema = { type = "object", ["x-kubernetes-preserve-unknown-fields"] = true } } }
        version.served = is_one_of(name, options.served)
        version.storage = name == options.stored
        version.deprecated = is_one_of(name, options.deprecated)
        if version.served or version.storage or by_name[name] then
            versions[#versions + 1] = version
        end
    end
    local status, raw = self:request("PATCH", path, { spec = { versions = versions } }, "application/merge-patch+json")
    assert(status == 200, raw)
    for _, version in ipairs(versions) do
        cluster.ask_until(version.name .. " is not as it should be", function()
            return (self:request("GET", "/apis/kubeflow.org/" .. version.name .. "/mpijobs?limit=1") == 200) == version.served
        end)
    end
end

-- The value at a list of keys.
function cluster.at(object, place)
    for _, key in ipairs(place) do
        object = type(object) == "table" and object[key] or nil
    end
    return object
end

-- The differences between two JSON texts as sorted pointers, but for what every write changes.
function cluster.differences(before, after)
    local folder = support.folder()
    support.write(folder .. "/a", before)
    support.write(folder .. "/b", after)
    local code, out, err = proc.run("/usr/bin/env", { args = { "python3", support.source .. "/tests/spec/support/compare.py", folder .. "/a", folder .. "/b" } })
    assert(code == 0, err)
    return out
end

return cluster
