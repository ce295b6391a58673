-- SPDX-License-Identifier: Apache-2.0
-- The versions that a server serves: found out, followed when they change while the daemon runs, and what they lack said plainly.
local http = require "socket.http"
local support = require "support"
local cluster = require "support.cluster"

local POLICY = [[
policy { name = "free", every = "1h", match = { namespace = "%s", phase = "Succeeded", cleanPodPolicy = { "unset", "None" } }, replace = { cleanPodPolicy = "All" } }
]]

-- A daemon whose clock the spec moves.
local function daemon(server, folder, text, ...)
    local started = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/state.db", "--clock",
        "2026-11-23T10:30:00Z", support.write(folder .. "/p.lua", text), ...)
    started:expect("in force")
    return started
end

local function advance(started, by)
    started:write("advance " .. by .. "\n")
    started:expect("clock ", "stdout")
end

local V1ALPHA2 = cluster.versions[1]

describe("a definition that is upgraded while the daemon runs #cluster", function()
    local server, namespace, folder
    lazy_setup(function()
        server = cluster.start(V1ALPHA2)
    end)
    before_each(function()
        server:serve { served = { "v1alpha2" }, stored = "v1alpha2" }
        server.api = "v1alpha2"
        namespace = server:namespace()
        folder = support.folder()
    end)
    lazy_teardown(support.cleanup)

    it("is followed at the next run, without a restart, and logged once", function()
        server:create(namespace, "early", { state = "Succeeded" })
        local started = daemon(server, folder, POLICY:format(namespace))
        support.contains(started.stderr, "version=v1alpha2")
        advance(started, "30m")
        assert.are.equal("All", server:get(namespace, "early").spec.cleanPodPolicy)

        server:create(namespace, "late", { state = "Succeeded" })
        server:serve { served = { "v2beta1" }, stored = "v2beta1" }
        server.api = "v2beta1"
        started:write "advance 1h\n"
        started:expect("clock 2026-11-23T12:00", "stdout")
        local err = started.stderr
        assert.are.equal(1, support.count(err, "the server's API has changed, and mpijobd follows it"))
        support.contains(err, "kind=MPIJob before=v1alpha2 version=v2beta1")
        assert.are.equal("All", server:get(namespace, "late").spec.runPolicy.cleanPodPolicy)
        assert(support.count(err, "failed=1") == 0, err)
        advance(started, "2h")
        assert.are.equal(1, support.count(started.stderr, "the server's API has changed"))
        assert.are.equal(0, support.count(started.stderr, "outcome=failed"))
        assert.are.equal(0, (started:stop "sigterm"))
    end)

    it("is found within ten minutes where nobody asks for the old version", function()
        local started = daemon(server, folder, POLICY:format(namespace))
        server:serve { served = { "v2beta1" }, stored = "v2beta1" }
        advance(started, "9m")
        assert.are.equal(0, support.count(started.stderr, "the server's API has changed"))
        advance(started, "1m")
        support.contains(started.stderr, "the server's API has changed, and mpijobd follows it")
        assert.are.equal(0, support.count(started.stderr, "run starts"))
        assert.are.equal(0, (started:stop "sigterm"))
    end)

    it("breaks no run that is under way", function()
        for _, name in ipairs { "a", "b" } do
            server:create(namespace, name, { state = "Succeeded" })
        end
        local started = daemon(server, folder, ([[
policy { name = "slow", every = "1h", run = function()
  local jobs = {}
  for job in mpijob.list { namespace = "%s" } do jobs[#jobs + 1] = job end
  log.info("listed", { version = jobs[1].version })
  sleep("5m")
  for _, job in ipairs(jobs) do
    local done = assert(mpijob.replace(job, { cleanPodPolicy = "All" }))
    log.info("replaced it", { path = done.diff[1].path })
  end
  local again = assert(mpijob.get("%s/a"))
  log.info("read", { version = again.version })
end }]]):format(namespace, namespace))
        started:write "advance 30m\n"
        started:expect "listed policy=slow version=v1alpha2"
        server:serve { served = { "v2beta1" }, stored = "v2beta1" }
        server.api = "v2beta1"
        started:write "advance 5m\n"
        started:expect "read policy=slow version=v2beta1"
        support.contains(started.stderr, "path=/spec/runPolicy")
        started:expect "outcome=done"
        assert.are.equal("All", server:get(namespace, "b").spec.runPolicy.cleanPodPolicy)
        assert.are.equal(0, (started:stop "sigterm"))
    end)

    it("is followed by a policy that waits for events", function()
        local started = daemon(server, folder, ('policy { name = "on", on = "match", match = { namespace = "%s", phase = "Succeeded" }, replace = { cleanPodPolicy = "All" } }')
            :format(namespace))
        server:create(namespace, "early", { state = "Succeeded" })
        started:expect("replaced policy=on job=" .. namespace .. "/early")
        server:serve { served = { "v2beta1" }, stored = "v2beta1" }
        server.api = "v2beta1"
        server:create(namespace, "late", { state = "Succeeded" })
        started:expect("replaced policy=on job=" .. namespace .. "/late")
        assert.are.equal("All", server:get(namespace, "late").spec.runPolicy.cleanPodPolicy)
        assert.are.equal(1, support.count(started.stderr, "the server's API has changed"))
        assert.are.equal(0, (started:stop "sigterm"))
    end)

    it("during a run of a policy that waits for events makes no job be handled twice", function()
        for i = 1, 12 do
            server:create(namespace, ("job-%02d"):format(i), { state = "Succeeded" })
        end
        local started = daemon(server, folder, ([[
policy { name = "on", on = "match", match = { namespace = "%s", phase = "Succeeded" }, replace = function(job)
  if job.name == "job-06" and job.version == "v1alpha2" then log.info("half way") sleep("5m") end
  return { annotations = { handled = job.version } }
end }]]):format(namespace))
        started:expect "half way"
        server:serve { served = { "v2beta1" }, stored = "v2beta1" }
        server.api = "v2beta1"
        server:create(namespace, "late", { state = "Succeeded" })
        started:expect "the server's API has changed, and mpijobd follows it"
        advance(started, "5m")
        started:expect("replaced policy=on job=" .. namespace .. "/late")
        advance(started, "1s")
        assert.are.equal(13, support.count(started.stderr, " replaced policy=on"))
        assert.are.equal(0, (started:stop "sigterm"))
    end)

    it("in the middle of a sweep costs no job its change", function()
        for i = 1, 12 do
            server:create(namespace, ("job-%02d"):format(i), { state = "Succeeded" })
        end
        local started = daemon(server, folder, ([[
policy {
  name = "free", every = "1h",
  match = { namespace = "%s", phase = "Succeeded", where = function(job)
    if job.name == "job-06" then log.info("half way") sleep("5m") end
    return true
  end },
  replace = { cleanPodPolicy = "All" },
}]]):format(namespace))
        started:write "advance 30m\n"
        started:expect "half way"
        started:expect("replaced policy=free job=" .. namespace .. "/job-05 ")
        server:serve { served = { "v2beta1" }, stored = "v2beta1" }
        server.api = "v2beta1"
        started:write "advance 5m\n"
        started:expect "run ended"
        support.contains(started.stderr, "outcome=done changed=12 unchanged=0 failed=0")
        support.contains(started.stderr, "+ spec.cleanPodPolicy: All")
        support.contains(started.stderr, "+ spec.runPolicy.cleanPodPolicy: All")
        assert.are.equal("All", server:get(namespace, "job-12").spec.runPolicy.cleanPodPolicy)
        assert.are.equal(0, (started:stop "sigterm"))
    end)

    it("makes a script's patch and deletion read the job again that the script has in hand", function()
        server:create(namespace, "a", { state = "Succeeded" })
        server:create(namespace, "b", { state = "Succeeded" })
        local started = daemon(server, folder, ([[
policy { name = "p", every = "1h", run = function()
  local a, b = assert(mpijob.get("%s/a")), assert(mpijob.get("%s/b"))
  log.info("has them")
  sleep("5m")
  assert(mpijob.replace("%s/a", { labels = { moved = "yes" } }))
  assert(mpijob.patch(a, { metadata = { labels = { x = "1" } } }))
  assert(mpijob.delete(b))
  log.info("all done")
end }]]):format(namespace, namespace, namespace))
        started:write "advance 30m\n"
        started:expect "has them"
        server:serve { served = { "v2beta1" }, stored = "v2beta1" }
        server.api = "v2beta1"
        started:write "advance 5m\n"
        started:expect "run ended"
        support.contains(started.stderr, "all done")
        assert.are.equal("1", server:get(namespace, "a").metadata.labels.x)
        assert.are.equal(404, (server:request("GET", server:path(namespace, "b"))))
        assert.are.equal(0, (started:stop "sigterm"))
    end)

    it("survives an error of the read through the new one", function()
        if not server.sim then
            return
        end
        server:create(namespace, "a", { state = "Succeeded" })
        local started = daemon(server, folder, ([[
policy { name = "p", every = "1h", match = { namespace = "%s", where = function() log.info("half way") sleep("5m") return true end },
  replace = { labels = { x = "1" } } }]]):format(namespace))
        started:write "advance 30m\n"
        started:expect "half way"
        server:serve { served = { "v2beta1" }, stored = "v2beta1" }
        server.api = "v2beta1"
        server.sim:fault { fault = "conflict", method = "GET", path = "*/v2beta1/*/mpijobs/a", count = 1 }
        started:write "advance 5m\n"
        started:expect "run ended"
        support.contains(started.stderr, "reason=Conflict")
        server.sim:clear_faults()
        assert.are.equal(0, (started:stop "sigterm"))
    end)

    it("that goes away altogether is said, and its return is found", function()
        local started = daemon(server, folder, POLICY:format(namespace))
        server:create(namespace, "waits", { state = "Succeeded" })
        server:serve { served = {}, stored = "v1alpha2" }
        advance(started, "10m")
        support.contains(started.stderr, "a kind of job is not served any more; its policies fail until it is again")
        advance(started, "20m")
        support.contains(started.stderr, "serves no MPIJobs: install the definition (CRD) mpijobs.kubeflow.org")
        support.contains(started.stderr, "outcome=failed")
        server:serve { served = { "v1alpha2" }, stored = "v1alpha2" }
        advance(started, "10m")
        support.contains(started.stderr, "a kind of job is served now")
        advance(started, "50m")
        assert.are.equal("All", server:get(namespace, "waits").spec.cleanPodPolicy)
        assert.are.equal(0, (started:stop "sigterm"))
    end)

    it("that is deprecated warns once, however often it is asked", function()
        server:serve { served = { "v1alpha2" }, stored = "v1alpha2", deprecated = { "v1alpha2" } }
        for i = 1, 3 do
            server:create(namespace, "job-" .. i, { state = "Succeeded" })
        end
        local started = daemon(server, folder, POLICY:format(namespace))
        advance(started, "30m")
        support.contains(started.stderr, "changed=3")
        assert.are.equal(1, support.count(started.stderr, "kubeflow.org/v1alpha2 MPIJob is deprecated"))
        assert.are.equal(0, (started:stop "sigterm"))
        local code, out, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", namespace, "job-1", "cleanPodPolicy=Running", "-o", "json")
        assert.are.equal(0, code, err)
        assert.are.same({ "kubeflow.org/v1alpha2 MPIJob is deprecated" }, support.json.decode(out)[1].warnings)
        assert.are.equal(1, support.count(err, "is deprecated"))
    end)
end)

describe("a field that the served version has not got #cluster", function()
    lazy_teardown(support.cleanup)

    for _, case in ipairs {
        { V1ALPHA2, "suspend = true", "MPIJobs of v1alpha2 under mpi-operator have no field suspend" },
        { cluster.versions[2], 'managedBy = "kueue.x-k8s.io/multikueue"', "MPIJobs of v1 under mpi-operator have no field managedBy", "--controller", "mpi-operator" },
    } do
        it("is said with version and field: " .. case[3], function()
            local server = cluster.start(case[1])
            local namespace, folder = server:namespace(), support.folder()
            server:create(namespace, "a", { state = "Running" })
            server:create(namespace, "b", { state = "Running" })
            local file = support.write(folder .. "/p.lua", ('policy { name = "p", every = "1h", replace = { %s } }'):format(case[2]))

            -- Found out: the run says it, once.
            local code, _, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "-n", namespace, file,
                table.unpack(case, 4))
            assert.are.equal(1, code, err)
            support.contains(err, case[3])
            assert.are.equal(0, support.count(err, "not replaced"))

            -- Configured: it says the same.
            code, _, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "-n", namespace,
                "--api-version", case[1].api, file, table.unpack(case, 4))
            assert.are.equal(1, code, err)
            support.contains(err, "p.lua:1: policy \"p\": not in force on cluster default: " .. case[3])
            support.contains(err, "no policy is in force on any cluster")
            local config = support.write(folder .. "/mpijobd.yaml", ("cluster: { version: %s, controller: mpi-operator }\n"):format(case[1].api))
            code, _, err = support.mpijobd("check", "--config", config, file)
            assert.are.equal(1, code, err)
            support.contains(err, "p.lua:1: policy \"p\": not in force on cluster default: " .. case[3])
            support.contains(err, "no policy is in force on any cluster")
        end)
    end
