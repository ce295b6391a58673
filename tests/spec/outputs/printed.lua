-- SPDX-License-Identifier: Apache-2.0
-- Scenarios of blocks without a command: lines of the log, JSON.
local control = require "support.control"
local teams = require "outputs.teams"

local scenarios = {}

local function on(page, first, run)
    scenarios[page .. ": " .. first:sub(1, 40)] = run
end

-- The lines of the daemon's log from the one that has this in it to the first one that has that, but for what it only says on request.
local function log_of(daemon, from, to)
    local lines, found, over = {}, false, false
    for line in daemon.stderr:gmatch "([^\n]*)\n" do
        found = found or line:find(from, 1, true) ~= nil
        if found and not over and not line:find "^%S+ debug " then
            lines[#lines + 1] = line
            over = line:find(to, 1, true) ~= nil
        end
    end
    return table.concat(lines, "\n")
end

local OPERATIONS <const> = "docs/operations.md"
on(OPERATIONS, "2026-11-24T10:00:01Z info  the policies' files", function(world, key)
    world:configure "policies: [ policies ]\n"
    world.watches = true
    teams.make(world, { "label-stale-pending" }, "etc/mpijobd/policies")
    world:sh "command mpijobd new policy etc/mpijobd/policies/free-gpus"
    local daemon = world:daemon(teams.NOW, "--log-level", "debug")
    daemon:expect "policy=free-gpus outcome=done"
    world:advance "0s" -- and the first look is over
    world:sh [[sed -i 's/"2h"/"1h"/' etc/mpijobd/policies/free-gpus.lua]]
    daemon:expect "a file of the policies may have changed"
    world:advance "1s"
    daemon:expect "the policies are loaded again"
    world:shows(key, log_of(daemon, "the policies' files have changed", "the policies are loaded again"))
end)

on(OPERATIONS, "2026-11-24T10:00:00Z info  run ended policy=free-gpus", function(world, key)
    teams.make(world, { "free-gpus" })
    local daemon = world:daemon(teams.NOW, "policies/")
    daemon:expect "run ended"
    world:shows(key, daemon.stderr:match "[^\n]* run ended [^\n]*")
end)

on("docs/reference/check.md", [[{"code":"match-never","severity":"error","message"]], function(world, key)
    world:file("policies/free-gpus.lua", [[
policy {
    name = "free-gpus", on = "match", replace = { cleanPodPolicy = "All" },
    match = { phase = "Running", finished_for = "2h" },
}
]])
    local found
    for _, line in ipairs(world:sh "mpijobd check -o json policies/ || true") do
        found = line:match '{"code":"match%-never".*}' or found
    end
    world:shows(key, found)
end)

on("docs/reference/control.md", [[> {"id": 1, "verb": "verbs"}]], function(world, key)
    world:configure "control: /run/mpijobd/control\n"
    teams.make(world, { "free-gpus" })
    world:daemon(teams.NOW, "policies/")
    local connection, lines = control.connect(world:here "/run/mpijobd/control"), {}
    for _, text in ipairs { '{"id": 1, "verb": "verbs"}', '{"id": 2, "verb": "statu"}' } do
        connection:send(text .. "\n")
        lines[#lines + 1] = "> " .. text
        local from = connection.seen
        connection:line()
        lines[#lines + 1] = "< " .. connection.text:sub(from, connection.seen - 2)
    end
    world:shows(key, table.concat(lines, "\n"))
end)

local HTTP <const> = "docs/reference/http.md"
for first, path in pairs {
    ['{"items":[...],"next":"free-gpus"}'] = "policies?limit=1",
    ['{"type":"about:blank","title":"Bad Request","status"'] = "policies?limt=1",
} do
    on(HTTP, first, function(world, key)
        teams.make(world, { "free-gpus", "label-stale-pending" })
        world:daemon(teams.NOW, "--listen", "127.0.0.1:0", "policies/")
        world:shows(key, table.concat(world:sh(("curl -s 'http://%s/api/v1/%s'"):format(world.address, path)), "\n"))
    end)
end

return scenarios
