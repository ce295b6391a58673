-- SPDX-License-Identifier: Apache-2.0
-- mpijobd get for programs and for people who wait: templates, columns of one's own, order, and rows as they come.
local support = require "support"
local cluster = require "support.cluster"

describe("get #cluster", function()
    local server, namespace
    lazy_setup(function()
        server = cluster.start(cluster.versions[4])
        namespace = server:namespace()
        server:create(namespace, "bert", { state = "Running", labels = '{"team":"vision","rank":"10"}', deadline = "7200" })
        server:create(namespace, "gpt", { state = "Succeeded", labels = '{"team":"speech","rank":"9"}', policy = "None" })
        server:create(namespace, "new")
    end)
    lazy_teardown(support.cleanup)

    local function run(...)
        return support.mpijobd((...), "--kubeconfig", server.kubeconfig, "-n", namespace, select(2, ...))
    end

    local function prints(want, ...)
        local code, out, err = run("get", ...)
        assert.are.equal(0, code, err)
        assert.are.equal(want, out)
    end

    -- Names in the order of the rows.
    local function order(by)
        local code, out, err = run("get", "-o", "name", "--sort-by", by)
        assert.are.equal(0, code, err)
        return (out:gsub("mpijob.kubeflow.org/", ""):gsub("\n", " "))
    end

    it("prints by a JSONPath template: of a list, and of one job", function()
        prints("bert gpt new", "-o", "jsonpath={.items[*].metadata.name}")
        prints("bert=vision\ngpt=speech\nnew=\n", "-o", 'jsonpath={range .items[*]}{.metadata.name}={.metadata.labels.team}{"\\n"}{end}')
        prints("7200", "bert", "-o", "jsonpath={.spec.runPolicy.activeDeadlineSeconds}")
        prints("True", "bert", "-o", 'jsonpath={.status.conditions[?(@.type=="Running")].status}')
        prints("", "bert", "-o", "jsonpath={.spec.absent.too}")
    end)

    it("prints columns of one's own, and says where there is nothing", function()
        prints("NAME  TEAM\nbert  vision\ngpt   speech\nnew   <none>\n", "-o", "custom-columns=NAME:.metadata.name,TEAM:.metadata.labels.team")
        prints("N     A\nbert  bert\n", "bert", "-o", "custom-columns=N:{.metadata['name']},A:metadata['name']")
        local _, out = run("get", "bert", "-o", "custom-columns=KINDS:.status.conditions[*].type,N:metadata.name")
        assert.is_truthy(out:match "^KINDS +N\nCreated,Running +bert\n$", out)
    end)

    it("agrees with kubectl on what it prints so", function()
        for _, output in ipairs { "jsonpath={.items[*].metadata.name}", "jsonpath={.items[1:].metadata.name}",
            'jsonpath={range .items[?(@.metadata.labels.team=="speech")]}{.metadata.name} {.status.conditions[-1].type}{"\\n"}{end}',
            "jsonpath={.items[0].metadata.labels}", "jsonpath={.items[0].metadata.labels['team']}, {.items[*].status.conditions[0].status}",
            "custom-columns=NAME:.metadata.name,KINDS:.status.conditions[*].type,NONE:.spec.nothing" } do
            local ran, code, theirs = pcall(support.proc.run, "/usr/bin/env", { args = { "kubectl", "--kubeconfig", server.kubeconfig, "-n", namespace,
                "get", "mpijobs", "-o", output } })
            if not ran or code ~= 0 then
                return pending("kubectl is missing")
            end
            local _, ours = run("get", "-o", output)
            assert.are.equal((theirs:gsub(" +", " ")), (ours:gsub(" +", " ")), output)
        end
    end)

    it("has more columns with -o wide", function()
        local code, out = run("get", "-o", "wide")
        assert.are.equal(0, code)
        assert.is_truthy(out:match "NAME +PHASE +POLICY +DEADLINE +GPUS +HELD +AGE +WORKERS +ENDED +REASON\n", out)
        assert.is_truthy(out:match "gpt +Succeeded +None +%- +8 +%d+ +%S+ +%d+ +%S+ +%S+\n", out)
    end)

    it("puts jobs in order by a column or a path; what has nothing there comes first", function()
        assert.are.equal("new bert gpt ", order "phase")
        assert.are.equal("new bert gpt ", order ".metadata.labels.rank")
        assert.are.equal("new gpt bert ", order "{.metadata.labels.team}")
        assert.are.equal("bert gpt new ", order "name")
        assert.are.equal("gpt new bert ", order "deadline")
    end)

    it("tells mistakes with a cure, before it asks the server", function()
        local function refused(want, ...)
            local code, out, err = support.mpijobd("get", "--kubeconfig", "/nonexistent", ...)
            assert.are.equal(2, code, err)
            assert.are.equal("", out)
            support.contains(err, want)
        end
        refused('-o jsonpath: character 16 of "{.metadata.name": } is missing', "-o", "jsonpath={.metadata.name")
        refused('"A" is no HEAD:PATH; a column is written as PHASE:.status.phase', "-o", "custom-columns=A")
        refused('-o custom-columns, A: character 4 of "{.x": } is missing', "-o", "custom-columns=A:{.x")
        refused("custom-columns=NAME:.metadata.name", "-o", "jsonpath")
        refused('there is no column "phas"; did you mean PHASE?', "--sort-by", "phas")
        refused("-w and --sort-by do not go together", "-w", "--sort-by", "age")
        refused("-w takes one name", "-w", "a", "b")
        local code, _, err = support.mpijobd("inspect", "-o", "wide")
        assert.are.equal(2, code)
        support.contains(err, "-o takes table, json")
    end)

    -- Waits until the pattern is in what the watch has printed.
    local function shows(watch, pattern)
        assert(support.proc.await(function()
            return watch.stdout:find(pattern) and watch.stdout:sub(-1) == "\n" or watch.code
        end) == true, watch.stdout .. watch.stderr)
    end

    it("-w shows a row for each job that comes, changes and goes, until it is told to end", function()
        local watch = support.daemon({}, "get", "--kubeconfig", server.kubeconfig, "-n", namespace, "-w")
        shows(watch, "new +Pending[^\n]*\n")
        assert.is_truthy(watch.stdout:match "^NAME +PHASE +POLICY +DEADLINE +GPUS +AGE\nbert +Running[^\n]*\ngpt +[^\n]*\nnew +[^\n]*\n$", watch.stdout)
        run("replace", "--no-journal", "gpt", "cleanPodPolicy=All")
        shows(watch, "\ngpt +Succeeded +All +")
        server:create(namespace, "later")
        shows(watch, "\nlater +Pending +")
        server:request("DELETE", server:path(namespace, "later"))
        shows(watch, "\nlater +Pending,deleted +")
        watch:kill("sigint")
        assert.are.equal(0, (watch:wait()))
        assert.are.equal("", watch.stderr)
        assert.are.equal(1, select(2, watch.stdout:gsub("bert ", "")))
    end)

    it("-w shows one job in the form that is asked for, and says where there is no such job", function()
        local watch = support.daemon({}, "get", "--kubeconfig", server.kubeconfig, "-n", namespace, "bert", "-w", "-o", 'jsonpath={.metadata.labels.round}{"!\\n"}')
        shows(watch, "^!\n")
        run("replace", "--no-journal", "gpt", "labels.round=1")
        run("replace", "--no-journal", "bert", "labels.round=2")
        shows(watch, "2!\n")
        watch:kill("sigterm")
        assert.are.equal(0, (watch:wait()))
        assert.are.equal("!\n2!\n", watch.stdout)
        local code, _, err = run("get", "absent", "-w")
        assert.are.equal(1, code)
        support.contains(err, 'there is no MPIJob "absent" in namespace')
    end)
end)
