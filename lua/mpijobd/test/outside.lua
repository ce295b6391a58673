-- SPDX-License-Identifier: Apache-2.0
-- What stands in for web servers, Prometheus and people, and what specs claim of it: http.stub, prometheus.stub,
-- assert.requested, notified, event.
local native = ...
local fields <const>, set <const>, cluster <const> = native.fields, native.set, native.cluster
local records <const> = native.records_of

-- Whoever lets time pass hears of a request that had no answer.
for _, name in ipairs { "settle", "advance" } do
    local go <const> = native[name]
    native[name] = function(...)
        go(...)
        local what = native.unanswered()
        if what then
            error(what, 3)
        end
    end
end

-- ---- stubs ----

-- A spec asks no server itself.
local function in_policies_only(module, name, cure)
    module[name] = function()
        error(cure, 2)
    end
end

for _, name in ipairs { "get", "post", "request" } do
    in_policies_only(http, name, "a spec asks no web server: policies do, and http.stub { url = \"https://...\", "
        .. "status = 200, body = \"...\" } gives the answer")
end
for _, name in ipairs { "query", "query_range", "value" } do
    in_policies_only(prometheus, name, "a spec asks no Prometheus: policies do, and prometheus.stub(expression, value) "
        .. "gives the answer")
end

local function stub_of(call, o, allowed)
    fields(call, o, set(allowed))
    if o.json ~= nil and o.body ~= nil then
        error(call .. ": body or json, not both", 3)
    end
    if o.fail and o.fail ~= "timeout" and o.fail ~= "unreachable" then
        error(call .. ": fail is \"timeout\" or \"unreachable\"", 3)
    end
    local status, times = o.status or 200, o.times
    if math.type(status) ~= "integer" or status < 100 or status > 599 then
        error(call .. ": status is an HTTP status from 100 to 599", 3)
    end
    if times ~= nil and (math.type(times) ~= "integer" or times < 1) then
        error(call .. ": times is how many requests it answers: 1 or more", 3)
    end
    local headers = {}
    for name, value in pairs(o.headers or {}) do
        headers[tostring(name)] = tostring(value)
    end
    if o.json ~= nil and not headers["Content-Type"] then
        headers["Content-Type"] = "application/json"
    end
    native.stub(json.encode {
        method = o.method, url = o.url, sent = o.sent, fail = o.fail, status = status, times = times, headers = headers,
        body = o.json ~= nil and json.encode(o.json) or o.body,
    })
end

-- The answer to what policies ask of a URL (`*` and `?` as in a shell); the newest one that fits answers.
function http.stub(o)
    if type(o) ~= "table" or type(o.url) ~= "string" or o.url == "" then
        error("http.stub takes a table with the url that it answers for: http.stub { url = \"https://cmdb.example/*\","
            .. " json = { owner = \"ops\" } }", 2)
    end
    stub_of("http.stub", o, { "method", "url", "sent", "status", "headers", "body", "json", "fail", "times" })
end

-- What Prometheus knows of an expression: a number; a list of { labels = {...}, value = n }; {}: no data.
function prometheus.stub(expression, value, o)
    if type(expression) ~= "string" or expression == "" then
        error("prometheus.stub takes the expression, as the policy asks it, and its value", 2)
    end
    o = o or {}
    fields("prometheus.stub", o, set { "status", "fail", "times" })
    local result = json.array()
    local series = type(value) == "number" and { { value = value } } or value or {}
    if type(series) ~= "table" then
        error("prometheus.stub: the value is a number, or a list of { labels = {...}, value = n }", 2)
    end
    for i, one in ipairs(series) do
        local metric = {}
        for name, label in pairs(one.labels or {}) do
            metric[name] = tostring(label)
        end
        if type(one.value) ~= "number" then
            error("prometheus.stub: series " .. i .. " has no number as its value", 2)
        end
        local sample = { native.now(), ("%.17g"):format(one.value) }
        result[i] = { metric = metric, value = sample, values = { sample } }
    end
    local asked = "query=" .. expression:gsub("[^%w_]", function(c)
        return ("%%%02X"):format(c:byte())
    end)
    for _, call in ipairs { "query", "query_range" } do
        stub_of("prometheus.stub", {
            url = "http://prometheus.test/api/v1/" .. call, sent = asked .. "&*", status = o.status, fail = o.fail,
            times = o.times,
            json = { status = "success",
                data = { resultType = call == "query" and "vector" or "matrix", result = result } },
        }, { "url", "sent", "status", "fail", "times", "json" })
    end
