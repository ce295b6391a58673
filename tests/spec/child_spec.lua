-- SPDX-License-Identifier: Apache-2.0
-- through_child: a deadline on a Job of a TrainJob or a JobSet, instead of on these; on the simulator, and on a real API
-- server with their definitions.
local support = require "support"
local simulator = require "support.sim"
local cluster = require "support.cluster"
local kinds = require "support.kinds"

local STEP <const> = "trainer.kubeflow.org/trainjob-ancestor-step"
local SET <const> = "jobset.sigs.k8s.io/"

local function owner_of(object)
    return { apiVersion = object.apiVersion, kind = object.kind, name = object.metadata.name, uid = object.metadata.uid, controller = true }
end

local function child_of(server, namespace, set, replicated, index, more)
    more = more or {}
    local labels = { [SET .. "jobset-name"] = set.metadata.name, [SET .. "replicatedjob-name"] = replicated, [SET .. "job-index"] = tostring(index), [STEP] = more.step }
    local owner = owner_of(set)
    owner.uid = more.uid or owner.uid
    return kinds.create(server, namespace, "Job", ("%s-%s-%d"):format(set.metadata.name, replicated, index), { activeDeadlineSeconds = more.deadline }, labels, more.status, owner)
end

-- A JobSet of an initializer and a node, as Trainer's torch runtime has it; more: of its spec
local function make_set(server, namespace, name, more, owner, status)
    local function part(of)
        return { name = of, replicas = 1, template = { spec = { parallelism = 1, completions = 1, template = kinds.template(1) } } }
    end
    local spec = { successPolicy = { operator = "All", targetReplicatedJobs = { "node" } }, replicatedJobs = { part "initializer", part "node" } }
    for key, value in pairs(more or {}) do
        spec[key] = value
    end
    local set = kinds.create(server, namespace, "JobSet", name, spec, nil, status, owner)
    child_of(server, namespace, set, "initializer", 0)
    child_of(server, namespace, set, "node", 0, { step = "trainer" })
    return set
end

local function make_train(server, namespace, name, more, status, labels)
    local job = kinds.create(server, namespace, "TrainJob", name, nil, labels)
    local set = make_set(server, namespace, name, more, owner_of(job))
    job.status = status or { jobsStatus = { { name = "node", ready = 1, succeeded = 0, failed = 0, active = 1, suspended = 0 } } }
    local code, answer = kinds.request(server, "PUT", kinds.path(namespace, "TrainJob", name) .. "/status", job)
    assert(code == 200, support.json.encode(answer))
    return job, set
end

