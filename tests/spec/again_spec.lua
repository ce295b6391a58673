-- SPDX-License-Identifier: Apache-2.0
-- What a reload says of the policies, and what a new text of a policy with `on` does to the jobs that it has handled.
local support = require "support"
local train = require "support.train"

local NOW <const>, rfc <const> = train.NOW, train.rfc

describe("a new text of a policy", function()
    local cluster, server, folder, daemons

    before_each(function()
        cluster = train.start()
        server = cluster.server
        folder = support.folder()
        os.execute("mkdir -p " .. folder .. "/policies/lib")
        daemons = {}
    end)
    after_each(support.cleanup)

    local function write(text, name)
        support.write(folder .. "/policies/" .. (name or "p.lua"), text)
    end

    local function start(...)
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--grace", "1s",
            "--clock", rfc(NOW), folder .. "/policies", ...)
        daemons[#daemons + 1] = daemon
        daemon:expect(" in force")
        train.move(daemon, "set " .. rfc(NOW))
        return daemon
    end

    local function stop(daemon)
        train.move(daemon, "advance 1s")
        assert.are.equal(0, (daemon:stop()))
    end

    local function reload(daemon)
        daemon:kill("sighup")
        local line = daemon:expect("the policies are loaded again")
        daemon:expect(" in force")
        train.move(daemon, "advance 1s")
        return line
    end

    -- How often the policy has changed the job.
    local function count(policy, job)
        local n = 0
        for _, row in ipairs(train.journal(folder .. "/s.db")) do
            n = n + (row.outcome == "done" and row.policy == policy and row.name == job and 1 or 0)
        end
        return n
    end

    local function policy(name, more)
        return ('policy { name = "%s", on = "match", match = { phase = "Running" }, %s }\n'):format(name, more)
    end

    it("is told after a reload: which are new, gone and changed, by their definitions", function()
        local label = 'replace = { labels = { seen = "%s" } }'
        local function lib(answer)
            support.write(folder .. "/policies/lib/teams.lua", "return { answer = '" .. answer .. "' }")
        end
        lib "a"
        local helper = [[local function answer() return { labels = { helped = "%s" } } end
            policy { name = "helped", every = "1h", replace = function() return answer() end }]]
        write(policy("same", label:format "1") .. policy("other", label:format "1") .. policy("leaves", label:format "1"))
        write(helper:format "1", "helper.lua")
        write([[function shared() return "1" end
            function other() return 1 end
            policy { name = "by-global", every = "1h", run = function() log.info(shared()) end }
            policy { name = "not-by-global", every = "1h", run = function() log.info("x") end } ]], "global.lua")
        write([[local teams = require "lib.teams"
            policy { name = "by-lib", every = "1h", run = function() log.info(teams.answer) end }]], "lib.lua")
        write([[local began = time.now()
            policy { name = "by-time", every = "1h", run = function() log.info(began) end }]], "time.lua")
        local all = {}
        for i, name in ipairs { "math", "string", "table", "utf8", "coroutine", "json", "time", "log", "run", "mpijob", "kube", "http", "store", "notify", "yaml", "_G", "remove" } do
            all[i] = ('policy { name = "uses-%d", every = "1h", run = function() log.info("x", { %s ~= nil }) end }'):format(i, name)
        end
        write("local a = 1\n" .. table.concat(all, "\n"), "modules.lua")
        local daemon = start()
        local line = reload(daemon)
        assert.is_truthy(line:find("none has changed", 1, true), line)
        -- a comment, other lines, the order of keys, another policy of the file
        write("-- new\n\n" .. policy("new", label:format "1") .. policy("other", label:format "2")
            .. 'policy { on = "match", name = "same", ' .. label:format "1" .. ', match = { phase = "Running" } } -- as before')
        write(helper:format "2", "helper.lua")
        write([[
            function shared() return "2" end
            function other() return 1 end
            policy { name = "by-global", every = "1h", run = function() log.info(shared()) end }
            policy { name = "not-by-global", every = "1h", run = function() log.info("x") end } ]], "global.lua")
        lib "b"
        write("local a = 2 -- which nobody uses\n" .. table.concat(all, "\n"), "modules.lua")
        line = reload(daemon)
        assert.is_truthy(line:find('added=new changed=by-global,helped,by-lib,other gone=leaves unchanged=20', 1, true), line)
        line = reload(daemon)
        assert.is_truthy(line:find("none has changed unchanged=25", 1, true), line)
        stop(daemon)
    end)

    it("leaves what is handled as it is, and says how much that is", function()
        cluster:create("a", "Running")
        cluster:create("b", "Running")
        cluster:create("c", "Succeeded")
        write(policy("p", 'replace = { labels = { seen = "1" } }'))
        local daemon = start()
        daemon:expect("replaced policy=p job=train/a")
        daemon:expect("replaced policy=p job=train/b")
        write(policy("p", 'replace = { labels = { seen = "2" } }'))
        daemon:kill("sighup")
        daemon:expect("changed=p")
        daemon:expect("stay as they are (again = true would count them as new) policy=p handled=2")
        train.move(daemon, "advance 1s")
        stop(daemon)
        assert.are.equal(1, count("p", "a"))
        write(policy("p", 'replace = { labels = { seen = "3" } }')) -- while it is down
        daemon = start()
        daemon:expect("stay as they are (again = true would count them as new) policy=p handled=2")
        stop(daemon)
        assert.are.equal(1, count("p", "a"))
        assert.are.equal("1", cluster:get("a").metadata.labels.seen)
    end)

    it("with again counts them as new: once for each text, over reloads and restarts", function()
        cluster:create("a", "Running")
        local function text(n)
            write(policy("p", 'again = true, replace = { labels = { seen = "' .. n .. '" } }'))
        end
        text(1)
        local daemon = start()
        daemon:expect("replaced policy=p job=train/a")
        reload(daemon)
        assert.are.equal(1, count("p", "a"))
        text(2)
        daemon:kill("sighup")
        daemon:expect("count as new policy=p handled=1")
        daemon:expect("replaced policy=p job=train/a")
        train.move(daemon, "advance 1s")
        reload(daemon)
        assert.are.equal(2, count("p", "a"))
        stop(daemon)
        daemon = start() -- without a change
        stop(daemon)
        assert.are.equal(2, count("p", "a"))
        text(3)
        daemon = start()
        daemon:expect("count as new policy=p handled=1")
        daemon:expect("replaced policy=p job=train/a")
        train.move(daemon, "advance 1s")
        daemon:kill("sigkill")
        daemon:wait()
        daemon = start()
        stop(daemon)
        assert.are.equal(3, count("p", "a"))
        text(2) -- which it had before
        daemon = start()
        daemon:expect("count as new policy=p handled=1")
        daemon:expect("replaced policy=p job=train/a")
        stop(daemon)
        assert.are.equal(4, count("p", "a"))
        assert.are.equal("2", cluster:get("a").metadata.labels.seen)
    end)

    it("with again counts nothing as new where the daemon died before the new text was written, and the old one is back", function()
        local function marks(sql)
            return support.sql(folder .. "/s.db", sql)
        end
        local function text(n)
            write(policy("p", 'again = true, replace = function() return { labels = { seen = "' .. n .. '-" .. run.id } } end'))
        end
        cluster:create("a", "Running")
        text(1)
        local daemon = start()
        daemon:expect("replaced policy=p job=train/a")
        stop(daemon)
        -- As a death leaves it when the number is written, and the text that it leaves behind is not replaced yet.
        local old = math.tointeger(tonumber((marks "SELECT scheduled_at FROM marks WHERE policy = 'p#text'")))
        local left = (old ~ old >> 39) & (1 << 39) - 1
        marks(("INSERT OR REPLACE INTO marks VALUES ('p#again', %d)"):format(1 | left << 24))
        for _ = 1, 2 do
            daemon = start()
            stop(daemon)
            support.lacks(daemon.stderr, "as new")
        end
        assert.are.equal(1, count("p", "a"))
        text(2) -- and a new one counts once
        daemon = start()
        daemon:expect("count as new policy=p handled=1")
        daemon:expect("replaced policy=p job=train/a")
        stop(daemon)
        daemon = start()
        stop(daemon)
        assert.are.equal(2, count("p", "a"))
        text(1) -- and back
        daemon = start()
        daemon:expect("replaced policy=p job=train/a")
        stop(daemon)
        daemon = start()
        stop(daemon)
        assert.are.equal(3, count("p", "a"))
    end)

    it("with again waits for the run of the old text, and handles each job once", function()
        cluster:create("gate")
        local function text(n)
            write(policy("p", ([[again = true, limits = { cpu = "1m" }, run = function(run)
                for job in run.jobs do
                    log.info("at work %d")
                    while not mpijob.get("train/gate").labels.open do end
                    assert(mpijob.replace(job, { labels = { seen = "%d" } }))
                end
            end]]):format(n, n)))
        end
        text(1)
        local daemon = start()
        cluster:create("a", "Running")
        daemon:expect("at work 1")
        for n = 2, 3 do
            text(n)
            daemon:kill("sighup")
            daemon:expect("changed=p")
        end
        server:request("PATCH", cluster:path("gate"), { metadata = { labels = { open = "yes" } } }, "application/merge-patch+json")
        daemon:expect("at work 3")
        stop(daemon)
        assert.are.equal("3", cluster:get("a").metadata.labels.seen)
        assert.are.equal(2, count("p", "a"))
    end)

    it("with again means what has come since the policy's first start", function()
        cluster:create("before", "Succeeded")
        cluster:create("same", "Running")
        local function text(n)
            write(([[
                policy { name = "f", on = "finished", again = true, replace = { labels = { f = "%d" } } }
                policy { name = "c", on = "changed", again = true, match = { name = { "before", "same" } }, replace = { labels = { c = "%d" } } }
                policy { name = "a", on = "added", again = true, replace = { labels = { a = "%d" } } }]]):format(n, n, n))
        end
        text(1)
        local daemon = start()
        cluster:create("new", "Running")
        daemon:expect("replaced policy=a job=train/new")
        cluster:set_state("new", "Succeeded")
        daemon:expect("replaced policy=f job=train/new")
        cluster:set_state("same", "Running")
        local status = server:request("PATCH", cluster:path("same"), { metadata = { labels = { x = "1" } } }, "application/merge-patch+json")
        assert.are.equal(200, status)
        daemon:expect("replaced policy=c job=train/same")
        train.move(daemon, "advance 1s")
        text(2)
        daemon:kill("sighup")
        daemon:expect("changed=f,c,a")
        train.move(daemon, "advance 1s")
        train.move(daemon, "advance 1s")
        local labels = cluster:get("new").metadata.labels
        assert.are.same({ "2", "2" }, { labels.a, labels.f })
        assert.are.equal("2", cluster:get("same").metadata.labels.c)
        assert.are.same(nil, cluster:get("before").metadata.labels)
        stop(daemon)
        daemon = start()
        stop(daemon)
        assert.are.same({ 2, 2 }, { count("a", "new"), count("f", "new") })
        assert.are.equal(0, count("f", "before") + count("a", "before") + count("c", "before") + count("a", "same"))
    end)

    it("with again handles each job once for each text, and misses none, also where it is killed at any moment", function()
        for i = 1, 20 do
            cluster:create("job-" .. i, "Running")
        end
        local function text(n)
            write(policy("p", 'again = true, replace = { labels = { seen = "' .. n .. '" } }'))
        end
        local rounds = tonumber(os.getenv "MPIJOBD_AGAIN_ROUNDS") or 6
        for n = 1, rounds do
            text(n)
            local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--no-supervisor", "--clock", rfc(NOW), folder .. "/policies")
            if n % 3 == 0 then
                daemon:expect("count as new")
            elseif n % 3 == 1 then
                daemon:expect("replaced policy=p job=train/job-" .. (n - 1) % 20 + 1)
            else
                daemon:expect("1 policy in force")
            end
            daemon:kill("sigkill")
            daemon:wait()
        end
        local daemon = start()
        stop(daemon)
        for i = 1, 20 do
            assert.are.equal(tostring(rounds), cluster:get("job-" .. i).metadata.labels.seen)
        end
        local seen = {}
        for _, row in ipairs(support.json.decode((select(2, support.mpijobd("journal", "--state", folder .. "/s.db", "-o", "json", "--limit", "0"))))) do
            if row.outcome == "done" or row.outcome == "done-unseen" then
                local key = row.name .. " " .. support.json.encode(row.diff[1].after)
                assert.is_nil(seen[key], key)
                seen[key] = true
            end
        end
    end)

    local function plan(...)
        return support.mpijobd("plan", "--kubeconfig", server.kubeconfig, "-n", "train", "--state", folder .. "/s.db", folder .. "/policies", ...)
    end

    it("is planned as the daemon would do it: what its state has as handled stays, unless it is new again", function()
        local function text(more)
            write(policy("p", "limits = { changes = 1 }," .. more) .. policy("q", 'run = function(run) for job in run.jobs do mpijob.replace(job, { labels = { q = "1" } }) end end'))
        end
        cluster:create("a", "Running")
        text 'replace = { labels = { seen = "1" } }'
        local code, _, err = plan()
        assert.are.equal(1, code)
        support.contains(err, folder .. "/s.db")
        local daemon = start()
        daemon:expect("replaced policy=p job=train/a")
        daemon:expect("replaced policy=q job=train/a")
        text 'replace = { labels = { seen = "2" } }'
        local out
        code, out, err = plan() -- beside the daemon, which holds the state
        assert.are.same({ 0, "" }, { code, err })
        support.contains(out, "p: 1 job that matches was handled already, and stays as it is, although its text is new (again = true would count them as new)\n")
        support.contains(out, "q: 1 job that matches was handled already, and stays as it is\n")
        support.contains(out, "0 to change, 0 as they should be, 0 not possible. Nothing was written.")
        stop(daemon)
        cluster:create("b", "Running")
        code, out = plan() -- within the limit of one
        assert.are.equal(0, code, out)
        support.contains(out, "train/b  (p)\n")
        support.contains(out, "2 to change")
        support.lacks(out, "train/a")
        text 'again = true, replace = { labels = { seen = "2" } }'
        code, out, err = plan()
        assert.are.equal(4, code)
        support.contains(err, "2 jobs would be changed, and limits.changes allows 1")
        support.contains(out, "p: its text is new, so that the 1 job it has handled counts as new\n")
        support.contains(out, "3 to change")
        code, out = plan("-o", "json")
        assert.are.equal(4, code)
        local list = support.json.decode(out)
        assert.are.equal(5, #list)
        assert.are.same({ policy = "p", cluster = "default", handled = 0, without_event = 0, not_long_enough = 0, new_text = true, new_again = 1 }, list[4])
        assert.are.same({ policy = "q", cluster = "default", handled = 1, without_event = 0, not_long_enough = 0, new_text = false, new_again = 0 }, list[5])
        assert.are.equal("1", cluster:get("a").metadata.labels.seen)
    end)

    it("is planned by the events that a job has had", function()
        write [[
            policy { name = "f", on = "finished", replace = { labels = { f = "1" } } }
            policy { name = "new", on = "finished", replace = { labels = { new = "1" } } }]]
        cluster:create("before", "Succeeded")
        local both = support.read(folder .. "/policies/p.lua")
        write 'policy { name = "f", on = "finished", replace = { labels = { f = "1" } } }'
        local daemon = start()
        cluster:create("done", "Running")
        cluster:set_state("done", "Failed")
        daemon:expect("replaced policy=f job=train/done")
        stop(daemon)
        cluster:create("runs", "Running")
        cluster:create("ended", "Failed")
        write(both)
        local code, out, err = plan()
        assert.are.same({ 0, "" }, { code, err })
        support.contains(out, "train/ended  (f)\n")
        assert.are.equal(1, support.count(out, "  (f)\n"))
        assert.are.equal(4, support.count(out, "  (new)\n")) -- it has not begun: as if all had just come
        support.contains(out, "f: 1 job that matches was handled already, and stays as it is\n")
        support.contains(out, "f: 2 jobs that match have had no event that it acts on\n")
    end)

    it("is refused by again beside a schedule", function()
        write 'policy { name = "p", every = "1h", again = true, replace = { labels = { seen = "1" } } }'
        local code, _, err = support.mpijobd("check", folder .. "/policies")
        assert.are.equal(1, code)
        assert.is_truthy(err:find('p.lua:1: policy "p": again goes with on, not with schedule or every', 1, true), err)
    end)

    it("with another duration, by which handled jobs matched from another instant on, does not make them come to match again", function()
        local function text(value, age)
            write(('policy { name = "mark", on = "match", match = { phase = "Succeeded", finished_for = "%s" }, replace = { labels = { v = "%s" } } }'):format(age, value))
        end
        local function planned()
            local code, out, err = support.mpijobd("plan", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "-o", "json", folder .. "/policies")
            assert.are.equal(0, code, err)
            return select(2, out:gsub('"job":', ""))
        end
        cluster:create("old", "Succeeded")
        text("1", "2h")
        local daemon = start()
        train.move(daemon, "advance 3h")
        daemon:expect("run ended policy=mark outcome=done changed=1")
        assert.are.equal(1, count("mark", "old"))
        text("2", "1h")
        assert.are.equal(0, planned())
        reload(daemon)
        train.move(daemon, "advance 1h")
        text("3", "90m")
        reload(daemon)
        train.move(daemon, "advance 1h")
        assert.are.equal(1, count("mark", "old"))
        stop(daemon)
        local function start_at(hours)
            local other = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--grace", "1s",
                "--clock", rfc(NOW + hours * 3600), folder .. "/policies")
            other:expect(" in force")
            train.move(other, "advance 1m")
            return other
        end
        -- over restarts: with the same text, and with another one
        for hours, age in ipairs { "90m", "30m", "30m" } do
            text("4", age)
            stop(start_at(5 + hours))
            assert.are.equal(1, count("mark", "old"), age)
        end
        -- a longer one: it comes to match again when it is so old
        text("5", "10h")
        daemon = start_at(9)
        assert.are.equal(1, count("mark", "old"))
        train.move(daemon, "advance 2h")
        daemon:expect("run ended policy=mark outcome=done changed=1")
        stop(daemon)
        assert.are.equal(2, count("mark", "old"))
    end)
end)
