-- SPDX-License-Identifier: Apache-2.0
-- Runs that wait for approval where daemons share the jobs: each shard has its own, with a plan of its jobs, and they move with the shard.
local support = require "support"
local shards = require "support.shards"
local await = support.proc.await

local COUNT = [[
policy { name = "count", schedule = "0 * * * *", match = { labels = "todo" }, approval = "always", replace = function(job)
    return { annotations = { n = tostring((tonumber(job.annotations.n) or 0) + 1) } }
end }
]]

describe("runs that wait for approval, of daemons that share the jobs,", function()
    after_each(support.cleanup)

    local function json(group, daemon, command, ...)
        local code, out, err = group:ask(daemon, command, "-o", "json", ...)
        assert.are.equal(0, code, err)
        return support.json.decode(out)
    end

    -- Those that wait at these daemons, by their shards.
    local function waiting(group, ...)
        local by, changes = {}, 0
        for _, daemon in ipairs { ... } do
            for _, row in ipairs(json(group, daemon, "approve")) do
                assert.is_nil(by[row.shard])
                assert.are.equal(row.shard, row.run % group.shards)
                by[math.tointeger(row.shard)] = { daemon = daemon, run = ("%d"):format(row.run), expires = row.expires, given = row.given }
                changes = changes + row.changes
            end
        end
        return by, changes
    end

    -- The row of a run in the journal of a daemon, which may have ended.
    local function row(group, name, run)
        local _, out = support.mpijobd("runs", run, "--state", ("%s/%s.db"):format(group.folder, name), "-o", "json")
        local rows = support.json.decode(out)
        return rows[1] or rows
    end

    local function all_wait(group, n, ...)
        local daemons = { ... }
        local by, changes
        assert.is_truthy(await(function()
            by, changes = waiting(group, table.unpack(daemons))
            return changes == n
        end), tostring(changes))
        return by
    end

    it("are one in each shard, named by the daemon that owns it, and are made once by who owns it then", function()
        local group = shards.new(COUNT)
        group:create(40)
        local one, two = group:replica("one", { clock = "2026-01-01T00:59:00Z" }), group:replica("two", { clock = "2026-01-01T00:59:00Z" })
        group:shared_as { one = 3, two = 3 }
        group:in_force(one, two)
        for _, daemon in ipairs { one, two } do
            daemon:write "set 2026-01-01T01:00:05Z\n"
        end
        local by = all_wait(group, 40, one, two)
        local theirs
        for shard = 0, 5 do
            theirs = by[shard].daemon == two and by[shard].run or theirs
            support.contains(select(2, group:ask(by[shard].daemon, "approve")), " default/" .. shard .. " ")
        end
        for _, command in ipairs { { "approve", theirs }, { "approve", theirs, "--dry-run" }, { "reject", theirs }, { "extend", theirs, "1h" } } do
            local code, _, err = group:ask(one, table.unpack(command))
            assert.are.equal(1, code)
            support.contains(err, ("two owns run %s's shard, %d of 6; ask the daemon there"):format(theirs, theirs % 6))
        end
        assert.are.equal(0, (group:ask(two, "extend", theirs, "12h")))
        local expires = waiting(group, two)[theirs % 6].expires
        assert.are.equal(0, (group:counted()))

        two:kill "sigkill"
        two:wait()
        group:shared_as { one = 6 }
        group:in_force(one)
        by = all_wait(group, 40, one)
        assert.are.equal(expires, by[theirs % 6].expires)
        for shard = 0, 4 do
            local code, out, err = group:ask(one, "approve", by[shard].run)
            assert.are.equal(0, code, err)
            support.contains(out, "is approved: ")
        end
        assert.are.equal(0, (group:ask(one, "reject", by[5].run)))
        assert.are.equal(1, (group:ask(one, "approve", by[0].run)))
        local n, _, high = group:counted()
        assert.is_true(n > 20 and n < 40)
        assert.are.equal(1, high)

        -- Who was killed hears of it: at first that they are another's, and with the shard what became of them.
        two = group:replica("two", { clock = "2026-01-01T01:10:00Z" })
        assert.are_not.equal("waiting", row(group, "two", theirs).outcome)
        one:kill "sigterm"
        one:wait()
        group:shared_as { two = 6 }
        group:in_force(two)
        assert.are.same({}, waiting(group, two))
        local own = row(group, "two", theirs)
        assert.are.equal(theirs % 6 == 5 and "rejected" or "approved", own.outcome)
        support.contains(own.message, theirs % 6 == 5 and "rejected by " or ": run ")
        assert.are.same({ n, 1 }, { (group:counted()), select(3, group:counted()) })
    end)

    it("go with a shard that is given away, and an undo that waits does", function()
        local group = shards.new((COUNT:gsub('schedule = "0 %* %* %* %*"', 'on = "match"')))
        group:create(24)
        local one = group:replica "one"
        group:shared_as { one = 6 }
        all_wait(group, 24, one)
        local two = group:replica "two"
        group:shared_as { one = 3, two = 3 }
        group:in_force(one, two)
        local by = all_wait(group, 24, one, two)
        local given
        for shard, wait in pairs(by) do
            given = wait.daemon == two and wait.run or given
            assert.are.equal(0, (group:ask(wait.daemon, "approve", wait.run)))
            assert.are.equal(wait.daemon == one and "approved" or "moved", row(group, "one", wait.run).outcome, shard)
        end
        assert.are.same({ 24, 1, 1 }, { group:counted() })

        local made
        for _, run in ipairs(json(group, two, "runs", "--limit", "0")) do
            made = run.trigger == "approved" and ("%d"):format(run.id) or made
        end
        local code, out, err = group:ask(two, "undo", "--kubeconfig", group.server.kubeconfig, made)
        assert.are.equal(4, code, err)
        local undo = out:match "run (%d+)"
        support.contains(out, "wait")
        local found
        for _, waits in ipairs(json(group, two, "approve")) do
            found = waits.undoes and ("%d"):format(waits.undoes) == made and ("%d"):format(waits.run)
        end
        assert.is_truthy(found, undo)
        assert.are.equal(made % 6, found % 6)
        two:kill "sigterm"
        two:wait()
        group:shared_as { one = 6 }
        group:in_force(one)
        code, out, err = group:ask(one, "approve", found)
        assert.are.equal(0, code, err .. out)
        assert.are.equal("approved", row(group, "one", found).outcome)
        local n = group:counted()
        assert.is_true(n < 24)
        group:replica "two"
        assert.are_not.equal("waiting", row(group, "two", found).outcome)
    end)

    it("of a leader that died are told as another's in its journal, and as decided when it leads again", function()
        local group = shards.new((COUNT:gsub('schedule = "0 %* %* %* %*"', 'on = "match"')))
        group:create(1)
        local one = group:replica("one", { key = "leader_election" })
        one:expect "in force"
        local run
        assert.is_truthy(await(function()
            run = json(group, one, "approve")[1]
            return run
        end))
        run = ("%d"):format(run.run)
        assert.is_truthy(await(function() return row(group, "one", run).outcome == "waiting" end)) -- people do not wait for that
        one:kill "sigkill"
        one:wait()
        local two = group:replica("two", { key = "leader_election" })
        two:expect "in force"
        local code, _, err = group:ask(two, "approve", run)
        assert.are.equal(0, code, err)
        one = group:replica("one", { key = "leader_election" })
        one:expect "standing by"
        assert.are.equal("moved", row(group, "one", run).outcome)
        local own = row(group, "two", run)
        assert.are.equal("approved", own.outcome)
        two:kill "sigterm"
        two:wait()
        one:expect "in force"
        assert.are.same({ "approved", own.message }, { row(group, "one", run).outcome, row(group, "one", run).message })
        assert.are.same({ 1, 1, 1 }, { group:counted() })
    end)

    it("are approved together, those of one policy at one daemon", function()
        local COUNTS = COUNT:gsub('schedule = "0 %* %* %* %*"', 'on = "match"')
        local group = shards.new(COUNTS .. COUNTS:gsub('"count"', '"other"'):gsub("annotations", "labels"))
        group:create(24)
        local one = group:replica "one"
        group:shared_as { one = 6 }
        assert.is_truthy(await(function()
            local changes = { count = 0, other = 0 }
            for _, run in ipairs(json(group, one, "approve")) do
                changes[run.policy] = changes[run.policy] + run.changes
            end
            return changes.count == 24 and changes.other == 24
        end))
        local counts = json(group, one, "approve", "--policy", "count")
        assert.is_true(#counts >= 6)
        local _, table_of = group:ask(one, "approve", "--policy", "count")
        assert.is_nil(table_of:find("other", 1, true))
        for _, wrong in ipairs { { "--all" }, { "--all", "--policy", "count", "1" }, { "--policy", "count", "1" }, { "--all", "--policy", "count", "--dry-run" } } do
            local code, _, err = group:ask(one, "approve", table.unpack(wrong))
            assert.are.equal(2, code)
            support.contains(err, "--all goes with --policy")
        end
        local code, out, err = group:ask(one, "approve", "--all", "--policy", "count")
        assert.are.equal(0, code, err)
        assert.are.equal(#counts, select(2, out:gsub("is approved: ", "")))
        assert.are.same({ 24, 1, 1 }, { group:counted() })
        assert.are.equal("no run of count waits for approval\n", select(2, group:ask(one, "approve", "--policy", "count", "--all")))
        assert.are.equal("no run of count waits for approval\n", select(2, group:ask(one, "approve", "--policy", "count")))
        assert.are.same({}, json(group, one, "approve", "--policy", "count"))
        code, out = group:ask(one, "approve", "--policy", "other", "--all", "-o", "json") -- the jobs have changed since
        local others = support.json.decode(out)
        assert.are.equal(1, code)
        assert.is_true(#others >= 6 and others[1].left > 0)
        assert.are.same({}, json(group, one, "approve"))
    end)

    it("cannot be approved where run --once has made them, in a file that no daemon has, and it says so", function()
        local group = shards.new(COUNT)
        group:create(3)
        local config = support.write(group.folder .. "/one.yaml", "sharding: { namespace: ops, identity: one, shards: 6 }\n")
        local code, out, err = support.mpijobd("run", "--once", "--config", config, "--kubeconfig", group.server.kubeconfig, "--state", group.folder .. "/own.db", group.folder .. "/p.lua")
        assert.are.equal(4, code, out .. err)
        support.contains(out, "1 run waits for approval: nobody can approve it, as the daemons share their state in the cluster")
        support.lacks(out, "asks the daemon that has this state")
    end)
end)
