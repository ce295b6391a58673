-- SPDX-License-Identifier: Apache-2.0
-- Objects of TrainJob, JobSet and Job, and of MPIJob beside them, made on either server of the tests.
local support = require "support"

local kinds = { ENDED = "2026-01-01T02:00:00Z", BEGUN = "2026-01-01T01:00:00Z" }

kinds.PATHS = {
    Job = { "batch/v1", "jobs" },
    JobSet = { "jobset.x-k8s.io/v1alpha2", "jobsets" },
    MPIJob = { "kubeflow.org/v2beta1", "mpijobs" },
    TrainJob = { "trainer.kubeflow.org/v1alpha1", "trainjobs" },
}

function kinds.template(gpus)
    return { spec = { restartPolicy = "Never", containers = { { name = "main", image = "i",
        resources = { limits = { ["nvidia.com/gpu"] = tostring(gpus) } } } } } }
end

function kinds.condition(type)
    return { conditions = { { type = type, status = "True", reason = "R", message = "m", lastTransitionTime = kinds.ENDED } } }
end

-- The status of a Job of batch/v1 that is complete, as a real server takes it.
function kinds.complete_job()
    local status = kinds.condition "SuccessCriteriaMet"
    status.conditions[2] = kinds.condition "Complete".conditions[1]
    status.startTime, status.completionTime = kinds.BEGUN, kinds.ENDED
    return status
end

kinds.SPECS = {
    Job = function() return { parallelism = 2, backoffLimit = 6, template = kinds.template(4) } end,
    JobSet = function()
        return { successPolicy = { operator = "All" }, replicatedJobs = { { name = "worker", replicas = 2,
            template = { spec = { parallelism = 2, completions = 2, template = kinds.template(8) } } } } }
    end,
    MPIJob = function()
        return { mpiReplicaSpecs = { Launcher = { replicas = 1, template = kinds.template(0) },
            Worker = { replicas = 2, template = kinds.template(1) } } }
    end,
    TrainJob = function()
        return { runtimeRef = { name = "torch" }, trainer = { numNodes = 3,
            resourcesPerNode = { limits = { ["nvidia.com/gpu"] = "2" } } } }
    end,
}

function kinds.path(namespace, kind, name)
    return ("/apis/%s/namespaces/%s/%s%s"):format(kinds.PATHS[kind][1], namespace, kinds.PATHS[kind][2], name and "/" .. name or "")
end

-- One of the two servers hands out texts.
function kinds.request(server, method, where, body, content_type)
    local status, answer = server:request(method, where, body and type(body) == "table" and support.json.encode(body) or body,
        content_type)
    if type(answer) == "string" and answer:find "^{" then
        answer = support.json.decode(answer)
    end
    return status, answer
end

function kinds.object(server, namespace, kind, name)
    local status, answer = kinds.request(server, "GET", kinds.path(namespace, kind, name))
    assert(status == 200, name .. ": " .. status)
    return answer
end

-- The kinds beside MPIJobs, on a real server; and a namespace with nothing in it. The simulator has what its options say.
function kinds.serve(server, namespace)
    server:make_namespace(namespace)
    if server.sim then
        return
    end
    for _, name in ipairs { "trainjobs", "jobsets", "workloads" } do
        local status, answer = server:request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
            support.read(support.source .. "/tests/fixtures/crd/kinds/" .. name .. ".json"))
        assert(status == 201 or status == 409, answer)
    end
    local paths = { "/api/v1/namespaces/" .. namespace .. "/pods" }
    for kind in pairs(kinds.PATHS) do
        paths[#paths + 1] = kinds.path(namespace, kind)
    end
    for _, path in ipairs(paths) do
        local cluster = require "support.cluster"
        cluster.ask_until(path .. " is served", function()
            return server:request("DELETE", path .. "?propagationPolicy=Background&gracePeriodSeconds=0") == 200
        end)
    end
end

-- A definition that is new is served after a moment. more: of the spec; status: NULL: none; owner: the controller.
function kinds.create(server, namespace, kind, name, more, labels, status, owner)
    local spec = kinds.SPECS[kind]()
    for key, value in pairs(more or {}) do
        spec[key] = value
    end
    local code, answer
    for _ = 1, 200 do
        code, answer = kinds.request(server, "POST", kinds.path(namespace, kind), { apiVersion = kinds.PATHS[kind][1], kind = kind,
            metadata = { name = name, labels = labels, ownerReferences = owner and { owner } or nil }, spec = spec })
        if code ~= 404 then
            break
        end
        support.uv.sleep(100)
    end
    assert(code == 201, support.json.encode(answer))
    if status then
        answer.status = status
        code, answer = kinds.request(server, "PUT", kinds.path(namespace, kind, name) .. "/status", answer)
        assert(code == 200, support.json.encode(answer))
    end
    return answer
end

return kinds
