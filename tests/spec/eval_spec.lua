-- SPDX-License-Identifier: Apache-2.0
-- mpijobd eval: Lua of a person in the running daemon, and what it may cost.
local support = require "support"
local sims = require "support.sim"
local control = require "support.control"

local POLICIES = [[
policy { name = "noon", about = "Marks jobs at noon.", schedule = "0 12 * * *", match = { labels = "noon" }, replace = { labels = { marked = "yes" } } }
policy { name = "seen", on = "match", match = { labels = "seen" }, replace = { annotations = { seen = "yes" } } }
]]

describe("mpijobd eval", function()
    local server, folder, daemon, socket, state

    lazy_setup(function()
        server = sims.start("--version", "v2beta1", "--jobs", "20", "--seed", "1")
        folder = support.folder()
        state, socket = folder .. "/s.db", folder .. "/s.db.control"
        support.write(folder .. "/p.lua", POLICIES)
        daemon = support.daemon({ stdin = true }, "run", "--no-supervisor", "--kubeconfig", server.kubeconfig, "--state", state, "--clock",
            "2026-03-01T10:00:00Z", folder .. "/p.lua")
        daemon:expect("in force")
    end)
    lazy_teardown(support.cleanup)

    local function eval(...)
        return support.mpijobd("eval", "--state", state, ...)
    end

    local function good(...)
        local code, out, err = eval(...)
        if code ~= 0 then
            error(("eval ended with %d\n%s%s"):format(code, out, err), 2)
        end
        return out, err
    end

    local function bad(code_wanted, ...)
        local code, out, err = eval(...)
        assert.are.equal(code_wanted, code, out .. err)
        assert.are.equal("", out)
        return err
    end

    local function runs()
        local _, out = support.mpijobd("runs", "--state", state, "-o", "json")
        return support.json.decode(out)
    end

    it("prints values: texts as they are, tables as Lua, nothing for nothing", function()
        assert.are.equal("2\n", good "1 + 1")
        assert.are.equal("a\nb\n", good "return 'a', 'b'")
        assert.are.equal("", good "local x = 1")
        assert.are.equal("nil\n", good "nil")
        assert.are.equal('{\n  1,\n  a = {\n    b = "c\\"d"\n  },\n  ["x y"] = true\n}\n', good '{ 1, a = { b = "c\\"d" }, ["x y"] = true }')
        assert.are.equal("{\n  a = (the table around it)\n}\n", good "local a = {} a.a = a return a")
        assert.are.equal("one\ttwo\nthree\n", good "print('one', 'two') return 'three'")
        assert.are.equal("2\n", good "mpijob = 2 return mpijob") -- its own globals
        assert.are.equal("table\n", good "type(mpijob)") -- and the next one's are fresh
        assert.are.equal("1\n", good "local g = _G for name in pairs(g) do g[name] = nil end return 1")
        local code, out = support.mpijobd_with({ stdin = "return\n  6 * 7\n" }, "eval", "--state", state, "-")
        assert.are.same({ 0, "42\n" }, { code, out })
    end)

    it("prints JSON, for programs", function()
        assert.are.equal('{"a":[1,2]}\n', good("-o", "json", "{ a = { 1, 2 } }"))
        assert.are.equal('[1,null,"x"]\n', good("-o", "json", "return 1, nil, 'x'"))
        assert.are.equal("null\n", good("-o", "json", "local x"))
        local out, err = good("-o", "json", "print 'beside' return 1")
        assert.are.same({ "1\n", "beside\n" }, { out, err })
        local key = good("jobs{}[1].job"):match "%S+"
        local metadata = support.json.decode((good("-o", "json", ("mpijob.get %q"):format(key)))).metadata
        assert.are.equal(key, metadata.namespace .. "/" .. metadata.name)
        assert.are.equal("mpijobd eval: the value is a function, which JSON cannot hold\n", bad(1, "-o", "json", "print"))
    end)

    it("answers what people ask", function()
        local out = good "policies()"
        assert.are.equal("NAME  STATE     NEXT                  RUNS  WAITING  TRIGGER           WHY", out:match "^[^\n]*")
        support.contains(out, "noon  in force  2026-03-01T12:00:00Z  0     0        0 12 * * * (UTC)  -")
        support.contains(good "next()", "noon  2026-03-01T12:00:00Z  7200s  0 12 * * * (UTC)")
        support.contains(good "caches()", "MPIJob  (all)      watched")
        assert.are.equal(20, tonumber((good "#jobs{}")))
        support.contains(good "jobs{ phase = 'Failed' }", "CLEANPODPOLICY")
        assert.are.equal("(none)\n", good "jobs{ name = 'no-such-job' }")
        assert.are.equal("noon", support.json.decode((good("-o", "json", "policies()")))[1].name)
        assert.are.equal("1\ta\n", good "print(next({ 'a' }))") -- Lua's own is there as well
    end)

    it("says what is wrong, on standard error", function()
        assert.are.equal("mpijobd eval: input:1: attempt to perform arithmetic on a nil value\n", bad(1, "nil + 1"))
        assert.are.equal("mpijobd eval: input:1: unexpected symbol near <eof>\n", bad(1, "1 +"))
        assert.are.equal("mpijobd eval: input:1: unexpected symbol near '*'\n", bad(1, "1 +* 2"))
        assert.are.equal("mpijobd eval: input:2: ends here\n", bad(1, "local x\nerror 'ends here'"))
        support.contains(bad(1, "mpijob.get 'train/none'"), "mpijobd eval: NotFound: ") -- nil and an error
        support.contains(bad(2), "takes one expression")
        support.contains(bad(2, "1", "2"), "takes one expression")
        support.contains(bad(2, "-o", "yaml", "1"), "-o takes table or json")
        support.contains(bad(1, "--cluster", "nowhere", "1"), 'no cluster "nowhere"')
        local code, _, err = support.mpijobd("eval", "--state", folder .. "/other.db", "1")
        assert.are.equal(1, code)
        support.contains(err, "no daemon")
    end)

    it("only reads, unless it is told to write", function()
        local before = #runs()
        for _, call in ipairs {
            "mpijob.replace('a/b', { labels = { x = 'y' } })", "mpijob.replace(jobs{}[1].job, function() return { labels = { x = 'y' } } end)", "mpijob.replace_object('{}')",
            "mpijob.patch('a/b', { metadata = {} })", "mpijob.create { metadata = { name = 'x' } }", "mpijob.delete 'a/b'", "tfjob.delete 'a/b'",
            "kube.replace { apiVersion = 'v1', kind = 'Pod', metadata = { name = 'x' } }", "kube.patch('v1', 'Pod', 'a/b', { metadata = {} })",
            "kube.create { apiVersion = 'v1', kind = 'Pod', metadata = { name = 'x' } }", "kube.delete('v1', 'Pod', 'a/b')",
            "store.set('a', 1)", "store.delete 'a'", "store.cas('a', 1, 2)", "metrics.count 'a'", "metrics.gauge('a', 1)",
            "events.emit(mpijob.get(jobs{}[1].job), { reason = 'X', message = 'x' })", "notify.webhook { url = 'http://127.0.0.1/', text = 'x' }", "http.post('http://127.0.0.1/', 'x')",
            "http.request('DELETE', 'http://127.0.0.1/', { in_dry_run = true })", "pcall(mpijob.delete, 'a/b') mpijob.delete 'a/b'",
        } do
            support.contains(bad(1, call), "--write")
        end
        assert.are.equal(before, #runs())
        assert.are.equal("nil\n", good "store.get 'a'")
    end)

    it("writes as a run of the journal, with who it was", function()
        local key = good("jobs{}[1].job"):match "%S+"
        support.contains(good("--write", ("mpijob.replace(%q, { labels = { by = 'hand' } })"):format(key)), 'effect = "stored"')
        local run = runs()[1]
        assert.are.same({ "by hand", "eval", "done", 1 }, { run.policy, run.trigger, run.outcome, run.changed })
        assert.are.equal(support.uv.getuid(), run.who.uid)
        local _, out = support.mpijobd("journal", "--state", state, ("%d"):format(run.id))
        support.contains(out, 'labels.by: unset -> "hand"')
        local _, rows = support.mpijobd("journal", "--state", state, "-o", "json", "--limit", "1")
        assert.are.same(run.who, support.json.decode(rows)[1].who)
        local code = eval("--write", "error 'broken'")
        assert.are.same({ 1, "failed", "input:1: broken" }, { code, runs()[1].outcome, runs()[1].message })
        code = eval("--write", "mpijob.delete 'train/none'")
        assert.are.same({ 1, "failed", "NotFound" }, { code, runs()[1].outcome, runs()[1].message:match "^%a+" })
    end)

    it("bounds what a call computes, holds and prints", function()
        assert.are.equal("mpijobd eval: input:1: the CPU limit of 2s is used up (a loop that does not end?)\n", bad(1, "while true do pcall(error) end"))
        support.contains(bad(1, "local t = {} for i = 1, 1e9 do t[i] = { i } end"), "the memory limit of 32MiB is reached (a table or a string that grows?)")
        support.contains(good "local t = {} for i = 1, 1e5 do t[i] = i end return t", "... (99000 more)")
        local out = good "('x'):rep(3000000)"
        assert.is_true(#out < 1001000)
        support.contains(out, "... (cut: this is longer than 1 MB)")
        local code, printed, err = eval "for i = 1, 1e6 do print(('x'):rep(100)) end"
        assert.are.equal(1, code)
        support.contains(err, "a call prints at most 1 MiB")
        assert.is_true(#printed > 1000000 and #printed < 1048577)
        assert.are.equal("2\n", good "1 + 1")
        assert.is_nil(daemon.code)
    end)

    it("shows a terminal no commands", function()
        local out = good [["a\27[31mred\u{202e}back\u{9b}31m\0\255"]]
        assert.are.equal("a\\u001b[31mred\\u202eback\\u009b31m\\u0000\u{fffd}\n", out)
        out = good [[print "\27]0;title\7"]]
        assert.are.equal("\\u001b]0;title\\u0007\n", out)
        for _, text in ipairs { [[error("\27[2J\27[31m", 0)]], [[return nil, setmetatable({}, { __name = "error", __tostring = function() return "\27[31m" end })]] } do
            support.lacks(bad(1, text), "\27")
        end
    end)

    it("bounds how many there are, and ends with whoever asked", function()
        local held = {}
        for i = 1, 8 do
            held[i] = assert(control.connect(socket))
            held[i]:send('{"id":1,"verb":"eval","args":{"text":"print(1) sleep(200)"}}\n')
            assert.are.equal("1\n", held[i]:line().line.printed)
        end
        support.contains(bad(1, "1"), "8 sessions of Lua are open in this daemon already")
        for _, c in ipairs(held) do
            c:close()
        end
        assert.is_truthy(support.proc.await(function()
            return eval "1" == 0
        end))
    end)

    it("answers what makes no sense", function()
        local c = assert(control.connect(socket))
        for _, case in ipairs {
            { '{"verb":"eval"}', "Invalid" }, { '{"verb":"eval","args":{"text":5}}', "Invalid" }, { '{"verb":"eval","args":{"text":"1 +"}}', "Syntax" },
            { '{"verb":"eval","args":{"text":"' .. (" "):rep(1100000) .. '"}}', "Limit" }, { '{"verb":"eval","args":{"text":"\\u0000"}}', "Syntax" },
        } do
            c:send(case[1] .. "\n")
            assert.are.equal(case[2], c:line().error.reason)
        end
        c:close()
    end)

    it("ends with the daemon", function()
        local c = assert(control.connect(socket))
        c:send('{"id":1,"verb":"eval","args":{"write":true,"text":"print(1) sleep(200)"}}\n')
        assert.are.equal("1\n", c:line().line.printed)
        daemon:kill "sigterm"
        assert.are.equal(0, daemon:wait())
        c:close()
        assert.are.same({ "by hand", "eval" }, { runs()[1].policy, runs()[1].trigger })
        assert.is_truthy(runs()[1].outcome)
    end)
end)
