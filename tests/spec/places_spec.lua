-- SPDX-License-Identifier: Apache-2.0
-- Errors name the author's file and line, also where the program's own Lua has passed a wrong value on.
local support = require "support"
local sims = require "support.sim"
local uv = support.uv

local SPEC = [[
describe("wrong", function()
    it("1", function() assert.replaced(12) end)
    it("2", function() assert.untouched {} end)
    it("3", function() assert.effect("train/x") end)
    it("4", function() cluster.fail_next(12) end)
    it("5", function() clock.advance "1x" end)
    it("6", function() assert.logged {} end)
    it("7", function() cluster.job { name = {} } end)
    it("8", function() assert.requested("a", 3) end)
    it("9", function() assert.event("a", {}) end)
    it("10", function() select(2, pcall(function() assert.replaced(12) end)):nothing() end)
    it("11", function()
        local message = select(2, pcall(function()
            assert.replaced(12)
        end))
        assert.is_truthy(message:find("^[^:]*p_spec.lua:14: "), message)
        local co = coroutine.create(function()
            assert.replaced(12)
        end)
        local _, said = coroutine.resume(co)
        assert.is_truthy(said:find("^[^:]*p_spec.lua:18: "), said)
        local _, handled = xpcall(function()
            assert.replaced(12)
        end, function(m) return "handled: " .. m end)
        assert.is_truthy(handled:find("^handled: [^:]*p_spec.lua:23: "), handled)
        local _, own = pcall(error, "test.runner:1: mine", 0)
        assert.are.equal("test.runner:1: mine", own)
        assert.are.same({ true, 1, nil, 3 }, { pcall(function(...) return ... end, 1, nil, 3) })
        assert.are.same({ false, {} }, { pcall(error, {}) })
    end)
end)
]]

describe("errors", function()
    local folder
    lazy_setup(function()
        folder = support.folder()
    end)
    lazy_teardown(support.cleanup)

    local function clean(text)
        for _, name in ipairs { "prompt", "help", "names", "plugin", "mpijob", "sweep", "test%.[%w_]+", "luassert[%w_.]*", "say" } do
            assert.is_nil(text:find("%f[%w]" .. name .. ":%d+:"), text)
        end
    end

    it("of a spec name its line", function()
        support.write(folder .. "/p.lua", 'policy { name = "p", every = "1h", replace = { cleanPodPolicy = "All" } }\n')
        support.write(folder .. "/p_spec.lua", SPEC)
        local code, out, err = support.mpijobd("test", folder .. "/p_spec.lua")
        assert.are.equal(1, code, out .. err)
        clean(out .. err)
        for line = 2, 11 do
            support.contains(out, "p_spec.lua:" .. line .. ": ")
        end
        support.contains(out, "1 success / ")
    end)

    it("of a plugin name its line, or that of who calls it", function()
        uv.fs_mkdir(folder .. "/plugins", 448)
        uv.fs_mkdir(folder .. "/plugins/x", 448)
        support.write(folder .. "/plugins/x/plugin.lua", [[
plugin {
    name = "x", version = "1.0.0", api = 1,
    kinds = { batchjob = { group = "batch", versions = "v1", kind = "Job", plural = "jobs", fields = {} } },
    conditions = { odd = { test = function() return true end, check = function(value)
        return plugin.nothing
    end } },
}
]])
        support.write(folder .. "/mpijobd.yaml", "plugins: [ plugins ]\n")
        support.write(folder .. "/q.lua", 'require "x"\n\npolicy { name = "q", every = "1h", match = { odd = 1 }, run = function() end }\n')
        local code, out, err = support.mpijobd("check", "--config", folder .. "/mpijobd.yaml", folder .. "/q.lua")
        assert.are.equal(1, code, out .. err)
        clean(out .. err)
        support.contains(err, "plugins/x/plugin.lua:5: plugin has no nothing")
        support.write(folder .. "/plugins/x/plugin.lua", 'local a = 1\nplugin.file({})\n')
        code, out, err = support.mpijobd("check", "--config", folder .. "/mpijobd.yaml", folder .. "/q.lua")
        assert.are.equal(1, code, out .. err)
        clean(out .. err)
        support.contains(err, "plugins/x/plugin.lua:2: bad argument #1 to 'file'")
    end)

    it("of what a person types name the line that was typed", function()
        local server = sims.start("--version", "v2beta1", "--jobs", "2", "--seed", "1")
        support.write(folder .. "/d.lua", 'policy { name = "d", schedule = "0 12 * * *", replace = { cleanPodPolicy = "All" } }\n')
        support.daemon({}, "run", "--no-supervisor", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", folder .. "/d.lua"):expect "in force"
        for _, text in ipairs { "jobs { fase = 'Failed' }", "jobs(12)", "jobs 'x'", "help(12)", "why()", "why({}, {})", "next(1)",
            "tfjob.list(3)", "mpijob.get()" } do
            local code, out, err = support.mpijobd("eval", "--state", folder .. "/s.db", "\n" .. text)
            assert.are.equal(1, code, text .. "\n" .. out .. err)
            clean(err)
            -- What is returned at once is a tail call, of which Lua keeps no line.
            code, out, err = support.mpijobd("eval", "--state", folder .. "/s.db", "\nlocal x = " .. text)
            assert.are.equal(1, code, text .. "\n" .. out .. err)
            support.contains(err, text == "help(12)" and "there is no help for this number" or "mpijobd eval: input:2: ")
        end
    end)
end)
