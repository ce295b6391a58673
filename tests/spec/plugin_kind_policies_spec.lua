-- SPDX-License-Identifier: Apache-2.0
-- Policies about a kind that a plugin describes: `kind`, `match`, `on` and `replace` as for a kind of mpijobd's own.
local support = require "support"
local simulator = require "support.sim"
local cluster = require "support.cluster"

local JOBS <const> = "/apis/batch/v1/namespaces/train/jobs"
local KINDS <const> = [[
    batchjob = {
        group = "batch", versions = { "v2", "v1" }, kind = "Job", plural = "jobs", about = "Kubernetes' own jobs",
        phase = { Succeeded = "Complete", Failed = "Failed", Suspended = "Suspended", Running = "/status/active" },
        fields = {
            suspend = { at = "/spec/suspend", type = "boolean", effect = { [true] = "destructive", [false] = "effective" } },
            backoff = { at = "/spec/backoffLimit", type = "integer", least = 0, most = 9, effect = "at-finish",
                why = "a pod that fails is started again so often", required = true },
            mode = { at = "/spec/completionMode", type = "string", values = { "NonIndexed", "Indexed" }, when = "once" },
            ttl = { at = "/spec/ttlSecondsAfterFinished", type = "duration", least = 60 },
            workers = { at = "/spec/parallelism", type = "integer", when = "suspended" },
            fixed = { at = "/spec/completions", type = "integer", when = "never" },
            old = { at = { v2 = "/spec/old" }, type = "string" },
            asks = { at = "/spec/activeDeadlineSeconds", type = "integer", effect = function() return "late" end },
        },
    },
    setting = {
        group = "", versions = "v1", kind = "ConfigMap", plural = "configmaps",
        fields = { text = { at = "/data/text", type = "string", effect = "stored" } },
    },
    password = {
        group = "", versions = "v1", kind = "Secret", plural = "secrets",
        fields = { text = { at = "/data/text", type = "string", values = { "bmV3", "bmV3ZXI=" } } },
    },
    space = { group = "", versions = "v1", kind = "Namespace", plural = "namespaces", fields = {} },
]]

