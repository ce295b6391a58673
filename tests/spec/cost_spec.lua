-- SPDX-License-Identifier: Apache-2.0
-- What the daemon asks of an API server, counted by the simulator: the figures of docs/cluster.md. The page is held to what was counted.
local support = require "support"
local sim = require "support.sim"

local PAGE <const> = support.read(support.source .. "/docs/cluster.md")
local JOBS <const> = 1200
local QUIET <const> = [[policy { name = "quiet", on = "match", match = { phase = "Succeeded", finished_for = "900d" }, replace = { cleanPodPolicy = "All" } }]]
local SWEEP <const> = [[policy { name = "sweep", every = "10m", match = { phase = "Succeeded", finished_for = "900d" }, replace = { cleanPodPolicy = "All" } }]]
local CHANGES <const> = [[policy { name = "frees", every = "10m", match = { phase = "Succeeded" }, replace = { cleanPodPolicy = "All" }, limits = { percent = 100 } }]]

-- The row of a table that begins so says this.
local function row(first, rest)
    local line = PAGE:match("\n(| " .. first:gsub("%p", "%%%0") .. " |[^\n]*)")
    assert(line, "docs/cluster.md has no row " .. first)
    assert(line:find(rest, 1, true), ("docs/cluster.md should say %q:\n%s"):format(rest, line))
end

