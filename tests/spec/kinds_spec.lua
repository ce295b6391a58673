-- SPDX-License-Identifier: Apache-2.0
-- TrainJobs, JobSets and Kubernetes' own Jobs: read, judged, replaced and planned as kinds of mpijobd's own; on the
-- simulator, and on a real API server with their definitions.
local support = require "support"
local simulator = require "support.sim"
local cluster = require "support.cluster"

local kinds = require "support.kinds"

local BEGUN <const>, PATHS <const>, template <const>, condition <const> = kinds.BEGUN, kinds.PATHS, kinds.template, kinds.condition

local function tests(start)
    local server, namespace, folder, mpijobd

    setup(function()
        server, namespace = start()
        folder = support.folder()
        support.uv.fs_mkdir(folder .. "/policies", 448)
        support.write(folder .. "/mpijobd.yaml", "policies: [ policies ]\n")
        function mpijobd(command, ...)
            return support.mpijobd(command, "--config", folder .. "/mpijobd.yaml", "--kubeconfig", server.kubeconfig, ...)
        end
    end)
    teardown(support.cleanup)

    local function path(kind, name)
        return kinds.path(namespace, kind, name)
    end

    local function request(...)
        return kinds.request(server, ...)
    end

    local function object(kind, name)
        return kinds.object(server, namespace, kind, name)
    end

    local function create(kind, name, ...)
        kinds.create(server, namespace, kind, name, ...)
    end

    local function policy(text)
        support.write(folder .. "/policies/p.lua", (text:gsub("NAMESPACE", namespace)))
    end

    local function once(...)
        os.remove(folder .. "/state.db")
        return mpijobd("run", "--once", "--state", folder .. "/state.db", ...)
    end

    it("are named in any form in the place of a name or a change, and never taken for either", function()
        create("Job", "w-job", nil, { words = "yes" })
        for _, word in ipairs { "batchjobs", "batchjob", "jobs", "job", "Job", "jobs.batch", "BatchJobs", "job.batch" } do
            local code, out, err = mpijobd("replace", word, "-l", "words=yes", "-n", namespace, "labels.word=" .. word)
            assert.are.equal(0, code, word .. ": " .. out .. err)
            support.contains(out, "1 changed, 0 as they should be, 0 failed")
            code, out, err = mpijobd("replace", word, "w-job", "-n", namespace, "labels.named=" .. word)
            assert.are.equal(0, code, word .. ": " .. out .. err)
            code, out, err = mpijobd("replace", word, "--all", "-n", namespace, "--dry-run", "labels.all=" .. word)
            assert.are.equal(0, code, word .. ": " .. out .. err)
            code, out, err = mpijobd("get", word, "-l", "words=yes", "-n", namespace)
            assert.are.equal(0, code, word .. ": " .. out .. err)
            support.contains(out, "w-job")
        end
        local code, _, err = mpijobd("replace", "batchjobz", "-l", "words=yes", "-n", namespace, "labels.x=y")
        assert.are.equal(2, code)
        support.contains(err, 'mpijobd replace: "batchjobz" is neither a change (FIELD=VALUE, or FIELD- to remove it) nor a kind of job; there are MPIJob, ')
        assert.are.equal(0, (mpijobd("replace", "w-job", "-n", namespace, "--kind", "Job", "--dry-run", "labels.x=y")))
    end)

    it("have what is immutable refused before it is sent, also through kube", function()
        create("TrainJob", "im-train")
        create("Job", "im-job")
        create("JobSet", "im-set")
        policy [[
policy { name = "p", schedule = "0 0 1 1 *", run = function()
    local function refused(words, reason, done, err)
        if done or err.reason ~= reason or not tostring(err):find(words, 1, true) then
            error(words .. ": " .. tostring(done) .. ", " .. tostring(err))
        end
    end
    local train, batch, set = "trainer.kubeflow.org/v1alpha1", "batch/v1", "jobset.x-k8s.io/v1alpha2"
    local not_sent = "not sent, because the API server would refuse it: "
    refused(not_sent .. "trainer: it is immutable", "Refused", kube.patch(train, "TrainJob", "NAMESPACE/im-train", { spec = { trainer = { numNodes = 9 } } }))
    refused(not_sent .. "trainer: it is immutable", "Refused", trainjob.patch("NAMESPACE/im-train", { spec = { trainer = { numNodes = 9 } } }))
    refused(not_sent .. "managedBy: it is immutable", "Refused", kube.patch(batch, "Job", "NAMESPACE/im-job", { spec = { managedBy = "kueue.x-k8s.io/multikueue" } }))
    refused(not_sent .. "managedBy: it is immutable", "Refused", kube.patch(batch, "Job", "NAMESPACE/im-job", { { op = "add", path = "/spec/managedBy", value = "a.b/c" } }))
    refused(not_sent .. "managedBy: it is immutable", "Refused", kube.patch(set, "JobSet", "NAMESPACE/im-set", { spec = { managedBy = "kueue.x-k8s.io/multikueue" } }))
    refused("answer 200 and throw it away", "Dropped", kube.patch(set, "JobSet", "NAMESPACE/im-set", { spec = { activeDeadlineSeconds = 9 } }))
    local whole = kube.get(batch, "Job", "NAMESPACE/im-job")
    whole.spec.managedBy = "a.b/c"
    refused(not_sent .. "managedBy: it is immutable", "Refused", kube.replace(whole))
end }
]]
        local code, out, err = once()
        assert.are.equal(3, code, out .. err) -- a run with refusals
        support.lacks(err, "p.lua:")
        support.contains(err, "outcome=partial changed=0")
    end)

    it("get no owner without leave, as none that is missing keeps them: nor does any other object", function()
        create("TrainJob", "ow-train")
        create("Job", "ow-job")
        create("JobSet", "ow-set")
        request("POST", ("/api/v1/namespaces/%s/configmaps"):format(namespace), { apiVersion = "v1", kind = "ConfigMap", metadata = { name = "ow-map" } })
        local text = [[
policy { name = "p", schedule = "0 0 1 1 *", %s run = function()
    local patch = { metadata = { ownerReferences = { { apiVersion = "v1", kind = "ConfigMap", name = "nobody", uid = "2f1c0f3e-0000-4000-8000-000000000000" } } } }
    for _, o in ipairs { { "trainer.kubeflow.org/v1alpha1", "TrainJob", "ow-train" }, { "batch/v1", "Job", "ow-job" }, { "jobset.x-k8s.io/v1alpha2", "JobSet", "ow-set" }, { "v1", "ConfigMap", "ow-map" } } do
        local done, err = kube.patch(o[1], o[2], "NAMESPACE/" .. o[3], patch, { dry_run = true })
        log.info(o[2] .. ": " .. (done and "may" or tostring(err)))
    end
    for _, try in ipairs { { trainjob, "ow-train" }, { batchjob, "ow-job" }, { jobset, "ow-set" } } do
        local done, err = try[1].patch("NAMESPACE/" .. try[2], patch, { dry_run = true })
        log.info(try[2] .. ": " .. (done and "may" or tostring(err)))
    end
end }
]]
        local whose = { "TrainJob", "Job", "JobSet", "ConfigMap", "ow-train", "ow-job", "ow-set" }
        policy(text:format "")
        local _, _, err = once()
        for _, name in ipairs(whose) do
            assert.matches(name:gsub("%-", "%%-") .. ": Refused: [^\n]*refused, because it may be destructive: [^\n]*ownerReferences: if no owner that it names is there", err)
        end
        policy(text:format "destructive = true,")
        _, _, err = once()
        for _, name in ipairs(whose) do
            support.contains(err, name .. ": may")
        end
    end)

    it("are shown by get, with their phases and GPUs", function()
        create("JobSet", "g-run", nil, nil, { replicatedJobsStatus = { { name = "worker", ready = 2, succeeded = 0,
            failed = 0, active = 2, suspended = 0 } } })
        create("JobSet", "g-wait", nil, nil, { replicatedJobsStatus = { { name = "worker", ready = 1, succeeded = 0,
            failed = 0, active = 2, suspended = 0 } } })
        create("TrainJob", "g-done", nil, nil, condition "Complete")
        create("Job", "g-job", { suspend = true })
        local code, out, err = mpijobd("get", "jobsets", "-n", namespace)
        assert.are.equal(0, code, err)
        assert.is_truthy(out:find "g%-run +Running", out)
        assert.is_truthy(out:find "g%-wait +Pending", out)
        code, out, err = mpijobd("get", "--kind", "TrainJob", "-n", namespace, "-o", "json")
        assert.are.equal(0, code, err)
        support.contains(out, '"g-done"')
        code, out, err = mpijobd("get", "batchjob/g-job", "-n", namespace)
        assert.are.equal(0, code, err)
        support.contains(out, "g-job")
        policy [[
policy { name = "p", kind = "JobSet", every = "1h", run = function()
    assert(jobset.get("NAMESPACE/g-run").gpus == 32)
    assert(jobset.get("NAMESPACE/g-run").phase == "Running")
    assert(trainjob.get("NAMESPACE/g-done").gpus == 6 and trainjob.get("NAMESPACE/g-done").phase == "Succeeded")
    assert(trainjob.get("NAMESPACE/g-done").finished ~= nil and trainjob.get("NAMESPACE/g-done").workers == nil)
    assert(batchjob.get("NAMESPACE/g-job").gpus == 8 and batchjob.get("NAMESPACE/g-job").parallelism == 2)
    assert(batchjob.get("NAMESPACE/g-job").kind == "Job")
end }
]]
        code, out, err = once("-n", namespace)
        assert.are.equal(0, code, out .. err)
    end)

    it("are replaced by policies, and what harms, is thrown away or would be refused is not sent", function()
        create("JobSet", "r-set", nil, { team = "r" })
        create("TrainJob", "r-train", { activeDeadlineSeconds = 3600 }, { team = "r" })
        create("Job", "r-job", nil, { team = "r" }, { active = 2, startTime = BEGUN })
        policy [[
local match = { namespace = "NAMESPACE", labels = "team=r" }
policy { name = "ttl", kind = "JobSet", every = "1h", match = match, replace = { ttlSecondsAfterFinished = "2h", labels = { seen = "yes" } } }
policy { name = "deadline", kind = "JobSet", every = "1h", match = match, replace = { activeDeadlineSeconds = "2h" } }
policy { name = "longer", kind = "TrainJob", every = "1h", match = match, replace = { activeDeadlineSeconds = "2h" } }
policy { name = "gone", kind = "TrainJob", every = "1h", match = match, replace = { ttlSecondsAfterFinished = "2h" } }
policy { name = "stop", kind = "TrainJob", every = "1h", match = match, replace = { suspend = true } }
policy { name = "past", kind = "Job", every = "1h", match = match, replace = { activeDeadlineSeconds = "1m" } }
policy { name = "retry", kind = "Job", every = "1h", match = match, replace = { backoffLimit = 3 } }
policy { name = "hard", kind = "JobSet", every = "1h", match = match, run = function(run)
    for job in jobset.list { labels = "team=r", namespace = "NAMESPACE" } do
        local done, err = jobset.patch(job, { spec = { successPolicy = json.null } })
        assert(done == nil and err.reason == "Refused" and err.message:find("its end is never recorded", 1, true), tostring(err))
        assert(jobset.replace(job, { failurePolicy = { maxRestarts = 2 } }).effect == "effective")
        assert(jobset.get(job.key).failurePolicy.maxRestarts == 2)
        done, err = jobset.patch(job.key, { spec = { successPolicy = { operator = "Any" } } })
        assert(done == nil and err.reason == "Refused" and err.message:find("the API server would refuse it", 1, true), tostring(err))
    end
end }
]]
        local code, out, err = once("-n", namespace)
        assert.are.equal(3, code, out .. err)
        for _, text in ipairs { "replaced policy=ttl", "effect=at-finish", "not replaced policy=deadline", "reason=Dropped",
            "JobSets have no deadline", "not replaced policy=longer", "in two writes",
            "TrainJobs have no TTL", "not replaced policy=stop", "not replaced policy=past", "the deadline has passed",
            "replaced policy=retry", "it counts from the next failure on", "not patched policy=hard", "run ended policy=hard outcome=partial changed=1 unchanged=0 failed=2" } do
            support.contains(err, text)
        end
        assert.are.equal(7200, object("JobSet", "r-set").spec.ttlSecondsAfterFinished)
        assert.are.equal("yes", object("JobSet", "r-set").metadata.labels.seen)
        assert.are.equal("All", object("JobSet", "r-set").spec.successPolicy.operator)
        assert.are.equal(3600, object("TrainJob", "r-train").spec.activeDeadlineSeconds)
        assert.are.equal(3, object("Job", "r-job").spec.backoffLimit)
        assert.is_nil(object("Job", "r-job").spec.activeDeadlineSeconds)
        policy [[
policy { name = "stop", kind = "TrainJob", every = "1h", match = { namespace = "NAMESPACE", labels = "team=r" },
    replace = { suspend = true, activeDeadlineSeconds = remove }, destructive = true }
]]
        code, out, err = once("-n", namespace)
        assert.are.equal(0, code, out .. err)
        assert.is_true(object("TrainJob", "r-train").spec.suspend)
        assert.is_nil(object("TrainJob", "r-train").spec.activeDeadlineSeconds)
    end)

    it("are planned, explained, replaced by hand and undone", function()
        create("JobSet", "h-set", nil, { team = "h" }, condition "Failed")
        policy [[
policy { name = "tidy", kind = "JobSet", every = "1h", match = { namespace = "NAMESPACE", labels = "team=h", phase = "Failed" },
    replace = { ttlSecondsAfterFinished = "9000d" } }
]]
        local code, out, err = mpijobd("plan", "-n", namespace, "--out", folder .. "/plan.json")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "h-set")
        support.contains(out, "deleted at")
        code, out, err = mpijobd("why", "tidy", namespace .. "/h-set")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "ttlSecondsAfterFinished")
        code, out, err = mpijobd("apply", folder .. "/plan.json", "--state", folder .. "/apply.db")
        assert.are.equal(0, code, out .. err)
        assert.are.equal(777600000, object("JobSet", "h-set").spec.ttlSecondsAfterFinished)
        code, out, err = mpijobd("undo", "1", "--state", folder .. "/apply.db")
        assert.are.equal(0, code, out .. err)
        assert.is_nil(object("JobSet", "h-set").spec.ttlSecondsAfterFinished)
        code, out, err = mpijobd("replace", "jobset/h-set", "ttlSecondsAfterFinished=9000d", "-n", namespace, "--state", folder .. "/hand.db")
        assert.are.equal(0, code, out .. err)
        assert.are.equal(777600000, object("JobSet", "h-set").spec.ttlSecondsAfterFinished)
        code, out, err = mpijobd("replace", "jobset/h-set", "ttlSecondsAfterFinished-", "-n", namespace, "--state", folder .. "/hand.db")
        assert.are.equal(0, code, out .. err)
        support.contains(out .. err, "the JobSet is kept")
        assert.is_nil(object("JobSet", "h-set").spec.ttlSecondsAfterFinished)
        code, out, err = mpijobd("replace", "jobset/h-set", "ttlSecondsAfterFinished=1", "-n", namespace, "--state", folder .. "/hand.db")
        assert.are_not.equal(0, code, out .. err)
        support.contains(out .. err, "the TTL has passed")
        assert.is_nil(object("JobSet", "h-set").spec.ttlSecondsAfterFinished)
    end)

    -- Every verb on every kind, on either server: its own field is planned and replaced, it is stopped by its lever, and goes on.
    it("are got, planned, replaced, stopped, resumed, inspected and reported, each of them", function()
        local own = {
            MPIJob = { field = "cleanPodPolicy", value = "All", lua = '"All"', at = function(spec) return spec.runPolicy.cleanPodPolicy end,
                suspend = function(spec) return (spec.runPolicy or {}).suspend end, ended = condition "Succeeded" },
            TrainJob = { field = "activeDeadlineSeconds", value = 7200, lua = "7200", ended = condition "Complete" },
            JobSet = { field = "ttlSecondsAfterFinished", value = 777600000, lua = "777600000", ended = condition "Completed" },
            Job = { field = "backoffLimit", value = 3, lua = "3", back = "backoffLimit=6", ended = kinds.complete_job() },
        }
        for _, kind in ipairs { "MPIJob", "TrainJob", "JobSet", "Job" } do
            local it, name = own[kind], "v-" .. kind:lower()
            local at = it.at or function(spec) return spec[it.field] end
            local suspended = it.suspend or function(spec) return spec.suspend end
            local function good(...)
                local code, out, err = mpijobd(...)
                assert.are.equal(0, code, kind .. ": " .. out .. err)
                return out .. err
            end
            local function spec() return object(kind, name).spec end
            create(kind, name, nil, { verbs = kind })
            create(kind, name .. "-end", nil, { verbs = "ended" }, it.ended)
            support.contains(good("get", kind, name, "-n", namespace), name)
            support.contains(good("get", "--kind", kind, "-l", "verbs=" .. kind, "-n", namespace, "-o", "json"), ('"kind": "%s"'):format(kind))
            policy(([[
policy { name = "v", kind = "%s", every = "1h", match = { namespace = "NAMESPACE", labels = "verbs=%s" }, replace = { %s = %s }, destructive = true }
]]):format(kind, kind, it.field, it.lua))
            support.contains(good("plan", "-n", namespace), name)
            local code, out, err = once()
            assert.are.equal(0, code, kind .. ": " .. out .. err)
            assert.are.equal(it.value, at(spec()), kind)
            good("replace", kind, name, it.back or it.field .. "-", "labels.by=hand", "-n", namespace, "--destructive", "--no-journal")
            assert.are.equal("hand", object(kind, name).metadata.labels.by)
            support.contains(good("job", "stop", kind, name, "-n", namespace, "--no-journal"), "stopped")
            assert.is_true(suspended(spec()), kind)
            support.contains(good("job", "resume", kind, name, "-n", namespace, "--no-journal"), "resumed")
            assert.is_falsy(suspended(spec()), kind)
            support.contains(good("inspect", "--kind", kind, "-l", "verbs=" .. kind, "-n", namespace), "No findings in 1 ")
            local report = support.json.decode(good("report", "-n", namespace, "--kind", kind, "--by", "kind", "-o", "json"))
            assert.are.equal(kind, report.groups[1].group)
            assert.is_true(report.groups[1].finished >= 1)
        end
    end)

    it("have a deadline changed in two writes, which are one change of the journal, and undone so", function()
        create("TrainJob", "d-train", { activeDeadlineSeconds = 3600 }, { team = "d" })
        policy [[
policy { name = "longer", kind = "TrainJob", every = "1h", match = { namespace = "NAMESPACE", labels = "team=d" },
    replace = { activeDeadlineSeconds = "2h", labels = { longer = "yes" } }, destructive = true }
]]
        local code, out, err = mpijobd("plan", "-n", namespace)
        assert.are.equal(0, code, out .. err)
        support.contains(out, "activeDeadlineSeconds: 3600 -> 7200")
        support.contains(out, "in two writes")
        code, out, err = once("-n", namespace)
        assert.are.equal(0, code, out .. err)
        assert.are.equal(7200, object("TrainJob", "d-train").spec.activeDeadlineSeconds)
        assert.are.equal("yes", object("TrainJob", "d-train").metadata.labels.longer)
        code, out, err = support.mpijobd("journal", "--state", folder .. "/state.db", "-o", "json")
        assert.are.equal(0, code, err)
        local rows = support.json.decode(out)
        assert.are.equal(1, #rows, out)
        assert.are.equal("done", rows[1].outcome)
        code, out, err = mpijobd("undo", "1", "--state", folder .. "/state.db", "--destructive")
        assert.are.equal(0, code, out .. err)
        assert.are.equal(3600, object("TrainJob", "d-train").spec.activeDeadlineSeconds)
        assert.is_nil(object("TrainJob", "d-train").metadata.labels.longer)
        code, out, err = mpijobd("replace", "trainjob/d-train", "activeDeadlineSeconds=9000", "-n", namespace, "--destructive", "--dry-run")
        assert.are.equal(0, code, out .. err)
        assert.are.equal(3600, object("TrainJob", "d-train").spec.activeDeadlineSeconds)
        if server.requests then
            local puts = server:requests("method=PUT&path=" .. path("TrainJob", "d-train"))
            assert.are.equal(4, #puts)
            assert.is_nil(support.json.decode(puts[1].body).spec.activeDeadlineSeconds)
            assert.are.equal(7200, support.json.decode(puts[2].body).spec.activeDeadlineSeconds)
            -- The first answer is lost, or the second; another writer comes between the two; the second is refused.
            for i, fault in ipairs { "reset-after:method=PUT,path=*/trainjobs/*,count=1", "reset-after:method=PUT,path=*/trainjobs/*,count=1,after=1",
                "conflict:method=PUT,path=*/trainjobs/*,count=1,after=1" } do
                server:fault(fault)
                code, out, err = mpijobd("replace", "trainjob/d-train", "activeDeadlineSeconds=" .. 5000 + i, "-n", namespace, "--destructive")
                assert.are.equal(0, code, fault .. out .. err)
                assert.are.equal(5000 + i, object("TrainJob", "d-train").spec.activeDeadlineSeconds)
                server:clear_faults()
            end
            server:fault "status:method=PUT,path=*/trainjobs/*,code=422,count=1,after=1"
            code, out, err = mpijobd("replace", "trainjob/d-train", "activeDeadlineSeconds=9000", "-n", namespace, "--destructive")
            assert.are.equal(1, code, out .. err)
            support.contains(err, "the first of two writes was made, which removes a value, and the second was not")
            server:clear_faults()
            assert.is_nil(object("TrainJob", "d-train").spec.activeDeadlineSeconds)
            code, out, err = mpijobd("replace", "trainjob/d-train", "activeDeadlineSeconds=9000", "-n", namespace, "--destructive")
            assert.are.equal(0, code, out .. err)
            assert.are.equal(9000, object("TrainJob", "d-train").spec.activeDeadlineSeconds)
        end
    end)

    it("get their deadline at the next start, where the daemon died between the two writes", function()
        create("TrainJob", "k-train", { activeDeadlineSeconds = 3600 }, { team = "k" })
        policy [[
policy { name = "longer", kind = "TrainJob", on = "match", match = { namespace = "NAMESPACE", labels = "team=k" },
    replace = { activeDeadlineSeconds = "2h", labels = { longer = "yes" } }, destructive = true }
]]
        local function begin(env)
            return support.daemon({ env = env }, "run", "--no-supervisor", "--config", folder .. "/mpijobd.yaml", "--kubeconfig", server.kubeconfig,
                "-n", namespace, "--state", folder .. "/half.db", "--grace", "1s")
        end
        local daemon = begin { MPIJOBD_FAILPOINT = "write-half:1" }
        daemon:wait()
        assert.is_nil(object("TrainJob", "k-train").spec.activeDeadlineSeconds)
        assert.is_nil(object("TrainJob", "k-train").metadata.labels.longer)
        daemon = begin()
        daemon:expect "of its two writes the first was made; the second was made now"
        daemon:expect " in force"
        assert.are.equal(7200, object("TrainJob", "k-train").spec.activeDeadlineSeconds)
        assert.are.equal("yes", object("TrainJob", "k-train").metadata.labels.longer)
        assert.are.equal(0, (daemon:stop()))
    end)

    it("get the deadline that was reckoned, where the second write fails for a while: the policy is not asked again without the old one", function()
        if not server.fault then
            pending "the simulator alone: a kube-apiserver fails at no word"
            return
        end
        create("TrainJob", "fails-train", { activeDeadlineSeconds = 3600 }, { team = "fails" })
        policy [[
policy { name = "longer", kind = "TrainJob", on = "match", match = { namespace = "NAMESPACE", labels = "team=fails",
    where = function(job) return (job.activeDeadlineSeconds or 0) > 3000 and not job.annotations.longer end },
    replace = function(job) return { activeDeadlineSeconds = (job.activeDeadlineSeconds or 0) + 100, annotations = { longer = "yes" } } end, destructive = true }
]]
        server:fault "status:method=PUT,path=*/trainjobs/fails-train,code=500,count=2,after=1"
        local daemon = support.daemon({}, "run", "--no-supervisor", "--config", folder .. "/mpijobd.yaml", "--kubeconfig", server.kubeconfig,
            "-n", namespace, "--state", folder .. "/failing.db", "--grace", "1s")
        daemon:expect "replaced policy=longer"
        assert.are.equal(3700, object("TrainJob", "fails-train").spec.activeDeadlineSeconds)
        assert.are.equal(0, (daemon:stop()))
        local code, out = support.mpijobd("journal", "--state", folder .. "/failing.db", "-o", "json")
        assert.are.equal(0, code, out)
        local rows = support.json.decode(out)
        assert.are.same({ 1, "done" }, { #rows, rows[1].outcome })
        server:clear_faults()
    end)

    it("are made by create, which fills in kind and apiVersion of each", function()
        policy [[
policy { name = "p", schedule = "0 0 1 1 *", run = function()
    local pod = { spec = { restartPolicy = "Never", containers = { { name = "m", image = "i" } } } }
    assert(batchjob.create { metadata = { name = "c-made", namespace = "NAMESPACE" }, spec = { parallelism = 1, template = pod } })
    assert(jobset.create { metadata = { name = "c-made", namespace = "NAMESPACE" }, spec = { replicatedJobs = { { name = "w", template = { spec = { template = pod } } } } } })
    assert(trainjob.create { metadata = { name = "c-made", namespace = "NAMESPACE" }, spec = { runtimeRef = { name = "torch" } } })
end }
]]
        local code, out, err = once()
        assert.are.equal(0, code, out .. err)
        for _, kind in ipairs { "Job", "JobSet", "TrainJob" } do
            assert.are.equal(PATHS[kind][1], object(kind, "c-made").apiVersion)
        end
    end)

    it("are told in their own version by inspect, and have no workers to show", function()
        local owner = { apiVersion = PATHS.JobSet[1], kind = "JobSet", name = "v-set", uid = "u-v-set", controller = true }
        create("Job", "v-child", { ttlSecondsAfterFinished = 600 }, { version = "v" }, { active = 2, ready = 2, startTime = BEGUN }, owner)
        local code, out, err = mpijobd("inspect", "jobs.batch", "-l", "version=v", "-n", namespace)
        assert.are.equal(1, code, out .. err)
        support.contains(out, "/v-child (v1, Running)\n")
        code, out, err = mpijobd("get", "jobs.batch", "-l", "version=v", "-n", namespace, "-o", "wide")
        assert.are.equal(0, code, out .. err)
        assert.is_truthy(out:find "v%-child +Running +%- +%- +8 +0 +%S+ +%- +%-", out)
    end)

    it("are inspected, and their wounds healed", function()
        create("JobSet", "w-none", nil, { team = "w" })
        local code, out, err = mpijobd("inspect", "jobsets", "-l", "team=w", "-n", namespace)
        if object("JobSet", "w-none").spec.successPolicy then
            assert.are.equal(0, code, out .. err)
            support.contains(out, "No findings in 1 JobSet.")
        end
        request("PATCH", path("JobSet", "w-none"), '{"spec":{"successPolicy":null}}',
            "application/merge-patch+json")
        create("TrainJob", "w-both", { suspend = true }, { team = "w" }, condition "Complete")
        code, out, err = mpijobd("inspect", "jobsets", "-l", "team=w", "-n", namespace)
        assert.are.equal(1, code, out .. err)
        support.contains(out, "no-success-policy")
        policy [[
policy { name = "heal", kind = "JobSet", every = "1h", match = { namespace = "NAMESPACE", labels = "team=w", problem = "no-success-policy" },
    replace = { successPolicy = { operator = "All" } } }
]]
        code, out, err = mpijobd("plan", "-n", namespace)
        assert.are.equal(0, code, out .. err)
        support.contains(out, "w-none")
        code, out, err = mpijobd("inspect", "jobsets", "-l", "team=w", "-n", namespace, "--fix", "--state", folder .. "/fix.db")
        assert.are.equal(0, code, out .. err)
        assert.are.equal("All", object("JobSet", "w-none").spec.successPolicy.operator)
        code, out, err = mpijobd("inspect", "--kind", "TrainJob", "-l", "team=w", "-n", namespace, "--fix", "--state", folder .. "/fix.db")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "suspended-after-end")
        assert.is_falsy(object("TrainJob", "w-both").spec.suspend)
    end)

    -- An API server leaves kind and apiVersion out of the Jobs of a list.
    it("are sent whole where they come from a list, and only the change is in the journal", function()
        create("TrainJob", "f-train", { suspend = true }, { team = "f" }, condition "Complete")
        request("PATCH", path("TrainJob", "f-train"), '{"spec":{"suspend":true}}', "application/merge-patch+json")
        create("Job", "f-job", nil, { team = "f" }, { active = 2, startTime = BEGUN })
        policy [[
policy { name = "retry", kind = "Job", every = "1h", match = { namespace = "NAMESPACE", labels = "team=f" }, replace = { backoffLimit = 3 } }
policy { name = "whole", kind = "Job", every = "1h", run = function()
    for job in kube.list("batch/v1", "Job", { namespace = "NAMESPACE", labels = "team=f" }) do
        assert(job.kind == "Job" and job.apiVersion == "batch/v1")
    end
end }
]]
        local function journal(state, name)
            local code, out, err = support.mpijobd("journal", "--config", folder .. "/mpijobd.yaml", "-n", namespace, "--state", folder .. state)
            assert.are.equal(0, code, err)
            support.contains(out, name)
            assert.is_falsy(out:find("apiVersion", 1, true), out)
            assert.is_falsy(out:find("-> unset", 1, true), out)
        end
        local code, out, err = mpijobd("inspect", "trainjobs", "-l", "team=f", "-n", namespace, "--fix", "--state", folder .. "/f.db")
        assert.are.equal(0, code, out .. err)
        journal("/f.db", "f-train")
        code, out, err = mpijobd("get", "trainjob", "f-train", "-n", namespace)
        assert.are.equal(0, code, out .. err)
        code, out, err = mpijobd("get", "trainjob", "-A")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "f-train")
        code, out, err = mpijobd("replace", "trainjob", namespace .. "/f-train", "labels.one=yes", "--state", folder .. "/h.db")
        assert.are.equal(0, code, out .. err)
        code, out, err = mpijobd("replace", "--kind", "Job", "-l", "team=f", "-n", namespace, "backoffLimit=4", "--state", folder .. "/g.db")
        assert.are.equal(0, code, out .. err)
        journal("/g.db", "f-job")
        code, out, err = mpijobd("plan", "-n", namespace, "--out", folder .. "/plan.json")
        assert.are.equal(0, code, out .. err)
        assert.is_falsy(out:find("unset", 1, true), out)
        code, out, err = once("-n", namespace)
        assert.are.equal(0, code, out .. err)
        support.contains(err, "effect=effective")
        journal("/state.db", "f-job")
        for _, kind in ipairs { "TrainJob", "Job" } do
            local name = kind == "Job" and "f-job" or "f-train"
            for _, put in ipairs(server.requests and server:requests("method=PUT&path=" .. path(kind, name)) or {}) do
                local body = support.json.decode(put.body)
                assert.are.equal(kind, body.kind)
                assert.are.equal(PATHS[kind][1], body.apiVersion)
            end
        end
    end)

    it("let no launcher run twice: its Job gets no TTL while it runs, by no way", function()
        local code = request("POST", path "Job", { apiVersion = "batch/v1", kind = "Job", metadata = { name = "l-launcher",
            ownerReferences = { { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob", name = "l", uid = "u", controller = true } } },
            spec = { template = template(1) } })
        assert.are.equal(201, code)
        policy [[
policy { name = "p", kind = "Job", every = "1h", match = { namespace = "NAMESPACE", name = "l-launcher" }, replace = { ttlSecondsAfterFinished = "1h" } }
policy { name = "q", kind = "Job", every = "1h", run = function()
    local done, err = batchjob.patch("NAMESPACE/l-launcher", { spec = { ttlSecondsAfterFinished = 3600 } })
    assert(done == nil and err.reason == "Refused", tostring(err))
    done, err = batchjob.replace("NAMESPACE/l-launcher", { ttlSecondsAfterFinished = 3600 })
    assert(done == nil and err.reason == "Refused", tostring(err))
    local whole = kube.get("batch/v1", "Job", "NAMESPACE/l-launcher")
    whole.spec.ttlSecondsAfterFinished = 3600
    done, err = batchjob.replace_object(whole)
    assert(done == nil and err.reason == "Refused", tostring(err))
end }
]]
        local exit, out, err = once("-n", namespace)
        assert.are.equal(3, exit, out .. err)
        support.contains(err, "not replaced policy=p")
        assert.is_nil(object("Job", "l-launcher").spec.ttlSecondsAfterFinished)
    end)

    it("are counted by rbac and doctor, and wrong values are found by check", function()
        policy [[
policy { name = "a", kind = "JobSet", every = "1h", replace = { ttlSecondsAfterFinished = "1d" } }
policy { name = "b", kind = "TrainJob", every = "1h", run = function() for job in batchjob.list {} do log.info(job.name) end end }
]]
        local code, out, err = support.mpijobd("rbac", "--config", folder .. "/mpijobd.yaml")
        assert.are.equal(0, code, err)
        support.contains(out, "- jobset.x-k8s.io")
        support.contains(out, "- jobsets")
        support.contains(out, "- batch")
        code, out, err = mpijobd("doctor")
        support.contains(out .. err, "JobSets of jobset.x-k8s.io are asked for as v1alpha2")
        assert.is_truthy(code == 0 or code == 1, out .. err)
        policy [[
policy { name = "a", kind = "JobSet", every = "1h", match = { cleanPodPolicy = "All" }, replace = { ttlSecondsAfterFinished = 1.5 } }
policy { name = "b", kind = "JobSet", every = "1h", replace = { successPolicy = remove } }
policy { name = "c", kind = "Job", every = "1h", through_launcher = true, replace = { parallelism = -1 } }
policy { name = "d", kind = "TrainJob", every = "1h", replace = { managedBy = "x/y" } }
]]
        code, out, err = support.mpijobd("check", "--config", folder .. "/mpijobd.yaml")
        assert.are.equal(1, code, out .. err)
        for _, text in ipairs { "match.cleanPodPolicy", "ttlSecondsAfterFinished must be", "successPolicy cannot be removed",
            "a Job has no launcher", "parallelism must be from 0", "managedBy is never to be replaced: the API server holds it fixed once the TrainJob exists; only a new one can have another" } do
            support.contains(out .. err, text)
        end
    end)
end

describe("TrainJobs, JobSets and Jobs", function()
    tests(function()
        local sim = simulator.start("--version", "v2beta1", "--kinds")
        sim:make_namespace "train"
        return sim, "train"
    end)

    it("are there in specs of policies", function()
        local folder = support.folder()
        support.write(folder .. "/p.lua", [[
policy { name = "tidy", kind = "JobSet", every = "1h", match = { phase = "Succeeded" }, replace = { ttlSecondsAfterFinished = "9000d" } }
]])
        support.write(folder .. "/set.yaml", [[
apiVersion: jobset.x-k8s.io/v1alpha2
kind: JobSet
metadata: { name: a, namespace: train }
spec: { replicatedJobs: [] }
status: { conditions: [ { type: Completed, status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" } ] }
]])
        support.write(folder .. "/p_spec.lua", [[
it("keeps sets for long", function()
    cluster.load "set.yaml"
    clock.advance "1h"
    assert.are.equal(777600000, cluster.get("train/a", "jobsets.jobset.x-k8s.io").spec.ttlSecondsAfterFinished)
end)
it("makes no JobSet by itself", function()
    assert.has_error(function() cluster.job { kind = "JobSet", name = "b" } end)
end)
]])
        local code, out, err = support.mpijobd("test", folder)
        assert.are.equal(0, code, out .. err)
    end)
end)

if cluster.real then
    describe("TrainJobs, JobSets and Jobs on a real server #cluster", function()
        tests(function()
            local server = cluster.start(cluster.versions[4])
            local namespace = server:namespace()
            kinds.serve(server, namespace)
            return server, namespace
        end)
    end)
end
