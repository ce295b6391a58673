-- SPDX-License-Identifier: Apache-2.0
-- Pages of docs that are run as they stand: what a reader copies is what runs, and what the reader is promised to see is compared word for
-- word, but for blanks at the ends of lines. A page has an empty folder of its own, with the built programs first on PATH; ~/mpijobd is the
-- repository, as a reader has cloned it.
--
-- A block whose first line is a comment with a file's name is written there as it stands, that line included:
--     ```lua                      ```yaml
--     -- policies/p.lua           # mpijobd.yaml
-- A block of the language `console` is a terminal: after "$ " a command, below it what it prints, on either stream. Words behind
-- `console`, which no reader sees:
--     daemon         the terminal of that name; one that has none is the first. Each is a shell of its own
--     stays          the block's last command goes on; what it prints at first is below it. "> text" is typed into it, here or in a later
--                    block of that terminal, and "^C" is that key: it ends
--     until=FILE     goes on when that file is there
--     settles        its commands only look, at what another program does in its own time: they are asked again until they answer so
--     exit=1         its commands end with this code, not with 0
-- A block of Lua without a name is a fragment: it has to be Lua by itself, or within a table; one of JSON has to be JSON. There is no other
-- block, and no command that stands elsewhere: it would not be run.
--
-- With MPIJOBD_GUIDE=write what is promised is not compared but written into the page: look at the difference.
local support = require "support"
local terminals = require "support.terminal"
local proc, uv = support.proc, support.uv
local lines_of <const> = terminals.lines_of

local guide = {}
local writes <const> = os.getenv "MPIJOBD_GUIDE" == "write"
local QUIET_MS <const> = terminals.QUIET_MS

-- ---- reading a page ----

