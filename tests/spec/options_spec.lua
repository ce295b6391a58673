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

describe("the lists of commands and keys", function()
    local function page(path)
        return support.read(support.source .. "/" .. path)
    end

    it("in the README and the man page name each command, and a kind where it takes one", function()
        local readme, man, kinds = page "README.md", page "docs/man/mpijobd.1.in", 0
        local synopsis = man:match "\n%.SH SYNOPSIS\n(.-)\n%.SH "
        local _, all = support.mpijobd "--help"
        for command in all:gmatch "\n  (%l+) " do
            local row = readme:match("\n|[^|\n]*`" .. command .. "%f[^%l][^\n]*")
            assert.is_truthy(row, "README.md has no row for " .. command)
            assert.is_truthy(synopsis:find("%f[%l]" .. command .. "%f[^%l]"), "the man page's synopsis lacks " .. command)
            local _, usage = support.mpijobd(command, "--help")
            if usage:find "\nUsage: [^\n]*%[KIND[,.]*%]" or usage:find "^Usage: [^\n]*%[KIND[,.]*%]" then
                kinds = kinds + 1
                assert.is_truthy(row:find("`" .. command .. " [^`]-%[KIND[,.]*%]"), row)
                assert.is_truthy((synopsis:match("mpijobd " .. command .. "\n(.-)\n%.br") or ""):find("KIND", 1, true), command)
                assert.is_truthy(page "docs/reference/cli.md":find("\n## mpijobd " .. command .. " [^\n]-%[KIND[,.]*%]"), command)
            end
        end
        assert.are.equal(5, kinds)
    end)

    it("in the configuration's page and in etc/mpijobd.yaml name each key", function()
        local reference, path, there, count = page "docs/reference/configuration.md", {}, {}, 0
        for indent, key in ("\n" .. page "etc/mpijobd.yaml"):gmatch "\n( *)#([%w_-]+):" do
            local depth = #indent // 2
            path[depth + 1] = key
            there[table.concat(path, ".", 1, depth + 1)] = true
        end
        local function has(key)
            assert.is_true(there[key], "etc/mpijobd.yaml lacks " .. key)
            count = count + 1
        end
        for pointer, kind in page "src/cli/config/config_key.c":gmatch '\n    {"/([%w_/]+)", (KIND_%u+)' do
            local key = pointer:gsub("/", ".")
            if kind ~= "KIND_LATER" then
                has(key)
                local written = reference:find("`" .. key .. "`", 1, true) or reference:find("`" .. key .. ".", 1, true)
                    or key:find "^approvers%." and reference:find("\n| `" .. key:match "%.(.*)" .. "`", 1, true)
                assert.is_truthy(written, "docs/reference/configuration.md lacks " .. key)
            end
        end
        for key in reference:gmatch "\n| `(leader_election%.[%l_]+)`" do
            has(key)
        end
        assert.is_true(count > 60, count)
    end)
end)
