-- SPDX-License-Identifier: Apache-2.0
-- mpijobd inspect: what it finds on a server, what --fix heals, and what it leaves alone. The rules themselves are in the unit tests.
local support = require "support"
local cluster = require "support.cluster"

-- A job as it is given, whatever nonsense it holds.
local function put_job(server, namespace, name, spec, annotations)
    local pod = '{"spec":{"containers":[{"name":"mpi","image":"registry.example.com/x:1.0","resources":{"limits":{"nvidia.com/gpu":4}}}]}}'
    local body = ('{"apiVersion":"kubeflow.org/%s","kind":"MPIJob","metadata":{"name":"%s","namespace":"%s","labels":{"team":"vision"},"annotations":%s},'
        .. '"spec":{%s"slotsPerWorker":4,"mpiReplicaSpecs":{"Launcher":{"replicas":1,"template":%s},"Worker":{"replicas":2,"template":%s}}}}')
        :format(server.api, name, namespace, annotations or "{}", spec, pod, pod)
    local status, raw = server:request("POST", server:path(namespace), body)
    assert(status == 201, raw)
end

local function problems(out)
    local found = {}
    for _, finding in ipairs(support.json.decode(out).findings) do
        found[#found + 1] = finding.name .. " " .. finding.problem .. (finding.safe and " safe" or "")
    end
    table.sort(found)
    return found
end

local function runner(server, namespace)
    return function(...)
        local args = { ... }
        for _, flag in ipairs(server.flags) do
            args[#args + 1] = flag
        end
        return support.mpijobd("inspect", "--kubeconfig", server.kubeconfig, "-n", namespace, table.unpack(args))
    end
end

describe("inspect of v1alpha2 #cluster", function()
    local server, namespace, inspect
    lazy_setup(function()
        server = cluster.start(cluster.versions[1])
    end)
    before_each(function()
        namespace = server:namespace()
        inspect = runner(server, namespace)
    end)
    lazy_teardown(support.cleanup)

    it("finds nothing in jobs that are well", function()
        server:create(namespace, "new")
        server:create(namespace, "runs", { state = "Running", policy = "All", deadline = "360000" })
        server:create(namespace, "ended", { state = "Succeeded", policy = "Running" })
        local code, out, err = inspect()
        assert.are.equal(0, code, out .. err)
        assert.are.equal("No findings in 3 MPIJobs.\n", out)
        code, out = inspect("-o", "json")
        assert.are.equal(0, code)
        local answer = support.json.decode(out)
        assert.are.equal(3, answer.jobs)
        assert.are.equal(0, #answer.findings)
    end)

    it("tells what is wrong, what that means, and the cure", function()
        put_job(server, namespace, "poison", '"activeDeadlineSeconds":"36000",')
        put_job(server, namespace, "astray", '"runPolicy":{"cleanPodPolicy":"All"},')
        server:create(namespace, "well", { state = "Running" })
        local code, out, err = inspect()
        assert.are.equal(1, code, err)
        support.contains(out, namespace .. "/poison (v1alpha2, Pending)")
        support.contains(out, 'error    wrong-type: spec.activeDeadlineSeconds is "36000"')
        support.contains(out, "ANY MPIJob of the cluster")
        support.contains(out, "cure: set spec.activeDeadlineSeconds to 36000, without quotes (--fix does it)")
        support.contains(out, "warning  wrong-place: spec.runPolicy.cleanPodPolicy")
        support.contains(out, "2 findings in 2 of 3 MPIJobs.")
        support.lacks(out, "/well")
        code, out = inspect("poison", "-o", "json")
        assert.are.equal(1, code)
        assert.are.same({ "poison wrong-type safe" }, problems(out))
        code, out = inspect("-l", "team=nobody")
        assert.are.equal(0, code, out)
    end)

    it("heals what is safe, and leaves every other byte as it was", function()
        put_job(server, namespace, "poison", '"activeDeadlineSeconds":"36000","activeDeadlineSecond":5,')
        put_job(server, namespace, "guess", '"activeDeadlineSeconds":"ten hours",')
        server:create(namespace, "holds", { state = "Succeeded" })
        server:create_pod(namespace, "holds", "holds-worker-0")
        local before = select(2, server:get(namespace, "poison"))
        local code, out, err = inspect("--fix", "--dry-run")
        assert.are.equal(1, code, err)
        support.contains(out, "Plan:")
        support.contains(out, '  spec.activeDeadlineSeconds: "36000" -> 36000')
        support.contains(out, '+ spec.cleanPodPolicy: "Running"')
        support.contains(out, "2 of 2 jobs would be changed, 0 failed")
        assert.are.equal(before, (select(2, server:get(namespace, "poison"))))
        code, out, err = inspect("--fix")
        assert.are.equal(1, code, err) -- of "guess" nobody knows what is meant
        support.contains(out, "2 of 2 jobs changed, 0 failed")
        local after = select(2, server:get(namespace, "poison"))
        assert.are.equal("/spec/activeDeadlineSeconds\n", cluster.differences(before, after))
        support.contains(after, '"activeDeadlineSeconds":36000')
        assert.are.equal("Running", server:get(namespace, "holds").spec.cleanPodPolicy)
        assert.are.equal("ten hours", server:get(namespace, "guess").spec.activeDeadlineSeconds)
        code, out = inspect("-o", "json")
        assert.are.equal(1, code)
        assert.are.same({ "guess wrong-type", "holds holds-gpus" }, problems(out)) -- no controller is here that removes the pod
    end)

    it("ends with 0 when all is healed", function()
        put_job(server, namespace, "poison", '"activeDeadlineSeconds":"36000",')
        local code, out, err = inspect("--fix", "-o", "json")
        assert.are.equal(0, code, err)
        assert.is_true(support.json.decode(out).changes[1].changed)
        assert.are.equal(0, (inspect()))
    end)

    it("takes an object where a list belongs for what it is", function()
        put_job(server, namespace, "lossy", "")
        local status, raw = server:request("PATCH", server:path(namespace, "lossy"),
            '[{"op":"add","path":"/spec/mpiReplicaSpecs/Worker/template/spec/containers/0/args","value":{}}]', "application/json-patch+json")
        assert.are.equal(200, status, raw)
        local code, out, err = inspect("--fix")
        assert.are.equal(0, code, err)
        support.contains(out, "object-for-list: spec.mpiReplicaSpecs.Worker.template.spec.containers.0.args is {}")
        support.contains(select(2, server:get(namespace, "lossy")), '"args":[]')
    end)

    it("finds values of a pod template that no typed client can decode", function()
        put_job(server, namespace, "typed", "")
        local pod = "/spec/mpiReplicaSpecs/Worker/template/spec"
        local status, raw = server:request("PATCH", server:path(namespace, "typed"), support.json.encode {
            { op = "add", path = pod .. "/terminationGracePeriodSeconds", value = "30" },
            { op = "add", path = pod .. "/containers/0/env", value = { { name = "DEBUG", value = true } } },
            { op = "add", path = pod .. "/containers/0/securityContext", value = { capabilities = { add = "IPC_LOCK" } } },
        }, "application/json-patch+json")
        assert.are.equal(200, status, raw)
        local code, out, err = inspect("--fix")
        assert.are.equal(1, code, err) -- what a bool was meant to say is for people
        support.contains(out, "wrong-type: spec.mpiReplicaSpecs.Worker.template.spec.terminationGracePeriodSeconds is \"30\"")
        support.contains(out, "containers.0.env.0.value is true", "containers.0.env.0.value to \"true\", if that was meant")
        support.contains(out, "containers.0.securityContext.capabilities.add is \"IPC_LOCK\"")
        code, out = inspect("-o", "json")
        assert.are.equal(1, code)
        assert.are.same({ "typed wrong-type", "typed wrong-type" }, problems(out))
        support.contains(select(2, server:get(namespace, "typed")), '"terminationGracePeriodSeconds":30')
    end)

    it("leaves alone what contradicts itself", function()
        put_job(server, namespace, "torn", '"cleanpodpolicy":"Running","runPolicy":{"cleanPodPolicy":"All"},')
        local before = select(2, server:get(namespace, "torn"))
        local code, out, err = inspect("--fix")
        assert.are.equal(1, code, err)
        support.contains(out, namespace .. "/torn: left alone, because its findings contradict each other")
        support.contains(out, "0 of 1 jobs changed, 0 failed")
        assert.are.equal(before, (select(2, server:get(namespace, "torn"))))
    end)

    it("is wrong usage where it cannot be meant", function()
        assert.are.equal(2, (inspect("--dry-run")))
        assert.are.equal(2, (inspect("-o", "yaml")))
        local code, out = support.mpijobd("inspect", "--help")
        assert.are.equal(0, code)
        support.contains(out, "Exit codes: 0 no findings")
    end)

    it("gives policies the same findings", function()
        put_job(server, namespace, "poison", '"activeDeadlineSeconds":"36000",')
        server:create(namespace, "well")
        local file = support.write(support.folder() .. "/p.lua", [[
            policy { name = "heal", every = "1h", match = { problem = { "wrong-type", "bad-policy" }, labels = { team = "vision" } },
                replace = { activeDeadlineSeconds = 36000, labels = { healed = "yes" } } }]])
        local code, out, err = support.mpijobd("plan", "--kubeconfig", server.kubeconfig, "-n", namespace, file)
        assert.are.equal(0, code, err)
        support.contains(out, namespace .. "/poison")
        support.lacks(out, namespace .. "/well")
        file = support.write(support.folder() .. "/p.lua", [[policy { name = "p", every = "1h", match = { problem = "bad-polcy" }, replace = {} }]])
        code, out, err = support.mpijobd("check", file)
        assert.are.equal(1, code, out)
        support.contains(err, "did you mean bad-policy?")
    end)
end)

describe("inspect of v1 under training-operator #cluster", function()
    it("makes the two places of cleanPodPolicy equal, and changes nothing by it", function()
        local server = cluster.start(cluster.versions[3])
        finally(support.cleanup)
        local namespace = server:namespace()
        local inspect = runner(server, namespace)
        put_job(server, namespace, "differs", '"cleanPodPolicy":"None","runPolicy":{"cleanPodPolicy":"All"},')
        put_job(server, namespace, "equal", '"cleanPodPolicy":"All","runPolicy":{"cleanPodPolicy":"All"},')
        local code, out, err = inspect("-o", "json")
        assert.are.equal(1, code, err)
        assert.are.same({ "differs paths-differ safe" }, problems(out))
        code, out, err = inspect("--fix")
        assert.are.equal(0, code, out .. err)
        assert.are.equal("All", server:get(namespace, "differs").spec.cleanPodPolicy)
        assert.are.equal(0, (inspect()))
    end)
end)

describe("inspect of v2beta1 #cluster", function()
    local server, namespace, inspect
    lazy_setup(function()
        server = cluster.start(cluster.versions[4])
        namespace = server:namespace()
        inspect = runner(server, namespace)
    end)
    lazy_teardown(support.cleanup)

    it("sees what was applied and thrown away, a bad policy, and GPUs that are kept", function()
        put_job(server, namespace, "dropped", '"cleanPodPolicy":"All",',
            [[{"kubectl.kubernetes.io/last-applied-configuration":"{\"spec\":{\"cleanPodPolicy\":\"All\"}}"}]])
        put_job(server, namespace, "misspelt", '"runPolicy":{"cleanPodPolicy":"running"},')
        server:create(namespace, "holds", { state = "Succeeded" })
        server:create_pod(namespace, "holds", "holds-worker-0")
        server:create(namespace, "kept", { state = "Failed", policy = "None" })
        server:create_pod(namespace, "kept", "kept-worker-0")
        server:create(namespace, "well", { state = "Succeeded", policy = "All" })
        server:create(namespace, "gone", { state = "Succeeded" }) -- nobody cleaned up, and its workers have ended
        server:create_pod(namespace, "gone", "gone-worker-0", { phase = "Succeeded" })
        local code, out, err = inspect("-o", "json")
        assert.are.equal(1, code, err)
        assert.are.same({ "dropped dropped-field safe", "holds holds-gpus safe", "kept holds-gpus", "misspelt bad-policy safe" },
            problems(out))
        code, out, err = inspect("--fix")
        assert.are.equal(1, code, err)
        support.contains(out, "3 of 3 jobs changed, 0 failed")
        assert.are.equal("All", server:get(namespace, "dropped").spec.runPolicy.cleanPodPolicy)
        assert.are.equal("Running", server:get(namespace, "misspelt").spec.runPolicy.cleanPodPolicy)
        assert.are.equal("Running", server:get(namespace, "holds").spec.runPolicy.cleanPodPolicy)
        assert.are.equal("None", server:get(namespace, "kept").spec.runPolicy.cleanPodPolicy)
        code, out = inspect("-o", "json")
        assert.are.equal(1, code)
        assert.are.same({ "holds holds-gpus", "kept holds-gpus" }, problems(out)) -- no controller is here that removes them
        support.contains(out, "and yet its pods are there and keep 4 GPUs")
    end)
end)

-- Each finding that shows only in a job's life, in a version where it occurs, and the change or the advice that goes with it.
describe("inspect of jobs that live #cluster", function()
    lazy_teardown(support.cleanup)

    local function found(version, build)
        local server = cluster.start(version)
        local namespace = server:namespace()
        build(server, namespace)
        local inspect = runner(server, namespace)
        local code, out, err = inspect("-o", "json")
        assert.are.equal(1, code, out .. err)
        return problems(out), select(2, inspect()), inspect
    end

    it("a deadline that can no longer act, and a TTL that will never fire", function()
        local list, out = found(cluster.versions[4], function(server, namespace)
            server:create(namespace, "late", { state = "Running", deadline = "60", since = 7200 })
            put_job(server, namespace, "stays", '"runPolicy":{"ttlSecondsAfterFinished":60,"cleanPodPolicy":"All"},')
            server:set_state(namespace, "stays", "Succeeded", 7200)
        end)
        assert.are.same({ "late dead-deadline", "stays dead-ttl" }, list)
        support.contains(out, "set activeDeadlineSeconds of the Job late-launcher, which works")
        support.contains(out, "v2beta1 deletes the launcher Job by it, never the MPIJob")
    end)

    it("a deadline and a TTL that this controller never reads", function()
        local list = found(cluster.versions[2], function(server, namespace)
            server.flags = { "--controller", "mpi-operator" }
            server:create(namespace, "unread", { state = "Running", deadline = "360000" })
            put_job(server, namespace, "stays", '"runPolicy":{"ttlSecondsAfterFinished":60},')
        end)
        assert.are.same({ "stays dead-ttl", "unread ignored-field" }, list)
    end)

    it("an evicted job, and one of another manager, which --fix leaves alone", function()
        local list, out, inspect = found(cluster.versions[4], function(server, namespace)
            server:create(namespace, "evicted", { policy = "All" })
            server:set_state(namespace, "evicted", "Evicted", 7200)
            put_job(server, namespace, "lent", '"runPolicy":{"managedBy":"example.com/other"},')
        end)
        assert.are.same({ "evicted evicted", "lent other-manager" }, list)
        support.contains(out, "until then its pods stay")
        support.contains(out, "see that this manager exists")
        local code
        code, out = inspect("--fix")
        assert.are.equal(1, code)
        support.lacks(out, "jobs changed")
    end)

    it("a negative deadline, where the server takes it", function()
        local list, out = found(cluster.versions[3], function(server, namespace)
            put_job(server, namespace, "minus", '"runPolicy":{"activeDeadlineSeconds":-1},')
        end)
        assert.are.same({ "minus negative-deadline" }, list)
        support.contains(out, "fails")
    end)
end)

if not cluster.real then
    describe("inspect on the simulator", function()
        it("goes by the status where the pods cannot be listed, and says so once", function()
            local server = cluster.start(cluster.versions[4])
            finally(support.cleanup)
            local namespace = server:namespace()
            local inspect = runner(server, namespace)
            server:create(namespace, "new")
            server.sim:fault("forbidden:path=*/pods*")
            local code, out, err = inspect()
            assert.are.equal(0, code, out)
            assert.are.equal("", err) -- no job has ended: nothing was asked
            server:create(namespace, "ended", { state = "Succeeded" })
            server:create(namespace, "ended-too", { state = "Succeeded", policy = "Running" })
            code, out, err = inspect()
            assert.are.equal(1, code)
            support.contains(out, "may still keep the 8 GPUs that they asked for (its status does not tell; list its pods)")
            support.contains(err, "because the pods cannot be listed")
        end)

        it("says which job it could not heal, and heals the others", function()
            local server = cluster.start(cluster.versions[1])
            finally(support.cleanup)
            local namespace = server:namespace()
            local inspect = runner(server, namespace)
            put_job(server, namespace, "busy", '"activeDeadlineSeconds":"36000",')
            put_job(server, namespace, "idle", '"activeDeadlineSeconds":"36000",')
            server.sim:fault { fault = "conflict", method = "PUT", path = "*/busy" }
            local code, out, err = inspect("--fix")
            assert.are.equal(3, code, err)
            support.contains(out, "1 of 2 jobs changed, 1 failed")
            support.contains(err, namespace .. "/busy")
            assert.are.equal("36000", server:get(namespace, "busy").spec.activeDeadlineSeconds)
            assert.are.equal(36000, server:get(namespace, "idle").spec.activeDeadlineSeconds)
            code, out = inspect("--fix", "-o", "json")
            assert.are.equal(3, code)
            local change = support.json.decode(out).changes[1]
            assert.is_false(change.changed)
            assert.are.equal("Conflict", change.reason)
        end)
    end)
end
