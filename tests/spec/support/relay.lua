-- SPDX-License-Identifier: Apache-2.0
-- A way to a server that can be cut: what comes in then is taken and never answered. The bytes are not looked at, so it is one over TLS, too.
local uv = require "luv"

-- url: the server's. at: the address to listen at (127.0.0.1). Has `url`, `cut` to be set, and `close()`.
return function(url, at)
    local self = { pairs = {}, cut = false }
    local scheme, host, port = url:match("^(%a+)://([%d.]+):(%d+)")
    at = at or "127.0.0.1"
    self.listener = uv.new_tcp()
    assert(self.listener:bind(at, 0))
    assert(self.listener:listen(64, function()
        local client, server = uv.new_tcp(), uv.new_tcp()
        self.listener:accept(client)
        local function over()
            for _, handle in ipairs { client, server } do
                if not handle:is_closing() then
                    handle:close()
                end
            end
        end
        local function pump(from, to)
            from:read_start(function(_, chunk)
                if chunk and not self.cut then
                    to:write(chunk)
                elseif not chunk then
                    over()
                end
            end)
        end
        self.pairs[#self.pairs + 1] = client
        self.pairs[#self.pairs + 1] = server
        server:connect(host, tonumber(port), function(err)
            if err then
                over()
                return
            end
            pump(client, server)
            pump(server, client)
        end)
    end))
    self.url = ("%s://%s:%d"):format(scheme, at, self.listener:getsockname().port)
    function self.close()
        self.listener:close()
        for _, handle in ipairs(self.pairs) do
            if not handle:is_closing() then
                handle:close()
            end
        end
    end
    return self
end
