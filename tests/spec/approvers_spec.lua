-- SPDX-License-Identifier: Apache-2.0
-- Who may approve: the configuration's approvers, how many of them it takes, and what else they may do: nothing.
local support = require "support"
local cluster = require "support.cluster"
local webs = require "support.web"
local uv = support.uv

local BY_USER <const>, BY_GROUP <const>, STRANGER <const> = 12001, 12002, 12003
local GROUP <const> = 12050

local POLICY = [[
policy { name = "free", schedule = "0 0 1 1 *", match = { namespace = "%s", phase = "Succeeded" }, %s
  replace = { labels = { freed = "yes" } } }
]]

describe("approvers", function()
    local server, namespace, folder, place, socket, daemon, config
    local is_root = uv.getuid() == 0

    lazy_setup(function()
        server = cluster.start(cluster.versions[4])
    end)
    lazy_teardown(support.cleanup)

    before_each(function()
        namespace = server:namespace()
        folder = support.folder()
        place = assert(uv.fs_mkdtemp "/tmp/mpijobd-approvers-XXXXXX") -- folders of specs are closed to other users
        assert(uv.fs_chmod(place, tonumber("755", 8)))
        socket = place .. "/control"
        config = folder .. "/mpijobd.yaml"
    end)
    after_each(function()
        if daemon then
            daemon:stop()
            daemon = nil
        end
        os.remove(socket .. ".lock")
        uv.fs_rmdir(place)
    end)

    local function start(approvers, keys)
        support.write(config, ("cluster: { kubeconfig: %s }\nstate: %s/s.db\ncontrol: %s\npolicies: [ %s/p.lua ]\n%s"):format(server.kubeconfig, folder, socket, folder, approvers))
        support.write(folder .. "/p.lua", POLICY:format(namespace, keys))
        daemon = support.daemon({}, "run", "--config", config)
        daemon:expect("in force")
    end

    local function ask(...)
        local args = { ... }
        args[#args + 1] = "--control"
        args[#args + 1] = socket
        return support.mpijobd(table.unpack(args))
    end

    -- The same as another user, in these groups besides its own.
    local function as(user, groups, ...)
        local args = { "--reuid=" .. user, "--regid=" .. user, groups and "--groups=" .. groups or "--clear-groups", support.binary, ... }
        args[#args + 1] = "--control"
        args[#args + 1] = socket
        return support.proc.run("/usr/bin/setpriv", { args = args, env = { HOME = "/", PATH = os.getenv "PATH" } })
    end

    local function refused(words, code, out, err)
        assert.are.equal(1, code, out .. err)
        support.contains(err, words)
    end

    local function freed(name)
        return (server:get(namespace, name).metadata.labels or {}).freed
    end

    local function rows()
        local code, out, err = support.mpijobd("runs", "-o", "json", "--config", config)
        assert.are.equal(0, code, err)
        local list = support.json.decode(out)
        table.sort(list, function(a, b)
            return a.id < b.id
        end)
        local told = {}
        for i, row in ipairs(list) do
            told[i] = ("%s by %s: %s"):format(row.trigger, row.who and math.tointeger(row.who.uid) or "nobody", row.outcome)
        end
        return told, list
    end

    it("are those whom the configuration names, as many as it says, and not who triggered it", function()
        if not is_root then
            return pending "only root can ask as another user"
        end
        server:create(namespace, "one", { state = "Succeeded" })
        start(("approvers: { users: [ \"%d\", root ], groups: [ \"%d\" ], quorum: 2, not_the_trigger: true }"):format(BY_USER, GROUP), 'approval = "always",')
        assert.are.equal(4, (ask("trigger", "free")))

        -- Who triggered it, and who is neither named nor in the group.
        refused("0 of 2 approvals; root may not approve what root triggered", ask("approve", "1"))
        refused("you may not ask this daemon: its own user and root may, and its approvers", as(STRANGER, nil, "approve", "1"))

        -- An approver sees and decides, and does nothing else.
        local code, out, err = as(BY_USER, nil, "approve")
        assert.are.equal(0, code, err)
        support.contains(out, "0/2")
        code, out, err = as(BY_USER, nil, "approve", "1", "--dry-run")
        assert.are.equal(0, code, err)
        support.contains(out, "freed")
        for _, words in ipairs { { "trigger", "free", "trigger" }, { "pause", "free", "pause" }, { "reload", "reload" }, { "status", "status" }, { "eval", "1", "eval" }, { "why", "free", namespace .. "/one", "why" } } do
            local verb = table.remove(words)
            refused(('"%s" is for the daemon\'s own user and root'):format(verb), as(BY_USER, nil, table.unpack(words)))
        end

        code, out, err = as(BY_USER, nil, "approve", "1")
        assert.are.equal(4, code, out .. err)
        support.contains(out, "run 1 has 1 of 2 approvals; it waits for another person's")
        assert.is_nil(freed "one")
        refused("1 of 2 approvals; 12001 has approved run 1 already, and another is needed", as(BY_USER, nil, "approve", "1"))

        -- What was given outlives the daemon.
        daemon:stop("sigkill")
        daemon = support.daemon({}, "run", "--config", config)
        daemon:expect("in force")
        code, out, err = ask("approve", "1", "--dry-run")
        assert.are.equal(0, code, err)
        support.contains(out, "1 of 2 approvals: 12001\n")
        code, out, err = as(BY_GROUP, "7," .. GROUP, "approve", "1")
        assert.are.equal(0, code, out .. err)
        assert.are.equal("yes", freed "one")
        daemon:stop()
        daemon = nil
        local told, list = rows()
        assert.are.same({
            "manual by 0: approved", "approve by 12001: done", "approve by 12002: done", "approved by 12002: done",
        }, told)
        assert.are.same({ "approved by 12001, 12002: run 4", "approves run 1 (1 of 2)", "approves run 1 (2 of 2)" }, { list[1].message, list[2].message, list[3].message })
    end)

    it("are asked for more by a policy, and for no fewer; one of them rejects", function()
        if not is_root then
            return pending "only root can ask as another user"
        end
        server:create(namespace, "one", { state = "Succeeded" })
        start(("approvers: { users: [ \"%d\" ], groups: [ \"%d\" ] }"):format(BY_USER, GROUP), 'approval = { when = "always", quorum = 2, expires = "3h" },')
        assert.are.equal(4, (ask("trigger", "free")))
        refused("root may not approve; the configuration's approvers are 12001, the group 12050 (run 1 has 0 of 2 approvals)", ask("approve", "1"))
        assert.are.equal(4, (as(BY_USER, nil, "approve", "1")))
        local code, out, err = as(BY_GROUP, GROUP, "reject", "1", "--reason", "not today")
        assert.are.equal(0, code, out .. err)
        assert.is_nil(freed "one")
        assert.are.equal(4, (ask("trigger", "free")))
        assert.are.equal(0, (ask("reject", "4"))) -- who may do all may take it back
        daemon:stop()
        daemon = nil
        assert.are.same({ "manual by 0: rejected", "approve by 12001: done", "reject by 12002: done", "manual by 0: rejected", "reject by 0: done" }, (rows()))
    end)

    it("cannot keep the daemon's own user out", function()
        if not is_root then
            return pending "only root can ask as another user"
        end
        start(("approvers: { users: [ \"%d\" ] }"):format(BY_USER), 'approval = "always",')
        local hold = support.proc.start("/usr/bin/setpriv", { args = { "--reuid=" .. BY_USER, "--regid=" .. BY_USER, "--clear-groups", "/usr/bin/python3", "-c", [[
import socket, sys
held = []
for i in range(80):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    try:
        s.sendall(b'{"verb":"waiting"}\n')
        s.recv(4096)
    except OSError:
        pass
    held.append(s)
print("held", flush=True)
sys.stdin.read()
]], socket }, stdin = true })
        hold:expect("held", "stdout")
        assert.are.equal(0, (ask("status")))
        hold:kill("sigkill")
        hold:wait()
    end)

    it("are told that a run waits, and before it expires", function()
        local web = webs.start()
        local to = "http://127.0.0.1:" .. web.port
        server:create(namespace, "one", { state = "Succeeded" })
        support.write(folder .. "/p.lua", POLICY:format(namespace, 'approval = { when = "always", expires = "8h" },'))
        support.write(config, ([[
cluster: { kubeconfig: %s }
state: %s/s.db
listen: 127.0.0.1:0
notify:
  ops: { type: slack, url: "%s/ops" }
  others: { type: slack, url: "%s/others" }
approvers: { users: [ root ], notify: [ ops ] }
]]):format(server.kubeconfig, folder, to, to))
        daemon = support.daemon({ stdin = true }, "run", "--config", config, "--clock", "2026-01-01T01:00:00Z", folder .. "/p.lua")
        local url = daemon:expect("metrics and health are served"):match("url=(%S+)")
        daemon:expect("in force")
        assert.are.equal(4, (support.mpijobd("trigger", "free", "--config", config)))
        support.contains(web:await "/ops", "mpijobd: run 1 of policy free (cluster default) waits for approval until 2026-01-01T09:00:00")
        daemon:write("advance 7h\n")
        support.contains(web.proc:expect("its plan expires at", "stdout"), "0 of 1 approvals. `mpijobd approve 1` makes it, `mpijobd extend 1 12h` gives it more time.")
        assert.is_nil(web.proc.stdout:find("/others", 1, true))
        local _, metrics = support.proc.run("/usr/bin/curl", { args = { "-sS", url .. "/metrics" } })
        support.contains(metrics, 'mpijobd_runs_waiting{policy="free"} 1\n')
        support.contains(metrics, 'mpijobd_runs_waiting_expire_soon{policy="free"} 1\n')
    end)

    it("are checked when the configuration is read, and who is unknown is told", function()
        for text, words in pairs {
            ["approvers: { quorum: 2 }"] = "approvers names nobody; it needs users or groups",
            ["approvers: { users: [] }"] = "approvers names nobody",
            ["approvers: { users: [ alice ], quorum: 2 }"] = "approvers.quorum is 2, and there are only 1 users; no run could be approved",
            ["approvers: { groups: [ ml ], quorum: 9 }"] = "approvers.quorum is 9; it takes at most 8 persons",
            ["approvers: { users: [ alice, bob, alice ] }"] = 'approvers.users.2 names "alice" twice',
            ["approvers: { users: [ 'alice, bob' ] }"] = "takes the name of a user or group, or its number",
            ["approvers: { user: [ alice ] }"] = "users",
            ["approvers: { users: [ alice ], notify: [ ops ] }"] = 'approvers.notify names "ops", and notify has no such sink',
        } do
            support.write(config, "state: " .. folder .. "/s.db\n" .. text .. "\n")
            local code, out, err = support.mpijobd("run", "--once", "--config", config, "/nowhere.lua")
            assert.are.equal(1, code, text .. out)
            support.contains(err, words)
        end
        start("approvers: { users: [ no-such-user, nobody ], groups: [ no-such-group ] }", "")
        support.contains(daemon.stderr, "it lets no one in user=no-such-user")
        support.contains(daemon.stderr, "it lets no one in user=nobody") -- what the kernel calls all whom it does not know
        support.contains(daemon.stderr, "it lets no one in group=no-such-group")
    end)
end)
