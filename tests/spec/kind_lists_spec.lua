-- SPDX-License-Identifier: Apache-2.0
-- Policies that are about several kinds at once: `kind = { "MPIJob", "TrainJob", "JobSet" }`; on the simulator, and on a
-- real API server with their definitions.
local support = require "support"
local cluster = require "support.cluster"
local kinds = require "support.kinds"

local function tests(it_simulated)
    local server, folder

    -- Without "--kinds" the server has MPIJobs and Jobs only.
    local function serve(...)
        server = cluster.start(cluster.versions[4], ...)
        kinds.serve(server, "train")
        folder = support.folder()
        support.uv.fs_mkdir(folder .. "/policies", 448)
    end
    after_each(support.cleanup)

    local function create(...)
        return kinds.create(server, "train", ...)
    end

    local function label(kind, name, key)
        local labels = kinds.object(server, "train", kind, name).metadata.labels
        return labels and labels[key]
    end

    local function policy(text)
        support.write(folder .. "/policies/p.lua", text)
    end

    local function mpijobd(command, ...)
        return support.mpijobd(command, "--kubeconfig", server.kubeconfig, ...)
    end

    local function once(...)
        os.remove(folder .. "/state.db")
        return mpijobd("run", "--once", "--state", folder .. "/state.db", folder .. "/policies", ...)
    end

    local function start(...)
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--grace", "1s",
            "--control", folder .. "/control", folder .. "/policies", ...)
        daemon:expect(" in force")
        return daemon
    end

    local function stop(daemon)
        daemon:kill "sigterm"
        daemon:wait()
    end

    it("is checked at load, and what not all kinds have is told with the cure", function()
        serve "--kinds"
        policy [[
policy { name = "a", kind = { "MPIJob", "TrainJob", "JobSet" }, every = "1h", replace = { activeDeadlineSeconds = "2h" } }
policy { name = "b", kind = { "MPIJob", "JobSet" }, every = "1h", replace = { ttlSecondsAfterFinished = "1d", cleanPodPolicy = "All" } }
policy { name = "c", kind = {}, every = "1h", replace = { suspend = true } }
policy { name = "d", kind = { "JobSet", "JobSet" }, every = "1h", replace = { suspend = true } }
policy { name = "e", kind = { "JobSet", "JobSte" }, every = "1h", replace = { suspend = true } }
policy { name = "f", kind = { one = "JobSet" }, every = "1h", replace = { suspend = true } }
policy { name = "g", kind = { "MPIJob", "JobSet" }, every = "1h", through_launcher = true, replace = { suspend = true } }
policy { name = "h", kind = { "Job", "TrainJob" }, every = "1h", replace = { activeDeadlineSeconds = 0 } }
policy { name = "i", kind = { "Job", "TrainJob" }, every = "1h", match = { cleanPodPolicy = "All" }, replace = { suspend = true } }
policy { name = "j", kind = { "Job", 3 }, every = "1h", replace = { suspend = true } }
policy { name = "k", kind = { "Job", "TrainJob" }, every = "1h", replace = { nothing = true } }
]]
        local code, out, err = support.mpijobd("check", folder .. "/policies")
        assert.are.equal(1, code, out .. err)
        for _, text in ipairs {
            'policy "a": replace.activeDeadlineSeconds is a field of MPIJobs and TrainJobs, and JobSets have none that can be replaced: '
                .. "take them out of `kind`, and write a policy of their own for them without it, or say through_child = true, which changes a child Job\n",
            'policy "b": replace.cleanPodPolicy is a field of MPIJobs, and JobSets have none that can be replaced: '
                .. "take them out of `kind`, and write a policy of their own for them without it\n",
            'policy "c": kind is an empty list', 'policy "d": kind has JobSet twice', 'policy "e": kind', 'did you mean',
            'policy "f": kind is a table with other keys', 'policy "g": through_launcher is for MPIJobs only: a JobSet has no launcher',
            'policy "h": replace.activeDeadlineSeconds must be from 1 to 2147483647, not 0 (of TrainJobs)', 'policy "i": match.cleanPodPolicy', 'policy "j": kind is the number 3',
            'policy "k": replace.nothing',
        } do
            support.contains(out .. err, text)
        end
    end)

    it("sweeps all of them in one run, with one limit over all", function()
        serve "--kinds"
        for _, kind in ipairs { "MPIJob", "TrainJob", "JobSet" } do
            for i = 1, 2 do
                create(kind, "s-" .. i, nil, { team = "s" })
            end
        end
        create("Job", "s-1", nil, { team = "s" })
        policy [[
policy { name = "seen", kind = { "MPIJob", "TrainJob", "JobSet" }, every = "1h", match = { labels = "team=s" }, replace = { labels = { seen = "yes" } } }
policy { name = "few", kind = { "TrainJob", "JobSet" }, every = "1h", match = { labels = "team=s" }, replace = { labels = { few = "yes" } }, limits = { changes = 3 } }
policy { name = "share", kind = { "TrainJob", "JobSet" }, every = "1h", match = { labels = "team=s", name = "s-1" }, replace = { labels = { share = "yes" } },
    limits = { percent = 50, percent_floor = 0 } }
policy { name = "by-function", kind = { "TrainJob", "JobSet" }, every = "1h", match = { labels = "team=s" },
    replace = function(job) return { annotations = { ["example.com/kind"] = job.kind } } end }
policy { name = "asks", kind = { "TrainJob", "JobSet" }, every = "1h", match = { labels = "team=s" }, run = function(run)
    assert(why("jobset/train/s-1", "few").job == "train/s-1")
    local none, err = why("train/s-1", "few")
    assert(none == nil and err.message:find("say which one, as in trainjob/train/s-1", 1, true), tostring(err))
    assert(not pcall(why, "mpijob/train/s-1", "few"))
    local found = {}
    for job in run.jobs do
        found[#found + 1] = job.kind .. " " .. job.key
    end
    log.info(table.concat(found, ", "))
end }
]]
        local code, out, err = once()
        assert.are.equal(4, code, out .. err) -- one is over its limit
        support.contains(err, "run ended policy=seen outcome=done changed=6 unchanged=0 failed=0")
        support.contains(err, "run ended policy=few outcome=limited changed=0")
        support.contains(err, "run ended policy=share outcome=done changed=2")
        support.contains(err, "run ended policy=by-function outcome=done changed=4")
        support.contains(err, "TrainJob train/s-1, TrainJob train/s-2, JobSet train/s-1, JobSet train/s-2")
        for _, kind in ipairs { "MPIJob", "TrainJob", "JobSet" } do
            assert.are.equal("yes", label(kind, "s-2", "seen"))
        end
        assert.is_nil(label("Job", "s-1", "seen"))
        assert.are.equal("TrainJob", kinds.object(server, "train", "TrainJob", "s-1").metadata.annotations["example.com/kind"])
        code, out, err = support.mpijobd("journal", "--state", folder .. "/state.db", "-o", "json")
        assert.are.equal(0, code, err)
        support.contains(out, '"trainjobs.trainer.kubeflow.org"')
        support.contains(out, '"jobsets.jobset.x-k8s.io"')
        -- by kind: what a run has changed is put back
        code, out, err = mpijobd("undo", "1", "--state", folder .. "/state.db")
        assert.are.equal(0, code, out .. err)
        for _, kind in ipairs { "MPIJob", "TrainJob", "JobSet" } do
            assert.is_nil(label(kind, "s-1", "seen"))
        end
    end)

    it("acts on the events of each, one run at a time, and remembers what it has handled of each", function()
        serve "--kinds"
        create("TrainJob", "e-1", nil, { team = "e" })
        create("JobSet", "e-1", nil, { team = "e" })
        create("JobSet", "e-2", nil, { team = "e" })
        policy [[
policy { name = "met", kind = { "MPIJob", "TrainJob", "JobSet" }, on = "match", match = { labels = "team=e" }, replace = { labels = { met = "yes" } } }
policy { name = "new", kind = { "TrainJob", "JobSet" }, on = "added", match = { labels = "team=e" }, replace = { labels = { new = "yes" } } }
]]
        local daemon = start()
        for _ = 1, 3 do
            daemon:expect "replaced policy=met"
        end
        daemon:expect "kind=JobSet"
        create("TrainJob", "e-3", nil, { team = "e" })
        daemon:expect "replaced policy=new job=train/e-3 kind=TrainJob"
        create("MPIJob", "e-3", nil, { team = "e" })
        daemon:expect "replaced policy=met job=train/e-3 kind=MPIJob"
        local code, out, err = support.mpijobd("status", "--control", folder .. "/control")
        assert.are.equal(0, code, err)
        assert.is_truthy(out:find "met +", out)
        for _, kind in ipairs { "MPIJob", "TrainJob", "JobSet" } do -- two policies, and nothing is listed twice
            local path = ("/apis/%s/%s"):format(kinds.PATHS[kind][1], kinds.PATHS[kind][2])
            local asked = server.sim and server.sim:requests("method=GET&path=" .. path)
            assert.are.equal(1, asked and #asked or 1, kind)
        end
        -- a bare name that two kinds have is ambiguous
        code, out, err = support.mpijobd("trigger", "met", "train/e-1", "--control", folder .. "/control")
        assert.are_not.equal(0, code, out .. err)
        support.contains(out .. err, "train/e-1 is a TrainJob and a JobSet; say which one, as in trainjob/train/e-1")
        code, out, err = support.mpijobd("trigger", "met", "jobset/e-1", "-n", "train", "--control", folder .. "/control")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "1 as they should be")
        code, out, err = support.mpijobd("trigger", "met", "train/e-2", "--control", folder .. "/control")
        assert.are.equal(0, code, out .. err)
        code, out, err = support.mpijobd("trigger", "met", "batchjob/train/e-2", "--control", folder .. "/control")
        assert.are_not.equal(0, code, out .. err)
        support.contains(out .. err, 'policy "met" is not about Jobs')
        code, out, err = support.mpijobd("trigger", "met", "train/e-9", "--control", folder .. "/control")
        assert.are_not.equal(0, code, out .. err)
        support.contains(out .. err, 'there is no job "e-9" in namespace "train" among the MPIJobs, TrainJobs and JobSets')
        code, out, err = support.mpijobd("why", "met", "jobset/train/e-1", "--control", folder .. "/control")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "it was handled already")
        code, out, err = support.mpijobd("why", "met", "train/e-1", "--control", folder .. "/control")
        assert.are_not.equal(0, code, out .. err)
        support.contains(out .. err, "say which one")
        stop(daemon)
        -- What was handled stays so, of each kind, and the rows of what has gone go.
        assert.are.equal("5", support.sql(folder .. "/s.db", "SELECT count(*) FROM handled WHERE policy LIKE 'met%'"))
        kinds.request(server, "DELETE", kinds.path("train", "JobSet", "e-2"))
        daemon = start()
        create("JobSet", "e-4", nil, { team = "e" })
        daemon:expect "replaced policy=new job=train/e-4 kind=JobSet"
        daemon:expect "replaced policy=met job=train/e-4 kind=JobSet"
        support.lacks(daemon.stderr, "job=train/e-1")
        support.lacks(daemon.stderr, "job=train/e-3")
        stop(daemon)
        assert.are.equal("5", support.sql(folder .. "/s.db", "SELECT count(*) FROM handled WHERE policy LIKE 'met%'"))
    end)

    it_simulated("works on the kinds that the server has, and says once that it lacks the others", function()
        serve()
        create("MPIJob", "m-1", nil, { team = "m" })
        policy [[
policy { name = "sweep", kind = { "JobSet", "MPIJob", "TrainJob" }, every = "1h", match = { labels = "team=m" }, replace = { labels = { sweep = "yes" } } }
policy { name = "again", kind = { "JobSet", "MPIJob" }, every = "1h", match = { labels = "team=m" }, replace = { labels = { again = "yes" } } }
policy { name = "none", kind = { "JobSet", "TrainJob" }, every = "1h", match = { labels = "team=m" }, replace = { labels = { none = "yes" } } }
]]
        local code, out, err = once()
        support.contains(err, "run ended policy=sweep outcome=done changed=1")
        support.contains(err, "run ended policy=again outcome=done changed=1")
        support.contains(err, "run ended policy=none outcome=failed")
        assert.are_not.equal(0, code, out)
        assert.are.equal(2, support.count(err, "the server does not have a kind of a policy, which acts on its others"), err)
        policy [[
policy { name = "met", kind = { "MPIJob", "JobSet" }, on = "match", match = { labels = "team=m" }, replace = { labels = { met = "yes" } } }
]]
        local daemon = start()
        daemon:expect "replaced policy=met job=train/m-1 kind=MPIJob"
        code, out, err = support.mpijobd("status", "--control", folder .. "/control")
        assert.are.equal(0, code, out .. err)
        stop(daemon)
        assert.are.equal(1, support.count(daemon.stderr, "jobs cannot be listed"), daemon.stderr)
    end)

    it_simulated("is not well where the server has none of its kinds, and names only those that are blind", function()
        serve()
        create("MPIJob", "m-1", nil, { team = "m" })
        policy [[
policy { name = "list", kind = { "MPIJob", "TrainJob" }, on = "match", match = { labels = "team=m" }, replace = { labels = { list = "yes" } } }
policy { name = "only", kind = { "TrainJob", "JobSet" }, on = "match", match = { labels = "team=m" }, replace = { labels = { only = "yes" } } }
]]
        local code, out, err = once()
        assert.are.equal(1, code, out .. err)
        support.contains(out, "1 of the runs failed (see the log)")
        local daemon = start("--listen", "127.0.0.1:0")
        local port = daemon:expect("metrics and health are served"):match "127%.0%.0%.1:(%d+)"
        local blind
        assert.is_truthy(support.proc.await(function()
            out = select(2, support.mpijobd("status", "--control", folder .. "/control"))
            blind = select(2, out:gsub("%[%-%] [^\n]+s in all namespaces [^\n]+; blind there: only\n", ""))
            return blind == 2
        end), out)
        support.contains(out, "[+] MPIJobs in all namespaces")
        local text, status = require("socket.http").request("http://127.0.0.1:" .. port .. "/readyz?verbose")
        assert.are.equal(503, status, text)
        stop(daemon)
        code, out, err = mpijobd("doctor", folder .. "/policies")
        assert.are.equal(1, code, out .. err)
        support.contains(out, "the server does not have TrainJobs: no trainer.kubeflow.org v1alpha1")
        support.contains(out, "policy only can act on nothing: the server has none of its kinds")
        support.lacks(out, "policy list can")
    end)

    it("is planned, explained, allowed and looked at as each kind is", function()
        serve "--kinds"
        create("TrainJob", "p-1", { activeDeadlineSeconds = 3600 }, { team = "p" })
        create("MPIJob", "p-1", nil, { team = "p" })
        create("JobSet", "p-2", nil, { team = "p" })
        policy [[
policy { name = "stop", kind = { "MPIJob", "TrainJob", "JobSet" }, on = "match", match = { labels = "team=p" }, replace = { suspend = true }, destructive = true }
]]
        local code, out, err = mpijobd("plan", folder .. "/policies", "--out", folder .. "/plan.json")
        assert.are.equal(0, code, out .. err)
        for _, text in ipairs { "mpijob", "trainjob", "jobset" } do
            support.contains(out, text)
        end
        code, out, err = mpijobd("apply", folder .. "/plan.json", "--state", folder .. "/apply.db")
        assert.are.equal(0, code, out .. err)
        assert.is_true(kinds.object(server, "train", "TrainJob", "p-1").spec.suspend)
        assert.is_true(kinds.object(server, "train", "JobSet", "p-2").spec.suspend)
        assert.is_true(kinds.object(server, "train", "MPIJob", "p-1").spec.runPolicy.suspend)
        code, out, err = mpijobd("why", "stop", "train/p-2", folder .. "/policies")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "train/p-2")
        code, out, err = mpijobd("why", "stop", "train/p-1", folder .. "/policies")
        assert.are.equal(1, code, out .. err)
        support.contains(err, "train/p-1 is an MPIJob and a TrainJob; say which one, as in mpijob/train/p-1")
        code, out, err = support.mpijobd("rbac", folder .. "/policies")
        assert.are.equal(0, code, err)
        for _, text in ipairs { "- mpijobs", "- trainjobs", "- jobsets", "- trainer.kubeflow.org", "- watch" } do
            support.contains(out, text)
        end
        local _
        _, out, err = mpijobd("doctor", folder .. "/policies")
        support.contains(out .. err, "JobSets of jobset.x-k8s.io are asked for as v1alpha2")
        support.contains(out .. err, "TrainJobs of trainer.kubeflow.org")
        code, out, err = support.mpijobd("next", folder .. "/policies")
        assert.are.equal(0, code, out .. err)
    end)

    it("is reported over kinds without counting what a job has made once more", function()
        serve "--kinds"
        local ended = kinds.condition "Complete"
        local train = create("TrainJob", "r-1", nil, nil, ended)
        local set = create("JobSet", "r-1", nil, nil, kinds.condition "Completed",
            { apiVersion = kinds.PATHS.TrainJob[1], kind = "TrainJob", name = "r-1", uid = train.metadata.uid, controller = true })
        create("Job", "r-1-node-0", nil, nil, kinds.complete_job(),
            { apiVersion = kinds.PATHS.JobSet[1], kind = "JobSet", name = "r-1", uid = set.metadata.uid, controller = true })
        create("JobSet", "r-2", nil, nil, kinds.condition "Failed")
        create("Job", "r-3", nil, nil, kinds.complete_job())
        -- a pod of the TrainJob that is still there, as while it gets its grace period
        local status, answer = kinds.request(server, "POST", "/api/v1/namespaces/train/pods", { apiVersion = "v1", kind = "Pod",
            metadata = { name = "r-1-node-0-0-x", labels = { ["jobset.sigs.k8s.io/jobset-name"] = "r-1", ["batch.kubernetes.io/job-name"] = "r-1-node-0" } },
            spec = { nodeName = "n", containers = { { name = "main", image = "i", resources = { limits = { ["nvidia.com/gpu"] = "3" } } } } } })
        assert.are.equal(201, status, support.json.encode(answer))
        local function report(...)
            local code, out, err = mpijobd("report", "-n", "train", "-o", "json", ...)
            assert.are.equal(0, code, out .. err)
            local told = support.json.decode(out)
            local groups = {}
            for _, group in ipairs(told.groups) do
                groups[#groups + 1] = ("%s %d %d"):format(group.group, group.finished, group.gpus)
            end
            table.sort(groups)
            return table.concat(groups, ", "), told
        end
        local groups, told = report("--kind", "all", "--by", "kind")
        assert.are.equal("Job 1 0, JobSet 1 0, TrainJob 1 3", groups)
        assert.are.equal(3, told.total.gpus)
        support.contains(table.concat(told.notes, "\n"), "2 finished jobs are parts of others in this report")
        assert.are.equal("JobSet 2 3", (report("--kind", "JobSet", "--by", "kind")))
        assert.are.equal("JobSet 2 3, Job 1 0", (report("--kind", "JobSet,jobs.batch", "--by", "kind")):gsub("^(Job 1 0), (.*)$", "%2, %1"))
        -- Without --kind: all that the server has and lets be listed; of Jobs those that ask for GPUs.
        create("Job", "r-cron", { template = kinds.template(0) }, nil, kinds.complete_job())
        assert.are.equal("Job 1 0, JobSet 1 0, TrainJob 1 3", (report "--by=kind"))
        assert.are.equal("Job 2 0, JobSet 1 0, TrainJob 1 3", (report("--by", "kind", "--kind", "all")))
        assert.are.equal("train 3 3", (report()))
        local _, shown = mpijobd("report", "-n", "train")
        support.contains(shown, "\nOver MPIJobs")
        support.contains(shown, "TrainJobs, JobSets and Jobs, of Jobs those that ask for GPUs.\n")
        support.lacks(shown, "not in the report")
        if server.sim then
            server.sim:fault { fault = "forbidden", method = "GET", path = "*/jobsets*", count = 20 }
            groups, told = report "--by=kind"
            assert.are.equal("Job 1 0, TrainJob 1 3", groups)
            support.contains(table.concat(told.notes, "\n"), "JobSets are not in the report, as they cannot be listed: ")
            support.lacks(table.concat(told.kinds, " "), "JobSet")
            server.sim:clear_faults()
            server.sim:fault { fault = "forbidden", method = "GET", path = "*/*jobs*", count = 200 }
            server.sim:fault { fault = "forbidden", method = "GET", path = "*/jobsets*", count = 200 }
            local none, _, why = mpijobd("report", "-n", "train")
            assert.are.equal(1, none)
            support.contains(why, "mpijobd report: ")
            server.sim:clear_faults()
            -- what may not be listed is the owner of nothing in the report
            server.sim:fault { fault = "forbidden", method = "GET", path = "*/trainjobs*", count = 20 }
            groups, told = report "--by=kind"
            assert.are.equal("JobSet 2 3, Job 1 0", (groups:gsub("^(Job 1 0), (.*)$", "%2, %1")))
            support.contains(table.concat(told.notes, "\n"), "1 finished jobs are parts of others in this report")
            server.sim:clear_faults()
        end
        -- nor is an owner that does not match, or that has not ended
        local function labelled(kind, name, value)
            kinds.request(server, "PATCH", kinds.path("train", kind, name), { metadata = { labels = { team = value } } }, "application/merge-patch+json")
        end
        labelled("JobSet", "r-1", "x")
        groups, told = report("--by=kind", "-l", "team=x")
        assert.are.equal("JobSet 1 3", groups)
        support.lacks(table.concat(told.notes, "\n"), "parts of others")
        labelled("TrainJob", "r-1", "x")
        labelled("JobSet", "r-1", "y")
        labelled("Job", "r-1-node-0", "x")
        groups = report("--by=kind", "-l", "team=x")
        assert.are.equal("TrainJob 1 3", groups)
        assert.are.equal("Job 1 0, JobSet 1 0, TrainJob 1 3", (report("--by=kind", "--kind", "jobs.batch,JobSet,TrainJob", "-l", "!none"):gsub("^Job 2", "Job 1")))
        local code, _, err = mpijobd("report", "-A", "--kind", "TrainJob,Job")
        assert.are.equal(2, code)
        support.contains(err, "name JobSet, too")
        code, _, err = mpijobd("report", "-A", "--kind", "TrainJob,JobSte")
        assert.are.equal(2, code)
        support.contains(err, 'did you mean "JobSet"')
    end)
end

describe("A policy about several kinds", function() tests(it) end)
if cluster.real then
    describe("A policy about several kinds on a real server #cluster", function() tests(function() end) end)
end
