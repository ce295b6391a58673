-- SPDX-License-Identifier: Apache-2.0
-- What programs read in the log's lines about a run: which run, of which policy, on which cluster, and about which job.
local support = require "support"
local sim = require "support.sim"
local json = support.json

local ENDS <const> = '{"mpijob-sim/start-seconds":"1","mpijob-sim/run-seconds":"1","mpijob-sim/outcome":"succeed"}'
local POLICIES <const> = [[
local plug = require "plug"
local function one(name, more) more.name, more.schedule = name, "0 0 1 1 *" policy(more) end
one("frees", { match = { phase = "Succeeded" }, replace = { cleanPodPolicy = "All" } })
one("marks", { match = { name = "a*" }, replace = { labels = { marked = "yes" } } })
one("says", { run = function()
    local forged = { run = 77, policy = "another", cluster = "elsewhere", repeated = 5, level = "x", message = "y", time = "z", job = "train/a1" }
    log.debug("detail", forged) log.info("said", forged) log.warn("warned", forged) log.error("failed", forged)
    plug.say("by a plugin")
    error("broken")
end })
one("asks", { match = { where = function(job) error("no owner of " .. job.key) end }, replace = { labels = { a = "b" } } })
one("refused", { match = { phase = "Succeeded" }, replace = { suspend = true } })
one("by-hand", { run = function()
    mpijob.replace("train/a1", { labels = { by = "function" } })
    pcall(mpijob.replace, "train/none", { labels = { by = "function" } })
    kube.create { apiVersion = "v1", kind = "ConfigMap", metadata = { name = "made", namespace = "train" }, data = { a = "b" } }
    kube.delete("v1", "ConfigMap", "train/made")
    notify.send { sink = "gone", text = "x" }
end })
one("waits", { match = { name = "a*" }, approval = "always", replace = { labels = { waited = "yes" } } })
one("cold", { dry_run = true, match = { name = "a1" }, run = function()
    notify.send { sink = "gone", text = "x" }
    mpijob.replace("train/a1", { labels = { cold = "yes" } })
end })
]]

-- Names of the members of a line of JSON, those within others left out; each may stand there once.
local function names(line)
    local all, depth, at = {}, 0, 1
    while at <= #line do
        local quoted, after = line:match('^"([^"\\]*)()', at)
        if quoted then
            while line:sub(after, after) == "\\" do
                after = line:match('^\\.[^"\\]*()', after)
            end
            at = after + 1
            if depth == 1 and line:sub(at, at) == ":" then
                assert.is_nil(all[quoted], line)
                all[quoted] = true
            end
        else
            local c = line:sub(at, at)
            depth = depth + ((c == "{" or c == "[") and 1 or (c == "}" or c == "]") and -1 or 0)
            at = at + 1
        end
    end
    return all
end

local ABOUT_JOBS <const> = { ["replaced"] = true, ["not replaced"] = true, ["would replace"] = true, ["waits for approval"] = true, ["effect seen"] = true, ["no effect seen"] = true,
    ["created"] = true, ["deleted"] = true, ["a change of a plan has failed"] = true, ["a change of an approved plan is left out"] = true }

