-- SPDX-License-Identifier: Apache-2.0
-- mpijobd test --debug: whole sessions of an editor's debugger with the real program, over a socket and over standard input and output.
local support = require "support"
local dap = require "support.dap"

local POLICY = [[
local freed = 0
local function wish(job)
    local wanted = { cleanPodPolicy = "All" }
    if job.gpus > 2 then
        wanted.labels = { big = "yes" }
    end
    freed = freed + 1
    return wanted
end

policy {
    name = "free",
    on = "match",
    match = { phase = "Succeeded", finished_for = "2h" },
    replace = function(job)
        local changes = wish(job)
        return changes
    end,
}
]]

local SPEC = [[
describe("free", function()
    it("frees both", function()
        local small = cluster.job { name = "small", phase = "Succeeded", finished_for = "1h", gpus = 2 }
        local big = cluster.job { name = "big", phase = "Succeeded", finished_for = "1h", gpus = 8 }
        clock.advance "1h"
        assert.replaced(small, { cleanPodPolicy = "All" })
        assert.replaced(big, { labels = { big = "yes" } })
    end)
end)
]]

describe("mpijobd test --debug", function()
    local folder, policy, spec
    before_each(function()
        folder = support.uv.fs_realpath(support.folder())
        policy = support.write(folder .. "/free.lua", POLICY)
        spec = support.write(folder .. "/free_spec.lua", SPEC)
    end)
    after_each(support.cleanup)

    local function names(frames)
        local list = {}
        for _, frame in ipairs(frames) do
            if frame.source.path then
                list[#list + 1] = ("%s@%d"):format(frame.name, frame.line)
            end
        end
        return table.concat(list, " ")
    end

    for _, way in ipairs { "socket", "stdio" } do
        it("stops in a policy and in its spec, shows calls and variables, steps, and goes on: " .. way, function()
            local c = dap[way](folder)
            local can = c:start({}, { [policy] = { 5 }, [spec] = { 5 } })
            assert.is_true(can.supportsConditionalBreakpoints)
            assert.is_true(c.set[policy][1].verified)

            c:stopped "breakpoint"
            assert.are.equal("free_spec.lua", c.frames[1].source.name)
            assert.are.equal(5, c.frames[1].line)
            local values = c:children(c:scope "Locals")
            assert.are.equal('"default/small"', values.small)
            assert.are.equal('"default/big"', values.big)
            local now = c:evaluate "clock.now()"

            c:go()
            local event = c:stopped "breakpoint"
            assert.are.same({ c.set[policy][1].id }, event.hitBreakpointIds)
            assert.are.equal("wish@5 the function at line 15@16", names(c.frames))
            assert.are.equal(policy, c.frames[1].source.path)
            local list
            values, list = c:children(c:scope "Locals")
            assert.are.equal("job default/big", values.job)
            assert.are.equal('{ cleanPodPolicy = "All" }', values.wanted)
            for _, variable in ipairs(list) do
                if variable.name == "job" then
                    assert.are.equal("8", c:children(variable.variablesReference).gpus)
                elseif variable.name == "wanted" then
                    assert.are.equal('"All"', c:children(variable.variablesReference).cleanPodPolicy)
                end
            end
            assert.are.equal("number", ({ c:children(c:scope "Upvalues") })[2][1].type)

            -- The test waits in clock.advance, and its clock stands still.
            local threads = c:ask("threads").threads
            assert.are.equal(2, #threads)
            for _, thread in ipairs(threads) do
                if thread.name == "free_spec.lua" then
                    assert.is_true(names(c:ask("stackTrace", { threadId = thread.id }).stackFrames):find("@5", 1, true) ~= nil)
                end
            end
            assert.are.equal(tostring(now + 3600), (c:evaluate("time.now()"):gsub("%.0$", "")))

            c:go "next"
            c:stopped "step"
            assert.are.equal(7, c.frames[1].line)
            c:go "stepOut"
            c:stopped "step"
            assert.are.equal(17, c.frames[1].line)
            c:go()
            assert.are.equal(0, c:finish())
        end)
    end
end)
