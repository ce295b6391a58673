-- SPDX-License-Identifier: Apache-2.0
-- What the plugin gpu-cost does, and what it leaves alone.
policy.plugin(".", { price = 2, prices = { h100 = 4 }, gpu_label = "gpu", currency = "USD" })
local cost = require "gpu-cost"

local HOUR <const> = 3600

describe("gpu-cost", function()
    local function job(fields)
        return setmetatable(fields, { __index = { labels = {}, gpus = 8 } })
    end

    it("knows the price by the kind of GPU", function()
        assert.are.equal(2, cost.rate(job {}))
        assert.are.equal(4, cost.rate(job { labels = { gpu = "h100" } }))
        assert.are.equal(2, cost.rate(job { labels = { gpu = "unheard-of" } }))
    end)

    it("counts the time that a job ran, and that in which it holds its GPUs after its end", function()
        local now = time.now()
        assert.are.equal(32.0, cost.cost(job { started = now - 2 * HOUR }))
        local done = job { started = now - 3 * HOUR, finished = now - HOUR }
        assert.are.equal(48.0, cost.cost(done))
        assert.are.equal(16.0, cost.held_cost(done))
        done.cleanPodPolicy = "All"
        assert.are.equal(32.0, cost.cost(done))
        assert.are.equal(0, cost.held_cost(done))
        assert.are.equal(0, cost.cost(job {}), "it has not begun")
    end)

    it("writes amounts", function()
        assert.are.equal("0.50 USD", cost.text(0.5))
        assert.are.equal("999.00 USD", cost.text(999))
        assert.are.equal("1,234,567.89 USD", cost.text(1234567.89))
        assert.are.equal("-1,000.00 USD", cost.text(-1000))
    end)

    it("reports by team, the dearest first", function()
        local now = time.now()
        assert.are.equal([[
TEAM    JOBS  GPUS  GPU-HOURS        COST       HELD
vision     2    16       32.0   96.00 USD  16.00 USD
(none)     1     8        8.0   16.00 USD   0.00 USD
all        3    24       40.0  112.00 USD  16.00 USD
]], cost.report {
            job { started = now - 2 * HOUR, labels = { team = "vision", gpu = "h100" } },
            job { started = now - 2 * HOUR, finished = now - HOUR, labels = { team = "vision" } },
            job { started = now - HOUR },
        })
    end)

    it("is a condition", function()
        local dear = cluster.job { gpus = 8, workers = 2, phase = "Succeeded", finished_for = "30m" }
        local cheap = cluster.job { gpus = 2, workers = 2, phase = "Succeeded", finished_for = "30m" }
        assert.untouched(dear)
        clock.advance "10m"
        assert.replaced(dear, { cleanPodPolicy = "All", annotations = { ["ops.example.com/idle-cost"] = "10.67 USD" } })
        clock.advance "1h40m"
        assert.untouched(cheap)
        clock.advance "20m"
        assert.replaced(cheap)
    end)

    it("logs the report each Monday", function()
        cluster.job { gpus = 8, workers = 2, running_for = "1h", labels = { team = "speech" } }
        clock.set "2026-01-12T07:00:00Z"
        assert.ran("cost-report", 1)
        assert.logged("GPU cost by team")
    end)

    it("refuses amounts and prices that make no sense", function()
        policy.plugin(".", { prices = { a100 = "dear" }, gpu_label = "gpu" })
        local _, err = pcall(function() assert.untouched(cluster.job {}) end)
        assert.matches("prices has a100 = dear", tostring(err), 1, true)
    end)
end)
