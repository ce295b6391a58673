-- SPDX-License-Identifier: Apache-2.0
-- The state that several daemons share: who takes the lead goes on where another has died, and does nothing twice.
local support = require "support"
local clusters = require "support.cluster"
local sims = require "support.sim"
local relay = require "support.relay"
local http = require "socket.http"
local await = support.proc.await

-- Each change counts up, so that one that is made twice shows.
local COUNT = [[
policy { name = "count", %s, match = { labels = "todo" }, replace = function(job)
    return { annotations = { n = tostring((tonumber(job.annotations.n) or 0) + 1) } }
end }
]]
local JOB = [[{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"%s","labels":{%s}},"spec":{"mpiReplicaSpecs":{
    "Worker":{"replicas":1,"template":{"spec":{"containers":[{"name":"w","image":"i"}]}}},
    "Launcher":{"replicas":1,"template":{"spec":{"containers":[{"name":"l","image":"i"}]}}}}}}]]
-- Short, so that nothing waits for long; and long enough for a busy machine.
local TIMES = "lease_duration: 4s, renew_deadline: 3s, retry_period: 300ms"
local TAKEN, STANDS = "what the replicas share is taken over", "standing by: another daemon leads"
local JOBS = 200

describe("the state that daemons share", function()
    local server, folder

    local function replica(name, options)
        options = options or {}
        local config = support.write(("%s/%s.yaml"):format(folder, name),
            ("leader_election: { namespace: ops, identity: %s, %s%s }\n"):format(name, TIMES, options.more or ""))
        local daemon = support.daemon({ stdin = options.clock and true }, "run", "--no-supervisor", "--config", config, "--kubeconfig", options.kubeconfig or server.kubeconfig,
            "--state", ("%s/%s.db"):format(folder, name), "--listen", "127.0.0.1:0", folder .. "/p.lua",
            table.unpack(options.clock and { "--clock", options.clock } or {}))
        daemon.name = name
        daemon.port = daemon:expect("metrics and health are served"):match("127%.0%.0%.1:(%d+)")
        return daemon
    end

    local function pair(options)
        local one = replica("one", options)
        one:expect(TAKEN)
        local two = replica("two", options)
        two:expect(STANDS)
        return one, two
    end

    local function ask(daemon, command, ...)
        return support.mpijobd(command, "--state", ("%s/%s.db"):format(folder, daemon.name), ...)
    end

    local function metric(daemon, name)
        local text = http.request("http://127.0.0.1:" .. daemon.port .. "/metrics")
        return tonumber(text:match("\nmpijobd_" .. name .. " ([%d.e+]+)\n"))
    end

    local function create(name, labels)
        assert.are.equal(201, (server:request("POST", server:path("v2beta1", "train"), JOB:format(name, labels))))
    end

    local function jobs(label)
        local _, list = server:request("GET", server:path("v2beta1", "train") .. "?labelSelector=" .. label)
        return list.items
    end

    local function counted(label)
        local n = 0
        for _, job in ipairs(jobs(label)) do
            n = n + ((job.metadata.annotations or {}).n and 1 or 0)
        end
        return n
    end

    local function went(name)
        local _, job = server:request("GET", server:path("v2beta1", "train", name))
        return job.metadata.labels.went
    end

    -- Every job has its change, and the server has taken one write of each.
    local function each_once()
        assert.is_truthy(await(function() return counted "todo" == JOBS end), counted "todo" .. " jobs are counted")
        for _, job in ipairs(jobs "todo") do
            assert.are.equal("1", job.metadata.annotations.n, job.metadata.name)
        end
        local writes = {}
        for _, request in ipairs(server:requests "method=PUT&path=*/mpijobs/*") do
            if request.status == 200 then
                local name = request.path:match "[^/]+$"
                writes[name] = (writes[name] or 0) + 1
            end
        end
        for name, n in pairs(writes) do
            assert.are.equal(1, n, name)
        end
    end

    before_each(function()
        folder = support.folder()
        server = sims.start("--version", "v2beta1")
        for _, namespace in ipairs { "train", "ops" } do
            server:make_namespace(namespace)
        end
    end)
    after_each(support.cleanup)

    it("is not read by commands without a daemon, which say so, and what to ask instead", function()
        support.write(folder .. "/p.lua", COUNT:format 'on = "match"')
        create("alone", '"todo":"x"')
        local file = folder .. "/own.db"
        assert.are.equal(0, (support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", file, folder .. "/p.lua")))
        local where = ("the daemons share their state in the cluster (leader_election), and this reads the file of this host, %s: "):format(file)
        local function config(state, key)
            return support.write(folder .. "/shared.yaml", ("cluster: { kubeconfig: %s }\nstate: %s\n%s: { namespace: ops, %s }\n"):format(server.kubeconfig, file,
                key or "leader_election", key and "shards: 4" or "state: " .. state))
        end
        local asked = { plan = "what was handled and the steps of a canary", runs = "each daemon keeps a journal of its own runs", journal = "each daemon keeps" }
        for command, words in pairs(asked) do
            local args = command == "plan" and { folder .. "/p.lua" } or {}
            local _, _, err = support.mpijobd(command, "--config", config "cluster", table.unpack(args))
            support.contains(err, ("mpijobd %s: "):format(command) .. where .. words)
            _, _, err = support.mpijobd(command, "--config", config "file", table.unpack(args))
            support.lacks(err, "share their state")
        end
        local _, _, err = support.mpijobd("why", "count", "train/alone", folder .. "/p.lua", "--config", config "cluster")
        support.contains(err, "mpijobd why: " .. where .. "what was handled and warned of")
        _, _, err = support.mpijobd("runs", "--config", config "cluster", "--state", file)
        support.lacks(err, "share their state")
        _, _, err = support.mpijobd("runs", "--config", config("cluster", "sharding"))
        support.contains(err, "share their state in the cluster (sharding), and this reads")
        _, _, err = support.mpijobd("undo", "99", "--config", config "cluster")
        support.contains(err, "mpijobd undo: " .. where .. "each daemon keeps a journal of its own runs; undo the run on the host of the daemon that made it, or name its file with --state")
        support.contains(err, "there is no run 99")
        _, _, err = support.mpijobd("undo", "99", "--config", config "file")
        support.contains(err, "there is no run 99")
        support.lacks(err, "share their state")
    end)

    it("begins with that of a daemon's own file where the configuration says so, once", function()
        support.write(folder .. "/p.lua", COUNT:format 'on = "match"' .. [[
policy { name = "asks", schedule = "0 0 1 1 *", match = { name = "waits" }, approval = "always", replace = { labels = { went = "yes" } } }
policy { name = "rests", schedule = "0 0 1 1 *", match = { name = "waits" }, replace = { labels = { rested = "yes" } } }
policy { name = "keeps", schedule = "0 0 1 1 *", run = function() store.set("n", (store.get "n" or 0) + 1); log.info("kept " .. store.get "n") end }
]])
        for i = 1, 5 do
            create("own-" .. i, '"todo":"x"')
        end
        create("waits", '"other":"x"')
        local file = folder .. "/one.db"
        local alone = support.daemon({}, "run", "--no-supervisor", "--kubeconfig", server.kubeconfig, "--state", file, "--listen", "none", folder .. "/p.lua")
        alone:expect "run ended policy=count outcome=done"
        assert.is_truthy(await(function() return counted "todo" == 5 end))
        alone.name = "one"
        assert.are.equal(4, (ask(alone, "trigger", "asks")))
        assert.are.equal(0, (ask(alone, "trigger", "keeps")))
        assert.are.equal(0, (ask(alone, "pause", "rests")))
        local waiting = select(2, ask(alone, "approve")):match "\n(%d+)"
        assert.are.equal(0, (alone:stop()))

        local one = replica("one", { more = ", import: true" })
        local line = one:expect "the state of this daemon's file is what the replicas share from now on"
        support.contains(line, "handled=5")
        one:expect(TAKEN)
        one:expect "in force"
        assert.are.equal(0, (ask(one, "trigger", "keeps")))
        one:expect "kept 2"
        assert.is_nil(one.stderr:find "run ended policy=count outcome=done changed=[1-9]")
        local two = replica "two"
        two:expect(STANDS)
        one:stop "sigkill"
        two:expect(TAKEN)
        two:expect "in force"
        support.contains(select(2, ask(two, "status")), "paused")
        local code, out, err = ask(two, "approve", waiting)
        assert.are.equal(0, code, out .. err)
        assert.are.equal("yes", went "waits")
        assert.are.equal(0, (ask(two, "trigger", "keeps")))
        two:expect "kept 3"
        for i = 1, 5 do
            local _, job = server:request("GET", server:path("v2beta1", "train", "own-" .. i))
            assert.are.equal("1", job.metadata.annotations.n)
        end
        assert.are.equal(0, (two:stop()))

        -- Who deletes the shared state begins without one: the file does not come back.
        local _, maps = server:request("GET", "/api/v1/namespaces/ops/configmaps")
        for _, map in ipairs(maps.items) do
            server:request("DELETE", "/api/v1/namespaces/ops/configmaps/" .. map.metadata.name)
        end
        one = replica("one", { more = ", import: true" })
        support.contains(one:expect(TAKEN), "rows=0")
        assert.is_nil(one.stderr:find("the state of this daemon's file", 1, true))
        assert.are.equal(0, (one:stop()))
        for _, map in ipairs(select(2, server:request("GET", "/api/v1/namespaces/ops/configmaps")).items) do
            server:request("DELETE", "/api/v1/namespaces/ops/configmaps/" .. map.metadata.name)
        end
        -- Without the key the log says what is left behind.
        alone = support.daemon({}, "run", "--no-supervisor", "--kubeconfig", server.kubeconfig, "--state", folder .. "/three.db", "--listen", "none", folder .. "/p.lua")
        alone:expect "run ended policy=count"
        assert.are.equal(0, (alone:stop()))
        local three = replica "three"
        three:expect "what the replicas share begins empty, though this daemon has a state of its own"
        three:expect(TAKEN)
        assert.are.equal(0, (three:stop()))
    end)

    it("says which instants were begun, and which jobs of a run are done: a schedule goes on where it was", function()
        support.write(folder .. "/p.lua", COUNT:format 'schedule = "0 * * * *"')
        for i = 1, JOBS do
            create("job-" .. i, '"todo":"x"')
        end
        local one, two = pair { clock = "2026-01-01T00:59:00Z" }
        for _, daemon in ipairs { one, two } do
            daemon:write "set 2026-01-01T01:00:05Z\n"
        end
        assert.is_truthy(await(function() return counted "todo" > JOBS / 5 end))
        server:fault { fault = "stall", method = "PUT", path = "*/mpijobs/*" } -- so that it cannot end before it is killed
        assert.is_true(counted "todo" < JOBS)
        one:kill "sigkill"
        server:clear_faults()
        assert.is_true(counted "todo" < JOBS)
        two:expect(TAKEN)
        each_once()
        two:expect "run ended policy=count outcome=done"
        local code, out = ask(two, "runs", "--policy", "count", "-o", "json")
        assert.are.equal(0, code)
        local rows = support.json.decode(out)
        assert.are.same({ "done", "interrupted" }, { rows[1].outcome, rows[2].outcome })
        assert.are.same({ "2026-01-01T01:00:00.000000Z", "2026-01-01T01:00:00.000000Z", 2 }, { rows[1].scheduled_at, rows[2].scheduled_at, #rows })
        assert.is_true(rows[1].id > rows[2].id)
        assert.is_true(rows[1].changed < JOBS)

        two:write "set 2026-01-01T02:00:05Z\n" -- and the next instant is a new run
        assert.is_truthy(await(function()
            for _, job in ipairs(jobs "todo") do
                if job.metadata.annotations.n ~= "2" then
                    return false
                end
            end
            return true
        end))
    end)

    it("is there when the leader dies in a sweep: each job is handled once, pauses and waiting approvals go on", function()
        support.write(folder .. "/p.lua", COUNT:format 'on = "match"' .. [[
            policy { name = "paused", on = "match", match = { labels = "paused" }, replace = { labels = { went = "yes" } } }
            policy { name = "asks", on = "match", match = { labels = "asks" }, approval = "always", replace = { labels = { went = "yes" } } }
        ]])
        create("asked", '"asks":"x"')
        local one, two = pair()
        one:expect "waits for approval"
        assert.are.equal(0, (ask(one, "pause", "paused")))
        local function lists_pause(daemon)
            local code, out, err = ask(daemon, "resume")
            assert.are.equal(0, code, err)
            support.contains(out, "paused is paused, by ")
            assert.is_nil(out:find("no policy is paused", 1, true), out)
        end
        lists_pause(one)
        create("held", '"paused":"x"')
        for i = 1, JOBS do
            if i == JOBS // 4 then -- the other writes do not end before it is killed
                assert.is_truthy(await(function() return counted "todo" > JOBS / 5 end))
                server:fault { fault = "stall", method = "PUT", path = "*/mpijobs/job-*" }
            end
            create("job-" .. i, '"todo":"x"')
        end
        one:kill "sigkill"
        assert.is_true(counted "todo" < JOBS)
        server:clear_faults()
        two:expect(TAKEN)
        each_once()

        local code, out = ask(two, "status")
        assert.are.equal(0, code)
        assert.is_truthy(out:find "\npaused +paused", out)
        lists_pause(two)
        code, out = ask(two, "approve")
        assert.are.equal(0, code)
        local run = out:match "\n(%d+) +asks"
        assert.is_truthy(run, out)
        local approved, told, err = ask(two, "approve", run)
        assert.are.equal(0, approved, told .. err)
        assert.are.equal("yes", went "asked")
        assert.are.equal(0, (ask(two, "resume", "paused")))
        support.contains(select(2, ask(two, "resume")), "no policy is paused\n")
        assert.is_truthy(await(function() return went "held" end))
        assert.is_true(metric(two, "shared_state_rows") >= JOBS)
        assert.is_true(metric(two, "shared_state_writes_total") < JOBS) -- many go together

        -- Its journal has what it did itself, and together the two have each job once.
        code, out = support.mpijobd("journal", "--state", folder, "--policy", "count", "--limit", "0", "-o", "json")
        assert.are.equal(0, code)
        local done = {}
        for _, row in ipairs(support.json.decode(out)) do
            if row.outcome == "done" then
                assert.is_nil(done[row.name], row.name)
                done[row.name] = row.replica
            end
        end

        -- The one that died comes back, and does nothing again.
        local again = replica "one"
        again:expect(STANDS)
        two:kill()
        again:expect(TAKEN)
        create("late", '"todo":"x"')
        assert.is_truthy(await(function() return counted "todo" == JOBS + 1 end))
        for _, job in ipairs(jobs "todo") do
            assert.are.equal("1", job.metadata.annotations.n, job.metadata.name)
        end
    end)

    it("has what an approved undo took back: its undo waits where another leads, too", function()
        support.write(folder .. "/p.lua", [[
            policy { name = "asks", schedule = "0 0 1 1 *", match = { labels = "asks" }, approval = "always", replace = { labels = { went = "yes" } } }
        ]])
        create("asked", '"asks":"x"')
        local one, two = pair()
        local function waits(text)
            return assert(text:match "run (%d+) [^\n]*waits for approval" or text:match "approve (%d+) ", text)
        end
        local _, out = ask(one, "trigger", "asks")
        local code, err
        code, out, err = ask(one, "approve", (waits(out)))
        assert.are.equal(0, code, err)
        local made = assert(out:match "this is run (%d+)", out .. err)
        assert.are.equal("yes", went "asked")
        _, out = ask(one, "undo", made, "--kubeconfig", server.kubeconfig)
        local undo = waits(out)
        one:kill "sigkill"
        two:expect(TAKEN)
        code, out, err = ask(two, "approve", undo)
        assert.are.equal(0, code, out .. err)
        made = assert(out:match "this is run (%d+)", out)
        assert.is_nil(went "asked")
        code, out, err = ask(two, "undo", made, "--kubeconfig", server.kubeconfig)
        assert.are.equal(4, code, out .. err)
        support.contains(out, "waits for approval, as the policy of the run says approval: 1 change, ")
        assert.is_nil(went "asked")
    end)

    local function has(text, ...)
        for _, part in ipairs { ... } do
            support.contains(text, part)
        end
    end

    local HEAD = "/api/v1/namespaces/ops/configmaps/mpijobd-state"
    local function page(daemon, path)
        return http.request("http://127.0.0.1:" .. daemon.port .. path)
    end

    it("is read again after another has written it: the leader steps down, and takes the Lease again", function()
        support.write(folder .. "/p.lua", COUNT:format 'on = "match"')
        local one = replica "one"
        support.contains(one:expect(TAKEN), "epoch=1")
        create("first", '"todo":"x"')
        assert.is_truthy(await(function() return counted "todo" == 1 end))
        -- A person puts back what is no copy of this leader's.
        local _, head = server:request("GET", HEAD)
        head.metadata.resourceVersion = nil
        head.data.head = head.data.head:gsub('"writer":"%x+"', '"writer":"' .. ("0"):rep(32) .. '"')
        assert.are.equal(200, (server:request("PUT", HEAD, head)))
        create("second", '"todo":"x"') -- what has to be written meets it
        one:expect "the state of the replicas is lost to another"
        support.contains(one:expect "the lead is lost", "has taken over the state in ConfigMap ops/mpijobd-state")
        support.contains(one:expect(TAKEN), "epoch=2")
        assert.is_truthy(await(function() return counted "todo" == 2 end))
        create("third", '"todo":"x"')
        assert.is_truthy(await(function() return counted "todo" == 3 end))
        local _, lease = server:request("GET", "/apis/coordination.k8s.io/v1/namespaces/ops/leases/mpijobd")
        assert.are.same({ "one", 1, 1 }, { lease.spec.holderIdentity, lease.spec.leaseTransitions, metric(one, "leader") })
    end)

    it("is saved as one list, and put back where all of it was lost: nothing is done twice", function()
        support.write(folder .. "/p.lua", COUNT:format 'on = "match"')
        for i = 1, 5 do
            create("job-" .. i, '"todo":"x"')
        end
        local daemon = replica "one"
        daemon:expect(TAKEN)
        assert.is_truthy(await(function() return counted "todo" == 5 end))
        assert.are.equal(0, (daemon:stop()))

        -- As the command asks for them that mpijobd tells; saved is also the file, whose backup tells of it, too.
        local code, out, err = ask(daemon, "state", "check", "--config", folder .. "/one.yaml")
        assert.are.equal(0, code, out .. err)
        local namespace, label = out:match "kubectl get configmaps %-n (%S+) %-l (%S+) %-o yaml"
        code, out, err = ask(daemon, "state", "backup", "--config", folder .. "/one.yaml", "--out", folder .. "/copy.db")
        assert.are.equal(0, code, out .. err)
        support.contains(err, "what the daemons share is not in it, but in ConfigMaps: kubectl get configmaps -n ops -l " .. label)
        local path = ("/api/v1/namespaces/%s/configmaps"):format(namespace)
        local _, saved = server:request("GET", path .. "?labelSelector=" .. label:gsub("/", "%%2F"):gsub("=", "%%3D"))
        assert.is_true(#saved.items > 0)
        for _, object in ipairs(saved.items) do
            assert.are.equal(200, (server:request("DELETE", path .. "/" .. object.metadata.name)))
        end
        for _, object in ipairs(saved.items) do
            object.metadata.resourceVersion = nil -- as kubectl create does
            object.apiVersion, object.kind = "v1", "ConfigMap"
            assert.are.equal(201, (server:request("POST", path, object)))
        end
        for _, ending in ipairs { "", "-wal", "-shm" } do
            support.uv.fs_unlink(folder .. "/one.db" .. ending)
        end
        assert(support.uv.fs_rename(folder .. "/copy.db", folder .. "/one.db"))

        daemon = replica "one"
        daemon:expect(TAKEN)
        create("late", '"todo":"x"')
        assert.is_truthy(await(function() return counted "todo" == 6 end))
        assert.are.equal(0, (daemon:stop()))
        for _, job in ipairs(jobs "todo") do
            assert.are.equal("1", job.metadata.annotations.n, job.metadata.name)
        end
    end)

    it("knows a change again that was intended when the lead was lost: who takes the lead again makes it, as another would", function()
        support.write(folder .. "/p.lua", COUNT:format 'on = "match"')
        local one = replica "one"
        support.contains(one:expect(TAKEN), "epoch=1")
        -- The intent is written, and its answer does not come; then nothing is heard of the Lease, either.
        server:fault { fault = "stall-after", method = "PUT", path = "*/configmaps/mpijobd-state" }
        server:fault { fault = "stall", path = "*/leases/*" }
        create("intended", '"todo":"x"')
        one:expect "the lead is lost"
        server:clear_faults()
        one:expect(TAKEN)
        assert.is_truthy(await(function() return counted "todo" == 1 end), "the job is left")
        assert.are.equal("1", jobs "todo"[1].metadata.annotations.n)
        create("second", '"todo":"x"')
        assert.is_truthy(await(function() return counted "todo" == 2 end))
        local function outcomes()
            local code, out = ask(one, "journal", "--policy", "count", "-o", "json")
            assert.are.equal(0, code)
            local told = {}
            for _, row in ipairs(support.json.decode(out)) do
                told[#told + 1] = row.name .. ": " .. tostring(row.outcome)
            end
            return told
        end
        assert.is_truthy(await(function() return outcomes()[1] == "second: done" end))
        -- What is known at once, that it was not sent, may have a row beside what was found when it was looked up.
        local told = outcomes()
        assert.are.same({ "second: done", "intended: done", "intended: not-done" }, { table.unpack(told, 1, 3) })
        assert.is_true(#told == 3 or (#told == 4 and told[4] == told[3]), table.concat(told, ", "))
    end)

    it("is believed where the jobs that a standby knows are behind: who takes over with them handles no job again", function()
        support.write(folder .. "/p.lua", COUNT:format 'on = "match"')
        local way = relay(server.url)
        finally(way.close)
        local conf = support.read(server.kubeconfig):gsub("server: [^\n]+", "server: " .. way.url)
        create("first", '"todo":"x"')
        local one = replica "one"
        one:expect(TAKEN)
        local two = replica("two", { kubeconfig = support.write(folder .. "/two.kubeconfig", conf) })
        two:expect(STANDS)
        assert.is_truthy(await(function() -- it knows the jobs
            return way.asked "/mpijobs?[^ ]*watch="
        end))
        way.hold "/mpijobs?[^ ]*watch="
        create("late", '"todo":"x"')
        assert.is_truthy(await(function() return counted "todo" == 2 end))
        one:kill "sigkill"
        two:expect(TAKEN)
        assert.is_truthy(await(function() return select(2, ask(two, "status")):find "\ncount +in force" end))
        way.release()
        create("second", '"todo":"x"')
        assert.is_truthy(await(function() return counted "todo" == 3 end))
        for _, job in ipairs(jobs "todo") do
            assert.are.equal("1", job.metadata.annotations.n, job.metadata.name)
        end
    end)

    it("knows the server again that another replica reached by another address: what it had begun there is looked up", function()
        support.write(folder .. "/p.lua", COUNT:format 'on = "match"')
        local way = relay(server.url)
        finally(way.close)
        local one = replica "one"
        one:expect(TAKEN)
        local conf = support.read(server.kubeconfig):gsub("server: [^\n]+", "server: " .. way.url)
        local two = replica("two", { kubeconfig = support.write(folder .. "/two.kubeconfig", conf) })
        two:expect(STANDS)
        server:fault { fault = "stall", method = "PUT", path = "*/mpijobs/*" }
        create("begun", '"todo":"x"')
        assert.is_truthy(await(function() return #server:requests "method=PUT&path=*/mpijobs/*" > 0 end))
        one:kill "sigkill"
        server:clear_faults()
        support.contains(two:expect "a change was in flight", "outcome=not-done")
        assert.is_truthy(await(function() return counted "todo" == 1 end))
        assert.are.equal("1", jobs "todo"[1].metadata.annotations.n)
    end)

    it("lets who loses the lead and takes it again finish its own run", function()
        support.write(folder .. "/p.lua", COUNT:format 'schedule = "0 * * * *", limits = { concurrency = 1 }')
        for i = 1, JOBS do
            create("job-" .. i, '"todo":"x"')
        end
        local one = replica("one", { clock = "2026-01-01T00:59:00Z" })
        one:expect(TAKEN)
        one:expect "1 policy in force"
        server:fault { fault = "delay", ms = 100, method = "PUT", path = "*/mpijobs/*" }
        one:write "set 2026-01-01T01:00:05Z\n"
        assert.is_truthy(await(function() return counted "todo" > 5 end))
        server:fault { fault = "stall", path = "*/leases/*" }
        one:expect "the lead is lost"
        server:clear_faults()
        assert.is_true(counted "todo" < JOBS)
        server:clear_faults()
        one:expect(TAKEN)
        each_once()
    end)

    it("says what keeps a leader from acting when it cannot be taken over, until it can", function()
        support.write(folder .. "/p.lua", COUNT:format 'on = "match"')
        create("waits", '"todo":"x"')
        assert.are.equal(201, (server:request("POST", HEAD:match "^(.*)/", { apiVersion = "v1", kind = "ConfigMap",
            metadata = { name = "mpijobd-state", namespace = "ops", labels = { ["mpijobd.kubeflow.org/state"] = "mpijobd-state" } }, data = { head = "garbage" } })))
        local one = replica "one"
        one:expect "it cannot take over what the replicas share"
        local reason = "but does not act yet: the state cannot be read: ConfigMap ops/mpijobd-state is not as mpijobd wrote it"
        local cure = "kubectl delete configmap -n ops -l mpijobd.kubeflow.org/state=mpijobd-state"
        local text, code = page(one, "/readyz?verbose")
        assert.are.equal(503, code, text)
        has(text, "[-] leader election: this daemon leads since ", reason, cure)
        assert.are.same({ 0, 0, 0, 0 }, { metric(one, "leader"), metric(one, "shared_state_writes_total"), metric(one, "shared_state_write_failures_total"),
            metric(one, "shared_state_conflicts_total") })
        local _, out = ask(one, "status")
        has(out, "[-] leader election: this daemon leads since ", cure, "standing by: this daemon leads, " .. reason)
        assert.is_nil(out:find("nobody", 1, true), out)
        local failed, _, err = ask(one, "trigger", "count")
        assert.are_not.equal(0, failed)
        has(err, "this daemon leads, " .. reason, cure)
        _, out, err = ask(one, "why", "count", "waits", "-n", "train")
        has(out .. err, "this daemon leads, " .. reason)
        assert.are.equal(0, counted "todo")

        assert.are.equal(200, (server:request("DELETE", HEAD)))
        one:expect(TAKEN)
        assert.is_truthy(await(function() return counted "todo" == 1 end))
        text, code = page(one, "/readyz?verbose")
        assert.are.equal(200, code, text)
        has(text, "[+] leader election: this daemon leads since ")
        assert.are.same({ 1, nil }, { metric(one, "leader"), text:find("does not act", 1, true) })
    end)
end)

describe("the state that daemons share #cluster", function()
    lazy_teardown(support.cleanup)

    it("goes on where a killed leader was", function()
        local cluster = clusters.start(clusters.versions[4])
        local namespace, folder = cluster:namespace(), support.folder()
        local jobs = 24
        support.write(folder .. "/p.lua", COUNT:format(('on = "match", limits = { per_second = 4 }'):format()):gsub('labels = "todo"', ('labels = "todo", namespace = "%s"'):format(namespace)))
        local function replica(name)
            local config = support.write(("%s/%s.yaml"):format(folder, name), ("leader_election: { namespace: %s, identity: %s, %s }\n"):format(namespace, name, TIMES))
            return support.daemon(nil, "run", "--no-supervisor", "--config", config, "--kubeconfig", cluster.kubeconfig, "--state", ("%s/%s.db"):format(folder, name),
                folder .. "/p.lua", table.unpack(cluster.flags))
        end
        local function counts()
            local n, most = 0, 0
            for i = 1, jobs do
                local counted = tonumber((cluster:get(namespace, "job-" .. i).metadata.annotations or {}).n or "0")
                n, most = n + math.min(counted, 1), math.max(most, counted)
            end
            return n, most
        end
        local one = replica "one"
        one:expect(TAKEN)
        local two = replica "two"
        two:expect(STANDS)
        for i = 1, jobs do
            assert.are.equal(201, (cluster:request("POST", cluster:path(namespace), JOB:format("job-" .. i, '"todo":"x"'))))
        end
        assert.is_truthy(await(function() return (counts()) > 2 end))
        one:kill "sigkill"
        local done = counts()
        assert.is_true(done < jobs, done .. " were done")
        two:expect(TAKEN)
        assert.is_truthy(await(function() return (counts()) == jobs end))
        assert.are.same({ jobs, 1 }, { counts() })
        local status, text = cluster:request("GET", ("/api/v1/namespaces/%s/configmaps/mpijobd-state"):format(namespace))
        assert.are.equal(200, status)
        support.contains(support.json.decode(text).data.head, '"holder":"two"')
        support.contains(support.json.decode(text).data.head, '"epoch":2')
    end)
end)
