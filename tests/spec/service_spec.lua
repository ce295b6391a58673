-- SPDX-License-Identifier: Apache-2.0
-- What the service manager hears: the daemon is told a socket as systemd tells it, and the spec listens there.
local support = require "support"
local sim = require "support.sim"
local dgram = require "socket.unix".dgram

describe("the service manager", function()
    local server, folder, manager

    local function policy(text)
        support.write(folder .. "/p.lua", text)
    end
    local GOOD <const> = 'policy { name = "p", schedule = "0 0 1 1 *", replace = { labels = { a = "b" } } }\n'

    -- The next message that is not the watchdog's food.
    local function heard()
        local message
        repeat
            message = assert(manager:receive())
        until message ~= "WATCHDOG=1"
        return message
    end

    local function start(env)
        env.NOTIFY_SOCKET = folder .. "/notify"
        return support.daemon({ env = env }, "run", "--no-supervisor", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--grace", "1s",
            folder .. "/p.lua")
    end

    before_each(function()
        server = sim.start("--version", "v2beta1")
        folder = support.folder()
        manager = assert(dgram())
        assert(manager:bind(folder .. "/notify"))
        manager:settimeout(60)
    end)
    after_each(function()
        manager:close()
        support.cleanup()
    end)

    it("hears when the policies are in force, when they are loaded again, what came of it, and of the end", function()
        policy(GOOD)
        local daemon = start {}
        assert.equal("READY=1\nSTATUS=1 policy in force", heard())
        policy(GOOD .. GOOD:gsub('"p"', '"q"'))
        daemon:kill "sighup"
        assert.truthy(heard():find "^RELOADING=1\nMONOTONIC_USEC=%d+\nSTATUS=the policies are loaded again$")
        assert.equal("READY=1\nSTATUS=2 policies in force", heard())
        policy "policy { name = 5 }"
        daemon:kill "sighup"
        assert.truthy(heard():find "^RELOADING=1\n")
        assert.equal("READY=1\nSTATUS=the policies as they were: the last reload found mistakes, which the log tells", heard())
        daemon:kill "sigterm"
        assert.equal("STOPPING=1\nSTATUS=stopping: what is in flight is finished first", heard())
        assert.equal(0, daemon:wait())
    end)

    it("hears nothing of a daemon that has mistakes in its policies and does not start", function()
        policy "policy { name = 5 }"
        local daemon = start {}
        assert.equal(1, daemon:wait())
        manager:settimeout(0)
        assert.equal("timeout", select(2, manager:receive()))
    end)

    it("has its watchdog fed by the loop, at a third of its time; a stopped daemon feeds none", function()
        policy(GOOD)
        local daemon = start { WATCHDOG_USEC = "30000" }
        assert.truthy(heard():find "^READY=1\n")
        for _ = 1, 5 do
            assert.equal("WATCHDOG=1", manager:receive())
        end
        daemon:kill "sigstop"
        manager:settimeout(1)
        while manager:receive() do end -- what was under way
        assert.equal("timeout", select(2, manager:receive()))
        daemon:kill "sigcont"
        manager:settimeout(60)
        assert.equal("WATCHDOG=1", manager:receive())
    end)

    it("does not hear another process's watchdog, nor a program that the daemon starts", function()
        policy(GOOD)
        support.write(folder .. "/token", '#!/bin/sh\nenv > "' .. folder .. [[/env"
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}'
]])
        os.execute("chmod +x " .. folder .. "/token")
        support.write(folder .. "/config", ([[
apiVersion: v1
kind: Config
current-context: c
contexts: [ { name: c, context: { cluster: c, user: u } } ]
clusters: [ { name: c, cluster: { server: "%s" } } ]
users: [ { name: u, user: { exec: { apiVersion: client.authentication.k8s.io/v1, command: "%s", interactiveMode: Never } } } ]
]]):format(server.url, folder .. "/token"))
        local daemon = support.daemon({ env = { NOTIFY_SOCKET = folder .. "/notify", WATCHDOG_USEC = "30000", WATCHDOG_PID = "1" } }, "run", "--no-supervisor",
            "--kubeconfig", folder .. "/config", "--state", folder .. "/s.db", folder .. "/p.lua")
        assert.truthy(manager:receive():find "^READY=1\n")
        daemon:expect "connected"
        local seen = support.read(folder .. "/env")
        assert.truthy(seen:find "PATH=")
        support.lacks(seen, "NOTIFY_SOCKET")
        support.lacks(seen, "WATCHDOG")
        manager:settimeout(0.2)
        assert.equal("timeout", select(2, manager:receive()))
    end)

    it("need not be there: a socket that is gone, or is no path, changes nothing", function()
        policy(GOOD)
        for i, path in ipairs { folder .. "/gone", "relative", "", ("/x"):rep(200) } do
            local daemon = support.daemon({ env = { NOTIFY_SOCKET = path } }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/" .. i .. ".db",
                folder .. "/p.lua")
            daemon:expect " in force"
            daemon:kill "sigterm"
            assert.equal(0, daemon:wait())
        end
    end)
end)
