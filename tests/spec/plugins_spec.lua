-- SPDX-License-Identifier: Apache-2.0
-- Plugins: found, checked, required, asked, counted.
local support = require "support"
local simulator = require "support.sim"
local web = require "support.web"
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
    kinds = 1,
    config = {
        Price = "number",
        unit = { type = "strnig", deflaut = 1 },
        rate = { type = "number", default = "x" },
    },
    conditions = {
        phase = function() end,
        costs = 3,
    },
    sinks = { slack = function() end, pager = 1 },
    needs = { api = { pods = { "read" } }, hots = {} },
}
]], nil, { ["p.lua"] = "policy { name = 'p', every = '1h', replace = { cleanPodPolicy = 'All' } }" })
        local at = "plugins/cost/plugin.lua:"
        mistakes {
            at .. "2: plugin \"cost\": name is \"coat\", and the configuration or its folder calls it \"cost\"; both have to be the same",
            at .. "2: plugin \"cost\": version is \"1.0\"; it has to be three numbers, as in \"1.0.0\"",
            at .. "2: plugin \"cost\": api is 2, and this mpijobd speaks 1; install a newer mpijobd, or a version of the plugin for api 1",
            at .. "3: plugin \"cost\": abuot is not a key of a plugin (did you mean \"about\"?); there are name, version, api, about, needs, config, exports, conditions, sinks, kinds, columns, calendars",
            at .. "4: plugin \"cost\": kinds is the number 1; it has to be a table",
            at .. "6: plugin \"cost\": config.Price is no name for an option: lower-case letters, digits and _",
            at .. "7: plugin \"cost\": config.unit has no type that is known (did you mean \"string\"?); there are string, number, integer, "
                .. "boolean, duration, list, table, and each with ? at its end where it may be left out",
            at .. "7: plugin \"cost\": config.unit.deflaut is not known (did you mean \"default\"?); an option has type, default, about, values, least, most",
            at .. "8: plugin \"cost\": config.rate.default is a text; it has to be a number",
            at .. "11: plugin \"cost\": conditions.phase is a condition of mpijobd's own; take another name",
            at .. "12: plugin \"cost\": conditions.costs has to be a function of the job and the value, or { test = that, check = function(value), about = ... }",
            at .. "14: plugin \"cost\": sinks.slack is a function of notify's own; take another name",
            at .. "14: plugin \"cost\": sinks.pager has to be a function of the notification, or { send = that, about = ... }",
            at .. "15: plugin \"cost\": needs.api.pods has \"read\", which is no verb; there are get, list, watch, create, update, patch, delete",
            at .. "15: plugin \"cost\": needs.hots is not known (did you mean \"hosts\"?); there are api, hosts, secrets",
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
            "mpijobd.yaml:5: plugins.cost.config.unit has another value (did you mean \"USD\"?); it has to be one of EUR, USD",
            "mpijobd.yaml:6: plugins.cost.config.prize is not an option of the plugin (did you mean \"price\"?); it has grace, price, unit",
            "mpijobd.yaml:7: plugins.cost.config.grace is a text; it has to be a duration such as \"2h\", or seconds",
        }
        for range, message in pairs {
            ["least = 4"] = "at least 4", ["most = 2"] = "at most 2", ["least = 4, most = 8"] = "from 4 to 8",
        } do
            plugin((PLUGIN:gsub('price = "number"', 'price = { type = "number", ' .. range .. " }")), nil)
            local code, _, err = run "check"
            assert.are.equal(1, code)
            support.contains(err, "plugins.cost.config.price is out of its range; it has to be " .. message .. "\n")
        end
    end)

    it("that cannot be used keeps the policies from being loaded, and says where", function()
        local function wrong(text, message)
            plugin(text)
            local code, _, err = run "check"
            assert.are.equal(1, code)
            support.contains(err, message)
            support.contains(err, "policies/p.lua:1: the plugin cost cannot be used: see what else is told of it, and of ")
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
        plugin((PLUGIN:gsub('grace = "duration%?"', 'grace = "duration?", days = "number"')), (CONFIG:gsub("grace: 2h", "days: { file: days.txt }")))
        code, _, err = run "check"
        assert.are.equal(1, code)
        support.contains(err, "plugins.cost.config.days is a text; it has to be a number")
        support.lacks(err, "monday") -- a file's text is not told
        uv.fs_unlink(folder .. "/days.txt")
        code, _, err = run "check"
        assert.are.equal(1, code)
        support.contains(err, "days.txt")
    end)

    it("adds a condition, whose value it checks, for files that require it", function()
        plugin(nil, nil, { ["p.lua"] = (POLICY:gsub("costs = 4", "costs = 'much'")) })
        mistakes { "policies/p.lua:2: policy \"p\": match.costs has to be a number" }
        plugin(nil, nil, { ["p.lua"] = (POLICY:gsub("[^\n]*\n", "\n", 1)) })
        local _, out = run "check"
        assert.is_nil(out:find("costs", 1, true))
        mistakes { "policies/p.lua:2: policy \"p\": match.costs is a condition of the plugin cost; write require \"cost\" above the policy" }
    end)

    it("is asked per job, in a spec and in a plan, which show it, as check does", function()
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
        support.contains(select(2, run "check"), "\n  costs: 4 (plugin cost)\n")
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
            ["lab mpijobs"] = "get,list,update", ["train events"] = "create,patch", ["lab events"] = "create,patch" }, rules)
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

    it("is listed with what it says, what it needs and who uses it", function()
        plugin()
        local code, out, err = run "plugins"
        assert.are.equal(0, code, err)
        local expected = [[
cost 1.0.0  FOLDER/plugins/cost
  What it costs.
  option     grace duration, may be left out (set)
  option     price number (set)
  option     unit string, default "EUR"
  exports    total
  conditions costs
  needs      get of pods
  needs      get, delete of workloads.kueue.x-k8s.io
  used by    p
  sha256     ]]
        assert.are.equal(expected:gsub("FOLDER", folder), (out:gsub("%x+\n$", "")))
        code, out = run("plugins", "-o", "json")
        assert.are.equal(0, code)
        local one = support.json.decode(out)[1]
        assert.are.equal("cost", one.name)
        assert.are.same({ "p" }, one.policies)
        assert.are.equal("none", one.lock)
        assert.are.equal(64, #one.sha256)
        assert.are.same({ { name = "costs" } }, one.conditions)
        code, out = run("plugins", "-o", "name")
        assert.are.equal("0cost\n", code .. out)
        write("plugins/cost/plugin.lua", [[plugin { name = "cost", version = "1.0.0", api = 1, about = "a\n  used by    all",
            config = { price = "number", grace = "duration?", o = { type = "string?", about = "b\n  used by    all" } },
            exports = { ["e\n  used by    all\0\27[2J"] = 1 }, conditions = { costs = function() return true end } }]])
        code, out, err = run "plugins" -- says only what it is to say
        assert.are.equal(0, code, err)
        support.contains(out, [[
  a   used by    all
  option     grace duration, may be left out (set)
  option     o string, may be left out: b   used by    all
  option     price number (set)
  exports    e   used by    all\u0000\u001b[2J
  conditions costs
  used by    p
  sha256     ]])
        write("plugins/cost/plugin.lua", "plugin {}")
        code, out, err = run "plugins"
        assert.are.equal(1, code)
        support.contains(out, "cost cannot be used")
        support.contains(err, "plugin.lua:1: plugin \"cost\": has no version")
    end)

    it("is locked by the sum of its files, and drift keeps the policies from being loaded", function()
        plugin()
        local code, _, err = run("plugins", "lock")
        assert.are.equal(0, code, err)
        local lock = support.read(folder .. "/plugins.lock")
        local sum = lock:match "\ncost 1%.0%.0 sha256:(%x+)\n$"
        -- As documented: each file by its name, a NUL, its size, a NUL, its bytes.
        local text = {}
        for _, name in ipairs { "lib/half.lua", "plugin.lua" } do
            local content = support.read(folder .. "/plugins/cost/" .. name)
            text[#text + 1] = ("%s\0%d\0%s"):format(name, #content, content)
        end
        local _, hex = support.proc.run("/usr/bin/sha256sum", { stdin = table.concat(text) })
        assert.are.equal(hex:match "%x+", sum)
        assert.are.equal(0, (run "check"))
        assert.are.equal("locked", support.json.decode((select(2, run("plugins", "-o", "json"))))[1].lock)

        write("plugins/cost/README.md", "new")
        code, _, err = run "check"
        assert.are.equal(1, code)
        support.contains(err, folder .. "/plugins.lock:2: the plugin cost is not the one that was locked, version 1.0.0: its files have changed")
        support.contains(err, "if that is meant, mpijobd plugins lock writes it again")
        code, _, err = run("plan", "--kubeconfig", "/dev/null")
        assert.are.equal(1, code, err)
        assert.are.equal(0, (run("plugins", "lock")))
        assert.are.equal(0, (run "check"))
        for text_of_lock, message in pairs {
            ["# nothing"] = "plugins.lock: the plugin cost is not in it",
            [lock:gsub("cost", "gone") .. support.read(folder .. "/plugins.lock")] = "plugins.lock:2: the plugin gone 1.0.0 is not there any more",
            ["cost 1.0.0"] = "plugins.lock:1: is no line of a lock",
            ["cost 1.0.0 sha256:" .. ("z"):rep(64)] = "plugins.lock:1: is no line of a lock",
            [("x"):rep(70000)] = "plugins.lock",
        } do
            write("plugins.lock", text_of_lock)
            code, _, err = run "check"
            assert.are.equal(1, code)
            support.contains(err, message)
        end
        write("mpijobd.yaml", "policies: [ policies ]\n")
        code, _, err = run("plugins", "lock")
        assert.are.equal(1, code)
        support.contains(err, "there is nothing to lock")
    end)

    local function python(text)
        local code, _, err = support.proc.run("/usr/bin/python3", { args = { "-c", text, folder } })
        assert.are.equal(0, code, err)
    end

    it("may be a .tar.gz, which has the sum of its folder", function()
        plugin()
        local of_folder = support.json.decode((select(2, run("plugins", "-o", "json"))))[1].sha256
        python [[
import sys, tarfile
folder = sys.argv[1]
with tarfile.open(folder + "/cost-1.0.0.tar.gz", "w:gz") as tar:
    tar.add(folder + "/plugins/cost", "cost-1.0.0")
with tarfile.open(folder + "/cost.tgz", "w:gz") as tar:
    tar.add(folder + "/plugins/cost", ".")
]]
        for _, config in ipairs { (CONFIG:gsub("plugins/cost", "cost-1.0.0.tar.gz")), (CONFIG:gsub("plugins/cost", "cost.tgz")) } do
            write("mpijobd.yaml", config)
            local code, out, err = run("plugins", "-o", "json")
            assert.are.equal(0, code, err)
            assert.are.equal(of_folder, support.json.decode(out)[1].sha256)
            assert.are.equal(0, (run "check"))
        end
        write("plugins/cost/plugin.lua", (PLUGIN:gsub('price = "number"', 'price = { type = "number", default = 1 }')))
        python [[
import sys, tarfile
folder = sys.argv[1]
with tarfile.open(folder + "/cost-1.0.0.tar.gz", "w:gz") as tar:
    tar.add(folder + "/plugins/cost", "x")
]]
        uv.fs_mkdir(folder .. "/archives", 448)
        uv.fs_rename(folder .. "/cost-1.0.0.tar.gz", folder .. "/archives/cost-1.0.0.tar.gz")
        write("mpijobd.yaml", "plugins: [ archives ]\npolicies: [ policies ]\n")
        assert.are.equal("0cost\n", ("%d%s"):format(run("plugins", "-o", "name")))
    end)

    it("that is an archive holds files and folders alone, of a bounded size, and none that leads out", function()
        plugin(nil, (CONFIG:gsub("plugins/cost", "cost.tar.gz")))
        for entry, message in pairs {
            ['add("../out.lua")'] = "\"../out.lua\" leads out of the archive",
            ['add("a/../../out.lua")'] = "leads out of the archive",
            ['add("/etc/out.lua")'] = "leads out of the archive",
            ['link("l.lua", tarfile.SYMTYPE, "/etc/passwd")'] = "\"l.lua\" is a link",
            ['link("l.lua", tarfile.LNKTYPE, "plugin.lua")'] = "\"l.lua\" is a link",
            ['link("fifo", tarfile.FIFOTYPE, "")'] = "\"fifo\" is neither a file nor a folder",
            ['link("dev", tarfile.CHRTYPE, "")'] = "\"dev\" is neither a file nor a folder",
            ['add("big.csv", b"0" * (1 << 20) + b"0")'] = "\"big.csv\" has more than 1 MiB",
            ['add(".hidden", b"0" * (1 << 20) + b"0")'] = "\".hidden\" has more than 1 MiB",
            ['add("plugin.lua")'] = "\"plugin.lua\" is in it twice",
            ['[add("%d.lua" % i) for i in range(256)]'] = "a plugin has at most 256 files",
            ['[add("%d.csv" % i, b"0" * (1 << 20)) for i in range(5)]'] = "the files of a plugin have at most 4194304 bytes together",
            ['[add(".%d" % i, b"0" * (1 << 20)) for i in range(17)]'] = "is more than an archive may hold, 16 MiB",
            ['add("a/" * 20 + "x.lua")'] = "is too deep",
        } do
            python(([[
import io, sys, tarfile
folder = sys.argv[1]
with tarfile.open(folder + "/cost.tar.gz", "w:gz") as tar:
    def add(name, content=b"x"):
        info = tarfile.TarInfo(name)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    def link(name, kind, to):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, to
        tar.addfile(info)
    add("plugin.lua", open(folder + "/plugins/cost/plugin.lua", "rb").read())
    %s
]]):format(entry))
            local code, _, err = run "check"
            assert.are.equal(1, code, entry)
            support.contains(err, message)
        end
        for _, content in ipairs { "no archive", "", "\31\139\8\0\0\0\0\0\0\3" } do
            write("cost.tar.gz", content)
            local code, _, err = run "check"
            assert.are.equal(1, code)
            support.contains(err, "cost.tar.gz")
        end
        write("cost.tar.gz", ("x"):rep(4 * 1024 * 1024 + 1))
        support.contains(select(3, run "check"), "a plugin's archive has at most 4194304 bytes")
    end)

    it("of those that ship is usable as it stands, and its specs pass", function()
        write("mpijobd.yaml", "plugins: [ " .. support.source .. "/lua/plugins ]\n")
        local code, out, err = run("plugins", "-o", "json")
        assert.are.equal(0, code, err)
        local names = {}
        for i, one in ipairs(support.json.decode(out)) do
            assert.is_true(one.usable and one.about ~= nil)
            names[i] = one.name
        end
        assert.are.same({ "business-calendar", "gpu-cost", "kueue-aware" }, names)
        code, out = support.mpijobd("test", support.source .. "/lua/plugins")
        assert.are.equal(0, code, out)
    end)

    it("is named by a test, as a policy is, before the first assertion", function()
        plugin(nil, nil, { ["other.lua"] = (POLICY:gsub('"p"', '"other"')), ["p_spec.lua"] = [[
            it("loads", function()
                policy.plugin("../plugins/cost", { price = 2 })
                policy.load("other.lua")
                cluster.job { workers = 1, gpus = 2, phase = "Failed" }
                clock.advance "1h"
                assert.ran("other", 1)
                local good, err = pcall(policy.plugin, "../plugins/cost")
                assert.is_false(good)
                assert.matches("policy.plugin comes before the test's first assertion", err, 1, true)
            end)
        ]] })
        local code, out = support.mpijobd("test", folder .. "/policies")
        assert.are.equal(0, code, out)
    end)

    it("adds sinks, which make webhooks of what policies say", function()
        local server = web.start()
        plugin([[
plugin {
    name = "cost", version = "1.0.0", api = 1,
    config = { port = "integer" },
    sinks = {
        pager = function(notice)
            if notice.text == "nothing" then return nil end
            return { url = ("http://127.0.0.1:%d/page"):format(plugin.config.port), body = { summary = notice.text, level = notice.level } }
        end,
    },
}
]], ("http: { allow: [ 127.0.0.1 ] }\nplugins: { cost: { path: plugins/cost, config: { port: %d } } }\npolicies: [ policies ]\n"):format(server.port),
            { ["p.lua"] = [[
require "cost"
policy { name = "p", every = "1h", run = function()
    assert(notify.pager { text = "${a.b} of ${c}, ${d}", with = { a = { b = 3 }, c = "x" }, level = "high" })
    local good, err = pcall(notify.pager, { text = "nothing" })
    assert(not good and err:find("the sink pager of the plugin cost gave nil", 1, true), err)
    assert(not pcall(notify.pager, "x"))
end }
policy { name = "q", every = "1h", run = function() assert(notify.pager) end }
]], ["other.lua"] = "policy { name = 'o', every = '1h', run = function() assert(rawget(notify, 'pager') == nil) end }" })
        local sim = simulator.start("--jobs", "0")
        local code, out, err = support.mpijobd_with({ env = { http_proxy = false, HTTP_PROXY = false } }, "run", "--once", "--config",
            folder .. "/mpijobd.yaml", "--kubeconfig", sim.kubeconfig, "--state", folder .. "/s.db")
        assert.are.equal(0, code, out .. err)
        local requests = server:requests()
        assert.are.equal(1, #requests)
        assert.are.equal("/page", requests[1].path)
        assert.are.same({ summary = "3 of x, -", level = "high" }, support.json.decode(requests[1].body))
    end)

    it("is read again at a reload, and one that is not the lock's keeps the policies as they were", function()
        local function plugin_of(value)
            write("plugins/cost/plugin.lua", ("plugin { name = 'cost', version = '1.0.0', api = 1, exports = { value = '%s' } }"):format(value))
        end
        plugin(nil, "plugins: [ plugins ]\npolicies: [ policies ]\n", {
            ["p.lua"] = "local cost = require 'cost'\npolicy { name = 'p', every = '1m', run = function() log.info('the value is ' .. cost.value) end }" })
        plugin_of "one"
        local sim = simulator.start("--jobs", "0")
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", sim.kubeconfig, "--state", folder .. "/s.db", "--config",
            folder .. "/mpijobd.yaml", "--listen", "127.0.0.1:0", "--clock", "2026-11-28T10:30:00Z")
        local function says(value)
            daemon:write "advance 1m\n"
            daemon:expect("the value is " .. value)
            daemon:expect "run ended"
        end
        daemon:expect "1 policy in force"
        says "one"
        plugin_of "two"
        daemon:kill "sighup"
        daemon:expect "the policies are loaded again"
        daemon:expect "1 policy in force"
        says "two"
        assert.are.equal(0, (run("plugins", "lock")))
        plugin_of "three"
        daemon:kill "sighup"
        daemon:expect "the plugin cost is not the one that was locked"
        daemon:expect "the policies in force stay as they are"
        says "two"
        daemon:kill "sigterm"
        daemon:wait()
    end)

    it("that misbehaves in a run is held to the policy's bounds", function()
        plugin([[
plugin {
    name = "cost", version = "1.0.0", api = 1,
    exports = {
        spin = function() while true do end end,
        fill = function() local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1000) .. i end end,
    },
    conditions = { spins = function() while true do end end },
}
]], "plugins: [ plugins ]\npolicies: [ policies ]\n", {
            ["a.lua"] = "local cost = require 'cost'\npolicy { name = 'a', every = '1h', limits = { cpu = '50ms' }, run = cost.spin }",
            ["b.lua"] = "local cost = require 'cost'\npolicy { name = 'b', every = '1h', limits = { memory = '2MiB' }, run = cost.fill }",
            ["c.lua"] = "require 'cost'\npolicy { name = 'c', every = '1h', limits = { cpu = '50ms' }, match = { spins = true }, replace = { cleanPodPolicy = 'All' } }",
            ["d.lua"] = "policy { name = 'd', every = '1h', run = function() log.info('d is well') end }",
        })
        local sim = simulator.start("--jobs", "3")
        local code, out, err = run("run", "--once", "--kubeconfig", sim.kubeconfig, "--state", folder .. "/s.db")
        assert.are.equal(4, code) -- by a limit
        support.contains(out .. err, "d is well")
        for _, line in ipairs { "CPU", "memory" } do
            support.contains(out .. err, line)
        end
    end)

    it("shares no condition with another plugin in one file", function()
        plugin(nil, (CONFIG:gsub("policies:", "  other: plugins/other\npolicies:")), { ["p.lua"] = [[
            require "cost"
            for _ = 1, 2 do
                local good, err = pcall(require, "other")
                assert(not good and err:find("the condition costs of the plugin other is the plugin cost's, too; require one of them", 1, true), err)
            end
            policy { name = "p", every = "1h", match = { costs = 1 }, replace = { cleanPodPolicy = "All" } }
        ]], ["q.lua"] = [[
            require "other"
            policy { name = "q", every = "1h", match = { costs = true }, replace = { cleanPodPolicy = "All" } }
        ]] })
        uv.fs_mkdir(folder .. "/plugins/other", 448)
        write("plugins/other/plugin.lua", "plugin { name = 'other', version = '1.0.0', api = 1, conditions = { costs = function() return true end } }")
        local code, _, err = run "check"
        assert.are.equal(0, code, err)
    end)

    it("names in its needs what its files use", function()
        local function wrong(needs, exports, message)
            plugin(("plugin { name = 'cost', version = '1.0.0', api = 1, %s exports = { f = function(job) %s end } }"):format(needs, exports),
                "plugins: [ plugins ]\npolicies: [ policies ]\n",
                { ["p.lua"] = "require 'cost' policy { name = 'p', every = '1h', replace = { cleanPodPolicy = 'All' } }" })
            local code, _, err = run "check"
            if not message then
                assert.are.equal(0, code, err)
                return
            end
            assert.are.equal(1, code)
            support.contains(err, "plugins/cost/plugin.lua: plugin \"cost\": " .. message)
            assert.are.equal(1, (run "plugins"))
        end
        wrong("", "return mpijob.get(job)", "it may get mpijobs.kubeflow.org, which its needs do not name; "
            .. "add needs = { api = { [\"mpijobs.kubeflow.org\"] = { \"get\" } } }")
        wrong("needs = { api = { ['mpijobs.kubeflow.org'] = { 'get' } } },", "return mpijob.replace(job, {})", "it may update mpijobs.kubeflow.org")
        wrong("needs = { api = { ['mpijobs.kubeflow.org'] = { 'get', 'update' } } },", "return mpijob.replace(job, {})")
        wrong("", "return kube.get('v1', 'Pod', job.key)", "it uses the kube module, and its needs name nothing of the API")
        wrong("needs = { api = { pods = { 'get' } } },", "return kube.get('v1', 'Pod', job.key)")
    end)

    it("that is an archive is there for specs, too", function()
        plugin(nil, nil, { ["p.lua"] = POLICY, ["p_spec.lua"] = [[
            it("asks", function()
                local dear = cluster.job { workers = 1, gpus = 2, phase = "Failed" }
                clock.advance "1h"
                assert.replaced(dear)
            end)
        ]], ["q_spec.lua"] = [[
            policy.plugin("../cost-1.2.0.tar.gz", { price = 3 })
            it("is required", function() assert.are.equal(6.0, (require("cost").total(4))) end)
        ]] })
        write("plugins/cost/plugin.lua", (PLUGIN:gsub('price = "number"', 'price = { type = "number", default = 2 }')))
        uv.fs_mkdir(folder .. "/policies/plugins", 448)
        for _, where in ipairs { "policies/plugins/cost-1.2.0.tar.gz", "cost-1.2.0.tar.gz" } do
            assert.are.equal(0, (support.proc.run("/bin/tar", { args = { "czf", folder .. "/" .. where, "-C", folder .. "/plugins", "cost" } })))
        end
        local code, out = support.mpijobd("test", folder .. "/policies")
        assert.are.equal(0, code, out)
    end)
end)
