-- SPDX-License-Identifier: Apache-2.0
-- A proxy for a spec, on the spec's own loop: tunnels (CONNECT) and plain requests, all of which lead to one server whatever name they ask for.
local uv = require "luv"

local Proxy = {}
Proxy.__index = Proxy

local proxy = {}

local function pump(from, to)
    from:read_start(function(_, chunk)
        if chunk and not to:is_closing() then
            to:write(chunk)
            return
        end
        for _, handle in ipairs { from, to } do
            if not handle:is_closing() then
                handle:close()
            end
        end
    end)
end

local function answer(client, text)
    client:write("HTTP/1.1 " .. text .. "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", function()
        if not client:is_closing() then
            client:close()
        end
    end)
end

-- The head of a request has come, with whatever follows it.
local function serve(self, client, head, rest)
    local method, target = head:match("^(%S+) (%S+)")
    self.requests[#self.requests + 1] = { method = method, target = target, head = head }
    client:read_stop()
    if self.user and not head:find("Proxy-Authorization: Basic " .. self.user, 1, true) then
        answer(client, "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"spec\"")
        return
    end
    local server = uv.new_tcp()
    server:connect(self.host, self.port, function(err)
        if err then
            answer(client, "502 Bad Gateway")
            return
        end
        if method == "CONNECT" then
            client:write("HTTP/1.1 200 Connection established\r\n\r\n")
        else -- from the form for proxies to the one for servers, which ends after it: the next one has to be brought to that form, too
            server:write((head:gsub("^(%S+) %a+://[^/]+", "%1 "):gsub("\r\n\r\n$", "\r\nConnection: close\r\n\r\n")) .. rest)
        end
        pump(client, server)
        pump(server, client)
    end)
end

-- to: the server's URL. user: base64 of "name:password", which is asked for.
function proxy.start(options)
    local self = setmetatable({ requests = {}, user = options.user }, Proxy)
    self.host, self.port = options.to:match("//([%d.]+):(%d+)")
    self.port = tonumber(self.port)
    self.listener = uv.new_tcp()
    assert(self.listener:bind("127.0.0.1", 0))
    assert(self.listener:listen(64, function()
        local client = uv.new_tcp()
        self.listener:accept(client)
        local text = ""
        client:read_start(function(_, chunk)
            if not chunk then
                client:close()
                return
            end
            text = text .. chunk
            local _, to = text:find("\r\n\r\n", 1, true)
            if to then
                serve(self, client, text:sub(1, to), text:sub(to + 1))
            end
        end)
    end))
    self.address = "127.0.0.1:" .. self.listener:getsockname().port
    self.url = "http://" .. self.address
    return self
end

function Proxy:stop()
    if not self.listener:is_closing() then
        self.listener:close()
    end
end

return proxy
