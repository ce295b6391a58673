-- SPDX-License-Identifier: Apache-2.0
-- The control socket of a running daemon: who may ask, what a hostile asker can do, what happens to its path.
local support = require "support"
local sims = require "support.sim"
local control = require "support.control"
local uv = support.uv

local QUIET = 'policy { name = "quiet", schedule = "0 0 1 1 *", run = function() end }\n'
local VERBS = '{"id":1,"verb":"verbs"}\n'

describe("the control socket", function()
    local server, folder, daemon, socket

    local function start(...)
        return support.daemon({}, "run", "--no-supervisor", "--kubeconfig", server.kubeconfig, "--listen", "none", folder .. "/p.lua", ...)
    end

    lazy_setup(function()
        server = sims.start("--jobs", "1")
        folder = support.folder()
        support.write(folder .. "/p.lua", QUIET)
        socket = folder .. "/s.db.control"
        daemon = start("--state", folder .. "/s.db")
        daemon:expect("in force")
    end)
    lazy_teardown(support.cleanup)

    -- It answers, and has not fallen behind.
    local function is_well()
        local answer = control.ask(socket, { id = 7, verb = "verbs" })
        assert.are.equal(7, answer.id)
        assert.are.equal("table", type(answer.result))
        assert.is_nil(daemon.code)
    end

    it("stands beside the state, for its owner alone", function()
        local is = assert(uv.fs_lstat(socket))
        assert.are.equal("socket", is.type)
        assert.are.equal(tonumber("600", 8), is.mode & tonumber("777", 8))
        support.contains(daemon.stderr, "commands may ask this daemon control=" .. socket)
        assert.is_nil(uv.fs_lstat(socket .. ".new"))
        is_well()
    end)

    it("answers what makes no sense, and goes on", function()
        local c = assert(control.connect(socket))
        for _, case in ipairs {
            { "garbage\n", "Syntax" }, { "[1]\n", "Invalid" }, { "{}\n", "Invalid" }, { '{"verb":5}\n', "Invalid" }, { '{"verb":""}\n', "Invalid" },
            { '{"verb":"verbz"}\n', "NotFound", 'did you mean "verbs"?' }, { '{"verb":"verbs","args":[]}\n', "Invalid" },
            { '{"verb":"verbs","id":"x"}\n', "Invalid" }, { '{"verb":"verbs","id":1.5}\n', "Invalid" }, { ("[" ):rep(100000) .. "\n", "Limit" },
            { '{"verb":"' .. ("v"):rep(100000) .. '"}\n', "Invalid" }, { "\0\255\254\n", "Syntax" }, { '{"verb":"a\\u0000b"}\n', "NotFound" },
            { '{"verb":"intent"}\n', "Invalid" }, { '{"verb":"intent","args":{}}\n', "Invalid" },
            { '{"verb":"intent","args":{"verb":"replace","server":5}}\n', "Invalid" }, { '{"verb":"outcome","args":{"row":1,"outcome":"done"}}\n', "NotFound" },
            { '{"verb":"observed","args":{"row":"x"}}\n', "NotFound" },
        } do
            c:send(case[1])
            local answer = c:line()
            assert.are.equal(case[2], answer.error and answer.error.reason, case[1]:sub(1, 80))
            support.contains(answer.error.message, case[3] or "")
        end
        c:send("\n\r\n  \n" .. VERBS) -- empty lines are skipped
        assert.are.equal(1, c:line().id)
        c:close()
        is_well()
    end)

    it("answers many requests of a connection, and those of one that has said all", function()
        local c = assert(control.connect(socket))
        local many = {}
        for i = 1, 2000 do
            many[i] = ('{"id":%d,"verb":"verbs"}\n'):format(i)
        end
        c:send(table.concat(many))
        c.pipe:shutdown()
        for i = 1, 2000 do
            assert.are.equal(i, c:line().id)
        end
        assert.is_nil(c:line())
        c:close()
    end)

    it("bounds a request", function()
        local c = assert(control.connect(socket))
        local piece = ("x"):rep(1 << 20)
        for _ = 1, 100 do
            c:send(piece)
        end
        local answer = c:line()
        assert.are.equal("Limit", answer.error.reason)
        assert.is_nil(c:line())
        c:close()
        is_well()
    end)

    it("bounds what has not arrived whole of all together", function()
        local all, piece, refused = {}, ("x"):rep(1 << 20), false
        for i = 1, 12 do
            all[i] = assert(control.connect(socket))
            all[i]:send(VERBS)
            assert.are.equal(1, all[i]:line().id)
            for _ = 1, 3 do
                all[i]:send(piece)
            end
        end
        assert.is_truthy(support.proc.await(function()
            for _, c in ipairs(all) do
                refused = refused or c.text:find("too much is being sent at once", 1, true)
            end
            return refused
        end))
        for _, c in ipairs(all) do
            c:close()
        end
        is_well()
    end)

    it("is not kept by a crowd", function()
        local crowd = {}
        for i = 1, 1000 do
            local pipe = uv.new_pipe(false)
            crowd[i] = pipe
            pipe:connect(socket, function() end)
            if i % 20 == 0 then
                uv.run("nowait")
            end
        end
        is_well()
        local full = 0 -- those who have asked something are not driven out
        local askers = {}
        for i = 1, 80 do
            askers[i] = assert(control.connect(socket))
            askers[i]:send(VERBS)
            local answer = askers[i]:line()
            if answer and answer.error then
                full = full + 1
                support.contains(answer.error.message, "too many connections")
            end
        end
        assert.are.equal(16, full)
        for _, c in ipairs(askers) do
            c:close()
        end
        for _, pipe in ipairs(crowd) do
            pipe:close()
        end
        uv.run("nowait")
        assert.is_truthy(support.proc.await(function()
            local c = control.connect(socket)
            local answer = c and c:ask { verb = "verbs" }
            if c then
                c:close()
            end
            return answer and answer.result
        end))
    end)

    it("refuses another user, wherever the socket lets him in", function()
        if uv.getuid() ~= 0 then
            pending("only root can be another user")
            return
        end
        local script = [[
import os, socket, sys
os.chdir(sys.argv[1])
os.setgid(65534)
os.setuid(65534)
s = socket.socket(socket.AF_UNIX)
try:
    s.connect("s.db.control")
    s.sendall(b'{"verb":"verbs"}\n')
    print("answered" if s.recv(100) else "closed")
except OSError as e:
    print(type(e).__name__)
]]
        local function as_nobody()
            local _, out, err = support.proc.run("/usr/bin/python3", { args = { "-c", script, folder } })
            return out .. err
        end
        assert(uv.fs_chmod(folder, tonumber("755", 8)))
        assert.are.equal("PermissionError\n", as_nobody())
        assert(uv.fs_chmod(socket, tonumber("666", 8)))
        local said = as_nobody()
        assert(uv.fs_chmod(socket, tonumber("600", 8)))
        assert.is_truthy(said == "closed\n" or said == "ConnectionResetError\n" or said == "BrokenPipeError\n", said)
        daemon:expect("another user was refused at the control socket uid=65534")
        is_well()
    end)

    it("takes the place of a dead daemon's, and not of a living one's", function()
        local second = start("--state", folder .. "/other.db", "--control", socket)
        assert.are.equal(1, (second:wait()))
        support.contains(second.stderr, socket .. " is the control socket of another mpijobd (process " .. daemon.pid .. ")")
        is_well()
        local path = folder .. "/dead.control"
        local dead = start("--state", folder .. "/other.db", "--control", path)
        dead:expect("in force")
        dead:stop("sigkill")
        assert.are.equal("socket", uv.fs_lstat(path).type)
        local alive = start("--state", folder .. "/other.db", "--control", path)
        alive:expect("in force")
        assert.is_truthy(control.ask(path, { verb = "verbs" }).result)
        assert.are.equal(0, (alive:stop()))
        assert.is_nil(uv.fs_lstat(path))
    end)

    it("takes no path that is something else", function()
        local other = uv.new_pipe(false) -- a program that knows nothing of our locks
        assert(other:bind(folder .. "/other.sock"))
        other:listen(1, function() end)
        assert(uv.fs_mkdir(folder .. "/open", 511))
        assert(uv.fs_chmod(folder .. "/open", 511))
        support.write(folder .. "/file", "mine")
        assert(uv.fs_symlink(folder .. "/file", folder .. "/link"))
        assert(uv.fs_symlink(folder .. "/nowhere", folder .. "/dangling"))
        assert(uv.fs_symlink(folder .. "/file", folder .. "/locked.lock"))
        local function refused(path, words, ...)
            local code, _, err = support.mpijobd("run", "--kubeconfig", server.kubeconfig, "--state", ":memory:", "--listen", "none", "--control", path, folder .. "/p.lua", ...)
            assert.are.equal(1, code)
            support.contains(err, words)
        end
        refused(folder .. "/file", "file is a file, and not a socket")
        refused(folder .. "/link", "link is a link, and not a socket")
        refused(folder .. "/dangling", "dangling is a link, and not a socket")
        refused(folder .. "/open", "open is a folder, and not a socket")
        refused(folder .. "/open/x", "everybody may write in " .. folder .. "/open")
        refused(folder .. "/none/x", "there is no folder " .. folder .. "/none")
        refused(folder .. "/other.sock", "another program listens on")
        refused(folder .. "/locked", "cannot write " .. folder .. "/locked.lock")
        refused("", "path is empty")
        assert.are.equal("mine", support.read(folder .. "/file"))
        assert.is_nil(uv.fs_lstat(folder .. "/nowhere"))
        other:close()
    end)

    it("may have a long path, be turned off, and be configured", function()
        local long = folder .. "/" .. ("d"):rep(120)
        assert(uv.fs_mkdir(long, 448))
        support.write(folder .. "/c.yaml", "control: " .. long .. "/c\nstate: s2.db\n")
        local d = start("--config", folder .. "/c.yaml")
        d:expect("in force")
        assert.are.equal("socket", uv.fs_lstat(long .. "/c").type)
        assert.are.equal(0, (d:stop()))
        support.write(folder .. "/c.yaml", "control: none\nstate: s2.db\n")
        d = start("--config", folder .. "/c.yaml")
        d:expect("in force")
        assert.is_nil(uv.fs_lstat(folder .. "/s2.db.control"))
        support.lacks(d.stderr, "commands may ask")
        assert.are.equal(0, (d:stop()))
        local code, _, err = support.mpijobd("check", "--config", support.write(folder .. "/bad.yaml", "control: 5\n"), folder .. "/p.lua")
        assert.are.equal(1, code)
        support.contains(err, "bad.yaml:1: control is a number; it has to be a text")
    end)

    it("takes reloads faster than what they begin is ready", function()
        local policies = support.folder()
        local function write(round)
            for i = 1, 20 do
                support.write(("%s/%d.lua"):format(policies, i), round % 3 == 2 and "-- none\n" or
                    ('policy { name = "p%d", on = "%s", dry_run = true, replace = function(job) job.labels.a = "%d" end }\n'):format(i,
                        round % 2 == 0 and "added" or "finished", round))
            end
        end
        write(0)
        support.write(policies .. "/0.lua", QUIET)
        local d = support.daemon({}, "run", "--no-supervisor", "--kubeconfig", server.kubeconfig, "--listen", "none", policies, "--state", folder .. "/fast.db")
        d:expect("in force")
        local c = assert(control.connect(folder .. "/fast.db.control"))
        for round = 1, 60 do
            write(round)
            -- What holds the other threads up keeps a trigger reading.
            c:send(('{"verb":"intent","args":{"server":"s","name":"n","verb":"create"}}\n'):rep(28) .. ('{"id":%d,"verb":"reload"}\n'):format(round))
            local answer
            repeat
                answer = assert(c:line())
            until answer.id
            assert.is_table(answer.result)
        end
        assert.are.equal("table", type(c:ask({ verb = "status" }).result))
        c:close()
        assert.are.equal(0, (d:stop()))
    end)

    it("goes with the daemon, which waits for no asker", function()
        local d = start("--state", folder .. "/last.db")
        d:expect("in force")
        local c = assert(control.connect(folder .. "/last.db.control"))
        c:send('{"verb":"verbs"') -- half a request
        assert.are.equal(0, (d:stop()))
        assert.is_nil(c:line())
        assert.is_nil(uv.fs_lstat(folder .. "/last.db.control"))
        c:close()
    end)
end)
