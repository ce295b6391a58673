-- SPDX-License-Identifier: Apache-2.0
-- What is paused among daemons that share their state is in the cluster: commands that are no daemon read it there.
local support = require "support"
local clusters = require "support.cluster"
local sims = require "support.sim"

local POLICY = [[
policy { name = "rests", schedule = "0 0 1 1 *", match = { labels = "todo", namespace = "%s" }, replace = { labels = { rested = "yes" } } }
policy { name = "goes", schedule = "0 0 1 1 *", match = { labels = "todo", namespace = "%s" }, replace = { labels = { went = "yes" } } }
]]
local JOB = [[{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"%s","labels":{"todo":"x"}},"spec":{"mpiReplicaSpecs":{
    "Worker":{"replicas":1,"template":{"spec":{"containers":[{"name":"w","image":"i"}]}}},
    "Launcher":{"replicas":1,"template":{"spec":{"containers":[{"name":"l","image":"i"}]}}}}}}]]
-- Short, so that nothing waits for long; and long enough for a busy machine.
local TIMES = "lease_duration: 6s, renew_deadline: 4s, retry_period: 400ms"
local TAKEN = "what the replicas share is taken over"
local KEYS = { leader_election = "", sharding = ", shards: 2" }

-- Of a configuration whose daemons share what they have: `asks` runs a command with it, on a host where no daemon is.
local function sharing(key, namespace, kubeconfig, flags)
    local folder = support.folder()
    local s = { policies = support.write(folder .. "/p.lua", POLICY:format(namespace, namespace)) }
    local function config(name, server)
        return support.write(("%s/%s.yaml"):format(folder, name), ("cluster: { kubeconfig: %s }\nstate: %s/%s.db\n%s: { namespace: %s, %s%s }\n"):format(server or kubeconfig,
            folder, name, key, namespace, TIMES, KEYS[key]))
    end
    function s.start()
        s.daemon = support.daemon(nil, "run", "--no-supervisor", "--config", config "daemon", "--state", folder .. "/daemon.db", s.policies, table.unpack(flags))
        s.daemon:expect(TAKEN)
    end
    function s.tell(...)
        local code, out, err = support.mpijobd(...)
        assert.are.equal(0, code, out .. err)
    end
    function s.pause(name) s.tell("pause", name, "--state", folder .. "/daemon.db") end
    function s.resume(name) s.tell("resume", name, "--state", folder .. "/daemon.db") end
    -- `at`: another kubeconfig for it.
    function s.asks(command, at)
        local args = { table.unpack(command) }
        for _, more in ipairs { "--config", config("elsewhere", at), s.policies } do
            args[#args + 1] = more
        end
        for _, flag in ipairs(command[1] == "next" and {} or flags) do
            args[#args + 1] = flag
        end
        return support.mpijobd(table.unpack(args))
    end
    return s
end

local ONCE, PLAN, NEXT = { "run", "--once" }, { "plan" }, { "next" }
local LEFT_OUT, UNKNOWN = "the policy is left out, because it is paused", "what is paused among daemons that share their state is not known"

for key in pairs(KEYS) do
    describe(("what is paused in the cluster (%s) #cluster"):format(key), function()
        lazy_teardown(support.cleanup)

        it("is left out by run --once, and plan and next say it", function()
            local cluster = clusters.start(clusters.versions[4])
            local namespace = cluster:namespace()
            local s = sharing(key, namespace, cluster.kubeconfig, cluster.flags)
            assert.are.equal(201, (cluster:request("POST", cluster:path(namespace), JOB:format "alone")))
            local function labels() return cluster:get(namespace, "alone").metadata.labels end
            s.start()
            s.pause "rests"

            local code, _, err = s.asks(ONCE)
            assert.are.equal(0, code, err)
            local line = err:match("[^\n]*" .. LEFT_OUT .. "[^\n]*") or ""
            support.contains(line, 'policy=rests')
            assert.is_truthy(line:find "by=%S+ since=%d+%-%d+%-%d+T%d+:%d+" , line)
            support.contains(line, 'cure="mpijobd resume rests lets it run"')
            support.lacks(err, UNKNOWN)
            assert.are.same({ nil, "yes" }, { labels().rested, labels().went })

            local _, out, told = s.asks(PLAN)
            support.contains(out, 'rested')
            assert.is_truthy(told:find 'policy "rests" is paused, by %S+ since %d+%-', told)
            support.lacks(told, "what is paused")
            _, out, told = s.asks(NEXT)
            assert.is_truthy(out:find "paused, by %S+ since %d+%-[^\n]*mpijobd resume rests", out)
            support.lacks(told, "what is paused")

            _, out, told = s.asks { "why", "rests", namespace .. "/alone" }
            assert.is_truthy(out:find "is paused, by %S+ since %d+%-", out)
            support.lacks(told, "what is paused")

            s.resume "rests" -- and what a killed daemon has left counts as well
            s.pause "goes"
            s.daemon:kill "sigkill"
            code, _, err = s.asks(ONCE)
            assert.are.equal(0, code, err)
            assert.are.equal("yes", labels().rested)
            support.contains(err:match("[^\n]*" .. LEFT_OUT .. "[^\n]*") or "", 'policy=goes')
        end)
    end)

    describe(("what is paused in the cluster (%s)"):format(key), function()
        local server, s
        before_each(function()
            server = sims.start("--version", "v2beta1")
            server:make_namespace "train"
            server:request("POST", server:path("v2beta1", "train"), JOB:format "alone")
            s = sharing(key, "train", server.kubeconfig, {})
        end)
        after_each(support.cleanup)

        it("is nothing before a daemon has run there", function()
            for _, command in ipairs { ONCE, PLAN, NEXT } do
                local code, out, err = s.asks(command)
                assert.are.equal(0, code, err)
                support.lacks(out .. err, "paused")
            end
        end)

        it("is said to be unknown where it may not be read, or no server answers; what can be told is", function()
            s.start()
            s.pause "rests"
            server:fault { fault = "status", code = 403, method = "GET", path = "*/configmaps*" }
            local code, _, err = s.asks(ONCE)
            assert.are.equal(0, code, err)
            support.contains(err, UNKNOWN)
            support.contains(err, "`mpijobd rbac` prints the Role that is needed")
            support.contains(err, 'cure="mpijobd status, asked of one of them, tells what is; mpijobd trigger runs a policy there"')
            support.lacks(err, LEFT_OUT)
            for _, command in ipairs { PLAN, NEXT, { "why", "rests", "train/alone" } } do
                code, _, err = s.asks(command)
                assert.are.equal(0, code, err)
                support.contains(err, ("mpijobd %s: the daemons share their state in the cluster (%s), and this reads the file of this host, "):format(command[1], key))
                support.contains(err, "what is paused is as it was here; "
                    .. (key == "sharding" and "mpijobd status tells it at any of the daemons" or "mpijobd status asks the daemon that leads"))
                support.contains(err, ("mpijobd %s: it is not known "):format(command[1]))
                support.contains(err, "`mpijobd rbac` prints the Role that is needed")
            end
            local nowhere = support.write(support.folder() .. "/nowhere", (support.read(server.kubeconfig):gsub("(server: https?://[^:]+):%d+", "%1:1")))
            local out
            code, out, err = s.asks(NEXT, nowhere)
            assert.are.equal(0, code, err)
            support.contains(out, "rests")
            support.contains(err, "mpijobd next: it is not known which policies are paused: ")
        end)

        it("is known where the ConfigMap has lost its labels", function()
            s.start()
            s.pause "rests"
            s.daemon:kill "sigkill"
            for _, map in ipairs((select(2, server:request("GET", "/api/v1/namespaces/train/configmaps"))).items) do
                assert.are.equal(200, (server:request("PATCH", "/api/v1/namespaces/train/configmaps/" .. map.metadata.name, '{"metadata":{"labels":null}}',
                    "application/merge-patch+json")))
            end
            local code, _, err = s.asks(ONCE)
            assert.are.equal(0, code, err)
            support.contains(err:match("[^\n]*" .. LEFT_OUT .. "[^\n]*") or "", "policy=rests")
            support.lacks(err, UNKNOWN)
        end)

        it("is not looked at with --state, by which a file is meant", function()
            s.start()
            s.pause "rests"
            local file = support.folder() .. "/empty.db"
            local _, _, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", file, s.policies)
            support.lacks(err, LEFT_OUT)
            local _, out = s.asks { "next", "--state", file }
            support.lacks(out, "paused")
            _, _, err = s.asks { "run", "--once", "--state", file } -- where the journal goes
            support.contains(err, LEFT_OUT)
        end)
    end)
end

describe("what is paused in one of several clusters", function()
    lazy_teardown(support.cleanup)

    it("is known to a command about another one", function()
        local folder, servers = support.folder(), {}
        for _, name in ipairs { "one", "two" } do
            servers[name] = sims.start("--version", "v2beta1")
            servers[name]:make_namespace "train"
            servers[name]:request("POST", servers[name]:path("v2beta1", "train"), JOB:format "alone")
        end
        local policies = support.write(folder .. "/p.lua", POLICY:format("train", "train"))
        local function config(name)
            return support.write(("%s/%s.yaml"):format(folder, name), ("clusters:\n  one: { kubeconfig: %s }\n  two: { kubeconfig: %s }\nstate: %s/%s.db\n" ..
                "leader_election: { cluster: two, namespace: train, %s }\n"):format(servers.one.kubeconfig, servers.two.kubeconfig, folder, name, TIMES))
        end
        local daemon = support.daemon(nil, "run", "--no-supervisor", "--config", config "daemon", policies)
        daemon:expect(TAKEN)
        assert.are.equal(0, (support.mpijobd("pause", "rests", "--config", config "daemon")))
        for _, more in ipairs { {}, { "--cluster", "one" }, { "--cluster", "two" } } do
            local code, _, err = support.mpijobd("run", "--once", "--config", config "elsewhere", policies, table.unpack(more))
            assert.are.equal(0, code, err)
            support.contains(err, LEFT_OUT)
            _, _, err = support.mpijobd("plan", "--config", config "elsewhere", policies, table.unpack(more))
            support.contains(err, 'policy "rests" is paused, by ')
        end
        local _, out = support.mpijobd("next", "--config", config "elsewhere", policies)
        support.contains(out, "paused, by ")
    end)
end)