local function tests(start)
    local server, namespace, folder

    lazy_setup(function()
        server, namespace = start()
        folder = support.folder()
    end)
    lazy_teardown(support.cleanup)

    local function mpijobd(...)
        return support.mpijobd(...)
    end
    local function replace(kind, name, ...)
        return mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", namespace, kind .. "/" .. name, ...)
    end
    local function deadline(kind, name)
        return kinds.object(server, namespace, kind, name).spec.activeDeadlineSeconds
    end

    it("gives the Job whose end counts the deadline, and not the TrainJob", function()
        make_train(server, namespace, "t")
        local code, _, err = replace("trainjob", "t", "activeDeadlineSeconds=12h", "--through-child")
        assert.are.equal(1, code)
        support.contains(err, "refused, because it is destructive: activeDeadlineSeconds: at the deadline (")
        support.contains(err, ") the whole set fails (FailedJobs), and all its pods are killed; the set and the failed Job stay, and so does the TrainJob")
        assert.is_nil(deadline("Job", "t-node-0"))
        local out
        code, out, err = replace("trainjob", "t", "activeDeadlineSeconds=12h", "labels.capped=yes", "--through-child", "--destructive")
        assert.are.equal(0, code, err)
        support.contains(out, "\nits Job t-node-0:\n+ spec.activeDeadlineSeconds: 43200\n")
        support.contains(out, "+ labels.capped: yes")
        assert.are.equal(43200, deadline("Job", "t-node-0"))
        assert.is_nil(deadline("Job", "t-initializer-0"))
        assert.is_nil(deadline("TrainJob", "t"))
        code, out, err = replace("trainjob", "t", "activeDeadlineSeconds=43200", "--through-child", "--destructive")
        assert.are.equal(0, code, err)
        support.contains(out, "unchanged: the Job t-node-0 has this activeDeadlineSeconds already, so nothing is different; nothing was sent")
        code, out, err = replace("trainjob", "t", "activeDeadlineSeconds-", "--through-child", "-o", "json")
        assert.are.equal(0, code, err)
        local one = support.json.decode(out)[1]
        assert.are.same({ path = "/spec/activeDeadlineSeconds", before = 43200 }, { path = one.child[1].path, before = one.child[1].before })
        assert.are.same({ "effective", true }, { one.effect, one.changed })
        support.contains(one.why, "the deadline counts no more")
        assert.is_nil(deadline("Job", "t-node-0"))
    end)

    it("follows the owners by their uids", function()
        local job = kinds.create(server, namespace, "TrainJob", "o")
        local owner = owner_of(job)
        owner.uid = "6a1b0f6e-0000-4000-8000-000000000000"
        make_set(server, namespace, "o", nil, owner)
        local code, _, err = replace("trainjob", "o", "activeDeadlineSeconds=1h", "--through-child", "--destructive")
        assert.are.equal(1, code)
        support.contains(err, "there is no JobSet o of it yet, and so no Job to change: nothing was changed")
        local _, set = make_train(server, namespace, "p")
        assert.are.equal(200, (kinds.request(server, "DELETE", kinds.path(namespace, "Job", "p-node-0") .. "?propagationPolicy=Background")))
        child_of(server, namespace, set, "other", 0, { step = "trainer", uid = owner.uid })
        code, _, err = replace("trainjob", "p", "activeDeadlineSeconds=1h", "--through-child", "--destructive")
        assert.are.equal(1, code)
        support.contains(err, "no such Job of it (jobset.sigs.k8s.io/jobset-name=p,trainer.kubeflow.org/trainjob-ancestor-step=trainer) is there that has not ended: nothing was changed")
        kinds.create(server, namespace, "TrainJob", "q")
        code, _, err = replace("trainjob", "q", "activeDeadlineSeconds=1h", "--through-child", "--destructive")
        assert.are.equal(1, code)
        support.contains(err, "there is no JobSet q of it yet")
    end)

    it("of a JobSet takes what successPolicy names, by the order of replicatedJobs, and passes over what has ended", function()
        make_set(server, namespace, "s")
        local code, out, err = replace("jobset", "s", "activeDeadlineSeconds=1h", "--through-child", "--destructive")
        assert.are.equal(0, code, err)
        support.contains(out, "its Job s-node-0:")
        support.contains(out, "the whole set fails")
        support.contains(out, "the set and the failed Job stay\n")
        assert.is_nil(deadline("JobSet", "s"))
        local two = { replicatedJobs = {
            { name = "node", replicas = 2, template = { spec = { template = kinds.template(1) } } },
            { name = "initializer", replicas = 1, template = { spec = { template = kinds.template(1) } } } } }
        two.successPolicy = { operator = "All" }
        local set = make_set(server, namespace, "u", two)
        child_of(server, namespace, set, "node", 1)
        code, out, err = replace("jobset", "u", "activeDeadlineSeconds=1h", "--through-child", "--destructive", "--dry-run")
        assert.are.equal(0, code, err)
        support.contains(out, "its Job u-node-0:")
        local job = kinds.object(server, namespace, "Job", "u-node-0")
        job.status = kinds.complete_job()
        assert.are.equal(200, (kinds.request(server, "PUT", kinds.path(namespace, "Job", "u-node-0") .. "/status", job)))
        code, out, err = replace("jobset", "u", "activeDeadlineSeconds=1h", "--through-child", "--destructive")
        assert.are.equal(0, code, err)
        support.contains(out, "its Job u-node-1:")
        assert.are.equal(3600, deadline("Job", "u-node-1"))
        assert.is_nil(deadline("Job", "u-initializer-0"))
    end)

    it("says where the set would begin again, and needs leave for it", function()
        make_set(server, namespace, "r", { failurePolicy = { maxRestarts = 2 } })
        local code, _, err = replace("jobset", "r", "activeDeadlineSeconds=1h", "--through-child")
        assert.are.equal(1, code)
        support.contains(err, "its JobSet's failurePolicy has restarts left, or rules of its own: at the deadline the whole set begins again from the beginning")
        assert.is_nil(deadline("Job", "r-node-0"))
        make_train(server, namespace, "v", { failurePolicy = { maxRestarts = 1 } })
        code, _, err = replace("trainjob", "v", "activeDeadlineSeconds=1h", "--through-child")
        assert.are.equal(1, code)
        support.contains(err, "begins again from the beginning")
        assert.are.equal(0, (replace("trainjob", "v", "activeDeadlineSeconds=1h", "--through-child", "--destructive")))
        assert.are.equal(3600, deadline("Job", "v-node-0"))
    end)

    it("changes nothing of what has ended", function()
        make_train(server, namespace, "e", nil, kinds.condition "Complete")
        local code, out, err = replace("trainjob", "e", "activeDeadlineSeconds=1h", "--through-child")
        assert.are.equal(0, code, err)
        support.contains(out, "e unchanged: it has ended, and none of its Jobs runs any more; nothing was sent")
        assert.is_nil(deadline("TrainJob", "e"))
        assert.is_nil(deadline("Job", "e-node-0"))
    end)

    it("sets backoffLimit of that Job too", function()
        make_train(server, namespace, "b")
        local code, out, err = replace("trainjob", "b", "backoffLimit=3", "--through-child")
        assert.are.equal(0, code, err)
        support.contains(out, "effective: backoffLimit: it counts from the next failure on")
        assert.are.equal(3, kinds.object(server, namespace, "Job", "b-node-0").spec.backoffLimit)
    end)

    it("is a policy's key: planned, explained, applied, made, and taken back", function()
        local state = folder .. "/policy.db"
        make_train(server, namespace, "c", nil, nil, { cap = "yes" })
        local file = support.write(folder .. "/p.lua", ([[policy { name = "cap", kind = { "TrainJob", "JobSet" }, every = "10m", match = { namespace = "%s", labels = "cap" },
            destructive = true, replace = { activeDeadlineSeconds = "12h" }, through_child = true }]]):format(namespace))
        local function with(command, ...)
            return mpijobd(command, "--state", state, "--kubeconfig", server.kubeconfig, ...)
        end
        local code, out, err = mpijobd("check", file)
        assert.are.equal(0, code, out .. err)
        code, out, err = mpijobd("plan", file, "--kubeconfig", server.kubeconfig, "--out", folder .. "/plan.json")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "its Job c-node-0:\n+ spec.activeDeadlineSeconds: 43200\n")
        code, out, err = mpijobd("why", "cap", "trainjob/" .. namespace .. "/c", file, "--kubeconfig", server.kubeconfig)
        assert.are.equal(0, code, out .. err)
        support.contains(out, "its Job c-node-0:")
        code, out, err = with("apply", folder .. "/plan.json", "--dry-run")
        assert.are.equal(0, code, out .. err)
        assert.are.equal(0, (mpijobd("apply", folder .. "/plan.json", "--state", folder .. "/applied.db", "--kubeconfig", server.kubeconfig)))
        code, out, err = mpijobd("journal", "--state", folder .. "/applied.db", "-o", "json")
        assert.are.equal(0, code, err)
        support.contains(support.json.decode(out)[1].why, "the whole set fails (FailedJobs)") -- as the plan knew, which had read the JobSet
        assert.are.equal(0, (mpijobd("undo", "1", "--state", folder .. "/applied.db", "--kubeconfig", server.kubeconfig)))
        code, out, err = with("run", "--once", file)
        assert.are.equal(0, code, out .. err)
        support.contains(err, "its Job c-node-0:")
        assert.are.equal(43200, deadline("Job", "c-node-0"))
        assert.is_nil(deadline("TrainJob", "c"))
        code, out, err = mpijobd("journal", "--state", state, "-o", "json")
        assert.are.equal(0, code, err)
        local rows = support.json.decode(out)
        assert.are.equal(1, #rows)
        assert.are.same({ "patch", "jobs.batch", "c-node-0", "done", "destructive" }, { rows[1].verb, rows[1].resource, rows[1].name, rows[1].outcome, rows[1].effect })
        code, out, err = with("undo", "1")
        assert.are.equal(0, code, out .. err)
        assert.is_nil(out:find("does not come back", 1, true), out) -- the deadline is still ahead
        assert.is_nil(deadline("Job", "c-node-0"))
        code, out, err = with("apply", folder .. "/plan.json")
        assert.are.equal(1, code, out .. err) -- the Job has another version by now
        support.contains(out, "its child: it was changed since the plan was made")
    end)
