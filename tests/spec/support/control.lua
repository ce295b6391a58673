-- SPDX-License-Identifier: Apache-2.0
-- The control socket of a daemon, asked line by line on the spec's own loop.
local support = require "support"
local uv = support.uv

local Connection = {}
Connection.__index = Connection

local control = {}

-- One try: nil and why, where nobody listens.
local function try(path)
    local self = setmetatable({ pipe = uv.new_pipe(false), text = "", seen = 1 }, Connection)
    local done, why
    self.pipe:connect(path, function(err)
        done, why = true, err
    end)
    support.proc.await(function()
        return done
    end)
    if why or not done then
        self.pipe:close()
        return nil, why or "nobody has taken the connection"
    end
    self.pipe:read_start(function(err, chunk)
        if chunk then
            self.text = self.text .. chunk
        else
            self.ended = true
            self.why = err
        end
    end)
    return self
end

-- A crowd before us is waited for.
function control.connect(path)
    local self, why
    support.proc.await(function()
        self, why = try(path)
        return self or why ~= "EAGAIN"
    end)
    return self, why
end

function Connection:send(text)
    self.pipe:write(text, function(err)
        self.broken = self.broken or err
    end)
end

-- The next line, decoded; nil: the connection has ended.
function Connection:line()
    local line = support.proc.await(function()
        local at = self.text:find("\n", self.seen, true)
        if at then
            local found = self.text:sub(self.seen, at - 1)
            self.seen = at + 1
            return found
        end
        return self.ended and "\0"
    end)
    assert(line, "no line came")
    return line ~= "\0" and support.json.decode(line) or nil
end

-- The answer, and the lines on the way.
function Connection:ask(request)
    local lines = {}
    self:send(support.json.encode(request) .. "\n")
    while true do
        local line = self:line()
        if not line or line.line == nil then
            return line, lines
        end
        lines[#lines + 1] = line.line
    end
end

function Connection:close()
    if not self.pipe:is_closing() then
        self.pipe:close()
    end
    uv.run("nowait")
end

-- One question over a connection of its own.
function control.ask(path, request)
    local connection = assert(control.connect(path))
    local answer, lines = connection:ask(request)
    connection:close()
    return answer, lines
end

return control
