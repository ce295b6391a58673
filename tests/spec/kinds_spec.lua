-- SPDX-License-Identifier: Apache-2.0
-- TFJob, PyTorchJob and MXJob beside MPIJob: the same policies and commands, over training-operator's v1.
local support = require "support"
local cluster = require "support.cluster"

local KINDS = {
    { name = "TFJob", plural = "tfjobs", module = "tfjob", specs = "tfReplicaSpecs", role = "PS" },
    { name = "PyTorchJob", plural = "pytorchjobs", module = "pytorchjob", specs = "pytorchReplicaSpecs", role = "Master" },
    { name = "MXJob", plural = "mxjobs", module = "mxjob", specs = "mxReplicaSpecs", role = "Scheduler" },
}

describe("the other kinds #cluster", function()
    local server, namespace, folder
    lazy_setup(function()
        server = cluster.start(cluster.versions[3], "--siblings")
        server:install_siblings()
        namespace = server:namespace()
        folder = support.folder()
        for _, kind in ipairs(KINDS) do
            server:create_sibling(kind, namespace, "done", { state = "Succeeded" })
            server:create_sibling(kind, namespace, "busy", { state = "Running", policy = "None" })
        end
        server:create(namespace, "done", { state = "Succeeded" })
    end)
    lazy_teardown(function()
        server:remove_siblings()
        support.cleanup()
    end)

    local function run(...)
        return support.mpijobd((...), "--kubeconfig", server.kubeconfig, "-n", namespace, select(2, ...))
    end

    for _, kind in ipairs(KINDS) do
        it("a policy of kind " .. kind.name .. " replaces those, byte for byte, and no MPIJob", function()
            local file = support.write(folder .. "/" .. kind.module .. ".lua", ([[
policy {
  name = "free-%s", kind = "%s", every = "1h",
  match = { namespace = "%s", phase = "Succeeded", cleanPodPolicy = "unset", finished_for = "1h", gpus = ">0" },
  replace = function(job)
    assert(job.kind == "%s" and job.gpus == 10 and job.workers.replicas == 2, job.kind .. job.gpus)
    return { cleanPodPolicy = "All" }
  end,
}
]]):format(kind.module, kind.name, namespace, kind.name))
            local before = server:sibling(kind, namespace, "done")
            local mpijob = select(2, server:get(namespace, "done"))
            local code, _, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/" .. kind.module .. ".db", file)
            assert.are.equal(0, code, err)
            support.contains(err, "changed=1")
            support.contains(err, "effect=unknown")
            support.contains(err, "this kind was not tried; on an MPIJob of training-operator this is effective")
            local after = server:sibling(kind, namespace, "done")
            support.contains("/spec/runPolicy\n/spec/runPolicy/cleanPodPolicy\n", cluster.differences(before, after))
            assert.are.equal("All", support.json.decode(after).spec.runPolicy.cleanPodPolicy)
            assert.are.equal(mpijob, (select(2, server:get(namespace, "done"))))
            local _, journal = support.mpijobd("journal", "--state", folder .. "/" .. kind.module .. ".db", "-o", "json")
            local rows = support.json.decode(journal)
            assert.are.equal(kind.plural .. ".kubeflow.org", rows[1].resource)
            assert.are.equal("done", rows[1].outcome)
        end)

        it("the commands know " .. kind.name .. " as kubectl does", function()
            local code, out, err = run("get", kind.plural)
            assert.are.equal(0, code, err)
            assert.is_truthy(out:match("busy +Running +None +%- +10 "), out)
            code, out, err = run("get", "--kind", kind.name, "-o", "name")
            assert.are.equal(0, code, err)
            assert.are.equal(("%s.kubeflow.org/busy\n%s.kubeflow.org/done\n"):format(kind.module, kind.module), out)
            code, out, err = run("replace", kind.module .. "/busy", "cleanPodPolicy=Running", "labels.team=vision")
            assert.are.equal(0, code, err)
            support.contains(out, "unknown: ")
            assert.are.equal("Running", support.json.decode(server:sibling(kind, namespace, "busy")).spec.runPolicy.cleanPodPolicy)
            code, out, err = run("replace", kind.plural, "-l", "team=vision", "cleanPodPolicy=None")
            assert.are.equal(0, code, err)
            support.contains(out, "1 changed")
            local whole = server:sibling(kind, namespace, "busy"):gsub('"labels":{', '"labels":{"whole":"yes",', 1)
            support.write(folder .. "/whole.json", whole)
            code, _, err = run("replace", "-f", folder .. "/whole.json")
            assert.are.equal(0, code, err)
            assert.are.equal("yes", support.json.decode(server:sibling(kind, namespace, "busy")).metadata.labels.whole)
        end)

        it("the module " .. kind.module .. " has mpijob's functions", function()
            local file = support.write(folder .. "/module.lua", ([[
policy { name = "p", every = "1h", run = function()
  local keys = {}
  for job in %s.list { namespace = "%s", phase = "Running" } do keys[#keys + 1] = tostring(job) end
  local job = assert(%s.get("%s/busy"))
  local done = assert(%s.replace(job, { annotations = { by = "module" } }))
  local again = assert(%s.replace(job, function(j) return { annotations = { seen = j.kind } } end))
  local good, message = pcall(mpijob.replace, job, { suspend = true })
  log.info("result", { keys = table.concat(keys, " "), effect = done.effect, again = again.effect, refused = tostring(message) })
  local whole = assert(%s.replace_object(%s.get(job)))
  log.info("whole", { effect = whole.effect })
end }]]):format(kind.module, namespace, kind.module, namespace, kind.module, kind.module, kind.module, kind.module))
            local code, _, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/module.db", file)
            assert.are.equal(0, code, err)
            support.contains(err, ('keys="%s %s/busy (Running)"'):format(kind.module, namespace))
            support.contains(err, "effect=stored")
            support.contains(err, ("%s: use the module %s for it"):format(kind.name, kind.module))
            assert.are.equal(kind.name, support.json.decode(server:sibling(kind, namespace, "busy")).metadata.annotations.seen)
        end)
    end

    it("what would be destructive to an MPIJob is refused", function()
        local code, _, err = run("replace", "pytorchjob/done", "ttlSecondsAfterFinished=1")
        assert.are.equal(1, code)
        support.contains(err, "may be destructive")
    end)

    it("a field that the kind has not got names kind, version and field", function()
        local code, _, err = run("replace", "--controller", "cci", "pytorchjob/done", "suspend=true")
        assert.are.equal(1, code)
        support.contains(err, "CCI does not let suspend be replaced: of a PyTorchJob")
        support.contains(err, "(v1)")
    end)

    it("rbac and doctor ask for what the policies' kinds need", function()
        local file = support.write(folder .. "/needs.lua", [[
policy { name = "a", kind = "TFJob", every = "1h", match = { namespace = "train" }, replace = { cleanPodPolicy = "All" } }
policy { name = "b", every = "1h", run = function() for _ in mxjob.list { namespace = "train" } do end end }
]])
        local _, out = support.mpijobd("rbac", file, "-o", "json", "-n", "train")
        local rules = support.json.decode(out).items[1].rules
        assert.are.equal(3, #rules)
        assert.are.same({ "tfjobs" }, rules[1].resources)
        assert.are.same({ "get", "list", "update" }, rules[1].verbs)
        assert.are.same({ "events" }, rules[2].resources)
        assert.are.same({ "mxjobs" }, rules[3].resources)
        assert.are.same({ "get", "list" }, rules[3].verbs)
        local code
        code, out = support.mpijobd("doctor", "--kubeconfig", server.kubeconfig, "--state", folder .. "/doctor.db", "-n", "train", file)
        assert.are.equal(0, code, out)
        support.contains(out, "may get, list, update tfjobs.kubeflow.org")
        support.contains(out, "kubeflow.org serves TFJobs as v1; v1 is used")
    end)
end)

describe("a kind", function()
    local folder = support.folder()
    lazy_teardown(support.cleanup)

    local function check(text)
        return support.mpijobd("check", support.write(folder .. "/p.lua", text))
    end

    it("that there is not names the nearest", function()
        local code, out, err = check 'policy { name = "p", every = "1h", kind = "PytorchJob", replace = { cleanPodPolicy = "All" } }'
        assert.are.equal(1, code)
        support.contains(out .. err, 'there is no kind "PytorchJob" here (did you mean "PyTorchJob"?)')
        code, out, err = support.mpijobd("get", "--kind", "tfjobz")
        assert.are.equal(2, code)
        support.contains(out .. err, 'there is no kind "tfjobz" here (did you mean "TFJob"?)')
        code, out, err = support.mpijobd("get", "--kind", "tfjob", "mxjob/a")
        assert.are.equal(2, code)
        support.contains(out .. err, "two kinds of job")
    end)

    it("other than MPIJob cannot be inspected", function()
        local code, out, err = check 'policy { name = "p", every = "1h", kind = "TFJob", match = { problem = "any" }, replace = { cleanPodPolicy = "All" } }'
        assert.are.equal(1, code)
        support.contains(out .. err, "match.problem")
        support.contains(out .. err, "is for MPIJobs only")
        code, out, err = support.mpijobd("inspect", "tfjobs")
        assert.are.equal(2, code)
        support.contains(out .. err, "MPIJobs only")
    end)

    if not cluster.real then
        it("that the server does not have is said, with what to install", function()
            local server = cluster.start(cluster.versions[4])
            local code, _, err = support.mpijobd("get", "--kubeconfig", server.kubeconfig, "pytorchjobs")
            assert.are.equal(1, code)
            support.contains(err, "serves no PyTorchJobs: install the definition (CRD) pytorchjobs.kubeflow.org")
        end)
    end
end)
