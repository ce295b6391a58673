-- SPDX-License-Identifier: Apache-2.0
-- mpijobd attach: a prompt in the running daemon, at a terminal, through a pipe, and against hostile ends of the socket.
local support = require "support"
local sims = require "support.sim"
local control = require "support.control"
local uv = support.uv

local CONFIG = [[
cluster: { kubeconfig: %s }
policies: [ %s/p.lua ]
state: %s/s.db
listen: none
secrets: %s
notify:
  ops: { type: slack, url: "https://hooks.slack.example/services/T0/SECRET1" }
  mail: { type: email, server: "smtps://mail.example.com", from: a@example.com, to: [ b@example.com ], user: u, password: "SECRET2" }
prometheus:
  main: { url: "https://u:SECRET3@prometheus.example.com/x", token: "${prom}" }
]]
local POLICIES = [[
policy { name = "noon", schedule = "0 12 * * *", match = { labels = "noon" }, replace = { labels = { marked = "yes" } } }
policy { name = "seen", on = "match", match = { labels = "seen" }, replace = { annotations = { seen = "yes" } } }
]]

describe("mpijobd attach", function()
    local server, folder, daemon, socket, config

    lazy_setup(function()
        server = sims.start("--version", "v2beta1", "--jobs", "20", "--seed", "1")
        folder = support.folder()
        socket, config = folder .. "/s.db.control", folder .. "/mpijobd.yaml"
        assert(uv.fs_mkdir(folder .. "/secrets", tonumber("700", 8)))
        support.write(folder .. "/secrets/prom", "SECRET4")
        support.write(folder .. "/p.lua", POLICIES)
        support.write(config, CONFIG:format(server.kubeconfig, folder, folder, folder .. "/secrets"))
        daemon = support.daemon({}, "run", "--no-supervisor", "--config", config)
        daemon:expect("in force")
    end)
    lazy_teardown(support.cleanup)

    local function eval(...)
        local code, out, err = support.mpijobd("eval", "--config", config, ...)
        assert.are.equal(0, code, err)
        return out
    end

    -- The lines that it reads, without a terminal.
    local function piped(lines, ...)
        return support.mpijobd_with({ stdin = lines }, "attach", "--config", config, ...)
    end

    local function runs()
        local _, out = support.mpijobd("runs", "--config", config, "-o", "json")
        return support.json.decode(out)
    end

    -- A session on the socket itself.
    local function session(args)
        local c = assert(control.connect(socket))
        c:send(('{"id":1,"verb":"attach","args":%s}\n'):format(args or "{}"))
        local line = c:line()
        return c, line.line and line.line.session, line
    end

    local function call(c, id, text, more)
        c:send(support.json.encode { id = 2, verb = "eval", args = { session = id, text = text, complete = more } } .. "\n")
    end

    -- ---- at a terminal ----

    local function terminal(pager)
        local words = ("stty rows 12 cols 80; exec '%s' attach --config '%s'"):format(support.binary, config)
        local t = support.keep(support.proc.start("/usr/bin/script", { stdin = true, args = { "-qec", words, "/dev/null" },
            env = { TERM = "xterm", LC_ALL = "C", HOME = folder, XDG_STATE_HOME = folder .. "/own", PAGER = pager or "", SHELL = "/bin/sh", PATH = os.getenv "PATH" } }))
        t:expect("Ctrl-D leaves", "stdout")
        return t
    end

    -- What it types is not shown by lines.
    local function shows(t, text)
        local from = t.at or 1
        local last = support.proc.await(function()
            local _, to = t.stdout:find(text, from, true)
            return to
        end)
        assert(last, ("waited in vain for %q in\n%s"):format(text, t.stdout:sub(from)))
        t.at = last + 1
    end

    -- When it is asked for.
    local function types(t, text)
        shows(t, "> ")
        t:write(text)
    end

    -- Leaves, and gives the history.
    local function left(t)
        types(t, "\4")
        assert.are.equal(0, t:wait())
        return support.read(folder .. "/own/mpijobd/history")
    end

    it("answers, asks on for what is not whole, completes, and keeps a history", function()
        local t = terminal()
        types(t, "6 * 7\n")
        shows(t, "42")
        types(t, "for i = 1, 2 do\n")
        types(t, "print('turn ' .. i) end\n")
        shows(t, "turn 2")
        types(t, "return mpijob.repl\t")
        shows(t, "ace")
        t:write "\3"
        shows(t, "^C")
        types(t, "jobs { pha\t")
        shows(t, "se")
        t:write "\3"
        shows(t, "^C")
        types(t, "nil + 1\n")
        shows(t, "attempt to perform arithmetic")
        types(t, "mpijob.delete 'a/b'\n")
        shows(t, "begin with --write")
        types(t, '"\\27[35mviolet\\u{202e}"\n')
        shows(t, "\\u001b[35mviolet\\u202e")
        local history = left(t)
        support.contains(history, "6\\040*\\0407")
        assert.are.equal(tonumber("600", 8), uv.fs_stat(folder .. "/own/mpijobd/history").mode & tonumber("777", 8))
        t = terminal() -- and the next one has it
        types(t, "\27[A\27[A\27[A\27[A\27[A\n")
        shows(t, "42")
        left(t)
    end)

    it("shows what is longer than the terminal by a pager", function()
        local t = terminal "sed s/^/paged:/"
        types(t, "('a line\\n'):rep(11)\n")
        shows(t, "paged:a line")
        types(t, "('a line\\n'):rep(5)\n")
        shows(t, "\na line")
        left(t)
        t = terminal "no-such-pager"
        types(t, "('a line\\n'):rep(11)\n")
        shows(t, "\na line")
        left(t)
        t = terminal "true" -- whoever has seen enough
        types(t, "('a line\\n'):rep(90000)\n")
        types(t, "1 + 1\n")
        shows(t, "2")
        left(t)
    end)

    it("ends a call by Ctrl-C, and not the prompt", function()
        local t = terminal()
        types(t, "kept = 'still here' print 'waits' sleep(200)\n")
        shows(t, "waits\r")
        t:write "\3"
        shows(t, "interrupted")
        types(t, "print 'turns' while true do end\n")
        shows(t, "turns\r")
        t:write "\3"
        shows(t, "interrupted")
        types(t, "kept\n")
        shows(t, "still here\r")
        left(t)
    end)

    it("ends when the terminal goes away in the middle of a call", function()
        local t = terminal()
        types(t, "print 'waits' sleep(200)\n")
        shows(t, "waits\r")
        t:kill "sigkill"
        t:wait()
        assert.are.equal("1\n", eval "1")
    end)

    -- ---- without one ----

    it("reads lines from a pipe", function()
        local code, out, err = piped "x = 20\nx + 1\nfor i = 1, 2 do\n  print(i)\nend\n"
        assert.are.same({ 0, "21\n1\n2\n", "" }, { code, out, err })
        code, out, err = piped "error 'first'\n'second'\n1 +"
        assert.are.same({ 1, "second\n", "input:1: first\nthe last chunk is not whole\n" }, { code, out, err })
        code, out, err = support.mpijobd("attach", "--config", config, "1")
        assert.are.same({ 2, "" }, { code, out })
        support.contains(err, "takes no arguments")
    end)

    it("helps with every function", function()
        local _, out = piped "help()\nhelp(mpijob.replace)\nhelp 'mpijob.list'\nhelp(tfjob.get)\nhelp 'job'\nhelp(jobs{}[1] and mpijob.get(jobs{}[1].job))\nhelp(time)\nhelp(run)\n"
        support.contains(out, "policies()")
        support.contains(out, "mpijob.replace(target, changes, options)\n  Changes a job")
        support.contains(out, "mpijob.list(match)\n")
        support.contains(out, "tfjob.get(key)\n")
        support.contains(out, "cleanPodPolicy  ")
        local lines, wanted = {}, 0
        for _, module in ipairs { "mpijob", "kube", "log", "time", "json", "http", "store", "metrics", "notify", "prometheus", "yaml", "tfjob" } do
            for name in eval(("local names = {} for k, v in pairs(%s) do if type(v) == 'function' then names[#names + 1] = k end end return table.concat(names, ' ')"):format(module)):gmatch "%w[%w_]*" do
                lines[#lines + 1] = ("help(%s.%s):match '^[^(]*'"):format(module, name)
                wanted = wanted + 1
            end
        end
        local code, told, err = piped(table.concat(lines, "\n") .. "\n")
        assert.are.same({ 0, "" }, { code, err })
        assert.are.equal(wanted, support.count(told, "\n"))
        code, told, err = piped "help 'mpijob.nothing'\n"
        assert.are.same({ 1, "" }, { code, told })
        support.contains(err, 'there is no help for "mpijob.nothing"')
    end)

    it("answers why, and shows the configuration without secrets", function()
        local key = eval "jobs{}[1].job":gsub("\n", "")
        local out = eval(("why(%q, 'noon')"):format(key))
        support.contains(out, "does not match: labels")
        out = eval(("why(%q)"):format(key))
        support.contains(out, "noon (")
        support.contains(out, "seen (")
        local code, _, err = support.mpijobd("eval", "--config", config, "why('train/none', 'noon')")
        assert.are.equal(1, code)
        support.contains(err, "NotFound")
        out = eval "config()"
        support.contains(out, 'url = "https://hooks.slack.example/(hidden)"')
        support.contains(out, 'url = "https://(hidden)@prometheus.example.com/x"')
        support.contains(out, 'token = "${prom}"')
        support.contains(out, 'password = "(hidden)"')
        support.contains(out, 'kubeconfig = "' .. server.kubeconfig)
        support.lacks(out .. eval("-o", "json", "config()"), "SECRET")
        support.lacks(eval "secret 'prom'", "SECRET")
        support.contains(eval "caches()", "MPIJob  (all)      watched")
    end)

    it("completes names, keys and fields", function()
        local c, id = session()
        local function names(text)
            call(c, id, text, true)
            return table.concat(support.json.decode(c:line().result.values), " ")
        end
        assert.are.equal("policies policy", names "pol")
        assert.are.equal("replace replace_object", names "print(mpijob.repl")
        assert.are.equal("phase", names "jobs { namespace = 'x', ph")
        assert.are.equal("phase", names "mpijob.list({ ph")
        assert.are.equal("", names "nothing.at.all.")
        support.contains(names "", "caches config")
        call(c, id, "found = { alpha = 1, ['not a name'] = 2, beta = { gamma = 3 } } job = mpijob.get(jobs{}[1].job)")
        c:line()
        assert.are.equal("alpha beta", names "found.")
        assert.are.equal("gamma", names "found.beta.ga")
        assert.are.equal("cleanPodPolicy cluster controller created", names "job.c")
        assert.are.equal("json", names "job:j")
        c:close()
    end)

    it("keeps the values of a session, and gives nothing of them to another one", function()
        local a, first = session()
        local b, second = session()
        call(a, first, "mine = 'a'")
        assert.are.equal("", a:line().result.values)
        call(b, second, "mine")
        assert.are.equal("nil", b:line().result.values)
        call(b, first, "mine")
        assert.are.equal("NotFound", b:line().error.reason)
        b:send(('{"id":3,"verb":"interrupt","args":{"session":%d}}\n'):format(first))
        assert.are.equal("NotFound", b:line().error.reason)
        call(a, first, "mine")
        assert.are.equal("a", a:line().result.values)
        call(a, first, "sleep(200)")
        call(a, first, "1")
        assert.are.equal("Invalid", a:line().error.reason) -- one after the other
        a:close()
        b:close()
    end)

    it("writes as one run of the journal, with who it was", function()
        local key = eval "jobs{}[1].job":gsub("\n", "")
        local code = piped(("mpijob.replace(%q, { labels = { a = '1' } })\nmpijob.replace(%q, { labels = { b = '2' } })\nrun.changed\n"):format(key, key), "--write")
        assert.are.equal(0, code)
        local run = support.proc.await(function() -- its end is written when the connection is closed
            local newest = runs()[1]
            return newest.outcome ~= support.json.null and newest
        end)
        assert.are.same({ "by hand", "attach", "done", 2 }, { run.policy, run.trigger, run.outcome, run.changed })
        assert.are.equal(uv.getuid(), run.who.uid)
        local before = #runs()
        assert.are.equal(0, (piped "1\n"))
        assert.are.equal(before, #runs())
    end)

    -- ---- hostile ----

    it("bounds sessions in number and in time", function()
        local held = {}
        assert.is_truthy(support.proc.await(function() -- those of the tests before have gone
            local c, id = session()
            held[#held + 1] = c
            if not id then
                table.remove(held):close()
            end
            return #held == 8
        end))
        for _ = 1, 92 do
            local c, _, line = session()
            assert.are.equal("Limit", line.error.reason)
            c:close()
        end
        local code, _, err = piped "1\n"
        assert.are.equal(1, code)
        support.contains(err, "8 sessions of Lua are open in this daemon already")
        for _, c in ipairs(held) do
            c:close()
        end
        local c
        assert.is_truthy(support.proc.await(function()
            local _, id
            c, _, id = session '{"idle":1}'
            if not id.line then
                c:close()
            end
            return id.line
        end))
        local line = c:line()
        assert.are.same({ 1, "Timeout" }, { line.id, line.error.reason })
        c:close()
        for _, bad in ipairs { '{"idle":0}', '{"idle":1801}', '{"idle":"x"}', '{"cluster":"nowhere"}' } do
            c, _, line = session(bad)
            assert.is_truthy(line.error, bad)
            c:close()
        end
    end)

    it("is not held up by what one computes, holds or does not read", function()
        local c, id = session()
        call(c, id, "while true do end")
        assert.are.equal("1\n", eval "1") -- beside it
        assert.are.equal("Limit", c:line().error.reason)
        call(c, id, "big = {} for i = 1, 1e7 do big[i] = { i } end")
        assert.are.equal("Limit", c:line().error.reason)
        call(c, id, "big = nil return 1")
        assert.are.equal("1", c:line().result.values)
        call(c, id, "local t = {} for i = 1, 1e5 do t[i] = i end return t")
        support.contains(c:line().result.values, "... (99000 more)")
        c:send '{"id":9,"verb":"eval","args":{"session":1.5,"text":"1"}}\nno JSON\n'
        assert.are.equal("NotFound", c:line().error.reason)
        assert.are.equal("Syntax", c:line().error.reason)
        c:close()
        -- One that reads nothing: its calls are refused, or it is ended.
        c, id = session()
        c.pipe:read_stop()
        for _ = 1, 20 do
            call(c, id, "('x'):rep(900000)")
        end
        assert.are.equal("1\n", eval "1")
        c:close()
        assert.is_nil(daemon.code)
    end)

    it("is nobody else's", function()
        if uv.getuid() ~= 0 then
            return pending "only root can ask as another user"
        end
        assert(uv.fs_chmod(folder, tonumber("755", 8)))
        assert(uv.fs_chmod(socket, tonumber("666", 8)))
        local code, out = support.proc.run("/usr/bin/setpriv", { args = { "--reuid=65534", "--regid=65534", "--clear-groups", support.binary, "eval", "--control", socket, "1" }, env = { HOME = "/", PATH = os.getenv "PATH" } })
        assert(uv.fs_chmod(socket, tonumber("600", 8)))
        assert.are_not.equal(0, code)
        assert.are.equal("", out)
    end)

    it("is ended in the journal by the next daemon, where this one is killed", function()
        local c, id = session '{"write":true}'
        call(c, id, "print 'waits' sleep(200)")
        assert.are.equal("waits\n", c:line().line.printed)
        daemon:kill "sigkill"
        daemon:wait()
        c:close()
        daemon = support.daemon({}, "run", "--no-supervisor", "--config", config)
        daemon:expect("in force")
        local newest = runs()[1]
        assert.are.same({ "by hand", "attach", "interrupted" }, { newest.policy, newest.trigger, newest.outcome })
        assert.are.equal("1\n", eval "1")
    end)

    it("ends with the daemon, which it never stops", function()
        local c, id = session '{"write":true}'
        call(c, id, "print 'waits' sleep(200)")
        assert.are.equal("waits\n", c:line().line.printed)
        daemon:kill "sigterm"
        assert.are.equal(0, daemon:wait())
        c:close()
        assert.are.same({ "by hand", "attach" }, { runs()[1].policy, runs()[1].trigger })
        assert.is_truthy(runs()[1].outcome)
    end)
end)
