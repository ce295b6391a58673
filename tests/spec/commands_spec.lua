-- The commands on a cluster: what they print for people and for programs, and how they exit.
local support = require "support"
local cluster = require "support.cluster"

describe("on a cluster #cluster", function()
    local server, namespace
    lazy_setup(function()
        server = cluster.start(cluster.versions[4])
        namespace = server:namespace()
        server:create(namespace, "bert", { state = "Running", labels = '{"team":"vision"}', deadline = "7200" })
        server:create(namespace, "gpt", { state = "Succeeded", labels = '{"team":"speech"}', policy = "None" })
        server:create(namespace, "new")
    end)
    lazy_teardown(support.cleanup)

    local function run(...)
        return support.mpijobd((...), "--kubeconfig", server.kubeconfig, "-n", namespace, select(2, ...))
    end

    it("get shows jobs in a table", function()
        local code, out = run("get")
        assert.are.equal(0, code)
        assert.is_truthy(out:match("NAME +PHASE +POLICY +DEADLINE +GPUS +AGE\n"))
        assert.is_truthy(out:match("bert +Running +%- +2h +8 +"), out)
        assert.is_truthy(out:match("gpt +Succeeded +None +%- +8 +"), out)
        assert.is_truthy(out:match("new +Pending +"), out)
    end)

    it("get selects, names, and prints for programs", function()
        local code, out = run("get", "-l", "team in (vision, speech)", "-o", "name")
        assert.are.equal(0, code)
        assert.are.equal("mpijob.kubeflow.org/bert\nmpijob.kubeflow.org/gpt\n", out)
        code, out = run("get", "bert", "-o", "json")
        assert.are.equal(0, code)
        assert.are.equal("bert", support.json.decode(out).metadata.name)
        code, out = run("get", "bert", "-o", "yaml")
        assert.are.equal(0, code)
        support.contains(out, "activeDeadlineSeconds: 7200\n")
        support.contains(out, 'value: "1e3"')
        code, out = run("get", "-o", "json")
        assert.are.equal(0, code)
        assert.are.equal(3, #support.json.decode(out).items)
        local missing
        code, out, missing = run("get", "bert", "absent")
        assert.are.equal(1, code)
        support.contains(out, "bert")
        support.contains(missing, '"absent" not found')
        code, out, missing = support.mpijobd("get", "--kubeconfig", server.kubeconfig, "-l", "a in b")
        assert.are.equal("", out)
        assert.are.equal(2, code, missing)
    end)

    it("kubectl agrees with what replace has done", function()
        local code, out = run("replace", "gpt", "cleanPodPolicy=All", "labels.triage=done", "annotations.ops.example.com/why=finished")
        assert.are.equal(0, code, out)
        support.contains(out, "effective")
        local kubectl, yaml = support.proc.run("/usr/bin/env", { args = { "kubectl", "--kubeconfig", server.kubeconfig, "-n", namespace, "get", "mpijob", "gpt", "-o", "yaml" } })
        if kubectl == 127 then
            return -- no kubectl here
        end
        assert.are.equal(0, kubectl)
        support.contains(yaml, "cleanPodPolicy: All")
        support.contains(yaml, "triage: done")
        support.contains(yaml, "ops.example.com/why: finished")
    end)

    it("replace --dry-run asks the server and changes nothing", function()
        local before = select(2, server:get(namespace, "bert"))
        local code, out, err = run("replace", "bert", "cleanPodPolicy=All", "--dry-run")
        assert.are.equal(0, code, err)
        support.contains(out, "dry run")
        assert.are.equal(before, (select(2, server:get(namespace, "bert"))))
    end)

    it("replace -l changes many and counts them", function()
        local code, out, err = run("replace", "-l", "team", "labels.batch=x1")
        assert.are.equal(0, code, err)
        support.contains(out, "2 changed, 0 as they should be, 0 failed")
        code, out = run("replace", "-l", "team", "labels.batch=x1", "-o", "json")
        assert.are.equal(0, code)
        for _, row in ipairs(support.json.decode(out)) do
            assert.is_false(row.changed)
            assert.are.equal("unchanged", row.effect)
        end
    end)

    it("replace -f takes a whole object, with a resourceVersion or without", function()
        local folder = support.folder()
        local _, raw = server:get(namespace, "new")
        support.write(folder .. "/o.json", (raw:gsub('"annotations":{', '"annotations":{"whole":"yes",', 1)))
        local code, _, err = run("replace", "-f", folder .. "/o.json")
        assert.are.equal(0, code, err)
        assert.are.equal("yes", server:get(namespace, "new").metadata.annotations.whole)
        code, _, err = run("replace", "-f", folder .. "/o.json") -- its resourceVersion is old now
        assert.are.equal(1, code)
        support.contains(err, "modified")
        local text = raw:gsub('"resourceVersion":"%d+",?', "", 1):gsub('"annotations":{', '"annotations":{"whole":"again",', 1)
        support.write(folder .. "/o.json", text)
        code, _, err = run("replace", "-f", folder .. "/o.json")
        assert.are.equal(0, code, err)
        assert.are.equal("again", server:get(namespace, "new").metadata.annotations.whole)
    end)

    it("replace of a job that is not there is the server's 404", function()
        local code, _, err = run("replace", "absent", "cleanPodPolicy=All")
        assert.are.equal(1, code)
        support.contains(err, '"absent" not found')
    end)
end)
