-- SPDX-License-Identifier: Apache-2.0
-- The guide: every file in it is written, every command is run, and what it prints is what the page says, word for word.
local support = require "support"
local sim = require "support.sim"
local guide = require "support.guide"

describe("the guide", function()
    after_each(support.cleanup)

    for _, page in ipairs(guide.pages()) do
        it(page .. " says what happens", function()
            guide.run(page)
        end)
    end
end)

describe("MPIJOBD_CLOCK", function()
    after_each(support.cleanup)

    local POLICY <const> = 'policy { name = "p", schedule = "0 9 * * *", replace = { cleanPodPolicy = "All" } }\n'

    local function check(clock)
        local path = support.write(support.folder() .. "/p.lua", POLICY)
        return support.mpijobd_with({ env = { MPIJOBD_CLOCK = clock } }, "check", path, "-c", "1")
    end

    it("is the time at which a command begins", function()
        local code, out, err = check "2026-03-01T08:59:00Z"
        assert.are.equal(0, code, err)
        support.contains(out, "2026-03-01T09:00:00")
    end)

    it("that is no time is told", function()
        local code, _, err = check "tomorrow"
        assert.are.equal(2, code)
        support.contains(err, 'MPIJOBD_CLOCK is "tomorrow": it takes a time such as 2026-03-29T00:59:00Z; mend it, or unset it\n')
        code = check ""
        assert.are.equal(0, code)
    end)

    it("moves a daemon, which says so", function()
        local folder = support.folder()
        local daemon = support.daemon({ env = { MPIJOBD_CLOCK = "2026-03-01T12:00:00Z" } }, "run", "--kubeconfig", sim.start("--version", "v2beta1").kubeconfig,
            "--state", folder .. "/s.db", support.write(folder .. "/p.lua", POLICY))
        daemon:expect "2026-03-01T12:0"
        daemon:expect "MPIJOBD_CLOCK is set: the time is not this machine's"
        daemon:expect "in force"
        assert.are.equal(0, (daemon:stop()))
    end)
end)

-- The table at the top of the page sums up what the plans below it say: both are read here, and the plans have been compared with what came.
describe("the table of needs", function()
    local PAGE <const> = support.read(support.source .. "/docs/guide/needs.md")
    local SECTIONS <const> = { "v1alpha2", "v1 under mpi-operator", "v1 under training-operator", "v2beta1" }
    local NOTHING <const> = { ["left alone"] = true, ["nothing to do"] = true, ["stands aside"] = true }

    local function policies_of(file)
        local names = {}
        for name in support.read(support.source .. "/lua/policies/" .. file .. ".lua"):gmatch 'name = "([%l%d-]+)"' do
            names[name] = true
        end
        return names
    end

    -- The effects that these policies have on the job of a need, in the order of the plan.
    local function effects(section, job, names)
        local found = {}
        local plan = assert(PAGE:match("\n### " .. section .. "\n(.-)\nPOLICY "), section)
        local current
        for line in plan:gmatch "[^\n]+" do
            local key, name = line:match "^train/(%S+)  %(([%l%d-]+)%)$"
            if key then
                current = key == job and names[name]
            elseif current and line:find "^  %l[%l-]+: " then
                found[#found + 1] = line:match "%l[%l-]+"
                current = false
            end
        end
        return table.concat(found, ", then ")
    end

    it("says what the plans say", function()
        local rows = 0
        for need, file, cells in PAGE:gmatch "\n| (%d+) [^|]*| %[([%l-]+)%]%([^)]*%) |([^\n]*)|" do
            rows = rows + 1
            local names, column = policies_of(file), 0
            for cell in cells:gmatch " ([^|]+) |?" do
                column = column + 1
                local told = cell:gsub("%s*%(.-%)", ""):gsub(":.*", ""):gsub(", and a warning", ""):gsub("deleted here", "destructive"):gsub("%s+$", "")
                local is = effects(SECTIONS[column]:gsub("%-", "%%-"), "need-" .. need, names)
                assert.are.equal(NOTHING[told] and "" or told, is, ("need %s on %s"):format(need, SECTIONS[column]))
            end
            assert.are.equal(4, column)
        end
        assert.are.equal(12, rows)
    end)
end)
