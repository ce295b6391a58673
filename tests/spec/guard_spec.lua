-- SPDX-License-Identifier: Apache-2.0
-- The net under the daemon: its parent, which starts it again; and what a policy that hangs or crashes it leaves behind.
local support = require "support"
local sims = require "support.sim"
local http = require "socket.http"
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
        local empty = support.folder()
        local code, _, err = support.mpijobd("run", "--kubeconfig", server.kubeconfig, "--state", empty .. "/s.db")
        assert.are.equal(2, code, err)
        support.contains(err, "no policies: name files or folders")
        assert.is_nil(uv.fs_stat(empty .. "/s.db"))
    end)

    it("passes on once what is sent to its whole process group", function()
        local daemon = support.daemon({ behind = { "/usr/bin/setsid" } }, "run", "--kubeconfig", server.kubeconfig, "--state", ":memory:", "--listen", "none",
            good)
        daemon:expect("in force")
        uv.kill(-daemon.pid, "sighup")
        daemon:expect("loading the policies again")
        daemon:expect("in force")
        uv.kill(-daemon.pid, "sigtstp") -- there is no shell that could go on with it: it has no effect
        daemon:expect("tick")
        uv.kill(-daemon.pid, "sigterm")
        assert.are.equal(0, (daemon:wait()))
        assert.are.equal(1, support.count(daemon.stderr, "loading the policies again"))
        support.lacks(daemon.stderr, "already stopping")
    end)

    it("ends at once with what timeout sends, to it and to its group", function()
        local daemon = support.daemon({ behind = { "/usr/bin/timeout", "100" } }, "run", "--kubeconfig", server.kubeconfig, "--state", ":memory:", "--listen",
            "none", good)
        daemon:expect("in force")
        daemon:kill("sigterm")
        assert.are.equal(0, (daemon:wait()))
        assert.are.equal(1, support.count(daemon.stderr, "stopping: what is in flight"))
        support.lacks(daemon.stderr, "already stopping")
    end)

    -- A shell with jobs, on a terminal of its own.
    it("is stopped and goes on with the daemon, and ends with it at Ctrl-C", function()
        local shell = support.keep(support.proc.start("/usr/bin/script", { stdin = true, env = { LC_ALL = "C" }, args = { "-qec", "exec bash --norc --noprofile -m", "/dev/null" } }))
        shell.input:write(("exec 2>&1; '%s' run --kubeconfig '%s' --state :memory: --listen none '%s'\n"):format(support.binary, server.kubeconfig, good))
        shell:expect("in force", "stdout")
        shell:expect("tick", "stdout")
        shell.input:write("\26")
        shell:expect("Stopped", "stdout")
        local pid = children(children(shell.pid)[1])[1]
        local function state(of)
            return support.read("/proc/" .. of .. "/stat"):match("%) (%a)")
        end
        assert.are.equal("T", state(pid))
        assert.is_truthy(support.proc.await(function()
            return state(children(pid)[1]) == "T"
        end))
        shell.input:write("fg\n")
        shell:expect("tick", "stdout")
        shell.input:write("\3")
        shell:expect("stopping: what is in flight", "stdout")
        shell.input:write("echo it has ended with $?\n")
        shell:expect("it has ended with 0", "stdout")
        support.lacks(shell.stdout, "already stopping")
        shell.input:write("exit\n")
        shell:wait()
    end)

    it("is left out where the clock is moved at a terminal, which it would keep from the daemon", function()
        local terminal = support.keep(support.proc.start("/usr/bin/script", { stdin = true, args = { "-qec",
            ("exec '%s' run --clock 2026-12-01T00:00:00Z --kubeconfig '%s' --state :memory: --listen none '%s' 2>&1"):format(support.binary, server.kubeconfig, good),
            "/dev/null" } }))
        terminal:expect("in force", "stdout")
        terminal.input:write("advance 2s\n")
        terminal:expect("tick", "stdout")
        terminal.input:write("\3")
        assert.are.equal(0, (terminal:wait()))
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

describe("a policy that hangs or crashes the daemon", function()
    local server

    lazy_setup(function()
        server = sims.start("--jobs", "1")
    end)
    lazy_teardown(support.cleanup)

    local function start(folder, ...)
        return support.daemon({ env = { MPIJOBD_TEST_FAULTS = "1" } }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db",
            "--listen", "127.0.0.1:0", "--config", folder .. "/c.yaml", folder .. "/p", ...)
    end

    -- A folder with the good policy, and a bad one for each body, which is on line 2 of its file.
    local function policies(bodies, stall)
        local folder = support.folder()
        assert(uv.fs_mkdir(folder .. "/p", 448))
        support.write(folder .. "/c.yaml", ("limits: { stall: %s }\n"):format(stall or "400ms"))
        support.write(folder .. "/p/good.lua", GOOD)
        for name, body in pairs(bodies) do
            support.write(("%s/p/%s.lua"):format(folder, name),
                ('policy { name = "%s", every = "1s", run = function(run)\n%s\nend }\n'):format(name, body))
        end
        return folder
    end

    local function in_quarantine(daemon, deed)
        daemon:expect("it starts again at once")
        daemon:expect("a policy is in quarantine, because it " .. deed)
        daemon:expect("tick policy=good")
    end

    local function each(bodies, deed)
        local folder, count = policies(bodies), 0
        local daemon = start(folder)
        for _ in pairs(bodies) do
            daemon:expect("it starts again at once")
            count = count + 1
        end
        for name in pairs(bodies) do
            assert.is_truthy(support.proc.await(function()
                local last = daemon.stderr:match(".*it starts again at once\n(.*)")
                return support.count(last, "is in quarantine") == count and last:find("tick policy=good", 1, true)
            end), daemon.stderr)
            support.contains(daemon.stderr, ("in policy %s at %s/p/%s.lua:2; it goes into quarantine"):format(name, folder, name))
        end
        assert.are.equal(0, (daemon:stop()))
        for name in pairs(bodies) do
            local _, runs = support.mpijobd("runs", "--state", folder .. "/s.db", "--policy", name, "-o", "json")
            support.contains(runs, ("the policy %s, at %s/p/%s.lua:2"):format(deed, folder, name))
        end
    end

    it("goes into quarantine when it hangs", function()
        each({ a = "fault.hang()", b = "fault.block()", c = "pcall(fault.hang)",
            d = 'local t = setmetatable({}, { __index = fault.hang }) return coroutine.wrap(function() return t.x end)()' }, "held the loop for too long")
    end)

    it("goes into quarantine when it aborts", function()
        each({ a = "fault.crash 'SIGABRT'" }, "crashed with SIGABRT")
    end)

    it("goes into quarantine when it crashes #measured", function() -- a sanitizer has handlers of its own
        each({ a = "fault.crash 'SIGSEGV'", b = "fault.crash 'stack'" }, "crashed with SIGSEGV")
    end)

    -- Alone on a machine it is 1.2 s from the hang until the policies are in force again, most of it limits.stall. What comes after that is
    -- judged by what a start takes here and now.
    it("is back at once #measured", function()
        local function since(began)
            uv.update_time()
            return uv.now() - began
        end
        local began = uv.now()
        local daemon = start(policies({ bad = "fault.hang()" }, "1s"))
        daemon:expect("in force")
        local first = since(began)
        daemon:expect("the daemon answers no more")
        began = uv.now()
        daemon:expect("in force")
        assert.is_true(since(began) < 500 + 3 * first, ("%d ms, and %d ms the first time"):format(since(began), first))
        assert.are.equal(0, (daemon:stop()))
    end)

    it("runs again when its file has changed", function()
        local folder = policies { bad = "fault.hang()" }
        local daemon = start(folder)
        in_quarantine(daemon, "held the loop for too long")
        local url = daemon.stderr:match(".*metrics and health are served url=(%S+)")
        local text = http.request(url .. "/readyz?verbose")
        support.contains(text, ("[-] policy bad: in quarantine, because it held the loop for too long, at %s/p/bad.lua:2\n"):format(folder))
        assert.is_truthy(support.proc.await(function() -- it has to connect first
            return select(2, http.request(url .. "/readyz")) == 200
        end))
        support.contains((http.request(url .. "/metrics")), ('mpijobd_policy_quarantined{policy="bad",file="%s/p/bad.lua"} 1\n'):format(folder))
        support.write(folder .. "/p/bad.lua", 'policy { name = "bad", every = "1s", run = function() log.info("mended") end }')
        daemon:kill("sighup")
        daemon:expect("mended policy=bad")
        assert.are.equal(0, (daemon:stop()))
    end)

    it("runs again when a person says so", function()
        local folder = policies { bad = "fault.hang()" }
        local daemon = start(folder)
        in_quarantine(daemon, "held the loop for too long")
        local namespace, name = select(2, support.mpijobd("get", "-A", "--kubeconfig", server.kubeconfig)):match("\n(%S+)%s+(%S+)")
        assert.is_truthy(support.proc.await(function() -- it has to connect first
            return (support.mpijobd("why", "--state", folder .. "/s.db", "bad", namespace .. "/" .. name)) == 0
        end))
        support.contains(select(2, support.mpijobd("why", "--state", folder .. "/s.db", "bad", namespace .. "/" .. name)),
            "quarantine: the policy is in quarantine: it held the loop for too long at ")
        local code, _, err = support.mpijobd("resume", "--state", folder .. "/s.db", "other")
        assert.are.equal(1, code)
        support.contains(err, 'there is no policy "other"')
        local _, out = support.mpijobd("resume", "--state", folder .. "/s.db")
        support.contains(out, "bad held the loop for too long, at " .. folder .. "/p/bad.lua:2, ")
        code, _, err = support.mpijobd("trigger", "--state", folder .. "/s.db", "bad")
        assert.are.equal(1, code)
        support.contains(err, 'policy "bad" is in quarantine: mpijobd resume bad lets it run')
        code, out = support.mpijobd("status", "--state", folder .. "/s.db", "bad")
        assert.are.equal(0, code)
        support.contains(out, "State: in quarantine: it held the loop for too long, at " .. folder .. "/p/bad.lua:2")
        code, out = support.mpijobd("resume", "--state", folder .. "/s.db", "bad")
        assert.are.equal(0, code)
        assert.are.equal("bad may run again\n", out)
        daemon:expect("fault: hangs")
        daemon:expect("fault: hangs")
        in_quarantine(daemon, "held the loop for too long")
        -- Where the daemon cannot be asked, by its files and a signal.
        code, out = support.mpijobd("resume", "--state", folder .. "/s.db", "--control", "none", "bad")
        assert.are.equal(0, code)
        assert.are.equal("bad may run again\n", out)
        daemon:expect("fault: hangs")
        in_quarantine(daemon, "held the loop for too long")
        assert.are.equal(0, (daemon:stop()))
    end)

    it("is a file whose own code does", function()
        local folder = policies {}
        support.write(folder .. "/p/bad.lua", "local x = 1\nfault.hang()\n")
        local daemon = start(folder)
        support.contains(daemon:expect("while a file is loaded"), "/p/bad.lua:2; it goes into quarantine")
        daemon:expect("a file is in quarantine, because it held the loop for too long")
        daemon:expect("tick policy=good")
        support.contains(select(3, support.mpijobd("why", "--state", folder .. "/s.db", "bad", "train/a")),
            ('there is no policy "bad"; the file %s/p/bad.lua is in quarantine, and its policies are not known'):format(folder))
        assert.are.equal(0, (daemon:stop()))
    end)

    it("is found by the next start, where there is no parent", function()
        local folder = policies { bad = "fault.block()" }
        local daemon = start(folder, "--no-supervisor", "--log-format", "json")
        local _, _, _, signal = daemon:wait()
        assert.are.equal(6, signal)
        local told = support.json.decode(daemon.stderr:match('(%b{})\n$'))
        support.contains(told.message, "in policy bad at " .. folder .. "/p/bad.lua:2; it goes into quarantine")
        daemon = start(folder, "--no-supervisor")
        daemon:expect("a policy is in quarantine")
        daemon:expect("tick policy=good")
        assert.are.equal(0, (daemon:stop()))
    end)

    it("does not hold up the end of the daemon", function()
        local folder = policies({ bad = "fault.hang()" }, "1h")
        for _, parent in ipairs { "--no-supervisor", false } do
            local daemon = start(folder, "--grace", "100ms", parent or nil)
            daemon:expect("fault: hangs")
            local began = uv.now()
            assert.are.equal(1, (daemon:stop()))
            uv.update_time()
            assert.is_true(uv.now() - began < 10000) -- 2.1 s on a machine that has the time
            -- The parent comes a little later than the watchdog, unless the machine keeps that one waiting.
            if not daemon.stderr:find("ended by signal 9, before it had finished", 1, true) then
                support.contains(daemon.stderr, "the daemon did not end within its grace time")
            end
        end
    end)
end)
