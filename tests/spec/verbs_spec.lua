-- SPDX-License-Identifier: Apache-2.0
-- The verbs of scripts beside mpijob.replace: patch, create, delete, watch, pods, launcher, and the kube module.
local support = require "support"
local cluster = require "support.cluster"

local PRELUDE = [==[
local function show(v)
    if type(v) == "table" then
        local ok, text = pcall(json.encode, v)
        return ok and text or tostring(v)
    end
    return tostring(v) .. ":" .. (math.type(v) or type(v))
end
local function eq(got, want, what)
    if got ~= want then error(("%s: %s, and not %s"):format(what or "", show(got), show(want)), 2) end
end
local function has(text, part)
    if not tostring(text):find(part, 1, true) then error(("%q is not in %q"):format(part, tostring(text)), 2) end
end
local function raises(part, f, ...)
    local ok, err = pcall(f, ...)
    if ok then error("raised nothing; wanted " .. part, 2) end
    has(err, part)
end
local function refused(reason, done, err)
    if done ~= nil then error("was done: " .. show(done), 2) end
    eq(err.reason, reason, err.message)
    return err
end
]==]

describe("a script's verbs #cluster", function()
    local server, folder, namespace

    lazy_setup(function()
        server = cluster.start(cluster.versions[4])
        folder = support.folder()
    end)
    lazy_teardown(support.cleanup)
    before_each(function()
        namespace = server:namespace()
        os.remove(folder .. "/s.db")
    end)

    local function once(body, more, ...)
        local file = support.write(folder .. "/p.lua", PRELUDE .. ("local NS = %q\npolicy { name = 'p', every = '1h', %s run = function(run)\n%s\nend }\n")
            :format(namespace, more or "", body))
        return support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "-n", namespace, file, ...)
    end
    local function good(body, more, ...)
        local code, out, err = once(body, more, ...)
        if code ~= 0 and not (code == 3 and err:find("outcome=partial", 1, true)) then -- 3: a refusal that it provoked
            error(out .. err, 2)
        end
        return err
    end
    local function journal()
        local code, out, err = support.mpijobd("journal", "--state", folder .. "/s.db", "-o", "json")
        assert.are.equal(0, code, err)
        return support.json.decode(out)
    end
    local function object(path)
        local status, raw = server:request("GET", path)
        return status == 200 and support.json.decode(raw) or nil, status
    end

    it("patch jobs, by members and by steps", function()
        server:create(namespace, "a", { state = "Succeeded" })
        good [=[
            local done = assert(mpijob.patch("a", { metadata = { labels = { team = "vision" } }, spec = { runPolicy = { cleanPodPolicy = "All" } } }))
            eq(done.changed, true) eq(done.effect, "effective") eq(#done.diff, 2) has(done.message, "removes all workers")
            eq(mpijob.get("a").cleanPodPolicy, "All") eq(json.decode(done.object).metadata.labels.team, "vision")
            eq(done.resourceVersion, mpijob.get("a").resourceVersion)
            done = assert(mpijob.patch(mpijob.get("a"), { metadata = { labels = { team = "vision" } } }))
            eq(done.changed, false) eq(done.effect, "unchanged")
            done = assert(mpijob.patch("a", { { op = "test", path = "/spec/slotsPerWorker", value = 4 },
                { op = "add", path = "/metadata/labels/x", value = "y" }, { op = "remove", path = "/metadata/labels/team" } }))
            eq(done.effect, "stored") eq(mpijob.get("a").labels.x, "y") eq(mpijob.get("a").labels.team, nil)
            done = assert(mpijob.patch("a", '{"metadata":{"annotations":{"n":"1"}}}', { dry_run = true }))
            eq(done.dry_run, true) eq(done.changed, true) eq(mpijob.get("a").annotations.n, nil)
            eq(json.decode(done.object).metadata.annotations.n, "1")
            local err = refused("Invalid", mpijob.patch("a", { { op = "remove", path = "/metadata/labels/none" } }))
            has(err.message, "step 0: there is nothing at /metadata/labels/none")
            refused("NotFound", mpijob.patch("none", { metadata = {} }))
            local job = mpijob.get("a")
            assert(mpijob.patch("a", { metadata = { labels = { q = "1" } } }))
            refused("Conflict", mpijob.patch("a", { metadata = { labels = { q = "2" } } }, { resourceVersion = job.resourceVersion }))
            assert(mpijob.patch(job, { metadata = { labels = { q = "3" } } })) -- read again: another writer was quicker
            eq(mpijob.get("a").labels.q, "3") eq(mpijob.get("a").labels.x, "y")
            has(refused("Conflict", mpijob.patch("a", { metadata = { resourceVersion = job.resourceVersion, labels = { q = "4" } } })).message,
                "the patch given is of resourceVersion " .. job.resourceVersion)
            eq(mpijob.get("a").labels.q, "3")
            raises("unknown option", mpijob.patch, "a", {}, { through_launcher = true })
            raises("neither a table", mpijob.patch, "a", "5")
            eq(run.changed, 4) -- and not the dry look
        ]=]
        local rows = journal()
        assert.are.equal("patch", rows[#rows].verb)
        assert.are.equal("done", rows[#rows].outcome)
        assert.are.equal("effective", rows[#rows].effect)
    end)

    it("refuse what does harm", function()
        server:create(namespace, "a", { state = "Running" })
        local before = select(2, server:get(namespace, "a"))
        good [=[
            for _, patch in ipairs {
                { spec = { runPolicy = { activeDeadlineSeconds = "3600" } } }, { spec = { runPolicy = { cleanPodPolicy = "running" } } },
                { spec = { runPolicy = { activeDeadlineSeconds = -1 } } }, { spec = { runPolicy = "x" } },
                { spec = { mpiReplicaSpecs = { Worker = { template = { spec = { containers = {} } } } } } },
                { json.array { { op = "add", path = "/spec/runPolicy", value = { cleanPodPolicy = "Al" } } } },
                json.array { { op = "replace", path = "/spec/mpiReplicaSpecs/Worker/template/spec/containers/0/args", value = {} } },
            } do
                if patch[1] and patch[1][1] then patch = patch[1] end
                local err = refused("Refused", mpijob.patch("a", patch, { destructive = true }))
                has(err.message, "does harm")
                refused("Refused", kube.patch("kubeflow.org/v2beta1", "MPIJob", "a", patch))
            end
            local t = mpijob.get("a"):table()
            t.metadata = { name = "b", namespace = NS } t.status = nil
            t.spec.runPolicy = { cleanPodPolicy = "al" }
            refused("Refused", mpijob.create(t)) refused("Refused", kube.create(t))
        ]=]
        assert.are.equal(before, (select(2, server:get(namespace, "a"))))
        assert.are.equal(0, #journal())
    end)

    it("create and delete jobs", function()
        server:create(namespace, "a", { state = "Running" })
        server:create(namespace, "over", { state = "Succeeded" })
        good [=[
            local t = mpijob.get("a"):table()
            local done = assert(mpijob.create { metadata = { name = "b" }, spec = t.spec })
            eq(done.changed, true) eq(mpijob.get("b").phase, "Pending") eq(json.decode(done.object).metadata.name, "b")
            refused("AlreadyExists", mpijob.create { metadata = { name = "b" }, spec = t.spec })
            done = assert(mpijob.create({ metadata = { generateName = "made-" }, spec = t.spec }))
            local made = json.decode(done.object).metadata.name
            has(made, "made-")
            assert(mpijob.create({ metadata = { name = "dry" }, spec = t.spec }, { dry_run = true }))
            refused("NotFound", mpijob.get("dry"))
            raises("no metadata.name", mpijob.create, { spec = t.spec })
            local job = mpijob.get("b")
            has(refused("Refused", mpijob.delete(job)).message, "the job has not ended")
            refused("Refused", mpijob.delete("b", { dry_run = true })) eq(mpijob.get("b").name, "b")
            done = assert(mpijob.delete(job, { propagationPolicy = "Background", destructive = true }))
            eq(done.changed, true) eq(done.effect, "destructive")
            refused("NotFound", mpijob.get("b"))
            refused("NotFound", mpijob.delete("b", { destructive = true }))
            assert(mpijob.create { metadata = { name = "b" }, spec = t.spec })
            refused("Conflict", mpijob.delete(job, { destructive = true })) -- another that has the name
            eq(mpijob.get("b").name, "b")
            raises("propagationPolicy has to be", mpijob.delete, "b", { propagationPolicy = "soon" })
            eq(assert(mpijob.delete("b", { dry_run = true, destructive = true })).dry_run, true) eq(mpijob.get("b").name, "b")
            assert(mpijob.delete(made, { destructive = true }))
            eq(assert(mpijob.delete("over")).effect, "destructive") -- it has ended: that needs no leave
        ]=]
        local verbs = {}
        for _, row in ipairs(journal()) do
            verbs[#verbs + 1] = row.verb .. " " .. row.outcome
        end
        assert.are.same({ "delete done", "delete done", "delete failed", "create done", "delete done", "create done", "create failed", "create done" }, verbs)
    end)

    it("are bounded by the run's limits, and dry when it is", function()
        server:create(namespace, "a", { state = "Running" })
        local code, _, err = once([=[
            for i = 1, 3 do mpijob.patch("a", { metadata = { labels = { n = tostring(i) } } }) end
        ]=], "limits = { changes = 2 },")
        assert.are.equal(4, code, err)
        support.contains(err, "the run has made its 2 changes")
        assert.are.equal("2", server:get(namespace, "a").metadata.labels.n)
        local log = good([=[
            eq(assert(mpijob.patch("a", { metadata = { labels = { n = "9" } } })).dry_run, true)
            eq(assert(kube.create { apiVersion = "v1", kind = "ConfigMap", metadata = { name = "c" }, data = { a = "b" } }).dry_run, true)
            eq(assert(mpijob.delete("a")).dry_run, true)
        ]=], "dry_run = true, destructive = true,")
        support.contains(log, "would patch policy=p object=" .. namespace .. "/a")
        support.contains(log, "would create policy=p object=\"configmaps " .. namespace .. "/c\"")
        support.contains(log, "would delete")
        assert.are.equal("2", server:get(namespace, "a").metadata.labels.n)
        assert.is_nil((object(("/api/v1/namespaces/%s/configmaps/c"):format(namespace))))
        local out = select(2, support.mpijobd("plan", "--kubeconfig", server.kubeconfig, "-n", namespace, folder .. "/p.lua"))
        support.contains(out, namespace .. "/a  (p)")
        support.contains(out, "3 to change")
    end)

    it("of the kube module do the same with any kind", function()
        server:create(namespace, "a", { state = "Running" })
        good [=[
            local map = { apiVersion = "v1", kind = "ConfigMap", metadata = { name = "c", namespace = NS }, data = { a = "1" } }
            local done = assert(kube.create(map)) eq(done.changed, true) eq(done.effect, "unknown")
            local got = assert(kube.get("v1", "ConfigMap", NS .. "/c")) eq(got.data.a, "1")
            assert(kube.patch("v1", "ConfigMap", "c", { data = { b = "2" } })) eq(kube.get("v1", "ConfigMap", "c").data.b, "2")
            got = kube.get("v1", "ConfigMap", "c") got.data = { z = "26" }
            assert(kube.replace(got)) eq(kube.get("v1", "ConfigMap", "c").data.a, nil)
            eq(assert(kube.patch("v1", "ConfigMap", "c", { data = { z = "26" } })).changed, false)
            refused("Conflict", kube.replace(got))
            local names = {}
            for map in kube.list("v1", "ConfigMap", { namespace = NS }) do names[map.metadata.name] = true end
            eq(names.c, true)
            local n = 0
            for ns in kube.list("v1", "Namespace", { fields = "metadata.name=" .. NS }) do n = n + 1 eq(ns.metadata.name, NS) end
            eq(n, 1)
            eq(kube.get("v1", "Namespace", NS).metadata.name, NS)
            has(refused("Invalid", kube.get("v1", "Namespace", "x/y")).message, "in no namespace")
            eq(kube.get("kubeflow.org/v2beta1", "MPIJob", "a").metadata.name, "a")
            assert(kube.delete("v1", "ConfigMap", "c")) refused("NotFound", kube.get("v1", "ConfigMap", "c"))
            has(refused("NotFound", kube.get("v1", "ConfigMapp", "c")).message, "did you mean ConfigMap?")
            refused("NotFound", kube.get("nothing.example.com/v1", "X", "c"))
            refused("Invalid", kube.get("a/b/c", "X", "c"))
            raises("no kind", kube.create, { apiVersion = "v1", metadata = { name = "x" } })
            raises("expected", kube.get, "v1", "ConfigMap")
            local ok, err = pcall(function() for _ in kube.list("v1", "Nothing") do end end) eq(ok, false) has(err, "no kind Nothing")
            local lease = { apiVersion = "coordination.k8s.io/v1", kind = "Lease", metadata = { name = "l", namespace = NS }, spec = { holderIdentity = "me" } }
            assert(kube.create(lease)) eq(kube.get("coordination.k8s.io/v1", "Lease", "l").spec.holderIdentity, "me")
        ]=]
        local rows = journal()
        assert.are.equal("leases.coordination.k8s.io", rows[1].resource)
        assert.are.equal("create", rows[1].verb)
        assert.are.equal("configmaps", rows[2].resource)
    end)

    it("tell nobody what is in a Secret", function()
        local log = good [=[
            local function secret(name) return { apiVersion = "v1", kind = "Secret", metadata = { name = name, namespace = NS }, data = { pw = "Zmlyc3Q=" } } end
            assert(kube.create(secret "s"))
            local done = assert(kube.patch("v1", "Secret", "s", { data = { pw = "c2Vjb25k" }, metadata = { labels = { team = "a" }, annotations = { pw = "c2Vjb25k" } } }))
            eq(done.changed, true) eq(kube.get("v1", "Secret", "s").data.pw, "c2Vjb25k")
            local got = kube.get("v1", "Secret", "s") got.data = { pw = "dGhpcmQ=" }
            assert(kube.replace(got)) eq(kube.get("v1", "Secret", "s").data.pw, "dGhpcmQ=")
            assert(kube.delete("v1", "Secret", "s")) refused("NotFound", kube.get("v1", "Secret", "s"))
        ]=]
        local rows = journal()
        assert.are.equal(4, #rows)
        assert.are.equal("secrets", rows[1].resource)
        support.contains(log, "data.pw: (hidden) -> (hidden)")
        support.contains(log, "labels.team: a")
        local state = support.read(folder .. "/s.db")
        if support.uv.fs_stat(folder .. "/s.db-wal") then
            state = state .. support.read(folder .. "/s.db-wal")
        end
        for _, value in ipairs { "Zmlyc3Q=", "c2Vjb25k", "dGhpcmQ=" } do
            assert.is_nil(log:find(value, 1, true), value)
            assert.is_nil(state:find(value, 1, true), value)
        end
    end)

    it("never set a TTL on the launcher of a job that runs", function()
        server:create(namespace, "a", { state = "Running" })
        local uid = server:get(namespace, "a").metadata.uid
        assert.are.equal(201, (server:request("POST", ("/apis/batch/v1/namespaces/%s/jobs"):format(namespace), { apiVersion = "batch/v1", kind = "Job",
            metadata = { name = "a-launcher", ownerReferences = { { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob", name = "a", uid = uid, controller = true } } },
            spec = { template = { spec = { restartPolicy = "Never", containers = { { name = "x", image = "registry.example.com/x" } } } } } })))
        good [=[
            local job = assert(mpijob.launcher("a")) eq(job.metadata.name, "a-launcher") eq(job.kind, "Job")
            refused("NotFound", mpijob.launcher("none"))
            has(refused("Refused", kube.patch("batch/v1", "Job", "a-launcher", { spec = { ttlSecondsAfterFinished = 5 } }, { destructive = true })).message, "runs twice")
            job.spec.ttlSecondsAfterFinished = 5
            refused("Refused", kube.replace(job))
            assert(kube.patch("batch/v1", "Job", "a-launcher", { spec = { activeDeadlineSeconds = 86400 } }))
            eq(mpijob.launcher(mpijob.get("a")).spec.activeDeadlineSeconds, 86400)
        ]=]
    end)

    it("list the pods of a job, and not those of another with its name", function()
        server:create(namespace, "a", { state = "Running" })
        local uid = server:get(namespace, "a").metadata.uid
        for name, owner in pairs { ["a-worker-0"] = uid, ["a-worker-1"] = uid, ["other"] = "6a1b0f6e-0000-4000-8000-000000000000" } do
            local status, raw = server:request("POST", ("/api/v1/namespaces/%s/pods"):format(namespace), { apiVersion = "v1", kind = "Pod",
                metadata = { name = name, labels = { ["training.kubeflow.org/job-name"] = "a" },
                    ownerReferences = { { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob", name = "a", uid = owner, controller = true } } },
                spec = { containers = { { name = "x", image = "registry.example.com/x" } } } })
            assert(status == 201, raw)
        end
        good [=[
            local pods = assert(mpijob.pods(mpijob.get("a")))
            table.sort(pods, function(a, b) return a.metadata.name < b.metadata.name end)
            eq(#pods, 2) eq(pods[1].metadata.name, "a-worker-0")
            eq(#mpijob.pods("a"), 3) -- by its name alone
            eq(#mpijob.pods("none"), 0)
        ]=]
    end)

    it("watch jobs and other kinds", function()
        server:create(namespace, "a", { state = "Running", labels = '{"w":"yes"}' })
        server:create(namespace, "b", { state = "Running" })
        good [=[
            local seen = {}
            for job, event in mpijob.watch { namespace = NS, labels = { w = "yes" } } do
                seen[#seen + 1] = event .. " " .. job.name
                if #seen == 1 then
                    assert(mpijob.replace("b", { labels = { x = "1" } })) -- does not match
                    assert(mpijob.replace("a", { labels = { x = "1" } }))
                elseif #seen == 2 then
                    eq(job.labels.x, "1")
                    assert(mpijob.create { metadata = { name = "c", labels = { w = "yes" } }, spec = job:table().spec })
                elseif #seen == 3 then
                    assert(mpijob.delete("c", { destructive = true }))
                else
                    break
                end
            end
            eq(table.concat(seen, ", "), "ADDED a, MODIFIED a, ADDED c, DELETED c")
            assert(kube.create { apiVersion = "v1", kind = "ConfigMap", metadata = { name = "m", namespace = NS, labels = { w = "1" } } })
            for map, event in kube.watch("v1", "ConfigMap", { namespace = NS, labels = "w=1" }) do
                eq(event, "ADDED") eq(map.metadata.name, "m") break
            end
        ]=]
    end)

    it("end a watch with the run", function()
        local code, _, err = once([=[ for _ in mpijob.watch { namespace = NS } do end ]=], "limits = { timeout = '1s' },")
        assert.are.equal(1, code, err)
        support.contains(err, "did not end within its timeout")
        code, _, err = once([=[
            local next = mpijob.watch { namespace = NS } -- not closed by the script
            log.info("left open")
            local pending = coroutine.wrap(function() return next() end)
        ]=])
        assert.are.equal(0, code, err)
    end)

    it("end what runs, of any kind, only where that is allowed by name", function()
        server:create(namespace, "a", { state = "Running" })
        good [=[
            local pod = { containers = { { name = "x", image = "registry.example.com/x" } }, restartPolicy = "Never" }
            local function job(name) return { apiVersion = "batch/v1", kind = "Job", metadata = { name = name }, spec = { template = { spec = pod } } } end
            assert(kube.create(job "j"))
            assert(kube.create { apiVersion = "v1", kind = "Pod", metadata = { name = "p" }, spec = pod })
            assert(kube.create { apiVersion = "v1", kind = "ConfigMap", metadata = { name = "free" } })
            has(refused("Refused", kube.delete("batch/v1", "Job", "j")).message, "the Job has not ended")
            has(refused("Refused", kube.delete("v1", "Pod", "p", { dry_run = true })).message, "the pod is killed")
            has(refused("Refused", kube.delete("kubeflow.org/v2beta1", "MPIJob", "a", { propagationPolicy = "Foreground" })).message, "has not ended")
            has(refused("Refused", kube.patch("batch/v1", "Job", "j", { spec = { suspend = true } })).message, "suspend: its pods are killed")
            has(refused("Refused", kube.patch("batch/v1", "Job", "j", { { op = "add", path = "/spec/suspend", value = true } })).message, "destructive")
            assert(kube.patch("batch/v1", "Job", "j", { metadata = { labels = { a = "b" } } }))
            eq(assert(kube.patch("batch/v1", "Job", "j", { spec = { suspend = true } }, { destructive = true })).effect, "destructive")
            eq(assert(kube.delete("batch/v1", "Job", "j", { propagationPolicy = "Foreground", destructive = true })).effect, "destructive")
            assert(kube.delete("v1", "Pod", "p", { destructive = true }))
            assert(kube.delete("v1", "ConfigMap", "free"))
        ]=]
    end)

    it("look what became of a write whose answer is lost", function()
        if not server.sim then
            return
        end
        server:create(namespace, "a", { state = "Running" })
        server:create(namespace, "b", { state = "Running" })
        local cases = { -- what is done and found, what is not done and told
            { "PATCH", 'mpijob.patch("a", { metadata = { labels = { lost = "no" } } })', 'mpijob.patch("a", { metadata = { labels = { lost = "yes" } } })' },
            { "POST", 'kube.create { apiVersion = "v1", kind = "ConfigMap", metadata = { name = "c" } }',
                'kube.create { apiVersion = "v1", kind = "ConfigMap", metadata = { name = "d" } }' },
            { "DELETE", 'mpijob.delete("a", { destructive = true })', 'mpijob.delete("b", { destructive = true })' },
        }
        for _, case in ipairs(cases) do
            server.sim:fault { fault = "reset-after", method = case[1], count = 1 }
            good("assert(" .. case[2] .. ")")
            server.sim:fault { fault = "reset-before", method = case[1], count = 1 }
            good("local done, err = " .. case[3] .. " eq(done, nil) eq(err.retryable, true)")
            server.sim:clear_faults()
        end
        -- The name is known before it is sent, so the answer is not lost for good, and another try makes the same object.
        server.sim:fault { fault = "reset-after", method = "POST", count = 1 }
        good([[local done = assert(kube.create { apiVersion = "v1", kind = "ConfigMap", metadata = { generateName = "c-" } })
            has(json.decode(done.object).metadata.name, "c-")]])
        server.sim:fault { fault = "reset-before", method = "POST", count = 1 }
        good([[local done, err = kube.create { apiVersion = "v1", kind = "ConfigMap", metadata = { generateName = "c-" } }
            eq(done, nil) eq(err.retryable, true)]])
        server.sim:clear_faults()
        local outcomes = {}
        for _, row in ipairs(journal()) do
            outcomes[row.verb .. " " .. row.outcome] = true
        end
        for _, verb in ipairs { "patch", "create", "delete" } do
            assert.is_true(outcomes[verb .. " done"], verb)
            assert.is_true(outcomes[verb .. " not-done"], verb)
        end
    end)
end)