end

describe("through a child, on the simulator,", function()
    tests(function()
        local sim = simulator.start("--version", "v2beta1", "--kinds")
        sim:make_namespace "train"
        return sim, "train"
    end)
end)

describe("through a child, what is shown:", function()
    local server, folder
    before_each(function()
        server = simulator.start("--version", "v2beta1", "--kinds")
        server:make_namespace "train"
        folder = support.folder()
    end)
    after_each(support.cleanup)

    it("why says of what has ended that it has", function()
        make_train(server, "train", "e", nil, kinds.condition "Complete")
        local file = support.write(folder .. "/p.lua", [[policy { name = "cap", kind = "TrainJob", every = "10m", destructive = true, through_child = true,
            replace = { activeDeadlineSeconds = "12h" } }]])
        local code, out, err = support.mpijobd("why", "cap", "train/e", file, "--kubeconfig", server.kubeconfig)
        assert.are.equal(0, code, out .. err)
        support.contains(out, "matches, and has ended, and none of its Jobs runs any more")
        support.contains(out, "would change nothing: it has ended, and none of its Jobs runs any more\n")
    end)

    it("get has the deadline of a Job and of a TrainJob", function()
        kinds.create(server, "train", "Job", "j", { activeDeadlineSeconds = 43200 })
        local code, out, err = support.mpijobd("get", "jobs,trainjobs", "-n", "train", "--kubeconfig", server.kubeconfig)
        assert.are.equal(0, code, out .. err)
        assert.is_truthy(out:find("j%s[^\n]*%s12h%s"), out)
    end)
end)

