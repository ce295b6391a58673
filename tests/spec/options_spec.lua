-- SPDX-License-Identifier: Apache-2.0
-- The reference names each option, and of those of several commands which commands take it; usage lines are not empty of options.
local support = require "support"

describe("the reference of commands", function()
    local page, takes = support.read(support.source .. "/docs/reference/cli.md"), {}

    lazy_setup(function()
        local _, all = support.mpijobd "--help"
        for command in all:gmatch "\n  (%l+) " do
            local code, text = support.mpijobd(command, "--help")
            assert.are.equal(0, code)
            for name in text:gmatch "\n +%-?%a?,? *%-%-([%l-]+)" do -- an option's line, not an example's
                takes[name] = takes[name] or {}
                takes[name][command] = true
            end
        end
        assert.is_truthy(takes.config and takes.kubeconfig and takes.write.attach)
    end)
    teardown(support.cleanup)

    -- The commands of the row of the table that names the option.
    local function row(name, commands)
        for first, second in page:gmatch "\n| ([^|\n]+) | ([^|\n]+) | [^\n]+" do
            if first:find("%-%-" .. name:gsub("%p", "%%%0") .. "%f[^%w-]") then
                local all, found = second:find "^all", {}
                for command in second:gmatch "%l+" do
                    found[command] = true
                end
                for command in pairs(commands) do
                    local wanted = commands[command][name] or false
                    local there = found[command] or false
                    if all then
                        there = not there
                    end
                    assert.are.equal(wanted, there, ("docs/reference/cli.md, options of several commands: the row of --%s is wrong about %s"):format(name, command))
                end
                return true
            end
        end
        return false
    end

    it("names each option in its long form", function()
        for name in pairs(takes) do
            assert.is_truthy(page:find("%-%-" .. name:gsub("%p", "%%%0") .. "%f[^%w-]") or support.read(support.source .. "/docs/reference/test.md"):find("--" .. name, 1, true),
                name)
        end
    end)

    it("says of an option of several commands which they are", function()
        local commands = {}
        for name, list in pairs(takes) do
            for command in pairs(list) do
                commands[command] = commands[command] or {}
                commands[command][name] = true
            end
        end
        for name, list in pairs(takes) do
            if next(list, next(list)) then
                assert.is_true(row(name, commands), "there is no row for --" .. name)
            end
        end
    end)

    it("has commands tell in their usage that they take options", function()
        for _, command in ipairs { "attach", "eval", "reload", "status", "pause", "trigger" } do
            local _, text = support.mpijobd(command, "--help")
            assert.is_truthy(text:find("\nUsage: mpijobd " .. command .. " [^\n]*%["), text)
        end
    end)
end)
