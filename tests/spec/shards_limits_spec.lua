-- SPDX-License-Identifier: Apache-2.0
-- What bounds the changes of daemons that share the jobs: limits.changes_per_hour is divided among the shards, and each part moves with its shard.
local support = require "support"
local shards = require "support.shards"
local await = support.proc.await

-- A function makes its changes until there is no room; what replace would do is reckoned before.
local COUNT = [[
policy { name = "count", on = "match", match = { labels = "todo" }, run = function(run)
    for job in run.jobs do
        local done, err = mpijob.replace(job, { annotations = { n = tostring((tonumber(job.annotations.n) or 0) + 1) } })
        if not done then
            error(err.message) -- those that it has not come to come back
        end
    end
end }
]]
local MOST = 14 -- of 6 shards two have three changes each, four have two

describe("limits.changes_per_hour of daemons that share the jobs", function()
    after_each(support.cleanup)

    -- How many jobs the server has had changed.
    local function writes(group)
        local n = 0
        group:gather()
        for _, request in ipairs(group.requests) do
            n = n + (request.method == "PUT" and request.path:find "/mpijobs/" and request.status == 200 and 1 or 0)
        end
        return n
    end

    it("is never exceeded by all together, while shards move; and each shard has its part again after an hour", function()
        local group = shards.new(COUNT, { config = "limits: { changes_per_hour: " .. MOST .. " }\n" })
        local one = group:replica("one", { clock = "2026-01-01T10:00:00Z" })
        group:shared_as { one = 6 }
        group:in_force(one)
        group:create(60)
        assert.is_truthy(await(function() return group:counted() >= MOST end), tostring((group:counted())))
        local _, out = group:ask(one, "status")
        support.contains(out, ("[-] changes in the last hour: %d of %d (limits.changes_per_hour is %d for all shards): nothing is written in shard 0 until 2026-01-01T11:00:00Z, in shard 1 "):format(MOST, MOST, MOST))
        assert.are.same({ MOST, MOST }, { shards.metric(one, "changes_last_hour"), shards.metric(one, "changes_per_hour_limit") })
        support.contains(one:expect "limits.changes_per_hour", ("(the part of this shard, of %d for all) leaves 0 of "):format(MOST))

        local two = group:replica("two", { clock = "2026-01-01T10:20:00Z" }) -- what it takes is used up
        group:shared_as { one = 3, two = 3 }
        group:in_force(one, two)
        group:create(12)
        two:expect "(the part of this shard, of 14 for all) leaves 0 of "
        one:kill "sigkill"
        one:wait()
        group:shared_as { two = 6 }
        group:in_force(two)
        assert.are.equal(MOST, shards.metric(two, "changes_last_hour"))
        two:write "set 2026-01-01T10:59:30Z\n"
        group:create(6)
        assert.is_truthy(await(function() return shards.metric(two, "changes_last_hour") == MOST end))
        assert.are.equal(MOST, writes(group))
        assert.is_truthy(await(function() return not select(2, group:ask(two, "status")):find "count +running" end)) -- what a run has left comes back when it has ended
        two:write "set 2026-01-01T11:01:30Z\n"
        local all = await(function() return group:counted() >= 2 * MOST end)
        assert.is_truthy(all, not all and two.stderr)
        assert.are.same({ 2 * MOST, MOST }, { writes(group), shards.metric(two, "changes_last_hour") })
    end)

    it("counts an undo in the shard of its run", function()
        local group = shards.new([[policy { name = "mark", on = "match", match = { labels = "todo" }, replace = { annotations = { n = "1" } } }]],
            { config = "limits: { changes_per_hour: 600 }\n" })
        local one = group:replica "one"
        group:shared_as { one = 6 }
        group:in_force(one)
        group:create(24)
        assert.is_truthy(await(function() return group:counted() == 24 end))
        local two = group:replica "two"
        group:shared_as { one = 3, two = 3 }
        group:in_force(one, two)
        local _, holders = group:owners()
        local of = {}
        for _, run in ipairs(support.json.decode((select(2, group:ask(one, "runs", "--limit", "0", "-o", "json"))))) do
            of[holders[run.id % 6]] = run
        end
        local used, others = shards.metric(one, "changes_last_hour"), shards.metric(two, "changes_last_hour")
        assert.are.equal(24, used + others)
        local code, _, err = group:ask(one, "undo", "--kubeconfig", group.server.kubeconfig, ("%d"):format(of.one.id))
        assert.are.equal(0, code, err)
        assert.are.equal(used + of.one.changed, shards.metric(one, "changes_last_hour"))
        code, _, err = group:ask(one, "undo", "--kubeconfig", group.server.kubeconfig, ("%d"):format(of.two.id))
        assert.are_not.equal(0, code)
        support.contains(err, ("run %d was in shard %d, which two owns now, and this daemon does not: what it takes back is changed and counted there; --override takes it back from here"):format(of.two.id, of.two.id % 6))
        code, _, err = group:ask(one, "undo", "--kubeconfig", group.server.kubeconfig, ("%d"):format(of.two.id), "--override")
        assert.are.equal(0, code, err)
        assert.are.same({ used + of.one.changed, others }, { shards.metric(one, "changes_last_hour"), shards.metric(two, "changes_last_hour") })
    end)

    it("is what a plan reckons with, by shards, and says what never fits, and what would", function()
        local group = shards.new([[policy { name = "mark", schedule = "0 0 1 1 *", match = { labels = "todo" }, replace = { annotations = { n = "1" } } }]],
            { config = "limits: { changes_per_hour: 12 }\n" })
        group:create(60)
        local one = group:replica("one", { clock = "2026-02-01T10:00:00Z" })
        group:shared_as { one = 6 }
        group:in_force(one)
        local _, out, err = group:ask(one, "plan", "--config", group.folder .. "/one.yaml", "--kubeconfig", group.server.kubeconfig, group.folder .. "/p.lua")
        for shard = 0, 5 do
            assert.is_truthy((out .. err):find(("\nmark +default/%d +"):format(shard)), out .. "\n--\n" .. err)
        end
        local n = tonumber(err:match('policy "mark", cluster default/%d: (%d+) changes are more than all policies together may make in an hour'))
        support.contains(err, "(limits.changes_per_hour of the configuration (the part of this shard, of 12 for all) is 2)")
        support.contains(err, ("raise the ceiling: from %d on each of the 6 shards has room for as many\n"):format(6 * n))
    end)
end)
