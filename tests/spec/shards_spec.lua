-- SPDX-License-Identifier: Apache-2.0
-- Several daemons that share the jobs: each owns some of the shards, every job is handled once, by the one that owns its shard.
local support = require "support"
local clusters = require "support.cluster"
local shards = require "support.shards"
local sims = require "support.sim"
local http = require "socket.http"
local await = support.proc.await

-- Each change counts up, so that one that is made twice shows.
local COUNT = [[
policy { name = "count", %s, match = { labels = "todo" }, replace = function(job)
    return { annotations = { n = tostring((tonumber(job.annotations.n) or 0) + 1) } }
end }
]]
local JOB, TIMES, LEASES = shards.JOB, shards.TIMES, shards.LEASES
local SHARDS = 6

describe("daemons that share the jobs", function()
    local server, folder, jobs, group

    local function replica(name, options) return group:replica(name, options) end
    local function ask(daemon, command, ...) return group:ask(daemon, command, ...) end
    local metric = shards.metric
    local function owners() return group:owners() end
    local function shared_as(wanted) return group:shared_as(wanted) end
    local function create(n)
        group:create(n)
        jobs = group.jobs
    end
    local function counted() return group:counted() end

    local function each(times)
        assert.is_truthy(await(function() return select(2, counted()) >= times end), ("%d jobs of %d"):format((counted()), jobs))
        assert.are.same({ jobs, times, times }, { counted() })
    end

    -- Each Lease changed hands by being given back, but where its holder was killed or stopped; and each write of a job is by the daemon that held
    -- the Lease of the job's shard at that time. The server's log of requests and the daemons' journals say so.
    local function never_two(gone)
        local writer = {}
        local code, out = support.mpijobd("journal", "--state", folder, "--policy", "count", "--limit", "0", "-o", "json")
        assert.are.equal(0, code)
        for _, row in ipairs(support.json.decode(out)) do
            if row.outcome == "done" then
                writer[row.name] = writer[row.name] or {}
                table.insert(writer[row.name], 1, { who = row.replica:match "%w+", shard = ("%d"):format(row.run % SHARDS) })
            end
        end
        local holders, writes, took = {}, 0, {}
        group:gather()
        for _, request in ipairs(group.requests) do
            local shard = request.path:match "/leases/mpijobd%-(%d+)$" or (request.method == "POST" and (request.body or ""):match '"name":"mpijobd%-(%d+)"')
            local job = request.path:match "/mpijobs/([^/]+)$"
            if shard and (request.method == "PUT" or request.method == "POST") and request.status < 300 then
                local holder, before = request.body:match '"holderIdentity":"(.-)"', holders[shard]
                assert.is_true(not before or before == "" or before == holder or holder == "" or before == gone, ("shard %s went from %s to %s"):format(shard, before, holder))
                took[holder] = took[holder] or holder ~= before or nil
                holders[shard] = holder
            elseif job and request.method == "PUT" and request.status == 200 then
                local w = table.remove(writer[job] or {}, 1) -- nil: it was killed before it wrote that down
                if w then
                    assert.are.equal(w.who, holders[w.shard], ("%s of shard %s: %s"):format(job, w.shard, support.json.encode(holders)))
                end
                writes = writes + 1
            end
        end
        return writes, took
    end

    -- The newest so many have been changed.
    local function each_of(n)
        for i = jobs - n + 1, jobs do
            assert.is_truthy(await(function()
                local _, job = server:request("GET", server:path("v2beta1", "train", "job-" .. i))
                return (job.metadata.annotations or {}).n
            end), "job-" .. i)
        end
    end

    before_each(function()
        jobs, group = 0, shards.new(COUNT:format 'on = "match"')
        server, folder = group.server, group.folder
    end)
    after_each(support.cleanup)

    it("are one, three, and two again: each job is handled once, and the shards are spread evenly", function()
        local one = replica "one"
        shared_as { one = 6 }
        create(40)
        each(1)
        local two, three = replica "two", replica "three"
        create(40)
        shared_as { one = 2, two = 2, three = 2 }
        create(40)
        each(1)
        two:kill "sigterm"
        two:wait()
        create(40)
        shared_as { one = 3, three = 3 }
        each(1)
        three:kill "sigkill"
        create(40)
        shared_as { one = 6 }
        each(1)
        assert.are.same({ 6, 6, 1 }, { metric(one, "shards_owned"), metric(one, "shards"), metric(one, "leader") })
        local writes, took = never_two "three"
        assert.are.same({ jobs, true, true, true }, { writes, took.one, took.two, took.three })
    end)

    it("keep to a schedule in each shard: an instant is begun once, and what a daemon that dies has left is finished", function()
        support.write(folder .. "/p.lua", COUNT:format 'schedule = "0 * * * *"')
        create(120)
        local one, two = replica("one", { clock = "2026-01-01T00:59:00Z" }), replica("two", { clock = "2026-01-01T00:59:00Z" })
        shared_as { one = 3, two = 3 }
        for shard, name in pairs(select(2, owners())) do -- what was due before that does not count
            local daemon = name == "one" and one or two
            assert.is_truthy(await(function() return daemon.stderr:find("policy in force cluster=default/" .. shard, 1, true) end))
        end
        for _, daemon in ipairs { one, two } do
            daemon:write "set 2026-01-01T01:00:05Z\n"
        end
        assert.is_truthy(await(function() return counted() > 10 end))
        two:kill "sigkill"
        shared_as { one = 6 }
        each(1)
        never_two "two"
        assert.is_truthy(await(function() return select(2, one.stderr:gsub("run ended", "")) == 6 end)) -- or the next ones are left out
        one:write "set 2026-01-01T02:00:05Z\n" -- and the next instant is a new run
        each(2)
    end)

    it("write nothing for a shard that was lost while they were stopped", function()
        local _, two = replica "one", replica "two"
        shared_as { one = 3, two = 3 }
        create(30)
        each(1)
        two:kill "sigstop"
        create(30)
        shared_as { one = 6 }
        each(1)
        two:kill "sigcont"
        create(30)
        shared_as { one = 3, two = 3 }
        each(1)
        never_two "two"
    end)

    it("say whose a job is", function()
        local one, two = replica "one", replica "two"
        shared_as { one = 3, two = 3 }
        create(20)
        each(1)
        local other
        for i = 1, 20 do
            local mine, other_is = { ask(one, "why", "count", "train/job-" .. i) }, { ask(two, "why", "count", "train/job-" .. i) }
            assert.are.same({ 0, 0 }, { mine[1], other_is[1] }, mine[3] .. other_is[3])
            local ones = not mine[2]:find("owns this job's shard", 1, true)
            local at_home, away = ones and mine[2] or other_is[2], ones and other_is[2] or mine[2]
            support.contains(at_home, "it was handled already")
            support.contains(away, (ones and "one" or "two") .. " owns this job's shard, ")
            other = ones and other or "train/job-" .. i
        end
        local code, out, err = ask(one, "trigger", "count", other)
        assert.are.equal(1, code, out)
        support.contains(err, "two owns this job's shard")
        code, out = ask(one, "trigger", "count")
        assert.are.equal(0, code)
        support.contains(out, "others act for their part of the jobs, which this run was not about: two (shards ")
        code, out = ask(one, "status")
        assert.are.equal(0, code)
        support.contains(out, "[+] shards: this daemon owns 3 of 6 as one: ")
        assert.is_truthy(out:find "\ncount +in force", out)
        local third = replica("third", { shards = 4 }) -- is configured otherwise
        third:expect "the Lease is of daemons with sharding.shards 6, and this one has 4"
        code, out = ask(third, "status")
        assert.are.equal(0, code)
        support.contains(out, "[-] shards: this daemon owns none of 4")
        support.contains(select(3, ask(third, "trigger", "count")), "no shard of the jobs is this daemon's to act for now: ")
        local leader = replica("leader", { key = "leader_election" })
        leader:expect "the Lease is of daemons with sharding, and this one has leader_election"
        assert.are.equal(0, metric(leader, "leader"))
        -- Nor does one take those that only it has, where the Lease that says how many there are is gone.
        assert.are.equal(200, (server:request("DELETE", LEASES .. "/mpijobd")))
        replica("eight", { shards = 8 }):expect "the Lease is of daemons with sharding.shards 6, and this one has 8"
        create(8)
        each_of(8)
        assert.are.same({ one = 3, two = 3 }, (owners()))
    end)

    -- A policy that does not rest has acted on every job: so would have the one that rests.
    local function all_looked_at()
        assert.is_truthy(await(function()
            group:gather()
            local _, list = server:request("GET", server:path("v2beta1", "train"))
            for _, job in ipairs(list.items) do
                if not job.metadata.labels.looked then
                    return false
                end
            end
            return #list.items == jobs
        end))
    end

    it("keep a pause for all shards: on daemons that are there, that come, and that take one over", function()
        support.write(folder .. "/p.lua", COUNT:format 'on = "match"' .. [[
            policy { name = "look", on = "match", match = { labels = "todo" }, replace = { labels = { looked = "x" } } }
            policy { name = "fails", on = "match", match = { labels = "bad" }, run = function() error "in vain" end }
        ]])
        local plain = support.daemon(nil, "run", "--no-supervisor", "--kubeconfig", server.kubeconfig, "--state", folder .. "/one.db", "--listen", "none",
            folder .. "/p.lua")
        plain:expect "in force"
        assert.are.equal(0, (support.mpijobd("pause", "--state", folder .. "/one.db", "look")))
        plain:kill "sigterm"
        plain:wait()
        local one = replica "one"
        shared_as { one = 6 }
        local two = replica "two" -- what the file of the first has is of all by now
        shared_as { one = 3, two = 3 }
        assert.is_truthy(await(function() return select(2, ask(two, "status")):find "\nlook +paused +by " end))
        assert.are.equal(0, (ask(two, "resume", "look")))
        two:kill "sigterm"
        two:wait()

        local out = select(2, ask(one, "pause", "count"))
        support.contains(out, "count is paused: it takes no runs until mpijobd resume count")
        support.contains(out, "for all shards: the other daemons see it within 1 s")
        create(12)
        all_looked_at()
        two = replica "two"
        shared_as { one = 3, two = 3 }
        create(12)
        all_looked_at()
        assert.is_truthy(select(2, ask(two, "status")):find "\ncount +paused +by [^\n]+since")
        support.contains(select(2, ask(two, "pause", "count")), "count was paused already, by ")
        one:kill "sigkill"
        shared_as { two = 6 }
        create(6)
        all_looked_at()
        assert.are.same({ 0, 0, 0 }, { counted() })
        one = replica "one"
        shared_as { one = 3, two = 3 }
        support.contains(select(2, ask(one, "resume")), "count is paused, by ")
        local ended, said = ask(one, "resume", "count")
        assert.are.equal(0, ended)
        assert.are.equal("count may run again\n  for all shards: the other daemons let it run within 1 s\n", said)
        each(1)
        assert.is_nil(select(2, ask(one, "resume")):find("count is paused", 1, true))

        for i = 1, 24 do -- what the breaker of one has paused rests for the other, too
            server:request("POST", server:path("v2beta1", "train"), (JOB:format("bad-" .. i):gsub('"todo"', '"bad"')))
        end
        assert.is_truthy(await(function()
            return select(2, ask(one, "status")):find "\nfails +paused +by the breaker" and select(2, ask(two, "status")):find "\nfails +paused +by the breaker"
        end))
        one:kill "sigterm"
        one:wait()
        for _, name in ipairs { false, "fails" } do
            local code, _, err = support.mpijobd("resume", "--config", folder .. "/one.yaml", "--state", folder .. "/one.db", name or nil)
            assert.are.equal(1, code, err)
            support.contains(err, "no daemon answers here. The daemons share what is paused, and any one of them tells and ends it: ")
        end
    end)

    it("keep a pause of the breaker, and those of a daemon's file, until the server takes them", function()
        support.write(folder .. "/p.lua", COUNT:format 'on = "match"' .. [[
            policy { name = "fails", on = "match", match = { labels = "bad" }, run = function() error "in vain" end }
        ]])
        local plain = support.daemon(nil, "run", "--no-supervisor", "--kubeconfig", server.kubeconfig, "--state", folder .. "/one.db", "--listen", "none",
            folder .. "/p.lua")
        plain:expect "in force"
        assert.are.equal(0, (support.mpijobd("pause", "--state", folder .. "/one.db", "count")))
        plain:kill "sigterm"
        plain:wait()
        server:fault { fault = "status", code = 403, method = "PUT", path = "*/configmaps/mpijobd-pauses" }
        server:fault { fault = "status", code = 403, method = "POST", path = "*/namespaces/ops/configmaps", count = 1000 }
        local one = replica "one"
        one:expect "this daemon does not see it"
        server:clear_faults()
        local function pauses()
            local _, object = server:request("GET", "/api/v1/namespaces/ops/configmaps/mpijobd-pauses")
            return type(object) == "table" and object.data or {}
        end
        assert.is_truthy(await(function() return pauses().count end))
        shared_as { one = 6 }
        server:fault { fault = "status", code = 403, method = "PUT", path = "*/configmaps/mpijobd-pauses" }
        for i = 1, 8 do
            server:request("POST", server:path("v2beta1", "train"), (JOB:format("bad-" .. i):gsub('"todo"', '"bad"')))
        end
        assert.is_truthy(await(function() return select(2, ask(one, "status")):find "\nfails +paused +by the breaker" end))
        one:expect "cannot be read or written"
        assert.is_nil(pauses().fails)
        server:clear_faults()
        assert.is_truthy(await(function() return pauses().fails end))
        assert.are.same({ 0, 0, 0 }, { counted() })
    end)

    it("do not act for a shard before they know what is paused", function()
        server:fault { fault = "status", code = 403, path = "*/configmaps/mpijobd-pauses" }
        local one = replica "one"
        shared_as { one = 6 }
        create(4)
        assert.is_truthy(await(function()
            return select(2, ask(one, "status")):find("does not act for shard 0 yet: what is paused (ConfigMap ops/mpijobd-pauses) cannot be read", 1, true)
        end))
        support.contains(select(3, ask(one, "pause", "count")), "mpijobd rbac")
        assert.are.same({ 0, 0, 0 }, { counted() })
        server:clear_faults()
        each(1)
    end)

    it("share jobs of several kinds, and each tells of its own", function()
        server:stop()
        server = sims.start("--version", "v2beta1", "--kinds")
        group.server = server
        server:make_namespace "train"
        server:make_namespace "ops"
        support.write(folder .. "/p.lua", (COUNT:format('on = "match", kind = { "MPIJob", "TrainJob" }')))
        local trains = "/apis/trainer.kubeflow.org/v1alpha1/namespaces/train/trainjobs"
        local one, two = replica "one", replica "two"
        shared_as { one = 3, two = 3 }
        create(12)
        for i = 1, 12 do
            assert.are.equal(201, (server:request("POST", trains, ([[{"apiVersion":"trainer.kubeflow.org/v1alpha1","kind":"TrainJob","metadata":{"name":"t-%d",
                "labels":{"todo":"x"}},"spec":{"runtimeRef":{"name":"torch"}}}]]):format(i))))
        end
        each(1)
        local list
        assert.is_truthy(await(function()
            list = select(2, server:request("GET", trains)).items
            for _, job in ipairs(list) do
                if not (job.metadata.annotations or {}).n then
                    return false
                end
            end
            return #list == 12
        end))
        for _, job in ipairs(list) do
            assert.are.equal("1", job.metadata.annotations.n)
        end
        local n = 0
        for _, daemon in ipairs { one, two } do
            for _, kind in ipairs { "MPIJobs", "TrainJobs" } do
                support.contains(select(2, ask(daemon, "status")), "[+] " .. kind .. " in all namespaces on cluster default/")
            end
            local code, out = ask(daemon, "trigger", "count")
            assert.are.equal(0, code)
            for shard in out:gmatch "run %d+ of count on cluster default/(%d): done" do
                n = n + 1
                assert.are.equal(daemon.name, select(2, owners())[tonumber(shard)])
            end
            assert.is_true(metric(daemon, 'shard_moves_total{way="taken"}') >= 3)
            assert.is_true(metric(daemon, "shard_take_seconds_count") >= 3)
        end
        assert.are.equal(6, n)
        local held = support.json.decode((http.request("http://127.0.0.1:" .. one.port .. "/api/v1/held")))
        assert.is_truthy(held.others:find "^two %(shards %d, %d, %d%)$", held.others)
        assert.are.equal(12, #support.json.decode((http.request("http://127.0.0.1:" .. one.port .. "/api/v1/jobs"))).items) -- of all shards
        local code, _, err = ask(one, "undo", "99")
        assert.are_not.equal(0, code)
        support.contains(err, "each has a journal of its own")
    end)

    it("leave the jobs of others alone, whatever a function reaches for", function()
        support.write(folder .. "/p.lua", [[policy { name = "reaches", on = "match", match = { labels = "todo" }, run = function(run)
            for job in run.jobs do
                for _, other in ipairs { "job-1", "job-2", "job-3", "job-4", "job-5", "job-6", "job-7", "job-8" } do
                    local done, err = mpijob.replace(mpijob.get("train/" .. other), { labels = { ["by-" .. job.name] = "yes" } })
                    log.info((done and "changed " or "left ") .. other, { reason = err and err.reason, message = err and err.message })
                end
            end
        end }]])
        create(8)
        local one = replica "one" -- which owns all shards, and has a run in each
        support.contains(one:expect "left job-", "reason=Refused")
        assert.is_truthy(await(function()
            for i = 1, 8 do
                local _, job = server:request("GET", server:path("v2beta1", "train", "job-" .. i))
                if not job.metadata.labels["by-job-" .. i] then
                    return false
                end
            end
            return true
        end))
    end)

    it("refuse what cannot be right in parts", function()
        local function refused(config, message)
            local code, _, err = support.mpijobd("run", "--config", support.write(folder .. "/c.yaml", config), "--kubeconfig", server.kubeconfig, "--state",
                folder .. "/x.db", "--listen", "none", folder .. "/p.lua")
            assert.are.equal(1, code)
            support.contains(err, message)
        end
        local HAS = "sharding: { shards: 6, namespace: ops }\n"
        refused("sharding: { namespace: ops }", "sharding needs the number of shards, the same for all daemons")
        refused("sharding: { shards: 65 }", "sharding.shards has to be a number from 1 to 64")
        refused("sharding: true", "sharding has to hold keys of its own")
        refused("sharding: { shards: 6, state: file }", "sharding.state is not a key of the configuration")
        refused(HAS .. "leader_election: { namespace: ops }", "cannot be beside ")
        refused(HAS .. "limits: { changes_per_hour: 5 }", "limits.changes_per_hour has to be 6 or more with sharding.shards: 6")
        refused(HAS .. "clusters: { a: { context: a }, b: { context: b } }", "sharding is for one cluster")
        for text, message in pairs {
            ['schedule = "0 * * * *", run = function() end'] = "if it may, say per_shard = true",
            ['on = "match", per_shard = true, replace = { labels = { a = "b" } }'] = "per_shard goes with run and a schedule or a period",
            ['on = "match", canary = { 1, "100%" }, replace = { labels = { a = "b" } }'] = "canary: cannot be where daemons share the jobs (sharding)",
        } do
            support.write(folder .. "/p.lua", ('policy { name = "x", match = { labels = "todo" }, %s }'):format(text))
            refused(HAS, message)
        end
        support.write(folder .. "/p.lua", [[
            policy { name = "keeps", on = "match", match = { labels = "todo" }, run = function(run) store.set("seen", 1) end }
        ]])
        create(1)
        replica("one"):expect "is not available where daemons share the jobs (sharding)"
    end)
end)

describe("daemons that share the jobs #cluster", function()
    lazy_teardown(support.cleanup)

    it("are one, three, and two again", function()
        local cluster = clusters.start(clusters.versions[4])
        local namespace, folder, jobs = cluster:namespace(), support.folder(), 0
        support.write(folder .. "/p.lua", (COUNT:format 'on = "match"':gsub('labels = "todo"', ('labels = "todo", namespace = "%s"'):format(namespace))))
        local function replica(name)
            local config = support.write(("%s/%s.yaml"):format(folder, name), ("sharding: { namespace: %s, identity: %s, shards: 3, %s }\n"):format(namespace, name, TIMES))
            return support.daemon(nil, "run", "--no-supervisor", "--config", config, "--kubeconfig", cluster.kubeconfig, "--state", ("%s/%s.db"):format(folder, name),
                "--listen", "none", folder .. "/p.lua", table.unpack(cluster.flags))
        end
        local function create(n)
            for _ = 1, n do
                jobs = jobs + 1
                assert.are.equal(201, (cluster:request("POST", cluster:path(namespace), JOB:format("job-" .. jobs))))
            end
        end
        local function each_once()
            for i = 1, jobs do
                assert.is_truthy(await(function() return (cluster:get(namespace, "job-" .. i).metadata.annotations or {}).n end), "job-" .. i)
            end
            for i = 1, jobs do
                assert.are.equal("1", cluster:get(namespace, "job-" .. i).metadata.annotations.n, "job-" .. i)
            end
        end
        local function owns(daemon, n)
            for _ = 1, n do
                daemon:expect "this daemon owns the shard"
            end
        end
        local one = replica "one"
        owns(one, 3)
        create(12)
        local two = replica "two"
        owns(two, 1)
        local three = replica "three"
        owns(three, 1)
        create(12)
        each_once()
        two:kill "sigkill"
        create(12)
        each_once()
        three:kill()
        assert.are.equal(0, (three:wait()))
        create(12)
        each_once()
    end)
end)
