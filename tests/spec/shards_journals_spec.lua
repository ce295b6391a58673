-- SPDX-License-Identifier: Apache-2.0
-- Each daemon has a journal of its own. A change that one has begun, and another has looked up since, stands as made in one of them.
local support = require "support"
local shards = require "support.shards"
local await = support.proc.await

local MARK = [[policy { name = "mark", on = "match", match = { labels = "todo" }, replace = { annotations = { n = "1" } } }]]

describe("journals of daemons that share the jobs", function()
    after_each(support.cleanup)

    -- The rows of a daemon's journal; of runs or changes ("journal").
    local function rows(group, name, what)
        local code, out, err = support.mpijobd(what, "--state", ("%s/%s.db"):format(group.folder, name), "--limit", "0", "-o", "json")
        assert.are.equal(0, code, err)
        return support.json.decode(out)
    end

    local function made(group, ...)
        local n, lines = 0, {}
        for _, name in ipairs { ... } do
            for _, row in ipairs(rows(group, name, "journal")) do
                n = n + (type(row.outcome) == "string" and row.outcome:find "^done" and 1 or 0)
                lines[#lines + 1] = ("%s: %s, %s"):format(name, row.outcome, row.message)
            end
        end
        return n, table.concat(lines, "\n")
    end

    -- One owns both shards, has written a job, and never hears the answer.
    local function unheard(group)
        local one = group:replica "one"
        group:shared_as { one = 2 }
        group:in_force(one)
        group.server:fault { fault = "stall-after", method = "PUT", path = "*/mpijobs/*", count = 1 }
        group:create(1)
        assert.is_truthy(await(function() return group:counted() == 1 end))
        return one
    end

    it("have a change as made once, where its owner died before it heard the answer and owns the shard again", function()
        local group = shards.new(MARK, { shards = 2 })
        local one = unheard(group)
        one:kill "sigkill"
        one:wait()
        local two = group:replica "two"
        group:shared_as { two = 2 }
        two:expect "a change was in flight when the daemon ended"
        group:in_force(two)
        two:kill "sigterm"
        two:wait()
        one = group:replica "one"
        group:shared_as { one = 2 }
        group:in_force(one)
        one:kill "sigterm"
        one:wait()
        local n, told = made(group, "one", "two")
        assert.are.equal(1, n, told)
        support.contains(told, "two: done-unseen, ")
        support.contains(told, "one: lost, another daemon has looked it up since: its journal says what became of it")
    end)

    it("have it once, too, where its owner was stopped meanwhile, and a third took it from the second", function()
        local group = shards.new(MARK, { shards = 2 })
        local one = unheard(group)
        one:kill "sigstop"
        local two = group:replica "two"
        group.server:fault { fault = "stall", method = "GET", path = "*/mpijobs/job-1", count = 1 } -- it dies before it knows what became of the change
        group:shared_as { two = 2 }
        assert.is_truthy(await(function()
            local first = rows(group, "two", "journal")[1]
            return first and first.name == "job-1"
        end))
        two:kill "sigkill"
        two:wait()
        one:kill "sigkill"
        one:wait()
        local three = group:replica "three"
        group:shared_as { three = 2 }
        three:expect "a change was in flight when the daemon ended"
        group:in_force(three)
        two = group:replica "two"
        group:shared_as { two = 1, three = 1 }
        three:kill "sigterm"
        three:wait()
        group:shared_as { two = 2 }
        group:in_force(two)
        two:kill "sigterm"
        two:wait()
        local n, told = made(group, "one", "two", "three")
        assert.are.equal(1, n, told)
        support.contains(told, "three: done-unseen, ")
    end)
end)