describe("through a child, in a spec,", function()
    after_each(support.cleanup)

    it("a change is the job's, which is found by its policy's kind or by a kind that is named", function()
        local folder = support.folder()
        for _, name in ipairs { "cap-trainjobs.lua", "cap-trainjobs_jobs.yaml" } do
            support.write(folder .. "/" .. name, support.read(support.source .. "/lua/policies/kinds/" .. name))
        end
        support.write(folder .. "/cap-trainjobs_spec.lua", [[
            it("is seen", function()
                cluster.load "cap-trainjobs_jobs.yaml"
                assert.are.equal("acts", why("train/capped").verdict)
                assert.are.equal("acts", why("trainjob/train/capped", "cap-trainjobs").verdict)
                assert.has_error(function() why "jobset/train/other" end, "why: there is no such job in the cluster")
                assert.is_not.replaced "train/capped"
                policy.run "cap-trainjobs"
                for _, job in ipairs { "train/capped", "trainjob/train/capped" } do
                    assert.replaced(job, { activeDeadlineSeconds = 43200 })
                    assert.is_not.replaced(job, { activeDeadlineSeconds = 1 })
                end
                assert.untouched "jobset/train/capped"
            end)
            it("is told", function()
                cluster.load "cap-trainjobs_jobs.yaml"
                assert.replaced "train/capped"
            end)]])
        local code, out, err = support.mpijobd("test", folder)
        assert.are.equal(1, code, out .. err)
        support.contains(out, "1 success / 1 failure / 0 errors")
        support.contains(out, "cap-trainjobs.lua:9), train/capped: acts")
    end)
end)

