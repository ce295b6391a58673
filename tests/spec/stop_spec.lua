-- SPDX-License-Identifier: Apache-2.0
-- Jobs are stopped and resumed, by the lever that works for who manages them.
local support = require "support"
local cluster = require "support.cluster"

local V2BETA1 <const>, TRAINING <const>, V1ALPHA2 <const> = cluster.versions[4], cluster.versions[3], cluster.versions[1]
local KEPT <const> = "mpijobd.io/clean-pod-policy-before-stop"

local function start(version, ...)
    local sim = { table.unpack(version.sim) }
    for _, word in ipairs { ... } do
        sim[#sim + 1] = word
    end
    local server = cluster.start { name = version.name, api = version.api, policy = version.policy, deadline = version.deadline, sim = sim, sim_flags = version.sim_flags }
    server:make_namespace "train"
    return server
end

local function pods(server)
    local _, raw = server:request("GET", "/api/v1/namespaces/train/pods")
    return #support.json.decode(raw).items
end

local HANGS <const> = '{"mpijob-sim/start-seconds":"1","mpijob-sim/outcome":"hang"}'

local function phase(server, name, wanted)
    support.proc.await(function()
        for _, condition in ipairs((server:get("train", name).status or {}).conditions or {}) do
            if condition.type == wanted and condition.status == "True" then
                return true
            end
        end
    end)
end

describe("a job", function()
    local server, folder
    before_each(function() folder = support.folder() end)
    after_each(support.cleanup)

    it("that is not there may be of another kind", function()
        server = start(V2BETA1)
        local code, _, err = support.mpijobd("job", "stop", "train/llama", "--kubeconfig", server.kubeconfig, "--no-journal")
        assert.are.equal(1, code)
        support.contains(err, "another namespace is named by -n, or as NAMESPACE/NAME; another kind as KIND/NAME, like trainjob/NAME\n")
    end)

    it("is stopped with all its workers, goes on with all of them, and keeps its cleanPodPolicy", function()
        server = start(V2BETA1, "--life", "--speed", "60")
        server:create("train", "a", { annotations = HANGS, policy = "Running" })
        phase(server, "a", "Running")
        -- A worker that has ended would stay, and not be made again.
        local path = "/api/v1/namespaces/train/pods/a-worker-1"
        local _, raw = server:request("GET", path)
        raw = raw:gsub('"phase":"Running"', '"phase":"Succeeded"')
        assert.are.equal(200, (server:request("PUT", path .. "/status", raw)))

        local code, out, err = support.mpijobd("job", "stop", "train/a", "--dry-run", "--kubeconfig", server.kubeconfig)
        assert.are.equal(0, code, err)
        support.contains(out, "train/a would be stopped")
        support.contains(out, "spec.runPolicy.suspend: false -> true")
        assert.are.equal(3, pods(server))

        code, out, err = support.mpijobd("job", "stop", "train/a", "--kubeconfig", server.kubeconfig, "--state", folder .. "/state.db")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "train/a stopped")
        support.contains(out, "cleanPodPolicy is All until it is resumed")
        support.contains(out, "no pod of it runs any more")
        support.contains(out, "mpijobd undo 1 takes it back")
        assert.are.equal(0, pods(server))
        local object = server:get("train", "a")
        assert.are.equal("All", object.spec.runPolicy.cleanPodPolicy)
        assert.are.equal("Running", object.metadata.annotations[KEPT])

        code, out, err = support.mpijobd("job", "stop", "train/a", "--kubeconfig", server.kubeconfig)
        assert.are.equal(0, code, out .. err)
        support.contains(out, "train/a unchanged: it is suspended already")

        code, out, err = support.mpijobd("job", "resume", "train/a", "--kubeconfig", server.kubeconfig, "--state", folder .. "/state.db", "-o", "json")
        assert.are.equal(0, code, out .. err)
        local one = support.json.decode(out)[1]
        assert.are.equal("effective", one.effect)
        assert.are.equal("suspend", one.lever)
        assert.are.equal(2, #one.steps, out)
        phase(server, "a", "Running")
        assert.are.equal(3, pods(server))
        object = server:get("train", "a")
        assert.are.equal("Running", object.spec.runPolicy.cleanPodPolicy)
        assert.is_nil(object.metadata.annotations[KEPT])

        code, out, err = support.mpijobd("runs", "--state", folder .. "/state.db")
        assert.are.equal(0, code, err)
        support.contains(out, "stop")
        support.contains(out, "resume")
    end)

    it("that was suspended with its ended workers left is resumed with all of them", function()
        server = start(V2BETA1, "--life", "--speed", "60")
        server:create("train", "a", { annotations = HANGS, policy = "Running" })
        phase(server, "a", "Running")
        local path = "/api/v1/namespaces/train/pods/a-worker-1"
        local _, raw = server:request("GET", path)
        raw = raw:gsub('"phase":"Running"', '"phase":"Succeeded"')
        assert.are.equal(200, (server:request("PUT", path .. "/status", raw)))
        assert.are.equal(200, (server:request("PATCH", server:path("train", "a"), '{"spec":{"runPolicy":{"suspend":true}}}', "application/merge-patch+json")))
        phase(server, "a", "Suspended")
        assert.are.equal(1, pods(server))
        local code, out, err = support.mpijobd("job", "resume", "train/a", "--kubeconfig", server.kubeconfig)
        assert.are.equal(0, code, out .. err)
        phase(server, "a", "Running")
        assert.are.equal(3, pods(server))
        assert.are.equal("Running", server:get("train", "a").spec.runPolicy.cleanPodPolicy)
    end)

    it("is stopped by a policy, whose undo lets it go on", function()
        server = start(TRAINING, "--life", "--speed", "60")
        server:create("train", "a", { annotations = HANGS })
        phase(server, "a", "Running")
        local file = support.write(folder .. "/p.lua", [[
            policy { name = "night", every = "1h", match = { phase = "Running" }, run = function(run)
                for job in mpijob.list { phase = "Running" } do
                    local would = assert(mpijob.stop(job, { dry_run = true }))
                    assert(would.dry_run and would.changed and would.pods_gone == nil)
                    local result = assert(mpijob.stop(job, { wait = "30s" }))
                    if not result.dry_run then
                        assert(result.changed and result.pods_gone and result.lever == "suspend" and #result.steps == 1, result.message)
                        assert(not mpijob.stop(job).changed)
                    end
                end
            end }
        ]])
        local flags = { "--kubeconfig", server.kubeconfig, table.unpack(server.flags) }
        local code, out, err = support.mpijobd("plan", file, table.unpack(flags))
        assert.are.equal(0, code, out .. err)
        support.contains(out, "spec.runPolicy.suspend: true")
        assert.are.equal(3, pods(server))
        code, out, err = support.mpijobd("run", "--once", file, "--state", folder .. "/state.db", table.unpack(flags))
        assert.are.equal(0, code, out .. err)
        assert.are.equal(0, pods(server))
        code, out, err = support.mpijobd("undo", "1", "--state", folder .. "/state.db", table.unpack(flags))
        assert.are.equal(0, code, out .. err)
        phase(server, "a", "Running")
    end)

    it("that was stopped or resumed a moment ago, which its status does not show, follows all the same", function()
        server = start(V2BETA1) -- no controller acts
        server:create("train", "a", { state = "Running" })
        for _, verb in ipairs { "stop", "resume", "stop" } do
            local code, out, err = support.mpijobd("job", verb, "train/a", "--kubeconfig", server.kubeconfig)
            assert.are.equal(0, code, out .. err)
            support.lacks(out, "unchanged")
        end
        server:set_state("train", "a", "Suspended", 10)
        for _, verb in ipairs { "resume", "stop" } do
            local code, out, err = support.mpijobd("job", verb, "train/a", "--kubeconfig", server.kubeconfig)
            assert.are.equal(0, code, out .. err)
            support.lacks(out, "unchanged")
        end
        assert.is_true(server:get("train", "a").spec.runPolicy.suspend)
    end)

    it("that cannot be stopped is told why", function()
        server = start(V1ALPHA2)
        server:create("train", "a", { state = "Running" })
        local code, out, err = support.mpijobd("job", "stop", "train/a", "--kubeconfig", server.kubeconfig)
        assert.are.equal(1, code, out .. err)
        support.contains(err, "have no field suspend, so none can be stopped and go on later; a deadline of its launcher ends one for good: " ..
            "mpijobd replace -n train a activeDeadlineSeconds=SECONDS --through-launcher")
        err = select(3, support.mpijobd("job", "resume", "train/a", "--kubeconfig", server.kubeconfig))
        support.lacks(err, "through-launcher")
        code, out, err = support.mpijobd("job", "stop", "train/none", "--kubeconfig", server.kubeconfig)
        assert.are.equal(1, code, out .. err)
        support.contains(err, "NAMESPACE/NAME")
        server:create("train", "done", { state = "Succeeded" })
        code, out, err = support.mpijobd("job", "stop", "train/done", "--kubeconfig", server.kubeconfig)
        assert.are.equal(0, code, out .. err)
        support.contains(out, "unchanged: the job has ended")
        for _, words in ipairs { { "job" }, { "job", "halt", "a" }, { "job", "stop" } } do
            code, out, err = support.mpijobd(table.unpack(words))
            assert.are.equal(2, code, out .. err)
        end
    end)

    it("whose pods stay longer than it is waited for is told so", function()
        server = start(V2BETA1)
        server:create("train", "a", { state = "Running" })
        server:create_pod("train", "a", "a-worker-0")
        local code, out, err = support.mpijobd("job", "stop", "train/a", "--wait", "300ms", "--kubeconfig", server.kubeconfig)
        assert.are.equal(1, code, out .. err)
        support.contains(out, "pods of it are still there after")
        code, out, err = support.mpijobd("job", "stop", "train/a", "--wait", "0s", "--kubeconfig", server.kubeconfig)
        assert.are.equal(0, code, out .. err)
    end)
end)

local PLACES <const> = {
    MPIJob = { "kubeflow.org/v2beta1", "mpijobs" },
    Job = { "batch/v1", "jobs" },
    JobSet = { "jobset.x-k8s.io/v1alpha2", "jobsets" },
    TrainJob = { "trainer.kubeflow.org/v1alpha1", "trainjobs" },
    Workload = { "kueue.x-k8s.io/v1beta2", "workloads" },
}
local SPECS <const> = {
    Job = { parallelism = 2, template = { spec = { containers = { { name = "a", image = "i" } } } } },
    JobSet = { replicatedJobs = { { name = "worker", replicas = 2, template = { spec = { parallelism = 1,
        template = { spec = { containers = { { name = "a", image = "i" } } } } } } } } },
    TrainJob = { runtimeRef = { name = "torch" }, trainer = { numNodes = 2 } },
}

local MODULES <const> = { MPIJob = "mpijob", TrainJob = "trainjob", JobSet = "jobset", Job = "batchjob" }

describe("under Kueue a job", function()
    local server, folder
    before_each(function() folder = support.folder() end)
    after_each(support.cleanup)

    local function path(kind, name)
        return ("/apis/%s/namespaces/train/%s%s"):format(PLACES[kind][1], PLACES[kind][2], name and "/" .. name or "")
    end
    local function object(kind, name)
        local status, raw = server:request("GET", path(kind, name))
        assert.are.equal(200, status, raw)
        return support.json.decode(raw)
    end
    local function workloads()
        local _, raw = server:request("GET", path "Workload")
        return support.json.decode(raw).items
    end
    local function condition(of, type)
        for _, one in ipairs((of.status or {}).conditions or {}) do
            if one.type == type then
                return one.status, one.reason
            end
        end
    end
    local function create(kind, name, annotations, labels)
        labels = labels or {}
        labels["kueue.x-k8s.io/queue-name"] = "gpus"
        local status, raw = server:request("POST", path(kind), support.json.encode { apiVersion = PLACES[kind][1], kind = kind,
            metadata = { name = name, labels = labels, annotations = annotations }, spec = SPECS[kind] })
        assert.are.equal(201, status, raw)
    end
    local function create_mpijob(name, labels, annotations)
        server:create("train", name, { annotations = annotations or HANGS, policy = "Running", labels = labels or '{"kueue.x-k8s.io/queue-name":"gpus"}' })
    end
    local function by_hand(verb, ...)
        local code, out, err = support.mpijobd("job", verb, "-n", "train", "--kubeconfig", server.kubeconfig, "--state", folder .. "/state.db", ...)
        return code, out, err
    end

    it("is stopped by its Workload, and goes on; suspend alone only kills its pods", function()
        server = start(V2BETA1, "--kueue", "--speed", "60")
        create_mpijob "a"
        phase(server, "a", "Running")
        local first = workloads()[1]
        assert.are.equal("True", condition(first, "Admitted"))
        local _, raw = server:request("GET", "/api/v1/namespaces/train/pods/a-worker-0")
        local before = support.json.decode(raw).metadata.uid
        assert.are.equal(200, (server:request("PATCH", server:path("train", "a"), '{"spec":{"runPolicy":{"suspend":true}}}', "application/merge-patch+json")))
        phase(server, "a", "Running")
        assert.is_false(server:get("train", "a").spec.runPolicy.suspend)
        _, raw = server:request("GET", "/api/v1/namespaces/train/pods/a-worker-0")
        assert.are_not.equal(before, support.json.decode(raw).metadata.uid)

        local code, out, err = by_hand("stop", "a", "--dry-run")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "spec.active: true -> false")
        assert.are.equal(3, pods(server))
        code, out, err = by_hand("stop", "a", "-o", "json")
        assert.are.equal(0, code, out .. err)
        local one = support.json.decode(out)[1]
        assert.are.equal("workload", one.lever)
        assert.are.equal("destructive", one.effect)
        assert.are.equal(first.metadata.name, one.workload)
        assert.is_true(one.pods_gone)
        assert.are.equal(2, #one.steps, out)
        assert.are.equal(0, pods(server))
        assert.is_true(server:get("train", "a").spec.runPolicy.suspend)
        assert.are.equal("All", server:get("train", "a").spec.runPolicy.cleanPodPolicy)
        code, out, err = by_hand("stop", "a")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "is stopped already")
        code, out, err = by_hand("resume", "a")
        assert.are.equal(0, code, out .. err)
        phase(server, "a", "Running")
        assert.are.equal(3, pods(server))
        assert.are.equal("Running", server:get("train", "a").spec.runPolicy.cleanPodPolicy)
        -- A stop that came no further than its first write is put right.
        assert.are.equal(200, (server:request("PATCH", server:path("train", "a"), support.json.encode { metadata = { annotations = { [KEPT] = "Running" } },
            spec = { runPolicy = { cleanPodPolicy = "All" } } }, "application/merge-patch+json")))
        code, out, err = by_hand("resume", "a")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "it runs already")
        assert.are.equal("Running", server:get("train", "a").spec.runPolicy.cleanPodPolicy)
        assert.is_nil(server:get("train", "a").metadata.annotations[KEPT])

        -- The first run of the journal is the stop: undone, the job would go on; it does so already.
        code, out, err = by_hand("stop", "a")
        assert.are.equal(0, code, out .. err)
        local number = out:match "mpijobd undo (%d+)"
        code, out, err = support.mpijobd("undo", number, "--kubeconfig", server.kubeconfig, "--state", folder .. "/state.db")
        assert.are.equal(0, code, out .. err)
        phase(server, "a", "Running")
        assert.are.equal("Running", server:get("train", "a").spec.runPolicy.cleanPodPolicy)
        assert.is_nil(server:get("train", "a").metadata.annotations[KEPT])
    end)

    it("that waits in its queue is stopped there, and told what it waits for", function()
        server = start(V2BETA1, "--kueue", "--speed", "60")
        create_mpijob("a", nil, '{"mpijob-sim/admit-seconds":"never"}')
        support.proc.await(function() return condition(workloads()[1] or {}, "QuotaReserved") end)
        local code, out, err = by_hand("resume", "a")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "it waits in the queue gpus of Kueue: couldn't assign flavors")
        code, out, err = by_hand("stop", "a")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "its job waits until active is true again")
        assert.is_false(workloads()[1].spec.active)
        code, out, err = by_hand("resume", "a")
        assert.are.equal(0, code, out .. err)
        assert.is_true(workloads()[1].spec.active)
    end)

    for kind in pairs(MODULES) do
        it(("that is a %s, whose time ran out, is not resumed, and the way out works"):format(kind), function()
            server = start(V2BETA1, "--kueue", "--speed", "60")
            local limit <const> = { ["kueue.x-k8s.io/queue-name"] = "gpus", ["kueue.x-k8s.io/max-exec-time-seconds"] = "60" }
            if kind == "MPIJob" then
                create_mpijob("a", support.json.encode(limit))
            else
                create(kind, "a", nil, limit)
            end
            support.proc.await(function() return workloads()[1] and workloads()[1].spec.active == false end)
            local name = workloads()[1].metadata.name
            assert.are.equal("DeactivatedDueToMaximumExecutionTimeExceeded", select(2, condition(workloads()[1], "Evicted")))
            -- Kueue puts it back.
            assert.are.equal(200, (server:request("PATCH", path("Workload", name), '{"spec":{"active":true}}', "application/merge-patch+json")))
            assert.is_false(object("Workload", name).spec.active)
            support.proc.await(function() return pods(server) == 0 end)
            local code, out, err = by_hand("stop", kind:lower() .. "/a")
            assert.are.equal(0, code, out .. err)
            support.contains(out, "max-exec-time-seconds ran out: active does not start it again, a deletion of the Workload does")
            code, out, err = by_hand("resume", kind:lower() .. "/a")
            assert.are.equal(1, code, out .. err)
            support.contains(err, "max-exec-time-seconds ran out")
            support.contains(err, "kubectl delete -n train workload " .. name)
            local file = support.write(folder .. "/p.lua", ([[
policy { name = "p", kind = "%s", every = "1h", match = { kueue = { state = "stopped" } }, run = function(run)
    for job in run.jobs do
        assert(job.kueue.reason == "DeactivatedDueToMaximumExecutionTimeExceeded" and not job.kueue.active, tostring(job.kueue.reason))
        local result, err = %s.resume(job)
        assert(result == nil and err.reason == "Refused" and err.message:find("kubectl delete", 1, true), tostring(err))
        log.info "refused, as it should be"
    end
end }
]]):format(kind, MODULES[kind]))
            code, out, err = support.mpijobd("run", "--once", file, "-n", "train", "--kubeconfig", server.kubeconfig, "--state", folder .. "/policy.db")
            assert.are.equal(0, code, out .. err) -- nothing was sent
            support.contains(err, "refused, as it should be")
            assert.are.equal(200, (server:request("DELETE", path("Workload", name))))
            support.proc.await(function()
                local one = workloads()[1]
                return one and one.spec.active ~= false and condition(one, "Admitted") == "True" and pods(server) > 0
            end)
        end)
    end

    it("of another kind is stopped and resumed by policies", function()
        server = start(V2BETA1, "--kueue", "--speed", "60")
        for kind in pairs(SPECS) do
            create(kind, "x-" .. kind:lower())
        end
        support.proc.await(function() return pods(server) == 6 end)
        local file = support.write(folder .. "/p.lua", [[
            local function each(kind, module)
                policy { name = kind:lower(), kind = kind, every = "1h", run = function(run)
                    for job in module.list { phase = "Running" } do
                        local result, err = module.stop(job)
                        assert(result and result.lever == "workload" and result.pods_gone, tostring(err))
                        assert(module.get(job.key).phase == "Suspended")
                        assert(module.resume(job).changed)
                    end
                end }
            end
            each("Job", batchjob) each("JobSet", jobset) each("TrainJob", trainjob)
        ]])
        local code, out, err = support.mpijobd("run", "--once", file, "-n", "train", "--kubeconfig", server.kubeconfig, "--state", folder .. "/state.db")
        assert.are.equal(0, code, out .. err)
        support.contains(err, "changed=2")
        support.proc.await(function() return pods(server) == 6 end)
        assert.are.equal(3, #workloads())
        code, out, err = by_hand("stop", "jobset/x-jobset")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "Workload train/jobset-x-jobset")
    end)

    it("is told by job.kueue, and chosen by match.kueue, with one list of Workloads a run", function()
        server = start(V2BETA1, "--kueue", "--speed", "60")
        create_mpijob "a"
        create_mpijob("b", nil, '{"mpijob-sim/admit-seconds":"never"}')
        create_mpijob("c", '{"kueue.x-k8s.io/queue-name":"night-gpus"}')
        server:create("train", "d", { annotations = HANGS })
        for _, name in ipairs { "a", "c", "d" } do
            phase(server, name, "Running")
        end
        support.proc.await(function() return #workloads() == 3 end)
        assert.are.equal(0, (by_hand("stop", "c")))
        server.sim:forget_requests()
        local file = support.write(folder .. "/p.lua", [[
            policy { name = "told", every = "1h", run = function()
                local all = {}
                for job in mpijob.list() do all[job.name] = job end
                local a, b, c, d = all.a.kueue, all.b.kueue, all.c.kueue, all.d.kueue
                assert(a.managed and a.queue == "gpus" and a.state == "admitted" and a.admitted and a.active, a.state)
                assert(a.workload:find("^mpijob%-a%-"))
                assert(b.state == "waiting" and not b.admitted and b.message:find("insufficient unused quota", 1, true), b.message)
                assert(c.queue == "night-gpus" and c.state == "stopped" and c.active == false and c.reason == "Deactivated", c.reason)
                assert(d.managed == false and d.state == nil and d.queue == nil)
            end }
            local function marks(name, kueue)
                policy { name = name, every = "1h", match = { kueue = kueue }, replace = { labels = { [name] = "yes" } } }
            end
            marks("waiting", { state = "waiting" })
            marks("idle", { state = { "waiting", "stopped" }, queue = "night-*" })
            marks("ours", false)
            marks("theirs", { managed = true })
        ]])
        local code, out, err = support.mpijobd("run", "--once", file, "-n", "train", "--kubeconfig", server.kubeconfig, "--state", folder .. "/state.db")
        assert.are.equal(0, code, out .. err)
        local function labels(name)
            return server:get("train", name).metadata.labels or {}
        end
        for name, wanted in pairs { a = "theirs", b = "theirs waiting", c = "idle theirs", d = "ours" } do
            local seen = {}
            for _, label in ipairs { "idle", "ours", "theirs", "waiting" } do
                seen[#seen + 1] = labels(name)[label] and label
            end
            assert.are.equal(wanted, table.concat(seen, " "), name)
        end
        assert.are.equal(3, #server.sim:requests "method=GET&path=*/workloads") -- told, waiting and idle; the others need none
        code, out, err = support.mpijobd("rbac", file)
        assert.are.equal(0, code, err)
        support.contains(out, "kueue.x-k8s.io")
        code, out, err = support.mpijobd("get", "-n", "train", "-o", "wide", "--kubeconfig", server.kubeconfig)
        assert.are.equal(0, code, err)
        for _, row in ipairs { "\na [^\n]* gpus +admitted", "\nb [^\n]* gpus +waiting", "\nc [^\n]* night%-gpus +stopped %(Deactivated%)" } do
            assert.is_truthy(out:find(row), out)
        end
        server.sim:fault("status:code=403,path=*/workloads*")
        code, out, err = support.mpijobd("get", "-n", "train", "-o", "wide", "--kubeconfig", server.kubeconfig)
        assert.are.equal(0, code, out .. err)
        support.contains(err, "KUEUE stays empty")
        server.sim:clear_faults()
        code, out, err = support.mpijobd("why", "waiting", "train/a", file, "--kubeconfig", server.kubeconfig)
        assert.are.equal(0, code, out .. err)
        support.contains(out, "kueue")
        support.write(file, 'policy { name = "p", every = "1h", match = { kueue = { state = "pending" } }, replace = { labels = { a = "b" } } }')
        code, out, err = support.mpijobd("check", file)
        assert.are.equal(1, code, out .. err)
        support.contains(err, "the states are waiting, admitted, stopped, finished")
    end)

    it("that is a part of another one is not managed by Kueue, though its pods have Kueue's mark", function()
        server = start(V2BETA1, "--kueue")
        local spec = { parallelism = 1, template = { metadata = { annotations = { ["kueue.x-k8s.io/workload"] = "mpijob-a-12345" } },
            spec = SPECS.Job.template.spec } }
        local function make(name, owner)
            local status, raw = server:request("POST", path "Job", support.json.encode { apiVersion = "batch/v1", kind = "Job", spec = spec,
                metadata = { name = name, ownerReferences = { owner } } })
            assert.are.equal(201, status, raw)
        end
        make("launcher", { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob", name = "a", uid = "u", controller = true })
        make("flow", { apiVersion = "argoproj.io/v1alpha1", kind = "Workflow", name = "w", uid = "v", controller = true })
        local file = support.write(folder .. "/p.lua", [[policy { name = "p", kind = "Job", schedule = "0 0 1 1 *", run = function(run)
            for job in run.jobs do log.info(job.name .. " managed: " .. tostring(job.kueue.managed)) end end }]])
        local code, out, err = support.mpijobd("run", "--once", file, "-n", "train", "--kubeconfig", server.kubeconfig, "--state", folder .. "/p.db")
        assert.are.equal(0, code, out .. err)
        support.contains(err, "launcher managed: false")
        support.contains(err, "flow managed: true")
    end)

    it("that is a part of another one is refused, and the one to stop is named", function()
        server = start(V2BETA1, "--kueue", "--speed", "60")
        create("TrainJob", "t")
        local uid = object("TrainJob", "t").metadata.uid
        local status, raw = server:request("POST", path "JobSet", support.json.encode { apiVersion = PLACES.JobSet[1], kind = "JobSet",
            metadata = { name = "t", ownerReferences = { { apiVersion = PLACES.TrainJob[1], kind = "TrainJob", name = "t", uid = uid, controller = true } } },
            spec = SPECS.JobSet })
        assert.are.equal(201, status, raw)
        local code, out, err = by_hand("stop", "jobset/t")
        assert.are.equal(1, code, out .. err)
        support.contains(err, 'trainjob.stop("train/t")')
        support.contains(err, "mpijobd job stop -n train trainjob/t")
    end)

    it("is not touched where its Workload may not be looked at", function()
        server = start(V2BETA1, "--kueue", "--speed", "60")
        create_mpijob "a"
        phase(server, "a", "Running")
        server.sim:fault("status:code=403,path=*/workloads*")
        local code, out, err = by_hand("stop", "a")
        assert.are.equal(1, code, out .. err)
        support.contains(err, "Kueue manages the job, and its Workload has to be looked at")
        assert.are.equal(3, pods(server))
        server:create("train", "b", { annotations = HANGS })
        phase(server, "b", "Running")
        code, out, err = by_hand("stop", "b")
        assert.are.equal(0, code, out .. err)
    end)
end)

-- No controller acts there: the spec deletes the pods, and makes the Workload.
if cluster.real then
    describe("on a real server #cluster a job", function()
        local server, namespace

        setup(function()
            server = cluster.start(V2BETA1)
            for _, name in ipairs { "trainjobs", "jobsets", "workloads" } do
                local text = support.read(support.source .. "/tests/fixtures/crd/kinds/" .. name .. ".json")
                local status, answer = server:request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", text)
                assert(status == 201 or status == 409, answer)
            end
            namespace = server:namespace()
        end)
        teardown(support.cleanup)

        local function path(kind, name)
            return ("/apis/%s/namespaces/%s/%s%s"):format(PLACES[kind][1], namespace, PLACES[kind][2], name and "/" .. name or "")
        end
        -- A definition that is new is served after a moment.
        local function create(kind, body)
            local status, raw
            cluster.ask_until("a " .. kind .. " is taken", function()
                status, raw = server:request("POST", path(kind), support.json.encode(body))
                return status ~= 404
            end)
            assert.are.equal(201, status, raw)
            return support.json.decode(raw)
        end
        local function spec(kind, name)
            local status, raw = server:request("GET", path(kind, name))
            assert.are.equal(200, status, raw)
            return support.json.decode(raw).spec
        end
        local function by_hand(verb, ...)
            return support.mpijobd("job", verb, "-n", namespace, "--kubeconfig", server.kubeconfig, ...)
        end

        it("is waited for until its last pod is gone", function()
            server:create(namespace, "a", { state = "Running", policy = "Running" })
            server:create_pod(namespace, "a", "a-worker-0")
            local stop = support.keep(support.proc.start(support.binary, { args = { "job", "stop", namespace .. "/a", "--wait", "60s",
                "--kubeconfig", server.kubeconfig } }))
            cluster.ask_until("it is suspended", function() return server:get(namespace, "a").spec.runPolicy.suspend end)
            assert.are.equal("All", server:get(namespace, "a").spec.runPolicy.cleanPodPolicy)
            assert.are.equal(200, (server:request("DELETE", ("/api/v1/namespaces/%s/pods/a-worker-0?gracePeriodSeconds=0"):format(namespace))))
            stop:expect("no pod of it runs any more", "stdout")
            assert.are.equal(0, stop:wait())
            local code, out, err = by_hand("resume", "a")
            assert.are.equal(0, code, out .. err)
            local object = server:get(namespace, "a")
            assert.is_false(object.spec.runPolicy.suspend)
            assert.are.equal("Running", object.spec.runPolicy.cleanPodPolicy)
            assert.is_nil(object.metadata.annotations[KEPT])
        end)

        it("of each kind is stopped and resumed by suspend", function()
            for _, kind in ipairs { "Job", "JobSet", "TrainJob" } do
                local body = { apiVersion = PLACES[kind][1], kind = kind, metadata = { name = "b" }, spec = SPECS[kind] }
                if kind == "JobSet" then
                    body.spec.replicatedJobs[1].template.spec.template.spec.restartPolicy = "Never"
                elseif kind == "Job" then
                    body.spec.template.spec.restartPolicy = "Never"
                end
                create(kind, body)
                local code, out, err = by_hand("stop", kind:lower() .. "/b")
                assert.are.equal(0, code, out .. err)
                assert.is_true(spec(kind, "b").suspend)
                code, out, err = by_hand("resume", kind:lower() .. "/b")
                assert.are.equal(0, code, out .. err)
                assert.is_false(spec(kind, "b").suspend)
            end
        end)

        it("that Kueue manages is stopped and resumed by its Workload", function()
            server:create(namespace, "c", { state = "Running", labels = '{"kueue.x-k8s.io/queue-name":"gpus"}' })
            local code, out, err = by_hand("stop", "c")
            assert.are.equal(1, code, out .. err)
            support.contains(err, "and no Workload")
            local uid = server:get(namespace, "c").metadata.uid
            create("Workload", { apiVersion = PLACES.Workload[1], kind = "Workload", metadata = { name = "mpijob-c-1a2b3", labels = { ["kueue.x-k8s.io/job-uid"] = uid } },
                spec = { queueName = "gpus", podSets = { { name = "main", count = 1, template = { spec = { containers = { { name = "a", image = "i",
                    resources = {} } } } } } } } })
            code, out, err = by_hand("stop", "c", "--dry-run")
            assert.are.equal(0, code, out .. err)
            code, out, err = by_hand("stop", "c")
            assert.are.equal(0, code, out .. err)
            assert.is_false(spec("Workload", "mpijob-c-1a2b3").active)
            assert.is_falsy((server:get(namespace, "c").spec.runPolicy or {}).suspend)
            code, out, err = by_hand("resume", "c")
            assert.are.equal(0, code, out .. err)
            assert.is_true(spec("Workload", "mpijob-c-1a2b3").active)
        end)
    end)
end
