-- SPDX-License-Identifier: Apache-2.0
-- The JSON API of a daemon, asked over HTTP. Every answer is held to docs/openapi.json, where python3-jsonschema is there.
local support = require "support"
local http = require "socket.http"
local ltn12 = require "ltn12"

local Api = {}
Api.__index = Api

local api = {}

local judge

local function start_judge()
    for _, python in ipairs { "/usr/bin/python3", "python3" } do
        local started = support.keep(support.proc.start(python, { args = { support.source .. "/tests/spec/support/openapi.py",
            support.source .. "/docs/openapi.json" }, stdin = true }))
        local first = support.proc.await(function()
            return started.stdout:match("^(%a+)\n")
        end)
        if first == "ready" then
            return started
        end
    end
    print("left out: answers are not held to docs/openapi.json: python3-jsonschema is missing")
    return false
end

-- What the description says of the answer; nil: it fits, or nobody can tell.
local function wrong(answer)
    if judge == nil or judge and judge.code then
        judge = start_judge()
    end
    if not judge then
        return nil
    end
    local at = #judge.stdout
    judge:write(support.json.encode(answer) .. "\n")
    local line = support.proc.await(function()
        return judge.stdout:match("^([^\n]*)\n", at + 1)
    end)
    return line ~= '"ok"' and line or nil
end

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
    local fault = path:find("^/api/") and wrong { method = method, path = path, status = status, type = got["content-type"], body = answer }
    assert(not fault, ("%s %s: %s\n%s"):format(method, path, fault, answer))
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
