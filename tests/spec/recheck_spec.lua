-- SPDX-License-Identifier: Apache-2.0
-- `where` that asks what changes by itself, as the time does: what is said of it, and `recheck`.
local support = require "support"
local train = require "support.train"

local NOW <const>, rfc <const> = train.NOW, train.rfc

describe("where that asks the time", function()
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

    local marks = 0
    -- And waits until all is read that was said before: a word that is no command is answered on standard error, behind the log.
    local function move(daemon, how)
        train.move(daemon, how)
        marks = marks + 1
        daemon:write("mark" .. marks .. "\n")
        daemon:expect('"mark' .. marks .. '" is neither')
    end

    local function to(daemon, seconds)
        move(daemon, "set " .. rfc(NOW + seconds))
    end

    local function start(...)
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--grace", "1s",
            "--clock", rfc(NOW), folder .. "/policies", ...)
        daemons[#daemons + 1] = daemon
        daemon:expect(" in force")
        to(daemon, 0)
        return daemon
    end

    -- When `where` was asked for the job, in seconds from the start.
    local function asked(daemon, job)
        local list = {}
        for at in daemon.stderr:gmatch("asked (%d+) " .. job .. " ") do
            list[#list + 1] = at
        end
        return table.concat(list, " ")
    end

    local function where(open, more)
        return ([[
            local function where(job)
                log.info(("asked %%d %%s "):format(math.tointeger(time.now() - %d), job.name))
                return time.now() >= %d and job.name ~= "never"
            end
            policy { name = "p", on = "match", match = { phase = "Pending", where = where }, replace = { labels = { seen = "yes" } }, %s }
        ]]):format(NOW, NOW + open, more or "")
    end

    it("is told at load that it is not asked again, and never fires without recheck", function()
        cluster:create "a"
        write(where(600))
        local daemon = start()
        daemon:expect("warn  `where` asks time.now at " .. folder .. "/policies/p.lua:2, and the answer may change while the job does not")
        to(daemon, 7200)
        assert.are.equal("0", asked(daemon, "a"))
        write(where(600, 'recheck = "10m"'))
        daemon:kill("sighup")
        daemon:expect("info  `where` is asked when all else of match holds, again when the job changes, and every 10m while it says no policy=p")
        daemon:expect("replaced policy=p job=train/a")
        assert.are.equal(0, (daemon:stop()))
    end)

    it("is asked again at each recheck, exactly, in one run for all that wait, over reloads", function()
        local function runs(daemon)
            return support.count(daemon.stderr, "run starts policy=p")
        end
        for _, name in ipairs { "a", "b", "never" } do
            cluster:create(name)
        end
        write(where(1700, 'recheck = "10m"'))
        local daemon = start()
        to(daemon, 599)
        assert.are.same({ "0", "0", 1 }, { asked(daemon, "a"), asked(daemon, "never"), runs(daemon) })
        support.contains(select(2, support.mpijobd("status", "p", "--state", folder .. "/s.db")), "  Next run: " .. rfc(NOW + 600) .. "\n")
        to(daemon, 600)
        assert.are.same({ "0 600", "0 600", 2 }, { asked(daemon, "a"), asked(daemon, "never"), runs(daemon) })
        to(daemon, 900)
        daemon:kill("sighup") -- which asks at once
        daemon:expect("none has changed")
        daemon:expect(" in force")
        to(daemon, 900)
        assert.are.equal("0 600 900", asked(daemon, "a"))
        to(daemon, 901)
        write(where(1700, 'recheck = "10m", about = "as before"'))
        daemon:kill("sighup")
        daemon:expect("changed=p")
        daemon:expect(" in force")
        to(daemon, 901)
        to(daemon, 1199)
        assert.are.equal("0 600 900 901", asked(daemon, "a"))
        to(daemon, 1200)
        assert.are.equal("0 600 900 901 1200", asked(daemon, "b"))
        to(daemon, 1799)
        assert.is_nil(daemon.stderr:find("replaced policy=p", 1, true))
        to(daemon, 1800)
        daemon:expect("replaced policy=p job=train/a")
        daemon:expect("replaced policy=p job=train/b")
        to(daemon, 1801)
        local before = runs(daemon)
        to(daemon, 9700) -- past many times at once: it is asked once for all, and then when it would have been
        to(daemon, 10199)
        assert.are.equal("0 600 900 901 1200 1800 9700", asked(daemon, "never"))
        to(daemon, 10200)
        assert.are.equal("0 600 900 901 1200 1800 9700 10200", asked(daemon, "never"))
        assert.are.equal("0 600 900 901 1200 1800", asked(daemon, "a"))
        assert.are.equal(before + 2, runs(daemon), daemon.stderr)
        server:request("DELETE", cluster:path "never")
        to(daemon, 10201)
        before = runs(daemon)
        to(daemon, 20000)
        assert.are.equal(before, runs(daemon))
        assert.are.equal(0, (daemon:stop()))
    end)

    local function check(...)
        return support.mpijobd("check", folder .. "/policies", ...)
    end

    local function message(text)
        write(text)
        local code, _, err = check()
        assert.are.equal(1, code)
        return err
    end

    it("is checked: recheck needs on = \"match\", where, and a second", function()
        local function policy(more)
            return 'policy { name = "p", replace = { labels = { seen = "1" } }, ' .. more .. " }"
        end
        local any = "match = { where = function() return true end }"
        support.contains(message(policy('every = "1h", recheck = "10m",' .. any)), "recheck goes with on, not with schedule or every")
        support.contains(message(policy('on = "added", recheck = "10m",' .. any)), 'recheck goes with on = "match": a job that is added is asked about once')
        support.contains(message(policy 'on = "match", recheck = "10m"'), "recheck needs match.where, which it asks again")
        support.contains(message(policy('on = "match", recheck = "500ms",' .. any)), "recheck has to be at least 1s")
        support.contains(message(policy('on = "match", recheck = true,' .. any)), "recheck is true; it has to be a duration")
    end)

    it("is found by check, in helpers and required files too", function()
        support.write(folder .. "/policies/lib/hours.lua", "return { open = function(job)\n return time.within('mon-fri 09:00-18:00', nil, 'Europe/Berlin') end }")
        local cases = {
            { "return time.now() > 1", "time.now at FILE:1" },
            { "return clock.now() > 1", "time.now at FILE:1" },
            { "return now() > 1", "time.now at FILE:1" },
            { "local t = time return t.now() > 1", "time.now at FILE:1" },
            { "return time.date().hour > 9", "time.date at FILE:1" },
            { "return time.date(nil, 'UTC').hour > 9", "time.date at FILE:1" },
            { "return (function() return job.running_for end)() > 10", "job.running_for at FILE:1" },
            { "return helper(job)", "job.age at FILE:1" },
            { "return global(job)", "job.finished_for at FILE:1" },
            { "return hours.open(job)", "time.within at LIB:2" },
            { "return store.get('open')", "store.get at FILE:1" },
            { "return time.date(job.created).hour > 9" },
            { "return time.within('mon-fri 09:00-18:00', job.created)" },
            { "return job.labels.age and time.duration('1h') > 1" },
            { "return job.gpus > 8 and time.rfc3339(job.created)" },
        }
        local head = "local clock, now, hours = time, time.now, require 'lib.hours' local function helper(j) return j.age > 1 end " ..
            "function global(j) return j.finished_for end "
        for i, case in ipairs(cases) do
            write(head .. ('policy { name = "p%d", on = "match", match = { where = function(job) %s end }, replace = { labels = { seen = "1" } } }')
                :format(i, case[1]), ("p%02d.lua"):format(i))
        end
        local code, out, err = check("-o", "json")
        assert.are.equal(0, code, err)
        local list = support.json.decode(out)
        for i, case in ipairs(cases) do
            local wanted = case[2] and case[2]:gsub("FILE", ("%s/policies/p%02d.lua"):format(folder, i)):gsub("LIB", folder .. "/policies/lib/hours.lua")
            local got = list[i].where_asks
            assert.are.equal(wanted, got ~= support.json.null and got or nil, case[1])
        end
        code, out = check()
        assert.are.equal(0, code)
        support.contains(out, "  `where` is asked when all else of match holds, and again when the job changes\n  `where` asks time.now at ")
        support.contains(out, ": it is not asked again then; recheck = \"10m\" asks it again\n")
    end)
end)
