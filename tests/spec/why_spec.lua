-- SPDX-License-Identifier: Apache-2.0
-- mpijobd why: what a policy makes of a job, from files and a cluster, with the state of a daemon that does not run.
local support = require "support"
local cluster = require "support.cluster"

local POLICIES <const> = [[
policy {
  name    = "free",
  match   = { phase = { "Succeeded", "Failed" }, labels = "keep != true, !hold", finished_for = "3h" },
  on      = "match",
  replace = { cleanPodPolicy = "All" },
}
policy {
  name     = "nightly",
  schedule = "30 2 * * *", timezone = "Europe/Berlin", jitter = "5m",
  match    = { phase = "Succeeded", where = function(job)
    return job.labels.team == "vision"
  end },
  replace  = function(job)
    if job.labels.alone then return nil end
    return { cleanPodPolicy = "All", labels = { seen = "yes" } }
  end,
}
policy { name = "broken", every = "10m", match = { where = function(job) return job.nothing.x end },
  replace = function() return { cleanPodPolicy = "Al" } end }
policy { name = "told", every = "10m", match = { phase = "Running" }, run = function() end }
policy { name = "dry", every = "10m", dry_run = true, match = { phase = "Succeeded" }, replace = { labels = { a = "b" } } }
policy { name = "elsewhere", every = "10m", clusters = { "other" }, match = { phase = "Succeeded" }, replace = { labels = { a = "b" } } }
policy { name = "at-end", on = "finished", match = {}, replace = { labels = { ended = "yes" } } }
policy { name = "marked", on = "match", match = { labels = "mark", phase = "Succeeded" }, replace = { labels = { ended = "yes" } } }
policy { name = "limited", every = "10m", limits = { changes = 1 }, match = { phase = "Succeeded" }, replace = { labels = { a = "b" } } }
]]

