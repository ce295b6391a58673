-- SPDX-License-Identifier: Apache-2.0
-- What jobs hold: `mpijobd get` and `mpijobd report`, by the pods that are there, and where these cannot be listed.
local support = require "support"
local cluster = require "support.cluster"
local sim = require "support.sim"

local function runner(server, namespace)
    return function(command, ...)
        local args = { ... }
        for _, flag in ipairs(server.flags or {}) do
            args[#args + 1] = flag
        end
        return support.mpijobd(command, "--kubeconfig", server.kubeconfig, "-n", namespace, table.unpack(args))
    end
end

local function report(run, ...)
    local code, out, err = run("report", "-o", "json", ...)
    assert.are.equal(0, code, err)
    return support.json.decode(out)
end

for _, version in ipairs(cluster.versions) do
    describe("what jobs hold in " .. version.name .. " #cluster", function()
        local server, namespace, run
        lazy_setup(function()
            server = cluster.start(version)
            namespace = server:namespace()
            run = runner(server, namespace)
            server:create(namespace, "kept", { state = "Succeeded", labels = '{"team":"vision"}' })
            server:create_pod(namespace, "kept", "kept-worker-0")
            server:create_pod(namespace, "kept", "kept-worker-1", { phase = "Succeeded" })
            server:create_pod(namespace, "kept", "kept-worker-2", { node = false, phase = "Pending" })
            server:create_pod(namespace, "kept", "kept-launcher", { role = "launcher", phase = "Succeeded", gpus = 1 })
            server:create_pod(namespace, "kept", "before-worker-0", { uid = "00000000-0000-4000-8000-000000000000" })
            server:create(namespace, "gone", { state = "Failed", labels = '{"team":"speech"}' })
            server:create(namespace, "runs", { state = "Running", labels = '{"team":"vision"}' })
            server:create_pod(namespace, "runs", "runs-worker-0")
            server:create_pod(namespace, "runs", "runs-worker-1")
        end)
        lazy_teardown(support.cleanup)

        it("get tells what each asks for and what it holds", function()
            local code, out, err = run("get")
            assert.are.equal(0, code, err)
            assert.are.equal("", err)
            assert.is_truthy(out:match("NAME +PHASE +POLICY +DEADLINE +GPUS +HELD +AGE\n"), out)
            assert.is_truthy(out:match("kept +Succeeded +%- +%- +8 +4 +"), out)
            assert.is_truthy(out:match("gone +Failed +%- +%- +8 +0 +"), out)
            assert.is_truthy(out:match("runs +Running +%- +%- +8 +8 +"), out)
        end)

        it("a policy sees how many workers are left", function()
            local file = support.write(support.folder() .. "/workers.lua", [[
                policy { name = "count", every = "1h", run = function()
                    for job in mpijob.list {} do
                        log.info("left", { job = job.name, replicas = job.workers.replicas, active = tostring(job.workers.active), again = tostring(job.workers.active) })
                    end
                end }
            ]])
            local code, _, err = run("run", "--once", "--state", ":memory:", file)
            assert.are.equal(0, code, err)
            local alpha = version.api == "v1alpha2" -- whose status has the number, and it is not the pods'
            local gone = alpha and 2 or 0
            support.contains(err, "active=2 again=2 job=kept replicas=2")
            support.contains(err, ("active=%d again=%d job=gone replicas=2"):format(gone, gone))
            support.contains(err, "active=2 again=2 job=runs replicas=2")
        end)

        it("report sums what jobs that have ended hold and held", function()
            local answer = report(run)
            assert.are.equal("pods", answer.counted)
            assert.are.equal("namespace", answer.by)
            assert.are.equal(1, #answer.groups)
            assert.are.equal(namespace, answer.groups[1].group)
            assert.are.equal(2, answer.total.finished)
            assert.are.equal(1, answer.total.holding)
            assert.are.equal(4, answer.total.gpus)
            assert.is_true(math.abs(answer.total.gpu_hours_day - 8) < 0.2, answer.total.gpu_hours_day) -- it ended two hours ago
            assert.are.equal(answer.total.gpu_hours_day, answer.total.gpu_hours_week)
        end)

        it("report puts together by label and by owner", function()
            local answer = report(run, "--by", "label:team")
            assert.are.same({ "vision", "speech" }, { answer.groups[1].group, answer.groups[2].group })
            assert.are.same({ 4, 0 }, { answer.groups[1].gpus, answer.groups[2].gpus })
            answer = report(run, "--by", "owner", "-l", "team=vision")
            assert.are.equal(1, answer.total.finished)
            assert.are.equal(support.json.null, answer.groups[1].group)
            local code, out, err = run("report", "--by", "label:team")
            assert.are.equal(0, code, err)
            assert.is_truthy(out:match("^team +FINISHED +HOLDING +GPUS +GPU%-HOURS%-DAY +GPU%-HOURS%-WEEK\nvision +1 +1 +4 +"), out)
            assert.is_truthy(out:match("\ntotal +2 +1 +4 +"), out)
            support.contains(out, "jobs that have been deleted")
        end)
    end)
end

describe("what jobs hold", function()
    after_each(support.cleanup)

    -- A cluster that lives, two hours ago; `run` hours later it is now.
    local function past(version, ...)
        local server = sim.start("--life", "--clock", "stepped", "--now", os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - 7200), ...)
        server.api = version
        return server, runner(server, "default")
    end

    local function create(server, name, policy)
        local pod = '{"spec":{"containers":[{"name":"mpi","image":"registry.example.com/x:1.0","resources":{"limits":{"nvidia.com/gpu":4}}}]}}'
        local body = ('{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"%s",'
            .. '"annotations":{"mpijob-sim/start-seconds":"1","mpijob-sim/run-seconds":"5","mpijob-sim/outcome":"succeed"},'
            .. '"ownerReferences":[{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","name":"nightly","uid":"00000000-0000-4000-8000-000000000001","controller":true}]},'
            .. '"spec":{%s"mpiReplicaSpecs":{"Launcher":{"template":%s},"Worker":{"replicas":2,"template":%s}}}}')
            :format(name, policy and ('"runPolicy":{"cleanPodPolicy":"%s"},'):format(policy) or "", pod, pod)
        local status, _, raw = server:request("POST", server:path("v2beta1", "default"), body)
        assert(status == 201, raw)
    end

    local function advance(server, by)
        local status = server:request("POST", "/_sim/clock", { advance = by })
        assert.are.equal(200, status)
    end

    local function ended(server)
        create(server, "kept")
        create(server, "cleaned", "Running")
        advance(server, "2s")
        advance(server, "10s")
    end

    it("ends with the workers, and the journal remembers what was held until then", function()
        local server, run = past("v2beta1", "--version", "v2beta1")
        local state = support.folder() .. "/state.db"
        local config = support.write(support.folder() .. "/mpijobd.yaml", "state: none.db\n") -- whatever this machine has in /var/lib
        ended(server)
        local answer = report(run, "--config", config)
        assert.are.equal(support.json.null, answer.journal)
        assert.are.equal(2, answer.total.finished)
        assert.are.equal(8, answer.total.gpus)
        assert.is_true(math.abs(answer.total.gpu_hours_day - 16) < 0.2)
        local policy = support.write(support.folder() .. "/free.lua",
            'policy { name = "free", every = "1h", match = { name = "kept" }, replace = { cleanPodPolicy = "Running" } }\n')
        assert.are.equal(0, (run("run", "--once", "--state", state, policy)))
        answer = report(run, "--by", "owner", "--state", state)
        assert.are.equal(state, answer.journal)
        assert.are.equal("Workflow/nightly", answer.groups[1].group)
        assert.are.equal(0, answer.total.holding)
        assert.are.equal(0, answer.total.gpus)
        assert.is_true(math.abs(answer.total.gpu_hours_day - 16) < 0.2, answer.total.gpu_hours_day) -- until just now
        local code, out, err = run("report", "--state", state)
        assert.are.equal(0, code, err)
        support.contains(out, "what 1 jobs held until mpijobd had their workers removed")
        assert.are.equal(0, report(run, "--config", config).total.gpu_hours_day) -- without the journal nobody knows
        code, out, err = run("report", "--state", state .. ".absent")
        assert.are.equal(1, code, out)
        support.contains(err, state .. ".absent")
    end)

    it("is worked out where the pods cannot be listed, and the report says so", function()
        local server, run = past("v2beta1", "--version", "v2beta1")
        ended(server)
        server:fault("forbidden:path=*/pods*")
        local code, out, err = run("get")
        assert.are.equal(0, code, err)
        assert.is_truthy(out:match("kept +Succeeded +%- +%- +12 +%- +"), out)
        support.contains(err, "HELD stays empty")
        local answer = report(run)
        assert.are.equal("status", answer.counted)
        assert.are.equal(8, answer.total.gpus)
        assert.are.equal(1, answer.total.holding)
        support.contains(table.concat(answer.notes, "\n"), "for 2 of 2 jobs it is the most that they can hold")
    end)

    it("asks for the pods once, however many jobs there are, and not at all for other output", function()
        local server, run = past("v2beta1", "--version", "v2beta1")
        ended(server)
        server:forget_requests()
        assert.are.equal(0, (run("get")))
        assert.are.equal(1, #server:requests("path=*/pods*"))
        assert.are.equal(0, (run("get", "-o", "json")))
        assert.are.equal(1, #server:requests("path=*/pods*"))
        assert.are.equal(0, (run("report", "--kind", "MPIJob")))
        assert.are.equal(2, #server:requests("path=*/pods*"))
        assert.are.equal(0, (run("report"))) -- those of MPIJobs, of TrainJobs and JobSets, of Jobs
        assert.are.equal(5, #server:requests("path=*/pods*"))
    end)

    it("begins again where the server forgets the list between two pages", function()
        local server, run = past("v2beta1", "--version", "v2beta1", "--jobs", "300", "--seed", "7")
        local _, before = run("report", "-A")
        local pods = #server:requests("path=*/pods*")
        assert.is_true(pods > 1, pods) -- pages
        server:fault("status:code=410,reason=Expired,message=The provided continue parameter is too old,path=*/pods*,after=1,count=1")
        local code, after, err = run("report", "-A")
        assert.are.equal(0, code, err)
        assert.are.equal(before:match("total +%d+ +%d+ +%d+"), after:match("total +%d+ +%d+ +%d+"))
        server:clear_faults()
        for turn = 1, 3 do
            server:fault(("status:code=410,reason=Expired,message=too old,path=*/pods*,after=%d,count=1"):format(turn)) -- each second page
        end
        code, after, err = run("report", "-A")
        assert.are.equal(0, code, err)
        support.contains(after, "the server forgets its list between two pages, again and again")
    end)

    it("is counted once a run for policies, whatever they wait in, and is nil where it cannot be", function()
        local server, run = past("v2beta1", "--version", "v2beta1")
        ended(server)
        local file = support.write(support.folder() .. "/workers.lua", [[
            policy { name = "left", every = "1h", match = { where = function(job) return job.workers.active ~= 0 end },
                replace = function(job)
                    local inner = coroutine.wrap(function() return job.workers.active end)
                    local ok, active = pcall(inner)
                    local names = {}
                    for name in pairs(job.workers) do names[#names + 1] = name end
                    return { labels = { left = tostring(active), ok = tostring(ok), names = table.concat(names, ".") , none = tostring(job.workers.misspelt) } }
                end }
        ]])
        server:forget_requests()
        local code, out, err = run("run", "--once", "--state", ":memory:", file)
        assert.are.equal(0, code, out .. err)
        assert.are.equal(1, #server:requests("path=*/pods*"))
        local function labels(name)
            local _, job = server:request("GET", server:path("v2beta1", "default", name))
            return job.metadata.labels
        end
        assert.are.same({ left = "2", ok = "true", names = "replicas", none = "nil" }, labels("kept"))
        assert.is_nil(labels("cleaned"))
        server:fault("forbidden:path=*/pods*")
        code, out, err = run("run", "--once", "--state", ":memory:", file)
        assert.are.equal(0, code, out .. err)
        support.contains(err, "workers.active of jobs that have ended is nil in this run")
        assert.are.equal("nil", labels("cleaned").left)
        server:clear_faults()
        server:fault("stall:path=*/pods*")
        support.write(file, 'policy { name = "left", every = "1h", limits = { timeout = "300ms" }, run = function()\n'
            .. 'for job in mpijob.list {} do print(job.workers.active) end end }\n')
        code, out, err = run("run", "--once", "--state", ":memory:", file)
        assert.are.equal(1, code, out .. err)
        support.contains(err, "timeout")
    end)

    it("counts what the configuration says are GPUs", function()
        local server = past("v2beta1", "--version", "v2beta1")
        ended(server)
        local file = support.write(support.folder() .. "/mpijobd.yaml", "gpu_resources: [ 'amd.com/*', memory ]\n")
        local code, out, err = support.mpijobd("get", "--kubeconfig", server.kubeconfig, "-n", "default", "--config", file)
        assert.are.equal(0, code, err)
        assert.is_truthy(out:match("kept +Succeeded +%- +%- +0 +0 +"), out)
        support.write(file, "gpu_resources: [ 'nvidia.com/g*' ]\n")
        code, out = support.mpijobd("get", "--kubeconfig", server.kubeconfig, "-n", "default", "--config", file)
        assert.are.equal(0, code)
        assert.is_truthy(out:match("kept +Succeeded +%- +%- +12 +8 +"), out)
        support.write(file, "gpu_resources: nvidia.com/gpu\n")
        code, out, err = support.mpijobd("get", "--config", file)
        assert.are.equal(1, code, out)
        support.contains(err, "mpijobd.yaml:1: gpu_resources is a string; it has to be a list")
    end)

    it("is wrong usage where it cannot be meant", function()
        local function usage(...)
            local code, _, err = support.mpijobd("report", ...)
            assert.are.equal(2, code)
            return err
        end
        support.contains(usage("--by", "owners"), 'did you mean "owner"?')
        support.contains(usage("--by", "label:"), "label:KEY")
        support.contains(usage("a-job"), "takes no names")
        support.contains(usage("-o", "name"), "table, json or yaml")
    end)
end)
