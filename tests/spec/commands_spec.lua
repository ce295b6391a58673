-- SPDX-License-Identifier: Apache-2.0
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
        assert.is_truthy(out:match("NAME +PHASE +POLICY +DEADLINE +GPUS +HELD +AGE\n"))
        assert.is_truthy(out:match("bert +Running +%- +2h +8 +0 +"), out)
        assert.is_truthy(out:match("gpt +Succeeded +None +%- +8 +0 +"), out)
        assert.is_truthy(out:match("new +Pending +"), out)
    end)

    it("version is that of CMakeLists.txt, and what the server is told", function()
        local number = support.read(support.source .. "/CMakeLists.txt"):match("project%(mpijobd VERSION ([%d.]+)")
        local code, out = support.mpijobd("version")
        assert.are.equal(0, code)
        assert.are.equal("mpijobd " .. number, out:match("^[^\n]*"))
        code, out = support.mpijobd("version", "-o", "json")
        assert.are.equal(0, code)
        assert.are.equal(number, support.json.decode(out).version)
        if server.sim then
            run("get")
            local requests = server.sim:requests("method=GET")
            assert.are.equal("mpijobd/" .. number, requests[#requests].userAgent)
        end
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
        support.contains(missing, ('"absent" not found in namespace "%s"; another namespace is named by -n, or as NAMESPACE/NAME\n'):format(namespace))
        local none = 'there is no kind "nokind" here; there are MPIJob, '
        missing = select(3, run("get", "nokind", "bert"))
        support.contains(missing, "or as NAMESPACE/NAME; " .. none)
        for _, more in ipairs { "-A", "-Aw" } do
            code, _, missing = support.mpijobd("get", "--kubeconfig", server.kubeconfig, "nokind", more)
            assert.are.equal(2, code)
            support.contains(missing, none)
            support.contains(missing, "; and a name needs its namespace: -n NAMESPACE instead of -A")
        end
        missing = select(3, support.mpijobd("get", "--kubeconfig", server.kubeconfig, "--kind", "MPIJob", "nokind", "-A"))
        support.contains(missing, "instead of -A\n")
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
            pending("kubectl is missing")
            return
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
        support.contains(err, "it has changed since")
        local text = raw:gsub('"resourceVersion":"%d+",?', "", 1):gsub('"annotations":{', '"annotations":{"whole":"again",', 1)
        support.write(folder .. "/o.json", text)
        code, _, err = run("replace", "-f", folder .. "/o.json")
        assert.are.equal(0, code, err)
        assert.are.equal("again", server:get(namespace, "new").metadata.annotations.whole)
    end)

    -- A file as people have it: several documents, a list, a document without a namespace, YAML that kubectl reads as values.
    local function object(name)
        local _, text = run("get", name, "-o", "yaml")
        return (text:gsub("\n  resourceVersion: [^\n]*", "", 1))
    end

    it("replace -f takes several documents, lists and a document's end", function()
        local folder = support.folder()
        local file = folder .. "/jobs.yaml"
        local one = object("bert"):gsub("\n  labels:\n", "%0    round: one\n", 1)
        local two = object("new"):gsub("\n  annotations:\n", "%0    round: one\n", 1)
        support.write(file, "# jobs\n" .. one .. "---\n---\n" .. two .. "---\n")
        local code, out, err, _ = run("replace", "-f", file)
        assert.are.equal(0, code, err)
        support.contains(out, "2 changed, 0 as they should be, 0 failed")
        assert.are.equal("one", server:get(namespace, "bert").metadata.labels.round)
        assert.are.equal("one", server:get(namespace, "new").metadata.annotations.round)
        code, out, err = run("replace", "-f", file, "-o", "json")
        assert.are.equal(0, code, err)
        assert.are.equal(2, #support.json.decode(out))
        local list = "apiVersion: v1\nkind: List\nitems:\n- " .. one:gsub("\n(.)", "\n  %1") .. "- " .. two:gsub("\n(.)", "\n  %1")
        support.write(file, list)
        code, out, err = run("replace", "-f", file)
        assert.are.equal(0, code, err)
        support.contains(out, "0 changed, 2 as they should be, 0 failed")
        support.write(file, one .. "---\n" .. two:gsub("name: new", "name: absent", 1))
        code, out, err = run("replace", "-f", file)
        assert.are.equal(3, code, out)
        support.contains(err, '"absent" not found')
        support.contains(out, "0 changed, 1 as they should be, 1 failed")
        support.write(file, "---\n# nothing\n---\n")
        code, _, err = run("replace", "-f", file)
        assert.are.equal(1, code)
        support.contains(err, "there is no object in it")
    end)

    it("replace -f puts an object without a namespace where -n says, and refuses one of another", function()
        local folder = support.folder()
        local file = folder .. "/job.yaml"
        local text = object("gpt")
        support.write(file, (text:gsub("\n  namespace: [^\n]*", "", 1)))
        local code, out, err, _ = run("replace", "-f", file)
        assert.are.equal(0, code, err)
        support.contains(out, namespace .. "/gpt unchanged")
        support.write(file, (text:gsub("\n  namespace: [^\n]*", "\n  namespace: elsewhere", 1)))
        code, _, err = run("replace", "-f", file)
        assert.are.equal(1, code)
        support.contains(err, 'the object is of the namespace "elsewhere", and -n says "' .. namespace .. '"')
        support.write(file, (text:gsub("\n  namespace: [^\n]*", "\n  namespace: 007", 1)))
        code, _, err = run("replace", "-f", file)
        assert.are.equal(1, code)
        support.contains(err, "/metadata/namespace is no name")
    end)

    it("replace -f reads YAML as kubectl does", function()
        local folder = support.folder()
        local pod = '\n        spec:\n          hostNetwork: yes\n          volumes:\n          - name: ssh\n            secret: {<<: {secretName: s}, defaultMode: 0400}\n'
        local text, count = object("new"):gsub("\n        spec:\n", pod, 1)
        assert.are.equal(1, count)
        local code, _, err = run("replace", "-f", support.write(folder .. "/job.yaml", text))
        assert.are.equal(0, code, err)
        local raw = select(2, server:get(namespace, "new"))
        support.contains(raw, '"hostNetwork":true')
        support.contains(raw, '"defaultMode":256')
        support.contains(raw, '"secretName":"s"')
        assert.is_nil(raw:find("<<", 1, true))
    end)

    it("replace of a job that is not there is the server's 404", function()
        local code, _, err = run("replace", "absent", "cleanPodPolicy=All")
        assert.are.equal(1, code)
        support.contains(err, '"absent" not found')
        support.contains(err, "another namespace is named by -n, or as NAMESPACE/NAME\n")
    end)

    it("replace by a selector that no job has says so", function()
        local code, out, err = run("replace", "-l", "app=absent", "labels.a=b")
        assert.are.equal(0, code)
        assert.are.equal("0 changed, 0 as they should be, 0 failed\n", out)
        assert.are.equal("mpijobd replace: no job matches\n", err)
    end)

    it("options may stand before the command", function()
        local code, out, err, _ = support.mpijobd("-n", namespace, "--kubeconfig=" .. server.kubeconfig, "get", "bert", "-o", "name")
        assert.are.equal(0, code, err)
        assert.are.equal("mpijob.kubeflow.org/bert\n", out)
        code, _, err = support.mpijobd("-n", namespace)
        assert.are.equal(2, code)
        support.contains(err, 'no command is named; "-n" goes with one')
        code, _, err = support.mpijobd("-n", namespace, "gett")
        assert.are.equal(2, code)
        support.contains(err, 'there is no command "gett"; did you mean "get"?')
    end)

    it("help COMMAND explains a command, and version takes no arguments", function()
        local code, out = support.mpijobd("help", "replace")
        local _, same = support.mpijobd("replace", "--help")
        assert.are.equal(0, code)
        assert.are.equal(same, out)
        local err
        code, _, err = support.mpijobd("help", "nothing")
        assert.are.equal(2, code)
        support.contains(err, 'there is no command "nothing"')
        code, out, err = support.mpijobd("version", "extra")
        assert.are.equal(2, code)
        assert.are.equal("", out)
        support.contains(err, 'it takes no arguments, and "extra" is one')
    end)

    it("a job may be named with its namespace", function()
        local function bare(...) return support.mpijobd((...), "--kubeconfig", server.kubeconfig, select(2, ...)) end
        local code, out, err, _ = bare("get", namespace .. "/bert", namespace .. "/gpt", "-o", "name")
        assert.are.equal(0, code, err)
        assert.are.equal("mpijob.kubeflow.org/bert\nmpijob.kubeflow.org/gpt\n", out)
        code, out, err = bare("replace", namespace .. "/bert", "labels.example.com/named=yes")
        assert.are.equal(0, code, err)
        support.contains(out, namespace .. "/bert replaced")
        code, _, err = bare("inspect", namespace .. "/bert")
        assert.is_truthy(code == 0 or code == 1, err)
        code, _, err = run("get", "elsewhere/bert")
        assert.are.equal(2, code)
        support.contains(err, '"' .. namespace .. '" and "elsewhere" are two namespaces')
    end)

    it("a change of every job has to say so", function()
        for _, selector in ipairs { "", " " } do
            local code, _, err = run("replace", "-A", "-l", selector, "labels.every=1")
            assert.are.equal(2, code)
            support.contains(err, "an empty selector is every job of all namespaces; say --all if that is meant")
        end
        local code, out, err, _ = run("replace", "-l", "", "labels.every=1")
        assert.are.equal(2, code, out)
        support.contains(err, "an empty selector is every job of the namespace; say --all")
        assert.is_nil(select(2, server:get(namespace, "bert")):find('"every"', 1, true))
        code, out, err = run("replace", "--all", "labels.every=1")
        assert.are.equal(0, code, err)
        support.contains(out, "3 changed, 0 as they should be, 0 failed")
        code, _, err = run("replace", "labels.every=1")
        assert.are.equal(2, code, err)
    end)

    it("a namespace that is not there is said", function()
        local folder = support.folder()
        local policy = support.write(folder .. "/p.lua", 'policy { name = "p", every = "1h", replace = { cleanPodPolicy = "All" } }\n')
        for _, words in ipairs { { "get" }, { "get", "bert" }, { "inspect" }, { "report" }, { "replace", "-l", "a", "labels.b=c" }, { "plan", policy } } do
            local code, _, err = support.mpijobd(words[1], "--kubeconfig", server.kubeconfig, "-n", "absent", table.unpack(words, 2))
            assert.are.equal(1, code, words[1] .. err)
            support.contains(err, 'there is no namespace "absent"')
        end
        local empty = server:namespace()
        local code, _, err = support.mpijobd("get", "--kubeconfig", server.kubeconfig, "-n", empty)
        assert.are.equal(0, code, err)
        support.contains(err, "No MPIJobs found in namespace " .. empty)
    end)

    it("a full disk behind standard output is a failure", function()
        local function full(...)
            local words = { support.binary, ... }
            for i, word in ipairs(words) do words[i] = "'" .. word .. "'" end
            return support.proc.run("/bin/sh", { args = { "-c", table.concat(words, " ") .. " >/dev/full" } })
        end
        for _, words in ipairs { { "version" }, { "help" }, { "get", "--help" },
            { "get", "--kubeconfig", server.kubeconfig, "-n", namespace, "-o", "yaml" } } do
            local code, _, err = full(table.unpack(words))
            assert.are.equal(1, code, err)
            support.contains(err, "mpijobd: standard output cannot be written")
        end
    end)

    it("jobs that are being deleted are listed with a mark, and match only where that is asked for", function()
        local place = server:namespace()
        server:create(place, "stays", { state = "Running" })
        server:create(place, "goes", { state = "Running" })
        local path = server:path(place, "goes")
        assert.are.equal(200, (server:request("PATCH", path, '{"metadata":{"finalizers":["example.com/wait"]}}', "application/merge-patch+json")))
        assert.are.equal(200, (server:request("DELETE", path)))
        local function at(...) return support.mpijobd((...), "--kubeconfig", server.kubeconfig, "-n", place, select(2, ...)) end
        local code, out, err, _ = at("get")
        assert.are.equal(0, code, err)
        assert.is_truthy(out:match("goes +Running,deleting +"), out)
        assert.is_truthy(out:match("stays +Running +"), out)
        code, out, err = at("replace", "goes", "cleanPodPolicy=All", "-o", "json")
        assert.are.equal(0, code, err)
        assert.are.equal("inert", support.json.decode(out)[1].effect)
        code, out, err = at("replace", "--all", "labels.round=2")
        assert.are.equal(0, code, err)
        support.contains(out, "1 changed, 0 as they should be, 0 failed")
        for match, name in pairs { [""] = "stays", ["deleting = false"] = "stays", ["deleting = true"] = "goes" } do
            local policy = support.write(support.folder() .. "/p.lua",
                ('policy { name = "p", every = "1h", match = { %s }, replace = { labels = { seen = "yes" } } }\n'):format(match))
            code, out, err = at("plan", policy, "-o", "json")
            assert.are.equal(0, code, err)
            local rows = support.json.decode(out)
            assert.are.equal(1, #rows, match .. out)
            support.contains(out, place .. "/" .. name)
        end
        code, _, err = support.mpijobd("check", support.write(support.folder() .. "/p.lua",
            'policy { name = "p", every = "1h", match = { deleting = "yes" }, replace = { cleanPodPolicy = "All" } }\n'))
        assert.are.equal(1, code)
        support.contains(err, 'match.deleting is the string "yes"; it has to be true')
        server:request("PATCH", path, '{"metadata":{"finalizers":null}}', "application/merge-patch+json")
    end)

    it("a run that failed with some jobs is partial, in the log, in runs and as JSON", function()
        local place, folder = server:namespace(), support.folder()
        server:create(place, "good", { state = "Running" })
        server:create(place, "bad", { state = "Running" })
        local policy = support.write(folder .. "/p.lua", [[policy { name = "p", every = "1h", replace = function(job)
            if job.name == "bad" then error("no") end
            return { labels = { csi = "yes" }, annotations = { ["example.com/x"] = "\u{9b}31m\u{202e}" } }
        end }]])
        local code, _, log = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "-n", place, "--state", folder .. "/s.db",
            "--log-format", "json", policy)
        assert.are.equal(3, code, log)
        local rows = {}
        for line in log:gmatch("[^\n]+") do
            if line:sub(1, 1) == "{" then
                local row = support.json.decode(line)
                rows[row.message] = row
            end
        end
        local ended, replaced = rows["run ended"], rows["replaced"]
        assert.are.same({ "partial", 1, 0, 1 }, { ended.outcome, ended.changed, ended.unchanged, ended.failed })
        assert.are.equal("table", type(replaced.diff))
        assert.are.equal(2, #replaced.diff)
        assert.is_nil(log:find("\u{9b}", 1, true) or log:find("\u{202e}", 1, true))
        local _, out = support.mpijobd("runs", "--state", folder .. "/s.db", "-o", "json")
        assert.are.equal("partial", support.json.decode(out)[1].outcome)
        local function empty(...)
            local code_of_it, _, err = support.mpijobd(...)
            return { code_of_it, err }
        end
        local state = { "--state", folder .. "/s.db" }
        assert.are.same({ 1, "mpijobd runs: there is no run 99; mpijobd runs lists those that there are\n" }, empty("runs", "99", table.unpack(state)))
        assert.are.same({ 0, "mpijobd journal: there is no change of run 99\n" }, empty("journal", "99", table.unpack(state)))
        for _, command in ipairs { "journal", "runs" } do
            assert.are.same({ 0, ('mpijobd %s: there is no policy "absent" in the journal; mpijobd runs names those that have run\n'):format(command) },
                empty(command, "--policy", "absent", table.unpack(state)))
        end
        local name = support.json.decode(out)[1].policy
        assert.are.same({ 0, ('mpijobd journal: there is no change of policy "%s" of the job train/none since 2026-11-23T00:00:00Z\n'):format(name) },
            empty("journal", "--policy", name, "--job", "train/none", "--since", "2026-11-23", table.unpack(state)))
        assert.are.same({ 0, "mpijobd journal: there is no change in the namespace none\n" }, empty("journal", "-n", "none", table.unpack(state)))
        assert.are.same({ 2, true }, (function(t) return { t[1], t[2]:find("--verify tells of the whole journal", 1, true) ~= nil } end)(
            empty("journal", "--verify", "-o", "csv", table.unpack(state))))
        code, out = support.mpijobd("journal", "--state", folder .. "/s.db")
        assert.are.equal(0, code)
        support.contains(out, "good")
        assert.is_nil(out:find("\u{9b}", 1, true) or out:find("\u{202e}", 1, true))
        code, out = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", place, "good", "annotations.example.com/x=\u{9b}2J",
            "annotations.example.com/y=x" .. ("é"):rep(5000), "annotations.example.com/z=" .. ("€"):rep(5000)) -- wherever a buffer ends
        assert.are.equal(0, code, out)
        support.contains(out, [[\u009b31m\u202e]])
        support.contains(out, [[\u009b2J]])
        support.contains(out, "é")
        assert.is_nil(out:find("\u{9b}", 1, true) or out:find("\u{202e}", 1, true))
        code, out = support.mpijobd("get", "--kubeconfig", server.kubeconfig, "-n", place, "good", "-o", "json")
        assert.are.equal(0, code)
        local annotations = support.json.decode(out).metadata.annotations
        assert.are.equal("\u{9b}2J", annotations["example.com/x"])
        assert.are.equal("x" .. ("é"):rep(5000), annotations["example.com/y"])
        assert.are.equal(("€"):rep(5000), annotations["example.com/z"])
    end)
end)
