-- SPDX-License-Identifier: Apache-2.0
-- An editor's side of the Debug Adapter Protocol, on the spec's own loop. Every wait has a bound.
local support = require "support"
local luassert = require "luassert"
local uv = support.uv

local Client = {}
Client.__index = Client

local dap = {}

local function reader(self)
    return function(_, chunk)
        if chunk then
            self.text = self.text .. chunk
        else
            self.ended = true
        end
    end
end

local function client(fields)
    local self = setmetatable(fields, Client)
    self.text, self.seq, self.events, self.answers = "", 0, {}, {}
    return self
end

-- The program speaks over its standard input and output.
function dap.stdio(folder, ...)
    local daemon = support.daemon({ cwd = folder, stdin = true }, "test", "--debug", ...)
    local self = client { daemon = daemon }
    self.write = function(text)
        daemon.input:write(text)
    end
    self.feed = function()
        self.text, daemon.stdout = self.text .. daemon.stdout, ""
        self.ended = daemon.code ~= nil and daemon.open == 0
    end
    return self
end

-- The program listens at a port that the system chooses.
function dap.socket(folder, ...)
    local daemon = support.daemon({ cwd = folder }, "test", "--debug=0", ...)
    local port = daemon:expect("waiting for a debugger at 127.0.0.1:"):match(":(%d+)$")
    local self = client { daemon = daemon, port = tonumber(port), tcp = uv.new_tcp() }
    local connected
    self.tcp:connect("127.0.0.1", self.port, function(err)
        connected = err or true
    end)
    support.proc.await(function()
        return connected
    end)
    luassert.are.equal(true, connected)
    self.tcp:read_start(reader(self))
    self.write = function(text)
        self.tcp:write(text)
    end
    self.feed = function() end
    return self
end

-- Takes whole messages out of the text.
function Client:take()
    self.feed()
    while true do
        local length, at = self.text:match("^Content%-Length: (%d+)\r\n\r\n()")
        if not length or #self.text < at + tonumber(length) - 1 then
            return
        end
        local message = support.json.decode(self.text:sub(at, at + tonumber(length) - 1))
        self.text = self.text:sub(at + tonumber(length))
        if message.type == "event" then
            self.events[#self.events + 1] = message
        else
            self.answers[#self.answers + 1] = message
        end
    end
end

function Client:await(what, ready)
    local found = support.proc.await(function()
        self:take()
        return ready() or (self.ended and "\0ended")
    end)
    if not found or found == "\0ended" then
        error(("waited in vain for %s; came: %s%s\n--- stderr\n%s"):format(what, support.json.encode(self.events), self.text,
            self.daemon.stderr), 3)
    end
    return found
end

function Client:send(command, arguments)
    self.seq = self.seq + 1
    local text = support.json.encode { seq = self.seq, type = "request", command = command, arguments = arguments }
    self.write(("Content-Length: %d\r\n\r\n%s"):format(#text, text))
    return self.seq
end

function Client:answer(seq)
    return self:await("an answer", function()
        for i, message in ipairs(self.answers) do
            if message.request_seq == seq then
                return table.remove(self.answers, i)
            end
        end
    end)
end

-- The body of a request that is to succeed.
function Client:ask(command, arguments)
    local answer = self:answer(self:send(command, arguments))
    if not answer.success then
        error(command .. ": " .. tostring(answer.message), 2)
    end
    return answer.body
end

-- The message of a request that is to be refused.
function Client:refused(command, arguments)
    local answer = self:answer(self:send(command, arguments))
    if answer.success then error(command .. " is not refused: " .. support.json.encode(answer.body), 2) end
    return answer.message
end

-- The next event of that name, behind those that were waited for before.
function Client:event(name)
    return self:await("the event " .. name, function()
        for i, message in ipairs(self.events) do
            if message.event == name then
                return table.remove(self.events, i).body
            end
        end
    end)
end

-- initialize, launch with these arguments, breakpoints ({ [path] = { line or a table... } }), and off it goes.
function Client:start(arguments, breakpoints, filters)
    local can = self:ask("initialize", { adapterID = "mpijobd" })
    self:event "initialized"
    self:ask("launch", arguments or { noDebug = false })
    self.set = {}
    for path, list in pairs(breakpoints or {}) do
        self.set[path] = self:breakpoints(path, list)
    end
    if filters then
        self:ask("setExceptionBreakpoints", { filters = filters })
    end
    self:ask("configurationDone")
    return can
end

function Client:breakpoints(path, list)
    for i, entry in ipairs(list) do
        list[i] = type(entry) == "number" and { line = entry } or entry
    end
    return self:ask("setBreakpoints", { source = { path = path }, breakpoints = list }).breakpoints
end

-- Waits until it is stopped: the event, the frames.
function Client:stopped(reason)
    local event = self:event "stopped"
    luassert.are.equal(reason, event.reason, event.text)
    self.thread = event.threadId
    self.frames = self:ask("stackTrace", { threadId = self.thread }).stackFrames
    return event, self.frames
end

function Client:go(command)
    return self:ask(command or "continue", { threadId = self.thread })
end

function Client:scope(name, frame)
    for _, scope in ipairs(self:ask("scopes", { frameId = (frame or self.frames[1]).id }).scopes) do
        if scope.name == name then
            return scope.variablesReference
        end
    end
end

-- name: value, of all children; and the list itself.
function Client:children(reference, more)
    local arguments, values = { variablesReference = reference }, {}
    for key, value in pairs(more or {}) do
        arguments[key] = value
    end
    local list = self:ask("variables", arguments).variables
    for _, variable in ipairs(list) do
        values[variable.name] = variable.value
    end
    return values, list
end

function Client:evaluate(expression, context, frame)
    return self:ask("evaluate", { expression = expression, context = context or "repl", frameId = (frame or self.frames[1]).id }).result
end

-- All that was printed so far.
function Client:output(category)
    self:take()
    local text = {}
    for _, message in ipairs(self.events) do
        if message.event == "output" and (not category or message.body.category == category) then
            text[#text + 1] = message.body.output
        end
    end
    return table.concat(text)
end

-- To its end: the exit code that the client is told. The program's own is the same.
function Client:finish()
    local code = self:event("exited").exitCode
    self:event "terminated"
    self:ask "disconnect"
    self:close()
    luassert.are.equal(code, (self.daemon:wait()))
    return code
end

function Client:close()
    if self.tcp and not self.tcp:is_closing() then
        self.tcp:close()
    elseif not self.tcp and not self.daemon.input:is_closing() then
        self.daemon.input:close()
    end
    uv.run("nowait")
end

return dap