end)

describe("a policy that the served version cannot do #cluster", function()
    lazy_teardown(support.cleanup)

    local ASIDE <const> = "not in force on cluster default: MPIJobs of v1alpha2 under mpi-operator have no field suspend"
    local THREE <const> = [[
policy { name = "pause", every = "1h", match = { namespace = "%s", labels = "pause=true" }, replace = { suspend = true } }
policy { name = "hold", on = "match", match = { namespace = "%s", labels = "hold=true" }, replace = { suspend = true } }
]] .. POLICY

    it("stands aside alone, is told everywhere, and comes in force with the version", function()
        local server, folder = cluster.start(V1ALPHA2), support.folder()
        server:serve { served = { "v1alpha2" }, stored = "v1alpha2" }
        local namespace = server:namespace()
        server:create(namespace, "done", { state = "Succeeded" })
        local text = THREE:format(namespace, namespace, namespace)
        local file = support.write(folder .. "/p.lua", text)

        local code, out, err = support.mpijobd("plan", "--kubeconfig", server.kubeconfig, "-n", namespace, file)
        assert.are.equal(0, code, err)
        support.contains(out, "1 to change")
        support.contains(err, 'p.lua:1: policy "pause": ' .. ASIDE)
        support.contains(err, 'p.lua:2: policy "hold": ' .. ASIDE)
        out = select(2, support.mpijobd("doctor", "--kubeconfig", server.kubeconfig, "-n", namespace, "--state", folder .. "/d.db", file))
        support.contains(out, "pause is " .. ASIDE)
        support.contains(out, "hold is " .. ASIDE)
        support.contains(out, "3 policies load")
        code, out, err = support.mpijobd("run", "--once", "--dry-run", "--kubeconfig", server.kubeconfig, "-n", namespace, "--state", folder .. "/o.db", file)
        assert.are.equal(0, code, out .. err)
        assert.are.equal(2, support.count(err, ASIDE), err)
        support.contains(out, 'policy "pause" had no run on cluster default: MPIJobs of v1alpha2 under mpi-operator have no field suspend\n')
        support.contains(out, 'policy "hold" had no run on cluster default: ')
        local why = ASIDE:gsub("^not in force on cluster default: ", "")
        out = select(2, support.mpijobd("run", "--once", "--dry-run", "-o", "json", "--kubeconfig", server.kubeconfig, "-n", namespace, "--state", folder .. "/o.db", file))
        assert.are.same({ { policy = "pause", cluster = "default", why = why }, { policy = "hold", cluster = "default", why = why } }, support.json.decode(out).not_in_force)
        out = select(2, support.mpijobd("plan", "-o", "json", "--kubeconfig", server.kubeconfig, "-n", namespace, file))
        local list = support.json.decode(out)
        assert.are.same({ { policy = "pause", cluster = "default", not_in_force = why }, { policy = "hold", cluster = "default", not_in_force = why } },
            { list[#list - 1], list[#list] })

        local started = daemon(server, folder, text, "--listen", "127.0.0.1:0")
        started:expect(ASIDE .. " policy=hold")
        local url = started.stderr:match "metrics and health are served url=(%S+)"
        local ready, status = http.request(url .. "/readyz?verbose")
        assert.are.equal(200, status)
        support.contains(ready, "[+] policies: 3 loaded; pause is " .. ASIDE .. "; hold is " .. ASIDE)
        support.contains(started.stderr, "1 policy in force")
        assert.are.equal(2, support.count(started.stderr, ASIDE))
        started:kill "sighup"
        started:expect(ASIDE .. " policy=hold")
        assert.are.equal(4, support.count(started.stderr, ASIDE))
        advance(started, "30m")
        assert.are.equal("All", server:get(namespace, "done").spec.cleanPodPolicy)

        server:serve { served = { "v2beta1" }, stored = "v2beta1" }
        server.api = "v2beta1"
        server:create(namespace, "paused", { state = "Running", labels = '{"pause":"true"}'  })
        server:create(namespace, "held", { state = "Running", labels = '{"hold":"true"}'  })
        advance(started, "10m")
        started:expect "3 policies in force"
        advance(started, "2h")
        assert.are.equal(true, server:get(namespace, "paused").spec.runPolicy.suspend)
        assert.are.equal(true, server:get(namespace, "held").spec.runPolicy.suspend)
        support.lacks(http.request(url .. "/readyz?verbose"), "not in force")
        support.lacks(started.stderr, " error ")
        assert.are.equal(0, (started:stop "sigterm"))
    end)

    it("is told as JSON, too, where none is left", function()
        local server, folder = cluster.start(V1ALPHA2), support.folder()
        server:serve { served = { "v1alpha2" }, stored = "v1alpha2" }
        local file = support.write(folder .. "/p.lua", 'policy { name = "pause", every = "1h", replace = { suspend = true } }')
        local code, out = support.mpijobd("plan", "-o", "json", "--kubeconfig", server.kubeconfig, file)
        assert.are.equal(1, code)
        assert.are.equal("pause", support.json.decode(out)[1].policy)
        local config = support.write(folder .. "/c.yaml", "cluster:\n  kubeconfig: " .. server.kubeconfig .. "\n  version: v1alpha2\n")
        code, out = support.mpijobd("check", "-o", "json", "--config", config, file)
        assert.are.equal(1, code)
        local list = support.json.decode(out)[1].not_in_force
        assert.are.equal("default", list[1].cluster)
        support.contains(list[1].why, "have no field suspend")
    end)

    it("has no run by hand, which is told", function()
        local folder = support.folder()
        support.write(folder .. "/p.lua", 'policy { name = "pause", every = "1h", replace = { suspend = true } }')
        support.write(folder .. "/p_spec.lua", [[
            it("does not run", function()
                cluster.serve { versions = { "v1alpha2" } }
                cluster.job { version = "v1alpha2" }
                assert.has_error(function() policy.run "pause" end, 'policy "pause" does not run: not in force on cluster default: ' ..
                    'MPIJobs of v1alpha2 under mpi-operator have no field suspend')
                assert.is_not.ran "pause"
            end)]])
        local code, out, err = support.mpijobd("test", folder)
        assert.are.equal(0, code, out .. err)
    end)

    it("leaves a daemon running that has no other", function()
        local server, folder = cluster.start(V1ALPHA2), support.folder()
        server:serve { served = { "v1alpha2" }, stored = "v1alpha2" }
        local started = daemon(server, folder, 'policy { name = "pause", every = "1h", replace = { suspend = true } }', "--api-version", "v1alpha2")
        support.contains(started.stderr, "0 policies in force")
        started:expect(ASIDE)
        assert.are.equal(0, (started:stop "sigterm"))
    end)
end)

describe("v1 of training-operator #cluster", function()
    lazy_teardown(support.cleanup)

    it("keeps both places of cleanPodPolicy equal where both are there", function()
        local server = cluster.start(cluster.versions[3])
        local namespace = server:namespace()
        server:create(namespace, "both", { state = "Running", policy = "None" })
        local _, raw = server:get(namespace, "both")
        local status, answer = server:request("PUT", server:path(namespace, "both"), (raw:gsub('"spec":{', '"spec":{"cleanPodPolicy":"Running",', 1)))
        assert.are.equal(200, status, answer)
        server:create(namespace, "one", { state = "Running", policy = "None" })
        for _, name in ipairs { "both", "one" } do
            local code, out, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", namespace, name, "cleanPodPolicy=All", table.unpack(server.flags))
            assert.are.equal(0, code, out .. err)
        end
        local both, one = server:get(namespace, "both").spec, server:get(namespace, "one").spec
        assert.are.equal("All", both.cleanPodPolicy)
        assert.are.equal("All", both.runPolicy.cleanPodPolicy)
        assert.are.equal(nil, one.cleanPodPolicy)
        assert.are.equal("All", one.runPolicy.cleanPodPolicy)
    end)
end)

-- mpi-operator v0.3.0's definition serves all three and stores v2beta1, which has no spec.cleanPodPolicy.
local MULTI = { api = "v2beta1", crd = "multi", sim = { "--version", "all", "--store-as", "v2beta1" }, policy = { "spec", "runPolicy", "cleanPodPolicy" },
    deadline = { "spec", "runPolicy", "activeDeadlineSeconds" } }

describe("of several served versions #cluster", function()
    local folder
    before_each(function()
        folder = support.folder()
    end)
    after_each(support.cleanup)

    local function once(server, namespace, ...)
        local file = support.write(folder .. "/p.lua", POLICY:format(namespace))
        local code, _, err = support.mpijobd("run", "--once", "--log-level", "info", "--kubeconfig", server.kubeconfig, "--state",
            folder .. "/s.db", file, ...)
        return code, err
    end

    it("the one is used that keeps what is written, as a dry run shows", function()
        local server = cluster.start(MULTI)
        local namespace = server:namespace()
        server:create(namespace, "done", { state = "Succeeded" })
        server:create(namespace, "busy", { state = "Running" })
        local before = select(2, server:get(namespace, "busy"))
        local code, err = once(server, namespace)
        assert.are.equal(0, code, err)
        support.contains(err, 'version=v2beta1 served="v1, v2beta1, v1alpha2"')
        support.contains(err, 'chosen_by="a dry-run write"')
        assert.are.equal(0, support.count(err, "several versions are served"))
        assert.are.equal("All", server:get(namespace, "done").spec.runPolicy.cleanPodPolicy)
        assert.are.equal(before, (select(2, server:get(namespace, "busy"))))
    end)

    it("a configured one is used as it is, and only reading tries nothing", function()
        local server = cluster.start(MULTI)
        local namespace = server:namespace()
        server:create(namespace, "done", { state = "Succeeded" })
        if server.sim then
            server.sim:forget_requests()
        end
        local _, err = once(server, namespace, "--api-version", "v2beta1")
        assert.are.equal(0, support.count(err, "chosen_by"))
        local code, _, read = support.mpijobd("get", "--kubeconfig", server.kubeconfig, "-n", namespace)
        assert.are.equal(0, code, read)
        if server.sim then
            for _, put in ipairs(server.sim:requests "method=PUT") do
                support.lacks(put.path .. (put.query or ""), "dryRun")
            end
        end
    end)

    it("a whole object goes through its own, and what is dropped of it is said", function()
        local server = cluster.start(MULTI)
        local namespace = server:namespace()
        server:create(namespace, "whole", { state = "Running" })
        server.api = "v1alpha2"
        local _, raw = server:get(namespace, "whole")
        local file = support.write(folder .. "/whole.json", (raw:gsub('"spec":{', '"spec":{"cleanPodPolicy":"All",', 1)))
        local code, out, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-f", file)
        assert.are.equal(1, code, out)
        support.contains(err, 'did not keep cleanPodPolicy: "All" was sent, nothing came back')
    end)

    if cluster.real then
        -- The simulator has no definition to read; a real server has, and here it may not be read.
        it("the one that keeps what is written is found without the definition", function()
            local server = cluster.start(MULTI)
            local namespace = server:namespace()
            local RBAC = "/apis/rbac.authorization.k8s.io/v1/"
            server:request("POST", RBAC .. "clusterroles", { apiVersion = "rbac.authorization.k8s.io/v1", kind = "ClusterRole",
                metadata = { name = "spec-versions" }, rules = { { apiGroups = { "kubeflow.org" }, resources = { "mpijobs" }, verbs = { "get", "list", "update" } } } })
            server:request("POST", RBAC .. "clusterrolebindings", { apiVersion = "rbac.authorization.k8s.io/v1", kind = "ClusterRoleBinding",
                metadata = { name = "spec-versions" }, subjects = { { kind = "User", name = "view", apiGroup = "rbac.authorization.k8s.io" } },
                roleRef = { apiGroup = "rbac.authorization.k8s.io", kind = "ClusterRole", name = "spec-versions" } })
            finally(function()
                server:request("DELETE", RBAC .. "clusterrolebindings/spec-versions")
                server:request("DELETE", RBAC .. "clusterroles/spec-versions")
            end)
            server:create(namespace, "done", { state = "Succeeded" })
            local code, err
            cluster.ask_until("the role is not there", function()
                code, err = once(server, namespace, "--context", "view")
                return not err:find('resource "mpijobs"', 1, true) -- of Events there is such an error, too
            end)
            assert.are.equal(0, code, err)
            support.contains(err, 'version=v2beta1 served="v1, v2beta1, v1alpha2"')
            support.contains(err, 'chosen_by="a dry-run write"')
            assert.are.equal("All", server:get(namespace, "done").spec.runPolicy.cleanPodPolicy)
        end)
        return
    end

    it("another one is used when the definition begins to store another one", function()
        local server = cluster.start(MULTI)
        server:serve { served = { "v1alpha2", "v1", "v2beta1" }, stored = "v1alpha2" }
        local namespace = server:namespace()
        server:create(namespace, "busy", { state = "Running" })
        local started = daemon(server, folder, POLICY:format(namespace), "--controller", "mpi-operator")
        support.contains(started.stderr, "version=v1 ")
        support.contains(started.stderr, 'chosen_by="a dry-run write"')
        server:serve { served = { "v1alpha2", "v1", "v2beta1" }, stored = "v2beta1" }
        advance(started, "10m")
        support.contains(started.stderr, "before=v1 version=v2beta1")
        assert.are.equal(0, (started:stop "sigterm"))
    end)

    it("the preferred one is used with a warning where nothing tells", function()
        local server = cluster.start(MULTI)
        local namespace = server:namespace()
        local code, err = once(server, namespace) -- there is no job to try with
        assert.are.equal(0, code, err)
        support.contains(err, "several versions are served, and which one is stored cannot be read")
        support.contains(err, 'chosen_by="the server\'s preference"')
        server:create(namespace, "busy", { state = "Running" })
        server.sim:fault { fault = "status", code = 403, method = "PUT" } -- and may not be tried
        code, err = once(server, namespace)
        assert.are.equal(0, code, err)
        support.contains(err, 'chosen_by="the server\'s preference"')
    end)
end)

if not cluster.real then
    describe("a kind that is installed later", function()
        lazy_teardown(support.cleanup)

        it("fails its policies with what to install, and is found without a restart", function()
            local server, folder = cluster.start(cluster.versions[4]), support.folder()
            local namespace = server:namespace()
            local torch = { name = "PyTorchJob", plural = "pytorchjobs", specs = "pytorchReplicaSpecs", role = "Master" }
            local started = daemon(server, folder, ([[
policy { name = "p", kind = "PyTorchJob", every = "1h", match = { namespace = "%s" }, replace = { cleanPodPolicy = "All" } }
]]):format(namespace))
            advance(started, "30m")
            support.contains(started.stderr, "serves no PyTorchJobs: install the definition (CRD) pytorchjobs.kubeflow.org")
            support.contains(started.stderr, "outcome=failed")
            server:serve { served = { "v2beta1" }, stored = "v2beta1", siblings = true }
            server:create_sibling(torch, namespace, "job", {})
            advance(started, "10m")
            support.contains(started.stderr, "a kind of job is served now")
            support.contains(started.stderr, "kind=PyTorchJob version=v1")
            advance(started, "50m")
            assert.are.equal("All", support.json.decode(server:sibling(torch, namespace, "job")).spec.runPolicy.cleanPodPolicy)
            assert.are.equal(0, (started:stop "sigterm"))
        end)

        it("what a server makes of a value is compared", function()
            local server = cluster.start(cluster.versions[3], "--siblings")
            local namespace = server:namespace()
            local torch = { name = "PyTorchJob", plural = "pytorchjobs", specs = "pytorchReplicaSpecs", role = "Master" }
            server:create_sibling(torch, namespace, "job", { policy = "None" })
            server.sim:fault { fault = "body", method = "PUT", count = 1, text = server:sibling(torch, namespace, "job") }
            local code, out, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", namespace, "pytorchjob/job", "cleanPodPolicy=All")
            assert.are.equal(1, code, out)
            support.contains(err, 'altered spec.runPolicy.cleanPodPolicy ("All" was sent, "None" came back)')
        end)
    end)

    describe("the other kinds on CCI", function()
        lazy_teardown(support.cleanup)

        it("have their fields at spec, and their four and the TTL can be replaced", function()
            local server = cluster.start(cluster.cci[1], "--siblings")
            local config = cluster.configure(server.sim.url, cluster.cci[1])
            local tf = { name = "TFJob", plural = "tfjobs", specs = "tfReplicaSpecs", role = "PS" }
            server:create_sibling(tf, "default", "job", { state = "Succeeded" })
            local code, out, err = support.mpijobd("replace", "--config", config, "-n", "default", "tfjob/job", "cleanPodPolicy=All", "activeDeadlineSeconds=600")
            assert.are.equal(0, code, err)
            support.contains(out, "CCI's controller could not be tried")
            local spec = support.json.decode(server:sibling(tf, "default", "job")).spec
            assert.are.equal("All", spec.cleanPodPolicy)
            assert.are.equal(600, spec.activeDeadlineSeconds)
            assert.are.equal(nil, spec.runPolicy)
            code, out, err = support.mpijobd("replace", "--config", config, "-n", "default", "tfjob/job", "ttlSecondsAfterFinished=86400", "--destructive")
            assert.are.equal(0, code, out .. err)
            assert.are.equal(86400, support.json.decode(server:sibling(tf, "default", "job")).spec.ttlSecondsAfterFinished)
        end)
    end)
end
