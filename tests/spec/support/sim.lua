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
    for _, arg in ipairs { ... } do
        args[#args + 1] = arg
    end
    self.proc = support.keep(support.proc.start(support.simulator, { args = args }))
    local ready = support.json.decode((self.proc:expect('{"ready"', "stdout")))
    self.url = ready.url
    return self
end

-- status, body (decoded where it is JSON), raw body
function Sim:request(method, path, body, content_type)
    local text = type(body) == "table" and support.json.encode(body) or body
    local chunks = {}
    local _, status = http.request {
        method = method,
        url = self.url .. path,
        headers = text and { ["Content-Type"] = content_type or "application/json", ["Content-Length"] = #text } or nil,
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

function Sim:forget_requests()
    self:request("DELETE", "/_sim/requests")
end

function Sim.path(_, version, namespace, name)
    return ("/apis/kubeflow.org/%s/namespaces/%s/mpijobs%s"):format(version, namespace, name and "/" .. name or "")
end

function Sim:stop()
    return self.proc:stop("sigterm")
end

return sim
