-- SPDX-License-Identifier: Apache-2.0
-- Several daemons, one of which acts: the Lease taken, renewed, given back, lost, fought over.
local support = require "support"
local clusters = require "support.cluster"
local sims = require "support.sim"
local http = require "socket.http"
local api = require "support.api"
local relay = require "support.relay"
local uv = support.uv
local await = support.proc.await

local POLICY = [[policy { name = "mark", on = "match", match = { labels = "todo" }, replace = { labels = { marked = "yes" } } }]]
local JOB = [[{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"%s","labels":{"todo":"x"}},"spec":{"mpiReplicaSpecs":{
    "Worker":{"replicas":1,"template":{"spec":{"containers":[{"name":"w","image":"i"}]}}},
    "Launcher":{"replicas":1,"template":{"spec":{"containers":[{"name":"l","image":"i"}]}}}}}}]]
-- Short, so that nothing waits for long; and long enough for a busy machine.
local TIMES = "lease_duration: 6s, renew_deadline: 4s, retry_period: 400ms"
local LEASES = "/apis/coordination.k8s.io/v1/namespaces/ops/leases"
local LEADS, LOST, STANDS = "this daemon leads", "the lead is lost", "standing by: another daemon leads"

describe("several daemons", function()
    local server, folder, made, way

    local function kubeconfig(url)
        return ([[{apiVersion: v1, kind: Config, current-context: c, clusters: [{name: c, cluster: {server: "%s"}}],
            users: [{name: u, user: {}}], contexts: [{name: c, context: {cluster: c, user: u}}]}]]):format(url)
    end

    -- options: url, times, more (of leader_election), top (of the configuration), stdin, args
    local function replica(name, options)
        options = options or {}
        local config = support.write(("%s/%s.yaml"):format(folder, name), ("leader_election: { namespace: ops, identity: %s, %s%s }\n%s"):format(name,
            options.times or TIMES, options.more or "", options.top or ""))
        local conf = support.write(("%s/%s.kubeconfig"):format(folder, name), kubeconfig(options.url or server.url))
        local daemon = support.daemon({ stdin = options.stdin }, "run", "--no-supervisor", "--config", config, "--kubeconfig", conf,
            "--state", ("%s/%s.db"):format(folder, name), "--listen", "127.0.0.1:0", folder .. "/p.lua", table.unpack(options.args or {}))
        daemon.name = name
        daemon.port = daemon:expect("metrics and health are served"):match("127%.0%.0%.1:(%d+)")
        made[#made + 1] = daemon
        return daemon
    end

    local function ask(daemon, command, ...)
        return support.mpijobd(command, "--state", ("%s/%s.db"):format(folder, daemon.name), ...)
    end

    local function page(daemon, path)
        return (http.request("http://127.0.0.1:" .. daemon.port .. path))
    end

    local function lease()
        local status, object = server:request("GET", LEASES .. "/mpijobd")
        return status == 200 and object.spec or nil, object
    end

    local function create(name)
        assert.are.equal(201, (server:request("POST", server:path("v2beta1", "train"), JOB:format(name))))
    end

    local function marked(name)
        return await(function()
            local _, job = server:request("GET", server:path("v2beta1", "train", name))
            return job.metadata.labels.marked
        end)
    end

    local function writes(name)
        return #server:requests("method=PUT&path=*/mpijobs/" .. name)
    end

    local function three()
        local leader = replica "one"
        leader:expect(LEADS)
        local others = { replica "two", replica "three" }
        for _, other in ipairs(others) do
            other:expect(STANDS)
        end
        return leader, others
    end

    -- Of these, the one that leads next.
    local function next_leader(daemons)
        local which
        assert.is_truthy(await(function()
            for _, daemon in ipairs(daemons) do
                local at = daemon.stderr:find(LEADS, daemon.leads_from or 1, true)
                if at then
                    which, daemon.leads_from = daemon, at + 1
                    return true
                end
            end
        end))
        return which
    end

    before_each(function()
        made, folder = {}, support.folder()
        support.write(folder .. "/p.lua", POLICY)
        server = sims.start("--version", "v2beta1")
        for _, namespace in ipairs { "train", "ops" } do
            server:make_namespace(namespace)
        end
    end)
    after_each(function()
        if way then
            way.close()
            way = nil
        end
        support.cleanup()
    end)

    it("act one at a time: one leads, and the others say who", function()
        create "first"
        local leader, others = three()
        assert.are.equal("yes", marked "first")
        create "second"
        assert.are.equal("yes", marked "second")
        assert.are.equal(1, writes "first")
        assert.are.equal(1, writes "second")
        local spec = lease()
        assert.are.equal("one", spec.holderIdentity)
        assert.are.equal(6, spec.leaseDurationSeconds)
        assert.are.equal(0, spec.leaseTransitions)
        assert.is_truthy(spec.renewTime:find("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%d%d%d%dZ$"), spec.renewTime)

        support.contains(page(leader, "/metrics"), "mpijobd_leader 1\n")
        support.contains(page(others[1], "/metrics"), "mpijobd_leader 0\n")
        support.contains(page(leader, "/readyz?verbose"), "[+] leader election: this daemon leads since ")
        local ready = page(others[1], "/readyz?verbose")
        support.contains(ready, "[+] leader election: standing by; one leads since ")
        support.contains(ready, "[+] cluster default: connected; standing by\n")
        local _, code = http.request("http://127.0.0.1:" .. others[1].port .. "/readyz")
        assert.are.equal(200, code)

        local ended, out = ask(others[1], "status")
        assert.are.equal(0, ended)
        support.contains(out, "[+] leader election: standing by; one leads since ")
        assert.is_truthy(out:find("\nmark +standing by: one leads "), out)
        for _, command in ipairs { { "trigger", "mark" }, { "pause", "mark" }, { "resume", "mark" }, { "resume" }, { "approve" }, { "approve", "1" },
            { "approve", "1", "--dry-run" }, { "reject", "1" }, { "extend", "1", "12h" } } do
            local code_of, told, err = ask(others[1], table.unpack(command))
            assert.are.equal(1, code_of, told)
            support.contains(err, "this daemon is not the leader: one leads (Lease ops/mpijobd); ask the daemon there")
        end
        support.write(folder .. "/token", "looks\n")
        support.write(folder .. "/served.db.quarantine", ("stopped 1760000000000000 stall %s 1 mark %s\n"):format(("0"):rep(16), folder .. "/p.lua"))
        local served = replica("served", { top = "tokens: { read: token }\n" })
        served:expect(STANDS)
        local status, answer = api.at("http://127.0.0.1:" .. served.port, "looks"):get("/api/v1/approvals")
        assert.are.equal(409, status)
        support.contains(answer.detail, "this daemon is not the leader: one leads")
        -- A quarantine is each daemon's own, and a pause is not.
        local let_go, said, failed_so = ask(served, "resume", "mark")
        assert.are.equal(0, let_go, failed_so)
        assert.are.equal("mark may run again\n", said)
        _, said, failed_so = ask(served, "resume")
        assert.are.equal("no policy is in quarantine\n", said)
        support.contains(failed_so, "not the leader: one leads")
        served:kill()
        assert.are.equal(0, (served:wait()))
        -- A person's own Lua in it writes nothing either.
        local _, printed, failed = ask(others[1], "eval", "--write", 'mpijob.replace("train/first", { labels = { by = "hand" } })')
        support.contains(printed .. failed, "nothing was sent, because this daemon does not lead; the leader is one")
        local _, told, err = ask(others[1], "why", "mark", "train/first")
        support.contains(told .. err, "not the leader: one leads")
        ended, out = ask(leader, "trigger", "mark")
        assert.are.equal(0, ended, out)
        -- What only tries keeps nobody from acting.
        leader:kill()
        assert.are.equal(0, (leader:wait()))
        next_leader(others)
        local dry = replica("dry", { args = { "--dry-run" } })
        dry:expect("takes no part in the leader election")
        dry:expect("in force")
        assert.are_not.equal("dry", lease().holderIdentity)
    end)

    it("go on at once when the leader ends, without a list", function()
        create "first"
        local leader, others = three()
        marked "first"
        assert.is_truthy(await(function()
            return not page(others[1], "/readyz?verbose"):find("not listed yet", 1, true) and not page(others[2], "/readyz?verbose"):find("not listed yet", 1, true)
        end))
        server:forget_requests()
        leader:kill()
        local follower = next_leader(others)
        create "second"
        assert.are.equal("yes", marked "second")
        assert.are.equal(0, leader:wait())
        local spec = lease()
        assert.are.equal(follower.name, spec.holderIdentity)
        assert.are.equal(1, spec.leaseTransitions)
        local given_back
        for _, request in ipairs(server:requests "method=PUT&path=*/leases/*") do
            local body = support.json.decode(request.body)
            given_back = given_back or (body.spec.holderIdentity == "" and body.spec.leaseDurationSeconds == 1)
        end
        assert.is_true(given_back)
        for _, request in ipairs(server:requests "method=GET&path=*/mpijobs*") do
            assert.is_falsy(request.path:find("mpijobs$") and not request.query:find("watch", 1, true), "listed: " .. request.path .. "?" .. request.query)
        end
        assert.are.equal(1, writes "second")
        -- What the leader left in the Lease fits to its journal.
        local _, object = lease()
        local notes = object.metadata.annotations
        assert.are.equal("one", notes["mpijobd.io/journal-of"])
        local code, out = support.mpijobd("journal", "--verify", "--head", notes["mpijobd.io/journal-head"], "--state", folder .. "/one.db")
        assert.are.equal(0, code, out)
        -- Who stands by ends as quickly.
        local standby = others[1] == follower and others[2] or others[1]
        standby:kill()
        assert.are.equal(0, (standby:wait()))
        assert.are.equal(follower.name, lease().holderIdentity)
    end)

    it("wait for the lease of one that died, and then go on", function()
        local leader, others = three()
        local renewed = uv.hrtime()
        leader:kill "sigkill"
        create "first"
        next_leader(others)
        assert.is_true((uv.hrtime() - renewed) / 1e9 > 3) -- it renews every 400 ms
        assert.are.equal("yes", marked "first")
        assert.are.equal(1, writes "first")
    end)

    it("write nothing after they were stopped for longer than the lease, in the middle of a run too", function()
        support.write(folder .. "/p.lua", (POLICY:gsub("replace =", "limits = { per_second = 10 }, replace =")))
        local leader, others = three()
        local names = {}
        for i = 1, 60 do
            names[i] = "job-" .. i
            create(names[i])
        end
        for _ = 1, 5 do
            leader:expect "replaced policy=mark" -- between two writes
        end
        leader:kill "sigstop"
        next_leader(others)
        for _, name in ipairs(names) do
            assert.are.equal("yes", marked(name))
        end
        leader:kill "sigcont"
        leader:expect(LOST)
        leader:expect(STANDS)
        names[#names + 1] = "last"
        create "last"
        assert.are.equal("yes", marked "last")
        for _, name in ipairs(names) do
            assert.are.equal(1, writes(name), name)
        end
        support.contains(page(leader, "/metrics"), "mpijobd_leader 0\n")
        -- The run that it was in is cancelled, with why; so is what it was about to write.
        local _, out = ask(leader, "runs", "-o", "json")
        local run = support.json.decode(out)[1]
        if run.outcome == "done" then -- on a busy machine it may have been between two runs all the same
            return
        end
        if run.outcome == support.json.null then -- on a busy machine a write may have been on its way all the same: it stays open, and its run with it
            local _, changes = ask(leader, "journal", "--in-flight", "-o", "json")
            assert.are.equal(1, #support.json.decode(changes))
            return
        end
        assert.are.equal("cancelled", run.outcome)
        support.contains(run.message, "Lease")
    end)

    it("stop in time when the server is out of reach for the leader alone", function()
        way = relay(server.url)
        local leader = replica("cut", { url = way.url })
        leader:expect(LEADS)
        local other = replica "other"
        other:expect(STANDS)
        create "first"
        marked "first"
        way.cut = true
        create "second"
        leader:expect(LOST)
        assert.is_nil(other.stderr:find(LEADS, 1, true)) -- before another leads
        other:expect(LEADS)
        assert.are.equal("yes", marked "second")
        support.contains(ask(leader, "status") == 0 and select(2, ask(leader, "status")) or "", "cannot be taken")
        way.cut = false
        leader:expect(STANDS)
        assert.are.equal(1, writes "second")
    end)

    it("leave the Lease alone that another program holds, and take it when that is done", function()
        local function foreign(spec)
            return { apiVersion = "coordination.k8s.io/v1", kind = "Lease", metadata = { name = "mpijobd", namespace = "ops", labels = { theirs = "yes" } }, spec = spec }
        end
        -- As client-go writes it, by a clock that is years off.
        assert.are.equal(201, (server:request("POST", LEASES, foreign { holderIdentity = "theirs_1", leaseDurationSeconds = 3600, leaseTransitions = 41,
            acquireTime = "1999-01-01T00:00:00.000000Z", renewTime = "1999-01-01T00:00:00.000000Z" })))
        local daemon = replica "ours"
        support.contains(daemon:expect(STANDS), "leader=theirs_1")
        create "first"
        local _, object = lease()
        object.spec.holderIdentity = ""
        object.spec.leaseDurationSeconds = 1
        assert.are.equal(200, (server:request("PUT", LEASES .. "/mpijobd", object)))
        daemon:expect(LEADS)
        assert.are.equal("yes", marked "first")
        local spec
        spec, object = lease()
        assert.are.equal(42, spec.leaseTransitions)
        assert.are.equal("yes", object.metadata.labels.theirs)
        -- Another program takes it by force.
        await(function()
            _, object = lease()
            object.spec.holderIdentity, object.spec.leaseTransitions = "theirs_2", 43
            return server:request("PUT", LEASES .. "/mpijobd", object) == 200
        end)
        support.contains(daemon:expect(LOST), "theirs_2 has taken the Lease")
        daemon:kill()
        assert.are.equal(0, (daemon:wait()))
        assert.are.equal("theirs_2", lease().holderIdentity) -- it gives back what it has, and nothing else
    end)

    it("make a Lease again that was deleted, before another does; and a name alone is no title", function()
        local leader, others = three()
        server:request("DELETE", LEASES .. "/mpijobd")
        assert.is_truthy(await(lease))
        assert.are.equal("one", lease().holderIdentity)
        local config = support.write(folder .. "/same.yaml", "leader_election: { namespace: ops, identity: one, " .. TIMES .. " }\n")
        local same = support.daemon(nil, "run", "--no-supervisor", "--config", config, "--kubeconfig", server.kubeconfig, "--state", folder .. "/same.db",
            folder .. "/p.lua")
        same:expect("the Lease is held under this daemon's own name")
        create "first"
        assert.are.equal("yes", marked "first")
        assert.is_nil(leader.stderr:find(LOST, 1, true))
        for _, other in ipairs { same, table.unpack(others) } do
            assert.is_nil(other.stderr:find(LEADS, 1, true))
        end
        assert.are.equal(1, writes "first")
    end)

    it("keep the lead through lost answers, a busy server and a clock that is set", function()
        local leader = replica("one", { stdin = true, args = { "--clock", "2026-03-01T10:00:00Z" } })
        leader:expect(LEADS)
        local function renewed()
            server:forget_requests()
            assert.is_truthy(await(function()
                return #server:requests "method=PUT&path=*/leases/*&body=0" >= 2
            end))
        end
        for _, fault in ipairs { { fault = "reset-after", count = 2 }, { fault = "reset-before", count = 2 }, { fault = "too-many", count = 2, ["retry-after"] = 0 },
            { fault = "conflict", count = 1 }, { fault = "status", code = 500, count = 2 }, { fault = "empty", count = 1 } } do
            fault.path, fault.method = "*/leases/*", "PUT"
            server:fault(fault)
            renewed()
            server:clear_faults()
        end
        for _, fault in ipairs { "watch-cut", "watch-gone", "compact", "restart" } do
            server:fault { fault = fault }
            renewed()
        end
        leader:write "advance 2000h\n"
        leader:expect("clock 20", "stdout")
        renewed()
        local spec = lease()
        assert.are.same({ "one", 0 }, { spec.holderIdentity, spec.leaseTransitions })
        assert.is_nil(leader.stderr:find(LOST, 1, true))
        support.lacks(page(leader, "/readyz?verbose"), "cannot be renewed")
        -- Its own clock is set back; what the Lease says is for people.
        local other = replica "two"
        other:expect(STANDS)
        leader:kill()
        other:expect(LEADS)
    end)

    it("need no more than a role gives, and say what is missing", function()
        local config = support.write(folder .. "/c.yaml", "leader_election: { namespace: ops, lease: mine }\n")
        local code, out = support.mpijobd("rbac", folder .. "/p.lua", "--config", config, "-o", "json")
        assert.are.equal(0, code)
        local items = support.json.decode(out).items
        local role, binding = items[#items - 1], items[#items]
        assert.are.same({ "mpijobd-leader", "ops", "Role" }, { role.metadata.name, role.metadata.namespace, role.kind })
        assert.are.same({ { apiGroups = { "coordination.k8s.io" }, resources = { "leases" }, verbs = { "create" } },
            { apiGroups = { "coordination.k8s.io" }, resources = { "leases" }, resourceNames = { "mine" }, verbs = { "get", "update", "watch" } },
            { apiGroups = { "" }, resources = { "configmaps" }, verbs = { "get", "list", "create", "update", "delete" } } }, role.rules)
        assert.are.same({ "RoleBinding", "ops", "mpijobd-leader" }, { binding.kind, binding.metadata.namespace, binding.roleRef.name })
        local _, yaml = support.mpijobd("rbac", folder .. "/p.lua", "--config", config)
        support.contains(yaml, "kind: Role\nmetadata:\n  name: mpijobd-leader\n  namespace: ops\n")

        code, out = support.mpijobd("doctor", folder .. "/p.lua", "--config", config, "--kubeconfig", server.kubeconfig, "--state", folder .. "/d.db")
        support.contains(out, "may use the Lease ops/mine; nobody leads now")
        assert.are.equal(0, code, out)

        -- Who may not watch it looks at it.
        server:fault { fault = "forbidden", path = "*/leases*", watch = 1 }
        local leader = replica "one"
        leader:expect(LEADS)
        leader:expect("the Lease may not be watched")
        local other = replica "two"
        other:expect(STANDS)
        leader:kill()
        other:expect(LEADS)
        -- Who may not use it at all says so, and goes on trying.
        server:clear_faults()
        other:kill "sigkill"
        server:fault { fault = "forbidden", path = "*/leases*" }
        local third = replica "three"
        support.contains(third:expect("the Lease cannot be read or taken"), "orbidden")
        support.contains(page(third, "/readyz?verbose"), "[-] leader election: standing by; nobody leads now; the Lease ops/mpijobd cannot be taken: ")
        server:clear_faults()
        third:expect("can be read and written again")
    end)

    it("are configured by keys that go together", function()
        local function refused(text)
            local config = support.write(folder .. "/c.yaml", "leader_election: " .. text .. "\n")
            local code, _, err = support.mpijobd("run", "--config", config, "--kubeconfig", server.kubeconfig, "--state", folder .. "/c.db", folder .. "/p.lua")
            assert.are_not.equal(0, code)
            return err
        end
        support.contains(refused "{ namespace: ops, lease_duration: 10s }", "c.yaml:1: leader_election cannot be so: lease_duration has to be longer than renew_deadline")
        support.contains(refused "{ namespace: ops, retry_period: 9s }", "renew_deadline has to be longer than retry_period")
        support.contains(refused "{ namespace: ops, lease_duration: 15500ms }", "whole seconds")
        support.contains(refused "{ namespaces: ops }", 'leader_election.namespaces is not a key of the configuration; did you mean "namespace"?')
        support.contains(refused "{ namespace: Ops }", "leader_election.namespace has to be a name")
        support.contains(refused "{ namespace: ops, cluster: lab }", "leader_election.cluster is not one of the configured clusters")
        support.contains(refused "yes please", "has to be true, or hold keys of its own")
        support.contains(refused "true", "leader_election needs the namespace of its Lease, as this is no pod")
    end)
end)

-- The same on a kube-apiserver.
describe("two daemons #cluster", function()
    lazy_teardown(support.cleanup)

    it("take turns", function()
        local version = clusters.versions[4]
        local cluster = clusters.start(version)
        local namespace, folder = cluster:namespace(), support.folder()
        support.write(folder .. "/p.lua", ('policy { name = "mark", on = "match", match = { namespace = "%s", labels = "todo" }, replace = { labels = { marked = "yes" } } }'):format(namespace))
        local function replica(name)
            local config = support.write(("%s/%s.yaml"):format(folder, name), ("leader_election: { namespace: %s, identity: %s }\n"):format(namespace, name))
            return support.daemon(nil, "run", "--no-supervisor", "--config", config, "--kubeconfig", cluster.kubeconfig, "--state", ("%s/%s.db"):format(folder, name),
                folder .. "/p.lua", table.unpack(cluster.flags))
        end
        local function marked(name)
            assert.are.equal(201, (cluster:request("POST", cluster:path(namespace), JOB:format(name))))
            return await(function()
                return cluster:get(namespace, name).metadata.labels.marked
            end)
        end
        local function lease()
            local _, text = cluster:request("GET", ("/apis/coordination.k8s.io/v1/namespaces/%s/leases/mpijobd"):format(namespace))
            return support.json.decode(text).spec
        end
        local first = replica "first"
        first:expect(LEADS)
        local second = replica "second"
        second:expect(STANDS)
        assert.are.equal("yes", marked "a")
        local spec = lease()
        assert.are.same({ "first", 15, 0 }, { spec.holderIdentity, spec.leaseDurationSeconds, spec.leaseTransitions })
        first:kill()
        second:expect(LEADS, nil, 5) -- no lease is waited for
        assert.are.equal("yes", marked "b")
        assert.are.equal(0, (first:wait()))
        spec = lease()
        assert.are.same({ "second", 1 }, { spec.holderIdentity, spec.leaseTransitions })
        second:kill()
        assert.are.equal(0, (second:wait()))
        spec = lease()
        assert.are.equal("", spec.holderIdentity or "")
        assert.are.equal(1, spec.leaseDurationSeconds)
    end)
end)

describe("two daemons with the default times #measured", function()
    lazy_teardown(support.cleanup)

    it("take over within 2 s of an orderly end, and within 20 s of a kill", function()
        local server, folder = sims.start(), support.folder()
        support.write(folder .. "/p.lua", POLICY)
        local config = support.write(folder .. "/c.yaml", "leader_election: { namespace: default }\n")
        local function replica(name)
            return support.daemon(nil, "run", "--no-supervisor", "--config", config, "--kubeconfig", server.kubeconfig, "--state", ("%s/%s.db"):format(folder, name),
                "--listen", "none", folder .. "/p.lua")
        end
        local first = replica "first"
        first:expect(LEADS)
        local second = replica "second"
        second:expect(STANDS)
        local function seconds_until(follower, how, leader)
            local since = uv.hrtime()
            leader:kill(how)
            follower:expect(LEADS, nil, 30)
            return (uv.hrtime() - since) / 1e9
        end
        assert.is_true(seconds_until(second, "sigterm", first) < 2)
        local third = replica "third"
        third:expect(STANDS)
        local took = seconds_until(third, "sigkill", second)
        assert.is_true(took > 10 and took < 20, took)
    end)
end)
