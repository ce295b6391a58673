-- SPDX-License-Identifier: Apache-2.0
-- The server-sent events of a daemon, heard on the spec's own loop.
local support = require "support"
local uv = support.uv

local Events = {}
Events.__index = Events

local events = {}

-- url: "http://127.0.0.1:9633". last: a Last-Event-ID; nil: none.
function events.hear(url, token, last)
    local host, port = url:match("^http://([%d.]+):(%d+)$")
    local self = setmetatable({ tcp = uv.new_tcp(), text = "", list = {}, seen = 0 }, Events)
    self.tcp:connect(host, tonumber(port), function(err)
        assert(not err, err)
        self.tcp:write(("GET /api/v1/events HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n%s\r\n"):format(host, token,
            last and "Last-Event-ID: " .. last .. "\r\n" or ""))
        self.tcp:read_start(function(_, chunk)
            self.ended = self.ended or not chunk
            self:take(chunk or "")
        end)
    end)
    return self
end

-- Of a body in chunks: what has arrived whole.
function Events:take(bytes)
    self.raw = (self.raw or "") .. bytes
    if not self.head then
        local head, rest = self.raw:match("^(.-\r\n\r\n)(.*)$")
        if not head then
            return
        end
        self.head, self.raw = head, rest
    end
    while true do
        local size, at = self.raw:match("^(%x+)\r\n()")
        local n = size and tonumber(size, 16)
        if not n or #self.raw < at + n + 1 then
            break
        end
        self.text, self.raw = self.text .. self.raw:sub(at, at + n - 1), self.raw:sub(at + n + 2)
    end
    for block, behind in self.text:gmatch("(.-)\n\n()") do
        local event = { id = block:match("id: ([^\n]+)"), event = block:match("event: ([^\n]+)"), data = block:match("data: ([^\n]+)") }
        if event.event then
            event.data = support.json.decode(event.data)
            self.list[#self.list + 1] = event
        end
        self.upto = behind
    end
    self.text, self.upto = self.text:sub(self.upto or 1), nil
end

-- The next event of that name; the others before it are passed over.
function Events:expect(name, fits)
    return (assert(support.proc.await(function()
        while self.seen < #self.list do
            self.seen = self.seen + 1
            local event = self.list[self.seen]
            if event.event == name and (not fits or fits(event.data)) then
                return event
            end
        end
    end), "waited in vain for the event " .. name))
end

function Events:close()
    if not self.tcp:is_closing() then
        self.tcp:close()
    end
end

return events