end

-- ---- what happened ----

function cluster.requests() return records("request") end
function cluster.notifications() return records("notification") end

-- The Events on jobs, of one job or of all, in the order in which they were first written.
function cluster.events(job)
    native.settle()
    local _, text = native.ask("GET", "/api/v1/events")
    local out = {}
    for _, e in ipairs(json.decode(text).items or {}) do
        local of = e.involvedObject
        if not job or of.namespace .. "/" .. of.name == (job:find("/", 1, true) and job or "default/" .. job) then
            out[#out + 1] = { job = of.namespace .. "/" .. of.name, reason = e.reason, message = e.message,
                type = e.type, count = e.count, at = e.firstTimestamp, name = e.metadata.name }
        end
    end
    table.sort(out, function(a, b)
        return a.name < b.name
    end)
    return out
end

-- ---- assertions ----

local function lines_of(list, line)
    local out = {}
    for i, one in ipairs(list) do
        out[i] = "  " .. line(one)
    end
    return #out > 0 and "\nthere were:\n" .. table.concat(out, "\n") or "\nthere were none"
end

local function fits(record, wanted)
    for name, value in pairs(wanted or {}) do
        local found = record[name]
        if type(value) == "string" and type(found) == "string" then
            if found ~= value and not found:find(value) then
                return false
            end
        elseif found ~= value then
            return false
        end
    end
    return true
end

local function glob(pattern)
    return "^" .. pattern:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".") .. "$"
end

local function sent(record, wanted)
    local rest = {}
    for name, value in pairs(wanted) do
        rest[name] = value
    end
    if rest.json ~= nil then
        local ok, body = pcall(json.decode, record.body)
        if not ok or not native.same(rest.json, body) then
            return false
        end
    end
    for name, value in pairs(rest.headers or {}) do
        local found
        for header, is in pairs(record.headers) do
            found = header:lower() == name:lower() and is or found
        end
        if found ~= value then
            return false
        end
    end
    rest.json, rest.headers, rest.times = nil, nil, nil
    return fits(record, rest)
end

-- assert.requested("https://cmdb.example.com/*" [, { method, body, json, headers, policy, times }])
native.register("requested", function(arguments)
    local url, wanted = tostring(arguments[1]), arguments[2] or {}
    local all, count = records("request"), 0
    for _, r in ipairs(all) do
        count = count + (r.url:find(glob(url)) and sent(r, wanted) and 1 or 0)
    end
    return wanted.times and count == wanted.times or not wanted.times and count > 0, url
        .. (wanted.times and " " .. wanted.times .. " times; actual: " .. count or "") .. lines_of(all, function(r)
            return r.policy .. ": " .. r.method .. " " .. r.url .. (r.body ~= "" and " " .. r.body or "") .. " -> "
                .. r.status
        end)
end, "Expected a request of %s", "Expected no request of %s")

-- assert.notified("pattern" [, { kind = "slack", sink = "ops", to = "..." }]): by a pattern of Lua in its text, subject
-- or body.
native.register("notified", function(arguments)
    local pattern, wanted = tostring(arguments[1]), arguments[2]
    local all = records("notification")
    for _, r in ipairs(all) do
        local text = (r.subject or "") .. "\n" .. (r.text or "") .. "\n" .. (r.body or "")
        if text:find(pattern) and fits(r, wanted) then
            return true, pattern
        end
    end
    return false, string.format("%q", pattern) .. lines_of(all, function(r)
        return r.policy .. ": " .. r.kind .. " " .. (r.sink or r.url or r.to or "") .. ": " .. (r.subject or "") .. " "
            .. (r.text or r.body or "")
    end)
end, "Expected a notification that matches %s", "Expected no notification that matches %s")

-- assert.event("ns/name" [, "pattern" [, { reason = "Replaced", type = "Normal", count = 2 }]])
native.register("event", function(arguments)
    local job, pattern, wanted = tostring(arguments[1]), arguments[2] or "", arguments[3]
    local all = cluster.events(job)
    for _, e in ipairs(all) do
        if e.message:find(pattern) and fits(e, wanted) then
            return true, job
        end
    end
    return false, job .. (pattern ~= "" and " that matches " .. string.format("%q", pattern) or "")
        .. lines_of(all, function(e)
            return e.type .. " " .. e.reason .. " (" .. e.count .. "): " .. e.message
        end)
end, "Expected an Event on %s", "Expected no Event on %s")
