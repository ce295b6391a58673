-- SPDX-License-Identifier: Apache-2.0
-- Plugins in Lua that a person types into the running daemon: `require` as a policy file has it.
local support = require "support"
local sims = require "support.sim"
local uv = support.uv

local COST = [[
local rates = require "lib.rates"
local config = plugin { name = "cost", version = "1.0.0", api = 1, config = { price = "number" }, exports = {
    of = function(job) return rates.of(job) * plugin.config.price end,
    mark = function(job) return mpijob.replace(job, { labels = { cost = "high" } }) end,
    who = function() return run.policy end,
} }
loaded = (loaded or 0) + 1
]]
local GREEDY = [[
local function forever() while true do end end
if pcall(function() return run.id end) and not greedy_allowed then forever() end -- not as the daemon tries it
plugin { name = "greedy", version = "1.0.0", api = 1, exports = { rows = function() local t = {} for i = 1, 1e9 do t[i] = { i } end end } }
]]

describe("a session", function()
    local server, folder, daemon, state

    lazy_setup(function()
        server = sims.start("--version", "v2beta1", "--jobs", "5", "--seed", "1")
        folder = support.folder()
        state = folder .. "/s.db"
        for _, name in ipairs { "cost", "cost/lib", "greedy" } do
            uv.fs_mkdir(folder .. "/" .. name, 448)
        end
        support.write(folder .. "/cost/plugin.lua", COST)
        support.write(folder .. "/cost/lib/rates.lua", "return { of = function(job) return 10 end }")
        support.write(folder .. "/greedy/plugin.lua", GREEDY)
        support.write(folder .. "/p.lua", 'policy { name = "noon", schedule = "0 12 * * *", replace = { cleanPodPolicy = "All" } }')
        support.write(folder .. "/own.lua", "return {}")
        support.write(folder .. "/mpijobd.yaml", "policies: [ p.lua ]\nplugins: { cost: { path: cost, config: { price: 2.5 } }, greedy: greedy }\n")
        daemon = support.daemon({ stdin = true }, "run", "--no-supervisor", "--config", folder .. "/mpijobd.yaml", "--kubeconfig",
            server.kubeconfig, "--state", state, "--clock", "2026-03-01T10:00:00Z")
        daemon:expect("in force")
    end)
    lazy_teardown(support.cleanup)

    local function eval(...)
        local code, out, err = support.mpijobd("eval", "--state", state, ...)
        return code == 0 and out or err, code
    end

    it("requires plugins, with their options as configured, in any call", function()
        assert.are.equal("25.0\n", (eval "require('cost').of({})"))
        assert.are.equal("25.0\n", (eval "local function f() return require 'cost' end return f().of {}"))
        assert.are.equal("true\n", (eval "require 'cost' == require 'cost'"))
        assert.are.equal("nil\n", (eval "require 'cost' return loaded")) -- its globals are its own
        assert.are.equal("by hand\n", (eval "require('cost').who()"))
    end)

    it("keeps them from call to call, and ends one in the midst of loading", function()
        local code, out, err = support.mpijobd_with({ stdin = [[
g = require "greedy"
greedy_allowed = true
g = require "greedy"
type(g.rows)
cost = require "cost"
cost.of {}
]] }, "attach", "--state", state)
        assert.are.equal(1, code, out .. err)
        assert.are.equal("function\n25.0\n", out)
        support.contains(err, "the CPU limit of 2s is used up")
    end)

    it("gives a plugin no more than it has", function()
        local said, code = eval "require('cost').mark(jobs{}[1].job)"
        assert.are.equal(1, code)
        support.contains(said, "--write")
        said, code = eval "greedy_allowed = true require('greedy').rows()"
        assert.are.equal(1, code)
        support.contains(said, "the memory limit of 32MiB is reached")
        said, code = eval("-o", "json", "--write", "require('cost').mark(jobs{}[1].job).changed")
        assert.are.same({ "true\n", 0 }, { said, code })
    end)

    it("tells what it cannot require", function()
        support.contains(eval "require 'own'", 'there is no module "own" for a session; there are batchjob, cjson, cost, ')
        support.contains(eval "require 'own'", "; a session requires modules and plugins, and no files")
        support.contains(eval "require 'cots'", 'did you mean "cost"?')
        support.contains(eval "require 'cost' return require 'lib.rates'", 'there is no module "lib.rates"')
    end)

    it("keeps the plugins that it began with when others come by a reload", function()
        local long = support.keep(support.proc.start(support.binary, { stdin = true, args = { "attach", "--state", state } }))
        long:write "'begun'\n"
        long:expect("begun", "stdout")
        support.write(folder .. "/cost/lib/rates.lua", "return { of = function(job) return 20 end }")
        assert.are.equal(0, (support.mpijobd("reload", "--state", state)))
        assert.are.equal("50.0\n", (eval "require('cost').of({})"))
        long:write "require('cost').of({})\n"
        long:expect("25.0", "stdout")
        long.input:shutdown()
        assert.are.equal(0, long:wait())
    end)
end)
