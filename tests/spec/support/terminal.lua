-- SPDX-License-Identifier: Apache-2.0
-- Terminals of the documents: a shell in which what a page says is typed, and what it prints, on either stream.
local support = require "support"
local proc, uv = support.proc, support.uv

local terminals = {
    QUIET_MS = 500, -- when a page is written: what has come by then is what a program that goes on prints at first
}

local Terminal = {}
Terminal.__index = Terminal

-- One whose folder this is, and whose HOME that is; with the built programs first on PATH.
function terminals.open(folder, home)
    local build = support.binary:match "^(.*)/"
    local self = setmetatable({ seen = 1 }, Terminal)
    self.shell = support.keep(proc.start("/bin/bash", {
        args = { "--norc", "--noprofile" }, cwd = folder, stdin = true,
        env = {
            PATH = build .. ":" .. support.simulator:match "^(.*)/" .. ":" .. os.getenv "PATH", HOME = home, LC_ALL = "C", TZ = "UTC",
            KUBECONFIG = false, XDG_STATE_HOME = false, MPIJOBD_CLOCK = false,
        },
    }))
    self.shell:write "exec 2>&1\n"
    return self
end

-- A command that goes on has an input of its own: it may leave it in a state that the shell could not read on from.
function Terminal:start(command)
    local path = support.folder() .. "/input"
    assert(proc.run("/usr/bin/env", { args = { "mkfifo", path } }) == 0)
    self.input = assert(uv.fs_open(path, "r+", 384))
    self.shell:write(("{ %s\n} <%s\n"):format(command, path))
end

-- To what the shell has started and waits for.
function Terminal:signal(signal)
    local pid = self.shell.pid
    for child in support.read(("/proc/%d/task/%d/children"):format(pid, pid)):gmatch "%d+" do
        uv.kill(tonumber(child), signal)
    end
end

function Terminal:close()
    if not self.shell.code then
        self:signal "sigterm"
        self.shell.input:close()
        if self.input then
            uv.fs_close(self.input)
        end
        self.shell:wait()
    end
end

-- Without the blanks at their ends.
function terminals.lines_of(text)
    local lines = {}
    for line in (text:gsub("\n?$", "\n")):gmatch "(.-)\n" do
        lines[#lines + 1] = line:gsub("%s+$", "")
    end
    return text == "" and {} or lines
end

-- What a command that has ended has printed, and its code.
function Terminal:to_its_end()
    self.shell:write "printf '\\036%s\\036' $?\n"
    local text, code
    local ended = proc.await(function()
        local from, to, found = self.shell.stdout:find("\030(%d+)\030", self.seen)
        if from then
            text, code = self.shell.stdout:sub(self.seen, from - 1), tonumber(found)
            self.seen = to + 1
        end
        return from
    end)
    if not ended then
        error("it did not end; it has printed\n" .. self.shell.stdout:sub(self.seen), 0)
    end
    return terminals.lines_of(text), code
end

-- The first lines of one that goes on: so many, or those that have come before long.
function Terminal:first_lines(count)
    if not count then
        proc.await(function() end, terminals.QUIET_MS / 1000)
        count = select(2, self.shell.stdout:sub(self.seen):gsub("\n", "\n"))
    end
    local to = self.seen - 1
    proc.await(function()
        to = self.seen - 1
        for _ = 1, count do
            to = self.shell.stdout:find("\n", to + 1, true)
            if not to then
                to = #self.shell.stdout
                return self.shell.code ~= nil
            end
        end
        return true
    end)
    local text = self.shell.stdout:sub(self.seen, to)
    self.seen = to + 1
    return terminals.lines_of(text)
end

return terminals
