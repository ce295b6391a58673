-- SPDX-License-Identifier: Apache-2.0
-- Programs under test: started, listened to, ended. Everything is waited for as an event; a bound on the waiting is there so that a
-- broken program fails its spec instead of hanging it.
local uv = require "luv"

local proc = {}
proc.patience = tonumber(os.getenv("MPIJOBD_SPEC_PATIENCE") or 30) -- seconds

local Proc = {}
Proc.__index = Proc

-- Who writes to a program that has ended is told by an error, and not ended by a signal. Programs that are started do not inherit it.
local broken = uv.new_signal()
broken:start("sigpipe", function() end)
broken:unref()

-- Turns the loop until `ready` says something true; nil after the patience is over. What is no event of this loop (a server's counter) is
-- looked at again every few milliseconds.
function proc.await(ready, seconds)
    local answer = ready()
    if answer then
        return answer
    end
    local over = false
    local timer = uv.new_timer()
    timer:start(math.floor((seconds or proc.patience) * 1000), 0, function()
        over = true
    end)
    local tick = uv.new_timer()
    tick:start(10, 10, function() end)
    while not answer and not over do
        uv.run("once")
        answer = ready()
    end
    tick:close()
    timer:close()
    uv.run("nowait")
    return answer
end

local function reader(self, pipe, name)
    pipe:read_start(function(_, chunk)
        if chunk then
            self[name] = self[name] .. chunk
        else
            self.open = self.open - 1
            pipe:close()
        end
    end)
end

-- options: args, env (added to ours), cwd, stdin (text, or true to keep it open)
function proc.start(path, options)
    options = options or {}
    local self = setmetatable({ path = path, stdout = "", stderr = "", open = 2, seen = {} }, Proc)
    local input, out, err = uv.new_pipe(), uv.new_pipe(), uv.new_pipe()
    local env = {}
    local merged = uv.os_environ()
    for name, value in pairs(options.env or {}) do
        merged[name] = value
    end
    for name, value in pairs(merged) do
        if value ~= false then
            env[#env + 1] = name .. "=" .. value
        end
    end
    local why
    self.handle, why = uv.spawn(path, { args = options.args or {}, stdio = { input, out, err }, env = env, cwd = options.cwd },
        function(code, signal)
            self.code, self.signal = code, signal
            self.handle:close()
        end)
    assert(self.handle, "cannot start " .. path .. ": " .. tostring(why))
    self.pid = self.handle:get_pid()
    self.input = input
    reader(self, out, "stdout")
    reader(self, err, "stderr")
    if type(options.stdin) == "string" then
        input:write(options.stdin, function()
            input:close()
        end)
    elseif not options.stdin then
        input:close()
    end
    return self
end

function Proc:write(text)
    self.input:write(text)
end

-- Waits for a plain text in one of the streams, behind what an earlier wait for it has found. Returns the rest of its line.
function Proc:expect(text, stream, seconds)
    stream = stream or "stderr"
    local from = self.seen[stream .. text] or 1
    local found = proc.await(function()
        local at, to = self[stream]:find(text, from, true)
        local eol = to and self[stream]:find("\n", to, true)
        if eol then
            self.seen[stream .. text] = to + 1
            return self[stream]:sub(at, eol - 1)
        end
        return self.code and self.open == 0 and "\0gone"
    end, seconds)
    if found == "\0gone" or not found then
        error(("%s: waited in vain for %q on %s; it %s\n--- stdout\n%s--- stderr\n%s"):format(self.path, text, stream,
            self.code and "has ended with " .. self.code or "still runs", self.stdout:sub(-4000), self.stderr:sub(-4000)), 2)
    end
    if stream == "stdout" then -- what was written to the other one before is there, too
        repeat
            local had = #self.stderr
            uv.run("nowait")
        until #self.stderr == had
    end
    return found
end

function Proc:kill(signal)
    if not self.code then
        self.handle:kill(signal or "sigterm")
    end
end

-- The exit code, when the program has ended and all of its output has come.
function Proc:wait(seconds)
    local ended = proc.await(function()
        return self.code and self.open == 0
    end, seconds)
    if not ended then
        self:kill("sigkill")
        error(("%s did not end\n--- stdout\n%s--- stderr\n%s"):format(self.path, self.stdout, self.stderr), 2)
    end
    if not self.input:is_closing() then
        self.input:close()
    end
    uv.run("nowait")
    return self.code, self.stdout, self.stderr, self.signal
end

function Proc:stop(signal)
    self:kill(signal)
    return self:wait()
end

-- Runs to its end: code, stdout, stderr.
function proc.run(path, options)
    return proc.start(path, options):wait(options and options.seconds)
end

return proc
