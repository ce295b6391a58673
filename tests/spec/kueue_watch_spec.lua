-- SPDX-License-Identifier: Apache-2.0
-- match.kueue of a policy with `on`: the Workloads are watched, and a job matches by what its Workload says at the moment.
local support = require "support"
local cluster = require "support.cluster"

local WORKLOADS <const> = "/apis/kueue.x-k8s.io/v1beta2/namespaces/train/workloads"
local QUEUE <const> = '{"kueue.x-k8s.io/queue-name":"gpus"}'
local NEVER <const> = '{"mpijob-sim/admit-seconds":"never"}'
local HANGS <const> = '{"mpijob-sim/start-seconds":"1","mpijob-sim/outcome":"hang"}'
local await <const> = support.proc.await

describe("A policy with match.kueue and `on`", function()
    local server, folder, version
    before_each(function()
        folder = support.folder()
        version = cluster.versions[4]
    end)
    after_each(support.cleanup)

    local function serve(...)
        local sim = { table.unpack(version.sim) }
        for _, word in ipairs { "--speed", "60", ... } do
            sim[#sim + 1] = word
        end
        server = cluster.start { name = version.name, api = version.api, policy = version.policy, deadline = version.deadline, sim = sim,
            sim_flags = version.sim_flags }
        assert.are.equal(201, (server:request("POST", "/api/v1/namespaces", { apiVersion = "v1", kind = "Namespace", metadata = { name = "train" } })))
    end

    local function create(name, annotations, labels)
        server:create("train", name, { annotations = annotations or HANGS, labels = labels or QUEUE })
    end
    local function workload(name)
        local _, raw = server:request("GET", WORKLOADS)
        for _, one in ipairs(support.json.decode(raw).items or {}) do
            if one.metadata.ownerReferences[1].name == name then
                return one
            end
        end
    end
    local function admitted(name)
        return await(function()
            for _, one in ipairs(((workload(name) or {}).status or {}).conditions or {}) do
                if one.type == "Admitted" and one.status == "True" then
                    return true
                end
            end
        end)
    end
    local function set_active(name, active)
        assert.are.equal(200, (server:request("PATCH", WORKLOADS .. "/" .. workload(name).metadata.name,
            ('{"spec":{"active":%s}}'):format(active), "application/merge-patch+json")))
    end
    local function note(name, key)
        return (server:get("train", name).metadata.annotations or {})[key]
    end
    local function noted(name, key, value)
        assert.is_truthy(await(function() return note(name, key) == value end), ("%s: %s is %s"):format(name, key, note(name, key)))
    end
    local function start(text)
        local file = support.write(folder .. "/p.lua", text)
        return support.daemon({}, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--grace", "1s", "--control",
            folder .. "/control", "--listen", "127.0.0.1:0", file)
    end
    local function status()
        return select(2, support.mpijobd("status", "--control", folder .. "/control"))
    end
    local function stop(daemon)
        daemon:kill "sigterm"
        daemon:wait()
    end
    -- How often a daemon has listed Workloads.
    local function lists()
        local n = 0
        for _, request in ipairs(server.sim:requests "method=GET&path=*/workloads") do
            n = n + (request.userAgent:find "^mpijobd" and not request.query:find("watch", 1, true) and 1 or 0)
        end
        return n
    end
    local COUNT <const> = [[
local function count(name, state)
    policy { name = name, on = "match", match = { kueue = { state = state } }, replace = function(job)
        return { annotations = { [name] = tostring(tonumber(job.annotations[name] or "0") + 1) } }
    end }
end
]]

    it("acts when the Workload changes and the job does not, each time that it comes to match, also over a restart", function()
        serve "--kueue"
        create "a"
        create("b", NEVER)
        create("alien", HANGS, "{}")
        admitted "a"
        await(function() return workload "b" end)
        local text = COUNT .. 'count("waits", "waiting") count("stopped", "stopped")'
        local daemon = start(text)
        noted("b", "waits", "1")
        await(function() return status():find("[+] Kueue's Workloads in all namespaces on cluster default: watched", 1, true) end)
        server.sim:forget_requests()
        -- A job that waits for its queue does not change when it is stopped there.
        local before = server:get("train", "b").metadata.resourceVersion
        set_active("b", false)
        daemon:expect "replaced policy=stopped job=train/b"
        assert.are.equal(1, support.count(note("b", "stopped"), "1"))
        assert.are_not.equal(before, server:get("train", "b").metadata.resourceVersion)
        set_active("b", true)
        noted("b", "waits", "2")
        set_active("b", false)
        noted("b", "stopped", "2")
        assert.are.equal(0, lists())
        assert.is_nil(note("alien", "waits"))
        assert.is_nil(note("a", "stopped"))
        stop(daemon)
        support.lacks(daemon.stderr, "failed=1")
        -- What was handled stays so; what has come meanwhile is handled.
        set_active("a", false)
        daemon = start(text)
        daemon:expect "replaced policy=stopped job=train/a"
        set_active("a", true)
        admitted "a"
        set_active("a", false)
        noted("a", "stopped", "2")
        assert.are.equal("2", note("b", "stopped"))
        -- A Workload that is gone, and one that comes for its job in its place.
        set_active("b", true)
        noted("b", "waits", "3")
        local code, out, err = support.mpijobd("why", "stopped", "train/b", "--control", folder .. "/control")
        assert.are_not.equal(2, code, err)
        support.contains(out, "it is asked again when the job or its Workload changes")
        support.contains(out, "waiting, by its Workload " .. workload("b").metadata.name)
        set_active("b", false)
        noted("b", "stopped", "3")
        assert.are.equal(200, (server:request("DELETE", WORKLOADS .. "/" .. workload("b").metadata.name)))
        noted("b", "waits", "4")
        stop(daemon)
    end)

    it("waits for what the Workload says, where it acts only after some time", function()
        serve "--kueue"
        create("a", NEVER)
        await(function() return workload "a" end)
        local daemon = start [[
policy { name = "late", on = "match", holds_for = "1h", match = { kueue = { state = "waiting" } }, replace = { labels = { late = "yes" } } }
]]
        local function waits()
            return status():match "late[^\n]*\n?[^\n]*" or ""
        end
        local function count(wanted)
            return await(function()
                local why = select(2, support.mpijobd("why", "late", "train/a", "--control", folder .. "/control"))
                return (why:find("holds since", 1, true) or why:find("in 1h", 1, true) or why:find("in 59m", 1, true)) and wanted
                    or (why:find("no-match", 1, true) and not wanted)
            end)
        end
        assert.is_truthy(count(true), waits())
        set_active("a", false)
        assert.is_truthy(count(false), waits())
        set_active("a", true)
        assert.is_truthy(count(true), waits())
        stop(daemon)
    end)

    it("is blind, and says so, where the server has no Kueue or does not let it be watched", function()
        serve()
        create("a", HANGS)
        local text = COUNT .. 'count("waits", "waiting")\npolicy { name = "other", on = "match", match = { labels = "x" }, replace = { labels = { y = "z" } } }'
        local daemon = start(text)
        local port = daemon:expect("metrics and health are served"):match "127%.0%.0%.1:(%d+)"
        daemon:expect "the server has no Kueue"
        local out
        assert.is_truthy(await(function()
            out = status()
            return out:find "%[%-%] Kueue's Workloads in all namespaces on cluster default: cannot be listed: [^\n]+; blind there: waits\n"
        end), out)
        local body, code = require("socket.http").request("http://127.0.0.1:" .. port .. "/readyz?verbose")
        assert.are.equal(503, code, body)
        body = require("socket.http").request("http://127.0.0.1:" .. port .. "/metrics")
        support.contains(body, 'mpijobd_watch_blind{cluster="default",kind="Workload",namespace=""')
        local _, why = support.mpijobd("why", "waits", "train/a", "--control", folder .. "/control")
        support.contains(why, "Kueue's Workloads of all namespaces cannot be listed")
        support.contains(why, "the server has no Kueue")
        stop(daemon)
        assert.is_nil(note("a", "waits"))
        assert.are.equal(1, support.count(daemon.stderr, "the server has no Kueue"), daemon.stderr)

        serve "--kueue"
        create("a", NEVER)
        await(function() return workload "a" end)
        server.sim:fault("status:code=403,path=*/workloads*,watch=1")
        daemon = start(text)
        daemon:expect "Kueue's Workloads cannot be listed"
        noted("a", "waits", "1") -- a run lists them, as without a watch
        stop(daemon)
        local _, roles = support.mpijobd("rbac", folder .. "/p.lua")
        local verbs = roles:match "kueue%.x%-k8s%.io\n  resources:\n  %- workloads\n  verbs:\n([^\n]+\n[^\n]+\n)"
        assert.are.equal("  - list\n  - watch\n", verbs, roles)
        support.write(folder .. "/q.lua", [[policy { name = "q", on = "match", match = { kueue = { queue = "a*" } }, replace = { labels = { y = "z" } } }]])
        support.lacks(select(2, support.mpijobd("rbac", folder .. "/q.lua")):match "workloads.*" or "", "  - watch\n# ")
    end)

    it("acts on the jobs that wait already when the Workloads are known later than the jobs", function()
        for _, trouble in ipairs { "status:code=403,path=*/workloads*", "status:code=404,path=*kueue.x*" } do
            serve "--kueue"
            create("a", NEVER)
            await(function() return workload "a" end)
            server.sim:fault(trouble)
            local daemon = start(COUNT .. 'count("waits", "waiting")')
            daemon:expect "run ended policy=waits"
            assert.is_nil(note("a", "waits"))
            server.sim:clear_faults()
            local ok = await(function() return note("a", "waits") == "1" end)
            assert(ok, trouble .. "\n" .. status() .. daemon.stderr)
            stop(daemon)
            os.remove(folder .. "/s.db")
        end
    end)

    it("is warm on a standby", function()
        serve "--kueue"
        server:request("POST", "/api/v1/namespaces", { apiVersion = "v1", kind = "Namespace", metadata = { name = "ops" } })
        create("a", NEVER)
        await(function() return workload "a" end)
        local file = support.write(folder .. "/p.lua", COUNT .. 'count("stopped", "stopped")')
        local function replica(name)
            local config = support.write(("%s/%s.yaml"):format(folder, name),
                ("leader_election: { namespace: ops, identity: %s, lease_duration: 6s, renew_deadline: 4s, retry_period: 400ms }\n"):format(name))
            return support.daemon({}, "run", "--no-supervisor", "--config", config, "--kubeconfig", server.kubeconfig, "--state",
                ("%s/%s.db"):format(folder, name), "--listen", "127.0.0.1:0", file)
        end
        local one = replica "one"
        one:expect "this daemon leads"
        local two = replica "two"
        local port = two:expect("metrics and health are served"):match "127%.0%.0%.1:(%d+)"
        two:expect "standing by: another daemon leads"
        assert.is_truthy(await(function()
            return (require("socket.http").request("http://127.0.0.1:" .. port .. "/metrics") or "")
                :find('mpijobd_watch_blind{cluster="default",kind="Workload",namespace="",reason=""} 0', 1, true)
        end))
        server.sim:forget_requests()
        stop(one)
        two:expect "this daemon leads"
        set_active("a", false)
        noted("a", "stopped", "1")
        assert.are.equal(0, lists())
        stop(two)
    end)
end)
