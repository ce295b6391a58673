-- SPDX-License-Identifier: Apache-2.0
-- The net under the daemon: its parent, which starts it again; and what a policy that hangs or crashes it leaves behind.
local support = require "support"
local sims = require "support.sim"
local uv = support.uv

local GOOD = 'policy { name = "good", every = "1s", run = function() log.info("tick") end }\n'

-- The processes that have this one as their parent.
local function children(pid)
    local found = {}
    for name in uv.fs_scandir_next, assert(uv.fs_scandir("/proc")) do
        if name:match("^%d+$") then
            local file = io.open("/proc/" .. name .. "/stat", "rb")
            local stat = file and file:read("a") or ""
            if file then
                file:close()
            end
            local state, parent = stat:match("%) (%a) (%d+)")
            if tonumber(parent) == pid and state ~= "Z" then
                found[#found + 1] = tonumber(name)
            end
        end
    end
    return found
end

local function is_alive(pid)
    local file = io.open("/proc/" .. pid .. "/stat", "rb")
    local stat = file and file:read("a") or ""
    if file then
        file:close()
    end
    return stat:match("%) (%a)") and stat:match("%) (%a)") ~= "Z"
end

describe("the daemon's parent", function()
    local server, folder, good

    lazy_setup(function()
        server = sims.start("--jobs", "1")
        folder = support.folder()
        good = support.write(folder .. "/good.lua", GOOD)
    end)
    lazy_teardown(support.cleanup)

    local function start(...)
        local daemon = support.daemon({}, "run", "--kubeconfig", server.kubeconfig, "--state", ":memory:", "--listen", "none", good, ...)
        daemon:expect("in force")
        return daemon
    end

    it("takes less than 1 MB #measured", function()
        local daemon = start()
        local rss = tonumber(support.read("/proc/" .. daemon.pid .. "/status"):match("VmRSS:%s*(%d+)"))
        assert.is_true(rss < 1024, rss .. " KiB")
        assert.are.equal(1, #children(daemon.pid))
        assert.are.equal(0, (daemon:stop()))
    end)

    it("passes signals on, and keeps the exit code", function()
        local daemon = start()
        daemon:kill("sighup")
        daemon:expect("loading the policies again")
        assert.are.equal(0, (daemon:stop("sigint")))
        support.contains(daemon.stderr, "stopping: what is in flight is finished first")
        assert.are.equal(1, (support.mpijobd("run", "--kubeconfig", server.kubeconfig, "--state", ":memory:", "--listen", "none",
            support.write(folder .. "/wrong.lua", "policy { nam = 1 }"))))
        assert.are.equal(2, (support.mpijobd("run", "--grace", "soon", good)))
    end)

    it("starts a daemon that was killed again, and waits longer each time", function()
        local daemon = start()
        for _, pause in ipairs { "0.1 s", "0.2 s", "0.4 s" } do
            uv.kill(children(daemon.pid)[1], "sigkill")
            daemon:expect("ended by signal 9; it starts again in " .. pause)
            daemon:expect("in force")
        end
        assert.are.equal(0, (daemon:stop()))
    end)

    it("dies with the daemon, and the daemon with it", function()
        local daemon = start()
        local child = children(daemon.pid)[1]
        assert.is_true(is_alive(child))
        daemon:stop("sigkill") -- returns when nobody has its standard error any more
        assert.is_truthy(support.proc.await(function()
            return not is_alive(child)
        end))
        daemon = start()
        uv.kill(children(daemon.pid)[1], "sigterm")
        assert.are.equal(0, (daemon:wait()))
    end)

    it("is left out where it is not wanted", function()
        local daemon = start("--no-supervisor")
        assert.are.equal(0, #children(daemon.pid))
        assert.are.equal(0, (daemon:stop()))
    end)
end)
