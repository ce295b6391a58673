-- SPDX-License-Identifier: Apache-2.0
-- Columns of plugins in mpijobd report, and plugins that misbehave: held to the bounds of a policy.
local support = require "support"
local simulator = require "support.sim"

describe("columns of plugins", function()
    local folder, sim

    setup(function()
        sim = simulator.start("--version", "v2beta1", "--jobs", "200", "--seed", "3")
    end)
    teardown(support.cleanup)

    before_each(function()
        folder = support.folder()
        for _, name in ipairs { "plugins", "plugins/cost" } do
            support.uv.fs_mkdir(folder .. "/" .. name, 448)
        end
    end)

    local function plugin(columns, above)
        support.write(folder .. "/plugins/cost/plugin.lua", (above or "") .. [[

plugin { name = "cost", version = "1.0.0", api = 1, columns = { ]] .. columns .. " } }\n")
        support.write(folder .. "/mpijobd.yaml", "plugins: [ plugins ]\n")
    end

    local function report(...)
        return support.mpijobd("report", "--config", folder .. "/mpijobd.yaml", "--kubeconfig", sim.kubeconfig, "-A", ...)
    end

    local function json(...)
        local code, out, err = report("-o", "json", ...)
        assert.are.equal(0, code, err)
        return support.json.decode(out)
    end

    local function notes(answer)
        return table.concat(answer.notes, "\n")
    end

    it("are summed by group, and written as the plugin says", function()
        plugin [[
            jobs = function() return 1 end,
            held_gpus = { about = "GPUs", value = function(job, held) return job.phase and held.gpus end },
            price_week = {
                value = function(_, held) return held.week * 2 end,
                text = function(sum) return ("%.1f EUR"):format(sum) end,
            },
        ]]
        local answer = json("--by", "namespace")
        assert.is_true(#answer.groups > 1)
        local rows = { answer.total, table.unpack(answer.groups) }
        for _, row in ipairs(rows) do
            assert.are.equal(row.finished, row.columns.jobs)
            assert.are.equal(row.gpus, row.columns.held_gpus)
            assert.is_true(math.abs(row.gpu_hours_week * 2 - row.columns.price_week) < 0.05)
        end
        local code, out = report()
        assert.are.equal(0, code)
        support.contains(out, "HELD-GPUS")
        support.contains(out, "PRICE-WEEK")
        local total = out:match "\ntotal[^\n]*"
        support.contains(total, ("%.1f EUR"):format(answer.total.gpu_hours_week * 2):sub(1, 4))
        code, out = report("-o", "yaml")
        assert.are.equal(0, code)
        support.contains(out, "columns:\n")
        code, out = support.mpijobd("plugins", "--config", folder .. "/mpijobd.yaml")
        assert.are.equal(0, code)
        support.contains(out, "  columns    held_gpus, jobs, price_week\n")
    end)

    it("of gpu-cost are prices", function()
        support.write(folder .. "/mpijobd.yaml", "plugins:\n  gpu-cost: { path: " .. support.source
            .. "/lua/plugins/gpu-cost, config: { price: 3 } }\n")
        local answer = json()
        assert.is_true(math.abs(answer.total.columns.cost_week - answer.total.gpu_hours_week * 3) < 0.1)
        local _, out = report()
        support.contains(out, "COST-DAY")
        support.contains(out, " EUR")
    end)

    it("that misbehave are left out or counted, and the report stands", function()
        plugin [[
            raises = function() error "no rate" end,
            asks = function(job) return #mpijob.pods(job) end,
            waits = function() sleep "1s" return 1 end,
            text = function() return "7" end,
            endless = function() return 0 / 0 end,
            defines = function() policy { name = "x" } return 1 end,
            good = function() return 1 end,
            long = { value = function() return 1 end, text = function() return ("x"):rep(65) end },
        ]]
        local answer = json()
        local said, total = notes(answer), answer.total
        assert.are.equal(total.finished, total.columns.good)
        for name, message in pairs {
            raises = "plugin.lua:2: no rate", asks = "works while a policy runs", waits = "",
            text = "it gave string; it has to give a finite number, or nil", endless = "it gave number",
            defines = "", long = "its text is longer; it has to be a text of at most 64 bytes",
        } do
            if name ~= "long" then
                support.contains(said, ("The column %s of the plugin cost has failed %d times, the first time with: "):format(
                    name, total.finished))
                assert.are.equal(0, total.columns[name])
            end
            support.contains(said, message)
        end
        plugin [[ forges = { value = function() return 1 end, text = function() return "1\n\27[31mtotal" end } ]]
        local code, out = report()
        assert.are.equal(0, code)
        support.lacks(out, "\27")
        plugin "x = 1"
        answer = json()
        assert.is_nil(answer.total.columns)
        support.contains(notes(answer), "The columns of plugins are missing: ")
        support.contains(notes(answer), "columns.x has to be a function of the job and of what it holds")
    end)

    it("that do not end, or fill the memory, are stopped and named", function()
        for name, body in pairs { cpu = "while true do end", memory = "local t = {} while true do t[#t + 1] = ('x'):rep(100000) .. #t end" } do
            plugin("bad = function() " .. body .. " end, good = function() return 1 end")
            local answer = json()
            support.contains(notes(answer), "The column bad of the plugin cost ")
            if name == "cpu" then
                assert.are.equal(support.json.null, answer.total.columns.good)
            end
            assert.is_truthy(notes(answer):find "its CPU time" or name == "memory" and notes(answer):find "memory")
        end
        plugin "bad = function() while true do end end"
        local code, out = report()
        assert.are.equal(0, code)
        support.contains(out:match "\ntotal[^\n]*", " -")
    end)

    it("cannot reach what is not theirs through what the program lends them", function()
        plugin([[
            a = function() return 1 end,
            z = function() return 1 end,
        ]], [[
            local real = ipairs
            _G.ipairs = function(list) return function(_, i) i = (i or 0) + 1 if i < 4 then return i - 1, list[1] end end, list, 0 end
            _G.pcall = function(...) return true, 1e300, ... end
        ]])
        local code, _, err = report("-o", "json")
        assert.are.equal(0, code, err)
    end)
end)
