-- SPDX-License-Identifier: Apache-2.0
-- Network namespaces: a program in one has one cable to the server, which can be pulled.
local support = require "support"
local relay = require "support.relay"

local netns = {}

local function ip(...)
    local path = support.uv.fs_stat "/usr/sbin/ip" and "/usr/sbin/ip" or "/sbin/ip"
    local code, out, err = support.proc.run(path, { args = { ... } })
    return code == 0, out .. err
end

-- A namespace with a way to the server at `url`, or nil and why there can be none. number: another one for each of a spec, 0 to 15.
-- Has `behind` (of support.daemon's options), `url`, `pull()`, `plug()`, `close()`.
function netns.new(url, number)
    local pid = math.tointeger(support.uv.os_getpid())
    local self = { name = ("mpijobd-spec-%d-%d"):format(pid, number) }
    local outside, inside = ("mj%do%d"):format(pid % 1000000, number), ("mj%di%d"):format(pid % 1000000, number)
    local slot = pid * 16 % 16384 + number -- of 16,384 nets of four addresses
    local net = ("10.%d.%d."):format(213 + slot // 64 // 64 % 4, slot // 64 % 256)
    local here, there = net .. (slot % 64 * 4 + 1), net .. (slot % 64 * 4 + 2)
    for _, command in ipairs { { "netns", "add", self.name }, { "link", "add", outside, "type", "veth", "peer", "name", inside, "netns", self.name },
        { "addr", "add", here .. "/30", "dev", outside }, { "link", "set", outside, "up" }, { "-n", self.name, "addr", "add", there .. "/30", "dev", inside },
        { "-n", self.name, "link", "set", inside, "up" }, { "-n", self.name, "link", "set", "lo", "up" } } do
        local made, why = ip(table.unpack(command))
        if not made then
            ip("netns", "del", self.name)
            ip("link", "del", outside)
            return nil, "ip " .. table.concat(command, " ") .. ": " .. why
        end
    end
    local way = relay(url, here)
    self.url = way.url
    self.behind = { support.uv.fs_stat "/usr/sbin/ip" and "/usr/sbin/ip" or "/sbin/ip", "netns", "exec", self.name }
    function self.pull()
        assert(ip("link", "set", outside, "down"))
    end
    function self.plug()
        assert(ip("link", "set", outside, "up"))
    end
    function self.close()
        way.close()
        ip("netns", "del", self.name) -- the cable goes with it
    end
    return self
end

return netns
