-- SPDX-License-Identifier: Apache-2.0
-- Run by `mpijobd test`, offline; what there is: docs/reference/test.md.
policy.plugin(".", { large = 4 })
local plugin = require "@NAME@"

describe("@NAME@", function()
    it("tells large jobs from small ones", function()
        assert.are.equal("large", plugin.size { gpus = 4 })
        assert.are.equal("small", plugin.size { gpus = 3 })
    end)

    it("is a condition of policies", function()
        local large = cluster.job { workers = 2, gpus = 4, phase = "Succeeded", finished_for = "1h" }
        local small = cluster.job { workers = 2, gpus = 2, phase = "Succeeded", finished_for = "1h" }
        assert.replaced(large, { cleanPodPolicy = "All" })
        assert.untouched(small)
    end)
end)