describe("a line of the log about a run", function()
    local server, folder, state
    lazy_setup(function()
        server = sim.start("--version", "v2beta1", "--jobs", "0", "--life", "--speed", "60")
        folder = support.folder()
        state = folder .. "/s.db"
        server:make_namespace "train"
        for i = 1, 3 do
            server:request("POST", server:path("v2beta1", "train"), { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob",
                metadata = { name = "a" .. i, namespace = "train", annotations = json.decode(ENDS) },
                spec = { mpiReplicaSpecs = { Launcher = { replicas = 1, template = { spec = { containers = { { name = "l", image = "i" } } } } },
                    Worker = { replicas = 2, template = { spec = { containers = { { name = "w", image = "i" } } } } } } } })
        end
        support.uv.fs_mkdir(folder .. "/plug", 448)
        support.write(folder .. "/plug/plugin.lua", 'plugin { name = "plug", version = "1.0.0", api = 1, exports = { say = function(text) log.warn(text, { job = "train/a1" }) end } }\n')
        support.write(folder .. "/p.lua", POLICIES)
    end)
    lazy_teardown(support.cleanup)

    local function configure(clusters)
        support.write(folder .. "/mpijobd.yaml", clusters .. ("plugins: { plug: { path: plug } }\nnotify: { gone: { type: slack, url: 'http://127.0.0.1:1/' } }\nlog: { format: json }\n"))
    end

    -- All lines, each of which is checked. `cluster`: its name.
    local function check(text, cluster)
        local lines, of, about = {}, {}, {}
        for each in text:gmatch "[^\n]+" do
            local line = json.decode(each)
            names(each)
            lines[#lines + 1] = line
            if line.run then
                assert.are.equal("number", type(line.run), each)
                assert.are.equal("string", type(line.policy), each)
                assert.are.equal(cluster, line.cluster, each)
                assert.are.equal(of[line.run] or line.policy, line.policy, each)
                of[line.run] = line.policy
            end
            if ABOUT_JOBS[line.message] then
                assert.is_truthy(line.run, each)
                assert.is_truthy((line.job or line.object or line.repeated_jobs and line.repeated_jobs[1]):find "train/", each)
            end
            about[line.message] = about[line.message] or line
        end
        return lines, about, of
    end

    it("has run, policy, cluster and job, each once, of whatever kind the policy and its trouble are", function()
        configure(("cluster: { kubeconfig: %s }\n"):format(server.kubeconfig))
        local daemon = support.daemon({}, "run", "--no-supervisor", "--config", folder .. "/mpijobd.yaml", "--state", state, "--listen", "none", "--log-level", "run=debug,info", folder .. "/p.lua")
        daemon:expect "commands may ask this daemon"
        local function trigger(name, ...)
            return support.mpijobd("trigger", name, "--state", state, ...)
        end
        support.proc.await(function()
            local _, answer = server:request("GET", server:path("v2beta1", "train"))
            return support.count(type(answer) == "string" and answer or json.encode(answer), '"type":"Succeeded"') >= 3
        end)
        server:fault "conflict:method=PUT,path=*/mpijobs/a1,count=1"
        server:fault "forbidden:method=PUT,path=*/mpijobs/a2,count=1"
        for _, name in ipairs { "marks", "frees", "says", "asks", "refused", "by-hand", "cold", "waits", "waits" } do
            trigger(name)
        end
        support.mpijobd("approve", "8", "--state", state)
        support.mpijobd("undo", "1", "--state", state)
        daemon:kill "sighup"
        daemon:expect "the policies are loaded again"
        daemon:kill "sigterm"
        daemon:wait()
        local lines, about, of = check(daemon.stderr, "default")
        local seen = {}
        for _, policy in pairs(of) do
            seen[policy] = true
        end
        for _, policy in ipairs { "frees", "marks", "says", "asks", "refused", "by-hand", "cold", "waits" } do
            assert.is_true(seen[policy], policy)
        end
        for _, message in ipairs { "run starts", "run ended", "replaced", "not replaced", "effect seen", "waits for approval", "created", "deleted", "would replace",
            "a notification was not sent, because this is a dry run", "a notification was not delivered, and is tried again", "the plan of a run is approved", "detail", "by a plugin" } do
            assert.is_truthy(about[message], message .. "\n" .. daemon.stderr)
            assert.is_truthy(about[message].run, message)
        end
        assert.are.same({ 3, "says", "default", "train/a1", 77, "another", "elsewhere", 5 }, { about.failed.run, about.failed.policy, about.failed.cluster, about.failed.job, about.failed.run_,
            about.failed.policy_, about.failed.cluster_, about.failed.repeated_ })
        assert.is_true(#lines > 30)
    end)

    it("names its cluster to people, too, where there are several", function()
        configure(("clusters: { lab: { kubeconfig: %s }, prod: { kubeconfig: %s } }\n"):format(server.kubeconfig, server.kubeconfig))
        support.write(folder .. "/two.lua", 'policy { name = "two", every = "1h", match = { name = "a1" }, replace = { annotations = { at = "x" } } }\n')
        local function once(...)
            local code, _, err = support.mpijobd("run", "--once", "--config", folder .. "/mpijobd.yaml", "--state", ":memory:", folder .. "/two.lua", ...)
            assert.are.equal(0, code, err)
            return err
        end
        local seen = {}
        for each in once():gmatch "[^\n]+" do
            local line = json.decode(each)
            names(each)
            if line.message == "run starts" or line.message == "run ended" then
                seen[line.cluster .. " " .. line.message] = line.policy
            end
        end
        assert.are.same({ ["lab run starts"] = "two", ["lab run ended"] = "two", ["prod run starts"] = "two", ["prod run ended"] = "two" }, seen)
        local text = once("--log-format", "text")
        support.contains(text, "info  run starts policy=two cluster=lab trigger=once")
        configure(("cluster: { kubeconfig: %s }\n"):format(server.kubeconfig))
        support.contains(once("--log-format", "text"), "info  run starts policy=two trigger=once")
    end)

    it("is an entry of journald with these as fields", function()
        local journald = os.getenv "MPIJOBD_BUILD" .. "/tests/journald.so"
        if not support.uv.fs_stat(journald) or os.getenv "MPIJOBD_SPEC_WRAPPER" then
            return pending "not under a sanitizer or a wrapper"
        end
        configure(("cluster: { kubeconfig: %s }\n"):format(server.kubeconfig))
        local config = support.read(folder .. "/mpijobd.yaml"):gsub("log: { format: json }\n", "")
        support.write(folder .. "/journald.yaml", config)
        support.write(folder .. "/many.lua", [[policy { name = "many", every = "1h", run = function()
    for i = 1, 30 do log.error("it is odd: job-" .. i, { job = "train/job-" .. i }) end
    mpijob.replace("train/a1", { annotations = { at = "journald" } })
end }]])
        local started = support.keep(support.proc.start("/usr/bin/python3", { args = { support.source .. "/tests/spec/support/journald.py", journald,
            os.getenv "MPIJOBD_BUILD" .. "/mpijobd", "run", "--once", "--config", folder .. "/journald.yaml", "--state", ":memory:", folder .. "/many.lua" } }))
        assert.are.equal(0, (started:wait()), started.stderr .. started.stdout)
        local counts, of, replaced = 0, {}, nil
        for each in started.stdout:gmatch '({"MESSAGE"[^\n]+)' do
            local entry = json.decode(each)
            assert.are.same({ "mpijobd" }, entry.SYSLOG_IDENTIFIER, each)
            if entry.MPIJOBD_RUN then
                assert.are.same({ { "1" }, { "many" }, { "default" } }, { entry.MPIJOBD_RUN, entry.MPIJOBD_POLICY, entry.MPIJOBD_CLUSTER }, each)
            end
            if entry.PRIORITY[1] == "3" then
                counts = counts + tonumber((entry.MPIJOBD_REPEATED or { "1" })[1])
                for _, job in ipairs(entry.MPIJOBD_JOB) do
                    of[job] = (of[job] or 0) + 1
                end
            end
            replaced = entry.MESSAGE[1]:find "^replaced" and entry or replaced
        end
        assert.are.equal(30, counts)
        for i = 1, 30 do
            assert.are.equal(1, of["train/job-" .. i], i)
        end
        assert.are.same({ { "6" }, { "train/a1" } }, { replaced.PRIORITY, replaced.MPIJOBD_JOB })
        support.contains(replaced.MPIJOBD_DIFF[1], '"after":"journald"')
        assert.is_nil(started.stderr:find("run starts", 1, true)) -- nothing is written twice
    end)
end)
