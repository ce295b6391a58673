-- SPDX-License-Identifier: Apache-2.0
-- Terminals on pages that are not run from top to bottom: a block with "$ " before a command, and below it what that prints. A scenario (in
-- tests/spec/outputs) makes what the block speaks of, and has its commands run in a folder of its own; what comes, on either stream, is what the
-- page shows, but for blanks at the ends of lines, and but for
--     ...            on a line of its own: lines that the page leaves out; on both sides of what many jobs have in an order that is not always the same
--     ...            elsewhere in a line: a part of it that the page leaves out, such as the rest of a sum
--     MASKS          what is never the same twice
-- A block without a command that is plainly what a program prints is held in the same way, under its first line.
-- Lines before the first command are what the block begins with, such as a policy's text: the scenario says which file they are.
--
-- With MPIJOBD_GUIDE=write what the page shows is not compared: what came is written there, as far as the page showed it: so many lines before a line
-- of ... and so many behind it. Look at the difference.
local support = require "support"
local terminals = require "support.terminal"

local blocks = {}
local writes <const> = os.getenv "MPIJOBD_GUIDE" == "write"

local MASKS <const> = {
    { "how long the tests took", "%d+%.%d%d%d seconds$", "0.000 seconds" },
    { "how long an effect took", "after %d+%.%d s", "after 0.0 s" },
    { "how long the rehearsal took", "seconds=%d+%.%d+$", "seconds=0.000" },
    { "the age of an Event, by the clock of kubectl", "^(  Normal  %u%l+  )%S+ +", "%1" },
    { "and the lines above it", "^(  [T-]%S+  +[R-]%S+  +[A-]%S+ ) +", "%1" },
    { "the daemon's start in the id of what it tells", "^id: %d+%-", "id: 0-" },
    { "a process's number", "%(process %d+%)", "(process 4711)" },
    { "a part of a second", "(T%d%d:%d%d:%d%d)%.%d+", "%1" },
    { "how many changes of the demo have an effect, where two policies meet at one job", "^    %d+ (%l+%-?%l*: )", "    0 %1" },
    { "and how many there are", "^(All came out as it should: )%d+", "%1some" },
    { "the sum in a head of the journal's chain", "(%d+:)%x%x%x%x%x%x%x%x+%.*", "%1SUM" },
}
local LEFT_OUT <const> = "^%s*%.%.%.$"
local LATER_S <const> = 59 -- an instant may be so much later than the page says: the clock of a command begins at a time, and goes on

-- ---- reading a page ----

