-- SPDX-License-Identifier: Apache-2.0
-- mpijob-sim: started for a spec, talked to over its socket.
local support = require "support"
local http = require "socket.http"
local ltn12 = require "ltn12"

local Sim = {}
Sim.__index = Sim

local sim = {}

function sim.start(...)
    local folder = support.folder()
    local self = setmetatable({ folder = folder, kubeconfig = folder .. "/kubeconfig" }, Sim)
    local args = { "--listen", "127.0.0.1:0", "--kubeconfig", self.kubeconfig }
    local given = { ... }
    for i, arg in ipairs(given) do
        args[#args + 1] = arg
        if arg == "--token" then
            self.token = given[i + 1]
        end
    end
    self.proc = support.keep(support.proc.start(support.simulator, { args = args }))
    local ready = support.json.decode((self.proc:expect('{"ready"', "stdout")))
    self.url = ready.url
    return self
end

-- By curl where the socket library cannot: over TLS.
local function by_curl(self, method, path, text, content_type)
    local args = { "-sSk", "-X", method, "-w", "\n%{http_code}", "-H", "User-Agent: spec" }
    local function add(...)
        for _, arg in ipairs { ... } do
            args[#args + 1] = arg
        end
    end
    if self.token then
        add("-H", "Authorization: Bearer " .. self.token)
    end
    if text then
        add("-H", "Content-Type: " .. (content_type or "application/json"), "--data-binary", "@-")
    end
    add(self.url .. path)
    local code, out, err = support.proc.run("/usr/bin/curl", { args = args, stdin = text or "", env = { https_proxy = false, HTTPS_PROXY = false } })
    assert(code == 0, err)
    local raw, status = out:match("^(.*)\n(%d+)$")
    return tonumber(status), raw
end

-- status, body (decoded where it is JSON), raw body
function Sim:request(method, path, body, content_type)
    local text = type(body) == "table" and support.json.encode(body) or body
    local chunks = {}
    if self.url:find("^https") then
        local status, raw = by_curl(self, method, path, text, content_type)
        local ok, decoded = pcall(support.json.decode, raw)
        return status, ok and decoded or raw, raw
    end
    local _, status = http.request {
        method = method,
        url = self.url .. path,
        headers = { ["Content-Type"] = text and (content_type or "application/json"), ["Content-Length"] = text and #text,
            Authorization = self.token and "Bearer " .. self.token },
        source = text and ltn12.source.string(text) or nil,
        sink = ltn12.sink.table(chunks),
        redirect = false,
    }
    local raw = table.concat(chunks)
    local ok, decoded = pcall(support.json.decode, raw)
    return status, ok and decoded or raw, raw
end

function Sim:fault(fault)
    local status, answer = self:request("POST", "/_sim/faults", fault, type(fault) == "string" and "text/plain" or nil)
    assert(status < 300, "the simulator refused the fault: " .. tostring(support.json.encode(answer)))
end

function Sim:clear_faults()
    self:request("DELETE", "/_sim/faults")
end

-- The recorded requests, oldest first: filters as "method=PUT&path=*/mpijobs/*".
function Sim:requests(filter)
    local _, answer = self:request("GET", "/_sim/requests?" .. (filter or ""))
    return answer.requests
end

-- Objects by their texts, all over one connection.
function Sim:create_all(path, bodies)
    local lines = { "silent", "insecure", "request = POST", 'header = "Content-Type: application/json"', "user-agent = spec", 'output = "/dev/null"', "fail" }
    if self.token then
        lines[#lines + 1] = ('header = "Authorization: Bearer %s"'):format(self.token)
    end
    local head = table.concat(lines, "\n")
    local parts = {}
    for i, body in ipairs(bodies) do
        parts[i] = head .. ('\nurl = "%s%s"\ndata-binary = "%s"'):format(self.url, path, (body:gsub('["\\]', "\\%0")))
    end
    local code, _, err = support.proc.run("/usr/bin/curl", { args = { "-K", "-" }, stdin = table.concat(parts, "\nnext\n") .. "\n" })
    assert(code == 0, err)
end

-- How many requests of a method there were.
function Sim:count(method)
    local _, answer = self:request("GET", "/_sim/counters")
    return answer.requests.methods[method] or 0
end

-- Who may come in from now on: see mpijob-sim(1).
function Sim:credentials(change)
    local status, answer = self:request("PUT", "/_sim/credentials", change)
    assert(status == 200, tostring(support.json.encode(answer)))
end

function Sim:forget_requests()
    self:request("DELETE", "/_sim/requests")
end

-- It may be there already.
function Sim:make_namespace(name)
    local status, answer = self:request("POST", "/api/v1/namespaces", { apiVersion = "v1", kind = "Namespace", metadata = { name = name } })
    assert(status == 201 or status == 409, tostring(support.json.encode(answer)))
end

function Sim.path(_, version, namespace, name)
    return ("/apis/kubeflow.org/%s/namespaces/%s/mpijobs%s"):format(version, namespace, name and "/" .. name or "")
end

function Sim:stop()
    return self.proc:stop("sigterm")
end

return sim