describe("mpijobd why", function()
    local server, folder, policies, state, ns

    -- Its clusters are known by two names, so that a policy may be for another one.
    local function configuration(kubeconfig)
        kubeconfig = kubeconfig or server.kubeconfig
        return support.write(folder .. "/mpijobd.yaml", ("clusters:\n  here: { kubeconfig: %s }\n  other: { kubeconfig: %s }\nstate: %s\n"):format(
            kubeconfig, kubeconfig, state))
    end

    setup(function()
        server = cluster.start(cluster.versions[4])
        folder = support.folder()
        policies = support.write(folder .. "/policies.lua", POLICIES)
        state = folder .. "/state.db"
        ns = server:namespace()
        server:create(ns, "done", { state = "Succeeded", since = 7200, labels = '{"team":"vision"}' })
        server:create(ns, "long-done", { state = "Succeeded", since = 14400, policy = "All", labels = '{"keep":"true"}' })
        server:create(ns, "alone", { state = "Succeeded", labels = '{"team":"vision","alone":"yes"}' })
        server:create(ns, "runs", { state = "Running" })
        server:create(ns, "waits")
    end)
    teardown(support.cleanup)

    local function why(...)
        local args = { "why", ... }
        for _, arg in ipairs { "--config", configuration(), "--cluster", "here" } do
            args[#args + 1] = arg
        end
        args[#args + 1] = policies
        return support.mpijobd(table.unpack(args))
    end

    local function told(...)
        local code, out, err = why(...)
        assert.equal("", err)
        assert.equal(0, code)
        return out
    end

    local function tree(...)
        local args = { ... }
        args[#args + 1] = "-o"
        args[#args + 1] = "json"
        return support.json.decode(told(table.unpack(args)))
    end

    local function condition(t, key, nth)
        for _, c in ipairs(t.conditions) do
            if c.key == key then
                nth = (nth or 1) - 1
                if nth == 0 then
                    return c
                end
            end
        end
        error("no condition " .. key)
    end

    local function seconds(text)
        local y, m, d, h, min, s = text:match "^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)%.%d+Z$"
        return os.time { year = y, month = m, day = d, hour = h, min = min, sec = s, isdst = false }
            - os.difftime(os.time(os.date("*t", 86400)), os.time(os.date("!*t", 86400)))
    end

    it("says when a job matches, unless, and what is done then #cluster", function()
        local text = told("free", ns .. "/done")
        support.contains(text, ("free (%s:1), %s/done: later\n  matches in "):format(policies, ns))
        support.contains(text, ", unless its label keep becomes true or its label hold is set\n")
        assert.truthy(text:find("\n  yes    phase         Succeeded or Failed  Succeeded\n", 1, true), text)
        assert.truthy(text:find("\n  later  finished_for  3h                   2h%S*%s+in %S+, at 20"), text)
        support.contains(text, "\n  yes    labels        keep!=true           unset\n")
        support.contains(text, "would change (as the job is now, if it matched):\n")
        support.contains(text, "spec.runPolicy.cleanPodPolicy: All\n")
        support.contains(text, "\ntrigger: on match\n")
        support.lacks(text, "\27")
    end)

    it("has the same for programs #cluster", function()
        local t = tree("free", "done", "-n", ns)
        assert.equal("later", t.verdict)
        assert.equal("here", t.cluster)
        assert.equal(ns .. "/done", t.job)
        assert.is_false(t.matches)
        assert.equal("files", t.source)
        local c = condition(t, "finished_for")
        assert.is_false(c.holds)
        assert.equal(t.matches_at, c.holds_at)
        assert.equal(t.matches_at, t.next)
        assert.near(3600, seconds(t.matches_at) - seconds(t.at), 600)
        assert.equal("its label hold is set", condition(t, "labels", 2).unless)
        assert.equal("changes", t.change.outcome)
        assert.equal("effective", t.change.effect)
        assert.equal("/spec/runPolicy/cleanPodPolicy", t.change.diff[1].path)
        assert.same({}, t.held_back)
    end)

    it("asks where and replace, whatever the other says #cluster", function()
        local t = tree("nightly", ns .. "/done")
        assert.equal("acts", t.verdict)
        assert.equal("true", condition(t, "where").value)
        assert.equal(policies .. ":10", condition(t, "where").wanted)
        assert.equal(2, #t.change.diff)
        assert.equal(300, t.jitter)
        assert.truthy(t.next > t.at)
        assert.truthy(t.message:find("next run is at 20%d%d%-%d%d%-%d%dT02:30:00%+0[12]:00 %(in "), t.message)

        t = tree("nightly", ns .. "/long-done")
        assert.equal("no-match", t.verdict)
        assert.equal("false", condition(t, "where").value)
        assert.equal("does not match: where says no (" .. policies .. ":10)", t.message)
        assert.equal("changes", t.change.outcome) -- the label

        t = tree("nightly", ns .. "/alone")
        assert.equal("nothing-to-do", t.verdict)
        assert.equal("left", t.change.outcome)

        t = tree("broken", ns .. "/runs")
        assert.equal("fails", t.verdict)
        assert.is_true(condition(t, "where").failed)
        support.contains(condition(t, "where").value, policies .. ":18: a job has no field \"nothing\"")
        assert.equal("fails", t.change.outcome)
        support.contains(t.change.error, policies .. ":19: cleanPodPolicy must be exactly")
    end)

    it("tells what keeps a job out", function()
        local t = tree("free", ns .. "/long-done")
        assert.equal("no-match", t.verdict)
        assert.equal("does not match: labels", t.message)
        assert.equal("unchanged", t.change.outcome)
        t = tree("free", ns .. "/waits")
        assert.equal("does not match: phase, finished_for", t.message)
        assert.equal("run-function", tree("told", ns .. "/runs").verdict)
        t = tree("at-end", ns .. "/runs")
        assert.equal("does not match: on", t.message)
        assert.equal("Running", condition(t, "on").value)
    end)

    it("tells what holds the policy back", function()
        local t = tree("dry", ns .. "/done")
        assert.equal("held", t.verdict)
        assert.equal("dry-run", t.held_back[1].reason)
        t = tree("elsewhere", ns .. "/done")
        assert.equal("elsewhere", t.held_back[1].reason)
        support.contains(told("elsewhere", ns .. "/done"), "\nheld back:\n  elsewhere: the policy is not for cluster here")
        t = tree("at-end", ns .. "/done")
        assert.same({}, t.held_back) -- without a state nothing is known of it
        support.contains(t.unknown[1], "there is no state at " .. state)
    end)

    it("tells where the policy is not in force", function()
        local old = require("support.sim").start("--version", "v1alpha2")
        old:make_namespace "train"
        old:request("POST", old:path("v1alpha2", "train"), { apiVersion = "kubeflow.org/v1alpha2", kind = "MPIJob", metadata = { name = "a", namespace = "train" },
            spec = { mpiReplicaSpecs = { Launcher = { replicas = 1, template = { spec = { containers = { { name = "l", image = "i" } } } } } } } })
        local file = support.write(folder .. "/new.lua", 'policy { name = "new", every = "1h", match = {}, replace = { suspend = true } }')
        local config = support.write(folder .. "/old.yaml", ("cluster: { kubeconfig: %s }\nnamespaces: [ other ]\nstate: %s\n"):format(old.kubeconfig, state))
        local code, out, err = support.mpijobd("why", "--config", config, "new", "train/a", file, "-o", "json")
        assert.same({ 0, "" }, { code, err })
        local t = support.json.decode(out)
        assert.equal("held", t.verdict)
        assert.equal("aside", t.held_back[1].reason)
        support.contains(t.held_back[1].message, "suspend")
        assert.equal("scope", t.held_back[2].reason)
        assert.equal("fails", t.change.outcome)
    end)

    it("exits with 10 where there is a change, if that is asked for", function()
        assert.equal(10, (why("nightly", ns .. "/done", "--exit-code")))
        assert.equal(0, (why("free", ns .. "/done", "--exit-code")))
    end)

    it("has a clear message for what is not there", function()
        local function fails(expected, part, ...)
            local code, out, err = why(...)
            assert.equal(expected, code)
            assert.equal("", out)
            support.contains(err, "mpijobd why: " .. part)
        end
        fails(1, "there is no policy \"fre\"; did you mean \"free\"?\n", "fre", ns .. "/done")
        fails(1, ("there is no MPIJob \"dome\" in namespace \"%s\"; did you mean \"done\"?\n"):format(ns), "free", ns .. "/dome")
        fails(1, "there is no namespace \"nowhere-at-all\"\n", "free", "nowhere-at-all/done")
        fails(1, "policy \"free\" is about MPIJobs, not PyTorchJobs\n", "free", "pytorchjob/" .. ns .. "/done")
        assert.equal(2, (support.mpijobd("why", "free")))
        fails(2, "\"b\" and \"a\" are two namespaces", "free", "a/done", "-n", "b")
        fails(2, "a job is named NAME (with -n), or NAMESPACE/NAME\n", "free", "a/b/c")
        fails(2, "a policy is named by its name, not \"free.lua\"", "free.lua", ns .. "/done")
        fails(2, "-o takes table or json here", "free", ns .. "/done", "-o", "yaml")
    end)

    it("reads what a daemon has handled, and how its last run ended", function()
        server:create(ns, "old", { state = "Succeeded", since = 20000 })
        local code, _, err = support.mpijobd("run", "--once", "--config", configuration(), "--cluster", "here", policies)
        assert.truthy(code ~= 2, err)
        local t = tree("free", ns .. "/old")
        assert.equal("nothing-to-do", t.verdict)
        assert.equal("done", t.last_change.outcome)
        assert.equal("effective", t.last_change.effect)
        assert.equal("done", t.last_run.outcome)
        t = tree("limited", ns .. "/done")
        assert.equal("limit", t.held_back[#t.held_back].reason)
        support.contains(t.held_back[#t.held_back].message, "limits.changes allows 1")
        assert.same({}, t.unknown)
        t = tree("at-end", ns .. "/done")
        assert.equal("before", t.held_back[1].reason)
        assert.equal("held", t.verdict)

        -- A daemon handles the job, and the state says so afterwards.
        server:create(ns, "marked", { state = "Succeeded", since = 1, labels = '{"mark":""}' })
        assert.same({}, tree("marked", ns .. "/marked").held_back)
        local daemon = support.daemon(nil, "run", "--no-supervisor", "--listen", "none", "--config", configuration(), "--cluster", "here", policies)
        daemon:expect("run ended policy=marked", "stderr", 60)
        daemon:stop()
        t = tree("marked", ns .. "/marked")
        assert.equal("handled", t.held_back[1].reason)
        support.contains(t.held_back[1].message, "it was handled already (on match), at 20")
        assert.equal("nothing-to-do", t.verdict)
        support.contains(told("marked", ns .. "/marked"), "\nlast change: 20")
    end)

    it("holds functions to their bounds, and ends with the daemon", function()
        local bounded = support.write(folder .. "/bounded.lua", [[
            policy { name = "burns", every = "1h", limits = { cpu = "20ms" }, match = { where = function() while true do end end }, replace = { labels = { a = "b" } } }
            policy { name = "sleeps", every = "1h", limits = { timeout = "200ms" }, match = { where = function() sleep("1h") end }, replace = { labels = { a = "b" } } }
            policy { name = "waits", every = "1h", match = { where = function() sleep("1h") end }, replace = { labels = { a = "b" } } }
            policy { name = "writes", every = "1h", match = { where = function(job)
                mpijob.replace(job, { labels = { written = "yes" } })
                store.set("seen", job.name)
                return true
            end }, replace = { labels = { a = "b" } } }
        ]])
        local function ask(policy)
            local code, out, err = support.mpijobd("why", "--config", configuration(), "--cluster", "here", policy, ns .. "/done", bounded, "-o", "json")
            assert.same({ 0, "" }, { code, err })
            return support.json.decode(out)
        end
        local t = ask("burns")
        assert.equal("fails", t.verdict)
        support.contains(condition(t, "where").value, "the CPU limit of 20ms is used up")
        t = ask("sleeps")
        assert.equal("fails", t.verdict)
        assert.is_true(condition(t, "where").failed)
        t = ask("writes")
        assert.equal("acts", t.verdict)
        assert.is_nil((server:get(ns, "done").metadata.labels or {}).written)

        local own = folder .. "/own.db"
        local daemon = support.daemon(nil, "run", "--no-supervisor", "--listen", "none", "--kubeconfig", server.kubeconfig, "--state", own, bounded)
        daemon:expect("policies in force", "stderr", 60)
        local control = require "support.control"
        local c = assert(control.connect(own .. ".control"))
        c:send(support.json.encode { id = 1, verb = "why", args = { policy = "waits", job = ns .. "/done" } } .. "\n")
        c:send(support.json.encode { id = 2, verb = "why", args = { policy = "writes", job = ns .. "/done" } } .. "\n")
        local answer = c:line()
        assert.equal(2, answer.id)
        assert.equal("acts", answer.result.tree.verdict)
        -- The first one waits: the daemon ends all the same, and so it does where its asker has gone away.
        local gone = assert(control.connect(own .. ".control"))
        gone:send(support.json.encode { id = 3, verb = "why", args = { policy = "waits", job = ns .. "/done" } } .. "\n")
        gone:send('{"id":4,"verb":"verbs"}\n')
        assert.equal(4, gone:line().id)
        gone.pipe:close()
        assert.equal(0, (daemon:stop()))
    end)

    if cluster.real then
        it("asks the server what is allowed #cluster", function()
            local text = support.read(server.kubeconfig):gsub(server.APISERVER_TOKEN, server.APISERVER_VIEW_TOKEN)
            local viewer = support.write(folder .. "/viewer", text)
            local rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/" .. ns
            assert(server:request("POST", rbac .. "/roles", { metadata = { name = "reads" },
                rules = { { apiGroups = { "kubeflow.org" }, resources = { "mpijobs" }, verbs = { "get", "list" } } } }) == 201)
            assert(server:request("POST", rbac .. "/rolebindings", { metadata = { name = "reads" },
                roleRef = { apiGroup = "rbac.authorization.k8s.io", kind = "Role", name = "reads" },
                subjects = { { apiGroup = "rbac.authorization.k8s.io", kind = "User", name = "view" } } }) == 201)
            local code, out, err = support.mpijobd("why", "free", ns .. "/done", "--config", configuration(viewer), "--cluster", "here", "-o", "json", policies)
            assert.same({ 0, "" }, { code, err })
            local t = support.json.decode(out)
            assert.equal("forbidden", t.held_back[1].reason)
            support.contains(t.held_back[1].message, "to watch mpijobs in namespace " .. ns)
            support.contains(t.held_back[2].message, "to update mpijobs in namespace " .. ns)
        end)
    end

    it("asks the daemon that runs, unless files are named", function()
        local daemon = support.daemon(nil, "run", "--no-supervisor", "--listen", "none", "--config", configuration(), "--cluster", "here", policies)
        daemon:expect("policies in force", "stderr", 60)
        local function ask(...)
            return support.mpijobd("why", "--config", configuration(), "--cluster", "here", ...)
        end
        local code, out, err = ask("nightly", ns .. "/done", "-o", "json", "--exit-code")
        assert.equal("", err)
        local t = support.json.decode(out)
        assert.equal("daemon", t.source)
        assert.equal(t.verdict == "acts" and 10 or 0, code)
        assert.equal("true", condition(t, "where").value)
        code, out, err = ask("free", "done", "-n", ns)
        assert.equal(0, code, err)
        support.contains(out, ("free (%s:1), %s/done: "):format(policies, ns))
        code, out, err = ask("fre", ns .. "/done")
        assert.same({ 1, "", "mpijobd why: there is no policy \"fre\"; did you mean \"free\"?\n" }, { code, out, err })
        code, out, err = ask("free", ns .. "/unheard-of")
        assert.same({ 1, "", ("mpijobd why: there is no MPIJob \"unheard-of\" in namespace \"%s\"\n"):format(ns) }, { code, out, err })
        assert.is_truthy(support.proc.await(function() -- when the jobs are listed
            return select(3, ask("free", ns .. "/marke")):find('; did you mean "marked"?\n', 1, true)
        end))
        code, out, err = ask("free", "tfjob/" .. ns .. "/done")
        assert.same({ 1, "", "mpijobd why: policy \"free\" is about MPIJobs, not TFJobs\n" }, { code, out, err })
        assert.equal("files", tree("free", ns .. "/done").source)

        -- Paused by a person: known to the daemon, and in its state.
        assert.equal(0, (support.mpijobd("pause", "--config", configuration(), "free")))
        code, out, err = ask("free", ns .. "/done", "-o", "json")
        assert.equal(0, code, err)
        t = support.json.decode(out)
        assert.equal("paused", t.held_back[1].reason)
        assert.truthy(t.held_back[1].message:find("^the policy is paused, by %S+ since 20.*; `mpijobd resume free` lets it run$"), t.held_back[1].message)

        local control = require "support.control"
        local answer = control.ask(state .. ".control", { id = 1, verb = "why", args = { policy = "free" } })
        assert.equal("Invalid", answer.error.reason)
        daemon:stop()
        assert.equal("paused", tree("free", ns .. "/done").held_back[1].reason)
    end)
end)
