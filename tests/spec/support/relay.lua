-- SPDX-License-Identifier: Apache-2.0
-- A way to a server that can be cut: what comes in then is taken and never answered. The bytes are not looked at, so it is one over TLS, too.
local uv = require "luv"

-- url: the server's. at: the address to listen at (127.0.0.1). Has `url`, `cut` to be set, and `close()`. hold(pattern): what comes back on
-- connections by which something was asked for that has the pattern (in plain HTTP) waits until release(). asked(pattern): has it been asked for?
return function(url, at)
    local self = { pairs = {}, all = {}, cut = false }
    local waiting = {}
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
        local asked = ""
        self.all[#self.all + 1] = function(pattern) return asked:find(pattern) end
        local function pump(from, to)
            from:read_start(function(_, chunk)
                if chunk and from == client then
                    asked = (asked .. chunk):sub(-4096)
                end
                if chunk and from == server and self.held and asked:find(self.held) then
                    waiting[#waiting + 1] = { to, chunk }
                elseif chunk and not self.cut then
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
    function self.asked(pattern)
        for _, has in ipairs(self.all) do
            if has(pattern) then
                return true
            end
        end
        return false
    end
    function self.hold(pattern)
        self.held = pattern
    end
    function self.release()
        self.held = nil
        for _, one in ipairs(waiting) do
            if not one[1]:is_closing() then
                one[1]:write(one[2])
            end
        end
        waiting = {}
    end
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
