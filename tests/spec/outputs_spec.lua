-- SPDX-License-Identifier: Apache-2.0
-- Blocks of the documents with commands and what these print: each is run by a scenario (support/blocks.lua), and what comes is what the page shows.
-- Pages of the guide are run as they stand (guide_spec), and what a page without output says is held by documents_spec.
local support = require "support"
local blocks = require "support.blocks"
local outputs = require "support.outputs"
local guide = require "support.guide"
local uv = support.uv

-- Files of tests/spec/outputs.
local FILES <const> = { "cli", "daemon", "pages", "printed", "servers" }

-- Blocks that cannot be run here -> the test that runs what they say, or why none does.
local NOT_HERE <const> = {
    ["docs/operations.md: 2026-11-24T08:00:00Z error not connected"] = "tests/spec/log_fold_spec.lua",
    ["docs/operations.md: 2026-11-24T08:00:01Z warn  the server sl"] = "tests/spec/overload_spec.lua",
    ["docs/operations.md: From: mpijobd@example.com"] = "tests/spec/outputs/servers.lua",
    ["lua/plugins/gpu-cost/README.md: TEAM    JOBS  GPUS  GPU-HOURS        COS"] = "lua/plugins/gpu-cost/gpu-cost_spec.lua",
    ["docs/operations.md: journalctl -u mpijobd MPIJOBD_POLICY=free-gpus MPIJOBD_RUN=42"] = "not here: it wants systemd's journal; log_spec looks at what goes to it, field by field",
}

local scenarios, keys = {}, {}
for _, file in ipairs(FILES) do
    for key, run in pairs(require("outputs." .. file)) do
        assert(not scenarios[key], key)
        scenarios[key] = run
        keys[#keys + 1] = key
    end
end
table.sort(keys)

-- All pages but those that are run as they stand.
local function pages()
    local run, list = {}, { "README.md", "CONTRIBUTING.md", "SECURITY.md", "deploy/README.md" }
    for _, page in ipairs(guide.pages()) do
        run[page] = true
    end
    for _, folder in ipairs { "docs", "docs/reference", "docs/howto", "docs/decisions" } do
        for name in uv.fs_scandir_next, uv.fs_scandir(support.source .. "/" .. folder) do
            local page = folder .. "/" .. name
            if name:find "%.md$" and not run[page] then
                list[#list + 1] = page
            end
        end
    end
    for name in uv.fs_scandir_next, uv.fs_scandir(support.source .. "/lua/plugins") do
        local page = ("lua/plugins/%s/README.md"):format(name)
        if uv.fs_stat(support.source .. "/" .. page) then
            list[#list + 1] = page
        end
    end
    return list
end

describe("a block of a document #measured", function()
    after_each(support.cleanup)

    it("with commands and what they print has a scenario, or it is said why not", function()
        local there, wrong = {}, {}
        for _, page in ipairs(pages()) do
            for _, block in ipairs(blocks.of(page)) do
                there[block.key] = true
                local by = NOT_HERE[block.key]
                if not by and not scenarios[block.key] then
                    wrong[#wrong + 1] = ("%s:%d: no scenario of tests/spec/outputs runs the block that begins with %q"):format(page, block.from, block.steps[1].text)
                elseif by and not by:find "^not here: " and not uv.fs_stat(support.source .. "/" .. by) then
                    wrong[#wrong + 1] = ("%s: there is no %s"):format(block.key, by)
                end
            end
        end
        for _, list in ipairs { scenarios, NOT_HERE } do
            for key in pairs(list) do
                if not there[key] then
                    wrong[#wrong + 1] = "no page has the block " .. key
                end
            end
        end
        table.sort(wrong)
        assert.are.equal("", table.concat(wrong, "\n"))
    end)

    for _, key in ipairs(keys) do
        it(key .. " shows what comes", function()
            local good, why = pcall(scenarios[key], outputs.world(), key)
            if not good and type(why) == "table" and why.missing then
                return pending(why.missing .. " is missing")
            end
            assert(good, why)
        end)
    end
end)

describe("what comes", function()
    local function fits(shown, came)
        local function lines(text)
            local list = {}
            for line in (text .. "\n"):gmatch "(.-)\n" do
                list[#list + 1] = line
            end
            return list
        end
        return blocks.same(lines(shown), lines(came))
    end

    it("may have lines, and parts of a line, that the page leaves out", function()
        assert.is_true(fits("a\n...\nd", "a\nb\nc\nd"))
        assert.is_true(fits("a\n...\nd", "a\nd"))
        assert.is_false(fits("a\n...\nd", "a"))
        assert.is_false(fits("a\n...\nd", "a\nb\nd\ne"))
        assert.is_true(fits("a\n...", "a\nb\nc"))
        assert.is_true(fits("...\nb\n...\nb", "b\nb\nb\nb"))
        assert.is_true(fits("head 12:3f...", "head 12:3f99"))
        assert.is_false(fits("head 12:3f...", "head 12:4f99"))
        assert.is_true(fits("node-a_5e... leads", "node-a_5ec1 leads"))
        assert.is_false(fits("node-a_5e... leads", "node-a_5ec1 leads it"))
        assert.is_false(fits("a.c", "abc"))
    end)

    it("may differ where it is never the same twice", function()
        assert.is_true(fits("1 success : 0.018 seconds", "1 success : 0.021 seconds"))
        assert.is_true(fits("head 30:3da01cfc...", "head 30:5f6a01cfc24d1d0914c1b40178094815"))
        assert.is_false(fits("head 30:3da01cfc...", "head 31:3da01cfc24d1d0914c1b40178094815"))
        assert.is_true(fits("at 2026-11-24T10:00:00Z", "at 2026-11-24T10:00:59Z"))
        assert.is_false(fits("at 2026-11-24T10:00:00Z", "at 2026-11-24T10:01:00Z"))
        assert.is_false(fits("at 2026-11-24T10:00:00Z", "at 2026-11-24T09:59:59Z"))
    end)
end)
