-- SPDX-License-Identifier: Apache-2.0
-- What does harm to a TrainJob, a JobSet, a Job, or to one that Kueue manages, is refused without leave, each by its sentence;
-- what the API server would throw away or refuse is not sent.
local support = require "support"
local sim = require "support.sim"
local kinds = require "support.kinds"

local RUNS <const> = { replicatedJobsStatus = { { name = "worker", ready = 2, succeeded = 0, failed = 0, active = 2, suspended = 0 } } }
local STEPS <const> = { jobsStatus = { { name = "node", ready = 1, succeeded = 0, failed = 0, active = 1, suspended = 0 } } }

describe("Of TrainJobs, JobSets and Jobs", function()
    local server, folder

    setup(function()
        server = sim.start("--version", "v2beta1", "--kinds", "--workloads")
        server:request("POST", "/api/v1/namespaces", '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"train"}}')
        folder = support.folder()
        local function create(...)
            kinds.create(server, "train", ...)
        end
        local function owner(kind, name)
            return { apiVersion = kinds.PATHS[kind][1], kind = kind, name = name, uid = "u-" .. name, controller = true }
        end
        local queue = { ["kueue.x-k8s.io/queue-name"] = "gpus" }
        create("JobSet", "set", nil, nil, RUNS)
        create("TrainJob", "train", nil, nil, STEPS)
        create("TrainJob", "failed", nil, nil, kinds.condition "Failed")
        create("JobSet", "failed", nil, nil, { terminalState = "Failed", conditions = kinds.condition("Failed").conditions }, owner("TrainJob", "failed"))
        create("JobSet", "train", nil, nil, RUNS, owner("TrainJob", "train"))
        create("Job", "set-worker-0", nil, { ["jobset.sigs.k8s.io/jobset-name"] = "set" }, { active = 2, ready = 2, startTime = kinds.BEGUN }, owner("JobSet", "set"))
        create("Job", "alone", nil, nil, { active = 2, ready = 2, startTime = kinds.BEGUN })
        create("Job", "queued", nil, queue, { active = 2, ready = 2, startTime = kinds.BEGUN })
        create("TrainJob", "queued", nil, queue, STEPS)
        create("JobSet", "queued", nil, queue, RUNS)
        create("JobSet", "waits", { suspend = true }, queue)
        create("MPIJob", "queued", nil, queue, { startTime = kinds.BEGUN, conditions = kinds.condition("Running").conditions })
    end)
    teardown(support.cleanup)

    -- { kind, name, what is patched ("delete": deleted), words of the sentence }
    local HARM <const> = {
        { "JobSet", "set", [[{ spec = { successPolicy = json.null } }]], "successPolicy" },
        { "TrainJob", "train", [[{ spec = { trainer = json.null } }]], "trainer" },
        { "JobSet", "failed", [[{ spec = { ttlSecondsAfterFinished = 60 } }]], "runs again" },
        { "JobSet", "failed", "delete", "again" },
        { "JobSet", "train", [[{ spec = { ttlSecondsAfterFinished = 60 } }]], "again" },
        { "JobSet", "train", [[{ spec = { suspend = true } }]], "" },
        { "JobSet", "train", "delete", "makes the JobSet again" },
        { "Job", "set-worker-0", [[{ spec = { suspend = true } }]], "" },
        { "Job", "set-worker-0", [[{ spec = { parallelism = 0 } }]], "parallelism" },
        { "Job", "set-worker-0", [[{ spec = { ttlSecondsAfterFinished = 60 } }]], "ttlSecondsAfterFinished" },
        { "Job", "set-worker-0", [[{ spec = { activeDeadlineSeconds = 60 } }]], "activeDeadlineSeconds" },
        { "Job", "set-worker-0", "delete", "makes the Job again" },
        { "JobSet", "set", [[{ spec = { suspend = true } }]], "suspend" },
        { "TrainJob", "train", [[{ spec = { suspend = true } }]], "suspend" },
        { "TrainJob", "train", [[{ spec = { activeDeadlineSeconds = 60 } }]], "JobSet is deleted" },
        { "Job", "alone", [[{ spec = { suspend = true } }]], "suspend" },
        { "Job", "alone", [[{ spec = { parallelism = 0 } }]], "parallelism" },
        { "Job", "alone", [[{ spec = { activeDeadlineSeconds = 0 } }]], "activeDeadlineSeconds" },
        { "Job", "queued", [[{ spec = { suspend = true } }]], "Kueue" },
        { "Job", "queued", [[{ spec = { parallelism = 1 } }]], "Kueue" },
        { "TrainJob", "queued", [[{ spec = { suspend = true } }]], "Kueue" },
        { "JobSet", "queued", [[{ spec = { suspend = true } }]], "Kueue" },
        { "JobSet", "waits", [[{ spec = { suspend = false } }]], "Kueue" },
        { "JobSet", "waits", [[{ metadata = { labels = { ["kueue.x-k8s.io/queue-name"] = json.null } } }]], "its Workload stays" },
        { "MPIJob", "queued", [[{ spec = { runPolicy = { suspend = true } } }]], "Kueue" },
        { "MPIJob", "queued", [[{ spec = { mpiReplicaSpecs = { Worker = { replicas = 1 } } } }]], "Kueue" },
        { "MPIJob", "queued", [[{ spec = { runPolicy = { managedBy = "kueue.x-k8s.io/multikueue" } } }]], "lets go of the job" },
    }
    it("that are MPIJobs of Kueue's have their replicas judged by what Kueue does alone", function()
        support.write(folder .. "/r.lua", [[policy { name = "p", schedule = "0 0 1 1 *", run = function()
            log.info(tostring(select(2, mpijob.patch("train/queued", { spec = { mpiReplicaSpecs = { Worker = { replicas = 1 } } } }))))
        end }]])
        local _, _, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/r.db", folder .. "/r.lua")
        support.contains(err, "Kueue kills all the job's pods when its replicas change")
        support.lacks(err, "no experiment covers")
    end)

    local DROPPED <const> = {
        { "TrainJob", "train", [[{ spec = { ttlSecondsAfterFinished = 60 } }]] },
        { "TrainJob", "train", [[{ spec = { backoffLimit = 1 } }]] },
        { "TrainJob", "train", [[{ spec = { runPolicy = { ttlSecondsAfterFinished = 1 } } }]] },
        { "JobSet", "set", [[{ spec = { activeDeadlineSeconds = 60 } }]] },
    }
    local IMMUTABLE <const> = {
        { "TrainJob", "train", [[{ spec = { runtimeRef = { name = "other" } } }]] },
        { "TrainJob", "train", [[{ spec = { managedBy = "kueue.x-k8s.io/multikueue" } }]] },
        { "JobSet", "set", [[{ spec = { successPolicy = { operator = "Any" } } }]] },
        { "JobSet", "set", [[{ spec = { managedBy = "a.b/c" } }]] },
        { "Job", "alone", [[{ spec = { completionMode = "Indexed" } }]] },
        { "MPIJob", "queued", [[{ metadata = { labels = { ["kueue.x-k8s.io/queue-name"] = "other" } } }]] },
        { "JobSet", "queued", [[{ metadata = { labels = { ["kueue.x-k8s.io/queue-name"] = json.null } } }]] },
        { "Job", "queued", [[{ metadata = { labels = { ["kueue.x-k8s.io/max-exec-time-seconds"] = "60" } } }]] },
    }

    -- What comes of each: a line of the log, "N: reason: message" or "N: may".
    local function try(list, more)
        local lines = {}
        for i, one in ipairs(list) do
            local call = one[3] == "delete" and ('kube.delete(%q, %q, "train/%s", { dry_run = true })'):format(kinds.PATHS[one[1]][1], one[1], one[2])
                or ('kube.patch(%q, %q, "train/%s", %s, { dry_run = true })'):format(kinds.PATHS[one[1]][1], one[1], one[2], one[3])
            lines[i] = ('try(%d, pcall(function() return %s end))'):format(i, call)
        end
        local file = support.write(folder .. "/p.lua", [[
policy { name = "p", schedule = "0 0 1 1 *", ]] .. more .. [[ run = function()
    local function try(i, ok, done, err)
        log.info("try " .. i .. ": " .. (ok and done and "may" or ok and err.reason .. ": " .. tostring(err) or "raised " .. tostring(done)))
    end
]] .. table.concat(lines, "\n") .. "\nend }\n")
        local _, _, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", support.folder() .. "/s.db", file)
        local told = {}
        for number, text in err:gmatch "try (%d+): ([^\n]*)" do
            told[tonumber(number)] = text
        end
        assert.are.equal(#list, #told, err)
        return told
    end
    local function name(one)
        return ("%s %s %s"):format(one[1], one[2], one[3])
    end

    it("what does harm is refused, and done with leave", function()
        local wrong = {}
        for i, text in ipairs(try(HARM, "")) do
            local good = text:find "^Refused: " and text:find("refused, because it", 1, true) and text:find(HARM[i][4], 1, true)
            wrong[#wrong + 1] = not good and name(HARM[i]) .. ": " .. text or nil
        end
        assert.are.equal("", table.concat(wrong, "\n"))
        for i, text in ipairs(try(HARM, "destructive = true,")) do
            local let = not text:find("refused, because it", 1, true)
            wrong[#wrong + 1] = not let and name(HARM[i]) .. ": " .. text or nil
        end
        assert.are.equal("", table.concat(wrong, "\n"))
    end)

    it("what the API server throws away in silence is not sent", function()
        for i, text in ipairs(try(DROPPED, "")) do
            assert.matches("^Dropped: ", text, nil, nil, name(DROPPED[i]))
        end
    end)

    it("what the API server refuses is not sent", function()
        server:forget_requests()
        for i, text in ipairs(try(IMMUTABLE, "")) do
            assert.matches("^Refused: [^\n]*not sent, because the API server would refuse it", text, nil, nil, name(IMMUTABLE[i]))
        end
        assert.are.same({}, server:requests "method=PATCH")
    end)
end)