describe("through a child, with a policy of all its kinds,", function()
    local server, folder, file
    local ALL <const> = [[policy { name = "cap", kind = { "MPIJob", "TrainJob", "JobSet" }, every = "10m", destructive = true, %s
        replace = { activeDeadlineSeconds = 43200 }, through_child = true }]]
    before_each(function()
        server = simulator.start("--version", "v2beta1", "--kinds")
        server:make_namespace "train"
        folder = support.folder()
        make_train(server, "train", "one")
        make_train(server, "train", "two")
        make_set(server, "train", "own")
        file = support.write(folder .. "/p.lua", ALL:format "limits = { changes = 3 },")
    end)
    after_each(support.cleanup)

    local function with(command, ...)
        return support.mpijobd(command, "--state", folder .. "/s.db", "--kubeconfig", server.kubeconfig, ...)
    end

    it("changes each Job once, as the JobSet of a TrainJob is a part of it", function()
        local code, out, err = support.mpijobd("plan", file, "--kubeconfig", server.kubeconfig, "--out", folder .. "/plan.json")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "its Job one-node-0:")
        support.contains(out, "its Job own-node-0:")
        local lines = select(2, out:gsub("its Job ", ""))
        assert.are.equal(3, lines, out)
        code, out, err = with("apply", folder .. "/plan.json")
        assert.are.equal(0, code, out .. err)
        for _, name in ipairs { "one", "two", "own" } do
            assert.are.equal(43200, kinds.object(server, "train", "Job", name .. "-node-0").spec.activeDeadlineSeconds)
        end
    end)

    it("a daemon that waits for jobs changes each Job once", function()
        local text = ALL:format(""):gsub('every = "10m"', 'on = "match"')
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", support.write(folder .. "/on.lua", text))
        support.proc.await(function() -- its runs may be one or more
            local ok = true
            for _, name in ipairs { "one", "two", "own" } do
                ok = ok and kinds.object(server, "train", "Job", name .. "-node-0").spec.activeDeadlineSeconds == 43200
            end
            return ok
        end)
        assert.are.equal(0, (daemon:stop()))
        assert.are.equal(3, #server:requests("method=PATCH"))
        assert.is_nil(daemon.stderr:find("job=train/one kind=JobSet", 1, true))
    end)

    it("asks an approver about each Job once, and does what was approved", function()
        local asks = support.write(folder .. "/asks.lua", (ALL:format 'approval = { when = "always" },':gsub('every = "10m"', 'every = "1s"')))
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", asks)
        daemon:expect "waits for approval: 3 changes, 3 destructive, 0 inert"
        local code, out, err = support.mpijobd("approve", "--state", folder .. "/s.db", "1")
        assert.are.equal(0, code, out .. err)
        daemon:expect "changed=3 unchanged=0 failed=0"
        assert.are.equal(0, (daemon:stop()))
    end)

    it("runs within the limit of as many changes, tells no other, and why says what it passes over", function()
        local code, out, err = with("run", "--once", file)
        assert.are.equal(0, code, out .. err)
        support.contains(err, "changed=3")
        assert.are.equal(3, (select(2, err:gsub("its Job ", ""))), err)
        code, out, err = support.mpijobd("why", "cap", "jobset/train/one", file, "--kubeconfig", server.kubeconfig)
        assert.are.equal(0, code, out .. err)
        support.contains(out, "a part of the TrainJob one, which this policy is about")
        local sets = support.write(folder .. "/sets.lua", ALL:gsub("{ \"MPI.-}", '"JobSet"'):format "")
        code, out, err = support.mpijobd("plan", sets, "--kubeconfig", server.kubeconfig)
        assert.are.equal(0, code, out .. err)
        support.contains(out, "3 as they should be") -- a policy on JobSets alone is about those, too
    end)
end)

