-- SPDX-License-Identifier: Apache-2.0
-- What blocks of the documents (support/blocks.lua) speak of, made for them, and a terminal in which they are run: a world.
local support = require "support"
local sim = require "support.sim"
local blocks = require "support.blocks"
local terminals = require "support.terminal"
local uv = support.uv

local outputs = {}
local writes <const> = os.getenv "MPIJOBD_GUIDE" == "write"

local World = {}
World.__index = World

-- What belongs to the machine: a folder in the world's stands for each.
local PLACES <const> = { "/tmp", "/etc/mpijobd", "/var/lib/mpijobd", "/run/mpijobd", "/backup" }
local SERVER <const> = "https://10.0.0.1:6443"
local LISTEN <const> = "127.0.0.1:9633" -- and a daemon listens elsewhere, as specs run side by side

-- A folder, and a terminal in it.
function outputs.world()
    local self = setmetatable({ folder = support.folder() }, World)
    for _, place in ipairs(PLACES) do
        self:make_folder(place)
    end
    self.terminal = terminals.open(self.folder, self.folder)
    self:configure ""
    return self
end

function World:make_folder(name)
    local at = self.folder
    for part in name:gmatch "[^/]+" do
        at = at .. "/" .. part
        uv.fs_mkdir(at, 448)
    end
end

-- Of a text of the page: with the folders that stand for the machine's.
function World:here(text)
    for _, place in ipairs(PLACES) do
        text = text:gsub("%f[/]" .. place, self.folder .. place)
    end
    return (text:gsub(LISTEN:gsub("%p", "%%%0"), self.address or LISTEN))
end

-- And back.
function World:there(text)
    text = text:gsub((self.folder:gsub("%p", "%%%0")), "")
    if self.server then
        text = text:gsub((self.server.url:gsub("%p", "%%%0")), SERVER)
    end
    return self.address and text:gsub((self.address:gsub("%p", "%%%0")), LISTEN) or text
end

-- A file in the world's folder.
function World:file(name, text)
    self:make_folder(name:match "^(.*)/" or "")
    return support.write(self.folder .. "/" .. name, text)
end

-- In the terminal, unseen.
function World:sh(command)
    self.terminal.shell:write(command .. "\n")
    local lines, code = self.terminal:to_its_end()
    assert(code == 0, command .. "\n" .. table.concat(lines, "\n"))
    return lines
end

-- mpijobd takes no configuration for this: it is called as it stands.
function World:unconfigured()
    self:sh "unset -f mpijobd"
end

-- A program that is not of this project; where it is missing, the scenario is left out.
function World:needs(program)
    self.terminal.shell:write("command -v " .. program .. "\n")
    local _, code = self.terminal:to_its_end()
    if code ~= 0 then
        error({ missing = program })
    end
end

-- The time at which the terminal's commands begin.
function World:clock(time)
    self:sh("export MPIJOBD_CLOCK=" .. time)
end

-- A cluster, which the terminal's commands find.
function World:sim(...)
    self.server = sim.start(...)
    self:sh("export KUBECONFIG=" .. self.server.kubeconfig)
    return self.server
end

-- The configuration, which mpijobd finds on the reader's machine without being told; a state is in it. name: of one of several machines.
function World:configure(text, name)
    self.config = self:file(("etc/mpijobd/%s.yaml"):format(name or "mpijobd"), self:here(("state: /var/lib/mpijobd/%s.db\n"):format(name or "state") .. text))
    self:sh(([[mpijobd() { command mpijobd --config '%s' "$@"; }]]):format(self.config))
end

-- A daemon in the world's folder whose clock stands; it sees that files change where the world `watches`.
function World:daemon(clock, ...)
    self.running = support.daemon({ cwd = self.folder, stdin = true, watch = self.watches, env = { KUBECONFIG = self.server and self.server.kubeconfig, HOME = self.folder, TZ = "UTC" } },
        "run", "--no-supervisor", "--clock", clock, "--config", self.config, ...)
    self.running:expect "in force"
    self.address = self.running.stderr:match "health are served[^\n]*(127%.0%.0%.1:%d+)"
    return self.running
end

-- Moves the daemon's clock, and the cluster's with it.
function World:advance(duration)
    local status = self.server:request("POST", "/_sim/clock", { advance = duration })
    assert(status == 200, status)
    self.running:write(("advance %s\n"):format(duration))
    self.running:expect("clock ", "stdout")
end

-- The first lines of one that goes on, in a terminal of its own; when this file is there.
function World:stay(command, count, file)
    local other = terminals.open(self.folder, self.folder)
    other:start(self:here(command))
    assert(support.proc.await(function()
        return uv.fs_stat(self:here(file))
    end), file)
    local lines = count > 0 and other:first_lines(not writes and count) or {}
    other:close()
    return lines
end

-- What a program prints that is typed at: the lines that the page shows behind its prompts.
local PROMPTS <const> = { "^mpijobd> (.*)", "^ +%.%.%.> (.*)" }
function World:type(command, shown)
    local words = ("stty rows 60 cols 240; exec %s"):format(command:gsub("^mpijobd", ("'%s' --config '%s'"):format(support.binary, self.config), 1))
    local program = support.keep(support.proc.start("/usr/bin/script", { stdin = true, cwd = self.folder, args = { "-qec", words, "/dev/null" },
        env = { TERM = "dumb", LC_ALL = "C", HOME = self.folder, XDG_STATE_HOME = false, PAGER = "", SHELL = "/bin/sh" } }))
    local from = 1
    local function prompt()
        assert(support.proc.await(function()
            local _, to = program.stdout:find("\n[^\n]*> $", from)
            from = to and to + 1 or from
            return to
        end), program.stdout)
    end
    for _, line in ipairs(shown) do
        local text = line:match(PROMPTS[1]) or line:match(PROMPTS[2])
        if text then
            prompt()
            program:write(text .. "\n")
        end
    end
    prompt()
    program:write "\4"
    program:wait()
    return terminals.lines_of((program.stdout:gsub("\r", ""):gsub("[^\n]*%^D\n?$", "")))
end

-- Runs a block. typed: the command is one that is typed at; stays: it goes on, and makes this file; file: where the lines go that the block begins with; ready: what is done then, before the first command; exits: the codes of
-- commands that do not end with 0; during: what is done while a command runs.
function World:run(key, options)
    options = options or {}
    local block = blocks.find(key)
    if options.file then
        self:file(options.file, table.concat(block.begins, "\n") .. "\n")
    end
    if options.ready then
        options.ready()
    end
    for _, step in ipairs(block.steps) do
        local lines, code
        if options.stays then
            lines, code = self:stay(step.text, #step.shown, options.stays), 0
        elseif options.typed then
            lines, code = self:type(step.text, step.shown), 0
        else
            self.terminal.shell:write(self:here(step.text) .. "\n")
            if options.during then
                options.during()
            end
            lines, code = self.terminal:to_its_end()
        end
        local came = terminals.lines_of(self:there(table.concat(lines, "\n")))
        local wanted = options.exits and options.exits[step.text] or 0
        if code ~= wanted and not writes then
            error(("%s:%d: %s\nended with %d, and not with %d:\n%s"):format(block.page, step.at, step.text, code, wanted, table.concat(came, "\n")), 0)
        end
        blocks.compare(block, step, came)
    end
    blocks.finish(block)
end

-- What a block shows that has no command: the text that came.
function World:shows(key, text)
    local block = blocks.find(key)
    blocks.compare(block, block.steps[1], terminals.lines_of(self:there(text)))
    blocks.finish(block)
end

return outputs
