-- SPDX-License-Identifier: Apache-2.0
-- The JSON API of a daemon, asked over HTTP.
local support = require "support"
local http = require "socket.http"
local ltn12 = require "ltn12"

local Api = {}
Api.__index = Api

local api = {}

-- url: "http://127.0.0.1:9633"; token: sent with every request, nil: none.
function api.at(url, token)
    return setmetatable({ url = url, token = token }, Api)
end

-- The status, the body (decoded where it is JSON), the headers. body: a table, or a text as it is.
function Api:ask(method, path, body, headers)
    local chunks, sent = {}, { Authorization = self.token and "Bearer " .. self.token }
    local text = type(body) == "table" and (next(body) and support.json.encode(body) or "{}") or body
    if text then
        sent["Content-Type"], sent["Content-Length"] = "application/json", #text
    end
    for name, value in pairs(headers or {}) do
        sent[name] = value
    end
    local done, status, got = http.request { url = self.url .. path, method = method, headers = sent, sink = ltn12.sink.table(chunks),
        source = text and ltn12.source.string(text) }
    assert(done, status)
    local answer = table.concat(chunks)
    if (got["content-type"] or ""):find("json", 1, true) then
        answer = support.json.decode(answer)
    end
    return status, answer, got
end

function Api:get(path, headers)
    return self:ask("GET", path, nil, headers)
end

function Api:post(path, body, headers)
    return self:ask("POST", path, body or "", headers)
end

return api
