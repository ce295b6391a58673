-- SPDX-License-Identifier: Apache-2.0
-- Policies with `on`: what makes them act, how often, and what is remembered. The daemon's clock is moved by hand.
local support = require "support"
local train = require "support.train"

local NOW <const>, rfc <const> = train.NOW, train.rfc

describe("a policy with on", function()
    local cluster, server, folder, daemons

    before_each(function()
        cluster = train.start()
        server = cluster.server
        folder = support.folder()
        daemons = {}
    end)
    after_each(support.cleanup)

    local function write(text)
        support.write(folder .. "/p.lua", text)
    end

    -- And waits until it has seen all jobs.
    local function start(...)
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--grace", "1s",
            "--clock", rfc(NOW), folder .. "/p.lua", ...)
        daemons[#daemons + 1] = daemon
        daemon:expect(" in force")
        train.move(daemon, "set " .. rfc(NOW))
        return daemon
    end

    local function reload(daemon)
        daemon:kill("sighup")
        daemon:expect(" in force")
    end

    -- All changes of the journal, oldest first, as "policy:job".
    local function changes()
        local list = {}
        for _, row in ipairs(train.journal(folder .. "/s.db")) do
            if row.outcome == "done" then -- not a conflict that was tried again
                table.insert(list, 1, row.policy .. ":" .. row.name)
            end
        end
        return table.concat(list, " ")
    end

    it("handles what matches already, and then each job that comes to match, once #valgrind", function()
        cluster:create("old", "Running", NOW - 60)
        cluster:create("other", nil)
        write [[policy { name = "p", on = "match", match = { phase = "Running" }, replace = { labels = { seen = "yes" } } }]]
        local daemon = start()
        daemon:expect("replaced policy=p job=train/old")
        cluster:set_state("other", "Running", NOW)
        daemon:expect("replaced policy=p job=train/other")
        cluster:label("old", "touched", "1") -- it matches as before
        cluster:set_state("other", "Succeeded", NOW)
        cluster:set_state("other", "Running", NOW)
        cluster:create("third", "Running", NOW)
        daemon:expect("replaced policy=p job=train/third")
        train.move(daemon, "advance 1s")
        assert.are.equal(0, (daemon:stop()))
        local all = changes()
        assert.are.equal(1, support.count(all, "p:old"), all)
        assert.are.equal(1, support.count(all, "p:third"), all)
        assert.is_truthy(support.count(all, "p:other") <= 2, all) -- the flip may have been seen, or have been too short
    end)

    it("leaves alone what has failed for good when another policy is paused and resumed", function()
        cluster:create("a", "Running", NOW)
        write [[
policy { name = "bad", on = "match", match = { phase = "Running" }, replace = function() error("no") end }
policy { name = "other", on = "match", match = { phase = "Failed" }, replace = { labels = { seen = "yes" } } }
]]
        local daemon = start()
        daemon:expect("run ended policy=bad outcome=partial")
        for _, act in ipairs { "pause", "resume", "pause", "resume" } do
            local code, out, err = support.mpijobd(act, "--state", folder .. "/s.db", "other")
            assert.are.equal(0, code, out .. err)
            daemon:expect " in force"
        end
        cluster:create("b", "Running", NOW)
        daemon:expect("run ended policy=bad outcome=partial")
        cluster:create("c", "Failed", NOW)
        daemon:expect("replaced policy=other job=train/c")
        local failed = {}
        local _, out = support.mpijobd("runs", "--policy", "bad", "--state", folder .. "/s.db", "-o", "json")
        for i, run in ipairs(support.json.decode(out)) do
            failed[i] = run.failed
        end
        assert.are.same({ 1, 1 }, failed)
        reload(daemon) -- this does try again
        daemon:expect("run ended policy=bad outcome=partial changed=0 unchanged=0 failed=2")
        daemon:stop()
    end)

    it("acts at the very instant at which a duration has passed", function()
        cluster:create("a", "Succeeded", NOW - 3600)
        cluster:create("b", "Succeeded", NOW - 7199)
        write [[policy { name = "p", on = "match", match = { finished_for = "2h" }, replace = { cleanPodPolicy = "All" } }]]
        local daemon = start()
        train.move(daemon, "advance 999ms")
        assert.are.equal("", changes())
        daemon:write("advance 1ms\n")
        daemon:expect("replaced policy=p job=train/b")
        cluster:create("c", "Failed", NOW + 1) -- known before its instant comes
        train.move(daemon, "set " .. rfc(NOW + 3599))
        assert.are.equal("p:b", changes())
        daemon:write("set " .. rfc(NOW + 3600) .. "\n")
        daemon:expect("run starts policy=p trigger=match scheduled_at=" .. rfc(NOW + 3600))
        daemon:expect("replaced policy=p job=train/a")
        daemon:write("set " .. rfc(NOW + 7201) .. "\n")
        daemon:expect("replaced policy=p job=train/c")
        assert.are.equal(0, (daemon:stop()))
        assert.are.equal("p:b p:a p:c", changes())
    end)

    it("tells the end of a run, and answers the test clock, when what the run did is in the journal", function()
        cluster:create("a", "Succeeded", NOW)
        write [[policy { name = "p", on = "match", match = { finished_for = "2h" }, replace = { cleanPodPolicy = "All" } }]]
        local daemon = start()
        server:fault { fault = "delay", ms = 500, method = "PUT", count = 1 }
        daemon:write("set " .. rfc(NOW + 7200) .. "\n")
        support.proc.await(function() -- it is in flight: its intent is written down
            return support.json.decode((select(2, support.mpijobd("journal", "--state", folder .. "/s.db", "-o", "json"))))[1]
        end)
        -- Another program holds the file, as a slow disk would: the outcome has to wait.
        local script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('begin immediate'); " ..
            "print('held', flush=True); sys.stdin.readline(); c.execute('rollback')"
        local holder = support.keep(support.proc.start("/usr/bin/python3", { args = { "-c", script, folder .. "/s.db" }, stdin = true }))
        holder:expect("held", "stdout")
        daemon:expect("replaced policy=p job=train/a")
        daemon:kill("sighup")
        daemon:expect("loading the policies again") -- a later turn of the loop
        assert.are.equal(0, support.count(daemon.stderr, "run ended"))
        assert.are.equal(0, support.count(daemon.stdout, "clock " .. rfc(NOW + 7200)))
        holder:write("\n")
        daemon:expect("run ended policy=p outcome=done changed=1")
        daemon:expect("clock " .. rfc(NOW + 7200), "stdout")
        assert.are.equal(0, (daemon:stop()))
        assert.are.equal("p:a", changes())
    end)

    it("acts again when a job comes to match again, and not for its own write", function()
        cluster:create("a", "Running", NOW, { labels = { team = "vision" } })
        write [[policy { name = "p", on = "match", match = { labels = { team = "vision" } }, replace = { labels = { team = "speech" } } }]]
        local daemon = start()
        for _ = 1, 3 do
            daemon:expect("replaced policy=p job=train/a")
            daemon:expect("run ended policy=p")
            cluster:label("a", "team", "vision")
        end
        daemon:expect("replaced policy=p job=train/a")
        daemon:expect("run ended policy=p")
        train.move(daemon, "advance 1s")
        assert.are.equal(0, (daemon:stop()))
        assert.are.equal("p:a p:a p:a p:a", changes())
    end)

    it("begins with what is added, finished or changed after its first start, also over restarts", function()
        cluster:create("old", "Succeeded", NOW - 60)
        write [[policy { name = "add", on = "added", replace = { labels = { added = "yes" } } }
            policy { name = "fin", on = "finished", replace = { labels = { finished = "yes" } } }
            policy { name = "chg", on = "changed", match = { name = "c*" }, replace = { annotations = { changed = "yes" } } }]]
        local daemon = start()
        cluster:create("c1")
        daemon:expect("replaced policy=add job=train/c1")
        daemon:expect("replaced policy=chg job=train/c1") -- by what `add` has done
        train.move(daemon, "advance 1s")
        assert.are.equal(0, (daemon:stop()))
        cluster:create("c2")
        cluster:set_state("c2", "Failed", NOW) -- while nobody looks
        cluster:label("c1", "touched", "1")
        daemon = start()
        daemon:expect("replaced policy=add job=train/c2")
        daemon:expect("replaced policy=fin job=train/c2")
        daemon:expect("unchanged=1")
        daemon:expect("replaced policy=chg job=train/c2")
        train.move(daemon, "advance 1s")
        assert.are.equal(0, (daemon:stop()))
        daemon = start() -- nothing twice
        train.move(daemon, "advance 1s")
        assert.are.equal(0, (daemon:stop()))
        local all = changes()
        assert.are.equal("add:c1 chg:c1", all:match("^%S+ %S+"), all)
        assert.are.equal(5, select(2, all:gsub("%S+", "")), all)
        assert.are.equal(0, support.count(all, "old"))
    end)

    it("forgets nothing over a restart, and handles nothing twice", function()
        for i = 1, 20 do
            cluster:create("j" .. i, "Running", NOW - 60)
        end
        write [[policy { name = "p", on = "match", match = { phase = "Running" }, replace = { labels = { seen = "yes" } } }]]
        local daemon = start()
        daemon:expect("run ended policy=p outcome=done changed=20")
        assert.are.equal(0, (daemon:stop()))
        for i = 1, 20 do
            cluster:label("j" .. i, "seen") -- to see who does it again
        end
        cluster:create("new", "Running", NOW)
        daemon = start()
        daemon:expect("replaced policy=p job=train/new")
        daemon:expect("run ended policy=p outcome=done changed=1")
        train.move(daemon, "advance 1s")
        assert.are.equal(0, (daemon:stop()))
        assert.are.equal(21, select(2, changes():gsub("%S+", "")))
    end)

    it("keeps what it has handled over a reload that changes the policy", function()
        cluster:create("a", "Running", NOW - 60)
        cluster:create("b", "Succeeded", NOW - 60)
        write [[policy { name = "p", on = "match", match = { phase = "Running" }, replace = { labels = { seen = "yes" } } }]]
        local daemon = start()
        daemon:expect("run ended policy=p")
        write [[policy { name = "p", on = "match", match = { phase = { "Running", "Succeeded" } }, replace = { labels = { seen = "too" } } }]]
        reload(daemon)
        daemon:expect("replaced policy=p job=train/b")
        train.move(daemon, "advance 1s")
        assert.are.equal(0, (daemon:stop()))
        assert.are.equal("p:a p:b", changes())
    end)

    it("gives a run function its jobs #valgrind", function()
        cluster:create("a", "Failed", NOW - 60)
        cluster:create("b", "Failed", NOW - 60, { labels = { skip = "yes" } })
        write [[policy { name = "p", on = "match", match = { phase = "Failed", where = function(job) return not job.labels.skip end },
            run = function(run)
                for job in run.jobs do
                    log.info("given", { job = job.name, trigger = run.trigger })
                    mpijob.replace(job, { labels = { triage = "needed" } })
                end
            end }]]
        local daemon = start()
        daemon:expect("given policy=p job=a trigger=match")
        daemon:expect("run ended policy=p outcome=done changed=1")
        cluster:label("b", "skip")
        daemon:expect("given policy=p job=b trigger=match")
        daemon:expect("run ended policy=p outcome=done changed=1")
        train.move(daemon, "advance 1s")
        assert.are.equal(0, (daemon:stop()))
        daemon = start()
        train.move(daemon, "advance 1s")
        assert.are.equal(0, support.count(daemon.stderr, "given"))
        assert.are.equal(0, (daemon:stop()))
    end)

    it("asks `where` again when the job changes", function()
        cluster:create("a", "Running", NOW - 60)
        write [[policy { name = "p", on = "match", match = { phase = "Running", where = function(job) return job.labels.now end },
            replace = { labels = { seen = "yes" } } }]]
        local daemon = start()
        daemon:expect("run ended policy=p outcome=done changed=0")
        cluster:label("a", "other", "1")
        daemon:expect("run ended policy=p outcome=done changed=0")
        cluster:label("a", "now", "1")
        daemon:expect("run ended policy=p outcome=done changed=1")
        assert.are.equal(0, (daemon:stop()))
        assert.are.equal("p:a", changes())
    end)

    it("tells in a dry run, once, and does it when the run is no longer dry", function()
        cluster:create("a", "Running", NOW - 60)
        local text = [[policy { name = "p", on = "match", dry_run = %s, match = { phase = "Running" }, replace = { labels = { seen = "yes" } } }]]
        write(text:format("true"))
        local daemon = start()
        daemon:expect("would replace policy=p job=train/a")
        cluster:label("a", "other", "1")
        reload(daemon)
        train.move(daemon, "advance 1s")
        assert.are.equal(1, support.count(daemon.stderr, "would replace"))
        write(text:format("false"))
        reload(daemon)
        daemon:expect("replaced policy=p job=train/a")
        assert.are.equal(0, (daemon:stop()))
        assert.are.equal("p:a", changes())
    end)

    it("changes nothing where a limit says so, tells it once, and looks again after a reload", function()
        for i = 1, 5 do
            cluster:create("j" .. i, "Running", NOW - 60)
        end
        local text = [[policy { name = "p", on = "match", match = { phase = "Running" }, replace = { labels = { seen = "yes" } }, limits = { %s } }]]
        write(text:format("changes = 4"))
        local daemon = start()
        daemon:expect("outcome=limited changed=0")
        cluster:label("j1", "other", "1")
        train.move(daemon, "advance 1s")
        assert.are.equal(1, support.count(daemon.stderr, "run starts"))
        write(text:format("percent = 60, percent_floor = 0"))
        reload(daemon)
        daemon:expect("outcome=limited changed=0")
        support.contains(daemon.stderr, "5 of 5 jobs would be changed")
        write(text:format("changes = 5, percent = 100, percent_floor = 0"))
        reload(daemon)
        daemon:expect("outcome=done changed=5")
        assert.are.equal(0, (daemon:stop()))
    end)

    it("tries again what can be tried again, and tells once what cannot", function()
        cluster:create("bad", "Running", NOW - 60)
        server:fault "status:method=PUT,code=500,path=*/mpijobs/bad,count=6"
        write [[policy { name = "p", on = "match", match = { phase = "Running" }, replace = { labels = { seen = "yes" } } }
            policy { name = "q", on = "match", match = { phase = "Running" }, replace = function() return { activeDeadlineSeconds = -1 } end }]]
        local daemon = start()
        daemon:expect("not replaced policy=p job=train/bad")
        daemon:expect("replaced policy=p job=train/bad effect")
        cluster:label("bad", "other", "1")
        train.move(daemon, "advance 1s")
        assert.are.equal(1, support.count(daemon.stderr, "run starts policy=q"))
        assert.are.equal(0, (daemon:stop()))
    end)

    it("stops two policies that undo each other's changes, with an error that names both", function()
        cluster:create("a", "Running", NOW - 60)
        write [[policy { name = "one", on = "match", match = { labels = "team != a" }, replace = { labels = { team = "a" } } }
            policy { name = "two", on = "match", match = { labels = { team = "a" } }, replace = { labels = { team = "b" } } }]]
        local daemon = start()
        local line = daemon:expect("reason=Loop")
        support.contains(line, "one")
        support.contains(line, "two")
        support.contains(line, "labels.team of train/a")
        train.move(daemon, "advance 1s")
        local before = support.count(changes(), ":a")
        assert.is_truthy(before <= 9, before)
        cluster:label("a", "other", "1") -- a person looks into it: it is let go
        daemon:expect("replaced")
        daemon:expect("reason=Loop")
        train.move(daemon, "advance 1s")
        assert.are.equal(2, support.count(daemon.stderr, "reason=Loop"))
        reload(daemon)
        daemon:expect("reason=Loop")
        assert.are.equal(0, (daemon:stop()))
    end)

    it("sees a loop also where the watch tells of a write before its answer comes", function()
        cluster:create("a", "Running", NOW - 60)
        server:fault "trickle:method=PUT,bytes=200,ms=4" -- the work is done; the answer takes its time
        write [[policy { name = "one", on = "match", match = { labels = "team != a" }, replace = { labels = { team = "a" } } }
            policy { name = "two", on = "match", match = { labels = { team = "a" } }, replace = { labels = { team = "b" } } }]]
        local daemon = start()
        daemon:expect("reason=Loop")
        train.move(daemon, "advance 1s")
        assert.is_truthy(support.count(changes(), ":a") <= 9, changes())
        assert.are.equal(0, (daemon:stop()))
    end)

    it("stops two policies that undo each other's changes by patches, too", function()
        local function patches(name, match, team)
            return ([[policy { name = %q, on = "match", match = { labels = %q }, run = function(run)
                for job in run.jobs do mpijob.patch(job, { metadata = { labels = { team = %q } } }) end end } ]]):format(name, match, team)
        end
        write(patches("one", "team != a", "a") .. patches("two", "team = a", "b"))
        for _, job in ipairs { "a", "b" } do
            cluster:create(job, "Running", NOW - 60)
            if job == "b" then -- also where the watch is faster than the answer
                server:fault "trickle:method=PATCH,bytes=200,ms=4"
            end
            local daemon = start()
            local line = daemon:expect("reason=Loop")
            support.contains(line, "one")
            support.contains(line, "two")
            support.contains(line, "labels.team of train/" .. job)
            train.move(daemon, "advance 1s")
            assert.is_truthy(support.count(daemon.stderr, " patched ") <= 18, daemon.stderr)
            assert.are.equal(1, support.count(daemon.stderr, "reason=Loop"))
            assert.are.equal(0, (daemon:stop()))
        end
    end)

    it("stops two policies that answer each other's changes for ever", function()
        cluster:create("a", "Running", NOW - 60)
        write [[local n = 0
            local function stamp(key) return function() n = n + 1 return { annotations = { [key] = tostring(n) } } end end
            policy { name = "one", on = "changed", replace = stamp("one") }
            policy { name = "two", on = "changed", replace = stamp("two") }]]
        local daemon = start()
        train.move(daemon, "advance 1s")
        assert.are.equal("", changes())
        cluster:label("a", "other", "1")
        daemon:expect("reason=Loop")
        train.move(daemon, "advance 1s")
        assert.is_truthy(support.count(changes(), ":a") <= 40)
        assert.are.equal(0, (daemon:stop()))
    end)

    it("reads the cache for scheduled policies and mpijob.list where there is one", function()
        cluster:create("a", "Running", NOW - 60)
        cluster:create("b", "Succeeded", NOW - 60)
        write [[policy { name = "on", on = "match", match = { phase = "Failed" }, replace = { labels = { seen = "yes" } } }
            policy { name = "p", every = "10m", match = { phase = "Running" }, replace = { labels = { seen = "yes" } }, limits = { percent = 50, percent_floor = 0 } }
            policy { name = "q", every = "10m", run = function(run)
                for job in mpijob.list { phase = "Succeeded" } do log.info("listed", { job = job.name, as_of = job.as_of ~= nil }) end
                for job in run.jobs do log.info("of the run", { job = job.name }) end
            end }]]
        local daemon = start()
        train.move(daemon, "advance 1s")
        server:forget_requests()
        train.move(daemon, "advance 10m")
        support.contains(daemon.stderr, "replaced policy=p job=train/a")
        support.contains(daemon.stderr, "listed policy=q as_of=true job=b")
        support.contains(daemon.stderr, "of the run policy=q job=a")
        assert.are.equal(0, #server:requests("method=GET&path=*/mpijobs*"))
        assert.are.equal(0, (daemon:stop()))
    end)

    it("takes a list of events, and says what does not go together", function()
        for text, wanted in pairs {
            ['on = "matched"'] = 'did you mean "match"',
            ['on = {}'] = "is an empty list",
            ['on = "match", every = "10m"'] = "stands beside another trigger",
            ['on = "match", jitter = "10m"'] = "jitter goes with schedule or every",
            ['on = "match", missed = "all"'] = "missed goes with schedule or every",
            ['on = "match", overlap = "skip"'] = "overlap goes with schedule or every",
            ['on = "added", match = { older_than = "1h" }'] = "cannot have passed when a job is added",
            ['on = "finished", match = { finished_for = "1h" }'] = "cannot have passed when a job is finished",
        } do
            local file = support.write(folder .. "/e.lua", ('policy { name = "p", %s, replace = { cleanPodPolicy = "All" } }'):format(text))
            local code, _, err = support.mpijobd("check", file)
            assert.are.equal(1, code, text)
            support.contains(err, wanted)
        end
        cluster:create("a")
        write [[policy { name = "p", on = { "added", "finished" }, replace = { labels = { seen = "yes" } } }]]
        local daemon = start()
        cluster:create("b")
        daemon:expect("run starts policy=p trigger=added")
        daemon:expect("replaced policy=p job=train/b")
        cluster:set_state("a", "Succeeded", NOW)
        daemon:expect("run starts policy=p trigger=finished")
        daemon:expect("replaced policy=p job=train/a")
        assert.are.equal(0, (daemon:stop()))
    end)
end)