describe("through a child, on a simulator that plays the controllers,", function()
    after_each(support.cleanup)

    local function make_live(server, kind, more)
        server:make_namespace "train"
        kind = kind or "TrainJob"
        local spec = kinds.SPECS[kind]()
        for key, value in pairs(more or {}) do
            spec[key] = value
        end
        local status, answer = kinds.request(server, "POST", kinds.path("train", kind), { apiVersion = kinds.PATHS[kind][1], kind = kind,
            metadata = { name = "t", annotations = { ["mpijob-sim/parts"] = "yes" } }, spec = spec })
        assert.are.equal(201, status, answer)
    end

    it("a deadline that has passed is waited for", function()
        local server = simulator.start("--version", "v2beta1", "--kueue")
        make_live(server)
        local folder = support.folder()
        local file = support.write(folder .. "/p.lua", [[policy { name = "cap", kind = "TrainJob", every = "1h", destructive = true, wait_effect = "30s",
            through_child = true, replace = { activeDeadlineSeconds = 1 } }]])
        support.proc.await(function() -- its Job is made, and has begun
            local status, job = kinds.request(server, "GET", kinds.path("train", "Job", "t-node-0"))
            return status == 200 and job.status and job.status.startTime
        end)
        local code, out, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", file)
        assert.are.equal(0, code, out .. err)
        support.contains(err, "it has failed")
        support.contains(err, "effect_seen=")
        code, out, err = support.mpijobd("undo", "1", "--dry-run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "does not come back: what the run did to jobs train/t-node-0 (")
    end)

    it("a set with restarts left begins again, and its new Job has no deadline; the next time it fails", function()
        local server = simulator.start("--version", "v2beta1", "--kueue", "--clock", "stepped")
        make_live(server, "JobSet", { failurePolicy = { maxRestarts = 1 } })
        server:request("POST", "/_sim/clock", '{"advance":"1m"}')
        local function cap()
            local code, out, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", "train", "jobset/t", "activeDeadlineSeconds=2h", "--through-child", "--destructive")
            assert.are.equal(0, code, err)
            return out
        end
        support.contains(cap(), "the whole set begins again from the beginning")
        local before = kinds.object(server, "train", "Job", "t-worker-0")
        assert.are.equal(7200, before.spec.activeDeadlineSeconds)
        server:request("POST", "/_sim/clock", '{"advance":"3h"}')
        local after, set = kinds.object(server, "train", "Job", "t-worker-0"), kinds.object(server, "train", "JobSet", "t")
        assert.are_not.equal(before.metadata.uid, after.metadata.uid)
        assert.is_nil(after.spec.activeDeadlineSeconds)
        assert.are.same({ 1, nil }, { set.status.restarts, set.status.terminalState })
        support.contains(cap(), "the whole set fails (FailedJobs)")
        server:request("POST", "/_sim/clock", '{"advance":"3h"}')
        assert.are.equal("Failed", kinds.object(server, "train", "JobSet", "t").status.terminalState)
        -- Only the failed Job stays: the set's controller deletes those that still run.
        assert.are.equal("Failed", kinds.object(server, "train", "Job", "t-worker-0").status.conditions[1].type)
        assert.are.equal(404, (kinds.request(server, "GET", kinds.path("train", "Job", "t-worker-1"))))
    end)

    it("a deadline fails the TrainJob, and its JobSet stays", function()
        local server = simulator.start("--version", "v2beta1", "--kueue", "--clock", "stepped")
        make_live(server)
        server:request("POST", "/_sim/clock", '{"advance":"1m"}')
        local args = { "replace", "--kubeconfig", server.kubeconfig, "-n", "train", "trainjob/t", "activeDeadlineSeconds=2h", "--through-child", "--destructive" }
        local code, out, err = support.mpijobd(table.unpack(args))
        assert.are.equal(0, code, err)
        support.contains(out, "the whole set fails (FailedJobs)")
        server:request("POST", "/_sim/clock", '{"advance":"3h"}')
        local job, set = kinds.object(server, "train", "TrainJob", "t"), kinds.object(server, "train", "JobSet", "t")
        local last = job.status.conditions[#job.status.conditions]
        assert.are.same({ "Failed", "True", "FailedJobs" }, { last.type, last.status, last.reason })
        assert.are.equal("Failed", set.status.terminalState or set.status.conditions[#set.status.conditions].type)
        code, out = support.mpijobd(table.unpack(args))
        assert.are.equal(0, code)
        support.contains(out, "it has ended, and none of its Jobs runs any more; nothing was sent")
    end)
end)

describe("through a child", function()
    local server, folder
    before_each(function()
        server = simulator.start("--version", "v2beta1", "--kinds")
        server:make_namespace "train"
        folder = support.folder()
        make_train(server, "train", "t")
    end)
    after_each(support.cleanup)

    local function replace(...)
        return support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", "train", "trainjob/t", "activeDeadlineSeconds=2h", "--through-child", "--destructive", ...)
    end
    local function deadline()
        return kinds.object(server, "train", "Job", "t-node-0").spec.activeDeadlineSeconds
    end

    it("looks again after a conflict, and whether it was done after a lost answer", function()
        for _, fault in ipairs { { fault = "conflict", count = 2 }, { fault = "reset-after", count = 1 }, { fault = "reset-before", count = 1 } } do
            fault.method = "PATCH"
            server:fault(fault)
            local code, _, err = replace()
            assert.are.equal(0, code, err)
            assert.are.equal(7200, deadline())
            assert.are.equal(0, (support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", "train", "trainjob/t", "activeDeadlineSeconds-", "--through-child")))
            assert.is_nil(deadline())
        end
    end)

    it("says what was changed, and what is not allowed", function()
        server:fault { fault = "forbidden", method = "PATCH", count = 1 }
        local code, _, err = replace "labels.capped=yes"
        assert.are.equal(1, code)
        support.contains(err, "train/t: the TrainJob was changed, its Job t-node-0 was not")
        for _, path in ipairs { "*/jobsets/t", "*/namespaces/train/jobs" } do
            server:fault { fault = "forbidden", method = "GET", path = path, count = 1 }
            code, _, err = replace()
            assert.are.equal(1, code)
            support.contains(err, "train/t: its Job: reading it is not allowed (through_child needs get, list and patch on jobs.batch, and get on jobsets.jobset.x-k8s.io; mpijobd rbac has the rules)")
        end
        assert.is_nil(deadline())
    end)

    it("is one policy for TrainJobs, JobSets and MPIJobs, as the reference has it", function()
        local page = support.read(support.source .. "/docs/reference/kinds.md")
        local file = support.write(folder .. "/twelve.lua", page:match '\n```lua\n(policy {\n    name = "twelve%-hours".-)```\n')
        local status = { replicatedJobsStatus = { { name = "node", ready = 1, succeeded = 0, failed = 0, active = 1, suspended = 0 } } }
        make_set(server, "train", "s", nil, nil, status)
        kinds.create(server, "train", "MPIJob", "m", nil, nil, kinds.condition "Running")
        local code, out, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", file)
        assert.are.equal(0, code, out .. err)
        assert.are.equal(43200, deadline())
        assert.are.equal(43200, kinds.object(server, "train", "Job", "s-node-0").spec.activeDeadlineSeconds)
        assert.is_nil(kinds.object(server, "train", "TrainJob", "t").spec.activeDeadlineSeconds)
        assert.are.equal(43200, kinds.object(server, "train", "MPIJob", "m").spec.runPolicy.activeDeadlineSeconds)
    end)

    local function check(text)
        local code, out, err = support.mpijobd("check", support.write(folder .. "/p.lua", text))
        assert.are.equal(1, code, out .. err)
        return out .. err
    end

    it("is refused of kinds without a child when a policy is loaded", function()
        local rest = [[every = "1h", through_child = true, replace = { activeDeadlineSeconds = "2h" } }]]
        support.contains(check([[policy { name = "a", kind = "Job", ]] .. rest),
            "through_child is not for Jobs, which have no child that a change could go through: leave it out, and their own fields are changed")
        support.contains(check([[policy { name = "a", kind = { "MPIJob", "Job", "TrainJob", "TFJob" }, ]] .. rest),
            "through_child is not for Jobs and TFJobs, which have no child that a change could go through: take them out of `kind`, and write a policy of their own for them")
        support.contains(check [[policy { name = "a", kind = "TrainJob", every = "1h", through_launcher = true, replace = { activeDeadlineSeconds = "2h" } }]],
            "through_launcher is for MPIJobs only: a TrainJob has no launcher; through_child = true goes through one of its Jobs")
        support.contains(check [[policy { name = "a", kind = "TrainJob", every = "1h", through_child = "yes", replace = { activeDeadlineSeconds = "2h" } }]], "through_child is the string \"yes\"; it has to be true or false")
        support.contains(check [[policy { name = "a", kind = { "TrainJob", "JobSet" }, every = "1h", through_child = true, replace = { suspend = true } }]],
            "through_child has nothing to go through: a child has activeDeadlineSeconds, backoffLimit, and of an MPIJob ttlSecondsAfterFinished, and `replace` changes none of them that is its kind's")
        for flag, text in pairs { ["--through-child"] = "--through-child is not for a Job, which has no child", ["--through-launcher"] = "--through-launcher is not for a Job, which has no launcher" } do
            local code, _, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "job/t", "activeDeadlineSeconds=1h", flag)
            assert.are.equal(2, code)
            support.contains(err, text)
        end
    end)

    it("is a permission of its own", function()
        local file = support.write(folder .. "/p.lua", [[policy { name = "a", kind = { "TrainJob", "JobSet" }, every = "1h", events = false, through_child = true, replace = { activeDeadlineSeconds = "2h" } }]])
        local code, out, err = support.mpijobd("rbac", file, "-o", "json")
        assert.are.equal(0, code, err)
        local rules = {}
        for _, rule in ipairs(support.json.decode(out).items[1].rules) do
            rules[rule.resources[1]] = table.concat(rule.verbs, " ")
        end
        assert.are.same({ trainjobs = "get list update", jobsets = "get list update", jobs = "get list patch" }, rules)
        local by_hand = support.write(folder .. "/q.lua", [[policy { name = "b", every = "1h", run = function()
            for job in trainjob.list() do trainjob.replace(job, { activeDeadlineSeconds = "2h" }, { through_child = true, destructive = true }) end end }]])
        code, out, err = support.mpijobd("rbac", by_hand, "-o", "json")
        assert.are.equal(0, code, err)
        rules = {}
        for _, rule in ipairs(support.json.decode(out).items[1].rules) do
            rules[rule.resources[1]] = table.concat(rule.verbs, " ")
        end
        assert.are.same({ trainjobs = "get list update", jobsets = "get", jobs = "get list patch", events = "create patch" }, rules)
        code, out = support.mpijobd("doctor", "--kubeconfig", server.kubeconfig, "--state", folder .. "/doctor.db", file)
        assert.are.equal(0, code, out)
        support.contains(out, "may get, list, patch jobs.batch")
    end)

    it("is an option of Lua, whose result has the child's differences", function()
        local file = support.write(folder .. "/p.lua", [[policy { name = "a", every = "1h", destructive = true, run = function()
            local result = assert(trainjob.replace("train/t", { activeDeadlineSeconds = "2h" }, { through_child = true }))
            log.info("told", { path = result.child[1].path, own = #result.diff, launcher = result.launcher == nil })
            for _, call in ipairs { function() batchjob.replace("train/t-node-0", { activeDeadlineSeconds = 60 }, { through_child = true }) end,
                function() trainjob.replace("train/t", { activeDeadlineSeconds = 60 }, { through_launcher = true }) end } do
                local _, err = pcall(call)
                log.info("refused", { why = tostring(err) })
            end
        end }]])
        local code, out, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", file)
        assert.are.equal(0, code, out .. err)
        support.contains(err, "path=/spec/activeDeadlineSeconds")
        support.contains(err, "batchjob.replace: through_child is not for a Job, which has no child that a change could go through")
        support.contains(err, "trainjob.replace: through_launcher is for MPIJobs only: a TrainJob has no launcher")
        assert.are.equal(7200, deadline())
    end)

    it("is done once by a policy that waits for jobs, and waited for", function()
        local file = support.write(folder .. "/p.lua", [[policy { name = "cap", kind = "TrainJob", on = "match", match = { phase = "Running" }, destructive = true,
            through_child = true, replace = { activeDeadlineSeconds = "2h" } }]])
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", file)
        daemon:expect("run ended")
        assert.are.equal(7200, deadline())
        support.contains(daemon.stderr, "changed=1")
        assert.are.equal(0, (daemon:stop()))
        server:forget_requests()
        daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", file)
        daemon:expect("1 policy in force")
        make_train(server, "train", "second")
        daemon:expect("its Job second-node-0:")
        assert.are.equal(0, (daemon:stop()))
        assert.are.equal(1, #server:requests("method=PATCH"))
    end)
end)

if cluster.real then
    describe("through a child on a real server #cluster", function()
        tests(function()
            local server = cluster.start(cluster.versions[4])
            local namespace = server:namespace()
            kinds.serve(server, namespace)
            return server, namespace
        end)
    end)
end
