-- SPDX-License-Identifier: Apache-2.0
-- Scenarios of docs/operations.md, docs/kueue.md, control.md and http.md: several daemons, Kueue, HTTP.
local support = require "support"
local certificates = require "support.certificates"
local mails = require "support.mail"
local teams = require "outputs.teams"
local await = support.proc.await

local scenarios = {}

local function on(page, command, run)
    scenarios[page .. ": " .. command] = run
end

-- ---- several daemons ----

local TIMES <const> = "namespace: mpijobd, lease_duration: 6s, renew_deadline: 4s, retry_period: 100ms"

-- One of several, of this name; its clock goes on, as Leases want.
local function replica(world, name, text)
    world:configure(text:format(name, TIMES), name)
    return support.daemon({ cwd = world.folder, env = { KUBECONFIG = world.server.kubeconfig, MPIJOBD_CLOCK = teams.NOW, TZ = "UTC" } },
        "run", "--no-supervisor", "--config", world.config, "policies/")
end

local OPERATIONS <const> = "docs/operations.md"
on(OPERATIONS, "mpijobd status", function(world, key)
    teams.make(world, { "free-gpus" }):make_namespace "mpijobd"
    local text = "leader_election: { identity: %s, %s }\n"
    replica(world, "node-a", text):expect "this daemon leads"
    replica(world, "node-b", text):expect "standing by: another daemon leads"
    world:run(key)
end)

on(OPERATIONS, "mpijobd status (2)", function(world, key)
    teams.make(world, { "free-gpus" }):make_namespace "mpijobd"
    local text = "sharding: { shards: 6, identity: %s, %s }\n"
    replica(world, "node-b", text):expect "in force"
    local daemon = replica(world, "node-a", text)
    daemon:expect "commands may ask this daemon"
    assert(await(function()
        return table.concat(world:sh "mpijobd status", "\n"):find("owns 3 of 6", 1, true)
    end), daemon.stderr)
    world:run(key)
end)

on(OPERATIONS, "kubectl describe mpijob -n team-speech conformer-tensorflow-lsjf800017", function(world, key)
    world:needs "kubectl"
    teams.make(world, { "free-gpus" })
    world:daemon(teams.NOW, "policies/"):expect "run ended"
    world.running:stop()
    world:run(key)
end)

local MAIL <const> = "mpijobd report --saved --since 7d --by label:team -o markdown --notify people"
on(OPERATIONS, MAIL, function(world, key)
    local mail = mails.start()
    local sink = support.read(support.source .. "/" .. OPERATIONS):match "\n    notify:\n      (people: [^\n]*)\n"
    world:configure("notify:\n  " .. sink:gsub("smtps://mail.example.com", "smtp://127.0.0.1:" .. mail.port):gsub(", user: .*}$", " }") .. "\n")
    teams.make(world, { "free-gpus" })
    world:sh "mpijobd run --once policies/ >once.log 2>&1"
    world:clock "2026-11-30T08:00:00Z"
    world:run(key)
    local got = mail:next()
    local headers = ("From: %s\nTo: %s\nSubject: %s\n\n"):format(got.headers.from, got.headers.to, got.headers.subject)
    world:shows(OPERATIONS .. ": From: mpijobd@example.com", headers .. got.text)
end)

-- ---- Kueue ----

local KUEUE <const> = "docs/kueue.md"
local CLOCK <const> = { "--clock", "stepped", "--now", "2026-11-24T09:00:00Z" }
on(KUEUE, "mpijob-sim --kueue --kubeconfig /tmp/kueue.conf", function(world, key)
    world:run(key, { stays = "/tmp/kueue.conf" })
end)

on(KUEUE, "export KUBECONFIG=/tmp/kueue.conf", function(world, key)
    world:needs "kubectl"
    local server = world:sim("--kueue", table.unpack(CLOCK))
    world:file("tmp/kueue.conf", support.read(server.kubeconfig))
    world:file("job.yaml", support.read(support.source .. "/" .. KUEUE):match "```yaml\n(apiVersion: kubeflow.-)```")
    world:clock "2026-11-24T09:05:00Z"
    world:run(key)
end)

-- ---- the control socket and HTTP ----

on("docs/reference/control.md", "mpijobd approve --control /run/mpijobd/control", function(world, key)
    world:configure "control: /run/mpijobd/control\napprovers: { users: [ alice ] }\n"
    teams.make(world, { "free-gpus" })
    world:daemon(teams.NOW, "policies/")
    world:run(key)
end)

local HTTP <const> = "docs/reference/http.md"
on(HTTP, "curl -s http://127.0.0.1:9633/api/v1/policies/free-gpus", function(world, key)
    world:file("etc/mpijobd/write-token", "4f1d\n")
    world:configure "tokens: { write: /etc/mpijobd/write-token }\n"
    teams.make(world, { "free-gpus" })
    world:daemon(teams.NOW, "--listen", "127.0.0.1:0", "policies/"):expect "run ended"
    world:run(key)
end)

on(HTTP, "curl -s --cacert ca.crt https://mpijobd.example.com:9633/livez", function(world, key)
    local folder = world.folder .. "/etc/mpijobd"
    certificates.make(folder, "ca")
    certificates.make(folder, "tls", "ca", { "-addext", "subjectAltName=DNS:mpijobd.example.com" })
    world:sh "cp etc/mpijobd/ca.pem ca.crt; cp etc/mpijobd/tls.pem etc/mpijobd/tls.crt"
    world:file("etc/mpijobd/read-token", "4f1d\n")
    local tokens, tls = support.read(support.source .. "/docs/reference/http.md"):match "\n    listen: 0[^\n]*\n    (tokens: [^\n]*\n)    (tls: [^\n]*\n)"
    world:configure(tokens .. tls)
    teams.make(world, { "free-gpus" })
    world:daemon(teams.NOW, "--listen", "127.0.0.1:0", "policies/")
    world:sh(("curl() { command curl --connect-to mpijobd.example.com:9633:%s \"$@\"; }"):format(world.address))
    world:run(key)
end)

on(HTTP, "curl -sN http://127.0.0.1:9633/api/v1/events", function(world, key)
    teams.make(world, { "label-stale-pending" })
    world:file("policies/noon.lua", 'policy { name = "noon", schedule = "0 12 * * *", match = { phase = "Suspended" }, replace = { labels = { seen = "yes" } } }\n')
    local daemon = world:daemon(teams.NOW, "--listen", "127.0.0.1:0", "policies/noon.lua")
    world:run(key, { during = function()
        assert(await(function()
            return world.terminal.shell.stdout:find "event: parts"
        end))
        world:advance "2h"
        daemon:expect "run ended"
        daemon:stop()
    end })
end)

return scenarios