describe("what the daemon asks of a server:", function()
    local folder, server, daemon
    before_each(function()
        folder = support.folder()
    end)
    after_each(support.cleanup)

    local function run(policies, config, ...)
        server = sim.start("--version", "v2beta1", "--seed", "3", ...)
        support.write(folder .. "/p.lua", policies)
        support.write(folder .. "/m.yaml", ("policies: [ p.lua ]\nlisten: none\nstate: s.db\ncluster: { kubeconfig: %s }\n%s"):format(server.kubeconfig, config or ""))
    end

    local function start()
        daemon = support.daemon({ stdin = true }, "run", "--no-watch", "--config", folder .. "/m.yaml", "--clock", (os.date "!%Y-%m-%dT%H:%M:%SZ"))
        daemon:expect " in force"
    end

    -- The daemon's requests so far: how many, and how many of each kind.
    local function asked()
        local counts = { all = 0, discovery = 0, watch = 0, list = 0, get = 0, put = 0, events = 0, pods = 0 }
        for _, r in ipairs(server:requests "body=0&limit=2000") do
            local query = r.query or ""
            if (r.userAgent or ""):find "^mpijobd" then
                local kind = r.path:find "/pods$" and "pods" or r.path:find "/events" and "events" or r.method == "PUT" and "put" or query:find "watch=1" and "watch"
                    or r.path:find "/mpijobs/" and "get" or r.path:find "jobsets?$" and "list" or r.path:find "jobs$" and "list" or "discovery"
                counts[kind], counts.all = counts[kind] + 1, counts.all + 1
                if kind == "watch" then
                    local seconds = tonumber(query:match "timeoutSeconds=(%d+)")
                    assert.is_true(seconds >= 300 and seconds <= 600, query)
                end
            end
        end
        return counts
    end

    -- Until the daemon has asked so often, and all of it is answered.
    local function until_asked(kind, count)
        local last
        assert(support.proc.await(function()
            last = asked()
            return last[kind] >= count
        end), ("%s: %d of %d"):format(kind, last[kind], count))
        return last
    end

    local function hour(each)
        server:forget_requests()
        for step = 1, 6 do
            daemon:write "advance 10m\n"
            daemon:expect("clock ", "stdout")
            each(step)
        end
        return asked()
    end

    local function looked(step)
        until_asked("discovery", 2 * step)
    end

    it("at a start, and in an hour in which nothing happens", function()
        run(QUIET, nil, "--jobs", JOBS)
        start()
        local first = until_asked("watch", 1)
        row("a start", ("%d, and one for each watch"):format(first.discovery))
        assert.are.equal(first.all, first.discovery + 1)
        local idle = hour(looked)
        assert.are.equal(idle.all, idle.discovery)
        row("a look at what the server serves", ("%d an hour"):format(idle.discovery))
        row("a watch", "6 to 12 an hour") -- by its timeoutSeconds, which `asked` has looked at
    end)

    it("with namespaces, and with several kinds: a watch for each", function()
        run(QUIET, "namespaces: [ a, b, c ]\n", "--jobs", JOBS)
        start()
        assert.are.equal(3, until_asked("watch", 3).watch)
        daemon:stop()
        run(QUIET:gsub("on = ", 'kind = { "MPIJob", "TrainJob", "JobSet" }, on = '):gsub("cleanPodPolicy = \"All\"", "labels = { a = \"b\" }"), nil, "--jobs", JOBS, "--kinds")
        support.write(folder .. "/m.yaml", support.read(folder .. "/m.yaml"):gsub("s.db", "t.db"))
        start()
        assert.are.equal(3, until_asked("watch", 3).watch)
        local idle = hour(looked)
        assert.are.equal(12, idle.all)
    end)

    it("by a schedule: pages of 500 each time, and none where the kind is watched", function()
        run(SWEEP, nil, "--jobs", JOBS)
        start()
        local hourly = hour(function(step)
            daemon:expect "run ended"
            looked(step)
        end)
        assert.are.equal(6 * 3, hourly.list)
        assert.are.equal(hourly.all, hourly.list + hourly.discovery)
        row("a run by a schedule", "jobs / 500, rounded up")
        daemon:stop()
        run(SWEEP .. "\n" .. QUIET, nil, "--jobs", JOBS)
        start()
        assert(support.proc.await(function() -- until all of them are known from the watch
            server:forget_requests()
            daemon:write "advance 10m\n"
            daemon:expect "run ended"
            return asked().list == 0
        end))
        hourly = hour(function(step)
            daemon:expect "run ended"
            looked(step)
        end)
        assert.are.equal(0, hourly.list)
        row("a run by a schedule", "none where a policy with `on` has them watched")
    end)

    it("for a change: a PUT, an Event, and a look for its effect", function()
        run(CHANGES, nil, "--jobs", 100)
        start()
        server:forget_requests()
        daemon:write "advance 10m\n"
        local changed = tonumber(daemon:expect "changed=":match "%d+")
        assert.is_true(changed > 20)
        local now = until_asked("events", changed)
        assert.are.equal(changed, now.put)
        assert.are.equal(changed, now.events)
        assert.are.equal(0, now.get)
        assert.is_true(now.pods <= changed, now.pods)
        row("a change", "1 PUT, at most 1 for its Event")
    end)

    it("for a change that another writer is always faster than: six PUTs, and a GET before each but the first", function()
        run(CHANGES, nil, "--jobs", 20)
        start()
        server:forget_requests()
        server:fault "conflict:method=PUT"
        daemon:write "advance 10m\n"
        local failed = tonumber(daemon:expect "failed=":match "%d+")
        local now = asked()
        assert.is_true(failed >= 2)
        row("a change that another writer is always faster than", ("%d PUTs and %d GETs"):format(now.put // failed, now.get // failed))
        assert.are.equal(now.put // failed * failed, now.put)
    end)

    it("when it refuses everything: one request at a time, when it wants to be asked again", function()
        run(CHANGES, nil, "--jobs", 300)
        start()
        server:forget_requests()
        server:fault "too-many:method=PUT,retry-after=1"
        daemon:write "advance 10m\n"
        until_asked("put", 4)
        local last
        for i, r in ipairs(server:requests "body=0&method=PUT") do
            assert(i <= 16 or r.ms - last >= 990, "two refused requests, a second apart at least") -- the first were under way together
            last = r.ms
        end
        row("it refuses everything (429, 503)", "1 for each `Retry-After`")
    end)

    it("after it was killed amid a sweep: as at a start, and a look for each change that was in flight", function()
        run(CHANGES, nil, "--jobs", 300)
        start()
        server:fault "delay:ms=40,method=PUT"
        daemon:write "advance 10m\n"
        until_asked("put", 20)
        daemon:stop "sigkill"
        server:forget_requests()
        server:clear_faults()
        start()
        daemon:expect "run ended"
        local now = asked()
        assert.is_true(now.get >= 1 and now.get <= 16, now.get)
        row("it was killed amid a sweep", "at most 16 GETs")
    end)

    it("in the election of a leader: a PUT of who leads, and a GET of who stands by, for each `retry_period`", function()
        run(QUIET, "leader_election: { namespace: default, retry_period: 1s, renew_deadline: 50s, lease_duration: 60s }\n", "--jobs", 10)
        start()
        support.daemon({}, "run", "--no-watch", "--config", folder .. "/m.yaml", "--state", folder .. "/t.db"):expect "standing by"
        for _, method in ipairs { "PUT", "GET" } do
            local last
            local function renewals()
                local list = {}
                for _, r in ipairs(server:requests("body=0&path=*/leases/mpijobd&method=" .. method)) do
                    list[#list + 1] = r.status == 200 and r.ms or nil
                end
                return list
            end
            assert(support.proc.await(function() return #renewals() >= 4 end))
            for i, at in ipairs(renewals()) do
                assert(i <= 2 or at - last >= 900, method) -- the first may be of its start
                last = at
            end
        end
        row("`leader_election`: who leads", "1,800 an hour")
        row("`leader_election`: each that stands by", "820 to 1,800 an hour")
    end)
end)

describe("what the HTTP side costs #measured", function()
    it("is at most 2 MB and 5 ms of a start, with a browser that looks on", function()
        local code, out, err = support.proc.run("/usr/bin/env", { args = { "python3", "-B", support.source .. "/tests/bench/bench_start.py", "--mpijobd", support.binary,
            "--sim", support.simulator, "--starts", "5", "--json" }, seconds = 300 })
        assert.are.equal(0, code, err)
        local least = support.json.decode(out) -- { memory in MB, time in ms, CPU time in ms }; the time also tells how busy the machine is
        assert.is_true(least.with[1] - least.without[1] <= 2, out)
        assert.is_true(least.with[3] - least.without[3] <= 5, out)
        row("the HTTP side: metrics, API, dashboard with a browser that looks on", "MB")
    end)
end)
