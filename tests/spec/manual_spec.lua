-- SPDX-License-Identifier: Apache-2.0
-- The manual pages that are made from the reference, and the examples of --help.
local support = require "support"

local function commands()
    local names = {}
    for name in select(2, support.mpijobd "--help"):match("Commands:\n(.-)\n\n"):gmatch "  (%l+) [^\n]+" do
        names[#names + 1] = name
    end
    return names
end

local function there(program)
    for folder in (os.getenv "PATH" or "/usr/bin"):gmatch "[^:]+" do
        if support.uv.fs_stat(folder .. "/" .. program) then
            return folder .. "/" .. program
        end
    end
end

describe("the manual", function()
    local folder
    lazy_setup(function()
        folder = support.folder()
    end)
    lazy_teardown(support.cleanup)

    it("has a page for each command, the configuration and policies, without warnings", function()
        if not there "lowdown" then
            return pending "lowdown is missing"
        end
        local code, _, err = support.proc.run("/usr/bin/env", { args = { "python3", support.source .. "/scripts/man-pages", "--program", support.binary, "--to", folder } })
        assert.are.equal(0, code, err)
        local pages = {}
        for _, name in ipairs(commands()) do
            pages[#pages + 1] = folder .. "/man1/mpijobd-" .. name .. ".1"
        end
        for _, name in ipairs { "/man5/mpijobd.yaml.5", "/man5/mpijobd-policy.5", "/man7/mpijobd-lua.7" } do
            pages[#pages + 1] = folder .. name
        end
        for _, page in ipairs(pages) do
            local text = support.read(page)
            support.contains(text, "\n.SH NAME\n")
            assert.is_nil(text:find("](", 1, true), page .. " has a link of Markdown")
            assert.is_nil(text:find("\n|", 1, true), page .. " has a table of Markdown")
        end
        support.contains(support.read(folder .. "/man1/mpijobd-get.1"), "sort\\-by COLUMN|PATH")
        support.contains(support.read(folder .. "/man5/mpijobd.yaml.5"), "journal.keep")
        for program, args in pairs { mandoc = { "-Tlint", "-Wwarning" }, groff = { "-man", "-Tutf8", "-ww", "-z", "-P-c" } } do
            local path = there(program)
            if path then
                local given = table.move(pages, 1, #pages, #args + 1, args)
                local _, out, told = support.proc.run(path, { args = given })
                assert.are.equal("", out .. told)
            end
        end
    end)

    it("is written by hand without warnings", function()
        local path = there "mandoc"
        if not path then
            return pending "mandoc is missing"
        end
        for _, name in ipairs { "mpijobd", "mpijob-sim" } do
            local page = support.write(folder .. "/" .. name .. ".1", (support.read(support.source .. "/docs/man/" .. name .. ".1.in"):gsub("@PROJECT_VERSION@", "1.0")))
            local _, out, told = support.proc.run(path, { args = { "-Tlint", "-Wwarning", page } })
            assert.are.equal("", out .. told)
        end
    end)
end)

describe("--help", function()
    lazy_teardown(support.cleanup)

    it("has examples for each command, which take its own options", function()
        for _, name in ipairs(commands()) do
            local _, text = support.mpijobd(name, "--help")
            local examples, count = text:match "\nExamples:\n(.*)", 0
            assert.is_truthy(examples, name)
            for line in examples:gmatch "  mpijobd ([^\n]+)" do
                count = count + (line:find("^" .. name .. "%f[^%l]") and 1 or 0)
                local words = {}
                for word in line:gsub("  .*", ""):gsub("[|<>].*", ""):gsub("'[^']*'", "x"):gsub('"[^"]*"', "x"):gmatch "%S+" do
                    words[#words + 1] = word
                end
                words[#words + 1] = "--help"
                local code, _, err = support.mpijobd(table.unpack(words))
                assert.are.equal(0, code, line .. "\n" .. (err or ""))
            end
            assert.is_true(count > 0, name)
        end
    end)
end)