-- Blank lines before the next paragraph are not the block's.
local function trimmed(lines)
    while lines[#lines] == "" do
        table.remove(lines)
    end
end

-- How what a program prints begins: a line of the log, JSON, the head of a table, a mail.
local PRINTED <const> = { "^%d%d%d%d%-%d%d%-%d%dT%S+Z %l+ ", "^[<>]? ?{", "^%u%u+  +%u%u", "^From: " }

local function is_printed(line)
    for _, pattern in ipairs(PRINTED) do
        if line and line:find(pattern) then
            return true
        end
    end
end

-- A list of { page, section, key, from, steps = { { text, at, shown } }, begins = lines, indent }: the blocks that have a command, or are what a program
-- prints: these are a single step. A key is the page, and the first command, or 40 characters of the first line; of a block that begins like one before
-- it on its page, also its number.
function blocks.of(page)
    local list, block, section, fence, number, seen = {}, nil, "", nil, 0, {}
    local function close()
        if block and not block.steps[1] and (fence or "") == "" and is_printed(block.begins[1]) then
            block.printed, block.steps[1], block.begins = true, { text = block.begins[1], at = block.from - 1, shown = block.begins }, {}
        end
        if block and block.steps[1] then
            local key = ("%s: %s"):format(page, block.printed and block.steps[1].text:sub(1, 40) or block.steps[1].text)
            seen[key] = (seen[key] or 0) + 1
            block.key = seen[key] == 1 and key or ("%s (%d)"):format(key, seen[key])
            list[#list + 1] = block
        end
        block = nil
    end
    for _, line in ipairs(terminals.lines_of(support.read(support.source .. "/" .. page))) do
        number = number + 1
        local mark = line:match "^```(%l*)"
        if mark then
            close()
            fence = not fence and mark or nil
        elseif not fence and line:find "^#+ " then
            section = line:match "^#+ (.*)"
        end
        local indent = fence and "" or "    "
        local text = not mark and (fence and line or line:match "^    (.*)" or block and line == "" and "" or nil)
        if not text then
            close()
        else
            block = block or { page = page, section = section, from = number, steps = {}, begins = {}, indent = indent }
            local step = block.steps[#block.steps]
            local typed = text:match "^%$ (.*)"
            if typed then
                table.insert(block.steps, { text = typed, at = number, shown = {} })
            elseif step and #step.shown == 0 and step.text:find "\\$" then
                step.text, step.at = step.text .. "\n" .. text, number
            else
                table.insert(step and step.shown or block.begins, text)
            end
        end
    end
    close()
    for _, one in ipairs(list) do
        for _, step in ipairs(one.steps) do
            trimmed(step.shown)
        end
        trimmed(one.begins)
    end
    return list
end

function blocks.find(key)
    for _, block in ipairs(blocks.of(key:match "^(.-): ")) do
        if block.key == key then
            return block
        end
    end
    error("there is no such block: " .. key, 0)
end

-- ---- comparing ----

local function masked(line)
    for _, mask in ipairs(MASKS) do
        line = line:gsub(mask[2], mask[3])
    end
    return line
end

local INSTANT <const> = "%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d"

local function seconds_of(instant)
    local year, month, day, hour, min, sec = instant:match "(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)"
    return os.time { year = year, month = month, day = day, hour = hour, min = min, sec = sec }
end

-- The line, with the page's instants where it has such that are hardly later.
local function in_time(shown, line)
    local instants, i = {}, 0
    for instant in shown:gmatch(INSTANT) do
        instants[#instants + 1] = instant
    end
    return (line:gsub(INSTANT, function(instant)
        i = i + 1
        local later = instants[i] and seconds_of(instant) - seconds_of(instants[i])
        return later and later >= 0 and later <= LATER_S and instants[i] or instant
    end))
end

local function fits(shown, line)
    shown, line = masked(shown), masked(in_time(shown, line))
    if not shown:find("...", 1, true) then
        return shown == line
    end
    local pattern = shown:gsub("%p", "%%%0"):gsub("%%%.%%%.%%%.", ".*")
    return line:find("^" .. pattern .. "$") ~= nil
end

-- From these places on.
local function same(shown, lines, i, j)
    i, j = i or 1, j or 1
    if shown[i] and shown[i]:find(LEFT_OUT) then
        for next = j, #lines + 1 do
            if same(shown, lines, i + 1, next) then
                return true
            end
        end
        return false
    elseif not shown[i] then
        return not lines[j]
    end
    return lines[j] ~= nil and fits(shown[i], lines[j]) and same(shown, lines, i + 1, j + 1)
end
blocks.same = same

-- What came, as far as the page has room for it.
local function to_show(shown, came)
    local at
    for i, line in ipairs(came) do
        came[i] = line:gsub("(%d+:%x%x%x%x%x%x%x%x)%x%x%x%x%x%x%x%x+", "%1...")
    end
    for i, line in ipairs(shown) do
        if line:find(LEFT_OUT) then
            if at then
                return came
            end
            at = i
        end
    end
    local behind = at and #shown - at
    if not at or #shown >= #came then
        return came
    end
    local lines = table.move(came, 1, at - 1, 1, {})
    lines[at] = shown[at]
    return table.move(came, #came - behind + 1, #came, at + 1, lines)
end

-- The page, with what came (`came` of each step).
local function write(block)
    local path = support.source .. "/" .. block.page
    local lines, out, at = terminals.lines_of(support.read(path)), {}, 1
    for _, step in ipairs(block.steps) do
        table.move(lines, at, step.at, #out + 1, out)
        for _, line in ipairs(step.came) do
            out[#out + 1] = line == "" and "" or block.indent .. line
        end
        at = step.at + #step.shown + 1
    end
    table.move(lines, at, #lines, #out + 1, out)
    support.write(path, table.concat(out, "\n") .. "\n")
end

-- Whether a step shows what came; where not, it is an error, or is to be written.
function blocks.compare(block, step, came)
    step.came = step.shown
    if not blocks.same(step.shown, came) then
        if not writes then
            error(("%s:%d: %s\n--- the page shows\n%s\n--- what came\n%s\n---"):format(block.page, step.at, step.text, table.concat(step.shown, "\n"),
                table.concat(came, "\n")), 0)
        end
        block.wrong, step.came = true, to_show(step.shown, came)
    end
end

-- When all steps are compared.
function blocks.finish(block)
    if block.wrong then
        write(block)
    end
end

return blocks
