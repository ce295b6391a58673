-- SPDX-License-Identifier: Apache-2.0
-- Plugins: found, checked, required, asked, counted.
local support = require "support"
local simulator = require "support.sim"
local uv = support.uv

describe("a plugin", function()
    local folder

    before_each(function()
        folder = support.folder()
        for _, name in ipairs { "policies", "plugins", "plugins/cost", "plugins/cost/lib" } do
            uv.fs_mkdir(folder .. "/" .. name, 448)
        end
    end)
    teardown(support.cleanup)

    local function write(name, text)
        return support.write(folder .. "/" .. name, text)
    end

    local PLUGIN = [[
plugin {
    name = "cost", version = "1.0.0", api = 1, about = "What it costs.",
    needs = { api = { pods = { "get" }, ["workloads.kueue.x-k8s.io"] = { "get", "delete" } } },
    config = {
        price = "number",
        unit = { type = "string", default = "EUR", values = { "EUR", "USD" } },
        grace = "duration?",
    },
    exports = {
        total = function(gpus) return gpus * plugin.config.price * require("lib.half").factor, plugin.config.unit, plugin.config.grace end,
    },
    conditions = {
        costs = {
            check = function(value)
                if type(value) ~= "number" then return nil, "has to be a number" end
                return { least = value }
            end,
            test = function(job, value) return job.gpus * plugin.config.price >= value.least end,
        },
    },
}
local half = require "lib.half"
count = (count or 0) + 1
assert(half.factor == 0.5 and plugin.name == "cost" and plugin.version == "1.0.0" and count == 1)
assert(plugin.file "lib/half.lua" == "return { factor = 0.5 }\n" and plugin.file "none" == nil)
]]
    local CONFIG = [[
plugins:
  cost:
    path: plugins/cost
    config:
      price: 3
      grace: 2h
policies: [ policies ]
]]
    local POLICY = [[
local cost = require "cost"
policy { name = "p", every = "1h", match = { phase = "Failed", costs = 4 }, replace = { cleanPodPolicy = "All" } }
]]

    local function plugin(text, config, policies)
        write("plugins/cost/plugin.lua", text or PLUGIN)
        write("plugins/cost/lib/half.lua", "return { factor = 0.5 }\n")
        write("mpijobd.yaml", config or CONFIG)
        for name, content in pairs(policies or { ["p.lua"] = POLICY }) do
            write("policies/" .. name, content)
        end
    end

    local function run(command, ...)
        return support.mpijobd(command, "--config", folder .. "/mpijobd.yaml", ...)
    end

    -- Every line of `expected` (text that stands in it) is a line of what check says, in this order, and there is no other.
    local function mistakes(expected)
        local code, _, err = run "check"
        assert.are.equal(1, code)
        local lines = {}
        for line in err:gmatch "[^\n]+" do
            if not line:find("^mpijobd check:") and not line:find "in the file's own code" then
                lines[#lines + 1] = line:gsub(folder:gsub("%p", "%%%0") .. "/", "")
            end
        end
        assert.are.same(expected, lines)
    end

    it("gives its exports, its options and its own files, and shares no globals", function()
        plugin(nil, nil, { ["p.lua"] = POLICY .. [[
            local total, unit, grace = cost.total(4)
            assert(total == 6.0 and unit == "EUR" and grace == 7200, total)
            assert(require "cost" == cost and rawget(_G, "count") == nil)
            assert(not pcall(require, "lib.half"))
        ]] })
        local code, out, err = run("check", "-o", "name")
        assert.are.equal("p\n", out, err)
        assert.are.equal(0, code, err)
    end)

    it("has all that is wrong in it told at once, by line", function()
        plugin([[
plugin {
    name = "coat", version = "1.0", api = 2,
    abuot = "x",
    sinks = {},
    config = {
        Price = "number",
        unit = { type = "strnig", deflaut = 1 },
        rate = { type = "number", default = "x" },
    },
    conditions = {
        phase = function() end,
        costs = 3,
    },
    needs = { api = { pods = { "read" } }, hots = {} },
}
]], nil, { ["p.lua"] = "policy { name = 'p', every = '1h', replace = { cleanPodPolicy = 'All' } }" })
        local at = "plugins/cost/plugin.lua:"
        mistakes {
            at .. "2: plugin \"cost\": name is \"coat\", and the configuration or its folder calls it \"cost\"; both have to be the same",
            at .. "2: plugin \"cost\": version is \"1.0\"; it has to be three numbers, as in \"1.0.0\"",
            at .. "2: plugin \"cost\": api is 2, and this mpijobd speaks 1; install a newer mpijobd, or a version of the plugin for api 1",
            at .. "3: plugin \"cost\": abuot is not a key of a plugin (did you mean \"about\"?); there are name, version, api, about, needs, config, exports, conditions",
            at .. "4: plugin \"cost\": sinks is not available in this version; leave it out",
            at .. "6: plugin \"cost\": config.Price is no name for an option: lower-case letters, digits and _",
            at .. "7: plugin \"cost\": config.unit has no type that is known (did you mean \"string\"?); there are string, number, integer, "
                .. "boolean, duration, list, table, and each with ? at its end where it may be left out",
            at .. "7: plugin \"cost\": config.unit.deflaut is not known (did you mean \"default\"?); an option has type, default, about, values, least, most",
            at .. "8: plugin \"cost\": config.rate.default is the text \"x\"; it has to be a number",
            at .. "11: plugin \"cost\": conditions.phase is a condition of mpijobd's own; take another name",
            at .. "12: plugin \"cost\": conditions.costs has to be a function of the job and the value, or { test = that, check = function(value), about = ... }",
            at .. "14: plugin \"cost\": needs.api.pods has \"read\", which is no verb; there are get, list, watch, create, update, patch, delete",
            at .. "14: plugin \"cost\": needs.hots is not known (did you mean \"hosts\"?); there are api, hosts, secrets",
        }
    end)

    it("has what is wrong in its options told by the configuration's line", function()
        plugin(nil, [[
plugins:
  cost:
    path: plugins/cost
    config:
      unit: UDS
      prize: 3
      grace: soon
policies: [ policies ]
]], { ["p.lua"] = "policy { name = 'p', every = '1h', replace = { cleanPodPolicy = 'All' } }" })
        mistakes {
            "mpijobd.yaml:3: plugins.cost.config.price is missing; it has to be a number",
            "mpijobd.yaml:5: plugins.cost.config.unit is the text \"UDS\" (did you mean \"USD\"?); it has to be one of EUR, USD",
            "mpijobd.yaml:6: plugins.cost.config.prize is not an option of the plugin (did you mean \"price\"?); it has grace, price, unit",
            "mpijobd.yaml:7: plugins.cost.config.grace is the text \"soon\"; it has to be a duration such as \"2h\", or seconds",
        }
    end)

    it("that cannot be used keeps the policies from being loaded, and says where", function()
        local function wrong(text, message)
            plugin(text)
            local code, _, err = run "check"
            assert.are.equal(1, code)
            support.contains(err, message)
            support.contains(err, "policies/p.lua:1: the plugin cost cannot be used: see what is wrong in ")
        end
        wrong("local x = = 1", "plugins/cost/plugin.lua:1: unexpected symbol")
        wrong("\nerror 'no rates'", "plugins/cost/plugin.lua:2: no rates")
        wrong("return {}", "plugins/cost/plugin.lua:1: it does not call plugin { name = \"cost\", version = \"1.0.0\", api = 1, ... }")
        wrong("plugin { name = 'cost', version = '1.0.0', api = 1 } plugin {}", "plugin { ... } is called twice")
        wrong("require 'lib.gone'", 'there is no module "lib.gone" for plugins, and no such file in the plugin cost')
        wrong("policy { name = 'x', every = '1h', replace = { cleanPodPolicy = 'All' } }", "plugins/cost/plugin.lua:1: a plugin defines no policy")
        wrong("while true do end", "CPU")
    end)

    it("is found by a list of folders, too, under the folder's name", function()
        plugin((PLUGIN:gsub('price = "number"', 'price = { type = "number", default = 1 }')), "plugins: [ plugins ]\npolicies: [ policies ]\n")
        assert.are.equal(0, (run "check"))
        write("mpijobd.yaml", "plugins: [ plugins/cost ]\npolicies: [ policies ]\n")
        assert.are.equal(0, (run "check"))
        for config, message in pairs {
            ["plugins: [ policies ]"] = "policies is no plugin and holds none: a plugin is a folder with plugin.lua",
            ["plugins: [ none ]"] = "none: No such file or directory",
            ["plugins: { cost: policies }"] = "policies has no plugin.lua; a plugin is a folder with one",
            ["plugins: [ plugins, plugins/cost ]"] = "there are two of the name \"cost\"",
            ["plugins: 3"] = "mpijobd.yaml:1: plugins has to be a list of folders, or a map of names",
            ["plugins: { Cost: plugins/cost }"] = "mpijobd.yaml:1: plugins.Cost is no name for a plugin",
            ["plugins: { cost: { config: {}, pth: x } }"] = "plugins.cost.pth is not a key of a plugin (did you mean \"path\"?)",
            ["plugins: { cost: { path: plugins/cost, config: 3 } }"] = "plugins.cost.config has to hold the plugin's options",
        } do
            write("mpijobd.yaml", config .. "\npolicies: [ policies ]\n")
            local code, _, err = run "check"
            assert.are.equal(1, code)
            support.contains(err, message)
        end
    end)

    it("does not read what leads out of its folder, nor what is too large", function()
        plugin()
        write("outside.lua", "return 1")
        uv.fs_symlink(folder .. "/outside.lua", folder .. "/plugins/cost/link.lua")
        local code, _, err = run "check"
        assert.are.equal(1, code)
        support.contains(err, "link.lua leads out of the folder")
        uv.fs_unlink(folder .. "/plugins/cost/link.lua")
        uv.fs_symlink("lib/half.lua", folder .. "/plugins/cost/link.lua")
        assert.are.equal(0, (run "check"))
        write("plugins/cost/big.csv", ("x"):rep(1024 * 1024 + 1))
        code, _, err = run "check"
        assert.are.equal(1, code)
        support.contains(err, "big.csv")
    end)

    it("gets the text of a file as an option", function()
        plugin((PLUGIN:gsub('grace = "duration%?"', 'grace = "duration?", days = "string"')
            .. "assert(plugin.config.days == 'monday\\n')"), (CONFIG:gsub("grace: 2h", "days: { file: days.txt }")))
        write("days.txt", "monday\n")
        local code, _, err = run "check"
        assert.are.equal(0, code, err)
        uv.fs_unlink(folder .. "/days.txt")
        code, _, err = run "check"
        assert.are.equal(1, code)
        support.contains(err, "days.txt")
    end)

    it("adds a condition, whose value it checks, for files that require it", function()
        plugin(nil, nil, { ["p.lua"] = (POLICY:gsub("costs = 4", "costs = 'much'")) })
        mistakes { "policies/p.lua:2: policy \"p\": match.costs has to be a number" }
        plugin(nil, nil, { ["p.lua"] = (POLICY:gsub("[^\n]*\n", "\n", 1)) })
        mistakes { "policies/p.lua:2: policy \"p\": match.costs is a condition of the plugin cost; write require \"cost\" above the policy" }
    end)

    it("is asked per job, in a spec and in a plan, which show it", function()
        plugin(nil, nil, { ["p.lua"] = POLICY, ["p_spec.lua"] = [[
            policy.plugin("../plugins/cost", { price = 2 })
            local cost = require "cost"
            describe("p", function()
                it("has the exports", function() assert.are.equal(4.0, (cost.total(4))) end)
                it("asks", function()
                    local dear = cluster.job { workers = 1, gpus = 2, phase = "Failed" }
                    local cheap = cluster.job { workers = 1, gpus = 1, phase = "Failed" }
                    clock.advance "1h"
                    assert.replaced(dear, { cleanPodPolicy = "All" })
                    assert.untouched(cheap)
                end)
                it("has other options in a test", function()
                    local cheap = cluster.job { workers = 1, gpus = 1, phase = "Failed" }
                    policy.plugin("../plugins/cost", { price = 9 })
                    clock.advance "1h"
                    assert.replaced(cheap)
                end)
                it("shows", function()
                    local cheap = cluster.job { workers = 1, gpus = 1, phase = "Failed" }
                    clock.advance "1h"
                    assert.replaced(cheap)
                end)
            end)
        ]] })
        local code, out = support.mpijobd("test", folder .. "/policies")
        support.contains(out, "3 successes / 1 failure")
        support.contains(out, "    no     costs      4 (plugin cost)  false\n")
        assert.are.equal(1, code)
        local sim = simulator.start("--version", "v2beta1", "--jobs", "200", "--seed", "1")
        code, out = run("plan", "--kubeconfig", sim.kubeconfig, "-A")
        assert.are.equal(0, code)
        support.contains(out, "holds costs: 4 (plugin cost)")
        code, out = run("plan", "--kubeconfig", sim.kubeconfig, "-A", "-o", "json")
        assert.are.equal(0, code)
        local changes = support.json.decode(out)
        assert.is_true(#changes > 0 and #changes < 200)
        for _, change in ipairs(changes) do
            assert.are.same({ { name = "costs", value = "4", plugin = "cost" } }, change.conditions)
            local _, job = sim:request("GET", "/apis/kubeflow.org/v2beta1/namespaces/" .. change.job:gsub("/", "/mpijobs/"))
            local workers = job.spec.mpiReplicaSpecs.Worker
            local gpus = workers.template.spec.containers[1].resources.limits["nvidia.com/gpu"]
            assert.is_true(workers.replicas * tonumber(gpus) * 3 >= 4)
        end
    end)

    it("is counted by rbac for the policies that require it", function()
        plugin(nil, nil, { ["p.lua"] = (POLICY:gsub("match = {", "match = { namespace = 'train',")),
            ["q.lua"] = "policy { name = 'q', every = '1h', match = { namespace = 'lab' }, replace = { cleanPodPolicy = 'All' } }" })
        local code, out, err = run("rbac", "-o", "json")
        assert.are.equal(0, code, err)
        local rules = {}
        for _, item in ipairs(support.json.decode(out).items) do
            for _, rule in ipairs(item.rules or {}) do
                rules[item.metadata.namespace .. " " .. rule.resources[1]] = table.concat(rule.verbs, ",")
            end
        end
        assert.are.same({ ["train mpijobs"] = "get,list,update", ["train pods"] = "get", ["train workloads"] = "get,delete",
            ["lab mpijobs"] = "get,list,update" }, rules)
        write("policies/p.lua", (POLICY:gsub("every", "dry_run = true, every")))
        code, out = run "rbac"
        assert.are.equal(0, code)
        support.contains(out, "workloads")
        assert.is_nil(out:find("delete", 1, true))
    end)

    it("answers a condition with true or false", function()
        plugin((PLUGIN:gsub("return job.gpus %* plugin.config.price >= value.least", "return nil")), nil, { ["p.lua"] = POLICY, ["p_spec.lua"] = [[
            policy.plugin("../plugins/cost", { price = 2 })
            it("fails", function()
                cluster.job { workers = 1, gpus = 2, phase = "Failed" }
                clock.advance "1h"
                assert.logged("the condition costs of the plugin cost answered nil; it has to answer true or false")
            end)
        ]] })
        local code, out = support.mpijobd("test", folder .. "/policies")
        assert.are.equal(0, code, out)
    end)
end)
