-- SPDX-License-Identifier: Apache-2.0
-- The breaker where daemons share the jobs: runs that fail in a shard are counted while the shard moves.
local support = require "support"
local shards = require "support.shards"
local await = support.proc.await

local FAILS = [[policy { name = "fails", schedule = "0 * * * *", match = { labels = "todo" }, replace = function() error "in vain" end }]]

describe("the breaker of daemons that share the jobs", function()
    after_each(support.cleanup)

    it("counts the failing runs of a shard, whoever owns it", function()
        local group = shards.new(FAILS, { shards = 1 })
        group:create(6)
        local one = group:replica("one", { clock = "2026-01-01T00:59:00Z" })
        group:shared_as { one = 1 }
        group:in_force(one)
        for hour = 1, 2 do
            one:write(("set 2026-01-01T0%d:00:05Z\n"):format(hour))
            one:expect "run ended"
        end
        assert.is_nil(select(2, group:ask(one, "status")):find("paused", 1, true))
        one:kill "sigterm"
        one:wait()
        local two = group:replica("two", { clock = "2026-01-01T02:59:00Z" })
        group:shared_as { two = 1 }
        group:in_force(two)
        two:write "set 2026-01-01T03:00:05Z\n"
        local status
        local paused = await(function()
            status = select(2, group:ask(two, "status"))
            return status:find "\nfails +paused +by the breaker"
        end)
        assert.is_truthy(paused, status)
        support.contains(select(2, group:ask(two, "resume")), "3 runs in a row in shard 0 have failed")
    end)
end)
