-- SPDX-License-Identifier: Apache-2.0
-- What an editor is told of plugins, and functions that go away.
local support = require "support"
local uv = support.uv

describe("for who writes plugins and policies", function()
    local folder

    before_each(function()
        folder = support.folder()
        for _, name in ipairs { "policies", "plugins", "plugins/gpu-hours" } do
            uv.fs_mkdir(folder .. "/" .. name, 448)
        end
        support.write(folder .. "/mpijobd.yaml", "plugins: [ plugins ]\npolicies: [ policies ]\n")
        support.write(folder .. "/policies/p.lua", 'policy { name = "p", every = "1h", run = function() end }\n')
    end)
    teardown(support.cleanup)

    local function plugin(text)
        support.write(folder .. "/plugins/gpu-hours/plugin.lua", text)
    end

    local function run(command, ...)
        return support.mpijobd(command, "--config", folder .. "/mpijobd.yaml", ...)
    end

    it("types writes those of plugins, too", function()
        plugin 'plugin { name = "gpu-hours", version = "1.0.0", api = 1, exports = { total = function() end } }'
        -- By the configuration in the folder, or the one that is named.
        local code, out, err = support.mpijobd("types", "--install", folder)
        assert.are.equal(0, code, err)
        local place = folder .. "/.mpijobd/types/plugins/"
        support.contains(out, place .. "gpu-hours.lua is written\n" .. folder .. "/.luarc.json\n")
        support.contains(support.read(place .. "gpu-hours.lua"), "---@field total fun(...): any, any\n")
        uv.fs_mkdir(folder .. "/other", 448)
        assert.are.equal(0, (run("types", "--install", folder .. "/other")))
        assert.is_truthy(uv.fs_stat(folder .. "/other/.mpijobd/types/plugins/gpu-hours.lua"))
        -- Printed, all is one file.
        uv.fs_mkdir(folder .. "/plugins/other", 448)
        support.write(folder .. "/plugins/other/plugin.lua", 'plugin { name = "other", version = "1.0.0", api = 1, exports = { more = 1 } }')
        code, out, err = run "types"
        assert.are.equal(0, code, err)
        support.contains(out, "---@class mpijobd.plugin.gpu_hours\n")
        support.contains(out, "---@class mpijobd.plugin.other\n---@field more number\n")
        assert(load(out))
        -- What a broken one had stays; the rest is written.
        plugin "plugin {"
        code, out, err = support.mpijobd("types", "--install", folder)
        assert.are.equal(1, code)
        support.contains(out, "other.lua is written")
        support.contains(out, ".luarc.json: it names them already")
        support.contains(err, "mpijobd types: 1 error in the plugins; those that can be used are there")
        assert.is_truthy(uv.fs_stat(place .. "gpu-hours.lua"))
        -- Of a plugin that is gone nothing is left; what is not mpijobd's stays.
        support.write(folder .. "/mpijobd.yaml", "policies: [ policies ]\n")
        support.write(place .. "mine.lua", "---@meta mine\n")
        code, out, err = support.mpijobd("types", "--install", folder)
        assert.are.equal(0, code, err)
        support.contains(out, "gpu-hours.lua is removed: there is no such plugin any more")
        assert.is_nil(uv.fs_stat(place .. "gpu-hours.lua"))
        assert.is_truthy(uv.fs_stat(place .. "mine.lua"))
    end)

    it("plugins types writes annotations of all that a plugin says of itself", function()
        plugin [[
plugin {
    name = "gpu-hours", version = "1.0.0", api = 1, about = "Hours\n---@class forged",
    config = {
        unit = { type = "string", default = "EUR", values = { "EUR", "USD" }, about = "of prices" },
        grace = "duration?",
    },
    exports = { total = function() end, factor = 2, ["odd name"] = 1 },
    conditions = { costs = { test = function() return true end, about = "at least so much" } },
    sinks = { pager = function() return {} end },
    kinds = {
        batchjob = { group = "batch", versions = "v1", kind = "Job", plural = "jobs", about = "Kubernetes' own",
            fields = { suspend = { at = "/spec/suspend", type = "boolean", about = "its pods go" } } },
    },
}
]]
        local code, out, err = run("plugins", "types", folder .. "/types")
        assert.are.equal(0, code, err)
        assert.are.equal(folder .. "/types/gpu-hours.lua is written\n", out)
        local text = support.read(folder .. "/types/gpu-hours.lua")
        assert(load(text))
        for _, line in ipairs {
            "---@meta gpu-hours",
            "-- Hours ---@class forged",
            "---@class mpijobd.plugin.gpu_hours.config",
            '---@field unit? "EUR"|"USD" of prices (default "EUR")',
            "---@field grace? string|integer",
            "---@class mpijobd.PolicyMatch",
            "---@field costs? any at least so much",
            "---@class notifylib",
            "---@field pager fun(notification: mpijobd.Notification): boolean?, mpijobd.Error?",
            "---@class mpijobd.plugin.gpu_hours.batchjob : mpijobd.PluginObject",
            "---@field suspend? boolean its pods go",
            "---@field suspend? boolean|mpijobd.Remove its pods go",
            "---@class mpijobd.plugin.gpu_hours.batchjob.module : mpijobd.PluginKindModule",
            "---@class mpijobd.plugin.gpu_hours",
            "---@field total fun(...): any, any",
            "---@field factor number",
            "---@field batchjob mpijobd.plugin.gpu_hours.batchjob.module Kubernetes' own",
        } do
            support.contains("\n" .. text, "\n" .. line .. "\n")
        end
        support.lacks(text, "odd name")
        support.lacks(text, "\n---@class forged")
        -- The classes that it adds to are there.
        local there = support.read(support.source .. "/lua/types/policy.lua") .. support.read(support.source .. "/lua/types/notify.lua")
            .. support.read(support.source .. "/lua/types/plugin.lua")
        for _, class in ipairs { "mpijobd.PolicyMatch", "notifylib", "mpijobd.PluginObject", "mpijobd.PluginKindModule" } do
            support.contains(there, "---@class " .. class)
        end
        code, out, err = run("plugins", "types")
        assert.are.equal(2, code, out)
        support.contains(err, "types takes the folder that it writes to")
    end)

    it("check and plugins name what is deprecated, and it goes on", function()
        plugin [[plugin { name = "gpu-hours", version = "1.0.0", api = 1 }
local function later() fault.crash() end
return later
]]
        support.write(folder .. "/policies/p.lua", [[
require "gpu-hours"
-- fault.crash() in a comment, and "fault.crash" in a text
policy { name = "p", every = "1h", run = function() local t = {} if t.fault then t.fault.crash() end
    if false then fault . crash() end end }
]])
        local message = "fault.crash is deprecated since 0.1 and goes with 0.2; use fault.hang"
        local env = { MPIJOBD_TEST_FAULTS = "1" }
        local function with(...)
            return support.proc.run(support.binary, { args = { ... }, env = env })
        end
        local code, _, err = with("check", "--config", folder .. "/mpijobd.yaml")
        assert.are.equal(0, code, err)
        local places = {}
        for place in err:gmatch("([%w_-]+%.lua:%d+): warning: " .. message:gsub("%p", "%%%0")) do
            places[#places + 1] = place
        end
        assert.are.same({ "plugin.lua:2", "p.lua:4" }, places, err)
        assert.are.equal(1, (with("check", "--strict", "--config", folder .. "/mpijobd.yaml")))
        code, _, err = with("plugins", "--config", folder .. "/mpijobd.yaml")
        assert.are.equal(0, code)
        support.contains(err, "plugin.lua:2: warning: " .. message)
    end)
end)
