-- SPDX-License-Identifier: Apache-2.0
-- Policies with `on` through every way in which a watch, a server or the daemon itself dies: no event lost, none handled twice.
-- The policy gives another value each time, so that a job that is handled twice is written twice.
local support = require "support"
local sim = require "support.sim"
local train = require "support.train"

local NOW <const>, rfc <const> = train.NOW, train.rfc

describe("a policy with on, in chaos", function()
    local cluster, server, folder
    local sentinels = 0

    before_each(function()
        cluster = train.start()
        server = cluster.server
        folder = support.folder()
    end)
    after_each(support.cleanup)

    local function path(name)
        return cluster:path(name)
    end
    local function create(name)
        cluster:create(name, nil, nil, { labels = { todo = "yes" } })
    end
    local function create_all(first, last)
        for i = first, last do
            create("j" .. i)
        end
    end

    local COUNTING <const> = [[local n = 0
        policy { name = "p", on = "match", match = { labels = { todo = "yes" } }, replace = function()
            n = n + 1
            return { annotations = { handled = tostring(n) } }
        end }]]
    local POLICY
    before_each(function()
        POLICY = COUNTING
    end)

    local function start(...)
        support.write(folder .. "/p.lua", POLICY)
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--grace", "1s",
            "--listen", "none", folder .. "/p.lua", ...)
        daemon:expect(" in force")
        return daemon
    end

    -- name -> how often it was handled; and how many jobs were, without the sentinels
    local function handled()
        local times, count = {}, 0
        for _, row in ipairs(train.journal(folder .. "/s.db")) do
            if row.outcome == "done" or row.outcome == "done-unseen" then
                count = count + ((times[row.name] or row.name:find("^z")) and 0 or 1)
                times[row.name] = (times[row.name] or 0) + 1
            end
        end
        return times, count
    end

    local function await_handled(wanted, sentinel)
        local times, count
        support.proc.await(function()
            times, count = handled()
            return count >= wanted and (not sentinel or times[sentinel])
        end)
        assert.are.equal(wanted, count)
        return times
    end

    -- Each of the jobs once; looked at when one that came after all of them is handled, too.
    local function nothing_twice(wanted)
        await_handled(wanted)
        sentinels = sentinels + 1
        local sentinel = "z" .. sentinels
        create(sentinel)
        local times = await_handled(wanted, sentinel)
        for name, n in pairs(times) do
            assert.are.equal(1, n, name)
        end
        assert.are.equal(1, times[sentinel])
    end

    for _, fault in ipairs { "watch-cut", "watch-end", "watch-gone", "watch-error", "compact", "restart" } do
        it("when the watch meets " .. fault, function()
            create_all(1, 10)
            local daemon = start()
            await_handled(10)
            server:fault(fault)
            create_all(11, 15)
            server:request("DELETE", path("j1"))
            nothing_twice(15)
            server:fault(fault)
            create_all(16, 20)
            nothing_twice(20)
            assert.are.equal(0, (daemon:stop()))
        end)
    end

    it("when the history is dropped during the first list", function()
        create_all(1, 30)
        server:fault "delay:watch=1,ms=300,count=1"
        local daemon = start()
        server:fault "compact"
        create_all(31, 40)
        nothing_twice(40)
        assert.are.equal(0, (daemon:stop()))
    end)

    it("when answers to its writes are lost", function()
        server:fault "reset-after:method=PUT,count=3"
        server:fault "reset-before:method=PUT,count=3"
        create_all(1, 20)
        local daemon = start()
        nothing_twice(20)
        assert.are.equal(0, (daemon:stop()))
    end)

    it("when ten thousand events come at once, some of them from before it looked", function()
        create_all(1, 700) -- more than one slice of the first look
        local daemon = start()
        create_all(701, 2000)
        for round = 1, 4 do -- while it writes: other people's changes, which make conflicts too
            for i = 1, 2000 do
                server:request("PATCH", path("j" .. i), ('{"metadata":{"annotations":{"round":"%d"}}}'):format(round), "application/merge-patch+json")
            end
        end
        nothing_twice(2000)
        assert.are.equal(0, (daemon:stop()))
    end)

    it("when ten thousand come to match at once", function()
        server = sim.start("--version", "v2beta1", "--jobs", "10000", "--alike")
        cluster = train.of(server)
        POLICY = [[policy { name = "p", on = "match", replace = { annotations = { handled = "yes" } } }]]
        local daemon = start()
        local changed = 0
        while changed < 10000 do
            local line = daemon:expect("run ended policy=p outcome=done changed=")
            changed = changed + tonumber(line:match("changed=(%d+)"))
            support.contains(line, "failed=0")
        end
        assert.are.equal(10000, changed)
        assert.are.equal(0, (daemon:stop()))
        daemon = start()
        server:make_namespace "train"
        create("z")
        daemon:expect("replaced policy=p job=train/z")
        assert.are.equal(0, (daemon:stop()))
        local _, answer = server:request("GET", "/_sim/counters")
        assert.are.equal(10001, answer.requests.methods.PUT)
    end)

    it("when it is killed again and again, between a match and its write too", function()
        create_all(1, 40)
        server:fault "delay:method=PUT,ms=20"
        for round = 1, 6 do
            local daemon = start()
            daemon:expect("run starts")
            support.proc.await(function() -- somewhere in the middle of its writes
                return #server:requests("method=PUT&body=0") >= round * 5
            end)
            daemon:stop("sigkill")
            create_all(40 + round, 40 + round)
        end
        server:clear_faults()
        local daemon = start()
        nothing_twice(46)
        assert.are.equal(0, (daemon:stop()))
        assert.are.equal(0, support.count(daemon.stderr, "lost"))
    end)

    it("when it is killed with the write on its way", function()
        create_all(1, 3)
        server:fault "stall:method=PUT" -- no work is done: the intent is there, the write is not
        local daemon = start()
        support.proc.await(function()
            return #server:requests("method=PUT&body=0") >= 3
        end)
        daemon:stop("sigkill")
        server:clear_faults()
        daemon = start()
        nothing_twice(3)
        assert.are.equal(0, (daemon:stop()))

        create_all(4, 6)
        server:fault "stall-after:method=PUT" -- the work is done, and nobody was told
        daemon = start()
        support.proc.await(function()
            return #server:requests("method=PUT&body=0") >= 9
        end)
        daemon:stop("sigkill")
        server:clear_faults()
        daemon = start()
        nothing_twice(6)
        assert.are.equal(0, (daemon:stop()))
    end)

    -- The run of the first text waits at j5 for the clock, so that it is under way while the policies are loaded again.
    describe("when it is loaded again during a run", function()
        local actions = {
            ["that replaces"] = [[replace = function(job)
                wait(job)
                return { annotations = { handled = text } }
            end]],
            ["that replaces within limits"] = [[limits = { changes = 20 }, replace = function(job)
                wait(job)
                return { annotations = { handled = text } }
            end]],
            ["that is a function"] = [[run = function(run)
                for job in run.jobs do
                    wait(job)
                    assert(mpijob.replace(job, { annotations = { handled = text } }))
                end
            end]],
        }
        local when = { on = [["match"]], match = [[{ labels = { todo = "yes" } }]] }
        local ways = {
            ["in place"] = {},
            ["with another watch"] = { more = [[policy { name = "q", on = "changed", match = { name = "nothing" }, replace = { labels = { a = "b" } } }]] },
            ["with other events"] = { on = [[{ "match", "finished" }]] },
            ["with a duration"] = { match = [[{ labels = { todo = "yes" }, older_than = "1s" }]] },
            ["with other namespaces"] = { match = [[{ labels = { todo = "yes" }, namespace = { "train", "other" } }]] },
            ["after it was gone"] = { gone = true },
        }

        local function policy(text, action, way)
            return ([[local text, waited = %q, false
                local function wait(job)
                    if text == "old" and job.name == "j5" and not waited then
                        waited = true
                        log.info("half way")
                        sleep("5m")
                    end
                end
                policy { name = "p", on = %s, match = %s, %s } %s]]):format(text, way.on or when.on, way.match or when.match, action, way.more or "")
        end

        local function reload(daemon, text)
            support.write(folder .. "/p.lua", text)
            daemon:kill("sighup")
            daemon:expect(" in force")
        end

        for what, action in pairs(actions) do
            for how, way in pairs(ways) do
                it(("%s, %s"):format(what, how), function()
                    create_all(1, 13)
                    POLICY = policy("old", action, {})
                    local daemon = start("--clock", "2100-01-01T00:00:00Z")
                    daemon:expect("half way")
                    if way.gone then
                        reload(daemon, [[policy { name = "q", every = "1h", run = function() end }]])
                    end
                    reload(daemon, policy("new", action, way))
                    daemon:write("advance 5m\n")
                    daemon:expect("clock ", "stdout")
                    nothing_twice(13)
                    assert.are.equal(0, (daemon:stop()))
                    local _, answer = server:request("GET", "/_sim/counters")
                    assert.are.equal(14, answer.requests.methods.PUT)
                end)
            end
        end

        it("and what the run has failed at is handled by the new text", function()
            create_all(1, 13)
            server:fault "status:method=PUT,code=403,path=*/mpijobs/j5,count=1"
            POLICY = policy("old", actions["that replaces"], {})
            local daemon = start("--clock", "2100-01-01T00:00:00Z")
            daemon:expect("half way")
            reload(daemon, policy("new", actions["that replaces"], ways["with another watch"]))
            daemon:write("advance 5m\n")
            daemon:expect("clock ", "stdout")
            nothing_twice(13)
            assert.are.equal(0, (daemon:stop()))
            local _, job = server:request("GET", path("j5"))
            assert.are.equal("new", job.metadata.annotations.handled)
        end)

        it("and a job that has left and come back since is handled again", function()
            create_all(1, 5)
            POLICY = policy("old", actions["that replaces"], {})
            local daemon = start("--clock", "2100-01-01T00:00:00Z")
            daemon:expect("half way")
            reload(daemon, policy("new", actions["that replaces"], ways["with another watch"]))
            for _, value in ipairs { "no", "yes" } do
                server:request("PATCH", path("j5"), { metadata = { labels = { todo = value } } }, "application/merge-patch+json")
            end
            daemon:write("advance 5m\n")
            daemon:expect("clock ", "stdout")
            await_handled(5)
            local _, job = server:request("GET", path("j5"))
            assert.are.equal("new", job.metadata.annotations.handled)
            assert.are.equal(0, (daemon:stop()))
        end)
    end)

    it("when it is ended in the middle of a run function", function()
        create_all(1, 9)
        POLICY = [[policy { name = "p", on = "match", match = { labels = { todo = "yes" } }, run = function(run)
            for job in run.jobs do
                log.info("given", { job = job.name })
                mpijob.replace(job, { annotations = { handled = tostring(run.id) } })
                if job.name == "j5" and run.id == 1 then sleep("5m") end
            end
        end }]]
        local daemon = start("--clock", "2100-01-01T00:00:00Z")
        daemon:expect("given policy=p job=j5")
        await_handled(5)
        assert.are.equal(0, (daemon:stop()))
        daemon = start()
        await_handled(9)
        assert.are.equal(0, support.count(daemon.stderr, "job=j4"))
        assert.are.equal(0, (daemon:stop()))
    end)

    it("when the clock steps by an hour each way", function()
        local todo <const> = { labels = { todo = "yes" } }
        cluster:create("j1", "Succeeded", NOW - 3600, todo) -- due in an hour
        cluster:create("j2", "Succeeded", NOW, todo) -- in two
        support.write(folder .. "/p.lua", [[policy { name = "p", on = "match", match = { finished_for = "2h" }, replace = { annotations = { handled = time.rfc3339() } } }]])
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--grace", "1s",
            "--listen", "none", "--clock", rfc(NOW), folder .. "/p.lua")
        daemon:expect(" in force")
        local function set(at)
            train.move(daemon, "set " .. rfc(at))
        end
        set(NOW)
        set(NOW + 3600) -- j1
        set(NOW) -- an hour back
        server:request("PATCH", path("j1"), { metadata = { annotations = { touched = "yes" } } }, "application/merge-patch+json")
        set(NOW + 1)
        set(NOW + 3600) -- again
        set(NOW + 3599)
        local times, count = handled()
        assert.are.equal(1, count)
        assert.are.equal(1, times.j1)
        set(NOW + 7200) -- and one forward: j2
        times = await_handled(2)
        assert.are.equal(1, times.j1)
        assert.are.equal(0, (daemon:stop()))
    end)
end)