describe("a policy about a kind of a plugin", function()
    local folder, sim

    setup(function()
        sim = simulator.start("--version", "v2beta1", "--jobs", "1", "--seed", "1")
        sim:make_namespace "train"
    end)
    teardown(support.cleanup)

    local function write(name, text)
        return support.write(folder .. "/" .. name, text)
    end

    local function plugin(kinds)
        write("plugins/batch/plugin.lua", 'plugin {\n    name = "batch", version = "1.0.0", api = 1,\n    kinds = {\n'
            .. (kinds or KINDS) .. "    },\n}\n")
        write("mpijobd.yaml", "plugins: [ plugins ]\npolicies: [ policies ]\n")
    end

    before_each(function()
        folder = support.folder()
        for _, name in ipairs { "policies", "plugins", "plugins/batch" } do
            support.uv.fs_mkdir(folder .. "/" .. name, 448)
        end
        plugin()
    end)

    local function policy(text)
        return write("policies/p.lua", 'require "batch"\n' .. text)
    end

    local function mpijobd(command, ...)
        return support.mpijobd(command, "--config", folder .. "/mpijobd.yaml", ...)
    end

    local function once(...)
        return mpijobd("run", "--once", "--kubeconfig", sim.kubeconfig, "--state", folder .. "/state.db", ...)
    end

    local function create(name, spec, labels, status)
        sim:request("DELETE", JOBS .. "/" .. name)
        local code, answer = sim:request("POST", JOBS, { apiVersion = "batch/v1", kind = "Job",
            metadata = { name = name, labels = labels }, spec = spec })
        assert.are.equal(201, code, support.json.encode(answer))
        if status then
            code = sim:request("PATCH", JOBS .. "/" .. name .. "/status", { status = status }, "application/merge-patch+json")
            assert.are.equal(200, code)
        end
    end

    local function condition(kind)
        return { conditions = { { type = kind, status = "True", lastTransitionTime = "2026-01-01T00:00:00Z" } } }
    end

    local function job(name)
        return (select(2, sim:request("GET", JOBS .. "/" .. name)))
    end

    it("matches by phase, labels and where, replaces its fields, and says what the plugin says of that", function()
        create("done", { backoffLimit = 6, template = { spec = { containers = { { name = "c", image = "i" } } } } },
            { team = "a" }, condition "Complete")
        create("busy", { backoffLimit = 6 }, { team = "a" }, { active = 1 })
        create("other", { backoffLimit = 6 }, { team = "b" }, condition "Complete")
        create("little", { backoffLimit = 1 }, { team = "a" }, condition "Complete")
        policy [[
policy {
    name = "p", kind = "Job", every = "1h",
    match = { namespace = "train", labels = "team=a", phase = "Succeeded", finished_for = "1h",
        where = function(job) return job.backoff > 1 and job.phase == "Succeeded" and job.gpus == nil and job.kind == "Job" end },
    replace = { backoff = 3, labels = { seen = "yes" } },
}
]]
        local code, out, err = mpijobd("plan", "--kubeconfig", sim.kubeconfig, "-o", "json")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "a pod that fails is started again so often (says the plugin batch)")
        support.contains(out, '"/spec/backoffLimit"')
        code, out, err = once()
        assert.are.equal(0, code, out .. err)
        support.contains(err, "changed=1")
        support.contains(err, "effect=at-finish")
        local done = job "done"
        assert.are.equal(3, done.spec.backoffLimit)
        assert.are.equal("yes", done.metadata.labels.seen)
        assert.are.equal("i", done.spec.template.spec.containers[1].image)
        for name, backoff in pairs { busy = 6, other = 6, little = 1 } do
            assert.are.equal(backoff, job(name).spec.backoffLimit)
            assert.is_nil(job(name).metadata.labels.seen)
        end
        code, out = support.mpijobd("journal", "--state", folder .. "/state.db", "-o", "json")
        assert.are.equal(0, code)
        local row = support.json.decode(out)[1]
        assert.are.same({ "jobs.batch", "done", "at-finish" }, { row.resource, row.name, row.effect })
        code, out, err = mpijobd("why", "p", "train/busy", "--kubeconfig", sim.kubeconfig)
        assert.are.equal(0, code, err)
        assert.is_truthy(out:find "no +phase +Succeeded +Running", out .. err)
        support.contains(out, "backoffLimit: 6 -> 3")
    end)

    it("is in a kept plan, which apply makes without the plugin", function()
        create("kept", { backoffLimit = 6 }, { team = "kept" })
        policy [[
policy { name = "p", kind = "Job", every = "1h", match = { namespace = "train", labels = "team=kept" }, replace = { backoff = 2 } }
]]
        local code, out, err = mpijobd("plan", "--kubeconfig", sim.kubeconfig, "--out", folder .. "/kept.json")
        assert.are.equal(0, code, out .. err)
        code, out, err = mpijobd("apply", folder .. "/kept.json", "--kubeconfig", sim.kubeconfig, "--state", folder .. "/apply.db")
        assert.are.equal(0, code, out .. err)
        assert.are.equal(2, job("kept").spec.backoffLimit)
        code, out = support.mpijobd("journal", "--state", folder .. "/apply.db", "-o", "json")
        assert.are.equal(0, code)
        support.contains(out, "a pod that fails is started again so often (says the plugin batch)")
    end)

    it("tells what was tried where the plugin says nothing, and refuses what destroys, by the plugin's word or by mpijobd's", function()
        create("a", { backoffLimit = 6, suspend = false }, nil, { active = 1 })
        create("b", { backoffLimit = 6 }, nil, condition "Complete")
        policy [[
policy { name = "stop", kind = "batchjob", every = "1h", match = { namespace = "train", name = "a" }, replace = { suspend = true } }
policy { name = "ttl", kind = "batchjob", every = "1h", match = { namespace = "train", name = "b" }, replace = { ttl = "2m" } }
policy { name = "live", kind = "batchjob", every = "1h", match = { namespace = "train", name = "a" }, replace = function(job)
    return { ttl = "2h" } end }
]]
        local code, out, err = once()
        assert.are.equal(3, code, out .. err)
        support.contains(err, "refused, because it is destructive")
        support.contains(err, "the TTL has passed: the Job is deleted now")
        assert.is_false(job("a").spec.suspend)
        assert.is_nil(job("b").spec.ttlSecondsAfterFinished)
        assert.are.equal(7200, job("a").spec.ttlSecondsAfterFinished)
        support.contains(err, "policy=live")
        support.contains(err, "effect=at-finish")
        support.contains(err, "then it and its pods are deleted by it")
        policy [[
policy { name = "stop", kind = "batchjob", every = "1h", match = { namespace = "train", name = "a" }, replace = { suspend = true },
    destructive = true }
]]
        code, out, err = once()
        assert.are.equal(0, code, out .. err)
        assert.is_true(job("a").spec.suspend)
    end)

    it("keeps to when a field may be written, to limits, and to dry runs", function()
        create("run", { parallelism = 2, completionMode = "Indexed" }, { team = "w" }, { active = 1 })
        create("idle", { parallelism = 2, suspend = true }, { team = "w" }, condition "Suspended")
        policy [[
policy { name = "w", kind = "Job", every = "1h", match = { namespace = "train", labels = "team=w" }, replace = { workers = 4 } }
policy { name = "m", kind = "Job", every = "1h", match = { namespace = "train", labels = "team=w" }, replace = { mode = "NonIndexed" },
    limits = { changes = 1 }, dry_run = true }
]]
        local code, out, err = once()
        assert.are.equal(3, code, out .. err)
        support.contains(err, "workers cannot be replaced now: only while the job is suspended")
        support.contains(err, "mode cannot be replaced now: it may be set once, and has a value")
        support.contains(err, "effect=unknown")
        support.contains(err, "the plugin batch does not say what this change of workers does")
        assert.are.equal(4, job("idle").spec.parallelism)
        assert.are.equal(2, job("run").spec.parallelism)
        assert.are.equal("NonIndexed", job("idle").spec.completionMode)
    end)

    it("acts on events in a running daemon, once for each job, also after a reload", function()
        sim:request("DELETE", JOBS .. "/e1")
        sim:request("DELETE", JOBS .. "/e2")
        policy [[
policy { name = "ended", kind = "batchjob", on = "match", match = { namespace = "train", labels = "team=e", phase = "Failed" },
    replace = { labels = { seen = "ended" } } }
policy { name = "changed", kind = "batchjob", on = "changed", match = { namespace = "train", labels = "team=e", phase = "Running" },
    replace = { labels = { seen = "changed" } } }
policy { name = "fresh", kind = "batchjob", on = { "added", "finished" }, match = { namespace = "train", labels = "team=f" },
    run = function(run) for job in run.jobs do log.info("came " .. job.name .. " " .. job.phase) end end }
]]
        local daemon = support.daemon({ stdin = true }, "run", "--config", folder .. "/mpijobd.yaml", "--kubeconfig", sim.kubeconfig,
            "--state", folder .. "/state.db", "--grace", "1s")
        daemon:expect("3 policies in force")
        create("e1", { backoffLimit = 6 }, { team = "e" }, condition "Failed")
        daemon:expect("replaced policy=ended job=train/e1")
        assert.are.equal("ended", job("e1").metadata.labels.seen)
        create("e2", { backoffLimit = 6 }, { team = "e" }, { active = 1 })
        daemon:expect("replaced policy=changed job=train/e2")
        create("f1", { backoffLimit = 6 }, { team = "f" })
        daemon:expect("came f1 Pending")
        plugin((KINDS:gsub("most = 9", "most = 8")))
        policy [[
policy { name = "ended", kind = "batchjob", on = "match", match = { namespace = "train", labels = "team=e", phase = "Failed" },
    replace = { labels = { seen = "ended" } } }
policy { name = "maps", kind = "ConfigMap", on = "match", match = { namespace = "train", labels = "team=e" },
    replace = { text = "new" } }
]]
        daemon:kill("sighup")
        daemon:expect("2 policies in force")
        sim:request("POST", "/api/v1/namespaces/train/configmaps", { apiVersion = "v1", kind = "ConfigMap",
            metadata = { name = "m", labels = { team = "e" } }, data = { text = "old", more = "y" } })
        daemon:expect("replaced policy=maps job=train/m")
        create("e3", { backoffLimit = 6 }, { team = "e" }, condition "Failed")
        daemon:expect("replaced policy=ended job=train/e3")
        local map = select(2, sim:request("GET", "/api/v1/namespaces/train/configmaps/m"))
        assert.are.same({ text = "new", more = "y" }, map.data)
        daemon:kill("sigterm")
        assert.are.equal(0, daemon:wait())
        assert.are.equal(1, support.count(daemon.stderr, "replaced policy=ended job=train/e1"))
    end)

    it("shows nothing of a Secret, and leaves alone what is in no namespace", function()
        sim:request("POST", "/api/v1/namespaces/train/secrets", { apiVersion = "v1", kind = "Secret",
            metadata = { name = "s" }, data = { text = "b2xk" } })
        policy [[
policy { name = "pw", kind = "Secret", every = "1h", match = { namespace = "train" }, replace = { text = "bmV3" } }
policy { name = "bad", kind = "Secret", every = "1h", match = { namespace = "train" }, replace = function() return { text = "d3Jvbmc=" } end }
policy { name = "spaces", kind = "Namespace", every = "1h", match = { name = "train" }, replace = { labels = { a = "b" } } }
]]
        local code, out, err = once()
        assert.are.equal(3, code, out .. err)
        support.contains(err, "data.text: (hidden) -> (hidden)")
        support.contains(err, 'text must be one of "bmV3", "bmV3ZXI=", not (hidden)')
        support.contains(err, "is in no namespace, and policies are about objects in namespaces")
        local _, journal = support.mpijobd("journal", "--state", folder .. "/state.db", "-o", "json")
        local _, _, events = sim:request("GET", "/api/v1/namespaces/train/events")
        for _, text in ipairs { out, err, journal, events } do
            support.lacks(text, "b2xk")
            support.lacks(text, "d3Jvbmc=")
        end
        support.contains(events, "data.text: (hidden)")
        support.lacks(journal, "bmV3")
        support.lacks(events, "bmV3")
        local secret = select(2, sim:request("GET", "/api/v1/namespaces/train/secrets/s"))
        assert.are.equal("bmV3", secret.data.text)
        local space = select(2, sim:request("GET", "/api/v1/namespaces/train"))
        assert.is_nil((space.metadata.labels or {}).a)
    end)

    it("has its contradictions found by check", function()
        policy [[
policy { name = "a", kind = "Job", every = "1h", match = { phase = "Running" }, replace = { ttl = "1h" } }
policy { name = "b", kind = "batchjob", every = "1h", match = { phase = { "Running", "Failed" } }, replace = { ttl = "2h" } }
policy { name = "c", every = "1h", match = { phase = "Running" }, replace = { ttlSecondsAfterFinished = 5 } }
]]
        local code, out, err = mpijobd("check", "-c", "0")
        assert.are.equal(1, code, out .. err)
        support.contains(err .. out, 'policy "b": replace.ttl undoes what policy "a"')
        support.contains(err .. out, "for example on a job that is Running")
        support.lacks(err .. out, 'policy "c"')
    end)

    it("is counted by rbac and doctor, and checked without a server", function()
        policy [[
policy { name = "p", kind = "ConfigMap", on = "match", match = { namespace = "train" }, replace = { text = "x" } }
]]
        local code, out, err = mpijobd("rbac")
        assert.are.equal(0, code, err)
        assert.is_truthy(out:find "%- configmaps\n  verbs:\n  %- get\n  %- list\n  %- update\n  %- watch\n", out)
        code, out = mpijobd("doctor", "--kubeconfig", sim.kubeconfig, "--state", folder .. "/state.db")
        assert.are.equal(0, code, out)
        support.contains(out, "in namespace train: may get, list, update, watch configmaps")
        support.contains(out, "ConfigMaps of the server are asked for as v1, as the plugin says; the server was not asked whether it has them")
        support.contains(out, "a watch on the jobs of train was opened")
        code, out, err = mpijobd("check", "-o", "name")
        assert.are.equal(0, code, err)
        assert.are.equal("p\n", out)
    end)

    it("is told by line what its kind does not have", function()
        local wrong = {
            { 'kind = "Jobb", every = "1h", replace = { ttl = "1h" }', 'kind: there is no kind "Jobb" here' },
            { 'kind = "Job", every = "1h", replace = { susped = true }',
                'replace.susped: a batchjob has no field "susped" that can be replaced; did you mean suspend?' },
            { 'kind = "Job", every = "1h", replace = { cleanPodPolicy = "All" }',
                'replace.cleanPodPolicy: a batchjob has no field "cleanPodPolicy" that can be replaced; these can: asks, backoff, fixed, mode, old, suspend, ttl, workers, labels, annotations' },
            { 'kind = "Job", every = "1h", replace = { suspend = "yes" }', 'replace.suspend must be true or false, not "yes"' },
            { 'kind = "Job", every = "1h", replace = { backoff = 10 }', "replace.backoff must be from 0 to 9, not 10" },
            { 'kind = "Job", every = "1h", replace = { backoff = remove }', "replace.backoff cannot be removed" },
            { 'kind = "Job", every = "1h", replace = { ttl = "1s" }', "replace.ttl must be at least 60, not 1" },
            { 'kind = "Job", every = "1h", replace = { mode = "indexed" }', 'replace.mode must be one of "NonIndexed", "Indexed", not "indexed"' },
            { 'kind = "Job", every = "1h", replace = { fixed = 1 }', "replace.fixed is never to be replaced, as the plugin batch says" },
            { 'kind = "Job", every = "1h", replace = { asks = 1 }', "replace.asks cannot be replaced by a policy's `replace`: its `effect` is a function, which the plugin batch asks in batchjob.replace only" },
            { 'kind = "Job", every = "1h", match = { gpus = ">0" }, replace = { ttl = "1h" }', "match.gpus is not known of a Job" },
            { 'kind = "ConfigMap", every = "1h", match = { phase = "Failed" }, replace = { text = "1h" }', "match.phase is not known of a ConfigMap: the plugin batch gives no table `phase`" },
            { 'kind = "ConfigMap", on = "finished", replace = { text = "1h" }', 'on: "finished" is not known of a ConfigMap' },
            { 'kind = "Job", every = "1h", through_launcher = true, replace = { ttl = "1h" }', "through_launcher is for MPIJobs only: a Job has no launcher" },
            { 'kind = "Job", every = "1h", wait_effect = "1m", replace = { ttl = "1h" }', "wait_effect is not for a Job" },
        }
        local text = {}
        for i, case in ipairs(wrong) do
            text[i] = ('policy { name = "p%d", %s }'):format(i, case[1])
        end
        policy(table.concat(text, "\n"))
        local code, _, err = mpijobd "check"
        assert.are.equal(1, code)
        for i, case in ipairs(wrong) do
            support.contains(err, ('p.lua:%d: policy "p%d": %s'):format(i + 1, i, case[2]))
        end
        support.contains(err, "Job, and of plugins Job, Secret, ConfigMap, Namespace")
        support.lacks(err, "replace.ttl: a job has no field")
    end)

    it("is tried offline, where its cluster serves the kind", function()
        policy [[
policy { name = "p", kind = "Job", every = "1h", match = { phase = "Succeeded" }, replace = { backoff = 2 } }
]]
        write("policies/job.yaml", "apiVersion: batch/v1\nkind: Job\nmetadata: { name: a, namespace: train }\nspec: { backoffLimit: 6 }\n"
            .. "status: { conditions: [ { type: Complete, status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' } ] }\n")
        write("policies/p_spec.lua", [[
            policy.plugin "../plugins/batch"
            it("replaces", function()
                cluster.load "job.yaml"
                clock.advance "1h"
                assert.are.equal(2, cluster.get("train/a", "jobs.batch").spec.backoffLimit)
                assert.replaced("train/a", { backoffLimit = 2 })
            end)
        ]])
        local code, out, err = support.mpijobd("test", folder .. "/policies")
        assert.are.equal(0, code, out .. err)
    end)