-- A list of { language, words, from, text = lines }; `from` is the number of the line behind the fence.
local function blocks_of(lines)
    local blocks, block = {}, nil
    for number, line in ipairs(lines) do
        local language, words = line:match "^```(%l*) ?(.*)$"
        if block and line == "```" then
            blocks[#blocks + 1], block = block, nil
        elseif block then
            table.insert(block.text, line)
        elseif line:find "^    %$ " then
            error(("%d: a command outside of a block, which is not run: %s"):format(number, line), 0)
        elseif language then
            block = { language = language, words = words, from = number + 1, text = {} }
        end
    end
    assert(not block, "a block has no end")
    return blocks
end

local function file_of(block)
    local first = block.text[1] or ""
    return first:match "^%-%- ([%w_./-]+%.%w+)$" or first:match "^# ([%w_./-]+%.%w+)$"
end

-- What is typed, each with the lines that are promised below it.
local function steps_of(block)
    local steps = {}
    for i, line in ipairs(block.text) do
        local kind, text = line:match "^([$>]) (.*)$"
        if line == "^C" then
            kind = "^"
        end
        if kind then
            steps[#steps + 1] = { kind = kind, text = text, at = block.from + i - 1, promised = {} }
        else
            assert(steps[1], "a terminal begins with a command")
            table.insert(steps[#steps].promised, line)
        end
    end
    return steps
end

-- ---- running a page ----

local function same(promised, lines)
    if #promised ~= #lines then
        return false
    end
    for i, line in ipairs(promised) do
        if line:gsub("%s+$", "") ~= lines[i] then
            return false
        end
    end
    return true
end

local function take(terminal, step, words, stays)
    if step.kind == "^" then
        terminal:signal "sigint"
        terminal.stays = false
        return terminal:to_its_end()
    end
    assert((step.kind == ">") == (terminal.stays == true), step.kind == ">" and "nothing goes on in this terminal" or "something goes on in this terminal")
    if stays then
        terminal:start(step.text)
    elseif terminal.stays then
        uv.fs_write(terminal.input, step.text .. "\n")
    else
        terminal.shell:write(step.text .. "\n")
    end
    terminal.stays = terminal.stays or stays
    if terminal.stays then
        return terminal:first_lines(not writes and #step.promised)
    end
    local lines, code = terminal:to_its_end()
    assert(writes or code == (tonumber(words:match "exit=(%d+)") or 0), "it ended with " .. code .. ":\n" .. table.concat(lines, "\n"))
    return lines
end

local function run_console(page, block)
    local name = "first"
    for word in block.words:gmatch "%S+" do
        if word:find "^[%l%d]+$" and word ~= "stays" and word ~= "settles" then
            name = word
        end
    end
    page.terminals[name] = page.terminals[name] or terminals.open(page.folder, page.home)
    local terminal, steps = page.terminals[name], steps_of(block)
    for i, step in ipairs(steps) do
        local is_last = step.kind == "$" and not (steps[i + 1] and steps[i + 1].kind == "$")
        local stays = is_last and block.words:find "stays" ~= nil
        local good, lines
        local function try()
            good, lines = pcall(take, terminal, step, block.words, stays)
            return good and same(step.promised, lines)
        end
        if block.words:find "settles" then
            if writes then
                proc.await(function() end, 6 * QUIET_MS / 1000)
            end
            proc.await(try, writes and 0.01)
        else
            try()
        end
        if not good then
            error(("%s:%d: %s: %s"):format(page.name, step.at, step.text or "^C", lines), 0)
        end
        if not writes and not same(step.promised, lines) then
            error(("%s:%d: %s\n--- the page promises\n%s\n--- what came\n%s\n---"):format(page.name, step.at, step.text or "^C",
                table.concat(step.promised, "\n"), table.concat(lines, "\n")), 0)
        end
        step.came = lines
    end
    local file = block.words:match "until=(%S+)"
    if file and not proc.await(function() return uv.fs_stat(page.folder .. "/" .. file) end) then
        error(("%s:%d: %s did not come"):format(page.name, block.from, file), 0)
    end
    return steps
end

local function write_file(page, block, name)
    local at = page.folder
    for part in name:gmatch "([^/]+)/" do
        at = at .. "/" .. part
        uv.fs_mkdir(at, 448)
    end
    support.write(page.folder .. "/" .. name, table.concat(block.text, "\n") .. "\n")
end

local function run_block(page, block)
    local file = file_of(block)
    if block.language == "console" then
        block.steps = run_console(page, block)
    elseif file then
        write_file(page, block, file)
    elseif block.language == "lua" then
        local text = table.concat(block.text, "\n")
        if not load(text) and not load("return {\n" .. text .. "\n}") then
            error(("%s:%d: this is not Lua: %s"):format(page.name, block.from, (select(2, load(text)))), 0)
        end
    elseif block.language ~= "json" or not pcall(support.json.decode, table.concat(block.text, "\n")) then
        error(("%s:%d: this block is no file, no terminal, and neither Lua nor JSON"):format(page.name, block.from), 0)
    end
end

-- The page with what came in the place of what was promised.
local function rewritten(lines, blocks)
    local out, at = {}, 1
    local function copy(to)
        table.move(lines, at, to, #out + 1, out)
        at = to + 1
    end
    for _, block in ipairs(blocks) do
        for _, step in ipairs(block.steps or {}) do
            copy(step.at)
            table.move(step.came, 1, #step.came, #out + 1, out)
            at = at + #step.promised
        end
    end
    copy(#lines)
    return table.concat(out, "\n") .. "\n"
end

-- name: from the repository's top on.
function guide.run(name)
    local path = support.source .. "/" .. name
    local page = { name = name, folder = support.folder(), home = support.folder(), terminals = {} }
    uv.fs_symlink(support.source, page.home .. "/mpijobd")
    local lines = lines_of(support.read(path))
    local blocks = blocks_of(lines)
    local good, why = true, nil
    for _, block in ipairs(blocks) do
        good, why = pcall(run_block, page, block)
        if not good then
            break
        end
    end
    for _, terminal in pairs(page.terminals) do
        terminal:close()
    end
    assert(good, why)
    if writes then
        support.write(path, rewritten(lines, blocks))
    end
end

-- All pages of the guide.
function guide.pages()
    local pages = { "docs/guide.md", "docs/plugins.md", "docs/reference/job.md", "docs/reference/jobset.md", "docs/reference/trainjob.md" }
    for name in uv.fs_scandir_next, uv.fs_scandir(support.source .. "/docs/guide") do
        if name:find "%.md$" then
            pages[#pages + 1] = "docs/guide/" .. name
        end
    end
    table.sort(pages)
    return pages
end

return guide
