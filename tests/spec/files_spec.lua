-- SPDX-License-Identifier: Apache-2.0
-- Paths at which no regular file is: a pipe that nobody writes to, a folder, a device. Each is refused at once, and named.
local support = require "support"
local sim = require "support.sim"
local http = require "socket.http"

describe("a pipe in the place of", function()
    local server, folder, pipe
    local POLICY = [[policy { name = "p", every = "10m", replace = { labels = { swept = "yes" } } }]]

    lazy_setup(function()
        server = sim.start("--version", "v2beta1", "--jobs", "3", "--seed", "1", "--token", "let-me-in")
    end)
    lazy_teardown(support.cleanup)
    before_each(function()
        folder = support.folder()
        pipe = folder .. "/pipe"
        assert.are.equal(0, (support.proc.run("/usr/bin/mkfifo", { args = { pipe } })))
        support.write(folder .. "/p.lua", POLICY)
    end)

    -- Ends at once, with 1 or 2, and says what it is and the cure.
    local function refused(...)
        local code, out, err = support.mpijobd(...)
        assert.is_true(code == 1 or code == 2, out .. err)
        support.contains(err, "cannot read " .. pipe .. ": it is a pipe; name a regular file with what the pipe would have said")
        return err
    end

    local function kubeconfig(cluster, user)
        return support.write(folder .. "/kubeconfig", ([[
apiVersion: v1
kind: Config
current-context: dev
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"%s}}]
users: [{name: u, user: {%s}}]
contexts: [{name: dev, context: {cluster: c, user: u}}]
]]):format(cluster, user))
    end

    it("a policy file, also of an earlier one", function()
        refused("check", pipe)
        refused("run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--listen", "none", pipe)
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--listen",
            "127.0.0.1:0", folder .. "/p.lua")
        local url = daemon:expect("metrics and health are served"):match("url=(%S+)")
        daemon:expect("1 policy in force")
        assert(os.rename(pipe, folder .. "/p.lua"))
        daemon:kill("sighup")
        daemon:expect("p.lua: it is a pipe; name a regular file")
        daemon:expect("the policies in force stay as they are")
        assert.are.equal("ok\n", (http.request(url .. "/livez")))
        support.write(folder .. "/new.lua", POLICY)
        assert(os.rename(folder .. "/new.lua", folder .. "/p.lua"))
        daemon:kill("sighup")
        daemon:expect("1 policy in force")
        assert.are.equal(0, (daemon:stop("sigterm")))
    end)

    it("the configuration", function()
        refused("run", "--config", pipe, folder .. "/p.lua")
        refused("get", "--config", pipe)
    end)

    it("a kubeconfig", function()
        refused("run", "--kubeconfig", pipe, "--state", folder .. "/s.db", "--listen", "none", folder .. "/p.lua")
        refused("get", "--kubeconfig", pipe)
    end)

    it("a CA, a certificate, a key, a token", function()
        for _, case in ipairs {
            { ", certificate-authority: pipe", "token: x" },
            { "", "client-certificate: pipe, client-key: kubeconfig" },
            { "", "client-certificate: kubeconfig, client-key: pipe" },
            { "", "tokenFile: pipe" },
        } do
            local path = kubeconfig(case[1], case[2])
            refused("get", "--kubeconfig", path)
            refused("run", "--kubeconfig", path, "--state", folder .. "/s.db", "--listen", "none", folder .. "/p.lua")
        end
    end)

    it("the token of the HTTP side", function()
        support.write(folder .. "/mpijobd.yaml", "listen_token_file: pipe\n")
        refused("run", "--config", folder .. "/mpijobd.yaml", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--listen", "127.0.0.1:0",
            folder .. "/p.lua")
    end)

    it("a zone, at the load and in a run; those that a file names, or may put together, are read with it", function()
        local zones = folder .. "/zones"
        for _, name in ipairs { "", "/Europe" } do
            assert(support.uv.fs_mkdir(zones .. name, 448))
        end
        local function put(name)
            support.write(zones .. "/" .. name, support.read("/usr/share/zoneinfo/Europe/Berlin"))
        end
        put("Europe/Berlin")
        put("Europe/Paris")
        put("Europe/Rome")
        put("Europe/Vienna")
        assert(os.rename(pipe, zones .. "/Europe/Pipe"))
        local env = { TZDIR = zones }
        support.write(folder .. "/p.lua", [[policy { name = "p", schedule = "0 0 * * *", timezone = "Europe/Pipe", run = print }]])
        local code, out, err = support.mpijobd_with({ env = env }, "check", folder .. "/p.lua")
        assert.are.equal(1, code)
        support.contains(out .. err, "Europe/Pipe is not a regular file")
        support.write(folder .. "/clocks.lua", 'return function() return time.rfc3339(0, "Europe/Rome") end')
        support.write(folder .. "/p.lua", [[
local rome = require "clocks"
policy { name = "p", schedule = "*/10 * * * *", timezone = "Europe/Berlin", run = function()
    log.info("named", { paris = time.rfc3339(0, 'Europe/Paris'), rome = rome() })
    log.info("put together", { vienna = time.rfc3339(0, "Europe/" .. "Vienna") })
    local ok, err = pcall(time.rfc3339, 0, "Europe/" .. "Pipe")
    log.info("computed: " .. tostring(err))
end }]])
        local daemon = support.daemon({ stdin = true, env = env }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--clock",
            "2026-12-01T00:00:00Z", "--listen", "none", folder .. "/p.lua")
        daemon:expect("1 policy in force")
        for _, name in ipairs { "Paris", "Rome", "Berlin", "Vienna" } do
            assert(os.rename(zones .. "/Europe/" .. name, zones .. "/" .. name))
        end
        daemon:write("advance 10m\n")
        support.contains(daemon:expect("named"), "1970-01-01T01:00:00+01:00")
        support.contains(daemon:expect("put together"), "1970-01-01T01:00:00+01:00")
        daemon:expect("Europe/Pipe is not a regular file")
        daemon:expect("outcome=done")
        assert.are.equal(0, (daemon:stop("sigterm")))
    end)

    it("an object to replace", function()
        refused("replace", "-f", pipe, "--kubeconfig", server.kubeconfig)
    end)

    it("a token that becomes one while the daemon runs", function()
        support.write(folder .. "/token", "let-me-in\n")
        local path = support.write(folder .. "/kubeconfig", ([[
apiVersion: v1
kind: Config
current-context: dev
clusters: [{name: c, cluster: {server: "%s"}}]
users: [{name: u, user: {tokenFile: token}}]
contexts: [{name: dev, context: {cluster: c, user: u}}]
]]):format(server.url))
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", path, "--state", folder .. "/s.db", "--clock", "2026-12-01T00:00:00Z",
            "--listen", "127.0.0.1:0", folder .. "/p.lua")
        local url = daemon:expect("metrics and health are served"):match("url=(%S+)")
        daemon:expect("1 policy in force")
        server:credentials { tokens = { "another" } }
        server.token = "another"
        assert(os.rename(pipe, folder .. "/token"))
        daemon:write("advance 10m\n")
        daemon:expect("token: it is a pipe; name a regular file")
        daemon:expect("clock ", "stdout")
        assert.are.equal("ok\n", (http.request(url .. "/livez")))
        support.write(folder .. "/new", "another\n")
        assert(os.rename(folder .. "/new", folder .. "/token"))
        daemon:write("advance 10m\n")
        daemon:expect("outcome=done")
        assert.are.equal(0, (daemon:stop("sigterm")))
    end)

    it("nothing where the shell has opened it for us", function()
        local code, out, err = support.proc.run("/bin/bash", { args = { "-c", '"$0" check <(cat "$1")', support.binary, folder .. "/p.lua" } })
        assert.are.equal(0, code, out .. err)
        code, out, err = support.proc.run("/bin/bash", { args = { "-c", '"$0" get --kubeconfig <(cat "$1")', support.binary, server.kubeconfig } })
        support.lacks(err, "pipe")
        assert.is_true(code == 0 or err:find("401", 1, true) ~= nil or err:find("Unauthorized", 1, true) ~= nil, out .. err)
        for _, source in ipairs { "-f -", "-f /dev/stdin", "-f <(cat)" } do
            code, out, err = support.proc.run("/bin/bash", { stdin = "nonsense: true\n", args = { "-c", '"$0" replace --kubeconfig "$1" ' .. source, support.binary,
                server.kubeconfig } })
            support.lacks(err, "pipe")
            assert.are.equal(1, code, out)
            support.contains(err, "mpijobd replace: ")
        end
    end)

    it("no folder and no device either", function()
        for path, what in pairs { ["/"] = "a directory", ["/dev/zero"] = "a device", ["/dev/tty"] = "" } do
            local code, _, err = support.mpijobd("get", "--kubeconfig", path)
            assert.are.equal(1, code)
            support.contains(err, "cannot read " .. path .. ": ")
            support.contains(err, what)
        end
    end)
end)