end)

-- The simulator serves no kinds of other projects.
if cluster.real then
    describe("a policy about TrainJobs on a real server #cluster", function()
        local server, namespace, folder

        setup(function()
            server = cluster.start(cluster.versions[4])
            namespace = server:namespace()
            local text = support.read(support.source .. "/tests/fixtures/crd/kinds/trainjobs.json")
            local status, answer = server:request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", text)
            assert(status == 201 or status == 409, answer)
            folder = support.folder()
            support.uv.fs_mkdir(folder .. "/policies", 448)
            support.uv.fs_mkdir(folder .. "/trainer", 448)
            support.write(folder .. "/trainer/plugin.lua", [[
plugin {
    name = "trainer", version = "1.0.0", api = 1,
    kinds = {
        trainjob = {
            group = "trainer.kubeflow.org", versions = { "v1", "v1alpha1" }, kind = "TrainJob", plural = "trainjobs",
            phase = { Succeeded = "Complete", Failed = "Failed", Suspended = "Suspended" },
            fields = {
                suspend = { at = "/spec/suspend", type = "boolean", effect = "effective" },
                nowhere = { at = "/spec/nowhere", type = "string" },
            },
        },
    },
}
]])
            support.write(folder .. "/mpijobd.yaml", "plugins: { trainer: trainer }\npolicies: [ policies ]\n")
        end)
        teardown(support.cleanup)

        local function path(name)
            return ("/apis/trainer.kubeflow.org/v1alpha1/namespaces/%s/trainjobs%s"):format(namespace, name and "/" .. name or "")
        end

        -- A definition that is new is served after a moment.
        local function create(name, failed)
            local status, answer
            for _ = 1, 200 do
                status, answer = server:request("POST", path(), support.json.encode {
                    apiVersion = "trainer.kubeflow.org/v1alpha1", kind = "TrainJob", metadata = { name = name, labels = { night = "no" } },
                    spec = { runtimeRef = { name = "torch" }, suspend = false, trainer = { numNodes = 2 } },
                })
                if status ~= 404 then
                    break
                end
                support.uv.sleep(100)
            end
            assert.are.equal(201, status, answer)
            if failed then
                status, answer = server:request("PATCH", path(name) .. "/status", '{"status":{"conditions":[{"type":"Failed","status":"True",'
                    .. '"reason":"x","message":"x","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}', "application/merge-patch+json")
                assert.are.equal(200, status, answer)
            end
        end

        local function get(name)
            local _, text = server:request("GET", path(name))
            return support.json.decode(text)
        end

        local function run(...)
            return support.mpijobd((...), "--config", folder .. "/mpijobd.yaml", "--kubeconfig", server.kubeconfig, "-n", namespace,
                select(2, ...))
        end

        it("plans, refuses what kills, replaces by a PUT, and tells what the server throws away", function()
            create "a"
            create("b", true)
            support.write(folder .. "/policies/p.lua", [[
require "trainer"
policy { name = "mark", kind = "TrainJob", every = "1h", match = { labels = "night=no", phase = "Failed" }, replace = { labels = { triage = "yes" } } }
policy { name = "stop", kind = "trainjob", every = "1h", match = { name = "a", phase = "Pending" }, replace = { suspend = true } }
policy { name = "lost", kind = "trainjob", every = "1h", match = { name = "b" }, replace = { nowhere = "x" } }
]])
            local code, out, err = run("plan")
            assert.are.equal(3, code, out .. err)
            support.contains(out, "labels.triage: yes")
            code, out, err = run("run", "--once", "--state", folder .. "/state.db")
            assert.are.equal(3, code, out .. err)
            support.contains(err, "replaced policy=mark job=" .. namespace .. "/b effect=stored")
            support.contains(err, "its pods are killed")
            support.contains(err, "spec.nowhere")
            assert.are.equal("yes", get("b").metadata.labels.triage)
            assert.are.equal(2, get("b").spec.trainer.numNodes)
            assert.is_false(get("a").spec.suspend)
        end)

        it("acts on events", function()
            support.write(folder .. "/policies/p.lua", [[
require "trainer"
policy { name = "stop", kind = "TrainJob", on = "match", match = { labels = "night=no", name = "c" }, destructive = true,
    replace = function(job) return { suspend = not job.suspend and true or nil } end }
]])
            local daemon = support.daemon({ stdin = true }, "run", "--config", folder .. "/mpijobd.yaml", "--kubeconfig", server.kubeconfig,
                "-n", namespace, "--state", folder .. "/events.db", "--grace", "1s")
            daemon:expect("1 policy in force")
            create "c"
            daemon:expect("replaced policy=stop job=" .. namespace .. "/c effect=destructive")
            assert.is_true(get("c").spec.suspend)
            daemon:kill("sigterm")
            assert.are.equal(0, daemon:wait())
        end)
    end)
end
