-- SPDX-License-Identifier: Apache-2.0
-- Several clusters in one daemon: each on its own, policies on all or on those they name.
local support = require "support"
local sim = require "support.sim"
local json = support.json

describe("several clusters", function()
    local a, b, folder, daemons

    before_each(function()
        folder = support.folder()
        daemons = {}
        a = sim.start("--version", "v2beta1", "--jobs", "20", "--seed", "1")
        b = sim.start("--version", "v1alpha2", "--jobs", "20", "--seed", "2")
    end)
    after_each(function()
        for _, daemon in ipairs(daemons) do
            if not daemon.code then
                daemon:stop("sigkill")
            end
        end
    end)
    teardown(support.cleanup)

    -- A port that nobody listens on.
    local function free_port()
        local server = support.uv.new_tcp()
        server:bind("127.0.0.1", 0)
        local port = server:getsockname().port
        server:close()
        support.uv.run("nowait")
        return port
    end

    local function configure(extra)
        return support.write(folder .. "/mpijobd.yaml", ("clusters:\n  lab:\n    kubeconfig: %s\n  prod:\n    kubeconfig: %s\n%s")
            :format(a.kubeconfig, b.kubeconfig, extra or ""))
    end

    local function policies(text)
        return support.write(folder .. "/p.lua", text)
    end

    local function start(...)
        local daemon = support.daemon({ stdin = true }, "run", "--config", folder .. "/mpijobd.yaml", "--state", folder .. "/s.db", "--clock",
            "2026-01-01T00:00:00Z", folder .. "/p.lua", ...)
        daemons[#daemons + 1] = daemon
        return daemon
    end

    local function move(daemon, to)
        daemon:write("set " .. to .. "\n")
        daemon:expect("clock " .. to, "stdout")
    end

    local function journal(what, ...)
        local code, out, err = support.mpijobd(what, "--state", folder .. "/s.db", "-o", "json", "--limit", "0", ...)
        assert.are.equal(0, code, err)
        return json.decode(out)
    end

    local function by_cluster(rows, policy)
        local counts = {}
        for _, row in ipairs(rows) do
            if row.policy == policy and row.outcome == "done" then -- not those that met the other policy's write
                counts[row.cluster] = (counts[row.cluster] or 0) + 1
            end
        end
        return counts
    end

    it("are swept by a policy on all of them, and by one that names its own", function()
        configure()
        policies [[
            policy { name = "everywhere", every = "10m", replace = function(job)
                return { labels = { seen = job.cluster }, annotations = { run = run.cluster } } end }
            policy { name = "lab-only", every = "10m", clusters = { "lab" }, replace = { labels = { lab = "yes" } } }
        ]]
        local daemon = start()
        daemon:expect("2 policies in force")
        daemon:expect("1 policy in force")
        move(daemon, "2026-01-01T00:10:00Z")
        local rows = journal("journal")
        assert.are.same({ lab = 20, prod = 20 }, by_cluster(rows, "everywhere"))
        assert.are.same({ lab = 20 }, by_cluster(rows, "lab-only"))
        for _, row in ipairs(rows) do
            assert.are.equal(row.cluster == "lab" and "v2beta1" or "v1alpha2", row.version)
        end
        assert.are.equal(20, #journal("journal", "--cluster", "prod"))
        for server, name in pairs { [a] = "lab", [b] = "prod" } do
            local version = name == "lab" and "v2beta1" or "v1alpha2"
            local _, list = server:request("GET", "/apis/kubeflow.org/" .. version .. "/mpijobs")
            for _, job in ipairs(list.items) do
                assert.are.equal(name, job.metadata.labels.seen)
                assert.are.equal(name, job.metadata.annotations.run)
                assert.are.equal(name == "lab" and "yes" or nil, job.metadata.labels.lab)
            end
        end
        assert.are.equal(0, daemon:stop("sigterm"))
        local code, table_text = support.mpijobd("runs", "--config", folder .. "/mpijobd.yaml", "--state", folder .. "/s.db")
        assert.are.equal(0, code)
        support.contains(table_text, "CLUSTER")
    end)

    it("do not wait for one that cannot be reached, which is caught up with when it comes", function()
        local port = free_port()
        local late = support.write(folder .. "/late.kubeconfig", ([[
apiVersion: v1
kind: Config
clusters: [ { name: c, cluster: { server: "http://127.0.0.1:%d" } } ]
contexts: [ { name: c, context: { cluster: c, user: u } } ]
users: [ { name: u, user: {} } ]
current-context: c
]]):format(port))
        configure("  late:\n    kubeconfig: " .. late .. "\nhttp: { timeout: 2s }\n")
        policies [[ policy { name = "p", every = "10m", replace = function() return { labels = { at = tostring(run.scheduled_at) } } end } ]]
        local daemon = start()
        daemon:expect("not connected; trying again cluster=late")
        move(daemon, "2026-01-01T00:10:00Z")
        assert.are.same({ lab = 20, prod = 20 }, by_cluster(journal("journal"), "p"))
        local c = sim.start("--listen", "127.0.0.1:" .. port, "--version", "v2beta1", "--jobs", "5")
        daemon:expect("in force cluster=late")
        move(daemon, "2026-01-01T00:20:00Z")
        assert.are.same({ lab = 40, prod = 40, late = 5 }, by_cluster(journal("journal"), "p"))
        assert.are.equal(0, daemon:stop("sigterm"))

        -- What was missed while the daemon was down is missed on each of them.
        c:stop()
        daemon = support.daemon({ stdin = true }, "run", "--config", folder .. "/mpijobd.yaml", "--state", folder .. "/s.db", "--clock",
            "2026-01-01T00:35:00Z", folder .. "/p.lua")
        daemons[#daemons + 1] = daemon
        daemon:expect("not connected; trying again cluster=late")
        move(daemon, "2026-01-01T00:35:30Z")
        assert.are.same({ lab = 60, prod = 60, late = 5 }, by_cluster(journal("journal"), "p"))
        sim.start("--listen", "127.0.0.1:" .. port, "--version", "v2beta1", "--jobs", "5")
        daemon:expect("in force cluster=late")
        move(daemon, "2026-01-01T00:36:00Z")
        assert.are.same({ lab = 60, prod = 60, late = 10 }, by_cluster(journal("journal"), "p"))
    end)

    it("each finish what a kill left in flight", function()
        configure()
        policies [[ policy { name = "p", every = "10m", limits = { concurrency = 1 }, replace = { labels = { done = "yes" } } } ]]
        for _, server in ipairs { a, b } do
            server:fault { fault = "stall", method = "PUT", count = 1 }
        end
        local daemon = start()
        daemon:expect("in force")
        daemon:expect("in force")
        daemon:write("set 2026-01-01T00:10:00Z\n")
        assert.is_truthy(support.proc.await(function()
            return #a:requests("method=PUT") == 1 and #b:requests("method=PUT") == 1
        end))
        daemon:stop("sigkill")
        daemon = support.daemon({ stdin = true }, "run", "--config", folder .. "/mpijobd.yaml", "--state", folder .. "/s.db", "--clock",
            "2026-01-01T00:11:00Z", folder .. "/p.lua")
        daemons[#daemons + 1] = daemon
        daemon:expect("run ended")
        daemon:expect("run ended")
        move(daemon, "2026-01-01T00:12:00Z")
        local outcomes = { lab = {}, prod = {} }
        for _, row in ipairs(journal("journal")) do
            outcomes[row.cluster][row.outcome] = (outcomes[row.cluster][row.outcome] or 0) + 1
        end
        for _, server in ipairs { a, b } do
            local name = server == a and "lab" or "prod"
            assert.are.equal(20, (outcomes[name].done or 0) + (outcomes[name]["done-unseen"] or 0))
            assert.are.equal(1, (outcomes[name]["not-done"] or 0) + (outcomes[name]["done-unseen"] or 0))
        end
    end)

    it("are planned together, and one that is lost is told", function()
        configure()
        policies [[ policy { name = "p", every = "10m", replace = { labels = { planned = "yes" } } } ]]
        local code, out = support.mpijobd("plan", "--config", folder .. "/mpijobd.yaml", folder .. "/p.lua")
        assert.are.equal(0, code)
        support.contains(out, "40 to change (40 stored)")
        support.contains(out, "(p, lab)")
        support.contains(out, "(p, prod)")
        b:stop()
        local err
        code, out, err = support.mpijobd("plan", "--config", folder .. "/mpijobd.yaml", "--request-timeout", "1s", folder .. "/p.lua")
        assert.are.equal(1, code)
        support.contains(out, "20 to change")
        support.contains(err, "mpijobd plan: cluster prod: ")
        code, out, err = support.mpijobd("run", "--once", "--config", folder .. "/mpijobd.yaml", "--state", folder .. "/s.db", "--request-timeout", "1s",
            folder .. "/p.lua")
        assert.are.equal(1, code)
        support.contains(out, "1 run: 20 changed")
        support.contains(err, "cluster prod: ")
    end)

    it("are chosen from by commands that are about one", function()
        local config = configure("namespaces: [ train ]\n")
        local code, _, err = support.mpijobd("get", "-A", "--config", config)
        assert.are.equal(2, code)
        assert.are.equal("mpijobd get: several clusters are configured; say which one with --cluster: lab, prod\n", err)
        code, _, err = support.mpijobd("get", "-A", "--config", config, "--cluster", "labb")
        assert.are.equal(2, code)
        assert.are.equal('mpijobd get: no cluster "labb" is configured; there is lab, prod\n', err)
        local out
        code, out, err = support.mpijobd("get", "-A", "-o", "json", "--config", config, "--cluster", "prod")
        assert.are.equal(0, code, err)
        assert.are.equal(20, #json.decode(out).items)
        code, out = support.mpijobd("doctor", "-o", "json", "--config", config, "--state", folder .. "/s.db")
        assert.are.equal(0, code, out)
        local versions = {}
        for _, line in ipairs(json.decode(out)) do
            if line.check == "versions" then
                versions[line.cluster] = line.message
            end
            assert.are.equal(line.check == "configuration" or line.check == "state" or line.check == "https" or line.check == "time-zones" or line.check == "policies", line.cluster == nil)
        end
        support.contains(versions.lab, "v2beta1 is used")
        support.contains(versions.prod, "v1alpha2 is used")
    end)

    it("that are not there are told with the policy's line, or the configuration's", function()
        policies 'policy {\n  name = "p", every = "10m",\n  clusters = { "lap" },\n  replace = { labels = { a = "b" } } }\n'
        local code, _, err = support.mpijobd("check", folder .. "/p.lua")
        assert.are.equal(0, code, err) -- without a configuration nobody knows
        local config = configure()
        code, _, err = support.mpijobd("check", "--config", config, folder .. "/p.lua")
        assert.are.equal(1, code)
        support.contains(err, 'p.lua:3: policy "p": clusters: names "lap", which the configuration does not have (did you mean "lab"?); it has lab, prod')
        for text, message in pairs {
            ["clusters: { lab: { kubeconfg: x } }\n"] = 'clusters.lab.kubeconfg is not a key of the configuration; did you mean "kubeconfig"?',
            ["clusters: { Lab: { context: x } }\n"] = "clusters.Lab is not a name for a cluster",
            ["clusters: { lab: { context: y } }\n"] = "clusters.lab.context is a boolean; it has to be a text (write it in quotes)", -- as kubectl reads it
            ["clusters: {}\n"] = "clusters has to hold a cluster for each name",
            ["cluster: { context: a }\nclusters: { lab: { context: x } }\n"] = "clusters stands beside cluster",
            ["clusters: { lab: { server: http://x, context: z } }\n"] = "clusters.lab.server stands beside a kubeconfig",
        } do
            support.write(config, text)
            code, _, err = support.mpijobd("check", "--config", config, folder .. "/p.lua")
            assert.are.equal(1, code, text)
            support.contains(err, message)
        end
    end)
end)
