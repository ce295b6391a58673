-- SPDX-License-Identifier: Apache-2.0
-- The web server of web_server.py, and the requests that it has seen.
local support = require "support"

local Web = {}
Web.__index = Web

local web = {}

-- tls: { certificate, key } or nil. host: the address it listens on.
function web.start(tls, host)
    local args = { support.source .. "/tests/spec/support/web_server.py", "--host", host or "127.0.0.1" }
    if tls then
        for _, arg in ipairs { "--tls", tls[1], tls[2] } do
            args[#args + 1] = arg
        end
    end
    local self = setmetatable({}, Web)
    self.proc = support.keep(support.proc.start("/usr/bin/python3", { args = args, stdin = true }))
    self.port = tonumber((self.proc:expect('{"port": ', "stdout"):match "%d+"))
    self.at = #self.proc.stdout
    return self
end

-- The requests since the last call.
function Web:requests()
    support.uv.run("nowait")
    local list, text = {}, self.proc.stdout
    for line, behind in text:sub(self.at + 1):gmatch("([^\n]*)\n()") do
        list[#list + 1] = support.json.decode(line)
        self.upto = self.at + behind - 1
    end
    self.at = self.upto or self.at
    return list
end

-- Waits for the next request whose path has this text.
function Web:await(part)
    local line = self.proc:expect('"path": "' .. part, "stdout")
    return line
end

return web
