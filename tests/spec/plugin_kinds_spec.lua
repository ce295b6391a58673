-- SPDX-License-Identifier: Apache-2.0
-- Kinds of plugins: another kind of object read and replaced by what a plugin says of it.
local support = require "support"
local simulator = require "support.sim"
local cluster = require "support.cluster"

describe("a kind of a plugin", function()
    local folder, sim
    local JOBS = "/apis/batch/v1/namespaces/train/jobs"

    setup(function()
        sim = simulator.start("--version", "v2beta1", "--jobs", "1", "--seed", "1")
        sim:make_namespace "train"
    end)
    teardown(support.cleanup)

    before_each(function()
        folder = support.folder()
        for _, name in ipairs { "policies", "plugins", "plugins/batch" } do
            support.uv.fs_mkdir(folder .. "/" .. name, 448)
        end
    end)

    local function write(name, text)
        return support.write(folder .. "/" .. name, text)
    end

    local KINDS = [[
    batchjob = {
        group = "batch", versions = { "v1" }, kind = "Job", plural = "jobs", about = "Kubernetes' own jobs",
        phase = function(job) return job.spec.suspend and "Suspended" or "Running" end,
        fields = {
            suspend = {
                at = "/spec/suspend", type = "boolean", about = "true: its pods go, and it waits",
                when = function(job) return not (job.annotations or {}).fixed, "it is fixed" end,
                effect = function(_, value) return "effective", value and "the pods go" or "the pods come" end,
            },
            backoffLimit = { at = "/spec/backoffLimit", type = "integer", least = 0, most = 9, effect = "at-finish" },
            mode = { at = "/spec/completionMode", type = "string", values = { "NonIndexed", "Indexed" } },
            ttl = { at = "/spec/ttlSecondsAfterFinished", type = "integer", effect = "destructive" },
        },
    },
]]
    local function plugin(kinds, more)
        write("plugins/batch/plugin.lua", [[
plugin {
    name = "batch", version = "1.0.0", api = 1, about = "Jobs of Kubernetes.",
    kinds = {
]] .. (kinds or KINDS) .. "    },\n" .. (more or "") .. "}\n")
        write("mpijobd.yaml", "plugins: [ plugins ]\npolicies: [ policies ]\n")
    end

    local function policy(body)
        return write("policies/p.lua", "local batchjob = require(\"batch\").batchjob\n"
            .. "policy { name = \"p\", every = \"1h\", run = function(run)\n" .. body .. "\nend }\n")
    end

    local function mpijobd(command, ...)
        return support.mpijobd(command, "--config", folder .. "/mpijobd.yaml", ...)
    end

    local function once(...)
        return mpijobd("run", "--once", "--kubeconfig", sim.kubeconfig, "--state", folder .. "/state.db", ...)
    end

    local function create(name, spec, metadata)
        sim:request("DELETE", JOBS .. "/" .. name)
        metadata = metadata or {}
        metadata.name = name
        local status, answer = sim:request("POST", JOBS, support.json.encode {
            apiVersion = "batch/v1", kind = "Job", metadata = metadata, spec = spec,
        })
        assert.are.equal(201, status, support.json.encode(answer))
    end

    local function job(name)
        local _, object = sim:request("GET", JOBS .. "/" .. name)
        return object
    end

    it("is read, and its fields are replaced by a PUT that keeps all else", function()
        plugin()
        create("a", { backoffLimit = 6, template = { spec = { containers = { { name = "c", image = "i" } } } } },
            { labels = { team = "x", old = "y" } })
        create("b", { suspend = true })
        policy [[
            local n = 0
            for job in batchjob.list { namespace = "train", labels = "team", phase = "Running", suspend = false } do
                n = n + 1
                assert(job.name == "a" and job.namespace == "train" and job.key == "train/a" and job.backoffLimit == 6)
                assert(job.labels.team == "x" and job.phase == "Running" and job.suspend == false)
                assert(job.spec.template.spec.containers[1].image == "i" and json.encode(job):find '"kind":"Job"')
                local done = assert(batchjob.replace(job, { suspend = true, backoffLimit = 3, labels = { old = remove, new = "z" } },
                    { destructive = true }))
                assert(done.changed and done.effect == "destructive", done.effect) -- mpijobd's own word comes first
                done = assert(batchjob.replace(job, { suspend = false })) -- of what it was before: it is read again
                assert(done.effect == "effective" and done.message == "the pods come", done.message)
                assert(batchjob.replace(job, { suspend = true }, { destructive = true }))
                done = assert(batchjob.replace(job.key, { backoffLimit = 3 }))
                assert(not done.changed and done.effect == "unchanged")
                done = assert(batchjob.replace(job.key, function(fresh) return { backoffLimit = fresh.backoffLimit + 1 } end))
                assert(done.effect == "at-finish" and done.message == "by the plugin batch, the effect of backoffLimit is at-finish")
            end
            assert(n == 1, n)
            assert(batchjob.get("train/b").suspend == true)
            local none, err = batchjob.get "train/none"
            assert(none == nil and err.code == 404)]]
        local code, out, err = once()
        assert.are.equal(0, code, out .. err)
        local a = job "a"
        assert.is_true(a.spec.suspend)
        assert.are.equal(4, a.spec.backoffLimit)
        assert.are.same({ team = "x", new = "z" }, a.metadata.labels)
        assert.are.equal("i", a.spec.template.spec.containers[1].image)
        code, out = support.mpijobd("journal", "--state", folder .. "/state.db", "-o", "json")
        assert.are.equal(0, code, out)
        support.contains(out, "jobs.batch")
        support.contains(out, "the pods come")
        support.contains(out, '"replace"')
    end)

    it("refuses what the rows do not allow, before anything is sent", function()
        plugin()
        create("a", { backoffLimit = 6 })
        create("fixed", { backoffLimit = 6 }, { annotations = { fixed = "true" } })
        policy [[
            local function bad(changes, message)
                local good, err = pcall(batchjob.replace, "train/a", changes)
                assert(not good and tostring(err):find(message, 1, true), tostring(err))
                assert(tostring(err):find("p.lua:", 1, true), tostring(err))
            end
            bad({ suspnd = true }, 'batchjob.replace: suspnd is no field of a batchjob (did you mean "suspend"?); there are labels, annotations, backoffLimit, mode, suspend, ttl')
            bad({ suspend = "yes" }, "suspend is a text; it has to be true or false")
            bad({ backoffLimit = 10 }, "backoffLimit is out of its range; it has to be from 0 to 9")
            bad({ backoffLimit = 1.5 }, "backoffLimit is a number; it has to be a whole number")
            bad({ mode = "Indxed" }, 'mode has another value (did you mean "Indexed"?); it has to be one of NonIndexed, Indexed')
            bad({ labels = { a = 1 } }, 'labels["a"] is the number 1; it has to be a text, or remove')
            local good, err = pcall(batchjob.list, { sspend = true })
            assert(not good and err:find('batchjob.list has no option sspend (did you mean "suspend"?)', 1, true), err)
            good, err = pcall(function() return batchjob.get("train/a").suspnd end)
            assert(not good and err:find('a batchjob has no suspnd (did you mean "suspend"?)', 1, true), err)
            good, err = pcall(batchjob.replace, {}, {})
            assert(not good and err:find("or an object of batchjob.get", 1, true), err)
            local done
            done, err = batchjob.replace("train/fixed", { suspend = true })
            assert(done == nil and err.reason == "Refused", tostring(err))
            assert(err.message == "train/fixed: suspend cannot be replaced now: it is fixed", err.message)
            done, err = batchjob.replace("train/a", { ttl = 0 })
            assert(done == nil and err.reason == "Refused" and err.message:find("destructive = true", 1, true), tostring(err))
            done, err = batchjob.replace("train/a", { backoffLimit = 1 }, { resourceVersion = "1" })
            assert(done == nil and err.reason == "Conflict", tostring(err))
            done = assert(batchjob.replace("train/a", { backoffLimit = 1 }, { dry_run = true }))
            assert(done.changed and done.dry_run)
            done = assert(batchjob.replace("train/a", { mode = "Indexed" }, { dry_run = true }))
            assert(done.effect == "unknown")]]
        local code, out, err = once()
        assert.are.equal(3, code, out .. err)
        assert.are.equal(6, job "a".spec.backoffLimit)
        assert.is_false(job "fixed".spec.suspend)
    end)

    it("is bound by the policy's limits, its dry run and its budget", function()
        plugin()
        create("a", { backoffLimit = 6 })
        policy 'assert(batchjob.replace("train/a", { backoffLimit = 1 }).dry_run)'
        local code, out, err = once "--dry-run"
        assert.are.equal(0, code, out .. err)
        assert.are.equal(6, job "a".spec.backoffLimit)
        write("policies/p.lua", [[
local batchjob = require("batch").batchjob
policy { name = "p", every = "1h", limits = { changes = 1 }, run = function()
    assert(batchjob.replace("train/a", { backoffLimit = 1 }))
    local none, err = batchjob.replace("train/a", { backoffLimit = 2 })
    assert(none == nil and err.reason == "Limit", tostring(err))
end }]])
        code = once()
        assert.are.equal(4, code)
        assert.are.equal(1, job "a".spec.backoffLimit)
        plugin((KINDS:gsub('return not %(job[^\n]*\n', 'while true do end end,\n')))
        policy 'batchjob.replace("train/a", { suspend = true })'
        code, out, err = once()
        assert.are.equal(4, code)
        support.contains(out .. err, "CPU")
    end)

    it("is found in the version that the server has", function()
        plugin((KINDS:gsub('{ "v1" }', '{ "v2alpha1", "v1" }'):gsub('at = "/spec/backoffLimit"',
            'at = { v1 = "/spec/backoffLimit", v2alpha1 = "/spec/limits/backoff" }'):gsub('at = "/spec/completionMode"',
            'at = { v2alpha1 = "/spec/mode" }')))
        create("a", { backoffLimit = 6 })
        policy [[
            assert(batchjob.get("train/a").backoffLimit == 6)
            local good, err = pcall(batchjob.replace, "train/a", { mode = "Indexed" })
            assert(not good and err:find("mode has no place in v1 of this kind", 1, true), err)
            assert(batchjob.replace("train/a", { backoffLimit = 2 }))]]
        local code, out, err = once()
        assert.are.equal(0, code, out .. err)
        assert.are.equal(2, job "a".spec.backoffLimit)
        plugin((KINDS:gsub('{ "v1" }', '{ "v9" }')))
        policy [[ local _, err = batchjob.get "train/a" error(err, 0) ]]
        code, out, err = once()
        assert.are.equal(1, code)
        support.contains(out .. err, "serves no batch/v9")
        plugin((KINDS:gsub('plural = "jobs"', 'plural = "job"')))
        policy [[ local _, err = batchjob.replace("train/a", { backoffLimit = 1 }) error(err, 0) ]]
        code, out, err = once()
        assert.are.equal(1, code)
        support.contains(out .. err, 'the plugin calls the resource of Job "job", and the server "jobs"')
    end)

    it("that misbehaves harms nobody but the policy that asks", function()
        create("a", { backoffLimit = 6, completionMode = "Indexed" })
        create("b", { backoffLimit = 6 })
        sim:request("POST", "/api/v1/namespaces/train/configmaps",
            { apiVersion = "v1", kind = "ConfigMap", metadata = { name = "a" }, data = { a = "b" } })
        plugin([[
    map = {
        group = "", versions = "v1", kind = "ConfigMap", plural = "configmaps",
        fields = { all = { at = "/data", type = "table" } },
    },
    batchjob = {
        group = "batch", versions = "v1", kind = "Job", plural = "jobs",
        phase = function() error "no phase" end,
        fields = {
            raises = { at = "/spec/completions", type = "integer", when = function() error "when it is full moon" end },
            effects = { at = "/spec/activeDeadlineSeconds", type = "integer", effect = function() return "wonderful" end },
            waits = { at = "/spec/parallelism", type = "integer", when = function(job)
                job.metadata.resourceVersion = "1"
                job.spec = nil
                return kube.get("batch/v1", "Job", "train/b") ~= nil
            end },
            through = { at = "/spec/completionMode/deeper", type = "integer" },
            talks = { at = "/spec/backoffLimit", type = "integer", effect = function() return "late", ("\n\27[31m"):rep(2000) end },
        },
    },
]])
        policy [[
            local map = require("batch").map
            local function says(text, good, err)
                assert(not good and tostring(err):find(text, 1, true), tostring(err))
            end
            local job = batchjob.get "train/a"
            says("no phase", pcall(function() return job.phase end))
            says("when it is full moon", pcall(batchjob.replace, job, { raises = 2 }))
            says("that its effect is the text \"wonderful\"", pcall(batchjob.replace, job, { effects = 1 }))
            says("/spec/completionMode is no object here", pcall(batchjob.replace, job, { through = 1 }))
            assert(batchjob.replace("train/a", { waits = 2 }))
            local done = assert(batchjob.replace("train/a", { talks = 3 }))
            assert(done.effect == "late" and #done.message <= 512)
            says("or an object of batchjob.get", pcall(batchjob.replace, setmetatable({}, { __metatable = "batchjob" }), { talks = 4 }))
            local endless = {}
            endless.a = endless
            says("nested too deeply", pcall(map.replace, "train/a", { all = endless }))
            says("larger than the limit", pcall(map.replace, "train/a", { all = { text = ("x"):rep(5000000) } }))
            job = batchjob.get "train/a"
            job.metadata, job.apiVersion, job.kind = nil, nil, nil
            assert(batchjob.replace(job, { talks = 4, labels = { a = "b" } }))
            assert(batchjob.get("train/a").talks == 4)]]
        local code, out, err = once()
        assert.are.equal(0, code, out .. err)
        support.lacks(out .. err, "\27[31m")
        assert.are.equal(4, job "a".spec.backoffLimit)
        assert.are.equal(6, job "b".spec.backoffLimit)
    end)

    it("is a policy's where its file requires the plugin, and that is said", function()
        plugin()
        write("policies/p.lua", 'policy { name = "p", kind = "batchjob", every = "1h", replace = { labels = { a = "b" } } }')
        local code, _, err = mpijobd "check"
        assert.are.equal(1, code)
        support.contains(err, '"batchjob" is a kind of the plugin batch; write require "batch" above the policy')
        write("policies/p.lua", 'policy { name = "p", kind = "Job", every = "1h", replace = { parallelism = 2 } }') -- mpijobd's own
        assert.are.equal(0, (mpijobd "check"))
        write("policies/p.lua", 'require "batch"\npolicy { name = "p", kind = "Job", every = "1h", replace = { parallelism = 2 } }')
        code, _, err = mpijobd "check"
        assert.are.equal(1, code)
        support.contains(err, 'a batchjob has no field "parallelism"')
    end)

    it("can be tried in a spec, where the cluster serves it", function()
        plugin()
        policy 'assert(batchjob.replace("train/a", { backoffLimit = 1 }))'
        write("policies/job.yaml", "apiVersion: batch/v1\nkind: Job\nmetadata: { name: a, namespace: train }\nspec: { backoffLimit: 6 }\n")
        write("policies/p_spec.lua", [[
            policy.plugin "../plugins/batch"
            it("replaces", function()
                cluster.load "job.yaml"
                clock.advance "1h"
                assert.are.equal(1, cluster.get("train/a", "jobs.batch").spec.backoffLimit)
            end)
        ]])
        local code, out, err = support.mpijobd("test", folder .. "/policies")
        assert.are.equal(0, code, out .. err)
    end)

    it("is counted by rbac, and shown by plugins", function()
        plugin()
        policy 'batchjob.replace("train/a", { suspend = true })'
        local code, out, err = mpijobd("rbac")
        assert.are.equal(0, code, err)
        local verbs = {}
        for jobs in out:gmatch "%- batch\n  resources:\n  %- jobs\n  verbs:\n(.-)%- api" do
            for verb in jobs:gmatch "%- (%l+)" do
                verbs[verb] = true
            end
        end
        assert.are.same({ get = true, list = true, update = true }, verbs)
        out = select(2, mpijobd("doctor", "--kubeconfig", sim.kubeconfig))
        support.contains(out, "in all namespaces: may get, list, update jobs.batch")
        code, out, err = mpijobd("plugins")
        assert.are.equal(0, code, err)
        support.contains(out, "  kind       batchjob (Job of batch/v1): backoffLimit, mode, suspend, ttl\n")
        support.contains(out, "  needs      get, list, update of jobs.batch\n")
        code, out = mpijobd("plugins", "-o", "json")
        assert.are.equal(0, code)
        local kind = support.json.decode(out)[1].kinds[1]
        assert.are.equal("/spec/suspend", kind.fields[3].at)
    end)

    it("has what is wrong in its row told by line", function()
        plugin([[
    Job = {},
    other = { kind = "job", group = "Batch", versions = {}, plural = "Jobs", fields = { name = {} }, phse = 1 },
    mine = {
        kind = "MPIJob", group = "kubeflow.org", versions = "v1", plural = "mpijobs",
        fields = {
            a = { at = "/status/x", type = "boolean" },
            b = { at = "/spec/list/0/x", type = "strin" },
            c = { at = "spec", type = "string", effect = "good", when = 1 },
            d = { at = { v2 = "/spec/x" }, type = "string" },
            e = { at = "/spec/y", type = "boolean", least = 0 },
            f = { at = "/spec/z", type = "integer", least = 3, most = 2 },
            g = { at = "/spec/w", type = "boolean", when = "suspendd", why = 1, effect = { [true] = "good", yes = "late" } },
            h = { at = "/spec/same", type = "string" },
            i = { at = "/spec/same", type = "string" },
            j = { at = "/spec/same/within", type = "string" },
        },
    },
    theirs = { kind = "TFJob", group = "other.example.com", versions = "v1", plural = "tfjobs", fields = {} },
    third = {
        kind = "Thing", group = "x.example.com", versions = "v1", plural = "things", phase = { Done = "Complete", Failed = 1 },
        fields = { a = { at = "/spec/a/b", type = "string" }, b = { at = "/spec/a", type = "table" } },
    },
    twin = { kind = "Thing", group = "x.example.com", versions = "v1", plural = "things", fields = {} },
]], "    exports = { mine = 1 },\n")
        policy ""
        local code, _, err = mpijobd "check"
        assert.are.equal(1, code)
        for _, message in ipairs {
            '3: plugin "batch": kinds has "Job", which is no name for a kind',
            '5: plugin "batch": kinds.other.kind is "job"; it has to be the kind\'s name, as in "TrainJob"',
            '5: plugin "batch": kinds.other.group is "Batch"; it has to be the API\'s group',
            '5: plugin "batch": kinds.other.versions is a table; it has to be a version, or a list of these, the best first',
            '5: plugin "batch": kinds.other.plural is "Jobs"; it has to be the name in paths and roles',
            '5: plugin "batch": kinds.other.phse is not known (did you mean "phase"?)',
            '5: plugin "batch": kinds.other.fields.name is no name for a field',
            'plugin "batch": kinds.mine.kind is a kind of mpijobd\'s own; it has a module',
            'plugin "batch": kinds.theirs.kind is the name of a kind of mpijobd\'s own, in kubeflow.org, and `kind` of a policy means that one; leave the row out',
            'plugin "batch": kinds.mine.fields.a.at leads to status, which is no field to replace',
            'plugin "batch": kinds.mine.fields.b.at leads into a list',
            'plugin "batch": kinds.mine.fields.b has no type that is known (did you mean "string"?)',
            'plugin "batch": kinds.mine.fields.c.at is the text "spec"; it has to be a path in the object, as in "/spec/suspend"',
            'plugin "batch": kinds.mine.fields.c.effect is the text "good"; it has to be one of stored, inert',
            'plugin "batch": kinds.mine.fields.c.when is the number 1; it has to be one of always, once, suspended, never, or a function of the object',
            'plugin "batch": kinds.mine.fields.e.least goes with a number, integer, duration, and the type is boolean; leave it out',
            'plugin "batch": kinds.mine.fields.f.least is larger than `most`, so that no value is allowed',
            'plugin "batch": kinds.mine.fields.g.when is the text "suspendd" (did you mean "suspended"?)',
            'plugin "batch": kinds.mine.fields.g.why is the number 1; it has to be a sentence about the effect',
            'plugin "batch": kinds.mine.fields.g.effect is the text "good" for true; it has to be one of stored, inert',
            'plugin "batch": kinds.mine.fields.g.effect has an effect for the text "yes", which is a text; it has to be true or false',
            'plugin "batch": kinds.mine.fields.i stands at /spec/same in v1, as does the field h; one value has one field',
            'plugin "batch": kinds.mine.fields.j stands at /spec/same/within in v1, which is within the field h; one value has one field',
            'plugin "batch": kinds.third.fields.b stands at /spec/a in v1, which holds the field a; one value has one field',
            'plugin "batch": kinds.third.phase.Done is no phase that can be told; there are Succeeded, Failed',
            'plugin "batch": kinds.third.phase.Failed is the number 1; it has to be the type of a condition',
            'plugin "batch": kinds.twin.kind is Thing of x.example.com, as that of kinds.third is; one kind has one row',
            'plugin "batch": kinds.mine.fields.d.at.v2 is no version of the kind (did you mean "v1"?); there are v1',
            'plugin "batch": exports.mine is the name of one of its kinds, which is exported by itself',
        } do
            support.contains(err, message)
        end
    end)
end)

-- The simulator serves no kinds of other projects.
if cluster.real then
    describe("plugins on a real server #cluster", function()
        local server, namespace, folder

        setup(function()
            server = cluster.start(cluster.versions[4])
            namespace = server:namespace()
            for _, name in ipairs { "trainjobs", "workloads" } do
                local text = support.read(support.source .. "/tests/fixtures/crd/kinds/" .. name .. ".json")
                local status, answer = server:request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", text)
                assert(status == 201 or status == 409, answer)
            end
        end)
        teardown(support.cleanup)

        local function path(group, version, plural)
            return ("/apis/%s/%s/namespaces/%s/%s"):format(group, version, namespace, plural)
        end

        -- A definition that is new is served after a moment.
        local function create(group, version, plural, object)
            local status, answer
            for _ = 1, 200 do
                status, answer = server:request("POST", path(group, version, plural), support.json.encode(object))
                if status ~= 404 then
                    break
                end
                support.uv.sleep(100)
            end
            assert.are.equal(201, status, answer)
            return support.json.decode(answer)
        end

        local function once(config, policy, failures)
            folder = support.folder()
            support.uv.fs_mkdir(folder .. "/policies", 448)
            support.uv.fs_mkdir(folder .. "/trainer", 448)
            support.write(folder .. "/trainer/plugin.lua", [[
plugin {
    name = "trainer", version = "1.0.0", api = 1,
    kinds = {
        trainjob = {
            group = "trainer.kubeflow.org", versions = { "v1", "v1alpha1" }, kind = "TrainJob", plural = "trainjobs",
            fields = {
                suspend = { at = "/spec/suspend", type = "boolean", effect = "effective" },
                nowhere = { at = "/spec/nowhere", type = "string" },
            },
        },
    },
}
]])
            support.write(folder .. "/mpijobd.yaml", config .. "policies: [ policies ]\n")
            support.write(folder .. "/policies/p.lua", policy)
            local code, out, err = support.mpijobd("run", "--once", "--config", folder .. "/mpijobd.yaml", "--kubeconfig",
                server.kubeconfig, "-n", namespace, "--state", folder .. "/state.db")
            assert.are.equal(failures or 0, code, out .. err)
        end

        it("replace TrainJobs", function()
            create("trainer.kubeflow.org", "v1alpha1", "trainjobs", {
                apiVersion = "trainer.kubeflow.org/v1alpha1", kind = "TrainJob",
                metadata = { name = "a", labels = { night = "no" } },
                spec = { runtimeRef = { name = "torch" }, suspend = false, trainer = { numNodes = 2 } },
            })
            once("plugins: { trainer: trainer }\n", [[
local trainjob = require("trainer").trainjob
policy { name = "p", every = "1h", run = function()
    for job in trainjob.list { labels = "night=no", suspend = false } do
        local done, err = trainjob.replace(job, { suspend = true })
        assert(done == nil and err.reason == "Refused" and err.message:find "its pods are killed", tostring(err))
        done, err = trainjob.replace(job, { suspend = true, labels = { stopped = "night" } }, { destructive = true })
        assert(done and done.effect == "destructive", tostring(err))
        local good, why = pcall(trainjob.replace, job.key, { nowhere = 1 })
        assert(not good and why:find "nowhere is a number", why)
        done, err = trainjob.replace(job.key, { nowhere = "x" }) -- the server says that it has no such field
        assert(done == nil and err.code == 400 and err.message:find "spec.nowhere", tostring(err))
    end
end }
]], 3)
            local _, text = server:request("GET", path("trainer.kubeflow.org", "v1alpha1", "trainjobs") .. "/a")
            local job = support.json.decode(text)
            assert.is_true(job.spec.suspend)
            assert.are.same({ night = "no", stopped = "night" }, job.metadata.labels)
            assert.are.equal(2, job.spec.trainer.numNodes)
        end)

        it("match by Kueue's Workloads", function()
            local uid = {}
            for _, name in ipairs { "admitted", "waiting", "free" } do
                local labels = name ~= "free" and '{"kueue.x-k8s.io/queue-name":"day"}' or nil
                server:create(namespace, name, { labels = labels })
                local _, text = server:request("GET", path("kubeflow.org", "v2beta1", "mpijobs") .. "/" .. name)
                uid[name] = support.json.decode(text).metadata.uid
            end
            create("kueue.x-k8s.io", "v1beta2", "workloads", {
                apiVersion = "kueue.x-k8s.io/v1beta2", kind = "Workload",
                metadata = { name = "w", labels = { ["kueue.x-k8s.io/job-uid"] = uid.admitted } },
                spec = { active = true, queueName = "day", podSets = support.json.decode
                    '[{"name":"main","count":1,"template":{"spec":{"containers":[{"name":"c","image":"i"}]}}}]' },
            })
            local status, answer = server:request("PATCH", path("kueue.x-k8s.io", "v1beta2", "workloads") .. "/w/status",
                '{"status":{"conditions":[{"type":"Admitted","status":"True","reason":"Admitted","message":"","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}',
                "application/merge-patch+json")
            assert.are.equal(200, status, answer)
            once("plugins: { kueue-aware: " .. support.source .. "/lua/plugins/kueue-aware }\n", [[
require "kueue-aware"
for state, match in pairs { admitted = { queue = "d*", state = "admitted" }, waiting = { state = "pending" }, free = false } do
    policy { name = state, every = "1h", match = { kueue = match }, replace = { labels = { seen = state } } }
end
]])
            for name in pairs(uid) do
                local _, text = server:request("GET", path("kubeflow.org", "v2beta1", "mpijobs") .. "/" .. name)
                assert.are.equal(name, support.json.decode(text).metadata.labels.seen)
            end
        end)
    end)
end
