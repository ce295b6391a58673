-- SPDX-License-Identifier: Apache-2.0
-- What the daemon writes: nobody who does not read holds it up.
local support = require "support"
local sim = require "support.sim"
local http = require "socket.http"
local uv = support.uv

describe("a daemon whose output nobody reads", function()
    local server, folder

    lazy_setup(function()
        server = sim.start("--version", "v2beta1", "--jobs", "3", "--seed", "1")
    end)
    before_each(function()
        folder = support.folder()
    end)
    lazy_teardown(support.cleanup)

    -- A daemon with both outputs in one pipe that another process holds open.
    local function start(policy)
        local pipe = folder .. "/pipe"
        assert.are.equal(0, (support.proc.run("/usr/bin/mkfifo", { args = { pipe } })))
        local fd = assert(uv.fs_open(pipe, "r+", 0))
        support.write(folder .. "/p.lua", policy)
        local daemon = support.keep(support.proc.start("/bin/sh", { stdin = true, args = { "-c", 'exec "$@" >"$0" 2>&1', pipe, support.binary, "run", "--kubeconfig",
            server.kubeconfig, "--state", folder .. "/s.db", "--listen", "127.0.0.1:0", folder .. "/p.lua" } }))
        return daemon, fd
    end

    local function read(fd, text, wanted)
        while not text:find(wanted) do
            text = text .. assert(uv.fs_read(fd, 65536))
        end
        return text
    end

    it("lives, acts, ends when it is told to, and says what was lost", function()
        local daemon, fd = start([[policy { name = "loud", every = "1s", limits = { cpu = "50s" }, run = function()
            local text = ("x"):rep(40000)
            for _ = 1, 5000 do log.info(text) sleep(0.0001) end
        end }]])
        local url = read(fd, "", "url=%S+\n"):match("url=(%S+)\n")
        -- The counter stands there from the start; so many are lost after a while.
        local function lost(more)
            return assert(support.proc.await(function()
                local text = assert(http.request(url .. "/metrics"))
                local n = tonumber(text:match("mpijobd_log_lines_lost_total (%d+)"))
                return n > more and n
            end))
        end
        local first = lost(0)
        assert.are.equal("ok\n", (http.request(url .. "/livez")))
        -- The pipe is read again.
        local text = read(fd, "", " warn  %d+ lines were lost here: nobody took what is written to standard error\n")
        assert.is_true(#text > 4 * 2 ^ 20 and #text < 12 * 2 ^ 20)
        -- And leaves it again: the end does not wait for it.
        lost(first + 200)
        daemon:kill("sigterm")
        assert.are.equal(0, (daemon:wait()))
        uv.fs_close(fd)
    end)

    it("is waited for at the end of run --once, and gets every line", function()
        local lines = 0
        support.write(folder .. "/p.lua", [[policy { name = "loud", every = "1s", run = function()
            for i = 1, 1000 do log.info("line " .. i .. ("x"):rep(200)) end
        end }]])
        local pipe = folder .. "/pipe"
        assert.are.equal(0, (support.proc.run("/usr/bin/mkfifo", { args = { pipe } })))
        local fd = assert(uv.fs_open(pipe, "r+", 0))
        local daemon = support.keep(support.proc.start("/bin/sh", { args = { "-c", 'exec "$@" 2>"$0"', pipe, support.binary, "run", "--once", "--kubeconfig",
            server.kubeconfig, "--state", folder .. "/s.db", folder .. "/p.lua" } }))
        local text = read(fd, "", "run ended")
        for number in text:gmatch("line (%d+)x+ ") do
            lines = lines + 1
            assert.are.equal(lines, tonumber(number))
        end
        assert.are.equal(1000, lines)
        assert.are.equal(0, (daemon:wait()))
        support.contains(daemon.stdout, "1 run: ")
        uv.fs_close(fd)
    end)
end)
